package main

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"

	"holdfast/fact"
)

// A tail cut off by whoever holds the device's key: the heads are gone with
// the facts, and only another device's receipt knows.
func TestAReceiptKnowsOfACutTail(t *testing.T) {
	h := newHouse(t, 3)
	f := read(t, h.export(false))
	care := f.careFeed(t)
	facts, heads := f.records(care.file("facts")), f.records(care.file("heads"))
	incarnation := h.key("start/incarnation-1")
	head, err := fact.OpenHead(heads[len(heads)-1], incarnation.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	receipt := fact.Receipt{Head: head, Holder: fact.FeedID(controlFeed(t, f)), Domain: "attic"}.Sign(incarnation)
	f.set(fileReceipts, tagReceipts, [][]byte{receipt})
	f.rehash(t, h.key("keys/device"))
	if r, status := inspect(t, f.write(t)); status != allHolds || r.Receipts != 1 {
		t.Fatalf("with the receipt: %d %+v", status, r)
	}
	f.set(care.file("facts"), tagFacts, facts[:len(facts)-2])
	f.set(care.file("heads"), tagHeads, heads[:len(heads)-1])
	f.rehash(t, h.key("keys/device"))
	r, status := inspect(t, f.write(t))
	if status != notHolds {
		t.Error(status)
	}
	wantMissing(t, r, "care, seq 4", "facts 4 to 5 are not here: the receipt of")
	f.set(fileReceipts, tagReceipts, [][]byte{append(receipt[:len(receipt)-1:len(receipt)-1], receipt[len(receipt)-1]^1)})
	r, _ = inspect(t, f.write(t))
	wantFailure(t, r, "receipts, record 0", "its holder has not signed it")
}

// A restored machine begins a new incarnation, whose certificate says how far
// the old feeds had come: a cut in them shows.
func TestALaterIncarnationKnowsOfACutTail(t *testing.T) {
	h := newHouse(t, 2)
	if err := os.Remove(filepath.Join(h.o.Dir, "start", "token")); err != nil {
		t.Fatal(err)
	}
	h.say(2, 3)
	f := read(t, h.export(false))
	r, status := inspect(t, f.write(t))
	if status != allHolds || r.Branches != 6 || r.Papers != 4 {
		t.Fatalf("%d %+v", status, r)
	}
	care := f.careFeed(t)
	for _, b := range branchesOf(f) {
		if facts := f.records(b.file("facts")); len(facts) == 4 && facts[0][4] == 2 {
			care = b
		}
	}
	facts, heads := f.records(care.file("facts")), f.records(care.file("heads"))
	f.set(care.file("facts"), tagFacts, facts[:2])
	f.set(care.file("heads"), tagHeads, heads[:1])
	f.rehash(t, h.key("keys/device"))
	r, status = inspect(t, f.write(t))
	if status != notHolds {
		t.Error(status)
	}
	wantMissing(t, r, "care, seq 2", "facts 2 to 3 are not here: the certificate of incarnation 2")

	for _, b := range branchesOf(f) { // and a whole feed gone
		if b.feed == care.feed {
			delete(f, b.file("facts"))
			delete(f, b.file("heads"))
		}
	}
	f.rehash(t, h.key("keys/device"))
	r, _ = inspect(t, f.write(t))
	wantMissing(t, r, "care", "there is no file of it")
}

// Two signed histories of one feed are evidence about the device; the export
// that shows both holds.
func TestAForkIsEvidence(t *testing.T) {
	h := newHouse(t, 3)
	f := read(t, h.export(false))
	care := f.careFeed(t)
	facts := f.records(care.file("facts"))
	var grown tree
	for _, b := range facts[:2] {
		grown.add(b[:headerSize])
	}
	other := bytes.Clone(facts[3]) // ends an act
	copy(other[72:112], facts[2][72:112])
	other[119]++
	grown.add(other[:headerSize])
	branch := branchName{care.feed, 1}
	parsed, err := fact.ParseHeader(other[:headerSize])
	if err != nil {
		t.Fatal(err)
	}
	head := fact.Head{Org: parsed.Org, Feed: parsed.Feed, Size: 3, Root: fact.Hash(grown.root()), LastID: parsed.ID()}
	f.set(branch.file("facts"), tagFacts, [][]byte{other})
	f.set(branch.file("heads"), tagHeads, [][]byte{head.Sign(h.key("start/incarnation-1"))})
	f.rehash(t, h.key("keys/device"))
	r, status := inspect(t, f.write(t))
	if status != allHolds || !says(r.Evidence, "care, branch 1, seq 2", "two histories") {
		t.Errorf("%d %+v", status, r)
	}
	head.Root[0]++
	f.set(branch.file("heads"), tagHeads, [][]byte{head.Sign(h.key("start/incarnation-1"))})
	f.rehash(t, h.key("keys/device"))
	r, _ = inspect(t, f.write(t))
	wantFailure(t, r, "care, branch 1, head 3", "signed other facts")

	f.set(branch.file("facts"), tagFacts, facts[2:4]) // no fork at all
	f.set(branch.file("heads"), tagHeads, f.records(care.file("heads"))[1:2])
	f.rehash(t, h.key("keys/device"))
	r, status = inspect(t, f.write(t))
	if status != notHolds || r.Evidence.count() != 0 {
		t.Errorf("%d %+v", status, r)
	}
	wantFailure(t, r, "care, branch 1, seq 2", "this is no branch")
}

// TestNothingRemovedSince compares two exports.
func TestNothingRemovedSince(t *testing.T) {
	program := built(t)
	h := newHouse(t, 2)
	twin := h
	twin.o.Dir = t.TempDir()
	if err := os.CopyFS(twin.o.Dir, os.DirFS(h.o.Dir)); err != nil {
		t.Fatal(err)
	}
	older := h.export(false)
	h.say(2, 4)
	newer := h.export(false)
	if text, status := process(t, program, "--older", older, newer); status != allHolds {
		t.Errorf("%d %s", status, text)
	}
	line, status := process(t, program, "--json", "--older", newer, older)
	if status != notHolds {
		t.Error(status)
	}
	wantMissing(t, reportOf(t, line), "care, seq 4", "facts 4 to 7 are not here: the older export")

	twin.say(5, 8) // the same machine twice, and another history from fact 4 on
	line, status = process(t, program, "--json", "--older", newer, twin.export(false))
	if status != notHolds {
		t.Error(status)
	}
	wantFailure(t, reportOf(t, line), "care, seq 4", "the older export covers another history")
}

func TestRemovedAttachmentsAndKeysSince(t *testing.T) {
	h := newHouse(t, 1)
	older := h.export(false)
	f := read(t, older)
	f.set(fileAttachments, tagAttachments, nil)
	f.rehash(t, h.key("keys/device"))
	r, status := inspect(t, "--older", older, f.write(t))
	if status != notHolds {
		t.Error(status)
	}
	wantMissing(t, r, fileAttachments, "was in the older export")
	f = read(t, older)
	f.set(fileWraps, tagWraps, nil)
	f.rehash(t, h.key("keys/device"))
	r, status = inspect(t, "--older", older, f.write(t))
	if status != allHolds || !says(r.Evidence, fileWraps, "erased, or withheld") || r.NotOpened.count() != r.Facts {
		t.Errorf("erased keys: %d %+v", status, r)
	}
}

func controlFeed(t testing.TB, f folder) hash {
	t.Helper()
	for _, b := range f.records(filePapers) {
		if b[0] == 3 {
			return hashOf("holdfast/feed/1", b[1:], []byte{1})
		}
	}
	t.Fatal("no certificate")
	return hash{}
}
