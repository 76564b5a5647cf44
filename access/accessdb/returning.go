package accessdb

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Answer is what a browser brings back from a provider, with what was kept in
// the browser when it set out. It is never logged.
type Answer struct {
	Query url.Values // code and state, or error
	Kept  string     // the state in the browser's own cookie
}

// Begin gives the address at the provider to which a person's browser goes, and
// the state to keep in the browser until it comes back. browser is its lasting
// token; by is who links an account, zero for somebody who signs in, in a role
// that they choose or as usual.
func (p *Providers) Begin(ctx context.Context, by access.Caller, role access.Role, name, browser string) (address, state string, err error) {
	one, of, err := p.trip(ctx, by, role, name, browser)
	if err == nil && !by.Session.Zero() {
		err = p.mayLink(ctx, one, by)
	}
	if err != nil {
		return "", "", p.note(one, err)
	}
	within, done, err := one.call(ctx, p.gate.Policy.ProviderWait)
	if err != nil {
		return "", "", p.note(one, err)
	}
	defer done()
	found, err := one.discover(within, p.gate.clock())
	if err != nil {
		return "", "", p.note(one, err)
	}
	if state, err = p.trips.begin(p.gate.random, of, p.gate.clock()); err != nil {
		return "", "", err
	}
	o := one.oauth(found)
	more := []oauth2.AuthCodeOption{oidc.Nonce(p.trips.nonce(state)), oauth2.S256ChallengeOption(p.trips.verifier(state))}
	if len(one.Classes) > 0 {
		more = append(more, oauth2.SetAuthURLParam("acr_values", strings.Join(one.Classes, " ")))
	}
	if !one.SingleSignOn { // max_age makes the provider say when it checked the person (OpenID Connect Core 1.0, section 3.1.2.1)
		more = append(more, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "60"))
	}
	return o.AuthCodeURL(state, more...), state, nil
}

// trip checks that somebody may set out, or come back, and what that is bound to.
func (p *Providers) trip(ctx context.Context, by access.Caller, role access.Role, name, browser string) (*provider, trip, error) {
	one, err := p.named(name)
	if err != nil {
		return nil, trip{}, err
	}
	if !p.gate.Policy.ByProvider {
		return one, trip{}, refusal.New(refusal.Forbidden, "This organisation signs nobody in by an identity provider.")
	}
	at, err := hashToken(browser)
	if err != nil {
		return one, trip{}, one.trouble(TroubleBrowser)
	}
	of := trip{provider: one.Name, browser: at, session: by.Session, role: role}
	if !by.Session.Zero() {
		return one, of, by.May(access.LinkOwnAccount)
	}
	if role != "" && !slices.Contains(access.Roles(), role) {
		return one, of, one.trouble(TroubleRole)
	}
	known, _, err := p.gate.knownBrowser(ctx, at)
	if err == nil && !known {
		err = one.trouble(TroubleBrowser)
	}
	return one, of, err
}

// mayLink lets somebody set out to link their account, or says at once what they
// would hear at the end: what they show us is judged before they leave.
func (p *Providers) mayLink(ctx context.Context, one *provider, by access.Caller) error {
	if err := p.gate.Enter(ctx, by, access.LinkOwnAccount, by.Person); err != nil {
		return err
	}
	h, err := p.gate.atWork(ctx, by.Session)
	if err == nil && !access.FoldSession(by.Session, h).ByOwnDeviceOf(by.Person) {
		err = one.trouble(TroublePasskey)
	}
	return err
}

// SignIn opens a session for whoever the provider says has come back to this
// browser, in the role that they chose before they set out, and gives its token.
// Desk is the machine.
func (p *Providers) SignIn(ctx context.Context, role access.Role, name string, a Answer, browser, desk string) (string, access.Caller, error) {
	one, who, err := p.answered(ctx, access.Caller{}, role, name, a, browser)
	if err != nil {
		return "", access.Caller{}, p.note(one, err)
	}
	token, by, err := p.openFor(ctx, one, who, role, browser, desk)
	return token, by, p.note(one, err)
}

func (p *Providers) openFor(ctx context.Context, one *provider, who told, role access.Role, browser, desk string) (string, access.Caller, error) {
	none := access.Caller{}
	people, err := p.gate.holders(ctx, p.gate.atWork, one.Issuer, who.account)
	switch {
	case errors.Is(err, errManyHolders):
		return "", none, one.trouble(TroubleMany)
	case err != nil:
		return "", none, err
	case len(people) == 0:
		return "", none, one.trouble(TroubleNobody)
	case len(people) > 1:
		return "", none, one.trouble(TroubleTwo)
	}
	h, err := p.gate.atWork(ctx, people[0])
	if err != nil {
		return "", none, err
	}
	s, now := access.FoldStaff(people[0], h), p.gate.clock()
	first, ok := s.FirstRole(now)
	switch {
	case !ok:
		return "", none, one.trouble(TroubleNoRole)
	case role == "":
		role = first
	case len(s.Holds(role, now)) == 0:
		return "", none, one.trouble(TroubleRole)
	}
	at, err := hashToken(browser)
	if err != nil {
		return "", none, one.trouble(TroubleBrowser)
	}
	o := access.SessionOpened{Role: role, Browser: at, Desk: desk, Provider: &who.how}
	token, by, err := p.gate.open(ctx, people[0], o, func(s access.Staff, o access.SessionOpened, id fact.Subject, now time.Time) ([]fact.Draft, error) {
		return access.OpenByProvider(s, p.gate.Policy, o, who.account, id, now)
	})
	if errors.Is(err, access.ErrTwoAccounts) {
		return "", none, one.trouble(TroubleTwo)
	}
	if errors.Is(err, access.ErrNotLinked) {
		return "", none, one.trouble(TroubleNobody)
	}
	if refusal.Is(err, refusal.Forbidden) { // the role ended, or policy has changed, between
		return "", none, one.trouble(TroubleNoRole)
	}
	return token, by, err
}

