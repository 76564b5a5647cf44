package world

import (
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/sim/disk"
)

// TestTheOracleBites: on disks whose flushes do nothing, worlds find out.
func TestTheOracleBites(t *testing.T) {
	rules := shippedRules(t)
	failed, lost := 0, 0
	for seed := uint64(1); seed <= 8; seed++ {
		r, err := Run(Draw(seed), Host{Rules: rules, Where: memory(), worse: (*disk.Disk).Lie})
		if err != nil {
			t.Fatal(err)
		}
		if r.Failed() {
			failed++
		}
		if strings.Contains(strings.Join(r.Failures, "\n"), "is lost") {
			lost++
		}
	}
	if failed < 3 || lost == 0 {
		t.Errorf("of 8 worlds whose disks lie %d failed, and %d named a fact that is lost", failed, lost)
	}
}

// savedOn puts a fact in a ledger.
func savedOn(l *ledger, d *device, id byte) fact.ID {
	f := fact.Fact{ID: fact.ID{id}}
	l.acknowledges(d, []fact.Fact{f}, 0)
	return f.ID
}

// TestWhatMayBeLost: what is saved on one disk alone may go with it; what is
// safe may go only with two.
func TestWhatMayBeLost(t *testing.T) {
	o := &org{}
	a, b := &device{org: o, number: 0}, &device{org: o, number: 1}
	l := newLedger()
	alone, kept, safe := savedOn(l, a, 1), savedOn(l, a, 2), savedOn(l, a, 3)
	l.saved[safe].safe = true
	if n := l.endangers(a, map[fact.ID]bool{kept: true}, "gone"); n != 1 || l.saved[alone].gone == "" {
		t.Errorf("%d facts may be gone", n)
	}
	wrong, allowed := l.losses(0, map[fact.ID]bool{})
	if len(wrong) != 2 || len(allowed) != 1 {
		t.Errorf("wrong %q, allowed %q", wrong, allowed)
	}
	l.endangers(a, map[fact.ID]bool{kept: true}, "gone again")
	if l.saved[safe].gone != "" {
		t.Error("one disk takes what is safe")
	}
	l.endangers(b, nil, "gone too")
	if l.saved[safe].gone == "" || l.saved[kept].gone != "" {
		t.Error("two disks are gone")
	}
}

// TestOnlyWhatWasInDoubtMayTurnUp: each doubt settles one fact.
func TestOnlyWhatWasInDoubtMayTurnUp(t *testing.T) {
	l := newLedger()
	l.doubt = []doubt{{0, fact.Subject{1}, 200, "x"}}
	f := fact.Fact{Header: fact.Header{Subject: fact.Subject{1}}, Body: fact.Body{Kind: 200, Content: []byte("x")}}
	if l.resolves(1, f) || !l.resolves(0, f) || l.resolves(0, f) {
		t.Error("a doubt settles a fact of its own organisation, once")
	}
}
