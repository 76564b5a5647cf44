package access

import (
	"errors"
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Session is the fold of one session.
type Session struct {
	ID       fact.Subject    `cbor:"1,keyasint"`
	Opened   []SessionOpened `cbor:"2,keyasint"`
	Ended    bool            `cbor:"3,keyasint"`
	Looks    uint32          `cbor:"4,keyasint"`
	NotShown []fact.ID       `cbor:"5,keyasint"`
	Proved   []Proof         `cbor:"6,keyasint"` // with its opening
	Reasons  []ReasonGiven   `cbor:"7,keyasint"`
	Locked   bool            `cbor:"8,keyasint"`
	LetOn    []fact.Millis   `cbor:"9,keyasint,omitempty"` // when colleagues let it go on
}

// Proof is one time that the person showed who they are.
type Proof struct {
	At  fact.Millis `cbor:"1,keyasint"`
	Way string      `cbor:"2,keyasint"`
	For string      `cbor:"3,keyasint"` // empty: the opening
}

// LastProof gives when the person last showed to us who they are; zero: never.
// What an identity provider said of them is none: dangerous acts ask for our
// passkey.
func (s Session) LastProof() time.Time {
	var last fact.Millis
	for _, p := range s.Proved {
		if p.Way == WayProvider {
			continue
		}
		last = max(last, p.At)
	}
	if last == 0 {
		return time.Time{}
	}
	return last.Time()
}

// Began gives when the session was opened; zero: not known.
func (s Session) Began() time.Time {
	for _, p := range s.Proved {
		if p.For == "" {
			return p.At.Time()
		}
	}
	return time.Time{}
}

// ByOwnDeviceOf tells whether the session is a person's, who came in by their own
// passkey; in a demo, by a link.
func (s Session) ByOwnDeviceOf(person fact.Subject) bool {
	return len(s.Opened) == 1 && s.Opened[0].Person == person && ByOwnDevice(s.Opened[0].Way)
}

// FoldSession folds the facts about one session.
func FoldSession(id fact.Subject, h fact.History) Session {
	s := Session{ID: id}
	var locks []int // places of locks that no proof has opened
	for i, f := range h.Facts() {
		if f.OfJournal() {
			continue
		}
		at := f.Body.Happened.From
		switch f.Body.Kind {
		case SessionOpened{}.FactKind().Number:
			c, err := fact.Read[SessionOpened](f)
			if err != nil {
				s.NotShown = append(s.NotShown, f.ID)
				continue
			}
			s.Opened = append(s.Opened, c)
			s.Proved = append(s.Proved, Proof{At: at, Way: c.Way})
		case SessionProved{}.FactKind().Number:
			c, err := fact.Read[SessionProved](f)
			if err != nil {
				s.NotShown = append(s.NotShown, f.ID)
				continue
			}
			if c.Way == WayColleague {
				if !s.letOn(f, c) {
					s.NotShown = append(s.NotShown, f.ID)
				}
				continue
			}
			s.Proved = append(s.Proved, Proof{At: at, Way: c.Way, For: c.For})
			locks = slices.DeleteFunc(locks, func(l int) bool { return h.Before(l, i) })
		case SessionLocked{}.FactKind().Number:
			locks = append(locks, i)
		case ReasonGiven{}.FactKind().Number:
			c, err := fact.Read[ReasonGiven](f)
			if err != nil {
				s.NotShown = append(s.NotShown, f.ID)
				continue
			}
			s.Reasons = append(s.Reasons, c)
		case SessionEnded{}.FactKind().Number:
			s.Ended = true
		case Looked{}.FactKind().Number, Refused{}.FactKind().Number:
			s.Looks++
		default:
			s.NotShown = append(s.NotShown, f.ID)
		}
	}
	s.Locked = len(locks) > 0
	return s
}

// OpenByLink opens a session with a one-time sign-in link. The browser that
// spent it may come again, another may not.
func OpenByLink(s Staff, p Policy, link fact.Hash, o SessionOpened, session fact.Subject, now time.Time) ([]fact.Draft, error) {
	l, err := s.link(link, ForSignIn, now)
	if err != nil {
		return nil, err
	}
	spent := false
	for _, one := range s.Spent {
		if one.Token == link && one.Browser != o.Browser {
			return nil, refusal.New(refusal.Forbidden, "This sign-in link has been used in another browser. Each link works once.")
		}
		spent = spent || one.Token == link
	}
	o.Role, o.Way, o.Link = l.Role, WayLink, link
	out, err := open(s, p, o, session, now)
	if err != nil || spent {
		return out, err
	}
	return append(out, fact.Say(s.Person, LinkSpent{Token: link, Browser: o.Browser})), nil
}

// OpenByPasskey opens a session after the passkey's answer was checked.
func OpenByPasskey(s Staff, p Policy, o SessionOpened, session fact.Subject, now time.Time) ([]fact.Draft, error) {
	o.Way = WayPasskey
	return open(s, p, o, session, now)
}

func open(s Staff, p Policy, o SessionOpened, session fact.Subject, now time.Time) ([]fact.Draft, error) {
	if len(s.Holds(o.Role, now)) == 0 {
		return nil, refusal.New(refusal.Forbidden, "You do not hold this role now. Ask an administrator.")
	}
	o.Person, o.Until = s.Person, fact.At(now.Add(p.SessionLasts))
	return []fact.Draft{fact.Say(session, o)}, nil
}

// EndSession signs out.
func EndSession(s Session, why string) ([]fact.Draft, error) {
	if s.Ended {
		return nil, nil
	}
	return []fact.Draft{fact.Say(s.ID, SessionEnded{Why: why})}, nil
}

// ErrNotLinked is in the refusal of an account that is nobody's, or not this
// person's any more.
var ErrNotLinked = errors.New("account not linked")

// ErrTwoAccounts is in the refusal of an account that was linked apart from
// another, or to two people: which of them it is can't be told.
var ErrTwoAccounts = errors.New("accounts linked apart")

// ErrLapsed is in the refusal of somebody whose role or session ran out at its
// time while they were at work. Whoever still has open work in hand goes on with it.
var ErrLapsed = errors.New("the role or the session ran out")

// CallerOf says who is asking through a session, judged now: the session is
// open and in time, and the role is still held. Beside an error that holds
// ErrLapsed stands the caller as somebody who finishes what they have.
func CallerOf(session Session, s Staff, g fact.Genesis, p Policy, now time.Time) (Caller, error) {
	if session.Ended || len(session.Opened) != 1 {
		return Caller{}, refusal.New(refusal.Forbidden, "You are signed out. Sign in to go on; what you typed is kept.")
	}
	o := session.Opened[0]
	over := refusal.New(refusal.Forbidden, "Your session has ended. Sign in to go on; what you typed is kept.")
	if !o.finishes(p, now) || o.Person != s.Person {
		return Caller{}, over
	}
	details, _ := s.Details.Get()
	c := Caller{
		Person: s.Person, Name: s.Name(), Title: details.Title, Role: o.Role, Org: g.Name, ODS: g.ODS,
		Desk: o.Desk, Session: session.ID, Grants: s.Holds(o.Role, now), Until: o.Until.Time(),
		Proved: session.LastProof(), LetOn: session.LastLetOn(), Locked: session.Locked, Reasons: session.Reasons,
	}
	if len(c.Grants) > 0 && now.Before(c.Until) {
		return c, nil
	}
	if len(c.Grants) > 0 {
		c.Lapsed = c.Until
		return c, over.Because(ErrLapsed)
	}
	if c.Grants, c.Lapsed = s.lapsed(o, session.Began(), now); len(c.Grants) == 0 {
		return Caller{}, over
	}
	return c, over.Because(ErrLapsed)
}

// lapsed lists the grants that were in force when the session began and have
// run out since, with the last moment of them. A grant that somebody ended is
// none of these.
func (s Staff) lapsed(o SessionOpened, began, now time.Time) ([]fact.ID, time.Time) {
	var out []fact.ID
	var last time.Time
	for _, g := range s.Grants {
		if g.Role == o.Role && g.In(began) && g.Until != 0 && !now.Before(g.Until.Time()) {
			out = append(out, g.Fact)
			if last.Before(g.Until.Time()) {
				last = g.Until.Time()
			}
		}
	}
	return out, last
}
