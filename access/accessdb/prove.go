package accessdb

import (
	"context"

	"holdfast/access"
	"holdfast/fact/refusal"
)

// Prove checks a passkey's answer to BeginSignIn and says in the caller's
// session that it is still them. Somebody else's passkey is refused.
func (p *Passkeys) Prove(ctx context.Context, by access.Caller, answer []byte, what string) error {
	u, err := p.answered(ctx, answer)
	if err != nil {
		return err
	}
	if u.staff.Person != by.Person {
		return refusal.New(refusal.Forbidden, "This passkey is somebody else’s. Use your own, or lock the screen and let them sign in.")
	}
	return p.gate.prove(ctx, by, access.SessionProved{Way: "passkey", For: what})
}

// Return opens one of the sessions that wait, locked, on this browser, when it
// is the passkey's owner's; else it opens a new session as FinishSignIn does.
// It gives the session's token.
func (p *Passkeys) Return(ctx context.Context, answer []byte, role access.Role, browser, desk string, waiting []string) (string, access.Caller, error) {
	u, err := p.answered(ctx, answer)
	if err != nil {
		return "", access.Caller{}, err
	}
	for _, token := range waiting {
		by, err := p.gate.CallerBehindLock(ctx, token)
		if err != nil || by.Person != u.staff.Person || role != "" && role != by.Role {
			continue
		}
		if err := p.gate.prove(ctx, by, access.SessionProved{Way: "passkey", For: "screen"}); err != nil {
			return "", access.Caller{}, err
		}
		by, err = p.gate.Caller(ctx, token)
		return token, by, err
	}
	return p.openFor(ctx, u, role, browser, desk)
}
