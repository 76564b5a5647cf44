package accessdb

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// guarding is the part of the gate that knows what is laid down about looking.
type guarding struct {
	// Looking is what is laid down. Set it, and the functions below, before the
	// gate is used.
	Looking access.Looking

	// Records gives the records that a case is about; none for a record. nil:
	// no case is known here.
	Records func(ctx context.Context, about fact.Subject) ([]fact.Subject, error)

	// Care tells how somebody stands to a record or case by their open work.
	// nil: nothing is known of it.
	Care func(ctx context.Context, by access.Caller, about fact.Subject) access.Care

	// Log is told when something about looking can't be read; it holds no names.
	Log *slog.Logger

	marks    marks
	counting sync.Mutex
	counts   map[fact.Subject]*opened // by person
	found    map[lookKey]time.Time    // what a search showed to a session, and when
}

// marks is which records are watched, read once and anew when the
// organisation's own facts have moved.
type marks struct {
	mu   sync.Mutex
	now  access.Watched // nil: to be read
	turn uint64         // raised whenever what was read no longer counts
}

func (m *marks) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.turn = nil, m.turn+1
}

// keep keeps what was read in a turn, unless a mark was set meanwhile.
func (m *marks) keep(turn uint64, read access.Watched) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.turn == turn {
		m.now = read
	}
}

// opened is what one person opened.
type opened struct {
	records map[fact.Subject]time.Time // within the hour, and when last
	canary  time.Time                  // when they last opened a canary; zero: not in this session's time
}

// guard lets somebody through to an act, or says what is asked for first. The
// order is of care: what is allowed and theirs is never held up. It gives the
// reason that opened it, if one was needed.
func (g *Gate) guard(ctx context.Context, by access.Caller, q access.Ask, about fact.Subject) (answer access.Answer, why string, err error) {
	if err := by.InHand(q.Act, about); err != nil {
		return answer, "", err
	}
	answer, refused := by.Judge(q)
	if refused == nil || errors.Is(refused, access.ErrSayWhy) {
		if err := g.authority(ctx, by, q.Act, about); err != nil {
			return answer, "", err
		}
	}
	if by.Session.Zero() {
		return answer, "", refused
	}
	now := g.clock()
	if access.AuditOf(q.Act) != access.Look {
		if refused == nil {
			refused = by.ProofFor(g.Looking, q.Act, now)
		}
		return answer, "", refused
	}
	if refused == nil && g.lookedLately(lookKey{by.Session, about, q.Act, answer.Relation, answer.Purpose}, now) {
		return answer, "", nil
	}
	linked := g.linkedOrAlone(ctx, about)
	given, said := by.ReasonFor(now, linked...)
	if errors.Is(refused, access.ErrSayWhy) {
		answer, refused = g.unlinked(ctx, by, q, about, given.Why)
	}
	if refused != nil && (!said || !given.Glass) {
		if !errors.Is(refused, access.ErrSayWhy) && g.Looking.Of(by.Role).Glass {
			refused = refusal.New(refusal.Forbidden, refused.Error()+" If somebody’s care or safety needs it now, say why: you may look, and others are told at once.").Because(access.ErrSayWhy)
		}
		return answer, "", refused
	}
	if refused != nil { // against the table, with a reason that others were told: that opens nothing without authority
		if err := g.authority(ctx, by, q.Act, about); err != nil {
			return answer, "", err
		}
		answer = access.Answer{Audit: access.Look, Relation: access.Unlinked, Purpose: access.DirectCare, Told: true}
	}
	sensitive := g.Watched(ctx).Sensitive(linked...)
	if !said && sensitive {
		if care := g.care(ctx, by, about); care.Mine || care.Unknown {
			return answer, "", g.count(ctx, by, about, linked, now)
		}
		return answer, "", refusal.New(refusal.Forbidden, "This record is kept closer than others. Say why you open it; it is written down and looked at.").Because(access.ErrSayWhy)
	}
	if said && (sensitive || answer.Told) {
		why = given.Why
	}
	return answer, why, g.count(ctx, by, about, linked, now)
}

