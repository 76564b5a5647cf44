package accessweb_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/journal"
)

const asTrust = "/sign-in/with/trust"

// byTrust is an office that knows one provider, with a nurse who has a passkey, a
// known browser and a linked account there.
func byTrust(t *testing.T, more ...string) (*office, *idp, seat) {
	t.Helper()
	o := newOffice(t, false)
	i := newIDP(t, o.server.URL, "trust", append([]string{"varma"}, more...)...)
	o.knows(i.provider("trust", "Fellside Trust"))
	nurse := o.seat("P. Varma", access.Clinician)
	o.linkTo(nurse.person, i, "varma")
	nurse.post("/sign-out", nil)
	return o, i, nurse
}

func (o *office) linkTo(p fact.Subject, i *idp, name string) {
	o.t.Helper()
	admin := access.Caller{Person: fact.Subject{42}, Role: access.Administrator}
	if err := o.gate.LinkIdentity(context.Background(), admin, p, access.IdentityLinked{Issuer: i.issuer, Account: "id of " + name}); err != nil {
		o.t.Fatal(err)
	}
}

func TestSignInByAProvider(t *testing.T) {
	o, i, nurse := byTrust(t)
	status, body := nurse.get("/sign-in?next=/staff")
	want(t, status, body, http.StatusOK, "Sign in with Fellside Trust", `href="/sign-in/with/trust?next=%2Fstaff"`)
	if i.asked.Load() != 0 {
		t.Error("the provider was asked before anybody pressed its button")
	}
	// What goes to the provider: a challenge, a nonce, a fresh sign-in; nothing of
	// ours but the client's name and the address to come back to.
	res, _ := nurse.press(asTrust+"?next=/staff", func(r *http.Request) bool { return r.URL.Host != mustURL(t, o.server.URL).Host })
	q := mustURL(t, res.Header.Get("Location")).Query()
	if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) != 43 || q.Get("prompt") != "login" || q.Get("max_age") == "" || q.Get("response_type") != "code" {
		t.Errorf("asked as %v", q)
	}
	if strings.Contains(res.Header.Get("Location"), "staff") || len(q) != 10 {
		t.Errorf("the provider is told more than it needs: %v", q)
	}
	status, body = nurse.by(i, "trust", "varma")
	want(t, status, body, http.StatusOK, "first page of clinician")
	o.silent(i)

	// How it was opened is on record, and nothing of it is a proof to us.
	token := ""
	for _, c := range nurse.client.Jar.Cookies(mustURL(t, o.server.URL)) {
		if c.Name == "holdfast" {
			token = c.Value
		}
	}
	by, err := o.gate.Caller(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	h, err := o.journal.History(t.Context(), by.Session)
	if err != nil {
		t.Fatal(err)
	}
	got := access.FoldSession(by.Session, h).Opened[0]
	if got.Way != access.WayProvider || got.Provider == nil || got.Provider.Issuer != i.issuer || got.Provider.Class != "AAL3_ANY" || !slices.Equal(got.Provider.How, []string{"pwd"}) {
		t.Errorf("%+v %+v", got, got.Provider)
	}
	if !by.Proved.IsZero() {
		t.Error("what the provider said counts as a passkey")
	}
	// The page that was asked for comes after it.
	nurse.post("/sign-out", nil)
	status, body = nurse.back(nurse.login(i, asTrust+"?next=/session", "varma"))
	want(t, status, body, http.StatusOK, "Your session", "Fellside Trust", "Linked")
	// A key that the provider has changed meanwhile is fetched.
	i.key.Store(rsaKey(t, "second"))
	nurse.post("/sign-out", nil)
	status, body = nurse.by(i, "trust", "varma")
	want(t, status, body, http.StatusOK, "first page of clinician")
	// A session by a provider makes no browser known and changes no way in.
	status, body = nurse.get("/session/accounts/trust")
	want(t, status, body, http.StatusOK, "Accounts at other services")
	status, body = nurse.post("/session/recovery", nil)
	want(t, status, body, http.StatusForbidden, "Sign in by your passkey")
	o.silent(i)
}

