package replicate_test

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

func TestWhoIsRefused(t *testing.T) {
	o := replicatetest.NewOrg(1)
	stranger := replicatetest.NewOrg(2).Device("stranger", fact.SiteNode)
	cases := []struct {
		name   string
		other  *replicatetest.Store
		change func(a, b *replicatetest.Store)
		config func(*replicate.Config)
		want   string
	}{
		{"another organisation", stranger, nil, nil, "another organisation"},
		{"a cut device", o.Device("b", fact.SiteNode), func(a, b *replicatetest.Store) { a.Cut(b.Card().Device) }, nil, "cut"},
		{"this very device", o.Device("b", fact.SiteNode), nil, func(c *replicate.Config) { c.Instance = [16]byte{7} }, "this very device"},
		{"another key than the carrier saw", o.Device("b", fact.SiteNode), nil, func(c *replicate.Config) { c.PeerKey = make([]byte, 32) }, "another key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, o.Device("a", fact.SiteNode), c.other)
			for i := range 2 {
				w.nodes[i].store.Write(fact.Care, o.NewSubject(), 2, 10)
			}
			if c.change != nil {
				c.change(w.nodes[0].store, w.nodes[1].store)
			}
			w.connectWith(0, 1, func(cfg *replicate.Config) {
				if c.config != nil {
					c.config(cfg)
				}
			})
			w.run()
			closed := w.nodes[0].closed
			if len(closed) == 0 || !strings.Contains(closed[0], c.want) {
				t.Fatalf("closed: %q", closed)
			}
			for _, n := range w.nodes {
				if len(n.store.IDs()) != 2 || len(n.closed) == 0 {
					t.Errorf("device %d holds %d facts, closed %q", n.number, len(n.store.IDs()), n.closed)
				}
			}
		})
	}
}

// greet starts a link and gives its greeting.
func greet(t *testing.T, w *world, n int) (*replicate.Link, []byte) {
	t.Helper()
	l := replicate.NewLink(w.config(w.nodes[n]))
	out, err := l.Start(w.now)
	if err != nil || len(out.Send) != 1 {
		t.Fatal(err, len(out.Send))
	}
	return l, out.Send[0]
}

// rewrite changes one field of a message, as another program would write it.
func rewrite(t *testing.T, frame []byte, change func(map[int]any)) []byte {
	t.Helper()
	m := map[int]any{}
	if err := fact.Decode(frame[5:], &m); err != nil {
		t.Fatal(err)
	}
	change(m)
	return message(t, frame[4], m)
}

func message(t *testing.T, kind byte, v any) []byte {
	t.Helper()
	body, err := fact.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)+1))
	return append(append(out, kind), body...)
}

func TestVersions(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	for _, c := range []struct {
		low, high uint64
		ok        bool
	}{{1, 1, true}, {1, 9, true}, {2, 9, true}, {3, 9, false}, {0, 0, false}, {5, 1, false}} {
		a, _ := greet(t, w, 0)
		_, hello := greet(t, w, 1)
		out := a.Take(context.Background(), rewrite(t, hello, func(m map[int]any) { m[1], m[2] = c.low, c.high }), w.now)
		if _, ready := a.Peer(); ready != c.ok || (out.Close == "") != c.ok {
			t.Errorf("versions %d to %d: ready %v, %q", c.low, c.high, ready, out.Close)
		}
	}
}

