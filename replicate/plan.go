package replicate

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"holdfast/fact"
	"holdfast/journal"
)

// planState is what this side has asked for.
type planState struct {
	turn  [4]fact.FeedID // the feed of each lane that was served last
	open  int            // wants and searches that are not answered to their end
	lanes [4]int         // of these, by lane
	byAsk map[uint64]*feed
}

// wanted is one want that is being answered.
type wanted struct {
	ask   uint64
	place journal.Place
	next  uint64 // sequence that must come next
	off   *forkAt
	since fact.Millis // of the last progress
	moved bool        // something of it was taken in
	sure  bool        // what is common was searched for
}

// forkAt is a fork that is told when its first range has been checked.
type forkAt struct {
	at   uint64
	ours journal.Place
}

func newPlanState() planState { return planState{byAsk: map[uint64]*feed{}} }

// schedule asks for what is lacking: control before care before looks, and
// within a lane each feed in turn.
func (l *Link) schedule(ctx context.Context) {
	for _, lane := range fact.Lanes() {
		feeds := l.offers.lanes[lane]
		start := l.startOf(lane, feeds)
		for i := range feeds {
			if !l.room(lane) {
				break
			}
			f := feeds[(start+i)%len(feeds)]
			if l.pursue(ctx, f) {
				l.plan.turn[lane] = f.id
			}
		}
	}
}

// startOf finds the feed whose turn it is.
func (l *Link) startOf(lane fact.Lane, feeds []*feed) int {
	for i, f := range feeds {
		if string(f.id[:]) > string(l.plan.turn[lane][:]) {
			return i
		}
	}
	return 0
}

// room tells whether another want may be sent. One place is kept free for the
// control lane, and looks wait while care is under way.
func (l *Link) room(lane fact.Lane) bool {
	if lane == fact.Control {
		return l.plan.open <= l.cfg.Limits.Wants
	}
	if lane == fact.Looks && l.plan.lanes[fact.Care] > 0 {
		return false
	}
	return l.plan.open-l.plan.lanes[fact.Control] < l.cfg.Limits.Wants && l.plan.open <= l.cfg.Limits.Wants
}

// pursue takes the next step towards a feed; false: there is none to take.
func (l *Link) pursue(ctx context.Context, f *feed) bool {
	if f.wanted != nil || f.search != nil || f.paper || f.aside > l.now {
		return false
	}
	t, lacking := l.lackingTip(ctx, f)
	if !lacking {
		return false
	}
	if l.isDesk() && t.Lane != fact.Control && l.writerOf(t.Cert) != l.self.card.Device {
		return false
	}
	if t.Feed == l.self.feeds[t.Lane] {
		return l.weighOwn(ctx, f, t)
	}
	if !l.cfg.Board.take(claim{id: f.id}, l.id) {
		return false
	}
	l.readLocal()
	local := l.offers.local[f.id]
	switch {
	case len(local) == 0:
		l.want(f, t.Place(), 0)
	case len(local) == 1 && local[0].Size < t.Size:
		l.want(f, t.Place(), local[0].Size) // a range that does not fit is refused
	default:
		l.searchFrom(ctx, f, t.Place())
	}
	return true
}

// lackingTip gives the first offered tip that is not held here.
func (l *Link) lackingTip(ctx context.Context, f *feed) (journal.Tip, bool) {
	for i, t := range f.tips {
		if f.held[i] {
			continue
		}
		has, err := l.cfg.Store.HasRoot(ctx, t.Place())
		if err != nil {
			l.trouble("look up a head", err)
			l.setAside(f)
			return journal.Tip{}, false
		}
		if !has {
			return t, true
		}
		f.held[i] = true
	}
	return journal.Tip{}, false
}

func (l *Link) want(f *feed, p journal.Place, first uint64) {
	w := &wanted{ask: l.nextAsk(), place: p, next: first, since: l.now}
	f.wanted = w
	l.plan.byAsk[w.ask] = f
	l.plan.open++
	l.plan.lanes[f.lane]++
	l.send(typeWant, want{Ask: w.ask, Place: p, First: first, Most: uint32(l.cfg.Limits.WantBytes)})
}

// endWant forgets a want, answered or not.
func (l *Link) endWant(f *feed) {
	if f.wanted == nil {
		return
	}
	delete(l.plan.byAsk, f.wanted.ask)
	l.receipts.look = l.receipts.look || f.wanted.moved
	f.wanted = nil
	l.plan.open--
	l.plan.lanes[f.lane]--
	l.cfg.Board.free(claim{id: f.id}, l.id)
}

// setAside leaves a feed of this peer alone for a while, longer each time.
func (l *Link) setAside(f *feed) {
	l.endWant(f)
	l.endSearch(f)
	pause := time.Second << min(f.strike, 9)
	f.strike++
	f.aside = l.now.Add(pause)
}

