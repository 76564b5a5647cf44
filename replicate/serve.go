package replicate

import (
	"context"
	"errors"
	"slices"

	"holdfast/fact"
	"holdfast/journal"
)

const (
	servedAtOnce = 32  // questions of a peer that wait for their answer
	factsAtOnce  = 256 // ids in one question
	factsBundle  = 64  // facts in one answer
)

// servingState is what the peer has asked for and not yet been given.
type servingState struct {
	ranges  []*servedRange
	facts   []*servedFacts
	buckets []byte // of the keyring, to be listed
	turn    int
}

type servedRange struct {
	ask    uint64
	place  journal.Place
	lane   fact.Lane
	next   uint64
	credit int
}

type servedFacts struct {
	ask    uint64
	groups []factsGroup
	anew   []journal.Anew // to be said before any is given
	lost   []journal.Lost // when set, facts are asked for by place
	told   bool           // what is given was said
}

// Pending tells whether Next has something to give. The carrier calls Next
// whenever the frames before it are on their way, so that what waits is in the
// peer's questions and not in memory.
func (l *Link) Pending() bool {
	s := &l.serving
	return !l.closed && l.ready && (len(s.ranges) > 0 || len(s.facts) > 0 || len(s.buckets) > 0 || l.statesMore())
}

// Next gives one more answer to what the peer has asked for: control first,
// then statements and single facts, then the other lanes in turn, and the
// lists of keys when nothing else waits.
func (l *Link) Next(ctx context.Context, now fact.Millis) Out {
	if !l.Pending() {
		return Out{}
	}
	l.now, l.offers.local = now, nil
	at := l.nextRange()
	switch {
	case at >= 0 && l.serving.ranges[at].lane == fact.Control:
		l.serveRange(ctx, at)
	case l.statesMore():
		l.stateNext(ctx)
	case len(l.serving.facts) > 0:
		l.serveFacts(ctx)
	case at >= 0:
		l.serveRange(ctx, at)
	default:
		l.serveBucket(ctx)
	}
	return l.flush()
}

// nextRange picks the lane that goes first, and in it each want in turn.
func (l *Link) nextRange() int {
	best := -1
	for i := range l.serving.ranges {
		at := (l.serving.turn + i) % len(l.serving.ranges)
		if best < 0 || l.serving.ranges[at].lane < l.serving.ranges[best].lane {
			best = at
		}
	}
	return best
}

// offeredFeed tells whether this peer may have a feed, and was offered it.
func (l *Link) offeredFeed(id fact.FeedID) bool { return len(l.offers.mine[id]) > 0 }

func (l *Link) takeWant(m want) {
	l.readLocal()
	tips := l.offers.local[m.Place.Feed]
	if len(l.serving.ranges) >= servedAtOnce || !l.offeredFeed(m.Place.Feed) || len(tips) == 0 || m.First >= m.Place.Size {
		l.send(typeSorry, sorry{Ask: m.Ask, Why: "not on offer"})
		return
	}
	for _, s := range l.serving.ranges {
		if s.ask == m.Ask {
			return // it came twice
		}
	}
	l.serving.ranges = append(l.serving.ranges, &servedRange{
		ask: m.Ask, place: m.Place, lane: tips[0].Lane, next: m.First, credit: min(int(m.Most), 4<<20),
	})
}

// serveRange sends one range of a want.
func (l *Link) serveRange(ctx context.Context, at int) {
	s := l.serving.ranges[at]
	m, err := l.readRange(ctx, s, min(s.credit, l.cfg.Limits.RangeBytes))
	if err == nil {
		err = l.trySend(typeRange, m)
		if errors.Is(err, errTooLarge) { // a smaller one may still fit
			if m, err = l.readRange(ctx, s, 1); err == nil {
				err = l.trySend(typeRange, m)
			}
		}
	}
	if err != nil {
		l.trouble("read a range for another device", err)
		l.send(typeSorry, sorry{Ask: s.ask, Why: "this range can't be read here"})
		l.dropServed(at)
		return
	}
	s.next += uint64(len(m.Range.Headers))
	s.credit -= bytesOf(m.Range)
	if m.Last {
		l.dropServed(at)
		return
	}
	l.serving.turn = at + 1
}

func (l *Link) readRange(ctx context.Context, s *servedRange, most int) (rangeMessage, error) {
	r, err := l.cfg.Store.ReadRange(ctx, l.peer.Device, s.place, s.next, most)
	if err != nil {
		return rangeMessage{}, err
	}
	if len(r.Headers) == 0 {
		return rangeMessage{}, errors.New("the range is empty")
	}
	end := s.next+uint64(len(r.Headers)) >= s.place.Size
	return rangeMessage{Ask: s.ask, Range: r, Last: end || s.credit <= bytesOf(r)}, nil
}

func (l *Link) dropServed(at int) {
	l.serving.ranges = append(l.serving.ranges[:at], l.serving.ranges[at+1:]...)
	l.serving.turn = at
	if len(l.serving.ranges) == 0 {
		l.serving.turn = 0
	}
}

