package journal

import (
	"container/list"
	"sync"

	"holdfast/fact"
)

// cache keeps opened histories in memory, a bounded number of facts. The
// writer adds what it commits, so an entry is never older than the journal.
type cache struct {
	mu      sync.Mutex
	entries map[fact.Subject]*list.Element
	order   *list.List // of *cached, the most recently used first
	loading map[fact.Subject]*load
	facts   int
	most    int
}

type cached struct {
	subject fact.Subject
	history fact.History
	last    int64 // place of its last fact; 0: none
	marks   int   // facts that set others aside
}

// load is a history on its way from the file. What is committed meanwhile is
// kept beside it.
type load struct {
	done  chan struct{}
	extra []placed
	stale bool // what is read was judged or opened otherwise: it is read again
	entry cached
	err   error
}

func newCache(most int) *cache {
	return &cache{entries: map[fact.Subject]*list.Element{}, order: list.New(), loading: map[fact.Subject]*load{}, most: most}
}

// get gives a subject's history; only one of those who ask reads it.
func (c *cache) get(s fact.Subject, read func() ([]placed, error)) (cached, error) {
	c.mu.Lock()
	if e := c.entries[s]; e != nil {
		c.order.MoveToFront(e)
		found := *e.Value.(*cached)
		c.mu.Unlock()
		return found, nil
	}
	if l := c.loading[s]; l != nil {
		c.mu.Unlock()
		<-l.done
		return l.entry, l.err
	}
	l := &load{done: make(chan struct{})}
	c.loading[s] = l
	c.mu.Unlock()

	var facts []placed
	var err error
	for again := true; again; {
		facts, err = read()
		c.mu.Lock()
		again, l.stale = l.stale && err == nil, false
		if again {
			c.mu.Unlock()
		}
	}
	defer c.mu.Unlock()
	delete(c.loading, s)
	l.err = err
	if err == nil {
		l.entry = arrange(s, facts, l.extra)
		c.insert(l.entry)
	}
	close(l.done)
	return l.entry, l.err
}

// arrange joins what was read with what was committed while reading.
func arrange(s fact.Subject, facts, extra []placed) cached {
	out := cached{subject: s}
	var all []fact.Fact
	for _, p := range append(facts, extra...) {
		if p.pos > out.last {
			out.last = p.pos
			all = append(all, p.fact)
		}
	}
	out.marks = countMarks(all)
	out.history = fact.NewHistory(setAside(all, out.marks))
	return out
}

func (c *cache) insert(e cached) {
	c.entries[e.subject] = c.order.PushFront(&e)
	c.facts += e.history.Len() + 1
	c.shrink()
}

func (c *cache) shrink() {
	for c.facts > c.most && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	gone := e.Value.(*cached)
	c.facts -= gone.history.Len() + 1
	delete(c.entries, gone.subject)
	c.order.Remove(e)
}

// committed adds facts to the histories that are in memory. Those of subjects
// that begin with them are whole, and kept as well.
func (c *cache) committed(all []placed, fresh map[fact.Subject]bool) {
	by := map[fact.Subject][]placed{}
	for _, p := range all {
		by[p.fact.Header.Subject] = append(by[p.fact.Header.Subject], p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for s, added := range by {
		l, e := c.loading[s], c.entries[s]
		switch {
		case l != nil:
			l.extra = append(l.extra, added...)
		case e != nil:
			c.extend(e, added)
		case fresh[s]:
			c.insert(arrange(s, added, nil))
		}
	}
	c.shrink()
}

func (c *cache) extend(e *list.Element, added []placed) {
	entry := e.Value.(*cached)
	facts := make([]fact.Fact, len(added))
	for i, p := range added {
		facts[i] = p.fact
	}
	if countMarks(facts) > 0 || entry.marks > 0 {
		c.drop(e) // what is set aside is worked out anew from the file
		return
	}
	entry.history = entry.history.With(facts...)
	entry.last = added[len(added)-1].pos
	c.facts += len(facts)
}

// minted remembers that a new subject has no facts yet.
func (c *cache) minted(s fact.Subject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[s] == nil && c.loading[s] == nil {
		c.insert(cached{subject: s})
	}
}

// last gives the place of a subject's last fact when its history is in memory.
func (c *cache) last(s fact.Subject) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[s]; e != nil {
		return e.Value.(*cached).last, true
	}
	return 0, false
}

func countMarks(facts []fact.Fact) int {
	n := 0
	for _, f := range facts {
		if f.Body.Kind == (SetAside{}).FactKind().Number {
			n++
		}
	}
	return n
}

// setAside closes the bodies of facts that another fact sets aside: they stay
// in the history as something that is not shown.
func setAside(facts []fact.Fact, marks int) []fact.Fact {
	if marks == 0 {
		return facts
	}
	aside := map[fact.ID]bool{}
	for _, f := range facts {
		if s, err := fact.Read[SetAside](f); err == nil {
			aside[s.Fact] = true
		}
	}
	out := make([]fact.Fact, len(facts))
	for i, f := range facts {
		if aside[f.ID] {
			f.Body = fact.Body{Seen: f.Body.Seen}
		}
		out[i] = f
	}
	return out
}

// forget drops a subject's history, so that it is read anew.
func (c *cache) forget(s fact.Subject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[s]; e != nil {
		c.drop(e)
	}
	if l := c.loading[s]; l != nil {
		l.stale = true
	}
}

// forgetAll drops every history.
func (c *cache) forgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
	for _, l := range c.loading {
		l.stale = true
	}
}
