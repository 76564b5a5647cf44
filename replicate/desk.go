package replicate

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"holdfast/fact"
	"holdfast/journal"
)

const (
	statedMost = 1 << 20 // facts that one desk may be told to hold
	factTries  = 3
)

// statedState is what a desk was told to hold, and what of it is to come.
type statedState struct {
	said    ledger
	count   int
	number  uint64
	ask     uint64
	asked   []fact.ID
	since   fact.Millis
	queue   []fact.ID // lacking here, in the order in which they are asked for
	retry   []fact.ID // did not come, asked for again at the next tick
	about   map[fact.ID]fact.Subject
	tries   map[fact.ID]int
	omitted map[fact.ID]bool // told
	missed  []fact.ID        // told, and asked for again with each pulse: it may come after all

	held map[fact.Subject][]journal.HeldBy // told, and not yet to the end
}

func newStatedState() statedState {
	return statedState{said: ledger{}, about: map[fact.ID]fact.Subject{}, tries: map[fact.ID]int{}, omitted: map[fact.ID]bool{}, held: map[fact.Subject][]journal.HeldBy{}}
}

// takeStatement checks a statement, and asks for the facts that it names and
// that are lacking here.
func (l *Link) takeStatement(ctx context.Context, m signedStatement) {
	var st Statement
	switch {
	case !l.isDesk() || l.peerDesk():
		return
	case !fact.VerifyLabelled(l.peer.Key, m.Sig, StatementLabel, m.Bytes):
		l.misstated("the statement's signature does not hold")
		return
	case fact.Decode(m.Bytes, &st) != nil:
		l.misstated("the statement is written in a way that this program can't read")
		return
	case st.Org != l.cfg.Store.Org() || st.Desk != l.self.card.Device || st.Site != l.peer.Device:
		l.misstated("the statement is of another site or for another desk")
		return
	case st.Number <= l.stated.number:
		return // it came twice, or late
	case st.Number != l.stated.number+1 && !st.Whole:
		l.send(typeAgain, again{Statement: true})
		return
	}
	held, ok := l.takeHeld(ctx, st)
	if !ok {
		return // the statement counts as not heard, and is asked for again
	}
	if st.Whole {
		l.forgetStated()
	}
	l.stated.held = held
	l.stated.number = st.Number
	gone, fresh := l.applyStatement(st)
	if l.stated.said.digest() != st.Digest {
		l.misstated("the statement does not sum up to its digest")
		return
	}
	l.effect(Stated{Peer: l.peer.Device, Number: st.Number, Digest: st.Digest, Statement: append(append([]byte(nil), m.Bytes...), m.Sig...),
		Whole: st.Whole, Parts: st.Parts})
	if len(gone) > 0 {
		l.effect(LetGo{Peer: l.peer.Device, Subjects: gone})
	}
	for _, g := range fresh {
		lacking, err := l.cfg.Store.Lacking(ctx, g.Subject, g.IDs)
		if err != nil {
			l.trouble("look for stated facts", err)
			lacking = g.IDs
		}
		l.stated.queue = append(l.stated.queue, lacking...)
	}
	l.blobs.look = true
}

// takeHeld keeps what a statement tells to the end of what is held back, and
// gives what is still to come to its end.
func (l *Link) takeHeld(ctx context.Context, st Statement) (map[fact.Subject][]journal.HeldBy, bool) {
	open, done := map[fact.Subject][]journal.HeldBy{}, map[fact.Subject][]journal.HeldBy{}
	if !st.Whole {
		maps.Copy(open, l.stated.held)
	}
	count := 0
	for _, e := range st.Parts {
		told := slices.Concat(open[e.Subject], e.Held)
		if delete(open, e.Subject); e.Gone {
			continue
		}
		if !e.Judged {
			if len(told) > 0 {
				open[e.Subject] = told
			}
			continue
		}
		done[e.Subject] = told
	}
	for _, told := range open {
		count += len(told)
	}
	if count > statedMost {
		l.misstated("the statement holds back more than a desk may be told to hold")
		return nil, false
	}
	if err := l.cfg.Store.TakeHeld(ctx, st.Site, done); err != nil {
		l.trouble("keep what is held back", err)
		return nil, false
	}
	return open, true
}