// takeRange takes in what was wanted. A range that nobody waits for came late
// or twice, and is asked for again if it is needed.
func (l *Link) takeRange(ctx context.Context, m rangeMessage) {
	f := l.plan.byAsk[m.Ask]
	if f == nil || f.wanted == nil {
		return
	}
	w := f.wanted
	if m.Range.Feed == f.id && m.Range.First < w.next {
		return // it came twice
	}
	if m.Range.Feed == f.id && m.Range.First > w.next { // one before it was lost on the way
		f.strike = min(f.strike, 4)
		l.setAside(f)
		return
	}
	if m.Range.Feed != f.id || len(m.Range.Headers) == 0 {
		l.damaged(f, w.next, "not the range that was asked for")
		return
	}
	if err := l.cfg.Store.Receive(ctx, m.Range); err != nil {
		l.refused(ctx, f, m.Range, err)
		return
	}
	w.next += uint64(len(m.Range.Headers))
	w.since, w.moved, f.strike, f.told = l.now, true, 0, false
	l.changed()
	l.blobs.look = true
	l.tellFork(f)
	if m.Last || w.next >= w.place.Size {
		l.endWant(f)
	}
}

// tellFork tells of a fork whose other branch has been checked.
func (l *Link) tellFork(f *feed) {
	w := f.wanted
	if w.off == nil {
		return
	}
	if l.cfg.Board.firstSight(f.id, w.off.at) {
		l.effect(Forked{Peer: l.peer.Device, Feed: f.id, At: w.off.at, Ours: w.off.ours, Theirs: w.place})
	}
	w.off = nil
}

// refused goes on after the store did not take a range in.
func (l *Link) refused(ctx context.Context, f *feed, r journal.Range, err error) {
	place, sure := f.wanted.place, f.wanted.sure
	switch {
	case errors.Is(err, journal.ErrBad):
		l.damaged(f, firstBad(r), err.Error())
	case errors.Is(err, journal.ErrApart) && !sure && r.First > 0:
		l.endWant(f)
		l.searchFrom(ctx, f, place)
	case errors.Is(err, journal.ErrApart):
		l.damaged(f, r.First, err.Error())
	case errors.Is(err, journal.ErrPaper):
		l.endWant(f)
		f.paper = true
		l.listPapers()
	case errors.Is(err, journal.ErrGap), errors.Is(err, journal.ErrOwn):
		l.setAside(f) // what is held here has moved meanwhile: looked at anew
	default:
		l.trouble("take in a range", err)
		l.setAside(f)
	}
}

// damaged sets a feed of this peer aside and tells it once.
func (l *Link) damaged(f *feed, seq uint64, why string) {
	if !f.told {
		l.effect(Damaged{Peer: l.peer.Device, Feed: f.id, Seq: seq, Why: why})
	}
	f.told = true
	f.strike = max(f.strike, 5) // half a minute at least
	l.setAside(f)
}

// retryPaperless goes on with feeds whose certificate may have come.
func (l *Link) retryPaperless() {
	for _, lane := range fact.Lanes() {
		for _, f := range l.offers.lanes[lane] {
			f.paper = false
		}
	}
}

// takeSorry sets aside what the peer can't give at present.
func (l *Link) takeSorry(m sorry) {
	if f := l.plan.byAsk[m.Ask]; f != nil {
		l.setAside(f)
	}
	l.blobSorry(m.Ask)
}

// dropLate forgets whatever was asked for and did not come in time, so that
// it is asked for again, here or from another peer.
func (l *Link) dropLate() {
	for _, lane := range fact.Lanes() {
		for _, f := range l.offers.lanes[lane] {
			late := f.wanted != nil && l.since(f.wanted.since) >= l.cfg.Limits.Patience
			if late || (f.search != nil && l.since(f.search.since) >= l.cfg.Limits.Patience) {
				l.endWant(f)
				l.endSearch(f)
				f.aside = l.now.Add(time.Second) // another link may take it up
			}
		}
	}
	l.dropLateBlob()
	l.dropLateFacts()
	l.dropLateMending()
}

// firstBad finds the first fact of a range that does not hold by itself; when
// all do, it is the head over them that does not.
func firstBad(r journal.Range) uint64 {
	var prev fact.ID
	for i, raw := range r.Headers {
		seq := r.First + uint64(i)
		h, err := fact.ParseHeader(raw)
		if err != nil || h.Seq != seq || h.Feed != r.Feed || (i > 0 && h.Prev != prev) || i >= len(r.Bodies) {
			return seq
		}
		if uint32(len(r.Bodies[i])) != h.BodyLen || fact.BodyHashOf(r.Bodies[i]) != h.BodyHash {
			return seq
		}
		prev = h.ID()
	}
	return r.First + uint64(max(len(r.Headers), 1)) - 1
}

func uint64Bytes(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
