package replicate

import (
	"context"
	"slices"
	"sort"

	"holdfast/fact"
	"holdfast/journal"
)

// StatementLabel is the label under which a site node signs a statement.
const StatementLabel = "holdfast/statement/1"

const (
	statementIDs      = 8192 // in one part; what is held back counts twice
	statementSubjects = 2048
)

// Statement says what a desk should hold: signed by a site node, so that an
// omission shows and can be proved. Each number changes the one before.
type Statement struct {
	Org    fact.OrgID       `cbor:"1,keyasint"`
	Site   fact.Subject     `cbor:"2,keyasint"`
	Desk   fact.Subject     `cbor:"3,keyasint"`
	Number uint64           `cbor:"4,keyasint"`
	Whole  bool             `cbor:"5,keyasint"` // changes nothing before: all begins here
	Time   fact.Millis      `cbor:"6,keyasint"`
	Digest fact.Hash        `cbor:"7,keyasint"` // of all that is stated, this part included
	Parts  []StatementEntry `cbor:"8,keyasint"`
}

// StatementEntry adds facts to what is stated of a subject, or says that the
// subject is no live work of the desk any more: first with how it ended, if the
// desk may not have that, and after a while alone. Held is what cuts hold back of
// the subject: a desk can't always tell by itself. It may come in several
// entries, one after another; it counts when one of them is Judged, together
// with what came before, in place of all that was told of the subject earlier.
type StatementEntry struct {
	_       struct{} `cbor:",toarray"`
	Subject fact.Subject
	Gone    bool
	Add     []fact.ID
	Judged  bool // with this entry Held is told to the end
	Held    []journal.HeldBy
}

// signedStatement is a statement on the wire.
type signedStatement struct {
	Bytes []byte `cbor:"1,keyasint"`
	Sig   []byte `cbor:"2,keyasint"`
}

// ledger is what a statement says: ids by subject, sorted.
type ledger map[fact.Subject][]fact.ID

// digest sums a ledger up, whatever order it came about in. Of a subject without
// facts nothing was stated yet: it does not count.
func (g ledger) digest() fact.Hash {
	subjects := make([]fact.Subject, 0, len(g))
	for s, ids := range g {
		if len(ids) > 0 {
			subjects = append(subjects, s)
		}
	}
	sortSubjects(subjects)
	parts := make([][]byte, 0, 2*len(subjects))
	for _, s := range subjects {
		ids := make([][]byte, len(g[s]))
		for i := range g[s] {
			ids[i] = g[s][i][:]
		}
		sum := hashAll("holdfast/statement-subject/1", ids...)
		parts = append(parts, append([]byte(nil), s[:]...), append([]byte(nil), sum[:]...))
	}
	return hashAll("holdfast/statement-digest/1", parts...)
}

func sortSubjects(s []fact.Subject) {
	sort.Slice(s, func(i, j int) bool { return string(s[i][:]) < string(s[j][:]) })
}

func sortIDs(ids []fact.ID) {
	sort.Slice(ids, func(i, j int) bool { return string(ids[i][:]) < string(ids[j][:]) })
}

// merge adds ids to sorted ones and tells which were new.
func merge(old, add []fact.ID) (all, fresh []fact.ID) {
	seen := make(map[fact.ID]bool, len(old))
	for _, id := range old {
		seen[id] = true
	}
	all = append(all, old...)
	for _, id := range add {
		if !seen[id] {
			seen[id] = true
			all, fresh = append(all, id), append(fresh, id)
		}
	}
	sortIDs(all)
	sortIDs(fresh)
	return all, fresh
}

// statingState is what a site node has stated to a desk.
type statingState struct {
	on     bool
	said   ledger
	held   map[fact.Subject][]journal.HeldBy
	ids    map[fact.ID]int // how many subjects name a fact
	number uint64
	whole  bool // the next part begins anew
	queue  []fact.Subject
	queued map[fact.Subject]bool
	at     fact.Millis // when something was stated last
	rest   *telling    // of one subject, for which the parts before had no room

	leaving map[fact.Subject]fact.Millis // no live work any more, and how it ended was stated then
}

// telling is what is still to be said of a subject.
type telling struct {
	subject fact.Subject
	gone    bool             // it is no live work any more: how it ended
	judged  bool             // what is held back is to be said, to the end
	held    []journal.HeldBy // in this order, before the facts
	all     []journal.HeldBy
	add     []fact.ID
}

