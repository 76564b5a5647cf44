package replicate_test

import (
	"testing"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

// apart makes two devices and a third that holds what the first wrote.
func apart(t *testing.T, facts int) (*replicatetest.Org, *world) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	for range facts {
		w.write(0, fact.Care, o.NewSubject(), 1)
	}
	w.connect(0, 1)
	w.run()
	w.cutAll()
	w.calm()
	return o, w
}

func TestARestoredDeviceBeginsAnew(t *testing.T) {
	o, w := apart(t, 37)
	backup := w.nodes[0].store.Copy()
	w.write(0, fact.Care, o.NewSubject(), 5)
	w.connect(0, 1)
	w.run()
	w.cutAll()
	old := backup.Own(fact.Care)
	w = newWorld(t, backup, w.nodes[1].store)
	w.connect(0, 1)
	w.run()
	told := effectsOf[replicate.Reincarnated](w.nodes[0])
	if len(told) != 1 || told[0].Why != "restored" || told[0].At != 37 || told[0].Feed != old {
		t.Fatalf("told %+v", told)
	}
	if backup.Own(fact.Care) == old {
		t.Fatal("the old incarnation goes on")
	}
	w.wantSame() // the five facts came back
	w.write(0, fact.Care, o.NewSubject(), 2)
	w.run()
	w.wantSame()
	if n := len(effectsOf[replicate.Forked](w.nodes[0])) + len(effectsOf[replicate.Forked](w.nodes[1])); n != 0 {
		t.Errorf("%d forks told", n)
	}
}

func TestACloneIsSeenAndBothBranchesAreKept(t *testing.T) {
	o, w := apart(t, 37)
	clone := w.nodes[0].store.Copy()
	w.write(0, fact.Care, o.NewSubject(), 5)
	w.connect(0, 1)
	w.run()
	w.cutAll()
	clone.Write(fact.Care, o.NewSubject(), 3, 60)
	old := clone.Own(fact.Care)
	original := w.nodes[0]
	w = newWorld(t, clone, w.nodes[1].store)
	w.connect(0, 1)
	w.run()
	told := effectsOf[replicate.Reincarnated](w.nodes[0])
	if len(told) != 1 || told[0].Why != "cloned" || told[0].At != 37 {
		t.Fatalf("told %+v", told)
	}
	forks := effectsOf[replicate.Forked](w.nodes[1])
	if len(forks) != 1 || forks[0].At != 37 || forks[0].Feed != old || forks[0].Ours.Size != 42 || forks[0].Theirs.Size != 40 {
		t.Fatalf("told %+v", forks)
	}
	w.wantSame()
	if n := len(w.nodes[1].store.IDs()); n != 37+5+3 {
		t.Errorf("%d facts are kept", n)
	}
	// The original hears of its clone from the same peer, and goes on too.
	w.nodes = append(w.nodes, original)
	original.number, original.effects = 3, nil
	w.connect(2, 1)
	w.run()
	if told := effectsOf[replicate.Reincarnated](w.nodes[2]); len(told) != 1 || told[0].Why != "cloned" {
		t.Fatalf("the original tells %+v", told)
	}
	w.wantSame()
	for i := range 3 {
		w.write(i, fact.Care, o.NewSubject(), 1)
	}
	w.run()
	w.wantSame()
}

// A live clone that is met directly has the same device key.
func TestAClonesOwnLine(t *testing.T) {
	o, w := apart(t, 10)
	clone := w.nodes[0].store.Copy()
	clone.Write(fact.Care, o.NewSubject(), 1, 60)
	w.write(0, fact.Care, o.NewSubject(), 2)
	w = newWorld(t, w.nodes[0].store, clone)
	w.connect(0, 1)
	w.run()
	if len(effectsOf[replicate.Reincarnated](w.nodes[0])) != 1 || len(effectsOf[replicate.Reincarnated](w.nodes[1])) != 1 {
		t.Errorf("%+v, %+v", w.nodes[0].effects, w.nodes[1].effects)
	}
	w.wantSame()
}

func TestForksAreFoundAtEverySize(t *testing.T) {
	for _, common := range []int{0, 1, 2, 63, 64, 200} {
		o := replicatetest.NewOrg(9)
		original := o.Device("a", fact.SiteNode)
		for range common {
			original.Write(fact.Care, o.NewSubject(), 1, 20)
		}
		clone := original.Copy()
		original.Write(fact.Care, o.NewSubject(), 70, 20)
		clone.Write(fact.Care, o.NewSubject(), 30, 20)
		w := newWorld(t, append([]*replicatetest.Store{original, clone}, sites(o, "c", "d")...)...)
		w.connect(0, 2)
		w.run()
		w.cutAll()
		w.connect(1, 3)
		w.run()
		w.cutAll()
		w.nodes = w.nodes[2:] // the two that only hold what others wrote
		w.connect(0, 1)
		w.run()
		w.wantSame()
		for _, n := range w.nodes {
			forks := effectsOf[replicate.Forked](n)
			if len(forks) != 1 || forks[0].At != uint64(common) {
				t.Fatalf("common %d: %+v", common, n.effects)
			}
		}
		if n := len(w.nodes[0].store.IDs()); n != common+100 {
			t.Fatalf("common %d: %d facts", common, n)
		}
	}
}

