package carrier_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/carrier"
)

// note is a fact of these tests.
type note struct {
	Text string `cbor:"1,keyasint"`
}

// FactKind gives it a number that no program writes.
func (note) FactKind() fact.Kind {
	return fact.Kind{Number: 9901, Version: 1, Lane: fact.Care, Name: "note", Join: fact.Grow}
}

// node is a device with a real journal.
type node struct {
	t        testing.TB
	journal  *journal.Journal
	options  journal.Options
	manager  *carrier.Manager
	address  string
	caseload *caseload
	stop     func()
	mu       sync.Mutex
	effects  []replicate.Effect
}

// caseload is the live work of all desks of a site node.
type caseload struct {
	mu       sync.Mutex
	subjects []fact.Subject
	node     *node
}

func (c *caseload) Subjects(context.Context, fact.Subject) ([]fact.Subject, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]fact.Subject(nil), c.subjects...), nil
}

func (c *caseload) Facts(ctx context.Context, s fact.Subject) ([]fact.ID, error) {
	return c.node.journal.FactIDs(ctx, s)
}

func (c *caseload) add(s fact.Subject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subjects = append(c.subjects, s)
}

func options(t testing.TB) journal.Options {
	return journal.Options{Dir: t.TempDir(), Demo: true, Reserve: 1 << 20}
}

func open(t testing.TB, o journal.Options) *node {
	t.Helper()
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, journal: j, options: o}
	t.Cleanup(func() {
		if n.stop != nil {
			n.stop()
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		report, err := journal.Verify(context.Background(), o.Dir, o)
		if err != nil || len(report.Failures) > 0 {
			t.Errorf("verify: %+v, %v", report.Failures, err)
		}
	})
	return n
}

// founded is the first site node of an organisation.
func founded(t testing.TB) *node {
	t.Helper()
	o := options(t)
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Test 111", ODS: "ABC", DeviceName: "a", Domain: "cellar"}); err != nil {
		t.Fatal(err)
	}
	return open(t, o)
}

// joined is another device of the same organisation.
func (n *node) joined(kind fact.DeviceKind, name string) *node {
	n.t.Helper()
	o := options(n.t)
	ask, err := journal.Ask(n.t.Context(), o, kind, name, name+"'s room")
	if err != nil {
		n.t.Fatal(err)
	}
	admission, err := n.journal.Enrol(n.t.Context(), fact.Author{Role: "administrator"}, ask)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := journal.Join(n.t.Context(), o, admission); err != nil {
		n.t.Fatal(err)
	}
	return open(n.t, o)
}

// link starts the carrier of a node.
func (n *node) link(dial ...string) {
	n.t.Helper()
	n.caseload = &caseload{node: n}
	var err error
	n.manager, err = carrier.New(carrier.Config{
		Store: n.journal, Identity: n.journal.Device(), Domain: n.journal.Domain(), Scope: n.caseload, Addresses: dial,
		Clock: time.Now, Random: rand.Reader, Tick: 50 * time.Millisecond, Retry: 20 * time.Millisecond,
		Effect: func(_ replicate.Peer, e replicate.Effect) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.effects = append(n.effects, e)
		},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	n.address = l.Addr().String()
	committed := make(chan struct{}, 1)
	if err := n.journal.OnCommit(committed); err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.manager.Run(ctx) })
	running.Go(func() {
		if err := n.manager.Serve(ctx, l); err != nil {
			n.t.Errorf("serve: %v", err)
		}
	})
	running.Go(func() {
		for {
			select {
			case <-committed:
				subjects, _ := n.caseload.Subjects(ctx, fact.Subject{})
				n.manager.Touched(subjects...)
			case <-ctx.Done():
				return
			}
		}
	})
	n.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
}

