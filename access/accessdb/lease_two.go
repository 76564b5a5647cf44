package accessdb

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// firsts are people who have confirmed that a desk's authority is to be renewed
// and wait for a second person: by session, in memory only.
type firsts struct {
	mu sync.Mutex
	at map[fact.Subject]first
}

type first struct {
	nonce  []byte
	answer []byte // of their passkey; nil until they gave it
	ready  bool
	until  time.Time
}

func (f *firsts) put(session fact.Subject, one first, lasts time.Duration, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, old := range f.at {
		if now.After(old.until) {
			delete(f.at, id)
		}
	}
	if f.at == nil {
		f.at = map[fact.Subject]first{}
	}
	one.until = now.Add(lasts)
	f.at[session] = one
}

func (f *firsts) get(session fact.Subject, now time.Time) (first, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, ok := f.at[session]
	return one, ok && !now.After(one.until)
}

func (f *firsts) drop(session fact.Subject) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.at, session)
}

// WaitsForSecond tells whether the caller has confirmed and a second person is
// asked for.
func (g *Gate) WaitsForSecond(by access.Caller) bool {
	if g.Leases == nil {
		return false
	}
	one, ok := g.Leases.firsts.get(by.Session, g.clock())
	return ok && one.ready
}

// BeginRenewal asks the caller's own passkey to confirm that this desk's
// authority is to be renewed. What it gives goes to the browser as JSON.
func (p *Passkeys) BeginRenewal(ctx context.Context, by access.Caller) (*protocol.CredentialAssertion, error) {
	g := p.gate
	if err := g.Enter(ctx, by, access.RenewLease, fact.Subject{}); err != nil {
		return nil, err
	}
	l, err := g.atDesk()
	if err != nil {
		return nil, err
	}
	s, err := p.staff(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	if err := access.MayRenew(s, g.clock()); err != nil {
		return nil, err
	}
	if len(s.Usable()) == 0 {
		return nil, refusal.New(refusal.Forbidden, "This needs a passkey of your own. Ask a colleague who has one.")
	}
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(g.random, nonce); err != nil {
		return nil, err
	}
	options, data, err := p.web.BeginLogin(user{s}, webauthn.WithUserVerification(protocol.VerificationRequired), challenged(l.desk(), nonce))
	if err != nil {
		return nil, err
	}
	l.firsts.put(by.Session, first{nonce: nonce}, g.Policy.SecondPerson, g.clock())
	return options, g.waiting.put(ceremony{data: *data, person: by.Person, by: by.Session}, g.clock())
}

func challenged(desk fact.Subject, nonce []byte) webauthn.LoginOption {
	c := access.LeaseChallenge(desk, nonce)
	return func(o *protocol.PublicKeyCredentialRequestOptions) error {
		o.Challenge = c[:]
		return nil
	}
}

// ConfirmRenewal takes the answer of the caller's passkey; a second person is
// asked for then.
func (p *Passkeys) ConfirmRenewal(ctx context.Context, by access.Caller, answer []byte) error {
	g := p.gate
	if err := g.Enter(ctx, by, access.RenewLease, fact.Subject{}); err != nil {
		return err
	}
	l, err := g.atDesk()
	if err != nil {
		return err
	}
	parsed, c, err := p.halfDone(ctx, by, answer)
	if err != nil {
		return err
	}
	s, err := p.staff(ctx, by.Person)
	if err != nil {
		return err
	}
	one, ok := l.firsts.get(by.Session, g.clock())
	if _, err := p.web.ValidateLogin(user{s}, c.data, parsed); err != nil || !ok || c.person != by.Person {
		return refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.").Because(err)
	}
	one.answer, one.ready = answer, true
	l.firsts.put(by.Session, one, g.Policy.SecondPerson, g.clock())
	return nil
}

// halfDone reads a passkey's answer and finds the ceremony that it belongs to.
func (p *Passkeys) halfDone(ctx context.Context, by access.Caller, answer []byte) (*protocol.ParsedCredentialAssertionData, ceremony, error) {
	bad := refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(answer))
	if err != nil {
		return nil, ceremony{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponse(r)
	if err != nil {
		return nil, ceremony{}, bad.Because(err)
	}
	c, err := p.gate.waiting.take(parsed.Response.CollectedClientData.Challenge, p.gate.clock())
	if err == nil && c.by != by.Session {
		err = bad
	}
	return parsed, c, err
}

// BeginSecond asks for the passkey of a second person, who need not be signed in.
func (p *Passkeys) BeginSecond(ctx context.Context, by access.Caller) (*protocol.CredentialAssertion, error) {
	g := p.gate
	if err := g.Enter(ctx, by, access.RenewLease, fact.Subject{}); err != nil {
		return nil, err
	}
	l, err := g.atDesk()
	if err != nil {
		return nil, err
	}
	one, ok := l.firsts.get(by.Session, g.clock())
	if !ok || !one.ready {
		return nil, refusal.New(refusal.Forbidden, "Confirm it with your own passkey first.")
	}
	c := access.LeaseChallenge(l.desk(), one.nonce)
	options, data, err := p.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired), webauthn.WithChallenge(c[:]))
	if err != nil {
		return nil, err
	}
	return options, g.waiting.put(ceremony{data: *data, by: by.Session}, g.clock())
}