// forgetStated begins from nothing; what was asked for is asked for again if
// it is stated again.
func (l *Link) forgetStated() {
	number, omitted := l.stated.number, l.stated.omitted
	l.stated = newStatedState()
	l.stated.number, l.stated.omitted = number, omitted
}

func (l *Link) applyStatement(st Statement) (gone []fact.Subject, fresh []factsGroup) {
	s := &l.stated
	for _, e := range st.Parts {
		if e.Gone {
			gone = append(gone, e.Subject)
		}
		if e.Gone && len(e.Add) == 0 {
			s.letGo(e.Subject)
			continue
		}
		if s.count+len(e.Add) > statedMost {
			continue // the digest will not fit, and that is told
		}
		all, added := merge(s.said[e.Subject], e.Add)
		s.said[e.Subject] = all
		s.count += len(added)
		for _, id := range added {
			s.about[id] = e.Subject
		}
		if len(added) > 0 {
			fresh = append(fresh, factsGroup{Subject: e.Subject, IDs: added})
		}
	}
	if len(gone) > 0 {
		s.dropUnstated()
	}
	return gone, fresh
}

// letGo takes a subject out of what was stated.
func (s *statedState) letGo(subject fact.Subject) {
	for _, id := range s.said[subject] {
		if s.about[id] == subject {
			delete(s.about, id)
		}
	}
	s.count -= len(s.said[subject])
	delete(s.said, subject)
}

// dropUnstated stops asking for facts that are stated no more: the site gives
// them to nobody who is not to hold them. Stated again they are told again if they
// don't come.
func (s *statedState) dropUnstated() {
	unstated := func(id fact.ID) bool { return !s.states(id) }
	for _, list := range []*[]fact.ID{&s.queue, &s.retry, &s.missed, &s.asked} {
		*list = slices.DeleteFunc(*list, unstated)
	}
	maps.DeleteFunc(s.tries, func(id fact.ID, _ int) bool { return unstated(id) })
	maps.DeleteFunc(s.omitted, func(id fact.ID, _ bool) bool { return unstated(id) })
}

// states tells whether a fact is stated, of whichever subject.
func (s *statedState) states(id fact.ID) bool {
	if _, known := s.about[id]; known {
		return true
	}
	for subject, ids := range s.said {
		if _, named := slices.BinarySearchFunc(ids, id, func(a, b fact.ID) int { return bytes.Compare(a[:], b[:]) }); named {
			s.about[id] = subject
			return true
		}
	}
	return false
}

func (l *Link) misstated(why string) {
	l.effect(Omitted{Peer: l.peer.Device, Why: why})
}

// fetchFacts asks for stated facts, one question at a time.
func (l *Link) fetchFacts(ctx context.Context) {
	s := &l.stated
	if s.ask != 0 || len(s.queue) == 0 {
		return
	}
	count := min(len(s.queue), factsAtOnce)
	s.asked = append([]fact.ID(nil), s.queue[:count]...)
	s.queue = s.queue[count:]
	s.ask, s.since = l.nextAsk(), l.now
	m := factsAsk{Ask: s.ask}
	for _, id := range s.asked { // those of one subject stand together
		at := len(m.Groups) - 1
		if at < 0 || m.Groups[at].Subject != s.about[id] {
			m.Groups = append(m.Groups, factsGroup{Subject: s.about[id]})
			at++
		}
		m.Groups[at].IDs = append(m.Groups[at].IDs, id)
	}
	var subjects []fact.Subject
	for _, g := range m.Groups {
		subjects = append(subjects, g.Subject)
	}
	m.Anew = l.cfg.Store.Anew(ctx, subjects)
	l.send(typeFactsAsk, m)
}