// Link links to the caller the account that the provider says has come back to
// this browser.
func (p *Providers) Link(ctx context.Context, by access.Caller, name string, a Answer, browser string) error {
	one, who, err := p.answered(ctx, by, "", name, a, browser)
	if err != nil {
		return p.note(one, err)
	}
	by.Proved = p.gate.clock() // they showed it when they set out, in this session, and the trip has its own time
	err = p.gate.linkOwn(ctx, by, access.IdentityLinked{Issuer: one.Issuer, Account: who.account})
	if len(refusal.Fields(err)) > 0 {
		err = one.trouble(TroubleTaken)
	}
	return p.note(one, err)
}

// told is what a provider said of somebody, checked.
type told struct {
	account string
	how     access.Assurance
}

func (p *Providers) answered(ctx context.Context, by access.Caller, role access.Role, name string, a Answer, browser string) (*provider, told, error) {
	one, of, err := p.trip(ctx, by, role, name, browser)
	if err != nil {
		return one, told{}, err
	}
	state := a.Query.Get("state")
	if a.Kept == "" || subtle.ConstantTimeCompare([]byte(state), []byte(a.Kept)) != 1 {
		return one, told{}, one.trouble(TroubleLate)
	}
	began, trouble := p.trips.end(state, of, p.gate.Policy.ProviderTrip, p.gate.clock())
	if trouble != "" {
		return one, told{}, one.trouble(trouble)
	}
	if iss := a.Query.Get("iss"); iss != "" && iss != one.Issuer { // RFC 9207
		return one, told{}, one.trouble(TroubleWrong)
	}
	if a.Query.Get("error") != "" {
		return one, told{}, one.trouble(TroubleDeclined)
	}
	code := a.Query.Get("code")
	if code == "" || len(code) > mostCode {
		return one, told{}, one.trouble(TroubleWrong)
	}
	within, done, err := one.call(ctx, p.gate.Policy.ProviderWait)
	if err != nil {
		return one, told{}, err
	}
	defer done()
	raw, beside, err := p.exchange(within, one, code, state)
	if err != nil {
		return one, told{}, err
	}
	token, err := p.verify(within, one, raw)
	if err != nil {
		return one, told{}, err
	}
	who, err := p.judge(one, token, beside, state, began)
	return one, who, err
}

// exchange gives the code to the provider for its ID token, and the access token
// beside it, which is used for nothing.
func (p *Providers) exchange(ctx context.Context, one *provider, code, state string) (id, beside string, err error) {
	found, err := one.lately(ctx, p.gate.Policy.ProviderTrip, p.gate.clock())
	if err != nil {
		return "", "", err
	}
	o := one.oauth(found)
	more := []oauth2.AuthCodeOption{oauth2.VerifierOption(p.trips.verifier(state))}
	if one.signer != nil {
		said, err := p.assertion(one, o.Endpoint.TokenURL)
		if err != nil {
			return "", "", err
		}
		more = append(more, oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), oauth2.SetAuthURLParam("client_assertion", said))
	}
	t, err := o.Exchange(ctx, code, more...)
	if err != nil {
		return "", "", one.failed(err)
	}
	id, ok := t.Extra("id_token").(string)
	if !ok || id == "" {
		return "", "", one.trouble(TroubleWrong)
	}
	return id, t.AccessToken, nil
}