func newStatingState() statingState {
	return statingState{said: ledger{}, held: map[fact.Subject][]journal.HeldBy{}, ids: map[fact.ID]int{}, queued: map[fact.Subject]bool{}, leaving: map[fact.Subject]fact.Millis{}}
}

// beginStatement states all of a desk's live work, from the beginning.
func (l *Link) beginStatement(ctx context.Context) {
	if l.cfg.Scope == nil || !l.peerDesk() || l.isDesk() {
		return
	}
	number := l.stating.number
	l.stating = newStatingState()
	l.stating.on, l.stating.whole, l.stating.number = true, true, number
	if e, ok := l.cfg.Scope.(Ender); ok {
		ended, err := e.Ended(ctx, l.peer.Device)
		if err != nil {
			l.trouble("read what a desk holds of ended work", err)
		}
		for _, subject := range ended {
			l.stating.said[subject] = nil // stated once more, and gone after a while
		}
	}
	l.restate(ctx, nil)
}

// Touched tells a site node's link to a desk that these subjects have new
// facts, or that the desk's live work has changed.
func (l *Link) Touched(ctx context.Context, subjects []fact.Subject, now fact.Millis) Out {
	if l.closed || !l.ready || !l.stating.on {
		return Out{}
	}
	l.now, l.offers.local = now, nil
	l.restate(ctx, subjects)
	return l.flush()
}

// restate queues what entered the scope, what left it, and what was touched.
func (l *Link) restate(ctx context.Context, touched []fact.Subject) {
	if _, err := l.cfg.Store.Wraps(ctx, l.peer.Device, nil); err != nil {
		return // no key can be closed for this desk yet: it would hold what it can't read
	}
	scope, err := l.cfg.Scope.Subjects(ctx, l.peer.Device)
	if err != nil {
		l.trouble("read a desk's live work", err)
		return
	}
	s := &l.stating
	inside := make(map[fact.Subject]bool, len(scope))
	for _, subject := range scope {
		inside[subject] = true
		if ids, said := s.said[subject]; !said || ids == nil {
			l.queueSubject(subject)
		}
	}
	for subject := range s.said {
		if !inside[subject] {
			l.queueSubject(subject)
		}
	}
	for _, subject := range touched {
		if inside[subject] {
			l.queueSubject(subject)
		}
	}
	sortSubjects(s.queue)
}

func (l *Link) queueSubject(s fact.Subject) {
	if !l.stating.queued[s] {
		l.stating.queued[s] = true
		l.stating.queue = append(l.stating.queue, s)
	}
}

// stateNext sends one part of a statement.
func (l *Link) stateNext(ctx context.Context) {
	scope, err := l.cfg.Scope.Subjects(ctx, l.peer.Device)
	if err != nil {
		l.trouble("read a desk's live work", err)
		l.stating.queue, l.stating.queued, l.stating.rest = nil, map[fact.Subject]bool{}, nil
		return
	}
	inside := make(map[fact.Subject]bool, len(scope))
	for _, subject := range scope {
		inside[subject] = true
	}
	s := &l.stating
	st := Statement{
		Org: l.cfg.Store.Org(), Site: l.self.card.Device, Desk: l.peer.Device, Number: s.number + 1, Whole: s.whole, Time: l.now,
	}
	for room := statementIDs; room > 0 && len(st.Parts) < statementSubjects && l.statesMore(); {
		if s.rest != nil && s.rest.gone == inside[s.rest.subject] { // it left the desk's live work meanwhile, or came back
			l.queueSubject(s.rest.subject)
			s.rest = nil
			continue
		}
		if s.rest != nil {
			entry := s.say(room)
			room -= len(entry.Add) + 2*len(entry.Held)
			st.Parts = append(st.Parts, entry)
			continue
		}
		subject := s.queue[0]
		s.queue = s.queue[1:]
		delete(s.queued, subject)
		if inside[subject] {
			s.rest = l.tellingOf(ctx, subject)
			continue
		}
		stays := false
		if s.rest, stays = l.ending(ctx, subject); !stays && s.forget(subject) {
			st.Parts = append(st.Parts, StatementEntry{Subject: subject, Gone: true})
		}
	}
	if len(st.Parts) == 0 && !s.whole {
		return
	}
	l.sayStatement(st)
}