// takeFacts takes single facts in: stated ones, or such as mend damage.
func (l *Link) takeFacts(ctx context.Context, m factsMessage) {
	if m.Ask != 0 && m.Ask == l.mend.ask {
		l.mended(ctx, m)
		return
	}
	s := &l.stated
	if s.ask == 0 || m.Ask != s.ask {
		return
	}
	s.since = l.now
	failed := l.receiveProved(ctx, m.Proved)
	came := map[fact.ID]bool{}
	for _, f := range m.Proved.Facts {
		if h, err := fact.ParseHeader(f.Header); err == nil {
			came[h.ID()] = true
		}
	}
	var rest []fact.ID
	for _, id := range s.asked {
		switch {
		case failed[id] != nil && !errors.Is(failed[id], journal.ErrBad): // this device's own trouble
			l.trouble("take in a stated fact", failed[id])
			s.retry = append(s.retry, id)
		case failed[id] != nil:
			s.missed = append(s.missed, id)
			l.omit(id, "its proof does not hold: "+failed[id].Error())
		case came[id]:
			delete(s.tries, id)
		default:
			rest = append(rest, id)
		}
	}
	s.asked = rest
	if m.Last {
		l.endFacts()
	}
}

// endFacts queues what did not come again, and tells what never comes.
func (l *Link) endFacts() {
	s := &l.stated
	for _, id := range s.asked {
		if s.tries[id]++; s.tries[id] < factTries {
			s.retry = append(s.retry, id)
			continue
		}
		s.missed = append(s.missed, id)
		l.omit(id, "it is named in the statement and does not come")
	}
	s.ask, s.asked = 0, nil
}

func (l *Link) omit(id fact.ID, why string) {
	if l.stated.omitted[id] {
		return
	}
	l.stated.omitted[id] = true
	l.effect(Omitted{Peer: l.peer.Device, Subject: l.stated.about[id], Fact: id, Why: why})
}

// askForMissed asks once more for what did not come, and for what this desk let
// go of just when it became its live work again.
func (l *Link) askForMissed(ctx context.Context) {
	s := &l.stated
	if s.ask != 0 || len(s.queue) > 0 {
		return
	}
	s.queue, s.missed = s.missed, nil
	again := l.cfg.Store.Anew(ctx, slices.Collect(maps.Keys(s.said)))
	slices.SortFunc(again, func(a, b journal.Anew) int { return bytes.Compare(a.Subject[:], b.Subject[:]) })
	for _, one := range again {
		s.queue = append(s.queue, s.said[one.Subject]...)
	}
}

func (l *Link) dropLateFacts() {
	if s := &l.stated; s.ask != 0 && l.since(s.since) >= l.cfg.Limits.Patience {
		s.retry = append(s.retry, s.asked...) // no answer is no omission
		s.ask, s.asked = 0, nil
	}
	l.stated.queue, l.stated.retry = append(l.stated.queue, l.stated.retry...), nil
}

// receiveProved takes facts in together, and one by one if that fails, so that
// a bad one stops no other. It tells which failed.
func (l *Link) receiveProved(ctx context.Context, p journal.Proved) map[fact.ID]error {
	failed := map[fact.ID]error{}
	if len(p.Facts) == 0 {
		return failed
	}
	if err := l.cfg.Store.ReceiveProved(ctx, p); err == nil {
		l.changed()
		l.blobs.look = true
		return failed
	}
	for _, f := range p.Facts {
		h, err := fact.ParseHeader(f.Header)
		if err != nil {
			continue // it is not among those that came
		}
		one := journal.Proved{Heads: p.Heads, Facts: []journal.ProvedFact{f}, Wraps: p.Wraps}
		if err := l.cfg.Store.ReceiveProved(ctx, one); err != nil {
			failed[h.ID()] = err
			continue
		}
		l.changed()
	}
	l.blobs.look = true
	return failed
}
