package access

import (
	"errors"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ErrHeld is in the refusal of one more record after many, or after a canary: a
// shift manager may let somebody go on who has no passkey to show.
var ErrHeld = errors.New("held before one more record")

// WayColleague is a session's proof that is a colleague's word: a shift manager,
// by their own passkey, has the person of the session before them. It lets them go
// on to other records and is no proof for anything else: it opens no locked screen
// and no dangerous act.
const WayColleague = "colleague"

// LetOnChallenge is what a manager's passkey signs to let a session go on: this
// session, this once.
func LetOnChallenge(session fact.Subject, nonce []byte) fact.Hash {
	return fact.Labelled("holdfast/let-on/1", session[:], nonce)
}

// MayLetOn tells whether somebody may let others go on: they hold a role that may
// lift the cap for all.
func MayLetOn(s Staff, now time.Time) ([]fact.ID, Role, error) {
	for _, r := range Roles() {
		if grants := s.Holds(r, now); allowed(r, LiftCap) && len(grants) > 0 {
			return grants, r, nil
		}
	}
	return nil, "", refusal.Newf(refusal.Forbidden, "%s is no shift manager now. Ask one.", s.Name())
}

// LetOn lets a session go on whose person has no passkey at all, on the word of a
// shift manager who is there. It is bounded: so many times in one session.
func LetOn(s Session, held, manager Staff, req SessionProved, p Policy, now time.Time) ([]fact.Draft, error) {
	if err := stillOpen(s); err != nil {
		return nil, err
	}
	_, _, may := MayLetOn(manager, now)
	switch {
	case s.Opened[0].Person != held.Person:
		return nil, stillOpen(Session{})
	case len(held.Usable()) > 0:
		return nil, refusal.New(refusal.Forbidden, "You have a passkey: use it. Nobody’s word takes its place.")
	case manager.Person == held.Person:
		return nil, refusal.New(refusal.Forbidden, "Nobody lets themselves go on. Ask a shift manager.")
	case may != nil:
		return nil, may
	case len(s.LetOn) >= p.LetOnMost:
		return nil, refusal.Newf(refusal.Forbidden, "A colleague has let this session go on %d times, and more is not possible. Ask an administrator for a link, and enrol a passkey of your own. Your open cases and new calls go on.", len(s.LetOn))
	case len(req.Assertion) == 0:
		return nil, refusal.New(refusal.Forbidden, "The shift manager confirms it with their own passkey.")
	}
	req.Way, req.By = WayColleague, manager.Person
	return []fact.Draft{fact.Say(s.ID, req)}, nil
}

// letOn folds a colleague's word. Who wrote it must be the manager that it names,
// in a role that may, and not the session's own person.
func (s *Session) letOn(f fact.Fact, c SessionProved) bool {
	if len(s.Opened) != 1 || c.By == s.Opened[0].Person || f.Body.Person != c.By || !roleMay(f, LiftCap) {
		return false
	}
	s.LetOn = append(s.LetOn, f.Body.Happened.From)
	return true
}

// LastLetOn gives when a colleague last let the session go on; zero: never.
func (s Session) LastLetOn() (last time.Time) {
	for _, at := range s.LetOn {
		if at.Time().After(last) {
			last = at.Time()
		}
	}
	return last
}

// Shown gives since when what somebody opened counts: since they last showed who
// they are, or a colleague let them go on.
func (c Caller) Shown() time.Time {
	if c.LetOn.After(c.Proved) {
		return c.LetOn
	}
	return c.Proved
}
