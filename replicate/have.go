package replicate

import (
	"sort"

	"holdfast/fact"
	"holdfast/journal"
)

const (
	havePage     = 512 // groups in one message
	tipsOfAFeed  = 64
	feedsOfAPeer = 1 << 16
	tipsOfAPeer  = 1 << 16
)

// offerState is what both sides have offered of their feeds.
type offerState struct {
	local  map[fact.FeedID][]journal.Tip // held here; nil: to be read
	order  []fact.FeedID                 // feeds of local, in order
	mine   map[fact.FeedID][]journal.Place
	number uint64 // of the last offer sent
	full   bool   // the first whole offer was sent

	theirs map[fact.FeedID]*feed
	count  int        // tips in theirs
	lanes  [4][]*feed // offered feeds by lane, in order of the feed
	begun  uint64     // number of the offer that began the last whole one
	run    uint64     // up to here its parts came without a gap
	open   bool       // it has not come to its end
	whole  bool       // one has
}

// feed is one feed that the peer offers.
type feed struct {
	id     fact.FeedID
	lane   fact.Lane
	tips   []journal.Tip
	held   []bool // the tip is known to be held here
	number uint64 // of the offer

	wanted *wanted
	search *search
	aside  fact.Millis // nothing is asked before
	strike int         // failures in a row
	paper  bool        // waits for its certificate
	told   bool        // damage was told
}

func newOfferState() offerState {
	return offerState{mine: map[fact.FeedID][]journal.Place{}, theirs: map[fact.FeedID]*feed{}}
}

// readLocal reads the tips held here, once for each call from outside.
func (l *Link) readLocal() {
	if l.offers.local != nil {
		return
	}
	tips := l.cfg.Store.Tips()
	l.offers.local = make(map[fact.FeedID][]journal.Tip, len(tips))
	l.offers.order = l.offers.order[:0]
	for _, t := range tips {
		if t.Size == 0 {
			continue
		}
		if _, seen := l.offers.local[t.Feed]; !seen {
			l.offers.order = append(l.offers.order, t.Feed)
		}
		l.offers.local[t.Feed] = append(l.offers.local[t.Feed], t)
	}
}

// mayOffer tells whether a branch is for this peer: a desk gets the control
// lane and what it wrote itself.
func (l *Link) mayOffer(t journal.Tip) bool {
	return !l.peerDesk() || t.Lane == fact.Control || l.writerOf(t.Cert) == l.peer.Device
}

// writerOf names the device whose incarnation has this certificate.
func (l *Link) writerOf(cert fact.Hash) fact.Subject {
	if l.papers.writers == nil {
		l.papers.writers = writers(l.papers.held)
	}
	return l.papers.writers[cert]
}

func writers(papers []namedPaper) map[fact.Hash]fact.Subject {
	devices, out := map[fact.Hash]fact.Subject{}, map[fact.Hash]fact.Subject{}
	for _, p := range papers { // cards come first
		var card fact.DeviceCard
		var inc fact.Incarnation
		switch {
		case p.sort == paperOfCard && fact.Decode(p.signed.Bytes, &card) == nil:
			devices[p.hash] = card.Device
		case p.sort == paperOfIncarnation && fact.Decode(p.signed.Bytes, &inc) == nil:
			out[p.hash] = devices[inc.Card]
		}
	}
	return out
}

// offer sends what changed since the last offer; the first is whole.
func (l *Link) offer() {
	l.readLocal()
	var groups []haveGroup
	for _, id := range l.offers.order {
		tips := l.offers.local[id]
		if !l.mayOffer(tips[0]) || samePlaces(l.offers.mine[id], tips) || l.coming(id) {
			continue
		}
		if len(l.offers.mine[id]) == 0 && !l.papers.names[tips[0].Cert] && len(l.papers.names) > 0 {
			l.showPapers() // the certificate goes before the feed
		}
		if len(tips) > tipsOfAFeed {
			tips = tips[:tipsOfAFeed]
		}
		l.offers.mine[id] = placesOf(l.offers.local[id])
		groups = append(groups, haveGroup{Feed: id, Tips: tips})
	}
	if len(groups) > 0 || !l.offers.full {
		l.sendHave(groups, !l.offers.full)
		l.offers.full = true
	}
}

// coming tells whether a feed is on its way from the peer: it is offered back
// when it has arrived, not after each range.
func (l *Link) coming(id fact.FeedID) bool {
	f := l.offers.theirs[id]
	return f != nil && f.wanted != nil && l.offers.full
}

func (l *Link) offerAgain() {
	l.offers.mine, l.offers.full = map[fact.FeedID][]journal.Place{}, false
}

func (l *Link) sendHave(groups []haveGroup, begin bool) {
	for at := 0; at == 0 || at < len(groups); at += havePage {
		end := min(at+havePage, len(groups))
		l.offers.number++
		l.send(typeHave, have{
			Number: l.offers.number, Begin: begin && at == 0, Last: end == len(groups), Groups: groups[at:end],
		})
	}
}