// unlinked judges anew a look that the table asks a reason for: their own open
// work links them, and so does a reason they gave. Where nothing is laid down
// about looking nobody can be asked, and nobody is kept out for want of a
// reason: the look says that nothing linked them to it.
func (g *Gate) unlinked(ctx context.Context, by access.Caller, q access.Ask, about fact.Subject, why string) (access.Answer, error) {
	switch care := g.care(ctx, by, about); {
	case care.Mine:
		q.Relation = access.OnCase
	case care.Unknown: // as everything that is not known of somebody at work
		q.Relation = access.OnShift
	}
	q.Why = why
	answer, refused := by.Judge(q)
	if errors.Is(refused, access.ErrSayWhy) && !g.Looking.Asks() {
		return answer, nil
	}
	return answer, refused
}

func (g *Gate) lookedLately(key lookKey, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	last, seen := g.looks[key]
	return seen && now.Sub(last) < lookEvery
}

// linked gives a subject, and the records it is about when it is a case.
func (g *Gate) linked(ctx context.Context, about fact.Subject) ([]fact.Subject, error) {
	if g.Records == nil || about.Zero() {
		return []fact.Subject{about}, nil
	}
	records, err := g.Records(ctx, about)
	return append([]fact.Subject{about}, records...), err
}

// linkedOrAlone is linked, and the subject alone where the records can't be read:
// a list that can't be read keeps nobody from a case.
func (g *Gate) linkedOrAlone(ctx context.Context, about fact.Subject) []fact.Subject {
	linked, err := g.linked(ctx, about)
	if err != nil {
		return []fact.Subject{about}
	}
	return linked
}

func (g *Gate) care(ctx context.Context, by access.Caller, about fact.Subject) access.Care {
	if g.Care == nil {
		return access.Care{}
	}
	care := g.Care(ctx, by, about)
	if care.Unknown {
		g.warn("what somebody has in hand can't be told; nothing is asked of them", nil)
	}
	return care
}

func (g *Gate) warn(what string, err error) {
	if g.Log != nil {
		g.Log.Warn(what, "err", err)
	}
}

// count adds a record to those opened within the hour, or asks who it is first.
func (g *Gate) count(ctx context.Context, by access.Caller, about fact.Subject, linked []fact.Subject, now time.Time) error {
	record := linked[len(linked)-1]
	have, err := g.opened(ctx, by.Person, now)
	if err != nil {
		g.warn("how many records somebody opened can't be counted; they go on", err)
		return nil // a cap that can't be counted holds nobody up: care comes first
	}
	n, canary := g.counted(have, record, by.Shown(), now)
	if by.Cap(g.Looking, n, access.Care{}, false) != nil || by.AfterCanary(g.Looking, canary, access.Care{}) != nil {
		care := g.care(ctx, by, about)
		until, err := g.liftedUntil(ctx, by.Role, now)
		if err != nil {
			g.warn("whether a cap is lifted can't be told; they go on", err)
			return nil // nor does one of which it can't be told whether it holds here
		}
		if err := by.Cap(g.Looking, n, care, !until.IsZero()); err != nil {
			return err
		}
		if err := by.AfterCanary(g.Looking, canary, care); err != nil && !n.Seen {
			return err
		}
	}
	trap := slices.ContainsFunc(linked, g.Watched(ctx).Canary)
	g.counting.Lock()
	defer g.counting.Unlock()
	have.records[record] = now
	if trap {
		have.canary = now
	}
	return nil
}

// counted counts what was opened within the hour and since the last proof, and
// gives when a canary was.
func (g *Gate) counted(have *opened, record fact.Subject, proved, now time.Time) (n access.Counted, canary time.Time) {
	g.counting.Lock()
	defer g.counting.Unlock()
	for s, at := range have.records {
		switch {
		case now.Sub(at) >= g.Looking.CapOver:
			delete(have.records, s)
		case !at.Before(proved):
			n.Records++
			n.Seen = n.Seen || s == record
		}
	}
	if now.Sub(have.canary) >= g.Policy.TokenLasts() { // no session of that time is left
		have.canary = time.Time{}
	}
	return n, have.canary
}

