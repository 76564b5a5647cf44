package export

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"holdfast/fact"
	"holdfast/journal"
)

// Summary is what an export holds.
type Summary struct {
	Org                                                          fact.OrgID
	Taken                                                        fact.Millis
	Facts, Branches, Heads, Papers, Wraps, Receipts, Attachments int
	Bytes                                                        uint64
	Ends                                                         []End

	files []fileSum
}

// reached takes in the next head of the branch.
func (e *End) reached(head []byte) error {
	if len(head) < fact.HeadSize {
		return errors.New("a stored head is cut short: run holdfast verify")
	}
	e.Size = binary.BigEndian.Uint64(head[68:])
	copy(e.Root[:], head[76:108])
	return nil
}

// manifest is written last; without it a folder is no export.
func (w *writing) manifest() error {
	w.sum.Org, w.sum.Taken = w.source.Org(), fact.At(w.o.Clock())
	for _, f := range w.sum.files {
		w.sum.Bytes += f.size
	}
	slices.SortFunc(w.sum.files, func(a, b fileSum) int { return cmp.Compare(a.name, b.name) })
	b := w.sum.text(w.source.Card())
	b = fmt.Appendf(b, "signature %x\n", w.source.Sign("holdfast/export/1", b))
	return journal.Disk{}.Create(filepath.Join(w.dir, "manifest"), b)
}

// text is all of the manifest that is signed.
func (s Summary) text(card fact.Hash) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "holdfast export 1\norganisation %s\nsigner %s\ntaken %d\n", s.Org, card, s.Taken)
	fmt.Fprintf(&b, "facts %d\nbranches %d\nheads %d\npapers %d\nwraps %d\nreceipts %d\nattachments %d\n",
		s.Facts, s.Branches, s.Heads, s.Papers, s.Wraps, s.Receipts, s.Attachments)
	for _, e := range s.Ends {
		fmt.Fprintf(&b, "end %s %d %d %d %s\n", e.Feed, e.Branch, e.First, e.Size, e.Root)
	}
	for _, f := range s.files {
		fmt.Fprintf(&b, "file %s %d %s\n", f.hash, f.size, f.name)
	}
	return b.Bytes()
}
