package access

import (
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ProveAgain says that the person of a session has shown again who they are.
func ProveAgain(s Session, req SessionProved) ([]fact.Draft, error) {
	if err := stillOpen(s); err != nil {
		return nil, err
	}
	return []fact.Draft{fact.Say(s.ID, req)}, nil
}

// LockScreen locks the screen of a session. Locked twice it is locked once.
func LockScreen(s Session, why string) ([]fact.Draft, error) {
	if s.Locked || s.Ended {
		return nil, nil
	}
	return []fact.Draft{fact.Say(s.ID, SessionLocked{Why: why})}, nil
}

func stillOpen(s Session) error {
	if s.Ended || len(s.Opened) != 1 {
		return refusal.New(refusal.Forbidden, "You are signed out. Sign in to go on; what you typed is kept.")
	}
	return nil
}
