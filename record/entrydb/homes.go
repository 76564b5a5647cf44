// Package entrydb opens the ways into homes: it lets the caller in by the gate,
// decides on folded state, saves what is said, and only then has the vault open
// one home.
//
// Its law: nothing is shown of which the opening is not saved and flushed; one
// call shows one home and none lists several; what is opened is handed to the
// page that asked and kept nowhere.
package entrydb

import (
	"context"
	"errors"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/task"
)

// Gate is the door that every caller passes first.
type Gate interface {
	Enter(ctx context.Context, by access.Caller, act access.Act, about fact.Subject) error
}

// Vault closes and opens what is kept on homes. A device that cannot open still
// closes.
type Vault interface {
	Seal(info, plain []byte) ([]byte, error)
	Open(info, sealed []byte) ([]byte, error)
	Opens() bool
}

// Relations says what ties a caller to a home just now. Urgent care answers
// from its cases; home care, when it comes, from its visits.
type Relations interface {
	Grounds(ctx context.Context, by access.Caller, person fact.Subject, r entry.Rules, now time.Time) entry.Grounds
}

// Homes works the vault of entry codes of one organisation on one device.
type Homes struct {
	Journal   *journal.Journal
	Gate      Gate
	Vault     Vault
	Relations []Relations
	Rules     entry.Rules
	Device    access.Caller                        // this device itself
	Gone      func(ctx context.Context) entry.Gone // who has left, what was cut off
	Clock     journal.Clock
	Site      Site // whom a device asks that opens no homes itself; nil: nobody
	Most      int  // how many homes, and asks, are read for a list; 0: 20,000 and 500
}

// viewWait is how long an answer waits for the view.
const viewWait = 50 * time.Millisecond

// Home is what a page shows of one home: that something is kept, never what.
type Home struct {
	Code    entry.Code
	Person  record.Person
	Grounds entry.Grounds
	Why     []string // it must be changed
	Unsure  bool     // who has left, and what was cut off, can't be read: nothing of that is in Why
	Open    bool     // the caller, in this session, has it open now
	Until   time.Time
	Openers [2]entry.Opener // the caller's, today and yesterday
}

func (s *Homes) org() fact.OrgID {
	id, err := s.Journal.Genesis().ID()
	if err != nil {
		panic("a journal that is open has a genesis with an id: " + err.Error())
	}
	return id
}

// CodeOf names what is kept on a person's home.
func (s *Homes) CodeOf(person fact.Subject) fact.Subject { return entry.SubjectOf(s.org(), person) }

// days names the caller's openings of today and yesterday.
func (s *Homes) days(person fact.Subject, now time.Time) [2]fact.Subject {
	return [2]fact.Subject{entry.OpenerOf(s.org(), person, now), entry.OpenerOf(s.org(), person, now.AddDate(0, 0, -1))}
}

func (s *Homes) grounds(ctx context.Context, by access.Caller, person fact.Subject, now time.Time) (g entry.Grounds) {
	for _, r := range s.Relations {
		more := r.Grounds(ctx, by, person, s.Rules, now)
		g.Relations, g.Unknown = append(g.Relations, more.Relations...), g.Unknown || more.Unknown
	}
	return g
}

// Home lets the caller in, records the look, and says what is known of a home.
func (s *Homes) Home(ctx context.Context, by access.Caller, person fact.Subject, now time.Time) (h Home, err error) {
	if err := s.Gate.Enter(ctx, by, access.SeeEntry, person); err != nil {
		return h, err
	}
	if h, err = s.read(ctx, by, person, now); err != nil {
		return h, err
	}
	gone := s.Gone(ctx)
	h.Unsure = gone.Unknown // whoever needs to get in waits for no staff list
	h.Why, h.Grounds = h.Code.MustChange(gone), s.grounds(ctx, by, person, now)
	if o, open := s.openNow(h, by, now); open {
		h.Open, h.Until = true, o.What.Until.Time()
	}
	return h, ctx.Err()
}

