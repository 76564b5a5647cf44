package stock

import (
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/share"
)

// fullRange is a range with 2,000 facts, the most a subject should have: three
// devices spend apart in turns and catch up, some of it provisionally, and two
// people move the site's share twice.
func fullRange(t testing.TB) []fact.Fact {
	writers := map[Device]*facttest.Writer{}
	for _, d := range []Device{site, car, desk} {
		writers[d] = facttest.NewWriter(d.Name, fact.At(now))
	}
	var all []fact.Fact
	say := func(d Device, by access.Caller, seen []fact.ID, drafts ...fact.Draft) fact.ID {
		made := writers[d].State(t, by.Author(), seen, drafts...)
		all = append(all, made...)
		return made[len(made)-1].ID
	}
	seen := []fact.ID{say(site, mara, nil, fact.Say(about, FormsReceived{What: "FP10SS", First: 1, Last: 6000, Owner: site.ID, Says: site.Name}))}
	next := uint64(1)
	for len(all) < 2000-12 {
		ends := []fact.ID{say(site, mara, seen, fact.Say(about, FormsHanded{First: next, Last: next + 9, To: car.ID, Says: car.Name}))}
		for _, d := range []Device{site, desk} { // meanwhile, each apart
			ends = append(ends, say(d, kemi, seen, fact.Say(about, FormUsed{First: next + 10, Last: next + 10, How: Issued, Asks: map[bool]string{true: "no answer"}[d == desk]})))
		}
		seen = ends
		for n := range uint64(7) {
			seen = []fact.ID{say(car, kemi, seen, fact.Say(about, FormUsed{First: next + n, Last: next + n, How: Issued}))}
		}
		seen = []fact.ID{say(site, mara, seen, fact.Say(about, UseRefused{Use: ends[2], Why: "used here"}))}
		next += 11
	}
	for _, move := range [][2]Device{{site, desk}, {desk, site}} {
		p := say(car, mara, seen, fact.Say(about, ReassignmentProposed{Lost: move[0].ID, To: move[1].ID, Why: "flooded"}))
		seen = []fact.ID{say(car, adam, []fact.ID{p}, fact.Say(about, ReassignmentApproved{Proposal: p}))}
	}
	for len(all) < 2000 {
		seen = []fact.ID{say(site, kemi, seen, fact.Say(about, FormUsed{First: next, Last: next, How: Issued}))}
		next++
	}
	return all
}

// A full range folds to what was written.
func TestAFullRange(t *testing.T) {
	r := Fold(about, fact.NewHistory(fullRange(t)), devices)
	var refused uint64
	for _, u := range r.Uses {
		if u.Right.Status == share.RefusedUse {
			refused++
		}
	}
	a := r.Account()
	if a.Missing != 0 || a.Received != 6000 || refused == 0 || len(r.Uses) != int(a.Lines[0].Count+refused) || len(r.Open()) != 0 {
		t.Errorf("%d refused of %d, %+v", refused, len(r.Uses), a.Lines)
	}
}

// passedOn is a range that two devices hand to each other 1,999 times.
func passedOn(t testing.TB) []fact.Fact {
	w := map[Device]*facttest.Writer{site: facttest.NewWriter(site.Name, fact.At(now)), car: facttest.NewWriter(car.Name, fact.At(now))}
	all := w[site].State(t, mara.Author(), nil, fact.Say(about, FormsReceived{What: "FP10SS", First: 1, Last: 10, Owner: site.ID}))
	from, to := site, car
	for len(all) < 2000 {
		seen := []fact.ID{all[len(all)-1].ID}
		all = append(all, w[from].State(t, mara.Author(), seen, fact.Say(about, FormsHanded{First: 1, Last: 10, To: to.ID}))...)
		from, to = to, from
	}
	return all
}

// A range that was passed on very often still folds while somebody waits; a
// fold that weighs every hand-out against all others takes minutes.
func TestALongChainFoldsQuickly(t *testing.T) {
	h := fact.NewHistory(passedOn(t))
	began := time.Now()
	r := Fold(about, h, devices)
	if took := time.Since(began); took > 20*time.Second || r.LeftAt(car.ID) != 10 {
		t.Errorf("%d left at the car after %v", r.LeftAt(car.ID), took)
	}
}

// BenchmarkFold folds a range with 2,000 facts; order is the putting in order
// that goes before it when facts arrive from elsewhere.
func BenchmarkFold(b *testing.B) {
	facts := fullRange(b)
	h, chain := fact.NewHistory(facts), fact.NewHistory(passedOn(b))
	b.Run("order", func(b *testing.B) {
		for b.Loop() {
			fact.NewHistory(facts)
		}
	})
	b.Run("fold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Fold(about, h, devices)
		}
	})
	b.Run("passed on", func(b *testing.B) {
		for b.Loop() {
			Fold(about, chain, devices)
		}
	})
}
