package accessdb

import (
	"context"
	"io"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// LacksPasskey tells whether it is known that a person has no passkey to show;
// where that can't be read it is not known.
func (g *Gate) LacksPasskey(ctx context.Context, person fact.Subject) bool {
	h, err := g.atWork(ctx, person)
	return err == nil && len(access.FoldStaff(person, h).Usable()) == 0
}

// BeginLetOn asks for the passkey of a shift manager who is there, to let the
// caller go on, who has none. What it gives goes to the browser as JSON.
func (p *Passkeys) BeginLetOn(ctx context.Context, by access.Caller) (*protocol.CredentialAssertion, error) {
	g := p.gate
	if err := g.Enter(ctx, by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return nil, err
	}
	if !g.LacksPasskey(ctx, by.Person) {
		return nil, refusal.New(refusal.Forbidden, "You have a passkey: use it. Nobody’s word takes its place.")
	}
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(g.random, nonce); err != nil {
		return nil, err
	}
	c := access.LetOnChallenge(by.Session, nonce)
	options, data, err := p.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired), webauthn.WithChallenge(c[:]))
	if err != nil {
		return nil, err
	}
	return options, g.waiting.put(ceremony{data: *data, by: by.Session, letOn: nonce}, g.clock())
}

// LetOn takes the answer of the manager's passkey, and puts on record that they
// let the caller's session go on, and for what.
func (p *Passkeys) LetOn(ctx context.Context, by access.Caller, answer []byte, what string) error {
	g := p.gate
	bad := refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.")
	parsed, c, err := p.halfDone(ctx, by, answer)
	if err != nil {
		return err
	}
	if len(c.letOn) == 0 {
		return bad
	}
	who, credential, err := p.web.ValidatePasskeyLogin(p.owner(ctx), c.data, parsed)
	u, ok := who.(user)
	if err != nil || !ok {
		return bad.Because(err)
	}
	manager := u.staff.Person
	grants, role, err := access.MayLetOn(u.staff, g.clock())
	if err != nil {
		return err
	}
	req := access.SessionProved{For: what, Nonce: c.letOn, Passkey: credential.ID, Assertion: answer}
	_, err = g.journal.Do(ctx, fact.Author{Person: manager, Role: string(role), Access: grants}, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(by.Session)
		if err != nil {
			return nil, err
		}
		held, err := g.staff(tx, by.Person)
		if err != nil {
			return nil, err
		}
		theirs, err := g.staffThatCounts(tx, manager)
		if err != nil {
			return nil, err
		}
		return access.LetOn(access.FoldSession(by.Session, h.Admit(g.journal.Own)), held, theirs, req, g.Policy, tx.Now())
	})
	return err
}