// read folds a home, whose it is, and what the caller has opened.
func (s *Homes) read(ctx context.Context, by access.Caller, person fact.Subject, now time.Time) (h Home, err error) {
	if h.Person, err = journal.Fold(ctx, s.Journal, person, record.Fold); err != nil {
		return h, err
	}
	if !h.Person.Registered {
		return h, s.Journal.Gone(person, refusal.New(refusal.Missing, "There is no such record here."))
	}
	if h.Code, err = journal.Fold(ctx, s.Journal, s.CodeOf(person), entry.Fold); err != nil {
		return h, err
	}
	for i, day := range s.days(by.Person, now) {
		if h.Openers[i], err = journal.Fold(ctx, s.Journal, day, entry.FoldOpener); err != nil {
			return h, err
		}
	}
	return h, nil
}

// openNow finds the opening by which this session is shown the home now. One of
// a way in that was changed meanwhile shows nothing: it is opened anew.
func (s *Homes) openNow(h Home, by access.Caller, now time.Time) (entry.Opening, bool) {
	for i := len(h.Code.Openings) - 1; i >= 0; i-- {
		o := h.Code.Openings[i]
		if o.Current && o.By == by.Person && o.Session == by.Session && entry.StillOpen(h.Openers[:], h.Code.Subject, o.What.Until, now) {
			return o, true
		}
	}
	return entry.Opening{}, false
}

// do runs a verb on one home and the person's record.
func (s *Homes) do(ctx context.Context, by access.Caller, act access.Act, person fact.Subject, seen []fact.ID, verb func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error)) error {
	if err := s.Gate.Enter(ctx, by, act, person); err != nil {
		return err
	}
	code := s.CodeOf(person)
	var page journal.Seen
	if seen != nil {
		page = journal.Seen{code: seen}
	}
	saved, err := s.Journal.Do(ctx, by.Author(), page, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := journal.FoldIn(tx, code, entry.Fold)
		if err != nil {
			return nil, err
		}
		return verb(tx, c)
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}

// Keep closes a way in for the vault and keeps it with a person's record. seen
// is the frontier of the home that the page showed.
func (s *Homes) Keep(ctx context.Context, by access.Caller, person fact.Subject, seen []fact.ID, p entry.Plain, why string) error {
	if err := by.May(access.KeepEntry); err == nil {
		if err := p.Check(); err != nil {
			return err
		}
	}
	plain, err := p.Bytes()
	if err != nil {
		return err
	}
	sealed, err := s.Vault.Seal(entry.Info(s.org(), s.CodeOf(person)), plain)
	clear(plain)
	if err != nil {
		return err
	}
	if !s.Here() { // the site has what was kept before; this device has not
		_, err := s.ask(ctx, question{Session: by.Session, Person: person, Do: askKeep, Sealed: sealed, Why: why, Seen: seen})
		if !refusal.Is(err, refusal.Unavailable) {
			return err
		}
	}
	return s.keep(ctx, by, person, seen, entry.Keeping{Sealed: sealed, Why: why})
}

// KeepNone says that nothing is to be kept on a home any more.
func (s *Homes) KeepNone(ctx context.Context, by access.Caller, person fact.Subject, seen []fact.ID, why string) error {
	if !s.Here() {
		_, err := s.ask(ctx, question{Session: by.Session, Person: person, Do: askNone, Why: why, Seen: seen})
		return err
	}
	return s.keep(ctx, by, person, seen, entry.Keeping{None: true, Why: why})
}

func (s *Homes) keep(ctx context.Context, by access.Caller, person fact.Subject, seen []fact.ID, req entry.Keeping) error {
	return s.do(ctx, by, access.KeepEntry, person, seen, func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error) {
		p, err := journal.FoldIn(tx, person, record.Fold)
		if err != nil {
			return nil, err
		}
		return entry.Keep(c, p, by, req, tx.Now())
	})
}