// opened gives what a person opened; after a start it is read from the looks on
// record. What it points to is the gate's own, under counting.
func (g *Gate) opened(ctx context.Context, person fact.Subject, now time.Time) (*opened, error) {
	g.counting.Lock()
	have, ok := g.counts[person]
	g.counting.Unlock()
	if ok {
		return have, nil
	}
	read, err := g.openedOnRecord(ctx, person, now)
	if err != nil {
		return nil, err
	}
	g.counting.Lock()
	defer g.counting.Unlock()
	if have, ok := g.counts[person]; ok {
		return have, nil
	}
	if g.counts == nil || len(g.counts) >= mostRemembered {
		g.counts = map[fact.Subject]*opened{}
	}
	g.counts[person] = read
	return read, nil
}

func (g *Gate) openedOnRecord(ctx context.Context, person fact.Subject, now time.Time) (read *opened, err error) {
	rows, err := g.journal.Views().QueryContext(ctx, `SELECT about, max(at) FROM access_look WHERE person = ? AND at > ? AND sort = ? AND act NOT IN (?, ?) GROUP BY about`,
		person[:], now.Add(-g.Policy.TokenLasts()).UnixMilli(), plainLook, string(access.FindPerson), string(access.SeeLooks))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	read = &opened{records: map[fact.Subject]time.Time{}}
	watched := g.Watched(ctx)
	for rows.Next() {
		var b []byte
		var ms int64
		if err := rows.Scan(&b, &ms); err != nil {
			return nil, err
		}
		linked := g.linkedOrAlone(ctx, fact.Subject(b))
		record, at := linked[len(linked)-1], time.UnixMilli(ms)
		if slices.ContainsFunc(linked, watched.Canary) && at.After(read.canary) {
			read.canary = at
		}
		if now.Sub(at) < g.Looking.CapOver && at.After(read.records[record]) {
			read.records[record] = at
		}
	}
	return read, rows.Err()
}

func (g *Gate) liftedUntil(ctx context.Context, role access.Role, now time.Time) (time.Time, error) {
	h, err := g.journal.History(ctx, g.journal.OrgSubject())
	return access.Lifted(h, role, now), err
}

// watchMarks forgets what is known of the marks when the organisation's own
// facts move.
func (g *Gate) watchMarks() {
	g.journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if f.Header.Subject == g.journal.OrgSubject() {
				g.marks.forget()
				return
			}
		}
	})
}

// Watched tells which records are marked. When that can't be read it says that
// none is: a mark never keeps anybody from care.
func (g *Gate) Watched(ctx context.Context) access.Watched {
	now, err := g.Marked(ctx)
	if err != nil {
		g.warn("which records are watched can't be read", err)
	}
	return now
}

// Marked is Watched for whoever must know that it can't be told.
func (g *Gate) Marked(ctx context.Context) (access.Watched, error) {
	g.marks.mu.Lock()
	now, turn := g.marks.now, g.marks.turn
	g.marks.mu.Unlock()
	if now != nil {
		return now, nil
	}
	h, err := g.journal.History(ctx, g.journal.OrgSubject())
	if err != nil {
		return access.Watched{}, err
	}
	now = access.FoldWatched(h)
	g.marks.keep(turn, now)
	return now, nil
}

// Found records that records were shown to somebody by a search: those that
// are watched, each once in a while. What was shown may be opened for a while.
func (g *Gate) Found(ctx context.Context, by access.Caller, records []fact.Subject) error {
	if by.Session.Zero() {
		return nil
	}
	watched, now := g.Watched(ctx), g.clock()
	var errs []error
	for _, s := range records {
		if len(watched[s]) > 0 {
			errs = append(errs, g.look(ctx, by, access.Looked{Act: access.FindPerson, About: s}))
		}
	}
	g.counting.Lock()
	defer g.counting.Unlock()
	if g.found == nil || len(g.found) >= mostRemembered {
		g.found = map[lookKey]time.Time{}
	}
	for _, s := range records {
		g.found[lookKey{session: by.Session, about: s}] = now
	}
	return errors.Join(errs...)
}

// FoundLately tells whether a search showed a record to the caller's session
// within the time that a reason opens one: whoever is about to take a call has
// looked for the caller, and no case says so yet.
func (g *Gate) FoundLately(by access.Caller, record fact.Subject) bool {
	g.counting.Lock()
	defer g.counting.Unlock()
	at, ok := g.found[lookKey{session: by.Session, about: record}]
	return ok && g.clock().Sub(at) < g.Looking.GlassLasts
}

