package record

import (
	"slices"

	"holdfast/fact"
)

// EntryKept says that something is kept on how to get into the person's home.
// It is a pointer and nothing else: what is kept lies in the vault for entry
// codes, under a subject and keys of its own.
type EntryKept struct {
	Code fact.Subject `cbor:"1,keyasint"`
}

// FactKind is kind 120.
func (EntryKept) FactKind() fact.Kind { return kind(120, "entry-kept", fact.Once) }

// keepEntry notes a pointer; the same one twice is one.
func (f *folding) keepEntry(one fact.Fact) error {
	c, err := fact.Read[EntryKept](one)
	if err == nil && !slices.Contains(f.p.Entry, c.Code) {
		f.p.Entry = append(f.p.Entry, c.Code)
		slices.SortFunc(f.p.Entry, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	}
	return err
}

// KeepsEntry tells whether the record points to a way in.
func (p Person) KeepsEntry(code fact.Subject) bool { return slices.Contains(p.Entry, code) }