func TestAPeerThatForgetsIsSeen(t *testing.T) {
	o, w := apart(t, 20)
	old := w.nodes[1].store.Copy()
	w.write(0, fact.Care, o.NewSubject(), 4)
	w.connect(0, 1)
	w.run()
	w.cutAll()
	feed := w.nodes[0].store.Own(fact.Care)
	w.nodes[1].store = old
	w.connect(0, 1)
	w.run()
	told := effectsOf[replicate.RolledBack](w.nodes[0])
	if len(told) != 1 || told[0].Feed != feed || told[0].Was.Size != 24 || told[0].Now != 20 {
		t.Fatalf("told %+v", told)
	}
	w.wantSame()

	// One that forgets the feed as a whole.
	w.cutAll()
	w.nodes[0].effects = nil
	w.nodes[1].store = emptied(o, w.nodes[1].store)
	w.connect(0, 1)
	w.run()
	if told := effectsOf[replicate.RolledBack](w.nodes[0]); len(told) != 1 || told[0].Now != 0 {
		t.Fatalf("told %+v", told)
	}
	w.wantSame()
}

// emptied is the same device without any fact.
func emptied(_ *replicatetest.Org, s *replicatetest.Store) *replicatetest.Store { return s.Emptied() }

func TestADamagedRangeStopsNoOther(t *testing.T) {
	harm := map[string]func(r *journal.Range){
		"body":      func(r *journal.Range) { r.Bodies[1] = append([]byte{1}, r.Bodies[1][1:]...) },
		"header":    func(r *journal.Range) { r.Headers[1] = flipped(r.Headers[1], 100) },
		"head":      func(r *journal.Range) { r.Head = flipped(r.Head, 80) },
		"signature": func(r *journal.Range) { r.Head = flipped(r.Head, len(r.Head)-1) },
		"cut short": func(r *journal.Range) { r.Headers, r.Bodies = r.Headers[:2], r.Bodies[:2] },
		"elsewhere": func(r *journal.Range) { r.Feed[0] ^= 1 },
		"no bodies": func(r *journal.Range) { r.Bodies = nil },
	}
	for name, change := range harm {
		t.Run(name, func(t *testing.T) {
			o := replicatetest.NewOrg(1)
			w := newWorld(t, sites(o, "liar", "b", "honest")...)
			for range 4 {
				w.write(0, fact.Care, o.NewSubject(), 3)
				w.write(0, fact.Control, o.NewSubject(), 2)
			}
			w.connect(0, 2)
			w.run()
			w.cutAll()
			feed := w.nodes[0].store.Own(fact.Care)
			w.nodes[0].store.Serve = func(r *journal.Range) {
				if r.Feed == feed {
					change(r)
				}
			}
			w.connect(0, 1)
			w.run()
			w.tick(3)
			told := effectsOf[replicate.Damaged](w.nodes[1])
			if len(told) != 1 || told[0].Feed != feed || told[0].Peer != w.nodes[0].store.Card().Device {
				t.Fatalf("told %+v", w.nodes[1].effects)
			}
			if name == "body" && told[0].Seq != 1 {
				t.Errorf("named sequence %d", told[0].Seq)
			}
			if n := len(w.nodes[1].store.IDs()); n != 8 {
				t.Errorf("%d facts came; the control feed has 8", n)
			}
			w.connect(2, 1) // an honest peer gives what the liar spoilt
			w.tick(2)
			w.wantSame()
		})
	}
}

func flipped(b []byte, at int) []byte {
	out := append([]byte(nil), b...)
	out[at] ^= 1
	return out
}

func TestDamageIsMendedAndNeverTaught(t *testing.T) {
	o, w := apart(t, 30)
	feed := w.nodes[0].store.Own(fact.Care)
	w.nodes[1].store.Damage(feed, 11)
	third := o.Device("c", fact.SiteNode)
	w = newWorld(t, w.nodes[0].store, w.nodes[1].store, third)
	w.connect(1, 2)
	w.run()
	if n := len(third.IDs()); n > 11 {
		t.Fatalf("%d facts came from a device that is damaged at 11", n)
	}
	w.connect(0, 1)
	w.tick(8)
	if lost, err := w.nodes[1].store.Lost(t.Context()); err != nil || len(lost) != 0 {
		t.Fatalf("not mended: %v, %v", lost, err)
	}
	w.tick(20)
	w.wantSame()
}

func TestAFalseHeadOfMyOwnFeedMovesNothing(t *testing.T) {
	_, w := apart(t, 5)
	own := w.nodes[0].store.Own(fact.Care)
	w.nodes[1].store.Claim(own, 9)
	w.connect(0, 1)
	w.run()
	if w.nodes[0].store.Own(fact.Care) != own {
		t.Fatal("a lie made the device begin anew")
	}
	if told := effectsOf[replicate.Damaged](w.nodes[0]); len(told) != 1 {
		t.Errorf("told %+v", w.nodes[0].effects)
	}
}