func (n *node) write(s fact.Subject, text string) (out fact.Subject) {
	n.t.Helper()
	_, err := n.journal.Do(n.t.Context(), fact.Author{Role: "clinician"}, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		out = s
		if s == (fact.Subject{}) {
			var err error
			if out, err = tx.NewSubject(); err != nil {
				return nil, err
			}
		}
		return []fact.Draft{fact.Say(out, note{text}), fact.Say(out, note{text + " again"})}, nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return out
}

// reads counts the facts of a subject that can be read here.
func (n *node) reads(s fact.Subject) (count int) {
	h, err := n.journal.History(n.t.Context(), s)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, f := range h.Facts() {
		if _, err := fact.Read[note](f); err == nil {
			count++
		}
	}
	return count
}

func (n *node) calm() {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.effects {
		switch e.(type) {
		case replicate.Healed, replicate.Stated, replicate.LetGo:
		default:
			n.t.Errorf("%T %+v", e, e)
		}
	}
}

func TestRealJournalsTwoSitesAndADesk(t *testing.T) {
	noLeak(t)
	a := founded(t)
	b, desk := a.joined(fact.SiteNode, "b"), a.joined(fact.Desk, "desk")
	var cases []fact.Subject
	for i := range 50 {
		cases = append(cases, a.write(fact.Subject{}, fmt.Sprint("call ", i)))
	}
	alone := b.write(fact.Subject{}, "written on b")
	ours := desk.write(fact.Subject{}, "written at the desk")
	a.link()
	b.link(a.address)
	a.caseload.add(cases[3])
	desk.link(a.address)
	level := func(x, y *node) bool {
		return replicate.VectorOf(x.journal.Tips()) == replicate.VectorOf(y.journal.Tips())
	}
	until(t, "two equal sites", func() bool { return level(a, b) && b.reads(ours) == 2 && a.reads(alone) == 2 })
	until(t, "the desk's case", func() bool { return desk.reads(cases[3]) == 2 })
	if desk.reads(cases[4]) != 0 || b.reads(cases[4]) != 2 {
		t.Errorf("another case: %d at the desk, %d on b", desk.reads(cases[4]), b.reads(cases[4]))
	}
	own := func(n *node) fact.FeedID {
		_, _, certificate := n.journal.Device().Enrolment()
		feed, err := fact.FeedOf(certificate, fact.Care)
		if err != nil {
			t.Fatal(err)
		}
		return feed
	}
	for _, n := range []*node{a, b, desk} {
		until(t, "receipts", func() bool { return n.journal.SafeUpTo(own(n)) >= 2 })
	}
	desk.write(cases[3], "the desk goes on")
	b.write(cases[3], "and so does b")
	for _, n := range []*node{a, b, desk} {
		until(t, "the same case on all three", func() bool { return n.reads(cases[3]) == 6 })
	}
	for _, n := range []*node{a, b, desk} {
		n.calm()
	}
}

func TestRealJournalsPushAtOnce(t *testing.T) {
	noLeak(t)
	a := founded(t)
	b := a.joined(fact.SiteNode, "b")
	a.link()
	b.link(a.address)
	until(t, "a link", func() bool { return len(a.manager.Peers()) == 1 && a.manager.Peers()[0].Level })
	var most time.Duration
	for range 20 {
		s := a.write(fact.Subject{}, "new")
		began := time.Now()
		for b.reads(s) != 2 {
			if time.Since(began) > 5*time.Second {
				t.Fatal("the fact did not come")
			}
			time.Sleep(500 * time.Microsecond)
		}
		most = max(most, time.Since(began))
	}
	t.Logf("slowest from saved here to readable there: %v", most)
	if most > time.Second {
		t.Errorf("a fact took %v", most)
	}
	a.calm()
	b.calm()
}

func BenchmarkCatchUpJournals(b *testing.B) {
	const acts = 10_000
	a := founded(b)
	work := make(chan int)
	var writers sync.WaitGroup
	for range 64 { // many at once, as group commit likes it
		writers.Go(func() {
			for i := range work {
				a.write(fact.Subject{}, fmt.Sprint("call ", i))
			}
		})
	}
	for i := range acts {
		work <- i
	}
	close(work)
	writers.Wait()
	a.link()
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		d := a.joined(fact.SiteNode, "b")
		b.StartTimer()
		d.link(a.address)
		until(b, "equal tips", func() bool { return replicate.VectorOf(a.journal.Tips()) == replicate.VectorOf(d.journal.Tips()) })
		b.StopTimer()
		d.stop()
		b.StartTimer()
	}
	b.ReportMetric(2*acts*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
}
