package replicate

import (
	"sort"
	"sync"

	"holdfast/fact"
	"holdfast/journal"
)

// Board is shared by all links of one device, so that no two of them fetch the
// same thing at once, and so that what a peer once offered is remembered when
// its link dies. Links that run in different goroutines may share one.
type Board struct {
	mu      sync.Mutex
	claims  map[claim]uint64
	offered map[fact.Subject]map[fact.FeedID]journal.Place
	forks   map[forkName]bool
	links   uint64
}

// claim names one thing to fetch: a feed or an attachment.
type claim struct {
	blob bool
	id   [32]byte
}

type forkName struct {
	feed fact.FeedID
	at   uint64
}

// NewBoard makes an empty board.
func NewBoard() *Board {
	return &Board{
		claims: map[claim]uint64{}, offered: map[fact.Subject]map[fact.FeedID]journal.Place{}, forks: map[forkName]bool{},
	}
}

func (b *Board) newLink() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links++
	return b.links
}

// take claims a thing for a link; false: another link is at it.
func (b *Board) take(c claim, link uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if holder, held := b.claims[c]; held {
		return holder == link
	}
	b.claims[c] = link
	return true
}

func (b *Board) free(c claim, link uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.claims[c] == link {
		delete(b.claims, c)
	}
}

func (b *Board) freeAll(link uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, holder := range b.claims {
		if holder == link {
			delete(b.claims, c)
		}
	}
}

// firstSight tells once for each fork that it is new.
func (b *Board) firstSight(feed fact.FeedID, at uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := forkName{feed, at}
	if b.forks[name] {
		return false
	}
	b.forks[name] = true
	return true
}

// offer remembers the most that a peer offered of a feed, and answers what it
// had offered before when that was more.
func (b *Board) offer(peer fact.Subject, feed fact.FeedID, most journal.Place) (was journal.Place, back bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	feeds := b.offered[peer]
	if feeds == nil {
		feeds = map[fact.FeedID]journal.Place{}
		b.offered[peer] = feeds
	}
	was = feeds[feed]
	feeds[feed] = most
	if most.Size == 0 {
		delete(feeds, feed)
	}
	return was, most.Size < was.Size
}

// offeredBy lists the feeds that a peer was last known to offer, in order.
func (b *Board) offeredBy(peer fact.Subject) []fact.FeedID {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]fact.FeedID, 0, len(b.offered[peer]))
	for id := range b.offered[peer] {
		out = append(out, id)
	}
	sort.Slice(out, func(i, j int) bool { return string(out[i][:]) < string(out[j][:]) })
	return out
}
