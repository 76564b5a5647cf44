package access

import (
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// SessionLasts is how long a session lasts without signing in anew: one long
// shift.
const SessionLasts = 13 * time.Hour

// TokenLasts is how long a browser keeps a session's token: longer than the
// session, so that a case that is open at its end can be finished.
const TokenLasts = SessionLasts + 12*time.Hour

// Session is the fold of one session.
type Session struct {
	ID       fact.Subject    `cbor:"1,keyasint"`
	Opened   []SessionOpened `cbor:"2,keyasint"`
	Ended    bool            `cbor:"3,keyasint"`
	Looks    uint32          `cbor:"4,keyasint"`
	NotShown []fact.ID       `cbor:"5,keyasint"`
}

// FoldSession folds the facts about one session.
func FoldSession(id fact.Subject, h fact.History) Session {
	s := Session{ID: id}
	for _, f := range h.Facts() {
		if f.OfJournal() {
			continue
		}
		switch f.Body.Kind {
		case SessionOpened{}.FactKind().Number:
			c, err := fact.Read[SessionOpened](f)
			if err != nil {
				s.NotShown = append(s.NotShown, f.ID)
				continue
			}
			s.Opened = append(s.Opened, c)
		case SessionEnded{}.FactKind().Number:
			s.Ended = true
		case Looked{}.FactKind().Number, Refused{}.FactKind().Number:
			s.Looks++
		default:
			s.NotShown = append(s.NotShown, f.ID)
		}
	}
	return s
}

// OpenByLink opens a session with a one-time sign-in link. The browser that
// spent it may come again, another may not.
func OpenByLink(s Staff, link fact.Hash, o SessionOpened, session fact.Subject, now time.Time) ([]fact.Draft, error) {
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
	out, err := open(s, o, session, now)
	if err != nil || spent {
		return out, err
	}
	return append(out, fact.Say(s.Person, LinkSpent{Token: link, Browser: o.Browser})), nil
}

// OpenByPasskey opens a session after the passkey's answer was checked.
func OpenByPasskey(s Staff, o SessionOpened, session fact.Subject, now time.Time) ([]fact.Draft, error) {
	o.Way = WayPasskey
	return open(s, o, session, now)
}

func open(s Staff, o SessionOpened, session fact.Subject, now time.Time) ([]fact.Draft, error) {
	if len(s.Holds(o.Role, now)) == 0 {
		return nil, refusal.New(refusal.Forbidden, "You do not hold this role now. Ask an administrator.")
	}
	o.Person, o.Until = s.Person, fact.At(now.Add(SessionLasts))
	return []fact.Draft{fact.Say(session, o)}, nil
}

// EndSession signs out.
func EndSession(s Session, why string) ([]fact.Draft, error) {
	if s.Ended {
		return nil, nil
	}
	return []fact.Draft{fact.Say(s.ID, SessionEnded{Why: why})}, nil
}

// CallerOf says who is asking through a session, judged now: the session is
// open and in time, and the role is still held.
func CallerOf(session Session, s Staff, g fact.Genesis, now time.Time) (Caller, error) {
	if session.Ended || len(session.Opened) != 1 {
		return Caller{}, refusal.New(refusal.Forbidden, "You are signed out. Sign in to go on; what you typed is kept.")
	}
	o := session.Opened[0]
	grants := s.Holds(o.Role, now)
	if !now.Before(o.Until.Time()) || len(grants) == 0 || o.Person != s.Person {
		return Caller{}, refusal.New(refusal.Forbidden, "Your session has ended. Sign in to go on; what you typed is kept.")
	}
	details, _ := s.Details.Get()
	return Caller{
		Person: s.Person, Name: s.Name(), Title: details.Title, Role: o.Role, Org: g.Name, ODS: g.ODS,
		Desk: o.Desk, Session: session.ID, Grants: grants, Until: o.Until.Time(),
	}, nil
}
