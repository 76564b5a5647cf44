package accessdb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

// Passkeys is the WebAuthn side of the gate for one relying party: the
// organisation's parent domain, so that one passkey works on site and desk.
// User verification is always required.
type Passkeys struct {
	gate *Gate
	web  *webauthn.WebAuthn
}

// NewPasskeys prepares sign-in by passkey. origins are the addresses that
// browsers show for this device.
func NewPasskeys(g *Gate, rpID string, origins []string) (*Passkeys, error) {
	verify := protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
	}
	web, err := webauthn.New(&webauthn.Config{
		RPID: rpID, RPDisplayName: g.journal.Genesis().Name, RPOrigins: origins, AuthenticatorSelection: verify,
	})
	if err != nil {
		return nil, err
	}
	return &Passkeys{gate: g, web: web}, nil
}

// user is a member of staff as the library sees them.
type user struct{ staff access.Staff }

func (u user) WebAuthnID() []byte          { return u.staff.Person[:] }
func (u user) WebAuthnName() string        { return u.staff.Name() }
func (u user) WebAuthnDisplayName() string { return u.staff.Name() }
func (u user) WebAuthnCredentials() []webauthn.Credential {
	var out []webauthn.Credential
	for _, p := range u.staff.Usable() {
		var c webauthn.Credential
		if json.Unmarshal(p.Credential, &c) == nil {
			out = append(out, c)
		}
	}
	return out
}

// ceremonies are half-done enrolments and sign-ins: a few minutes, bounded,
// in memory only.
type ceremonies struct {
	mu   sync.Mutex
	open map[string]ceremony
}

type ceremony struct {
	data   webauthn.SessionData
	link   fact.Hash
	person fact.Subject
	by     fact.Subject // whose session it belongs to; zero: nobody's yet
	letOn  []byte       // of a manager who lets that session go on: the nonce
	until  time.Time
}

const mostCeremonies = 2000

func newCeremonies() *ceremonies { return &ceremonies{open: map[string]ceremony{}} }

func (c *ceremonies) put(one ceremony, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, old := range c.open {
		if now.After(old.until) {
			delete(c.open, id)
		}
	}
	if len(c.open) >= mostCeremonies {
		return refusal.New(refusal.Unavailable, "Too many people are signing in at once. Try again in a minute.")
	}
	one.until = now.Add(5 * time.Minute)
	c.open[one.data.Challenge] = one
	return nil
}

func (c *ceremonies) take(challenge string, now time.Time) (ceremony, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.open[challenge]
	delete(c.open, challenge)
	if !ok || now.After(one.until) {
		return ceremony{}, refusal.New(refusal.Forbidden, "That took too long. Begin again.")
	}
	return one, nil
}

// BeginEnrol starts the enrolment of a passkey with a one-time link. What it
// gives goes to the browser as JSON.
func (p *Passkeys) BeginEnrol(ctx context.Context, link string) (*protocol.CredentialCreation, error) {
	no := refusal.New(refusal.Forbidden, "This enrolment link is not known here. Ask an administrator for another.")
	hash, err := hashToken(link)
	if err != nil {
		return nil, no
	}
	person, err := p.gate.linkOf(ctx, hash)
	if err != nil {
		return nil, no.Because(err)
	}
	s, err := p.staff(ctx, person)
	if err != nil {
		return nil, err
	}
	if _, err := access.EnrolPasskey(s, access.PasskeyEnrolled{Link: hash}, p.gate.clock()); err != nil {
		return nil, err
	}
	options, data, err := p.web.BeginRegistration(user{s})
	if err != nil {
		return nil, err
	}
	return options, p.gate.waiting.put(ceremony{data: *data, link: hash, person: person}, p.gate.clock())
}

