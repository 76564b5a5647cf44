package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// follow says that in is taken later than the older export and must hold all
// that it holds: its newest heads become statements that in is judged by.
func (in *inspection) follow(older *inspection) {
	in.older = older
	for _, name := range older.branches {
		end := older.ends[name]
		if end.size > 0 {
			in.state(statement{org: older.org, feed: name.feed, size: end.size, root: end.root, by: "the older export"})
		}
	}
}

// judgeOlder names what is gone since, apart from facts, which the statements
// judge. An erased key is no failure: that is what erasure is.
func (in *inspection) judgeOlder() {
	old := in.older
	for _, f := range old.r.Failures.List {
		in.r.fail("older export: "+f.Place, "%s", f.What)
	}
	for _, f := range old.r.Missing.List {
		in.r.Missing.add("older export: "+f.Place, "%s", f.What)
	}
	if old.org != in.org {
		in.r.fail("older export", "it is of another organisation")
		return
	}
	for _, name := range inOrder(old.cards) {
		if _, ok := in.cards[name]; !ok {
			in.r.Missing.add(filePapers, "the device card %x was in the older export", name[:4])
		}
	}
	for _, feed := range inOrder(old.feeds) {
		if _, ok := in.feeds[feed]; !ok {
			in.r.Missing.add(filePapers, "the certificate of feed %x was in the older export", feed[:4])
		}
	}
	for _, name := range inOrder(old.blobs) {
		if _, ok := in.blobs[name]; !ok {
			in.r.Missing.add(fileAttachments, "attachment %x was in the older export", name[:4])
		}
	}
	gone := 0
	for name := range old.wraps {
		if !in.wraps[name] {
			gone++
		}
	}
	if gone > 0 {
		in.r.Evidence.add(fileWraps, "%d subject keys that the older export holds are not in this one: erased, or withheld", gone)
	}
}

// parted finds the sequence at which this export and the older one part.
func (in *inspection) parted(s *statement) (uint64, bool) {
	if in.older == nil || s.by != "the older export" {
		return 0, false
	}
	for name, end := range in.older.ends {
		if name.feed != s.feed || end.size != s.size || end.root != s.root {
			continue
		}
		seq, err := firstDifference(in.older, in, name)
		if err != nil {
			in.r.fail(fmt.Sprintf("feed %x", s.feed[:4]), "the exports can't be compared: %v", err)
		}
		return seq, err == nil
	}
	return 0, false
}

func firstDifference(a, b *inspection, name branchName) (seq uint64, err error) {
	left, err := a.open(name.file("facts"), tagFacts)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, left.close()) }()
	right, err := b.open(name.file("facts"), tagFacts)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, right.close()) }()
	for {
		one, err := left.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		two, err2 := right.next()
		if err2 != nil && !errors.Is(err2, io.EOF) {
			return 0, err2
		}
		if err != nil || err2 != nil || !bytes.Equal(one[:min(len(one), headerSize)], two[:min(len(two), headerSize)]) {
			if h, err := readHeader(two[:min(len(two), headerSize)]); err == nil {
				return h.seq, nil
			}
			return seq, nil
		}
		seq++
	}
}