// assertion signs that it is us who ask (RFC 7523, section 3): for one minute and
// one use.
func (p *Providers) assertion(one *provider, to string) (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(p.gate.random, id[:]); err != nil {
		return "", err
	}
	now := p.gate.clock()
	if one.KeyFor == "issuer" {
		to = one.Issuer
	}
	return jwt.Signed(one.signer).Claims(jwt.Claims{
		Issuer: one.ClientID, Subject: one.ClientID, Audience: jwt.Audience{to}, ID: base64.RawURLEncoding.EncodeToString(id[:]),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
}

// verify checks signature, issuer, audience and end of an ID token. The library
// takes no algorithm but those that need the provider's own private key.
func (p *Providers) verify(ctx context.Context, one *provider, raw string) (*oidc.IDToken, error) {
	found, err := one.lately(ctx, p.gate.Policy.ProviderTrip, p.gate.clock())
	if err != nil {
		return nil, err
	}
	token, err := found.Verifier(&oidc.Config{
		ClientID:             one.ClientID,
		SupportedSigningAlgs: []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA},
		Now:                  func() time.Time { return p.gate.clock().Add(-p.gate.Policy.ProviderSkew) },
	}).Verify(ctx, raw)
	if err != nil {
		return nil, one.failed(err)
	}
	return token, nil
}

// judge checks what the library leaves to us (OpenID Connect Core 1.0, section
// 3.1.3.7): that the token is for this trip, of now, for us alone, and that the
// person was checked now and as closely as the organisation requires.
func (p *Providers) judge(one *provider, token *oidc.IDToken, beside, state string, began time.Time) (told, error) {
	var said struct {
		For   string          `json:"azp"`
		At    int64           `json:"auth_time"`
		Class string          `json:"acr"`
		How   json.RawMessage `json:"amr"`
	}
	claims := map[string]any{}
	if token.Claims(&said) != nil || token.Claims(&claims) != nil {
		return told{}, one.trouble(TroubleWrong)
	}
	skew, now := p.gate.Policy.ProviderSkew, p.gate.clock()
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(p.trips.nonce(state))) != 1:
		return told{}, one.trouble(TroubleWrong)
	case said.For != "" && said.For != one.ClientID, said.For == "" && len(token.Audience) > 1:
		return told{}, one.trouble(TroubleWrong)
	case token.AccessTokenHash != "" && token.VerifyAccessToken(beside) != nil:
		return told{}, one.trouble(TroubleWrong)
	case token.IssuedAt.After(now.Add(skew)) || token.IssuedAt.Before(began.Add(-skew-time.Second)):
		return told{}, one.trouble(TroubleClock)
	case !one.SingleSignOn && (said.At == 0 || time.Unix(said.At, 0).Before(began.Add(-skew-time.Second))):
		return told{}, one.trouble(TroubleStale)
	case len(one.Classes) > 0 && !slices.Contains(one.Classes, said.Class):
		return told{}, one.trouble(TroubleWeak)
	}
	for claim, may := range one.Require {
		if v, ok := claims[claim]; !ok || !slices.Contains(may, plain(v)) {
			return told{}, one.trouble(TroubleWeak)
		}
	}
	account, _ := claims[one.Claim].(string)
	if account == "" || len(account) > 255 {
		return told{}, one.trouble(TroubleWrong)
	}
	return told{account: account, how: access.Assurance{Issuer: one.Issuer, Class: short(said.Class), How: hows(said.How)}}, nil
}

// plain gives a claim that is a word or a number as text; anything else fits
// nothing.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64, bool:
		b, err := json.Marshal(v)
		if err == nil {
			return string(b)
		}
	}
	return "\x00"
}

// The most that is kept of how a provider checked somebody.
const mostHow, mostHowChars = 8, 100

// hows reads amr, which is a list; some providers give one word.
func hows(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		var one string
		if json.Unmarshal(raw, &one) != nil || one == "" {
			return nil
		}
		list = []string{one}
	}
	var out []string
	for _, s := range list[:min(len(list), mostHow)] {
		out = append(out, short(s))
	}
	return out
}

func short(s string) string { return s[:min(len(s), mostHowChars)] }

// failed says which trouble an error of the library is. The error itself, which
// may hold what the provider sent, goes no further.
func (p *provider) failed(err error) error {
	var late *oidc.TokenExpiredError
	var said *oauth2.RetrieveError
	var net net.Error
	var forged *tls.CertificateVerificationError
	switch {
	case errors.As(err, &forged): // not away: somebody else answers, or its certificate has ended
		return p.trouble(TroubleWrong)
	case errors.As(err, &late):
		return p.trouble(TroubleClock)
	case errors.As(err, &said):
		if said.Response != nil && said.Response.StatusCode >= 500 {
			return p.trouble(TroubleUnreachable)
		}
		return &coded{p.trouble(TroubleWrong), said.ErrorCode}
	case errors.As(err, &net), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return p.trouble(TroubleUnreachable)
	case strings.HasPrefix(err.Error(), "5"), strings.Contains(err.Error(), "fetching keys"): // the library's words: a status, and keys that did not come
		return p.trouble(TroubleUnreachable)
	}
	return p.trouble(TroubleWrong)
}

// coded is a trouble with the provider's word for it (RFC 6749, section 5.2), for
// the log.
type coded struct {
	error
	code string
}

// Unwrap gives the trouble.
func (c *coded) Unwrap() error { return c.error }

// note logs why a provider let nobody in: its name, the trouble, and the one word
// that the standard has for it. Nothing of who it was about.
func (p *Providers) note(one *provider, err error) error {
	var e *ProviderError
	if !errors.As(err, &e) {
		return err
	}
	word := ""
	var c *coded
	if errors.As(err, &c) && regexp.MustCompile(`^[a-z_]{1,40}$`).MatchString(c.code) {
		word = c.code
	}
	p.log.Warn("a provider let nobody in", "provider", one.Name, "why", string(e.Trouble), "word", word)
	return err
}