// The provider opens nothing by itself: the browser must be one that is known by
// a passkey, and a browser that is not is told so before the provider is asked.
func TestAProviderIsOneFactorAlone(t *testing.T) {
	o, i, nurse := byTrust(t)
	stranger := o.browser()
	res, body := stranger.press(asTrust, nil)
	want(t, res.StatusCode, body, http.StatusForbidden, "not known here yet", "Use your passkey")
	if i.asked.Load() != 0 {
		t.Error("the provider was asked for a browser that is not known")
	}
	// Nor does a browser that was known become one again by it.
	o.skip(o.gate.Policy.BrowserKnown - time.Hour)
	res, _ = nurse.press(asTrust, func(r *http.Request) bool { return r.URL.Host != mustURL(t, o.server.URL).Host })
	if res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.StatusCode)
	}
	o.skip(26 * time.Hour)
	res, body = nurse.press(asTrust, nil)
	want(t, res.StatusCode, body, http.StatusForbidden, "not known here yet")
	// Off: no button and no door.
	o.gate.Policy.ByProvider = false
	_, body = nurse.get("/sign-in")
	if strings.Contains(body, "Fellside Trust") {
		t.Error("a way in is offered that policy does not allow")
	}
	res, body = nurse.press(asTrust, nil)
	want(t, res.StatusCode, body, http.StatusNotFound, "signs nobody in by an identity provider")
}

// No other site sends anybody to a provider through us.
func TestOnlyOurOwnButtonLeadsToAProvider(t *testing.T) {
	o, i, nurse := byTrust(t)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Referer": "https://evil.example/x", "X-None": ""} {
		r, err := http.NewRequest(http.MethodGet, o.server.URL+asTrust, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(name, value)
		res, body := nurse.follow(r, nil)
		want(t, res.StatusCode, body, http.StatusOK, "Start your shift")
	}
	if i.asked.Load() != 0 {
		t.Error("the provider was asked")
	}
}

