package replicate_test

import (
	"context"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

// asAnother has one end of a line greet as another program would.
func (w *world) asAnother(l *line, from int, change func(hello map[int]any)) {
	w.t.Helper()
	to := l.ends[1-from]
	for i, f := range to.queue {
		to.queue[i] = rewrite(w.t, f, change)
	}
}

// Programs of other versions work together as far as they can: two site nodes
// with an older or a newer one, a desk with a newer one. Where the work of a desk
// can't be stated, both sides say in a sentence which device is to be updated,
// and the desk goes on by itself.
func TestAnOlderAndANewerProgram(t *testing.T) {
	older := func(hello map[int]any) { // of version 1, which did not say what it is
		hello[1], hello[2] = 1, 1
		delete(hello, 10)
	}
	newer := func(hello map[int]any) {
		hello[1], hello[2], hello[10], hello[77] = 2, 9, "9.1.0", "from tomorrow"
	}
	tooNew := func(hello map[int]any) { hello[1], hello[2] = 3, 9 }
	odd := func(hello map[int]any) { hello[10] = "<b>9</b>" }
	long := func(hello map[int]any) { hello[10] = strings.Repeat("9", 65) }
	for _, c := range []struct {
		what    string
		kind    fact.DeviceKind // of the other program's device
		change  func(map[int]any)
		program string
		version uint16
		refused string
	}{
		{"an older site node", fact.SiteNode, older, "", 1, ""},
		{"a newer site node", fact.SiteNode, newer, "9.1.0", 2, ""},
		{"a newer desk", fact.Desk, newer, "9.1.0", 2, ""},
		{"this version", fact.Desk, func(map[int]any) {}, "0.1.0", 2, ""},
		{"a version that is none", fact.SiteNode, odd, "", 2, ""},
		{"a version without an end", fact.SiteNode, long, "", 2, ""},
		{"an older desk", fact.Desk, older, "", 0, "Update the program on other"},
		{"a far newer site node", fact.SiteNode, tooNew, "", 0, "Update the program on the older one"},
	} {
		t.Run(c.what, func(t *testing.T) {
			o := replicatetest.NewOrg(1)
			w := newWorld(t, o.Device("a", fact.SiteNode), o.Device("other", c.kind))
			s := o.NewSubject()
			cases := &caseload{subjects: []fact.Subject{s}, facts: map[fact.Subject][]fact.ID{}}
			cases.facts[s] = w.write(0, fact.Care, s, 3)
			w.nodes[0].scope = cases
			w.write(1, fact.Care, o.NewSubject(), 2)
			l := w.connectWith(0, 1, func(cfg *replicate.Config) { cfg.Program = "0.1.0" })
			w.asAnother(l, 1, c.change)
			w.run()
			peer, ready := l.ends[0].link.Peer()
			if ready != (c.refused == "") || peer.Program != c.program || peer.Version != c.version {
				t.Errorf("linked %v, program %q, version %d", ready, peer.Program, peer.Version)
			}
			if c.refused == "" {
				if got := w.nodes[1].store.IDs(); len(got) != 5 || len(w.nodes[0].closed)+len(w.nodes[1].closed) > 0 {
					t.Errorf("%d facts at the other, closed %q %q", len(got), w.nodes[0].closed, w.nodes[1].closed)
				}
				return
			}
			for _, n := range w.nodes {
				if len(n.closed) != 1 || !strings.Contains(n.closed[0], c.refused) || !strings.Contains(n.closed[0], "nothing is lost") {
					t.Errorf("device %d was told %q", n.number, n.closed)
				}
			}
			if n := len(effectsOf[replicate.Omitted](w.nodes[1])); n > 0 {
				t.Errorf("%d things are said to be kept from it", n)
			}
		})
	}
}

// An older site node refuses nothing of a desk by itself: the desk says what is
// amiss instead of calling its statements false.
func TestADeskSaysThatItsSiteNodeIsOlder(t *testing.T) {
	_, w, _, _ := ward(t)
	l := w.connect(0, 1)
	w.asAnother(l, 0, func(hello map[int]any) { hello[2] = 1 })
	w.run()
	if n := w.nodes[1]; len(n.closed) != 1 || !strings.Contains(n.closed[0], "Update the program on site.") {
		t.Errorf("closed %q", n.closed)
	}
	if n := len(effectsOf[replicate.Omitted](w.nodes[1])); n > 0 {
		t.Errorf("%d things are said to be kept from it", n)
	}
}

// What a desk can't read of a statement that its site node did sign is called
// that, and not false.
func TestAStatementThatCannotBeRead(t *testing.T) {
	_, w, _, _ := ward(t)
	l := w.connect(0, 1)
	w.run()
	raw := []byte{0x81, 0x01} // a list, where this program knows a map
	sig := w.nodes[0].store.Sign(replicate.StatementLabel, raw)
	w.post(l, 1, l.ends[1].link.Take(t.Context(), message(t, 18, map[int]any{1: raw, 2: sig}), w.now))
	told := effectsOf[replicate.Omitted](w.nodes[1])
	if len(told) != 1 || !strings.Contains(told[0].Why, "can't read") || len(w.nodes[1].closed) > 0 {
		t.Errorf("told %+v, closed %q", told, w.nodes[1].closed)
	}
}

// cutting is a site node's journal that learns of a cut while it answers.
type cutting struct{ *replicatetest.Store }

func (cutting) Proved(context.Context, fact.Subject, fact.Subject, []fact.ID) (journal.Proved, error) {
	return journal.Proved{}, refusal.New(refusal.Forbidden, "This device is cut off from the organisation.").Because(journal.ErrCutOff)
}

// A desk that is cut off while it is being answered loses its link at once, is
// told why, and gets neither facts nor keys; nobody's disk is called broken.
func TestADeskThatIsCutOffWhileItAsks(t *testing.T) {
	_, w, _, _ := ward(t)
	w.connectWith(0, 1, func(cfg *replicate.Config) {
		if cfg.Store == replicate.Store(w.nodes[0].store) {
			cfg.Store = cutting{w.nodes[0].store}
		}
	})
	w.run()
	for _, n := range w.nodes {
		if len(n.closed) != 1 || !strings.Contains(n.closed[0], "not accepted any more") {
			t.Errorf("device %d: closed %q", n.number, n.closed)
		}
		if trouble := effectsOf[replicate.Trouble](n); len(trouble) > 0 {
			t.Errorf("device %d: %+v", n.number, trouble)
		}
	}
	if cut := effectsOf[replicate.CutOff](w.nodes[1]); len(cut) != 1 {
		t.Errorf("the desk is told of %d cuts", len(cut))
	}
}
