package replicate_test

import (
	"math/rand/v2"
	"testing"

	"holdfast/fact"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

func TestTwoFromEmpty(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	for range 20 {
		w.write(0, fact.Care, o.NewSubject(), 3)
		w.write(1, fact.Looks, o.NewSubject(), 2)
		w.write(0, fact.Control, o.NewSubject(), 1)
	}
	blob := w.nodes[0].store.Attach(o.NewSubject(), make([]byte, 3<<20))
	l := w.connect(0, 1)
	w.run()
	w.wantSame()
	w.calm()
	if !w.nodes[1].store.Blob(blob) {
		t.Error("the attachment did not come")
	}
	for i, e := range l.ends {
		if !e.link.Level() {
			t.Errorf("end %d is not level: %+v", i, e.link.Progress())
		}
		if len(effectsOf[replicate.Healed](e.node)) != 1 {
			t.Errorf("end %d did not tell once that all is there", i)
		}
	}
	care := w.nodes[0].store.Own(fact.Care)
	if got := w.nodes[0].store.SafeUpTo(care); got != 61 {
		t.Errorf("the writer has a receipt up to %d", got)
	}
}

func TestNewFactsAreOnTheirWayAtOnce(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b", "c")...)
	w.connect(0, 1)
	w.connect(1, 2)
	w.run()
	w.write(0, fact.Care, o.NewSubject(), 2)
	w.run() // no time passes
	w.wantSame()
	w.calm()
	if got := w.nodes[0].store.SafeUpTo(w.nodes[0].store.Own(fact.Care)); got != 2 {
		t.Errorf("the receipt covers %d facts", got)
	}
}

func TestSplitsAndHealsAtRandom(t *testing.T) {
	for seed := uint64(1); seed <= 25; seed++ {
		o := replicatetest.NewOrg(byte(seed))
		w := newWorld(t, sites(o, "a", "b", "c")...)
		w.random = rand.New(rand.NewPCG(seed, 7))
		w.lose, w.twice, w.shuffle = 0.05, 0.1, 0.1
		for range 12 {
			w.cutAll()
			for a := range 3 {
				for b := range a {
					if w.random.IntN(2) == 0 {
						w.connect(a, b)
					}
				}
			}
			for range 1 + w.random.IntN(5) {
				lane := fact.Lanes()[w.random.IntN(3)]
				w.write(w.random.IntN(3), lane, o.NewSubject(), 1+w.random.IntN(4))
				for range w.random.IntN(40) {
					w.step()
				}
			}
			if w.random.IntN(3) == 0 {
				w.tick(w.random.IntN(12))
			}
		}
		w.cutAll()
		w.lose, w.twice, w.shuffle = 0, 0.1, 0.05
		w.connect(0, 1)
		w.connect(2, 1)
		w.tick(40)
		w.wantSame()
		for _, n := range w.nodes {
			if len(effectsOf[replicate.Forked](n))+len(effectsOf[replicate.Reincarnated](n))+len(effectsOf[replicate.Damaged](n)) > 0 {
				t.Fatalf("seed %d: %+v", seed, n.effects)
			}
		}
	}
}

func TestEverythingLostIsSaidAgain(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	w.lose = 0.4
	w.connect(0, 1)
	for range 30 {
		w.write(0, fact.Care, o.NewSubject(), 2)
		w.write(1, fact.Control, o.NewSubject(), 1)
		w.tick(1)
	}
	w.tick(300)
	w.wantSame()
	for _, n := range w.nodes {
		if len(effectsOf[replicate.RolledBack](n)) > 0 {
			t.Errorf("lost messages were taken for a roll-back: %+v", n.effects)
		}
	}
}

func TestSameInSameOut(t *testing.T) {
	frames := func() (all [][]byte) {
		o := replicatetest.NewOrg(3)
		w := newWorld(t, sites(o, "a", "b", "c")...)
		for i := range 10 {
			w.write(i%3, fact.Care, o.NewSubject(), 5)
			w.write(i%3, fact.Looks, o.NewSubject(), 5)
		}
		l := w.connect(0, 1)
		w.connect(1, 2)
		for w.step() {
			all = append(all, l.ends[0].queue...)
		}
		return all
	}
	a, b := frames(), frames()
	if len(a) != len(b) || len(a) == 0 {
		t.Fatalf("%d and %d frames", len(a), len(b))
	}
	for i := range a {
		if string(a[i]) != string(b[i]) {
			t.Fatalf("frame %d differs", i)
		}
	}
}

func TestResumesAfterACutAtEveryMessage(t *testing.T) {
	for stop := 1; ; stop++ {
		o := replicatetest.NewOrg(5)
		w := newWorld(t, sites(o, "a", "b")...)
		for range 12 {
			w.write(0, fact.Care, o.NewSubject(), 8)
			w.write(1, fact.Control, o.NewSubject(), 1)
		}
		w.connect(0, 1)
		w.stop = stop
		w.run()
		whole := w.count < stop
		w.cutAll()
		w.stop = 0
		w.connect(0, 1)
		w.run()
		w.wantSame()
		w.calm()
		if whole {
			if stop < 20 {
				t.Fatalf("only %d messages", stop)
			}
			return
		}
	}
}

// order notes in which order ranges arrive.
func arrivals(w *world, to int) *[]fact.FeedID {
	var order []fact.FeedID
	for _, n := range w.nodes {
		if int(n.number) != to+1 {
			n.store.Serve = orderOf(&order)
		}
	}
	return &order
}

func TestControlBeforeCareBeforeLooks(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	for range 200 {
		w.write(0, fact.Looks, o.NewSubject(), 4)
		w.write(0, fact.Care, o.NewSubject(), 4)
	}
	order := arrivals(w, 1)
	w.connect(0, 1)
	for range 40 {
		w.step()
	}
	begun := len(*order)
	w.write(0, fact.Control, o.NewSubject(), 1) // in the midst of it
	w.run()
	w.wantSame()
	control := w.nodes[0].store.Own(fact.Control)
	if begun == 0 {
		t.Fatal("nothing was under way")
	}
	for i, f := range *order {
		if f == control {
			if i > begun+6 {
				t.Errorf("control came as number %d, %d were served when it was written", i, begun)
			}
			break
		}
	}
	care, looks := w.nodes[0].store.Own(fact.Care), w.nodes[0].store.Own(fact.Looks)
	early := 0
	for _, f := range (*order)[:len(*order)/2] {
		if f == looks {
			early++
		}
	}
	if early > len(*order)/8 {
		t.Errorf("%d ranges of looks came in the first half (care is %s)", early, care.Short())
	}
}

func TestAHeavyFeedStarvesNoOther(t *testing.T) {
	o := replicatetest.NewOrg(1)
	stores := sites(o, "a", "b", "c", "d", "e", "f", "g", "h")
	w := newWorld(t, stores...)
	for range 400 {
		stores[0].Write(fact.Care, o.NewSubject(), 5, 200)
	}
	for i := 1; i < 7; i++ {
		stores[i].Write(fact.Care, o.NewSubject(), 1, 60)
		w.connect(i, 0)
	}
	w.run()
	w.cutAll()
	order := arrivals(w, 7)
	w.connect(0, 7)
	w.run()
	seen := map[fact.FeedID]bool{}
	for i, f := range *order {
		seen[f] = true
		if len(seen) == 7 {
			if i > 60 {
				t.Errorf("the last of the light feeds came as number %d of %d", i, len(*order))
			}
			return
		}
	}
	t.Errorf("only %d feeds came", len(seen))
}

func TestWhatIsAskedForIsBounded(t *testing.T) {
	o := replicatetest.NewOrg(1)
	stores := sites(o, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
	w := newWorld(t, stores...)
	for i := range 9 {
		for range 25 {
			stores[i].Write(fact.Care, o.NewSubject(), 4, 300)
			stores[i].Write(fact.Control, o.NewSubject(), 1, 300)
		}
		if i > 0 {
			w.connect(i, 0)
		}
	}
	w.run()
	w.cutAll()
	l := w.connect(0, 9)
	most, held := 0, 0
	for w.step() {
		questions, bytes := l.ends[1].link.Outstanding()
		if questions > 5 || bytes > 5*16<<10 {
			t.Fatalf("%d questions for %d bytes", questions, bytes)
		}
		under := 0
		for _, f := range l.ends[1].queue {
			under += len(f)
		}
		most, held = max(most, questions), max(held, under)
	}
	w.wantSame()
	if most < 4 {
		t.Errorf("never more than %d questions at once", most)
	}
	if held > 8*16<<10 {
		t.Errorf("%d bytes were under way at once", held)
	}
}

func TestOneRangeIsNotFetchedFromTwo(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b", "c")...)
	for range 50 {
		w.nodes[0].store.Write(fact.Care, o.NewSubject(), 4, 100)
	}
	w.connect(0, 1)
	w.run()
	w.cutAll()
	order := arrivals(w, 2)
	w.connect(0, 2)
	second := w.connect(1, 2)
	w.run()
	w.wantSame()
	once := len(*order)

	// And if the one that serves dies, the other takes over.
	w = newWorld(t, w.nodes[0].store, w.nodes[1].store, o.Device("d", fact.SiteNode))
	first := w.connect(0, 2)
	w.connect(1, 2)
	for range 12 {
		w.step()
	}
	w.cut(first)
	w.tick(20)
	if replicate.VectorOf(w.nodes[2].store.Tips()) != replicate.VectorOf(w.nodes[0].store.Tips()) {
		t.Error("the other did not take over")
	}
	if facts := len(w.nodes[2].store.IDs()); facts != 200 || once > 30 {
		t.Errorf("%d facts, %d ranges served", facts, once)
	}
	_ = second
}

func orderOf(order *[]fact.FeedID) func(*journalRange) {
	return func(r *journalRange) { *order = append(*order, r.Feed) }
}

func TestErasedKeysDoNotComeBack(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	gone, kept := o.NewSubject(), o.NewSubject()
	w.write(0, fact.Care, gone, 2)
	w.write(0, fact.Care, kept, 2)
	w.connect(0, 1)
	w.run()
	w.nodes[1].store.Erase(gone)
	w.tick(60)
	if n := len(w.nodes[1].store.Keyring()); n != 1 {
		t.Errorf("%d keys where one is erased", n)
	}
	// A key that is lacking, by whatever accident, comes back.
	lost := w.nodes[0].store.Keyring()
	for ref := range lost {
		if ref.Subject == kept {
			w.nodes[1].store.Forget(ref)
		}
	}
	w.tick(70)
	if n := len(w.nodes[1].store.Keyring()); n != 1 {
		t.Errorf("%d keys after one was lost", n)
	}
}