// What a provider answers is believed only as far as it proves.
func TestWhatAProviderAnswersMustHold(t *testing.T) {
	o, i, nurse := byTrust(t)
	p := i.provider("trust", "Fellside Trust")
	p.Classes, p.Require = []string{"AAL3_ANY"}, map[string][]string{"sub": {"id of varma"}}
	o.knows(p)
	set := func(claim string, v any) func(map[string]any) string {
		return i.with(func(c map[string]any) { c[claim] = v })
	}
	now, ec := time.Now().Unix(), ecKey(t)
	public := pemOf(t, &i.key.Load().private.PublicKey)
	bare := func(c map[string]any, alg string) string {
		payload, _ := json.Marshal(c)
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	}
	for name, one := range map[string]struct {
		says  string
		forge func(map[string]any) string
	}{
		"another nonce":          {"does not hold", set("nonce", "AAAA")},
		"no nonce":               {"does not hold", i.with(func(c map[string]any) { delete(c, "nonce") })},
		"for another client":     {"does not hold", set("aud", "somebody-else")},
		"for two":                {"does not hold", i.with(func(c map[string]any) { c["aud"] = []string{"holdfast-trust", "x"}; delete(c, "azp") })},
		"given to another":       {"does not hold", set("azp", "somebody-else")},
		"another issuer":         {"does not hold", set("iss", "https://evil.example")},
		"another access token":   {"does not hold", set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
		"over":                   {"clocks", set("exp", now-120)},
		"of yesterday":           {"clocks", set("iat", now-86400)},
		"of tomorrow":            {"clocks", set("iat", now+86400)},
		"unsigned":               {"does not hold", func(c map[string]any) string { return bare(c, "none") }},
		"unsigned, says RS256":   {"does not hold", func(c map[string]any) string { return bare(c, "RS256") }},
		"HMAC by the public key": {"does not hold", func(c map[string]any) string { return i.sign(c, jose.HS256, public) }},
		"another's key":          {"does not hold", func(c map[string]any) string { return i.sign(c, jose.ES256, ec) }},
		"no token":               {"does not hold", func(map[string]any) string { return "" }},
		"not a token":            {"does not hold", func(map[string]any) string { return "a.b.c" }},
		"not as closely":         {"as closely as", set("acr", "AAL2_ANY")},
		"no class":               {"as closely as", i.with(func(c map[string]any) { delete(c, "acr") })},
		"what is required":       {"as closely as", set("sub", "id of other")},
		"from before":            {"knew you from before", set("auth_time", now-3600)},
		"not said when":          {"knew you from before", i.with(func(c map[string]any) { delete(c, "auth_time") })},
	} {
		i.forging(one.forge)
		status, body := nurse.by(i, "trust", "varma")
		if status != http.StatusForbidden || !strings.Contains(body, one.says) || !strings.Contains(body, "Use your passkey") {
			t.Errorf("%s: status %d, without %q", name, status, one.says)
		}
		if _, body = nurse.get("/session"); !strings.Contains(body, "Start your shift") {
			t.Errorf("%s: somebody is signed in", name)
		}
	}
	o.silent(i)
	i.forging(i.with(func(map[string]any) {}))
	status, body := nurse.by(i, "trust", "varma")
	want(t, status, body, http.StatusOK, "first page of clinician")
}

// Each way to a provider and back is good once, on the browser that began it, for
// the provider it was begun with.
func TestATripIsOneBrowsersAndOneProviders(t *testing.T) {
	o, i, nurse := byTrust(t, "hale")
	other := newIDP(t, o.server.URL, "other", "hale")
	misnamed := i.provider("misnamed", "Misnamed Trust")
	misnamed.Issuer = i.server.URL // its document says another
	o.knows(i.provider("trust", "Fellside Trust"), other.provider("other", "Other Trust"), misnamed)
	thief := o.seat("T. Hale", access.CallHandler)
	thief.post("/sign-out", nil)
	site := mustURL(t, o.server.URL)
	trip := func(b seat) *http.Cookie {
		for _, c := range b.client.Jar.Cookies(site) {
			if c.Name == "holdfast-trip" {
				return c
			}
		}
		t.Fatal("no trip is under way")
		return nil
	}
	nobody := func(b seat, address, says string) {
		t.Helper()
		status, body := b.back(address)
		want(t, status, body, http.StatusForbidden, says)
		_, body = b.get("/session")
		want(t, 200, body, 200, "Start your shift")
	}

	res, page := nurse.press("/sign-in/with/misnamed", nil)
	want(t, res.StatusCode, page, http.StatusForbidden, "Misnamed Trust answered does not hold")

	// The nurse's answer on a thief's browser, and with the nurse's own cookie too.
	back := nurse.login(i, asTrust, "varma")
	kept := trip(nurse)
	nobody(thief, back, "begun on another browser")
	thief.client.Jar.SetCookies(site, []*http.Cookie{kept})
	nobody(thief, back, "begun on another browser")
	// The thief's answer on the nurse's browser: nobody is signed in as the thief.
	theirs := thief.login(i, asTrust, "hale")
	nobody(nurse, theirs, "begun on another browser")
	// It is still good where it was begun, once.
	nurse.client.Jar.SetCookies(site, []*http.Cookie{kept})
	status, body := nurse.back(back)
	want(t, status, body, http.StatusOK, "first page of clinician")
	nurse.post("/sign-out", nil)
	nobody(nurse, back, "Begin again")
	nurse.client.Jar.SetCookies(site, []*http.Cookie{kept})
	nobody(nurse, back, "has been used")

	// The right browser, without the cookie that was kept when it set out.
	back = nurse.login(i, asTrust, "varma")
	nurse.client.Jar.SetCookies(site, []*http.Cookie{{Name: "holdfast-trip", MaxAge: -1}})
	nobody(nurse, back, "begun on another browser")

	// A mix-up: begun with one provider, brought to the other's address.
	back = nurse.login(i, asTrust, "varma")
	nobody(nurse, strings.Replace(back, "/from/trust", "/from/other", 1), "begun on another browser")
	// One provider's code with a trip to the other; and an answer in another's name.
	back = nurse.login(i, asTrust, "varma")
	state := mustURL(t, nurse.login(other, "/sign-in/with/other", "hale")).Query().Get("state")
	q := mustURL(t, back).Query()
	q.Set("state", state)
	nobody(nurse, o.server.URL+"/sign-in/from/other?"+q.Encode(), "Other Trust answered does not hold")
	back = nurse.login(i, asTrust, "varma")
	nobody(nurse, back+"&iss="+url.QueryEscape(other.issuer), "does not hold")
	// A code of somebody else's trip: the provider wants the verifier of its own.
	stolen := mustURL(t, thief.login(i, asTrust, "hale")).Query().Get("code")
	q = mustURL(t, nurse.login(i, asTrust, "varma")).Query()
	q.Set("code", stolen)
	nobody(nurse, o.server.URL+"/sign-in/from/trust?"+q.Encode(), "does not hold")
	// Declined, made up, too late.
	q = url.Values{"state": {mustURL(t, nurse.login(i, asTrust, "varma")).Query().Get("state")}, "error": {"access_denied"}}
	nobody(nurse, o.server.URL+"/sign-in/from/trust?"+q.Encode(), "did not let you in")
	nobody(nurse, o.server.URL+"/sign-in/from/trust?code=x&state="+strings.Repeat("A", 54), "begun on another browser")
	back = nurse.login(i, asTrust, "varma")
	o.skip(11 * time.Minute)
	nobody(nurse, back, "That took too long")
	o.silent(i, other)
}

// The provider says who it is, and nothing of whether they may come in.
func TestAProviderMakesNobodyAMemberOfStaff(t *testing.T) {
	o, i, nurse := byTrust(t, "nobody", "gone", "shared")
	status, body := nurse.by(i, "trust", "nobody")
	want(t, status, body, http.StatusForbidden, "nobody’s on the staff list")

	gone := o.person("G. One", access.Clinician)
	o.linkTo(gone, i, "gone")
	admin := access.Caller{Person: fact.Subject{42}, Role: access.Administrator}
	if err := o.gate.Leave(t.Context(), admin, gone, time.Time{}, "left"); err != nil {
		t.Fatal(err)
	}
	status, body = nurse.by(i, "trust", "gone")
	want(t, status, body, http.StatusForbidden, "You do not hold a role here now")

	// One account at two people: the second is refused, and when two devices wrote
	// apart it opens for neither.
	first, second := o.person("K. Adeyemi", access.Clinician), o.person("L. Moss", access.Manager)
	o.linkTo(first, i, "shared")
	l := access.IdentityLinked{Issuer: i.issuer, Account: "id of shared"}
	if err := o.gate.LinkIdentity(t.Context(), admin, second, l); err == nil || !strings.Contains(err.Error(), "another person") {
		t.Error(err)
	}
	status, body = nurse.by(i, "trust", "shared")
	want(t, status, body, http.StatusOK, "first page of clinician")
	saved, err := o.journal.Do(t.Context(), admin.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(second, l)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.journal.WaitViews(t.Context(), saved, 5*time.Second)
	status, body = nurse.by(i, "trust", "shared")
	want(t, status, body, http.StatusForbidden, "linked twice")
	o.silent(i)
}

// A provider that is away, hangs or answers nonsense keeps nobody waiting: its own
// button says so, and the page and every other way in go on.
func TestAProviderThatIsAwayHoldsNobodyUp(t *testing.T) {
	o, i, nurse := byTrust(t)
	away := i.provider("away", "Away Trust")
	away.Issuer = "http://127.0.0.1:1"
	o.gate.Policy.ProviderWait = 300 * time.Millisecond
	o.knows(i.provider("trust", "Fellside Trust"), away)
	res, body := nurse.press("/sign-in/with/away", nil)
	want(t, res.StatusCode, body, http.StatusServiceUnavailable, "Away Trust does not answer", "Use your passkey")

	release := i.hang()
	defer release()
	// More people than may wait for it at once: all are told within its time.
	said := make(chan string, 40)
	for range cap(said) {
		b := &browser{o: o, client: &http.Client{Jar: nurse.client.Jar}}
		go func() {
			res, body := b.press(asTrust, nil)
			if res.StatusCode != http.StatusServiceUnavailable {
				body = "status " + res.Status
			}
			said <- body
		}()
	}
	// The sign-in page and the passkey wait for none of it.
	status, page := nurse.get("/sign-in")
	want(t, status, page, http.StatusOK, "Use your passkey")
	status, page = nurse.signIn(nurse.key)
	want(t, status, page, http.StatusOK, "next")
	for range cap(said) {
		if body := <-said; !strings.Contains(body, "does not answer") && !strings.Contains(body, "waiting for Fellside Trust already") {
			t.Fatalf("it says %.300s", body)
		}
	}
	release()
	// It went away while somebody was there, and a moment after it let somebody set
	// out: nobody's browser is sent to what is gone.
	o.gate.Policy.ProviderWait = 5 * time.Second
	o.knows(i.provider("trust", "Fellside Trust"))
	nurse.post("/sign-out", nil)
	back := nurse.login(i, asTrust, "varma")
	i.server.CloseClientConnections()
	i.server.Listener.Close()
	status, body = nurse.back(back)
	want(t, status, body, http.StatusServiceUnavailable, "does not answer", "Use your passkey")
	res, body = nurse.press(asTrust, nil)
	want(t, res.StatusCode, body, http.StatusServiceUnavailable, "does not answer", "Use your passkey")
}

func TestPeopleLinkTheirAccountByTheirPasskey(t *testing.T) {
	o := newOffice(t, false)
	i := newIDP(t, o.server.URL, "trust", "varma", "hale")
	o.knows(i.provider("trust", "Fellside Trust"))
	o.gate.Looking = access.Looking{Proof: map[access.Act]time.Duration{access.LinkOwnAccount: 5 * time.Minute, access.LinkAccounts: 15 * time.Minute, access.ManageStaff: time.Hour}}
	nurse, admin := o.seat("P. Varma", access.Clinician), o.seat("A. Holt", access.Administrator)
	status, body := nurse.get("/session/accounts")
	want(t, status, body, http.StatusOK, "None is linked", "Link your account at Fellside Trust", `href="/session/accounts/trust"`)
	status, body = nurse.back(nurse.login(i, "/session/accounts/trust", "varma"))
	want(t, status, body, http.StatusOK, "id of varma", "themselves")
	// An account that is somebody's is not linked to another; nor a second one.
	status, body = admin.back(admin.login(i, "/session/accounts/trust", "varma"))
	want(t, status, body, http.StatusUnprocessableEntity, "No account was linked", "another person")
	// Begun by one, finished by another on the same browser: nothing is linked.
	back := admin.login(i, "/session/accounts/trust", "hale")
	admin.post("/sign-out", nil)
	status, body = admin.back(back)
	want(t, status, body, http.StatusOK, "Start your shift")
	status, body = admin.signIn(admin.key)
	want(t, status, body, http.StatusOK, "next")
	site, kept := mustURL(t, o.server.URL), []*http.Cookie(nil)
	back = admin.login(i, "/session/accounts/trust", "hale")
	for _, c := range admin.client.Jar.Cookies(site) {
		if c.Name == "holdfast-trip" {
			kept = append(kept, c)
		}
	}
	third := o.seat("K. Adeyemi", access.Clinician)
	status, body = admin.signIn(third.key) // on the same browser
	want(t, status, body, http.StatusOK, "next")
	admin.client.Jar.SetCookies(site, kept)
	status, body = admin.back(back)
	want(t, status, body, http.StatusUnprocessableEntity, "No account was linked", "None is linked")
	status, body = admin.signIn(admin.key)
	want(t, status, body, http.StatusOK, "next")
	// Administrators see it, and may take it away and link it themselves.
	status, body = admin.get("/staff")
	want(t, status, body, http.StatusOK, "was linked to P. Varma by themselves")
	path := "/staff/" + nurse.person.String()
	status, body = admin.get(path)
	want(t, status, body, http.StatusOK, "id of varma", "Take away")
	account := url.Values{"issuer": {i.issuer}, "account": {"id of varma"}}
	status, body = nurse.post(path+"/accounts/drop", account)
	want(t, status, body, http.StatusForbidden, "administrator")
	status, body = admin.post(path+"/accounts/drop", account)
	want(t, status, body, http.StatusOK)
	if strings.Contains(body, "id of varma") {
		t.Error("it is still there")
	}
	status, body = admin.post(path+"/accounts", url.Values{"issuer": {"https://evil.example"}, "account": {"x"}})
	want(t, status, body, http.StatusUnprocessableEntity, "Choose one of those shown")
	status, body = admin.post(path+"/accounts", account)
	want(t, status, body, http.StatusOK, "id of varma", "an administrator")
	nurse.post("/sign-out", nil)
	status, body = nurse.by(i, "trust", "varma")
	want(t, status, body, http.StatusOK, "first page of clinician")
	// Without a passkey shown now it is asked for: before the way to a provider, and
	// at once in a session that a provider opened.
	status, body = nurse.get("/session/accounts")
	want(t, status, body, http.StatusForbidden, "Show that it is you")
	asked := i.asked.Load()
	res, body := nurse.press("/session/accounts/trust", nil)
	want(t, res.StatusCode, body, http.StatusForbidden, "Show that it is you")
	if i.asked.Load() != asked {
		t.Error("the provider was asked before the passkey")
	}
}

// NHS CIS2 knows its clients by a key: so does this provider, by another client.
func TestAClientThatSigns(t *testing.T) {
	o := newOffice(t, false)
	i := newIDP(t, o.server.URL, "cis2", "varma")
	key := rsaKey(t, "of 2026").private
	i.clients["holdfast-cis2"] = &jose.JSONWebKey{Key: &key.PublicKey, KeyID: "of 2026", Algorithm: "RS256", Use: "sig"}
	p := i.provider("cis2", "NHS CIS2")
	p.Secret, p.Key, p.KeyID, p.KeyFor, p.Classes = "", key, "of 2026", "issuer", []string{"AAL3_ANY"}
	o.knows(p)
	nurse := o.seat("P. Varma", access.Clinician)
	o.linkTo(nurse.person, i, "varma")
	nurse.post("/sign-out", nil)
	status, body := nurse.by(i, "cis2", "varma")
	want(t, status, body, http.StatusOK, "first page of clinician")
	// With another key it is refused, and the log says in the standard's word why.
	p.Key = rsaKey(t, "").private
	o.knows(p)
	nurse.post("/sign-out", nil)
	status, body = nurse.by(i, "cis2", "varma")
	want(t, status, body, http.StatusForbidden, "does not hold")
	if !strings.Contains(o.logged.text(), `"provider":"cis2","why":"wrong"`) {
		t.Error(o.logged.text())
	}
	o.silent(i)
}

func TestWhatAProviderMustBe(t *testing.T) {
	o := newOffice(t, false)
	good := accessdb.Provider{Name: "trust", Title: "Trust", Issuer: "https://login.trust.example", ClientID: "us", Secret: "s"}
	if _, err := accessdb.NewProviders(o.gate, o.server.URL, []accessdb.Provider{good}, false, nil); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(p *accessdb.Provider){
		"name": func(p *accessdb.Provider) { p.Name = "../x" }, "title": func(p *accessdb.Provider) { p.Title = "" },
		"client": func(p *accessdb.Provider) { p.ClientID = "" }, "no secret": func(p *accessdb.Provider) { p.Secret = "" },
		"secret and key": func(p *accessdb.Provider) { p.Key = ecKey(t) }, "plain": func(p *accessdb.Provider) { p.Issuer = "http://login.trust.example" },
		"loopback": func(p *accessdb.Provider) { p.Issuer = "http://127.0.0.1:9" }, "issuer": func(p *accessdb.Provider) { p.Issuer = "trust" },
		"require": func(p *accessdb.Provider) { p.Require = map[string][]string{"x": nil} }, "algorithm": func(p *accessdb.Provider) { p.Secret, p.Key, p.KeyAlg = "", ecKey(t), "HS256" },
	} {
		bad := good
		change(&bad)
		if _, err := accessdb.NewProviders(o.gate, o.server.URL, []accessdb.Provider{bad}, false, nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := accessdb.NewProviders(o.gate, o.server.URL, []accessdb.Provider{good, good}, false, nil); err == nil {
		t.Error("the same provider stands twice")
	}
}
