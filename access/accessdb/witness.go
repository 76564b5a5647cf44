package accessdb

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// Colleagues lists the people that the caller may vouch for now; ErrManyStaff
// comes with those of whom it could be told.
func (g *Gate) Colleagues(ctx context.Context, by access.Caller) ([]Person, error) {
	if err := g.Enter(ctx, by, access.VouchFor, fact.Subject{}); err != nil {
		return nil, err
	}
	all, many := g.people(ctx)
	if many != nil && !errors.Is(many, ErrManyStaff) {
		return nil, many
	}
	h, err := g.atWork(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	var out []Person
	for _, one := range all {
		if access.MayWitness(one.Staff, access.FoldStaff(by.Person, h), by, g.clock()) == nil {
			out = append(out, one)
		}
	}
	return out, many
}

// BeginWitness starts the confirmation by the caller's own passkey that a person
// is in front of them. What it gives goes to the browser as JSON.
func (p *Passkeys) BeginWitness(ctx context.Context, by access.Caller, person fact.Subject) (*protocol.CredentialAssertion, error) {
	g := p.gate
	if err := g.Enter(ctx, by, access.VouchFor, person); err != nil {
		return nil, err
	}
	s, err := p.staff(ctx, person)
	if err != nil {
		return nil, err
	}
	colleague, err := p.staff(ctx, by.Person)
	if err != nil {
		return nil, err
	}
	if err := access.MayWitness(s, colleague, by, g.clock()); err != nil {
		return nil, err
	}
	if len(colleague.Usable()) == 0 {
		return nil, refusal.New(refusal.Forbidden, "This needs a passkey of your own. Ask a colleague who has one.")
	}
	token, link, err := g.newToken()
	if err != nil {
		return nil, err
	}
	challenge := access.WitnessChallenge(person, link)
	options, data, err := p.web.BeginLogin(user{colleague}, webauthn.WithUserVerification(protocol.VerificationRequired), func(o *protocol.PublicKeyCredentialRequestOptions) error {
		o.Challenge = challenge[:]
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := g.signing.shown.put(slot{by.Session, link}, kept{link: token}, g.clock()); err != nil {
		return nil, err
	}
	return options, g.waiting.put(ceremony{data: *data, link: link, person: person, by: by.Session}, g.clock())
}

// FinishWitness checks the colleague's passkey and puts on record that they vouch
// for the person. The link that it opens is shown once, by Witnessed.
func (p *Passkeys) FinishWitness(ctx context.Context, by access.Caller, answer []byte) error {
	g := p.gate
	bad := refusal.New(refusal.Forbidden, "The passkey's answer does not hold. Begin again.")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(answer))
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponse(r)
	if err != nil {
		return bad.Because(err)
	}
	c, err := g.waiting.take(parsed.Response.CollectedClientData.Challenge, g.clock())
	if err != nil {
		return err
	}
	if c.by != by.Session || c.person.Zero() {
		return bad
	}
	if err := g.Enter(ctx, by, access.VouchFor, c.person); err != nil {
		return err
	}
	colleague, err := p.staff(ctx, by.Person)
	if err != nil {
		return err
	}
	credential, err := p.web.ValidateLogin(user{colleague}, c.data, parsed)
	if err != nil {
		return bad.Because(err)
	}
	said := access.EnrolmentWitnessed{Link: c.link, Passkey: credential.ID, Assertion: answer}
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, c.person)
		if err != nil {
			return nil, err
		}
		colleague, err := g.staff(tx, by.Person)
		if err != nil {
			return nil, err
		}
		return access.Witness(s, colleague, by, said, g.Policy, tx.Now())
	})
	if err != nil {
		return err
	}
	g.rememberLink(c.link, c.person)
	g.journal.WaitViews(ctx, saved, listWait)
	k, ok := g.signing.shown.get(slot{by.Session, c.link}, g.clock())
	if !ok {
		return refusal.New(refusal.Forbidden, "That took too long. Begin again.")
	}
	k.name = g.nameOf(ctx, c.person)
	return g.signing.shown.put(slot{by.Session, c.link}, k, g.clock())
}

func (g *Gate) nameOf(ctx context.Context, person fact.Subject) string {
	h, err := g.atWork(ctx, person)
	if err != nil {
		return "your colleague"
	}
	return access.FoldStaff(person, h).Name()
}

// ShownLink is a link that is shown once.
type ShownLink struct {
	Token, Name string
	Says        string // beside it; may be empty
	Until       time.Time
}

// ShowOnce keeps a link that the caller has just made until the page of that name
// takes it: in memory, for minutes, for their session alone.
func (g *Gate) ShowOnce(by access.Caller, page string, l ShownLink) error {
	hash, err := hashToken(l.Token)
	if err != nil {
		return err
	}
	return g.signing.shown.put(slot{by.Session, hash}, kept{link: l.Token, name: l.Name, what: page, says: l.Says, ends: l.Until}, g.clock())
}

// TakeShown gives the link that a page of the caller is to show, this once; false
// when there is none.
func (g *Gate) TakeShown(by access.Caller, page string) (ShownLink, bool) {
	at, k, ok := g.signing.shown.next(by.Session, page, g.clock())
	if ok {
		g.signing.shown.drop(at)
	}
	return ShownLink{Token: k.link, Name: k.name, Says: k.says, Until: k.ends}, ok
}

// Witnessed gives the link that the caller's word has opened, this once; false
// when there is none.
func (g *Gate) Witnessed(ctx context.Context, by access.Caller) (ShownLink, bool, error) {
	if err := g.Enter(ctx, by, access.VouchFor, fact.Subject{}); err != nil {
		return ShownLink{}, false, err
	}
	at, k, ok := g.signing.shown.next(by.Session, "", g.clock())
	if !ok {
		return ShownLink{}, false, nil
	}
	g.signing.shown.drop(at)
	return ShownLink{Token: k.link, Name: k.name, Until: g.clock().Add(g.Policy.WitnessLink)}, true, nil
}

// AdmitForShift admits somebody for one shift and gives the token of the link on
// which they enrol a passkey; it is kept nowhere.
func (g *Gate) AdmitForShift(ctx context.Context, by access.Caller, a access.Admission) (string, error) {
	if err := g.Enter(ctx, by, access.AdmitShift, fact.Subject{}); err != nil {
		return "", err
	}
	token, hash, err := g.newToken()
	if err != nil {
		return "", err
	}
	var person fact.Subject
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if person, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return access.AdmitForShift(person, by, a, hash, g.Policy, tx.Now())
	})
	if err != nil {
		return "", err
	}
	g.rememberLink(hash, person)
	g.journal.WaitViews(ctx, saved, listWait)
	return token, nil
}