// Open decides and saves that the caller is shown one home; Shown shows it. It is
// for devices that open homes themselves, others use OpenAtSite. An opening that is alarming becomes a task for the shift managers in the same
// act; one that is refused is on record too.
func (s *Homes) Open(ctx context.Context, by access.Caller, person fact.Subject, ask entry.Asking) error {
	if !s.Here() {
		return refusal.New(refusal.Unavailable, "This machine opens no homes by itself: a stolen one must not.")
	}
	err := s.do(ctx, by, access.OpenEntry, person, nil, func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error) {
		days, err := s.openers(tx, by.Person)
		if err != nil {
			return nil, err
		}
		out, err := entry.Open(c, days, by, s.grounds(ctx, by, person, tx.Now()), ask, s.Rules, s.Device.Person, tx.Now())
		if err != nil {
			return nil, err
		}
		return s.withTask(tx, by, c.Subject, out)
	})
	if refusal.Is(err, refusal.Forbidden) && !by.Session.Zero() && by.May(access.OpenEntry) == nil {
		err = errors.Join(err, s.tried(ctx, by, person))
	}
	return err
}

// tried records that somebody tried to open a home and was refused.
func (s *Homes) tried(ctx context.Context, by access.Caller, person fact.Subject) error {
	d := fact.Say(by.Session, access.Refused{Act: access.OpenEntry, About: person})
	d.Class = fact.ClassAudit
	_, err := s.Journal.Do(ctx, by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) { return []fact.Draft{d}, nil })
	return err
}

func (s *Homes) withTask(tx *journal.Tx, by access.Caller, code fact.Subject, drafts []fact.Draft) ([]fact.Draft, error) {
	for i, d := range drafts {
		o, ok := d.Content.(entry.Opened)
		if !ok || !o.Alarming() {
			continue
		}
		id, err := tx.NewSubject()
		if err != nil {
			return nil, err
		}
		about, number, how := o.About, "", ", unusually"
		if o.Ground == entry.ForEmergency {
			how = " in an emergency"
		}
		if about.Zero() {
			about = code
		}
		if o.Number != "" {
			number = " on case " + o.Number
		}
		more, err := task.Raise(task.Task{Subject: id}, s.Device, task.Raised{
			What: task.HomeOpened, List: task.Managers, About: about, Urgent: true,
			Reason: by.Says() + " opened the way into a home" + how + number + ". Take note of it under Homes; ring them if you cannot tell why.",
		}, tx.Now())
		if err != nil {
			return nil, err
		}
		o.Task = id
		drafts[i].Content = o
		return append(drafts, more...), nil
	}
	return drafts, nil
}

// Shown is one home in clear, until it is covered.
type Shown struct {
	Ways   []Way // several when they were set apart
	Person record.Person
	Code   entry.Code
	Until  time.Time
}

// Way is one way in with where it comes from.
type Way struct {
	Plain      entry.Plain `cbor:"1,keyasint"`
	Value      entry.Value `cbor:"2,keyasint"`
	Unreadable bool        `cbor:"3,keyasint,omitempty"` // it is kept and could not be opened here
}

// Shown lets the caller in and opens the one home of which this session has a
// saved opening that has not run out or been covered. What let them open it lets
// them see it: nothing more is asked for, and nothing else need be readable.
func (s *Homes) Shown(ctx context.Context, by access.Caller, person fact.Subject, now time.Time) (Shown, error) {
	if err := s.Gate.Enter(ctx, by, access.OpenEntry, person); err != nil {
		return Shown{}, err
	}
	h, err := s.read(ctx, by, person, now)
	if err != nil {
		return Shown{}, err
	}
	o, open := s.openNow(h, by, now)
	if !open {
		return Shown{}, refusal.New(refusal.Taken, "It is covered. Open it again if you still need it.")
	}
	out := Shown{Person: h.Person, Code: h.Code, Until: o.What.Until.Time()}
	history, err := s.Journal.History(ctx, h.Code.Subject)
	if err != nil {
		return Shown{}, err
	}
	for _, v := range h.Code.Standing() {
		for _, id := range o.What.Values {
			if v.Fact == id {
				out.Ways = append(out.Ways, s.unseal(history, h.Code.Subject, v))
			}
		}
	}
	return out, nil
}

func (s *Homes) unseal(h fact.History, code fact.Subject, v entry.Value) Way {
	for _, f := range h.WithHeld().Facts() {
		if f.ID != v.Fact {
			continue
		}
		set, err := fact.Read[entry.Set](f)
		if err != nil {
			break
		}
		b, err := s.Vault.Open(entry.Info(s.org(), code), set.Sealed)
		if err != nil {
			break
		}
		defer clear(b)
		if p, err := entry.ReadPlain(b); err == nil {
			return Way{Plain: p, Value: v}
		}
	}
	return Way{Value: v, Unreadable: true}
}

