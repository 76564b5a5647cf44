package web

import (
	"sort"
	"sync"
	"time"

	"holdfast/fact"
)

// How live pages are paced and bounded.
const (
	frameEvery   = 250 * time.Millisecond // changes within it arrive as one
	beatEvery    = 15 * time.Second       // time and state, also when nothing changes
	writeWithin  = 10 * time.Second       // a slower browser is let go and comes back
	mostChanges  = 512                    // waiting for one page; more means: look anew
	mostWatchers = 4096                   // pages listening at once
	mostOfOne    = 64                     // of one session
)

// Change names one thing that changed: a key within a topic, as a case on the
// worklist.
type Change struct {
	Topic string
	Key   string
}

// Live tells open pages what has changed. What waits for a page is a set of
// names, never content: a page that listens slowly costs a bounded amount, and
// gets what is true when it is drawn. It is safe for use by many goroutines.
type Live struct {
	mu     sync.Mutex
	topics map[string]map[*watcher]struct{}
	count  int
	of     map[fact.Subject]int // pages by session
	done   chan struct{}        // closed when no stream may go on
}

// watcher is one open page.
type watcher struct {
	mu      sync.Mutex
	waiting map[Change]struct{}
	over    bool          // more waits than is kept: look anew
	wake    chan struct{} // one place: "something waits"
}

// NewLive makes a hub without listeners.
func NewLive() *Live {
	return &Live{topics: map[string]map[*watcher]struct{}{}, of: map[fact.Subject]int{}, done: make(chan struct{})}
}

// Close ends every stream, so that a server can stop; pages say that they are
// cut off and come back by themselves. It may be called more than once.
func (l *Live) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done:
	default:
		close(l.done)
	}
}

// Publish says that these keys of a topic have changed. It never waits. No key
// at all means that the whole topic may differ.
func (l *Live) Publish(topic string, keys ...string) {
	l.mu.Lock()
	found := make([]*watcher, 0, len(l.topics[topic]))
	for w := range l.topics[topic] {
		found = append(found, w)
	}
	l.mu.Unlock()
	for _, w := range found {
		w.add(topic, keys)
	}
}

// Watching says how many pages listen.
func (l *Live) Watching() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *Live) join(session fact.Subject, topics []string) (*watcher, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count >= mostWatchers || l.of[session] >= mostOfOne {
		return nil, false
	}
	l.of[session]++
	w := &watcher{waiting: map[Change]struct{}{}, wake: make(chan struct{}, 1)}
	for _, t := range topics {
		if l.topics[t] == nil {
			l.topics[t] = map[*watcher]struct{}{}
		}
		l.topics[t][w] = struct{}{}
	}
	l.count++
	return w, true
}

func (l *Live) leave(w *watcher, session fact.Subject, topics []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[session]--; l.of[session] <= 0 {
		delete(l.of, session)
	}
	for _, t := range topics {
		delete(l.topics[t], w)
		if len(l.topics[t]) == 0 {
			delete(l.topics, t)
		}
	}
	l.count--
}

func (w *watcher) add(topic string, keys []string) {
	w.mu.Lock()
	if len(keys) == 0 {
		w.over = true
	}
	for _, k := range keys {
		if w.over {
			break
		}
		w.waiting[Change{topic, k}] = struct{}{}
		w.over = len(w.waiting) > mostChanges
	}
	if w.over {
		clear(w.waiting)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take empties what waits, in a fixed order.
func (w *watcher) take() (changes []Change, over bool) {
	w.mu.Lock()
	for c := range w.waiting {
		changes = append(changes, c)
	}
	over = w.over
	w.over = false
	clear(w.waiting)
	w.mu.Unlock()
	sort.Slice(changes, func(i, j int) bool {
		if changes[i].Topic != changes[j].Topic {
			return changes[i].Topic < changes[j].Topic
		}
		return changes[i].Key < changes[j].Key
	})
	return changes, over
}
