package replicate

import (
	"context"
	"sort"

	"holdfast/fact"
	"holdfast/journal"
)

// probes is how many sizes one question about roots may name.
const probes = 64

// search looks for the largest size up to which a branch of the peer and one
// held here are the same.
type search struct {
	ask   uint64
	place journal.Place
	sizes []uint64
	low   uint64 // common, as far as known
	high  uint64 // not common
	own   bool   // the feed is this device's present one
	since fact.Millis
}

// searchFrom begins a search; the branch may be any that the peer offered.
func (l *Link) searchFrom(ctx context.Context, f *feed, p journal.Place) {
	if !l.cfg.Board.take(claim{id: f.id}, l.id) {
		return
	}
	l.readLocal()
	most := uint64(0)
	for _, t := range l.offers.local[f.id] {
		most = max(most, t.Size)
	}
	f.search = &search{place: p, high: min(most, p.Size) + 1, own: f.id == l.self.feeds[f.lane]}
	l.plan.open++
	l.plan.lanes[f.lane]++
	l.probe(ctx, f)
}

func (l *Link) endSearch(f *feed) {
	if f.search == nil {
		return
	}
	delete(l.plan.byAsk, f.search.ask)
	f.search = nil
	l.plan.open--
	l.plan.lanes[f.lane]--
	l.cfg.Board.free(claim{id: f.id}, l.id)
}

// weighOwn looks into a peer's offer of this device's own present feed. An
// offer that this device did not sign says nothing.
func (l *Link) weighOwn(ctx context.Context, f *feed, t journal.Tip) bool {
	h, err := fact.OpenHead(t.Head, l.self.inc.Key)
	if err != nil || h.Feed != t.Feed || h.Size != t.Size || h.Root != t.Root {
		l.damaged(f, t.Size-1, "the peer offers a head that this device did not sign")
		return false
	}
	l.searchFrom(ctx, f, t.Place())
	return true
}

// probe asks for roots between what is common and what is not.
func (l *Link) probe(ctx context.Context, f *feed) {
	s := f.search
	if s.high-s.low <= 1 {
		l.found(ctx, f)
		return
	}
	s.sizes = l.probeSizes(f.id, s.low, s.high)
	if s.ask != 0 {
		delete(l.plan.byAsk, s.ask)
	}
	s.ask, s.since = l.nextAsk(), l.now
	l.plan.byAsk[s.ask] = f
	l.send(typeRootsAsk, rootsAsk{Ask: s.ask, Place: s.place, Sizes: s.sizes})
}

// probeSizes spreads sizes over the open interval; the sizes of branches held
// here are among them, as most histories part there.
func (l *Link) probeSizes(id fact.FeedID, low, high uint64) []uint64 {
	const spread = 32
	seen := map[uint64]bool{}
	var sizes []uint64
	add := func(n uint64) {
		if n > low && n < high && !seen[n] && len(sizes) < probes {
			seen[n] = true
			sizes = append(sizes, n)
		}
	}
	for _, t := range l.offers.local[id] {
		if len(sizes) < probes-spread {
			add(t.Size)
		}
	}
	gap := high - low
	for i := uint64(1); i <= spread; i++ {
		if gap > spread {
			add(low + gap/(spread+1)*i)
		} else {
			add(low + i)
		}
	}
	add(high - 1)
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	return sizes
}

func (l *Link) takeRootsAsk(ctx context.Context, m rootsAsk) {
	if len(m.Sizes) > probes || !l.offeredFeed(m.Place.Feed) {
		l.send(typeSorry, sorry{Ask: m.Ask, Why: "not on offer"})
		return
	}
	roots, err := l.cfg.Store.RootsAt(ctx, m.Place, m.Sizes)
	if err != nil {
		l.trouble("read roots", err)
		l.send(typeSorry, sorry{Ask: m.Ask, Why: "these roots can't be read here"})
		return
	}
	l.send(typeRoots, rootsMessage{Ask: m.Ask, Roots: roots})
}

// takeRoots narrows the search down.
func (l *Link) takeRoots(ctx context.Context, m rootsMessage) {
	f := l.plan.byAsk[m.Ask]
	if f == nil || f.search == nil || f.search.ask != m.Ask {
		return
	}
	s := f.search
	if len(m.Roots) != len(s.sizes) {
		l.damaged(f, s.low, "not the roots that were asked for")
		return
	}
	for i, size := range s.sizes {
		if size <= s.low || size >= s.high {
			continue
		}
		has, err := l.cfg.Store.HasRoot(ctx, journal.Place{Feed: f.id, Size: size, Root: m.Roots[i]})
		if err != nil {
			l.trouble("look up a root", err)
			l.setAside(f)
			return
		}
		if !has {
			s.high = size
			break
		}
		s.low = size
	}
	l.readLocal()
	l.probe(ctx, f)
}

// found goes on from the largest common size.
func (l *Link) found(ctx context.Context, f *feed) {
	s := *f.search
	l.endSearch(f)
	if s.own {
		l.beginAnew(ctx, f, s)
		return
	}
	off := &forkAt{at: s.low}
	for _, t := range l.offers.local[f.id] {
		if t.Size == s.low {
			off = nil // it only continues what is held here
			break
		}
		if t.Size > off.ours.Size {
			off.ours = t.Place()
		}
	}
	if !l.cfg.Board.take(claim{id: f.id}, l.id) {
		return
	}
	l.want(f, s.place, s.low)
	f.wanted.off, f.wanted.sure = off, true
}

// beginAnew opens a new incarnation of this device: the peer holds a head that
// this device signed and does not hold itself.
func (l *Link) beginAnew(ctx context.Context, f *feed, s search) {
	if has, err := l.cfg.Store.HasRoot(ctx, s.place); has || err != nil || f.id != l.self.feeds[f.lane] {
		return // it has come meanwhile, or another link has seen to it
	}
	l.readLocal()
	why := "restored"
	for _, t := range l.offers.local[f.id] {
		if t.Size > s.low {
			why = "cloned"
		}
	}
	if err := l.cfg.Store.Reincarnate(ctx, why); err != nil {
		l.trouble("begin a new incarnation", err)
		l.setAside(f)
		return
	}
	if err := l.readSelf(); err != nil {
		l.trouble("read the new incarnation", err)
		return
	}
	l.effect(Reincarnated{Peer: l.peer.Device, Why: why, Feed: f.id, At: s.low, Theirs: s.place})
	l.changed()
	l.showPapers()
}
