package accessdb

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"holdfast/fact/refusal"
)

// Provider is how one identity provider is known on a device: CIS2, or an
// organisation's own (OpenID Connect Core 1.0; RFC 6749).
type Provider struct {
	Name     string // in our own addresses: small letters, figures and hyphens
	Title    string // as people know it: "NHS CIS2"
	Issuer   string // exactly as the provider names itself
	ClientID string

	// Exactly one of these shows that it is us who ask: a secret, or a key for
	// private_key_jwt (RFC 7523).
	Secret string
	Key    crypto.Signer
	KeyID  string
	KeyFor string // what the signed words are for: "token" (the token endpoint, as RFC 7523 has it; also when empty) or "issuer"
	KeyAlg string // RS256, RS384, RS512, PS256, ES256 or ES384; empty: RS256 or ES256, as the key is

	Scopes       []string            // beside openid
	Claim        string              // of the ID token, that names the person; empty: sub
	Classes      []string            // acr: the ID token must have one of them; they are asked for too
	Require      map[string][]string // claims of the ID token and what each may be
	SingleSignOn bool                // the provider may answer for somebody who signed in there before
	Roots        *x509.CertPool      // nil: those of the machine
}

// The most that a provider is read or told, in bytes.
const (
	mostAnswer = 1 << 20
	mostCode   = 4096
)

// Providers lets people sign in by an account at an identity provider, as one of
// two factors. It calls a provider only when somebody has pressed its button, and
// then waits no longer than the policy says.
type Providers struct {
	gate  *Gate
	log   *slog.Logger
	trips *trips
	all   []*provider
}

type provider struct {
	Provider
	redirect string
	loopback bool // plain HTTP on this machine is good enough: demo folders
	client   *http.Client
	signer   jose.Signer
	calls    chan struct{} // whoever finds it full is told so at once: nobody queues behind a provider that hangs

	mu    sync.Mutex
	known *oidc.Provider
	at    time.Time
}

// NewProviders prepares sign-in by the providers. origin is the address at which
// browsers find this device's pages; demo allows providers on this machine
// without TLS. What is logged names providers and kinds of refusal, never an
// account or a token.
func NewProviders(g *Gate, origin string, all []Provider, demo bool, log *slog.Logger) (*Providers, error) {
	p := &Providers{gate: g, log: log, trips: newTrips()}
	for _, c := range all {
		one, err := newProvider(c, origin, demo, g.Policy.ProviderCalls)
		if err != nil {
			return nil, fmt.Errorf("provider %q: %w", c.Name, err)
		}
		for _, other := range p.all {
			if other.Name == one.Name || other.Issuer == one.Issuer {
				return nil, fmt.Errorf("provider %q: its name or issuer stands twice", c.Name)
			}
		}
		one.client.Timeout = g.Policy.ProviderWait
		p.all = append(p.all, one)
	}
	return p, nil
}