// FinishEnrol checks the browser's answer and saves the passkey.
func (p *Passkeys) FinishEnrol(ctx context.Context, answer []byte) error {
	bad := refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.")
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return bad.Because(err)
	}
	c, err := p.gate.waiting.take(parsed.Response.CollectedClientData.Challenge, p.gate.clock())
	if err != nil {
		return err
	}
	s, err := p.staff(ctx, c.person)
	if err != nil {
		return err
	}
	credential, err := p.web.CreateCredential(user{s}, c.data, parsed)
	if err != nil {
		return bad.Because(err)
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	saved, err := p.gate.journal.Do(ctx, fact.Author{Person: c.person}, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := p.gate.staff(tx, c.person)
		if err != nil {
			return nil, err
		}
		return access.EnrolPasskey(s, access.PasskeyEnrolled{Credential: record, ID: credential.ID, Link: c.link}, tx.Now())
	})
	if err == nil {
		p.gate.journal.WaitViews(ctx, saved, time.Second)
	}
	return err
}

// BeginSignIn starts a sign-in; the browser offers the passkeys it has. It
// keeps nothing: see challenges.
func (p *Passkeys) BeginSignIn() (*protocol.CredentialAssertion, error) {
	challenge, err := p.gate.challenges.make(p.gate.random, p.gate.clock())
	if err != nil {
		return nil, err
	}
	options, _, err := p.signIn(challenge)
	return options, err
}

// signIn gives what a sign-in with a challenge of ours asks for.
func (p *Passkeys) signIn(challenge []byte) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	return p.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired), webauthn.WithChallenge(challenge))
}

// FinishSignIn checks the browser's answer and opens a session in a role that
// the person holds; role may be empty when they hold only one. browser is the
// browser's own lasting token, which counts as the organisation's from then on.
func (p *Passkeys) FinishSignIn(ctx context.Context, answer []byte, role access.Role, browser, desk string) (string, access.Caller, error) {
	u, err := p.answered(ctx, answer)
	if err != nil {
		return "", access.Caller{}, err
	}
	return p.openFor(ctx, u, role, browser, desk)
}

func (p *Passkeys) openFor(ctx context.Context, u user, role access.Role, browser, desk string) (string, access.Caller, error) {
	if role == "" {
		role, _ = u.staff.FirstRole(p.gate.clock())
	}
	hash, err := hashToken(browser)
	if err != nil {
		return "", access.Caller{}, refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.").Because(err)
	}
	o := access.SessionOpened{Role: role, Desk: desk, Browser: hash}
	return p.gate.open(ctx, u.staff.Person, o, func(s access.Staff, o access.SessionOpened, id fact.Subject, now time.Time) ([]fact.Draft, error) {
		return access.OpenByPasskey(s, p.gate.Policy, o, id, now)
	})
}

// answered tells whose passkey gave the browser's answer to BeginSignIn. Each
// challenge is good for one answer.
func (p *Passkeys) answered(ctx context.Context, answer []byte) (user, error) {
	bad := refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(answer))
	if err != nil {
		return user{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponse(r)
	if err != nil {
		return user{}, bad.Because(err)
	}
	challenge, err := p.gate.challenges.read(parsed.Response.CollectedClientData.Challenge, p.gate.clock())
	if err != nil {
		return user{}, err
	}
	_, data, err := p.signIn(challenge[:])
	if err != nil {
		return user{}, err
	}
	who, _, err := p.web.ValidatePasskeyLogin(p.owner(ctx), *data, parsed)
	if err != nil {
		return user{}, bad.Because(err)
	}
	u, ok := who.(user)
	if !ok {
		return user{}, fmt.Errorf("passkey owner is a %T", who)
	}
	if !p.gate.challenges.spend(challenge, p.gate.clock()) {
		return user{}, refusal.New(refusal.Forbidden, "This answer of a passkey has been used. Begin again.")
	}
	return u, nil
}

func (p *Passkeys) owner(ctx context.Context) webauthn.DiscoverableUserHandler {
	return func(_, handle []byte) (webauthn.User, error) {
		if len(handle) != len(fact.Subject{}) {
			return nil, refusal.New(refusal.Forbidden, "This passkey is not known here.")
		}
		s, err := p.staff(ctx, fact.Subject(handle))
		return user{s}, err
	}
}

func (p *Passkeys) staff(ctx context.Context, person fact.Subject) (access.Staff, error) {
	h, err := p.gate.journal.History(ctx, person)
	return access.FoldStaff(person, h), err
}
