package access

import (
	"bytes"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// LeasePaperMade says that a sealed paper with one-time codes was printed, with
// which the authority of desks is renewed when no site node can be heard and
// nobody else is there. It ends the papers for the same desk that its writer had
// seen. Only hashes are kept. Its subject is the organisation.
type LeasePaperMade struct {
	Set   []byte       `cbor:"1,keyasint"` // number of the paper, the first half of every code on it
	Codes Hashed       `cbor:"2,keyasint"`
	Desk  fact.Subject `cbor:"3,keyasint,omitempty"` // zero: for every desk of the organisation
}

// FactKind is kind 132.
func (LeasePaperMade) FactKind() fact.Kind {
	return kind(132, fact.Control, "lease-paper-made", fact.Grow)
}

// LeasePaper is one sealed paper in force.
type LeasePaper struct {
	LeasePaperMade
	By fact.Subject
	At fact.Millis
}

// FoldLeasePapers gives the sealed papers in force. A paper that a cut holds back
// opens nothing; what it would have ended stays.
func FoldLeasePapers(h fact.History) []LeasePaper {
	type placed struct {
		LeasePaper
		place int
	}
	var all []placed
	for i, f := range h.Facts() {
		if c, err := fact.Read[LeasePaperMade](f); err == nil && roleMay(f, PrintLease) && c.Codes.sound() {
			all = append(all, placed{LeasePaper{c, f.Body.Person, f.Body.Happened.From}, i})
		}
	}
	var out []LeasePaper
	for _, p := range all {
		ended := false
		for _, o := range all {
			ended = ended || o.Desk == p.Desk && h.Before(p.place, o.place)
		}
		if !ended {
			out = append(out, p.LeasePaper)
		}
	}
	return out
}

// PrintLeasePaper puts a sealed paper on record.
func PrintLeasePaper(org fact.Subject, by Caller, made LeasePaperMade) ([]fact.Draft, error) {
	if err := by.May(PrintLease); err != nil {
		return nil, err
	}
	if len(made.Set) != setChars || len(made.Codes.Sums) == 0 || !made.Codes.sound() {
		return nil, refusal.New(refusal.Invalid, "There are no codes on this paper. Print another.")
	}
	return []fact.Draft{fact.Say(org, made)}, nil
}

// CodeUsed is one use of a code of a sealed paper.
type CodeUsed struct {
	Set, Sum []byte
	Desk     fact.Subject
	By       []fact.Subject
	At       fact.Millis
}

// UseLeaseCode checks that a code of a sealed paper may renew the authority of a
// desk: of a paper in force for it, and used nowhere as far as is known here.
// which is the code's place on the paper, already checked.
func UseLeaseCode(paper LeasePaper, desk fact.Subject, which int, used []CodeUsed) (sum []byte, err error) {
	if which < 0 || which >= len(paper.Codes.Sums) || !paper.Desk.Zero() && paper.Desk != desk {
		return nil, refusal.New(refusal.Forbidden, "This is not a code that can be used here. Look for a slip, or take the next one on the paper.")
	}
	sum = paper.Codes.Sums[which]
	for _, u := range used {
		if bytes.Equal(u.Set, paper.Set) && bytes.Equal(u.Sum, sum) {
			return nil, refusal.New(refusal.Forbidden, "This code has been used. Cross it out and take the next one.")
		}
	}
	return sum, nil
}

// UsedTwice lists the codes that were used more than once: at desks that could
// not know of each other, or on a copy of a desk. Each inner list is one code.
func UsedTwice(used []CodeUsed) (out [][]CodeUsed) {
	for i, u := range used {
		same := []CodeUsed{}
		first := true
		for j, o := range used {
			if bytes.Equal(u.Set, o.Set) && bytes.Equal(u.Sum, o.Sum) {
				same = append(same, o)
				first = first && j >= i
			}
		}
		if first && len(same) > 1 {
			out = append(out, same)
		}
	}
	return out
}