func newProvider(c Provider, origin string, demo bool, calls int) (*provider, error) {
	p := &provider{Provider: c, redirect: origin + "/sign-in/from/" + c.Name, loopback: demo, calls: make(chan struct{}, calls)}
	if p.Claim == "" {
		p.Claim = "sub"
	}
	switch {
	case !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`).MatchString(c.Name):
		return nil, fmt.Errorf("its name must be small letters, figures and hyphens")
	case c.Title == "" || c.ClientID == "":
		return nil, fmt.Errorf("title and client_id are needed")
	case (c.Secret == "") == (c.Key == nil):
		return nil, fmt.Errorf("it needs a client secret or a key, and not both")
	}
	if err := p.mayCall(c.Issuer); err != nil {
		return nil, err
	}
	for claim, values := range c.Require {
		if claim == "" || len(values) == 0 {
			return nil, fmt.Errorf("what it requires needs a claim and what it may be")
		}
	}
	if c.Key != nil {
		if err := p.takeKey(); err != nil {
			return nil, err
		}
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	t.MaxIdleConnsPerHost, t.MaxResponseHeaderBytes = 1, 64<<10
	t.DisableKeepAlives = true // nothing stays open to anybody outside
	p.client = &http.Client{Transport: bounded{t}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return p, nil
}

func (p *provider) takeKey() error {
	switch k := p.Key.Public().(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("its key is too short: RSA keys have 2048 bits or more")
		}
		if p.KeyAlg == "" {
			p.KeyAlg = string(jose.RS256)
		}
	case *ecdsa.PublicKey:
		if p.KeyAlg == "" {
			p.KeyAlg = string(jose.ES256)
		}
	default:
		return fmt.Errorf("its key must be RSA or ECDSA")
	}
	if p.KeyFor != "" && p.KeyFor != "token" && p.KeyFor != "issuer" {
		return fmt.Errorf("key_audience %q is not token or issuer", p.KeyFor)
	}
	if !slices.Contains([]string{"RS256", "RS384", "RS512", "PS256", "ES256", "ES384"}, p.KeyAlg) {
		return fmt.Errorf("key_algorithm %q is not one of RS256, RS384, RS512, PS256, ES256, ES384", p.KeyAlg)
	}
	var err error
	p.signer, err = jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(p.KeyAlg), Key: jose.JSONWebKey{Key: p.Key, KeyID: p.KeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	return err
}

// mayCall refuses an address that is not https; a demo may use this machine
// without TLS.
func (p *provider) mayCall(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%q is no address of a provider", address)
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || p.loopback && here && u.Scheme == "http" {
		return nil
	}
	return fmt.Errorf("%q is not https", address)
}

// bounded reads no more of an answer than mostAnswer.
type bounded struct{ next http.RoundTripper }

// RoundTrip does one request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, mostAnswer), res.Body}
	}
	return res, err
}

// call takes a place among those who wait for this provider, and gives the time
// that it has.
func (p *provider) call(ctx context.Context, wait time.Duration) (context.Context, func(), error) {
	select {
	case p.calls <- struct{}{}:
	default:
		return nil, nil, p.trouble(TroubleBusy)
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.client), wait)
	return ctx, func() { cancel(); <-p.calls }, nil
}

// discover asks the provider what it says about itself (OpenID Connect Discovery
// 1.0). It is asked for each person who sets out: nobody's browser is sent to one
// that has just gone away.
func (p *provider) discover(ctx context.Context, now time.Time) (*oidc.Provider, error) {
	found, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return nil, p.failed(err)
	}
	var said struct {
		Keys string `json:"jwks_uri"`
	}
	if err := found.Claims(&said); err != nil {
		return nil, p.trouble(TroubleWrong)
	}
	for _, address := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL, said.Keys} {
		if p.mayCall(address) != nil {
			return nil, p.trouble(TroubleWrong)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.at = found, now
	return found, nil
}

// lately gives what the provider said of itself when the person set out, with
// the keys that were read since; a restarted device asks anew.
func (p *provider) lately(ctx context.Context, trip time.Duration, now time.Time) (*oidc.Provider, error) {
	p.mu.Lock()
	known, at := p.known, p.at
	p.mu.Unlock()
	if age := now.Sub(at); known != nil && age >= 0 && age < trip {
		return known, nil
	}
	return p.discover(ctx, now)
}

func (p *provider) oauth(found *oidc.Provider) oauth2.Config {
	end := found.Endpoint()
	end.AuthStyle = oauth2.AuthStyleInHeader // client_secret_basic, the usual one (OpenID Connect Core 1.0, section 9)
	var said struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	_ = found.Claims(&said) // was read once already; what it leaves out has its usual meaning
	if p.signer != nil || len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic") {
		end.AuthStyle = oauth2.AuthStyleInParams
	}
	return oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: end, RedirectURL: p.redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
}

// named finds a provider by its name in our addresses.
func (p *Providers) named(name string) (*provider, error) {
	for _, one := range p.all {
		if one.Name == name {
			return one, nil
		}
	}
	return nil, refusal.New(refusal.Missing, "There is no such provider here.")
}

// Known is a provider as pages show it.
type Known struct{ Name, Title, Issuer string }

// List gives the providers, in the order of the configuration.
func (p *Providers) List() []Known {
	var out []Known
	if p == nil {
		return nil
	}
	for _, one := range p.all {
		out = append(out, Known{one.Name, one.Title, one.Issuer})
	}
	return out
}

// Trouble is why a provider let nobody in. Each has its sentence.
type Trouble string

// The troubles.
const (
	TroubleBrowser     Trouble = "browser"     // it is not the organisation's own
	TroubleUnreachable Trouble = "unreachable" // or too slow
	TroubleBusy        Trouble = "busy"
	TroubleLate        Trouble = "late"     // begun elsewhere, too long ago, or before a restart
	TroubleUsed        Trouble = "used"     // the answer was used before
	TroubleDeclined    Trouble = "declined" // by the provider, in its own words
	TroubleWrong       Trouble = "wrong"    // what it answered does not hold
	TroubleClock       Trouble = "clock"
	TroubleWeak        Trouble = "weak"    // it did not check the person as closely as is required
	TroubleStale       Trouble = "stale"   // it did not check the person now
	TroubleNobody      Trouble = "nobody"  // the account is nobody's here
	TroubleTwo         Trouble = "two"     // it is two people's, or one of two linked apart
	TroubleMany        Trouble = "many"    // more people had it than are read at once
	TroubleNoRole      Trouble = "no-role" // whose account it is holds no role now
	TroubleRole        Trouble = "role"    // they do not hold the role that they chose
	TroublePasskey     Trouble = "passkey" // the session that would link it was not opened by passkey
	TroubleLocked      Trouble = "locked"  // the session that would link it ended or was locked meanwhile
	TroubleTaken       Trouble = "taken"   // it can't be linked: another's, or not the first
)

// Says gives a trouble's sentence for the provider of a name; empty when either
// is not known.
func (p *Providers) Says(t Trouble, name string) string {
	if p == nil {
		return ""
	}
	one, err := p.named(name)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(sentences()[t], "{}", one.Title)
}

func sentences() map[Trouble]string {
	return map[Trouble]string{
		TroubleBrowser:     "This browser is not known here yet. Sign in on it by a passkey once; then your account at {} works too.",
		TroubleUnreachable: "{} does not answer this machine now. Use your passkey or another way in; everything here goes on without it.",
		TroubleBusy:        "Many people are waiting for {} already. Use your passkey, or try again in a minute.",
		TroubleLate:        "That took too long, or it was begun on another browser. Begin again.",
		TroubleUsed:        "This answer of {} has been used. Begin again.",
		TroubleDeclined:    "{} did not let you in. Try again there, or use your passkey.",
		TroubleWrong:       "What {} answered does not hold, so nobody was signed in. Use your passkey, and tell whoever looks after this machine.",
		TroubleClock:       "The clocks of {} and of this machine are too far apart, or its answer is an old one. Use your passkey, and tell whoever looks after this machine.",
		TroubleWeak:        "{} did not check who you are as closely as this organisation requires. Sign in there with your smartcard or security key, or use your passkey here.",
		TroubleStale:       "{} knew you from before and did not ask who you are now. Begin again and sign in there anew, or use your passkey.",
		TroubleNobody:      "Your account at {} is nobody’s on the staff list here. Sign in by your passkey and link it under You, or ask an administrator.",
		TroubleTwo:         "Your account at {} was linked twice, to you or to two people, so it opens nothing until an administrator has taken the wrong link away. Use your passkey.",
		TroubleTaken:       "This account at {} is linked to another person here, or one there is linked to you already. An administrator can take it away.",
		TroubleMany:        "More people have had your account at {} than are read at once, so whose it is can’t be told. Use your passkey, and tell whoever looks after this machine.",
		TroubleRole:        "You do not hold the role that you chose. Begin again with another, or as usual.",
		TroublePasskey:     "This session was not opened by your passkey, so nothing can be linked in it. Sign out, sign in by your passkey, and link your account at {} then.",
		TroubleLocked:      "Your session ended or was locked while you were at {}, so your account was not linked. Begin again.",
		TroubleNoRole:      "You do not hold a role here now. Ask an administrator.",
	}
}

// ProviderError is a refusal with its trouble.
type ProviderError struct {
	Trouble Trouble
	Name    string // of the provider, in our addresses
	err     *refusal.Error
}

// Error is the sentence.
func (e *ProviderError) Error() string { return e.err.Error() }

// Unwrap gives the refusal.
func (e *ProviderError) Unwrap() error { return e.err }

func (p *provider) trouble(t Trouble) error {
	kind := refusal.Forbidden
	if t == TroubleUnreachable || t == TroubleBusy {
		kind = refusal.Unavailable
	}
	return &ProviderError{Trouble: t, Name: p.Name, err: refusal.New(kind, strings.ReplaceAll(sentences()[t], "{}", p.Title))}
}
