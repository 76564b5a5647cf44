package accessweb_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"holdfast/access/accessdb"
)

// idp is a real identity provider on loopback: zitadel's, with its own protocol,
// login page and example storage. Around it stands only what makes it answer
// wrongly on purpose.
type idp struct {
	*storage.Storage
	t       *testing.T
	server  *httptest.Server
	issuer  string
	class   string                             // acr that it states
	clients map[string]crypto                  // by client id: how a client shows who it is
	key     atomic.Pointer[idpKey]             // it signs with
	asked   atomic.Int64                       // requests that reached it
	stop    chan struct{}                      // while it is set, closing it lets answers go
	mu      sync.Mutex                         //
	forge   func(claims map[string]any) string // writes another ID token than the provider's; nil: its own
	tokens  []string                           // every token and code that it gave out
}

// crypto is the public key of a client that signs, or nil for one with a secret.
type crypto = *jose.JSONWebKey

type idpKey struct {
	id      string
	private *rsa.PrivateKey
}

type signingKey struct{ *idpKey }

func (k signingKey) ID() string                                  { return k.id }
func (k signingKey) Key() any                                    { return k.private }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

type publicKey struct{ *idpKey }

func (k publicKey) ID() string                         { return k.id }
func (k publicKey) Key() any                           { return &k.private.PublicKey }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }

type idpUsers map[string]*storage.User // by id, which is the subject

func (u idpUsers) GetUserByID(id string) *storage.User { return u[id] }
func (u idpUsers) GetUserByUsername(name string) *storage.User {
	for _, one := range u {
		if one.Username == name {
			return one
		}
	}
	return nil
}
func (idpUsers) ExampleClientID() string { return "none" }

const idpPassword = "verysecure"

func rsaKey(t *testing.T, id string) *idpKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &idpKey{id, k}
}

// newIDP starts a provider at which these people have accounts, and one client
// with a secret. Its address says localhost, so that it and the office share no
// cookie.
func newIDP(t *testing.T, origin, name string, people ...string) *idp {
	t.Helper()
	users := idpUsers{}
	for _, p := range people {
		users["id of "+p] = &storage.User{ID: "id of " + p, Username: p, Password: idpPassword}
	}
	client := storage.WebClient("holdfast-"+name, "client secret", origin+"/sign-in/from/"+name)
	i := &idp{
		Storage: storage.NewStorageWithClients(users, map[string]*storage.Client{client.GetID(): client}),
		t:       t, class: "AAL3_ANY", clients: map[string]crypto{},
	}
	i.key.Store(rsaKey(t, "first"))
	var inner http.Handler
	i.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		i.mu.Lock()
		stop := i.stop
		i.mu.Unlock()
		if stop != nil {
			<-stop
		}
		i.serve(inner, w, r)
	}))
	t.Cleanup(i.server.Close)
	i.issuer = strings.Replace(i.server.URL, "127.0.0.1", "localhost", 1)
	inner = exampleop.SetupServer(i.issuer, i, slog.New(slog.DiscardHandler), false)
	return i
}

// serve lets the provider answer and remembers what must be in no log; a token
// is replaced when a test says so.
func (i *idp) serve(inner http.Handler, w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/token") {
		inner.ServeHTTP(w, r)
		return
	}
	if r.ParseForm() == nil {
		i.gave(r.PostForm.Get("code"), r.PostForm.Get("client_assertion"), r.PostForm.Get("code_verifier"))
	}
	rec := httptest.NewRecorder()
	inner.ServeHTTP(rec, r)
	body := rec.Body.Bytes()
	var said map[string]any
	if rec.Code == http.StatusOK && json.Unmarshal(body, &said) == nil {
		i.mu.Lock()
		forge := i.forge
		i.mu.Unlock()
		if forge != nil {
			said["id_token"] = forge(i.claims(said["id_token"].(string)))
			body, _ = json.Marshal(said)
		}
		i.gave(said["id_token"].(string), said["access_token"].(string))
	}
	maps.Copy(w.Header(), rec.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(rec.Code)
	w.Write(body)
}

func (i *idp) gave(all ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, one := range all {
		if one != "" {
			i.tokens = append(i.tokens, one)
		}
	}
}

func (i *idp) claims(token string) map[string]any {
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	out := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		i.t.Error(err)
	}
	return out
}

func (i *idp) forging(f func(map[string]any) string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forge = f
}

// hang makes the provider answer nothing until what it gives is called.
func (i *idp) hang() func() {
	i.mu.Lock()
	defer i.mu.Unlock()
	stop := make(chan struct{})
	i.stop = stop
	return sync.OnceFunc(func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.stop = nil
		close(stop)
	})
}

// sign writes a token with a key.
func (i *idp) sign(claims map[string]any, alg jose.SignatureAlgorithm, key any) string {
	i.t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: i.key.Load().id}}, nil)
	if err != nil {
		i.t.Error(err)
		return ""
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		i.t.Error(err)
	}
	signed, err := s.Sign(payload)
	if err != nil {
		i.t.Error(err)
		return ""
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		i.t.Error(err)
	}
	return out
}

// with signs the provider's own claims, changed, with its own key.
func (i *idp) with(change func(c map[string]any)) func(map[string]any) string {
	return func(c map[string]any) string {
		change(c)
		return i.sign(c, jose.RS256, i.key.Load().private)
	}
}

