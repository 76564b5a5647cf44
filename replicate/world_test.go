package replicate_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

// world is devices and the lines between them, one step after the other.
type world struct {
	t       *testing.T
	now     fact.Millis
	nodes   []*node
	lines   []*line
	random  *rand.Rand
	lose    float64 // of frames, after the greeting
	twice   float64
	shuffle float64
	count   int // frames that arrived
	stop    int // cut every line when so many have arrived; 0: never
}

type node struct {
	store   *replicatetest.Store
	board   *replicate.Board
	number  byte
	scope   replicate.Scope
	folded  replicate.Folded
	effects []replicate.Effect
	closed  []string
}

// line is one connection: two links and the frames under way to each.
type line struct {
	ends   [2]*end
	closed bool
}

type end struct {
	node  *node
	link  *replicate.Link
	queue [][]byte
	seen  int
}

func newWorld(t *testing.T, stores ...*replicatetest.Store) *world {
	w := &world{t: t, now: 1_000_000, random: rand.New(rand.NewPCG(1, 2))}
	for i, s := range stores {
		w.nodes = append(w.nodes, &node{store: s, board: replicate.NewBoard(), number: byte(i + 1)})
	}
	return w
}

func (w *world) config(n *node) replicate.Config {
	return replicate.Config{
		Store: n.store, Identity: n.store, Board: n.board, Domain: n.store.Card().Name, Instance: [16]byte{n.number},
		Scope: n.scope, Folded: n.folded,
		Limits: replicate.Limits{WantBytes: 16 << 10, RangeBytes: 4 << 10},
	}
}

// connect opens a line between two devices.
func (w *world) connect(a, b int) *line {
	return w.connectWith(a, b, func(*replicate.Config) {})
}

func (w *world) connectWith(a, b int, change func(*replicate.Config)) *line {
	w.t.Helper()
	l := &line{}
	for i, n := range []*node{w.nodes[a], w.nodes[b]} {
		cfg := w.config(n)
		change(&cfg)
		l.ends[i] = &end{node: n, link: replicate.NewLink(cfg)}
	}
	w.lines = append(w.lines, l)
	for i, e := range l.ends {
		out, err := e.link.Start(w.now)
		if err != nil {
			w.t.Fatal(err)
		}
		w.post(l, i, out)
	}
	return l
}

// post sends what an end answered to the other end.
func (w *world) post(l *line, from int, out replicate.Out) {
	e, to := l.ends[from], l.ends[1-from]
	e.node.effects = append(e.node.effects, out.Effects...)
	for _, f := range out.Send {
		w.frame(to, f)
	}
	if out.Changed {
		w.changed(e.node, l)
	}
	if out.Close != "" {
		e.node.closed = append(e.node.closed, out.Close)
	}
}

func (w *world) frame(to *end, f []byte) {
	faulty := to.seen > 0 // the greeting comes
	to.seen++
	if faulty && w.random.Float64() < w.lose {
		return
	}
	to.queue = append(to.queue, f)
	if faulty && w.random.Float64() < w.twice {
		to.queue = append(to.queue, f)
	}
	if n := len(to.queue); faulty && n > 2 && w.random.Float64() < w.shuffle {
		i := 1 + w.random.IntN(n-1)
		to.queue[i], to.queue[n-1] = to.queue[n-1], to.queue[i]
	}
}

// changed tells the other links of a device.
func (w *world) changed(n *node, except *line) {
	for _, l := range w.lines {
		for i, e := range l.ends {
			if !l.closed && e.node == n && l != except {
				w.post(l, i, e.link.Changed(context.Background(), w.now))
			}
		}
	}
}

// write states facts on a device and tells its links.
func (w *world) write(n int, lane fact.Lane, about fact.Subject, facts int) []fact.ID {
	ids := w.nodes[n].store.Write(lane, about, facts, 60)
	w.changed(w.nodes[n], nil)
	return ids
}

// step delivers one frame, or lets one end answer; false: nothing is to do.
func (w *world) step() bool {
	moved := false
	for _, l := range w.lines {
		for i, e := range l.ends {
			if l.closed {
				continue
			}
			if len(e.queue) > 0 {
				f := e.queue[0]
				e.queue = e.queue[1:]
				w.count++
				w.post(l, i, e.link.Take(context.Background(), f, w.now))
				moved = true
				if w.stop > 0 && w.count >= w.stop {
					return false
				}
			}
			if e.link.Pending() && len(l.ends[1-i].queue) < 8 {
				w.post(l, i, e.link.Next(context.Background(), w.now))
				moved = true
			}
		}
	}
	return moved
}

func (w *world) run() {
	w.t.Helper()
	for range 400_000 {
		if !w.step() {
			return
		}
	}
	w.t.Fatal("the devices never come to rest")
}

// tick lets so many seconds pass.
func (w *world) tick(seconds int) {
	w.t.Helper()
	for range seconds {
		w.now = w.now.Add(1e9)
		for _, l := range w.lines {
			for i, e := range l.ends {
				if !l.closed {
					w.post(l, i, e.link.Tick(context.Background(), w.now))
				}
			}
		}
		w.run()
	}
}

func (w *world) cutAll() {
	for _, l := range w.lines {
		w.cut(l)
	}
	w.lines = nil
}

func (w *world) cut(l *line) {
	l.closed = true
	for _, e := range l.ends {
		e.link.Close()
	}
}

// wantSame checks that all devices hold the same branches and keys.
func (w *world) wantSame() {
	w.t.Helper()
	first := w.nodes[0].store
	for _, n := range w.nodes[1:] {
		if replicate.VectorOf(n.store.Tips()) != replicate.VectorOf(first.Tips()) {
			w.t.Fatalf("device %d holds other branches than device 1: %d and %d", n.number, len(n.store.Tips()), len(first.Tips()))
		}
		if len(n.store.IDs()) != len(first.IDs()) || len(n.store.Keyring()) != len(first.Keyring()) {
			w.t.Fatalf("device %d holds %d facts, %d keys; device 1 %d, %d", n.number,
				len(n.store.IDs()), len(n.store.Keyring()), len(first.IDs()), len(first.Keyring()))
		}
	}
}

func effectsOf[E replicate.Effect](n *node) (out []E) {
	for _, e := range n.effects {
		if found, ok := e.(E); ok {
			out = append(out, found)
		}
	}
	return out
}

// calm checks that nothing bad was told.
func (w *world) calm() {
	w.t.Helper()
	for _, n := range w.nodes {
		for _, e := range n.effects {
			switch e.(type) {
			case replicate.Healed, replicate.Stated, replicate.LetGo:
			default:
				w.t.Errorf("device %d tells %T: %+v", n.number, e, e)
			}
		}
	}
}

func sites(o *replicatetest.Org, names ...string) []*replicatetest.Store {
	var out []*replicatetest.Store
	for _, n := range names {
		out = append(out, o.Device(n, fact.SiteNode))
	}
	return out
}

type journalRange = journal.Range
