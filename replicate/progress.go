package replicate

import (
	"holdfast/fact"
	"holdfast/journal"
)

// Progress says how far this device and its peer are apart, in facts, by lane.
type Progress struct {
	Behind [4]uint64 // the peer holds these, this device does not
	Ahead  [4]uint64 // this device holds these, the peer does not
	Facts  int       // stated facts that are still to come to this desk
}

// Progress counts by sizes: of a fork it counts what lies beyond the size
// that is held.
func (l *Link) Progress() Progress {
	var p Progress
	l.readLocal()
	for _, lane := range fact.Lanes() {
		for _, f := range l.offers.lanes[lane] {
			if len(f.tips) == 0 {
				continue
			}
			theirs, ours := largest(f.tips).Size, uint64(0)
			if tips := l.offers.local[f.id]; len(tips) > 0 {
				ours = largest(tips).Size
			}
			if theirs > ours {
				p.Behind[lane] += theirs - ours
			}
		}
	}
	for _, id := range l.offers.order {
		tips := l.offers.local[id]
		if !l.mayOffer(tips[0]) {
			continue
		}
		ours, theirs := largest(tips).Size, uint64(0)
		if f := l.offers.theirs[id]; f != nil && len(f.tips) > 0 {
			theirs = largest(f.tips).Size
		}
		if ours > theirs {
			p.Ahead[tips[0].Lane] += ours - theirs
		}
	}
	p.Facts = len(l.stated.queue) + len(l.stated.retry) + len(l.stated.asked)
	return p
}

// Level tells whether everything on offer in both directions has arrived, as
// far as is known here: nothing is asked for, nothing waits, every branch that
// one side offers the other offers too.
func (l *Link) Level() bool {
	if !l.ready || !l.offers.whole || l.plan.open > 0 || l.blobs.ask != 0 || l.Pending() {
		return false
	}
	if l.stated.ask != 0 || len(l.stated.queue) > 0 || len(l.stated.retry) > 0 || l.mend.ask != 0 {
		return false
	}
	l.readLocal()
	for _, lane := range fact.Lanes() {
		for _, f := range l.offers.lanes[lane] {
			for i := range f.tips {
				if !f.held[i] {
					return false
				}
			}
		}
	}
	for _, id := range l.offers.order {
		tips := l.offers.local[id]
		if l.mayOffer(tips[0]) && !l.theyOffer(id, tips) {
			return false
		}
	}
	return true
}

func (l *Link) theyOffer(id fact.FeedID, tips []journal.Tip) bool {
	f := l.offers.theirs[id]
	if f == nil {
		return false
	}
	for _, t := range tips {
		found := false
		for _, their := range f.tips {
			found = found || their.Place() == t.Place()
		}
		if !found {
			return false
		}
	}
	return true
}

// Outstanding counts what this side has asked for and not yet been given:
// questions, and the most bytes that their answers may bring.
func (l *Link) Outstanding() (questions, bytes int) {
	for _, f := range l.plan.byAsk {
		if f.wanted != nil {
			bytes += l.cfg.Limits.WantBytes
		}
	}
	return l.plan.open, bytes
}