// SigningKey, KeySet and SignatureAlgorithms let a test change the key.
func (i *idp) SigningKey(context.Context) (op.SigningKey, error) {
	return signingKey{i.key.Load()}, nil
}

// KeySet gives the public half.
func (i *idp) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{publicKey{i.key.Load()}}, nil
}

// SignatureAlgorithms is RS256.
func (i *idp) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// classed states an authentication class, which the example leaves out.
type classed struct {
	op.AuthRequest
	class string
}

func (c classed) GetACR() string { return c.class }

// AuthRequestByID states the class.
func (i *idp) AuthRequestByID(ctx context.Context, id string) (op.AuthRequest, error) {
	r, err := i.Storage.AuthRequestByID(ctx, id)
	return classed{r, i.class}, err
}

// AuthRequestByCode states the class.
func (i *idp) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	r, err := i.Storage.AuthRequestByCode(ctx, code)
	return classed{r, i.class}, err
}

// signs is a client that shows who it is by a key.
type signs struct{ op.Client }

func (signs) AuthMethod() oidc.AuthMethod { return oidc.AuthMethodPrivateKeyJWT }

// GetClientByClientID knows clients that sign.
func (i *idp) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := i.Storage.GetClientByClientID(ctx, id)
	if err == nil && i.clients[id] != nil {
		return signs{c}, nil
	}
	return c, err
}

// GetKeyByIDAndClientID gives the public key of a client that signs.
func (i *idp) GetKeyByIDAndClientID(_ context.Context, keyID, clientID string) (*jose.JSONWebKey, error) {
	if k := i.clients[clientID]; k != nil && k.KeyID == keyID {
		return k, nil
	}
	return nil, oidc.ErrInvalidClient()
}

// provider is how the office knows it.
func (i *idp) provider(name, title string) accessdb.Provider {
	return accessdb.Provider{Name: name, Title: title, Issuer: i.issuer, ClientID: "holdfast-" + name, Secret: "client secret", Scopes: []string{"profile"}}
}

// logged is what the office's programs log.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps a line.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// knows makes the office sign people in by these providers.
func (o *office) knows(all ...accessdb.Provider) {
	o.t.Helper()
	o.gate.Policy.ByProvider = true
	p, err := accessdb.NewProviders(o.gate, o.server.URL, all, true, slog.New(slog.NewJSONHandler(&o.logged, nil)))
	if err != nil {
		o.t.Fatal(err)
	}
	o.pages.Providers = p
}

// press follows a link of our own page; how far tells where it stops.
func (b *browser) press(path string, stop func(*http.Request) bool) (*http.Response, string) {
	b.o.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.o.server.URL+path, nil)
	if err != nil {
		b.o.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.follow(r, stop)
}

func (b *browser) follow(r *http.Request, stop func(*http.Request) bool) (*http.Response, string) {
	b.o.t.Helper()
	c := *b.client
	c.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		next.Header.Del("Sec-Fetch-Site")
		if stop != nil && stop(next) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	res, err := c.Do(r)
	if err != nil {
		b.o.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.o.t.Fatal(err)
	}
	return res, string(body)
}

func comesBack(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/sign-in/from/") }

// login types name and password into the provider's own page and gives the
// address to which it sends the browser back.
func (b *browser) login(i *idp, path, name string) string {
	b.o.t.Helper()
	res, page := b.press(path, nil)
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(page)
	if id == nil {
		b.o.t.Fatalf("no login page but %d at %s: %s", res.StatusCode, res.Request.URL, page)
	}
	form := url.Values{"username": {name}, "password": {idpPassword}, "id": {id[1]}}
	r, err := http.NewRequest(http.MethodPost, i.issuer+"/login/username", strings.NewReader(form.Encode()))
	if err != nil {
		b.o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, page = b.follow(r, comesBack)
	back := res.Header.Get("Location")
	if res.StatusCode/100 != 3 || back == "" {
		b.o.t.Fatalf("the provider answers %d: %s", res.StatusCode, page)
	}
	i.gave(mustURL(b.o.t, back).Query().Get("code"), mustURL(b.o.t, back).Query().Get("state"))
	return back
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// by signs in at the provider and comes back.
func (b *browser) by(i *idp, provider, name string) (int, string) {
	b.o.t.Helper()
	return b.back(b.login(i, "/sign-in/with/"+provider, name))
}

func (b *browser) back(address string) (int, string) {
	b.o.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.o.t.Fatal(err)
	}
	res, body := b.follow(r, nil)
	if q := res.Request.URL.Query(); q.Has("code") || q.Has("state") {
		b.o.t.Errorf("code and state stay in the address %s", res.Request.URL)
	}
	return res.StatusCode, body
}

// silent checks that no token, code, state or account stands in any log.
func (o *office) silent(all ...*idp) {
	o.t.Helper()
	text := o.logged.text()
	for _, i := range all {
		i.mu.Lock()
		for _, one := range append(i.tokens, "id of ") {
			if strings.Contains(text, one) {
				o.t.Errorf("a log holds %.40s…", one)
			}
		}
		i.mu.Unlock()
	}
}

func pemOf(t *testing.T, k *rsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