func TestPoisonMessages(t *testing.T) {
	o := replicatetest.NewOrg(1)
	huge := make([]byte, replicate.MaxFrame+1)
	binary.BigEndian.PutUint32(huge, uint32(len(huge)-4))
	for name, c := range map[string]struct {
		frame  []byte
		closes bool
	}{
		"empty":             {nil, true},
		"too short":         {[]byte{0, 0, 0, 1}, true},
		"too large":         {huge, true},
		"length lies":       {[]byte{0, 0, 0, 9, 5, 1}, true},
		"not CBOR":          {[]byte{0, 0, 0, 3, 5, 0xff, 0xff}, true},
		"not canonical":     {[]byte{0, 0, 0, 4, 5, 0xa1, 0x18, 0x01}, true},
		"another shape":     {message(t, 5, "word"), true},
		"newer type":        {message(t, 200, map[int]any{1: "later"}), false},
		"newer field":       {message(t, 24, map[int]any{1: make([]byte, 32), 99: "later"}), false},
		"unasked range":     {message(t, 7, map[int]any{1: 77}), false},
		"unasked roots":     {message(t, 10, map[int]any{1: 77}), false},
		"unasked facts":     {message(t, 20, map[int]any{1: 77}), false},
		"unasked blob":      {message(t, 16, map[int]any{1: 77, 4: make([]byte, 100)}), false},
		"want of nothing":   {message(t, 6, map[int]any{1: 5, 3: 9}), false},
		"short receipt":     {message(t, 17, map[int]any{1: [][]byte{{1, 2}}}), false},
		"short wrap":        {message(t, 14, map[int]any{1: [][]byte{{1, 2}}}), false},
		"bad paper":         {message(t, 4, map[int]any{1: []map[int]any{{1: []byte{1}, 2: [][]byte{}}}}), false},
		"a statement":       {message(t, 18, map[int]any{1: []byte{1}}), false},
		"too many mendings": {message(t, 26, map[int]any{1: 5, 2: []any{}}), false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sites(o, "a", "b")...)
			w.write(0, fact.Care, o.NewSubject(), 3)
			w.write(1, fact.Care, o.NewSubject(), 3)
			l := w.connect(0, 1)
			for range 2 {
				w.step()
			}
			w.post(l, 1, l.ends[1].link.Take(context.Background(), c.frame, w.now))
			if closed := len(w.nodes[1].closed) > 0; closed != c.closes {
				t.Fatalf("closed %q", w.nodes[1].closed)
			}
			w.run()
			if !c.closes {
				w.wantSame()
			}
			if name == "newer type" && l.ends[1].link.Unknown() != 1 {
				t.Errorf("%d messages of unknown type", l.ends[1].link.Unknown())
			}
		})
	}
}

// Whatever bytes arrive, before the greeting or after it, a link stays whole.
func FuzzTake(f *testing.F) {
	o := replicatetest.NewOrg(1)
	stores := sites(o, "a", "b")
	stores[0].Write(fact.Care, o.NewSubject(), 2, 20)
	f.Add([]byte{0, 0, 0, 2, 5, 0xa0})
	for kind := byte(1); kind < 28; kind++ {
		f.Add([]byte{0, 0, 0, 2, kind, 0xa0})
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		w := newWorld(t, stores[0].Copy(), stores[1].Copy())
		l := w.connect(0, 1)
		w.run()
		w.post(l, 1, l.ends[1].link.Take(context.Background(), frame, w.now))
		w.run()
		if len(w.nodes[1].closed) == 0 && len(w.nodes[0].closed) == 0 {
			w.nodes[0].store.Write(fact.Care, o.NewSubject(), 1, 20)
			w.changed(w.nodes[0], nil)
			w.tick(12)
			w.wantSame()
		}
	})
}

func TestFramesAreReadWithinTheirLimit(t *testing.T) {
	for _, b := range []string{"", "\x00\x00", "\x00\x00\x00\x00", "\x7f\xff\xff\xff\x01", "\x00\x00\x00\x09\x01"} {
		if _, err := replicate.ReadFrame(strings.NewReader(b)); err == nil {
			t.Errorf("%q was read", b)
		}
	}
	frame := message(t, 24, map[int]any{1: make([]byte, 32)})
	got, err := replicate.ReadFrame(strings.NewReader(string(frame) + "more"))
	if err != nil || string(got) != string(frame) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestADeviceThatIsCutLosesItsLink(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	l := w.connect(0, 1)
	w.run()
	w.nodes[0].store.Cut(w.nodes[1].store.Card().Device)
	for range 6 {
		w.now = w.now.Add(1e9)
		w.post(l, 0, l.ends[0].link.Tick(context.Background(), w.now))
	}
	w.run()
	for _, n := range w.nodes {
		if len(n.closed) != 1 || !strings.Contains(n.closed[0], "not accepted any more") {
			t.Errorf("closed %q", n.closed)
		}
	}
}
