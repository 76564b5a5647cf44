package access

import "time"

// Policy is how people sign in here. Its numbers are content (signin.csv).
type Policy struct {
	SecondChoice  bool // an authenticator code with a password may be used where a passkey can't
	ByProvider    bool // an account at an identity provider is one of two factors; the other is a browser that is known
	PasswordLeast int  // characters
	Hashing       Hashing
	BrowserKnown  time.Duration // a browser is the organisation's own so long after a session by passkey on it
	Brake         Brake
	RecoveryCodes int
	RecoveryLink  time.Duration
	WitnessLink   time.Duration
	ShiftMost     time.Duration // the longest that somebody is admitted for
	ShiftLink     time.Duration
	ProviderWait  time.Duration // the longest that a provider is waited for, each time it is asked
	ProviderSkew  time.Duration // how far its clock may be from ours
	ProviderTrip  time.Duration // how long a person may take over signing in there
	ProviderCalls int           // people who wait for one provider at the same time
	LetOnMost     int           // how often a colleague's word lets one session go on to other records
	SecondPerson  time.Duration // how long the second of two people may take after the first
	SessionLasts  time.Duration // without signing in anew: one long shift
	FinishLasts   time.Duration // after its end a session serves to finish what is in hand
	EnrolLink     time.Duration
	News          time.Duration // so long administrators are told what happened to ways in
}

// TokenLasts is how long a browser keeps a session's token: longer than the
// session, so that a case that is open at its end can be finished.
func (p Policy) TokenLasts() time.Duration { return p.SessionLasts + p.FinishLasts }

// Brake says how wrong tries are slowed: a few are free, then each wait is twice
// the last, up to a most. Nobody is locked out for good.
type Brake struct {
	Free        int
	First, Most time.Duration
	Forgotten   time.Duration // so long after the last wrong try nothing is held against anybody
}

// Tries are the wrong tries in a row at one door.
type Tries struct {
	Wrong int
	Last  time.Time
}

// Opens gives when the next try is looked at. It is never further from the last
// one than the most that the brake allows.
func (b Brake) Opens(t Tries) time.Time {
	over := t.Wrong - b.Free
	if over < 0 {
		return t.Last
	}
	wait := b.First
	for range over {
		if wait *= 2; wait >= b.Most {
			break
		}
	}
	return t.Last.Add(min(wait, b.Most))
}

// Slow tells whether the longest wait has been reached.
func (b Brake) Slow(t Tries) bool { return b.Opens(t).Sub(t.Last) >= b.Most }

// After gives the tries with one more wrong one.
func (b Brake) After(t Tries, now time.Time) Tries {
	return Tries{Wrong: b.Now(t, now).Wrong + 1, Last: now}
}

// Now gives the tries as they count now.
func (b Brake) Now(t Tries, now time.Time) Tries {
	if now.Sub(t.Last) >= b.Forgotten {
		return Tries{}
	}
	return t
}