// Cover ends the showing of a home before its time.
func (s *Homes) Cover(ctx context.Context, by access.Caller, person fact.Subject) error {
	if !s.Here() {
		_, err := s.ask(ctx, question{Session: by.Session, Person: person, Do: askCover})
		return err
	}
	return s.do(ctx, by, access.OpenEntry, person, nil, func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error) {
		days, err := s.openers(tx, by.Person)
		if err != nil {
			return nil, err
		}
		return entry.Cover(days, by, c.Subject, tx.Now())
	})
}

func (s *Homes) openers(tx *journal.Tx, person fact.Subject) (days [2]entry.Opener, err error) {
	for i, day := range s.days(person, tx.Now()) {
		if days[i], err = journal.FoldIn(tx, day, entry.FoldOpener); err != nil {
			return days, err
		}
	}
	return days, nil
}

// Doubt says that how to get into a home may be known to others.
func (s *Homes) Doubt(ctx context.Context, by access.Caller, person fact.Subject, why string) error {
	if !s.Here() {
		_, err := s.ask(ctx, question{Session: by.Session, Person: person, Do: askDoubt, Why: why})
		return err
	}
	return s.do(ctx, by, access.KeepEntry, person, nil, func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error) {
		return entry.DoubtIt(c, by, why, tx.Now())
	})
}

// Chase notes how far the change of a home has come.
func (s *Homes) Chase(ctx context.Context, by access.Caller, person fact.Subject, note string) error {
	return s.do(ctx, by, access.WatchEntry, person, nil, func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error) {
		return entry.ChaseIt(c, by, note, tx.Now())
	})
}

// TakeNote says that the caller has seen somebody else's opening; the task that
// told of it ends with that.
func (s *Homes) TakeNote(ctx context.Context, by access.Caller, person fact.Subject, opening fact.ID) error {
	return s.do(ctx, by, access.WatchEntry, person, nil, func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error) {
		out, err := entry.TakeNote(c, by, opening, tx.Now())
		if err != nil || len(out) == 0 {
			return nil, err
		}
		for _, o := range c.Openings {
			if o.Fact != opening || o.What.Task.Zero() {
				continue
			}
			t, err := journal.FoldIn(tx, o.What.Task, task.Fold)
			if err != nil {
				return nil, err
			}
			who := by
			if by.May(access.DoTask) != nil {
				who = s.Device
			}
			if !t.Open() {
				break
			}
			more, err := task.Finish(t, who, task.Done{Outcome: task.NotNeeded, Note: "Taken note of by " + by.Says()}, tx.Now())
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
		return out, nil
	})
}

// AskForMore asks for a second person's word to open more than is usual.
func (s *Homes) AskForMore(ctx context.Context, by access.Caller, why string) error {
	if err := s.Gate.Enter(ctx, by, access.OpenEntry, fact.Subject{}); err != nil {
		return err
	}
	return s.save(ctx, by, func(tx *journal.Tx) ([]fact.Draft, error) {
		days, err := s.openers(tx, by.Person)
		if err != nil {
			return nil, err
		}
		return entry.AskForMore(days[0], by, why, tx.Now())
	})
}

// AgreeToMore gives a second person's word.
func (s *Homes) AgreeToMore(ctx context.Context, by access.Caller, day fact.Subject, asked fact.ID) error {
	if err := s.Gate.Enter(ctx, by, access.AgreeEntry, fact.Subject{}); err != nil {
		return err
	}
	return s.save(ctx, by, func(tx *journal.Tx) ([]fact.Draft, error) {
		o, err := journal.FoldIn(tx, day, entry.FoldOpener)
		if err != nil {
			return nil, err
		}
		return entry.AgreeToMore(o, by, asked, s.Rules, tx.Now())
	})
}

func (s *Homes) save(ctx context.Context, by access.Caller, decide func(*journal.Tx) ([]fact.Draft, error)) error {
	saved, err := s.Journal.Do(ctx, by.Author(), nil, decide)
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}