// takeHave notes what the peer offers. A message that is older than what is
// known of a feed says nothing about it.
func (l *Link) takeHave(m have) {
	o := &l.offers
	switch {
	case m.Begin && m.Number > o.begun:
		o.begun, o.run, o.open = m.Number, m.Number, true
	case m.Number == o.run+1:
		o.run = m.Number
	}
	for _, g := range m.Groups {
		l.noteOffer(m.Number, g)
	}
	if o.open && m.Last && m.Number == o.run {
		o.open, o.whole = false, true
		l.dropUnoffered()
	}
}

func (l *Link) noteOffer(number uint64, g haveGroup) {
	if len(g.Tips) == 0 || len(g.Tips) > tipsOfAFeed || !sensible(g) {
		return
	}
	f := l.offers.theirs[g.Feed]
	if f == nil {
		if len(l.offers.theirs) >= feedsOfAPeer {
			return
		}
		f = &feed{id: g.Feed, lane: g.Tips[0].Lane}
		l.offers.theirs[g.Feed] = f
		l.addToLane(f)
	}
	if number <= f.number || l.offers.count-len(f.tips)+len(g.Tips) > tipsOfAPeer {
		return
	}
	l.offers.count += len(g.Tips) - len(f.tips)
	held := make([]bool, len(g.Tips))
	for i, t := range g.Tips {
		for j, old := range f.tips {
			held[i] = held[i] || (old.Place() == t.Place() && f.held[j])
		}
	}
	f.number, f.tips, f.held = number, g.Tips, held
	most := largest(g.Tips)
	if was, back := l.cfg.Board.offer(l.peer.Device, g.Feed, most); back {
		l.effect(RolledBack{Peer: l.peer.Device, Feed: g.Feed, Was: was, Now: most.Size})
	}
}

// sensible refuses groups that no device of this version would send.
func sensible(g haveGroup) bool {
	for _, t := range g.Tips {
		if t.Feed != g.Feed || t.Lane != g.Tips[0].Lane || t.Lane < fact.Control || t.Lane > fact.Looks || t.Size == 0 || t.Size > 1<<48 {
			return false
		}
	}
	return true
}

func (l *Link) addToLane(f *feed) {
	lane := l.offers.lanes[f.lane]
	at := sort.Search(len(lane), func(i int) bool { return string(lane[i].id[:]) > string(f.id[:]) })
	lane = append(lane, nil)
	copy(lane[at+1:], lane[at:])
	lane[at] = f
	l.offers.lanes[f.lane] = lane
}

// dropUnoffered notes, after a whole offer, what the peer had offered once
// and offers no more.
func (l *Link) dropUnoffered() {
	for _, lane := range fact.Lanes() {
		for _, f := range l.offers.lanes[lane] {
			if f.number >= l.offers.begun || len(f.tips) == 0 {
				continue
			}
			l.offers.count -= len(f.tips)
			f.tips, f.held = nil, nil
			l.tellGone(f.id)
		}
	}
	for _, id := range l.cfg.Board.offeredBy(l.peer.Device) {
		if l.offers.theirs[id] == nil {
			l.tellGone(id)
		}
	}
}

func (l *Link) tellGone(id fact.FeedID) {
	if was, back := l.cfg.Board.offer(l.peer.Device, id, journal.Place{Feed: id}); back {
		l.effect(RolledBack{Peer: l.peer.Device, Feed: id, Was: was})
	}
}

func largest(tips []journal.Tip) journal.Place {
	most := tips[0]
	for _, t := range tips[1:] {
		if t.Size > most.Size {
			most = t
		}
	}
	return most.Place()
}

func placesOf(tips []journal.Tip) []journal.Place {
	out := make([]journal.Place, len(tips))
	for i, t := range tips {
		out[i] = t.Place()
	}
	return out
}

func samePlaces(places []journal.Place, tips []journal.Tip) bool {
	if len(places) != len(tips) {
		return false
	}
	for i, t := range tips {
		if t.Place() != places[i] {
			return false
		}
	}
	return true
}

// vectorOfPlaces hashes places in an order of their own.
func vectorOfPlaces(places []journal.Place) fact.Hash {
	sorted := append([]journal.Place(nil), places...)
	sort.Slice(sorted, func(i, j int) bool {
		a, b := sorted[i], sorted[j]
		if a.Feed != b.Feed {
			return string(a.Feed[:]) < string(b.Feed[:])
		}
		return lessHash(a.Root, b.Root)
	})
	parts := make([][]byte, 0, 3*len(sorted))
	for i := range sorted {
		parts = append(parts, sorted[i].Feed[:], uint64Bytes(sorted[i].Size), sorted[i].Root[:])
	}
	return hashAll("holdfast/replicate-vector/1", parts...)
}
