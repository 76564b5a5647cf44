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
	statementIDs      = 8192 // in one part
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
// desk may not have that, and after a while alone.
type StatementEntry struct {
	_       struct{} `cbor:",toarray"`
	Subject fact.Subject
	Gone    bool
	Add     []fact.ID
	Judged  bool             // Held is all that is held back of the subject now
	Held    []journal.HeldBy // what cuts hold back of it: a desk can't always tell by itself
}

// signedStatement is a statement on the wire.
type signedStatement struct {
	Bytes []byte `cbor:"1,keyasint"`
	Sig   []byte `cbor:"2,keyasint"`
}

// ledger is what a statement says: ids by subject, sorted.
type ledger map[fact.Subject][]fact.ID

// digest sums a ledger up, whatever order it came about in.
func (g ledger) digest() fact.Hash {
	subjects := make([]fact.Subject, 0, len(g))
	for s := range g {
		subjects = append(subjects, s)
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

	leaving map[fact.Subject]fact.Millis // no live work any more, and how it ended was stated then
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
		l.stating.queue, l.stating.queued = nil, map[fact.Subject]bool{}
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
	count := 0
	for len(s.queue) > 0 && count < statementIDs && len(st.Parts) < statementSubjects {
		subject := s.queue[0]
		s.queue = s.queue[1:]
		delete(s.queued, subject)
		entry, worth := l.entry(ctx, subject, inside[subject])
		if worth {
			st.Parts = append(st.Parts, entry)
			count += len(entry.Add)
		}
	}
	if len(st.Parts) == 0 && !s.whole {
		return
	}
	st.Digest = s.said.digest()
	raw, err := fact.Encode(st)
	if err != nil {
		l.trouble("write a statement", err)
		return
	}
	s.number, s.whole = st.Number, false
	l.send(typeStatement, signedStatement{Bytes: raw, Sig: l.cfg.Identity.Sign(StatementLabel, raw)})
}

// lingers is how long, in patience, a subject that is no live work any more stays
// stated after how it ended was.
const lingers = 6

// ending states how the work on a subject ended before it is stated as gone, so
// that a desk does not go on showing it as open. False when that was done.
func (l *Link) ending(ctx context.Context, subject fact.Subject, old []fact.ID) (StatementEntry, bool) {
	facts, err := l.cfg.Scope.Facts(ctx, subject)
	if err != nil {
		l.trouble("list a subject's facts", err)
		return StatementEntry{}, false
	}
	s := &l.stating
	all, fresh := merge(old, facts)
	if len(fresh) > 0 {
		for _, id := range fresh {
			s.ids[id]++
		}
		s.said[subject], s.leaving[subject] = all, l.now
		return StatementEntry{Subject: subject, Gone: true, Add: fresh}, true
	}
	at, is := s.leaving[subject]
	return StatementEntry{}, is && l.since(at) < lingers*l.cfg.Limits.Patience
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

// entry says what is new about a subject and notes it as said.
func (l *Link) entry(ctx context.Context, subject fact.Subject, inside bool) (StatementEntry, bool) {
	s := &l.stating
	old, said := s.said[subject]
	_, back := s.leaving[subject]
	if inside {
		delete(s.leaving, subject)
	} else if said {
		if entry, ended := l.ending(ctx, subject, old); ended {
			return entry, len(entry.Add) > 0
		}
	}
	if !inside {
		delete(s.leaving, subject)
		for _, id := range old {
			if s.ids[id]--; s.ids[id] <= 0 {
				delete(s.ids, id)
			}
		}
		delete(s.said, subject)
		delete(s.held, subject)
		return StatementEntry{Subject: subject, Gone: true}, said
	}
	facts, err := l.cfg.Scope.Facts(ctx, subject)
	if err != nil {
		l.trouble("list a subject's facts", err)
		return StatementEntry{}, false
	}
	held, err := l.cfg.Store.HeldOf(ctx, subject)
	if err != nil {
		l.trouble("list what is held back of a subject", err)
		return StatementEntry{}, false
	}
	judged := !said || !slices.Equal(held, s.held[subject])
	all, fresh := merge(old, facts)
	for _, id := range fresh {
		s.ids[id]++
	}
	s.said[subject], s.held[subject] = all, held
	entry := StatementEntry{Subject: subject, Add: fresh, Judged: judged}
	if judged {
		entry.Held = held
	}
	return entry, judged || len(fresh) > 0 || back
}