// sayStatement signs a statement and sends it.
func (l *Link) sayStatement(st Statement) {
	s := &l.stating
	st.Digest = s.said.digest()
	raw, err := fact.Encode(st)
	if err != nil {
		l.trouble("write a statement", err)
		return
	}
	s.number, s.whole, s.at = st.Number, false, l.now
	l.send(typeStatement, signedStatement{Bytes: raw, Sig: l.cfg.Identity.Sign(StatementLabel, raw)})
}

// stateAgain states, now and then, that nothing has changed: signed and dated, it
// renews the desk's authority (see Renewed). It waits for what is still to be
// stated.
func (l *Link) stateAgain() {
	s := &l.stating
	if !s.on || s.whole || l.statesMore() || l.since(s.at) < l.cfg.Limits.Renew && l.now >= s.at {
		return
	}
	l.sayStatement(Statement{Org: l.cfg.Store.Org(), Site: l.self.card.Device, Desk: l.peer.Device, Number: s.number + 1, Time: l.now})
}

// statesMore tells whether something is still to be stated.
func (l *Link) statesMore() bool { return l.stating.rest != nil || len(l.stating.queue) > 0 }

// forget takes back what was said of a subject; false when nothing was.
func (s *statingState) forget(subject fact.Subject) bool {
	old, said := s.said[subject]
	for _, id := range old {
		if s.ids[id]--; s.ids[id] <= 0 {
			delete(s.ids, id)
		}
	}
	delete(s.said, subject)
	delete(s.held, subject)
	delete(s.leaving, subject)
	return said
}

// lingers is how long, in patience, a subject that is no live work any more stays
// stated after how it ended was.
const lingers = 6

// ending finds how the work on a subject ended, to be stated before it is stated
// as gone, so that a desk does not go on showing it as open. It lingers for a
// while once that was done.
func (l *Link) ending(ctx context.Context, subject fact.Subject) (t *telling, stays bool) {
	s := &l.stating
	old, said := s.said[subject]
	if !said {
		return nil, false
	}
	facts, err := l.cfg.Scope.Facts(ctx, subject)
	if err != nil {
		l.trouble("list a subject's facts", err)
		return nil, false
	}
	if _, fresh := merge(old, facts); len(fresh) > 0 {
		s.leaving[subject] = l.now
		return &telling{subject: subject, gone: true, add: fresh}, true
	}
	at, is := s.leaving[subject]
	return nil, is && l.since(at) < lingers*l.cfg.Limits.Patience
}

// endLeaving states as gone what has lingered.
func (l *Link) endLeaving() {
	for subject, at := range l.stating.leaving {
		if l.since(at) >= lingers*l.cfg.Limits.Patience {
			l.queueSubject(subject)
		}
	}
	sortSubjects(l.stating.queue)
}

// tellingOf finds what is new about a subject; nil when nothing is.
func (l *Link) tellingOf(ctx context.Context, subject fact.Subject) *telling {
	s := &l.stating
	old, said := s.said[subject]
	_, back := s.leaving[subject]
	facts, err := l.cfg.Scope.Facts(ctx, subject)
	if err != nil {
		l.trouble("list a subject's facts", err)
		return nil
	}
	held, err := l.cfg.Store.HeldOf(ctx, subject)
	if err != nil {
		l.trouble("list what is held back of a subject", err)
		return nil
	}
	t := &telling{subject: subject, judged: !said || !slices.Equal(held, s.held[subject]), all: held}
	if t.judged {
		t.held = held
	}
	delete(s.leaving, subject)
	if _, t.add = merge(old, facts); !t.judged && len(t.add) == 0 && !back {
		return nil
	}
	return t
}

// say takes as much as there is room for out of what is still to be said of a
// subject, and notes it as said.
func (s *statingState) say(room int) StatementEntry {
	t := s.rest
	entry := StatementEntry{Subject: t.subject, Gone: t.gone}
	n := min(len(t.held), (room+1)/2)
	entry.Held, t.held = t.held[:n], t.held[n:]
	room -= 2 * n
	if t.judged && len(t.held) == 0 {
		entry.Judged, t.judged, s.held[t.subject] = true, false, t.all
	}
	if !t.judged { // a desk learns what is held back before it has it
		n = max(0, min(len(t.add), room))
		entry.Add, t.add = t.add[:n], t.add[n:]
	}
	all, fresh := merge(s.said[t.subject], entry.Add)
	for _, id := range fresh {
		s.ids[id]++
	}
	s.said[t.subject] = all
	if !t.judged && len(t.add) == 0 {
		s.rest = nil
	}
	return entry
}