// bytesOf is about what a range takes on the wire.
func bytesOf(r journal.Range) int {
	n := len(r.Head) + 32*len(r.Before)
	for _, list := range [][][]byte{r.Headers, r.Bodies, r.Wraps} {
		for _, b := range list {
			n += len(b)
		}
	}
	return n
}

func (l *Link) takeFactsAsk(m factsAsk) {
	count := 0
	for _, g := range m.Groups {
		if len(g.IDs) == 0 {
			return // no device of this version asks so
		}
		count += len(g.IDs)
	}
	if len(m.Anew) > len(m.Groups) {
		return
	}
	l.queueFacts(&servedFacts{ask: m.Ask, groups: m.Groups, anew: m.Anew}, count)
}

func (l *Link) takeMendAsk(m mendAsk) {
	l.queueFacts(&servedFacts{ask: m.Ask, lost: m.Lost}, len(m.Lost))
}

func (l *Link) queueFacts(s *servedFacts, count int) {
	if len(l.serving.facts) >= servedAtOnce || count > factsAtOnce || count == 0 {
		l.send(typeSorry, sorry{Ask: s.ask, Why: "too much at once"})
		return
	}
	for _, q := range l.serving.facts {
		if q.ask == s.ask {
			return
		}
	}
	l.serving.facts = append(l.serving.facts, s)
}

// serveFacts answers part of the oldest question for single facts, as much as
// fits into a frame.
func (l *Link) serveFacts(ctx context.Context) {
	s := l.serving.facts[0]
	for count := s.bundle(); count > 0; count /= 2 {
		m, err := l.readFacts(ctx, s, count)
		if err != nil {
			l.trouble("read facts for another device", err)
			break
		}
		if l.trySend(typeFacts, m) == nil {
			s.given(count)
			if m.Last {
				l.serving.facts = l.serving.facts[1:]
			}
			return
		}
	}
	l.serving.facts = l.serving.facts[1:]
	l.send(typeFacts, factsMessage{Ask: s.ask, Last: true}) // what did not come is missing
}

// bundle is how many facts of the first group one answer may hold.
func (s *servedFacts) bundle() int {
	if s.lost != nil {
		return min(len(s.lost), factsBundle)
	}
	return min(len(s.groups[0].IDs), factsBundle)
}

// given drops so many facts from the front.
func (s *servedFacts) given(count int) {
	if s.lost != nil {
		s.lost = s.lost[count:]
		return
	}
	if s.groups[0].IDs = s.groups[0].IDs[count:]; len(s.groups[0].IDs) == 0 {
		s.groups = s.groups[1:]
	}
}

func (l *Link) readFacts(ctx context.Context, s *servedFacts, count int) (factsMessage, error) {
	if s.lost != nil {
		var places []journal.Lost
		for _, place := range s.lost[:count] {
			if l.offeredFeed(place.Feed) {
				places = append(places, place)
			}
		}
		p, err := l.cfg.Store.ProvedAt(ctx, l.peer.Device, places)
		return factsMessage{Ask: s.ask, Last: count == len(s.lost), Proved: p}, err
	}
	g := s.groups[0]
	m := factsMessage{Ask: s.ask, Last: len(s.groups) == 1 && count == len(g.IDs)}
	var allowed []fact.ID
	for _, id := range g.IDs[:count] {
		if l.mayHave(id) {
			allowed = append(allowed, id)
		}
	}
	if len(allowed) == 0 {
		return m, nil
	}
	l.sayGiven(ctx, s)
	l.giveAnew(ctx, s)
	var err error
	m.Proved, err = l.cfg.Store.Proved(ctx, l.peer.Device, g.Subject, allowed)
	return m, err
}

// sayGiven says what a desk is about to be given, as far as it was stated to it:
// all of one question together.
func (l *Link) sayGiven(ctx context.Context, s *servedFacts) {
	if s.told || !l.peerDesk() {
		return
	}
	s.told = true
	var subjects []fact.Subject
	for _, g := range s.groups {
		if slices.ContainsFunc(g.IDs, l.mayHave) {
			subjects = append(subjects, g.Subject)
		}
	}
	l.cfg.Store.Giving(ctx, l.peer.Device, subjects)
}

// giveAnew says what a desk is given again, before any of it is: all of one
// question together, as far as it was stated to the desk.
func (l *Link) giveAnew(ctx context.Context, s *servedFacts) {
	stated := slices.DeleteFunc(s.anew, func(one journal.Anew) bool { return l.stating.said[one.Subject] == nil })
	if s.anew = nil; len(stated) > 0 {
		l.cfg.Store.GiveAnew(ctx, l.peer.Device, stated)
	}
}

// mayHave keeps a desk to what was stated to it.
func (l *Link) mayHave(id fact.ID) bool { return !l.peerDesk() || l.stating.ids[id] > 0 }
