package journal

import (
	"bytes"
	"testing"

	"holdfast/fact"
)

// TestAKeyThatComesLate takes in a fact whose key is not here yet, then the key
// on either of its two ways: alone, or with a later range. What the fact says
// and points to must be known from then on.
func TestAKeyThatComesLate(t *testing.T) {
	for _, way := range []string{"alone", "with a later range"} {
		t.Run(way, func(t *testing.T) { aKeyThatComesLate(t, way == "alone") })
	}
}

func aKeyThatComesLate(t *testing.T, alone bool) {
	a := newJournal(t, testOptions(t))
	s := newSubject(t, a)
	if _, err := a.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"with a photo"}).With(fact.Blob{Media: "image/png", Bytes: []byte("photo")})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	cards, certificates := a.Papers()
	if err := b.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	wraps := takeCare(t, a, b, true)
	if got := texts(t, b, s); len(got) != 0 {
		t.Fatalf("read without a key: %q", got)
	}
	if missing := missingBlobs(t, b); len(missing) != 0 {
		t.Fatalf("%d attachments are known of a closed body", len(missing))
	}
	if alone {
		if err := b.TakeWraps(t.Context(), wraps); err != nil {
			t.Fatal(err)
		}
	} else {
		say(t, a, s, "and more")
		takeCare(t, a, b, false)
	}
	if got := texts(t, b, s); len(got) == 0 || got[0] != "with a photo" {
		t.Errorf("with the key it reads %q", got)
	}
	if missing := missingBlobs(t, b); len(missing) != 1 {
		t.Errorf("%d attachments are waited for, want 1", len(missing))
	}
}

// TestAKeyThatComesWhileItsFactIsTakenIn: the key is written between the moment
// at which a range was read and the one at which it is committed. Nothing waits
// for it then.
func TestAKeyThatComesWhileItsFactIsTakenIn(t *testing.T) {
	a := newJournal(t, testOptions(t))
	s := newSubject(t, a)
	say(t, a, s, "sealed")
	b, _ := sister(t, a, fact.SiteNode, "b")
	cards, certificates := a.Papers()
	if err := b.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range a.Tips() {
		if tip.Lane != fact.Care {
			continue
		}
		r, err := a.ReadRange(t.Context(), b.papers.card.Device, tip.Place(), 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		wraps := r.Wraps
		r.Wraps = nil
		prepared, err := b.prepareRange(r)
		if err != nil || prepared == nil {
			t.Fatal(prepared, err)
		}
		if err := b.TakeWraps(t.Context(), wraps); err != nil {
			t.Fatal(err)
		}
		if ans := b.submit(t.Context(), &act{arriving: prepared, bytes: sizeOf(r), answer: make(chan answer, 1)}); ans.err != nil {
			t.Fatal(ans.err)
		}
	}
	if keys, err := b.Waiting(t.Context()); err != nil || keys != 0 {
		t.Errorf("%d facts wait for a key that is here, %v", keys, err)
	}
	if got := texts(t, b, s); len(got) != 1 || got[0] != "sealed" {
		t.Errorf("it reads %q", got)
	}
}

// takeCare brings what is lacking of a's care feed to b, with its wraps or
// without, and gives them.
func takeCare(t *testing.T, a, b *Journal, closed bool) (wraps [][]byte) {
	t.Helper()
	for _, tip := range a.Tips() {
		if tip.Lane != fact.Care {
			continue
		}
		have := uint64(0)
		for _, of := range b.Tips() {
			if of.Feed == tip.Feed {
				have = of.Size
			}
		}
		r, err := a.ReadRange(t.Context(), b.papers.card.Device, tip.Place(), have, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		wraps = append(wraps, r.Wraps...)
		if closed {
			r.Wraps = nil
		}
		if err := b.Receive(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return wraps
}

func missingBlobs(t *testing.T, j *Journal) []fact.Hash {
	t.Helper()
	out, err := j.MissingBlobs(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTheKeyringIsListedWhole compares the 256 parts of the keyring with all of
// it: together they are all, and each key stands in its own.
func TestTheKeyringIsListedWhole(t *testing.T) {
	j := newJournal(t, testOptions(t))
	want := map[fact.Subject]bool{}
	for range 16 {
		if _, err := j.Do(t.Context(), fact.Author{}, nil, func(tx *Tx) (out []fact.Draft, err error) {
			for first := range 256 {
				if first%16 != 0 {
					continue
				}
				for _, b := range []byte{byte(first), byte(first + 15)} {
					s := newSubject(t, j)
					s[0] = b
					want[s] = true
					out = append(out, fact.Say(s, said{"x"}))
				}
			}
			return out, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	checkSums(t, j)
	for bucket := range 256 {
		list, err := j.KeyringList(t.Context(), byte(bucket))
		if err != nil {
			t.Fatal(err)
		}
		for i, ref := range list {
			if int(ref.Subject[0]) != bucket || i > 0 && bytes.Compare(list[i-1].Subject[:], ref.Subject[:]) >= 0 {
				t.Errorf("part %d lists %s after another", bucket, ref.Subject)
			}
			delete(want, ref.Subject)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d keys are in no part", len(want))
	}
}

// checkSums compares the sums that are remembered with fresh ones.
func checkSums(t *testing.T, j *Journal) {
	t.Helper()
	sums, err := j.KeyringDigests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for bucket, sum := range sums {
		if now, err := j.keyringDigest(t.Context(), byte(bucket)); err != nil || now != sum {
			t.Errorf("part %d: the sum that is remembered is old, %v", bucket, err)
		}
	}
}

// TestTheKeyringsSumsFollow asks for the sums between everything that writes or
// deletes wraps: a subject that begins here, keys that come alone and with
// facts, a new incarnation, and an erasure.
func TestTheKeyringsSumsFollow(t *testing.T) {
	a := newJournal(t, testOptions(t))
	checkSums(t, a)
	s := newSubject(t, a)
	say(t, a, s, "a subject that begins")
	checkSums(t, a)
	b, _ := sister(t, a, fact.SiteNode, "b")
	checkSums(t, b)
	cards, certificates := a.Papers()
	if err := b.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	wraps := takeCare(t, a, b, true)
	checkSums(t, b)
	if err := b.TakeWraps(t.Context(), wraps); err != nil {
		t.Fatal(err)
	}
	checkSums(t, b)
	say(t, a, newSubject(t, a), "another")
	takeCare(t, a, b, false)
	checkSums(t, b)
	if err := b.Reincarnate(t.Context(), "restored"); err != nil {
		t.Fatal(err)
	}
	checkSums(t, b)
	checkSums(t, a)
}
