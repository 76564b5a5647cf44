package share_test

import (
	"slices"
	"testing"

	"holdfast/fact"
	"holdfast/fact/share"
)

// rewritten folds the law over steps that somebody has tampered with.
func rewritten(change func(w *world, f fact.Fact, s share.Step) share.Step) law {
	return func(w *world, held set) share.Rights {
		return share.Fold(fact.NewHistory(w.of(held)), func(f fact.Fact) (share.Step, bool) {
			s, ok := read(f)
			return change(w, f, s), ok
		}, w.devices)
	}
}

// reordered folds the law over facts whose "seen" somebody has tampered with.
func reordered(change func(w *world, f fact.Fact, earlier []fact.ID) fact.Fact) law {
	return func(w *world, held set) share.Rights {
		var facts []fact.Fact
		var earlier []fact.ID
		for _, f := range w.of(held) {
			facts = append(facts, change(w, f, earlier))
			earlier = append(earlier, f.ID)
		}
		return share.Fold(fact.NewHistory(facts), read, w.devices)
	}
}

// retold tells what the law gives otherwise than it is.
func retold(change func(w *world, r *share.Rights)) law {
	return func(w *world, held set) share.Rights {
		r := theLaw(w, held)
		r.Uses, r.Parts = slices.Clone(r.Uses), slices.Clone(r.Parts)
		change(w, &r)
		return r
	}
}

// mutant is a law that is broken on purpose.
type mutant struct {
	name string
	law  law
}

func mutants() []mutant {
	return []mutant{
		{"ignores what had been seen", reordered(func(_ *world, f fact.Fact, _ []fact.ID) fact.Fact {
			f.Body.Seen = nil
			return f
		})},
		{"takes the order of arrival for what had been seen", reordered(func(_ *world, f fact.Fact, earlier []fact.ID) fact.Fact {
			f.Body.Seen = earlier
			return f
		})},
		{"lets an approval count as seeing all that arrived", reordered(func(_ *world, f fact.Fact, earlier []fact.ID) fact.Fact {
			if s, _ := read(f); s.Act == share.Approved {
				f.Body.Seen = earlier
			}
			return f
		})},
		{"lets one person reassign", rewritten(func(w *world, _ fact.Fact, s share.Step) share.Step {
			if s.Act == share.Approved && w.facts[w.place(s.About)].step.Person == s.Person {
				s.Person = person(9)
			}
			return s
		})},
		{"lets time reassign: what lay unused for three facts is the asker's", timeReassigns},
		{"lets two people's word give way to one's", rewritten(func(w *world, f fact.Fact, s share.Step) share.Step {
			if s.Act == share.Approved {
				p := w.facts[w.place(s.About)].step
				return share.Step{Act: share.Received, Units: share.Some(1, 20), To: p.To}
			}
			return s
		})},
		{"takes what was asked for as granted", retold(func(_ *world, r *share.Rights) {
			for i, u := range r.Uses {
				if u.Why == share.Asked && u.Status == share.Provisional {
					r.Uses[i].Status = share.Firm
				}
			}
		})},
		{"counts every use as firm", retold(func(_ *world, r *share.Rights) {
			for i := range r.Uses {
				r.Uses[i].Status = share.Firm
			}
		})},
		{"drops what is provisional", retold(func(_ *world, r *share.Rights) {
			r.Uses = slices.DeleteFunc(r.Uses, func(u share.Use) bool { return u.Status == share.Provisional })
		})},
		{"keeps the right with who handed it out", rewritten(func(w *world, f fact.Fact, s share.Step) share.Step {
			if s.Act == share.Handed {
				s.To, _ = w.devices(f.Header.Feed)
			}
			return s
		})},
		{"lets the first named win a dispute", retold(func(_ *world, r *share.Rights) {
			for i, p := range r.Parts {
				if p.Standing == share.Disputed && len(p.Between) > 0 {
					r.Parts[i].Standing, r.Parts[i].Holder = share.Held, p.Between[0]
				}
			}
		})},
		{"takes all devices for one", func(w *world, held set) share.Rights {
			return share.Fold(fact.NewHistory(w.of(held)), read, func(fact.FeedID) (fact.Subject, bool) { return deviceID(0), true })
		}},
		{"forgets that units were used up", rewritten(func(_ *world, _ fact.Fact, s share.Step) share.Step {
			if s.Act == share.Used {
				s.Asks = true
			}
			return s
		})},
	}
}

// timeReassigns gives a holder's units to whoever asks for them once three
// facts have gone by.
func timeReassigns(w *world, held set) share.Rights {
	received := -1
	facts := fact.NewHistory(w.of(held)).Facts()
	for i, f := range facts {
		if s, _ := read(f); s.Act == share.Received {
			received = i
		}
	}
	return share.Fold(fact.NewHistory(facts), read, func(feed fact.FeedID) (fact.Subject, bool) {
		if received >= 0 && len(facts)-received > 3 {
			return deviceID(0), true // the holder has been silent for long: anybody stands in for it
		}
		return w.devices(feed)
	})
}

// Each broken law is caught by the same lives that the law survives.
func TestBrokenLawsAreCaught(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			for seed := range uint64(400) {
				for kind := range 4 {
					err := newSchedule(m.law, seed, kind == 2, false, kind == 3).run(40)
					if err != nil {
						t.Logf("caught by seed %d: %.120s", seed, err)
						return
					}
				}
			}
			t.Error("no life caught it")
		})
	}
}