// RenewByTwo takes the answer of the second person's passkey, and renews the
// authority of this desk: one fact names both, with both answers.
func (p *Passkeys) RenewByTwo(ctx context.Context, by access.Caller, answer []byte) error {
	g := p.gate
	if err := g.Enter(ctx, by, access.RenewLease, fact.Subject{}); err != nil {
		return err
	}
	l, err := g.atDesk()
	if err != nil {
		return err
	}
	parsed, c, err := p.halfDone(ctx, by, answer)
	if err != nil {
		return err
	}
	who, _, err := p.web.ValidatePasskeyLogin(p.owner(ctx), c.data, parsed)
	u, ok := who.(user)
	if err != nil || !ok || len(c.letOn) > 0 {
		return refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.").Because(err)
	}
	return l.byTwo(ctx, by, u.staff.Person, answer)
}

// RenewByTwoInDemo takes the word of the caller for a second person's passkey.
// The pages of a demo use it, where nobody has one; no other may.
func (g *Gate) RenewByTwoInDemo(ctx context.Context, by access.Caller, second fact.Subject) error {
	if err := g.Enter(ctx, by, access.RenewLease, fact.Subject{}); err != nil {
		return err
	}
	l, err := g.atDesk()
	if err != nil {
		return err
	}
	if !l.Demo {
		return refusal.New(refusal.Forbidden, "Each of the two confirms it with their own passkey.")
	}
	l.firsts.put(by.Session, first{ready: true}, g.Policy.SecondPerson, g.clock())
	return l.byTwo(ctx, by, second, nil)
}

func (l *Leases) byTwo(ctx context.Context, by access.Caller, second fact.Subject, answer []byte) error {
	g := l.gate
	one, ok := l.firsts.get(by.Session, g.clock())
	if !ok || !one.ready {
		return refusal.New(refusal.Forbidden, "That took too long. Begin again.")
	}
	r := journal.AuthorityRenewed{Way: string(access.LeaseByTwo), People: []fact.Subject{by.Person, second}, Nonce: one.nonce}
	if len(answer) > 0 {
		r.Proof = [][]byte{one.answer, answer}
	}
	err := l.renew(ctx, by, r, func(tx *journal.Tx, _ *journal.AuthorityRenewed) error {
		a, err := g.staffThatCounts(tx, by.Person)
		if err != nil {
			return err
		}
		b, err := g.staffThatCounts(tx, second)
		if err != nil {
			return err
		}
		return access.TwoRenew(a, b, [2][]byte{one.answer, answer}, l.Demo, tx.Now())
	})
	if err == nil {
		l.firsts.drop(by.Session)
	}
	return err
}

// staffThatCounts reads a member of staff as far as nothing is held back: who was
// given a role or a passkey at a desk without authority renews none with it.
func (g *Gate) staffThatCounts(tx *journal.Tx, person fact.Subject) (access.Staff, error) {
	h, err := tx.History(person)
	return access.FoldStaff(person, h), err
}

// Seconds lists the people who may be the second, for a demo's page.
func (g *Gate) Seconds(ctx context.Context, by access.Caller) ([]Person, error) {
	all, err := g.people(ctx)
	var out []Person
	for _, one := range all {
		if one.Person != by.Person && access.MayRenew(one.Staff, g.clock()) == nil {
			out = append(out, one)
		}
	}
	return out, err
}
