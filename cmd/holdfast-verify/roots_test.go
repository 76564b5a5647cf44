package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/root"
	"holdfast/journal"
)

// exchangedHouse is an organisation held by one that took holders on, who then
// exchanged their pages and enrolled a device.
func exchangedHouse(t *testing.T) (house, root.Made, journal.Exchange) {
	t.Helper()
	h := newHouse(t, 2)
	j, err := journal.Open(t.Context(), h.o)
	if err != nil {
		t.Fatal(err)
	}
	by := fact.Author{Role: "administrator"}
	var made root.Made
	var x journal.Exchange
	for range 2 {
		old := made
		if made, err = root.Make(rand.Reader, 3, 2); err != nil {
			t.Fatal(err)
		}
		w := journal.Wanted{Keys: made.Publics(), Threshold: 2, Recovery: made.Recovery}
		for n := range made.Secrets {
			w.Holders = append(w.Holders, journal.RootHolder{Number: uint32(n + 1), Name: "holder", Sort: journal.HeldOnPaper})
		}
		if x, err = j.DrawExchange(w); err != nil {
			t.Fatal(err)
		}
		for _, s := range append(slices.Clone(made.Secrets[:2]), old.Secrets...) {
			if err := x.Sign(s.Key()); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.AdoptRoots(t.Context(), by, x); err != nil {
			t.Fatal(err)
		}
	}
	ask, err := journal.Ask(t.Context(), journal.Options{Dir: t.TempDir(), Demo: true}, fact.SiteNode, "node 2", "barn")
	if err != nil {
		t.Fatal(err)
	}
	card, err := j.CardFor(ask)
	if err != nil {
		t.Fatal(err)
	}
	set, _ := j.Chain().InForce()
	for _, s := range made.Secrets[1:] {
		if err := fact.Cosign(&card, set, s.Key()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.EnrolSigned(t.Context(), by, ask, card); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return h, made, x
}

// An export after exchanges of pages is read from outside: each is checked down
// from the genesis, and each card by the roots that it names.
func TestExchangesOfRootsAreChecked(t *testing.T) {
	h, _, _ := exchangedHouse(t)
	dir := h.export(false)
	r := inspected(t, dir)
	if !r.holds() || r.Evidence.count() > 0 || r.NotOpened.count() > 0 && strings.Contains(r.NotOpened.List[0].What, "papers") {
		t.Fatalf("%+v %+v %+v", r.Failures, r.Missing, r.Evidence)
	}
	all, err := os.ReadFile(filepath.Join(dir, filePapers))
	if err != nil {
		t.Fatal(err)
	}
	records := recordsIn(t, all)
	kept := func(change func(sort byte, of fact.Signed) (fact.Signed, bool)) report {
		out := []byte(tagPapers)
		for _, rec := range records {
			var s fact.Signed
			if err := fact.Decode(rec[1:], &s); err != nil {
				t.Fatal(err)
			}
			if s, keep := change(rec[0], s); keep {
				enc, err := fact.Encode(s)
				if err != nil {
					t.Fatal(err)
				}
				out = binary.BigEndian.AppendUint32(out, uint32(len(enc)+1))
				out = append(append(out, rec[0]), enc...)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, filePapers), out, 0o600); err != nil {
			t.Fatal(err)
		}
		return inspected(t, dir)
	}
	said := func(r report, what string) bool {
		return slices.ContainsFunc(r.Failures.List, func(f finding) bool { return strings.Contains(f.What, what) })
	}
	if r := kept(func(sort byte, s fact.Signed) (fact.Signed, bool) { return s, sort != 4 || numberOf(t, s) != 1 }); !said(r, "what it replaces is not here") {
		t.Errorf("a link is missing: %+v", r.Failures)
	}
	if r := kept(func(sort byte, s fact.Signed) (fact.Signed, bool) { return s, sort != 4 }); !said(r, "roots that are not here") {
		t.Errorf("the exchanges are missing: %+v", r.Failures)
	}
	for place := range 3 { // of those before: one signature left is too few
		r := kept(func(sort byte, s fact.Signed) (fact.Signed, bool) {
			if sort == 4 && numberOf(t, s) == 2 {
				s.Sigs = slices.Clone(s.Sigs)
				for i := range 3 {
					if i != place {
						s.Sigs[3+i] = nil
					}
				}
			}
			return s, true
		})
		if !said(r, "signatures hold where 2 are needed") {
			t.Errorf("one of those before: %+v", r.Failures)
		}
	}
}

func numberOf(t *testing.T, s fact.Signed) uint32 {
	t.Helper()
	var r fact.Roots
	if err := fact.Decode(s.Bytes, &r); err != nil {
		t.Fatal(err)
	}
	return r.Number
}

func inspected(t *testing.T, dir string) report {
	t.Helper()
	in, err := newInspection(dir)
	if err != nil {
		t.Fatal(err)
	}
	in.inspect()
	return *in.r
}

func recordsIn(t *testing.T, b []byte) (out [][]byte) {
	t.Helper()
	for b = b[len(tagPapers):]; len(b) > 0; {
		n := binary.BigEndian.Uint32(b)
		out, b = append(out, b[4:4+n]), b[4+n:]
	}
	return out
}

// What the program takes and what the verifier takes is the same.
func TestBothJudgeRootsAlike(t *testing.T) {
	h, made, x := exchangedHouse(t)
	source, err := journal.OpenExport(t.Context(), h.o.Dir, h.o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }() // it was only read
	d, err := x.Open()
	if err != nil {
		t.Fatal(err)
	}
	in := &inspection{r: &report{}, cards: map[hash]card{}}
	enc := func(s fact.Signed) paper {
		t.Helper()
		raw, err := fact.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := readPaper("here", raw)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if err := in.takeGenesis(enc(x.Genesis)); err != nil {
		t.Fatal(err)
	}
	in.takeRoots([]paper{enc(x.Roots[0])})
	wrong := 0
	for name, change := range map[string]func(s *fact.Signed){
		"as it is":        func(*fact.Signed) {},
		"one left":        func(s *fact.Signed) { s.Sigs[0] = nil },
		"one of old left": func(s *fact.Signed) { s.Sigs[4], s.Sigs[5] = nil, nil },
		"one more":        func(s *fact.Signed) { s.Sigs = append(s.Sigs, nil) },
		"one less":        func(s *fact.Signed) { s.Sigs = s.Sigs[:5] },
		"another number": func(s *fact.Signed) {
			r := d.Roots
			r.Number = 7
			s.Bytes, _ = fact.Encode(r)
		},
		"re-signed by the new alone": func(s *fact.Signed) {
			s.Sigs = make([][]byte, 6)
			for i, one := range made.Secrets {
				s.Sigs[i] = ed25519.Sign(one.Key(), append([]byte(labelRoots+"\x00"), s.Bytes...))
			}
		},
	} {
		s := fact.Signed{Bytes: slices.Clone(x.Paper.Bytes), Sigs: slices.Clone(x.Paper.Sigs)}
		change(&s)
		_, ours := d.Chain.With(s)
		ready, theirs := in.takeExchange(enc(s))
		if (ours == nil) != (ready && theirs == nil) {
			t.Errorf("%s: the program says %v, the verifier %v", name, ours, theirs)
		}
		if ours != nil {
			wrong++
		}
	}
	if wrong != 6 {
		t.Errorf("%d are refused", wrong)
	}
}