// MarkRecord marks a record as watched, or takes the mark off.
func (g *Gate) MarkRecord(ctx context.Context, by access.Caller, req access.RecordMarked, whole Whole) error {
	if err := g.Enter(ctx, by, access.MarkRecord, fact.Subject{}); err != nil {
		return err
	}
	_, open, err := whole(ctx, req.About)
	if err != nil {
		return err
	}
	_, err = g.ofOrg(ctx, by, func(h fact.History, now time.Time) ([]fact.Draft, error) {
		return access.SetMark(access.FoldWatched(h), g.journal.OrgSubject(), by, req, open)
	})
	g.marks.forget()
	return err
}

// LiftCap lifts the cap of a role for a time.
func (g *Gate) LiftCap(ctx context.Context, by access.Caller, req access.CapLifted) error {
	if err := g.Enter(ctx, by, access.LiftCap, fact.Subject{}); err != nil {
		return err
	}
	_, err := g.ofOrg(ctx, by, func(_ fact.History, now time.Time) ([]fact.Draft, error) {
		return access.LiftTheCap(g.Looking, g.journal.OrgSubject(), by, req, now)
	})
	return err
}

// Lifts lets a manager in and lists what was lifted, the newest last.
func (g *Gate) Lifts(ctx context.Context, by access.Caller) ([]access.Lift, error) {
	if err := by.May(access.LiftCap); err != nil {
		return nil, err
	}
	h, err := g.journal.History(ctx, g.journal.OrgSubject())
	return access.Lifts(h), err
}

func (g *Gate) ofOrg(ctx context.Context, by access.Caller, verb func(fact.History, time.Time) ([]fact.Draft, error)) ([]fact.Fact, error) {
	return g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(g.journal.OrgSubject())
		if err != nil {
			return nil, err
		}
		return verb(h, tx.Now())
	})
}

// GiveReason says why the caller opens a record that is closed to them, so
// that they may for a while: the record that a case is about, with its cases.
func (g *Gate) GiveReason(ctx context.Context, by access.Caller, about fact.Subject, act access.Act, why string) error {
	if err := g.Enter(ctx, by, access.GiveReason, about); err != nil {
		return err
	}
	linked := g.linkedOrAlone(ctx, about)
	about = linked[len(linked)-1]
	_, err := g.ofSession(ctx, by, fact.ClassAudit, func(s access.Session, now time.Time) ([]fact.Draft, error) {
		before := 0
		for _, r := range s.Reasons {
			if r.Glass && now.Sub(r.Until.Time().Add(-g.Looking.GlassLasts)) < time.Hour {
				before++
			}
		}
		return access.GiveReasonFor(g.Looking, by, access.ReasonGiven{About: about, Act: act, Why: why}, before, now)
	})
	return err
}

// Lock locks the screen of the caller's session; the session stays.
func (g *Gate) Lock(ctx context.Context, by access.Caller, why string) error {
	_, err := g.ofSession(ctx, by, 0, func(s access.Session, _ time.Time) ([]fact.Draft, error) { return access.LockScreen(s, why) })
	return err
}

// ProveInDemo takes a press of a button for a passkey. The pages of a demo use
// it, where nobody has one; no other may.
func (g *Gate) ProveInDemo(ctx context.Context, by access.Caller, what string) error {
	return g.prove(ctx, by, access.SessionProved{Way: "demo", For: what})
}

func (g *Gate) prove(ctx context.Context, by access.Caller, p access.SessionProved) error {
	_, err := g.ofSession(ctx, by, 0, func(s access.Session, _ time.Time) ([]fact.Draft, error) { return access.ProveAgain(s, p) })
	return err
}

func (g *Gate) ofSession(ctx context.Context, by access.Caller, class fact.KeyClass, verb func(access.Session, time.Time) ([]fact.Draft, error)) ([]fact.Fact, error) {
	return g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(by.Session)
		if err != nil {
			return nil, err
		}
		drafts, err := verb(access.FoldSession(by.Session, h.Admit(g.journal.Own)), tx.Now())
		for i := range drafts {
			drafts[i].Class = class
		}
		return drafts, err
	})
}
