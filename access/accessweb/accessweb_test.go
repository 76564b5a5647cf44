package accessweb_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/access/accessweb"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/web"
)

type office struct {
	t      testing.TB
	strict func() *httptest.Server // the same door where links sign nobody in
	gate   *accessdb.Gate
	server *httptest.Server
	device access.Caller

	journal *journal.Journal
	pages   *accessweb.Pages
	logged  logged // what the pages log

	base    func() time.Time
	ahead   atomic.Int64 // of base, in ns
	working bool         // everybody has open work in hand
}

func (o *office) clock() time.Time     { return o.base().Add(time.Duration(o.ahead.Load())) }
func (o *office) skip(d time.Duration) { o.ahead.Add(int64(d)) }

// newOffice founds an organisation and serves its door over plain HTTP.
func newOffice(t *testing.T, links bool) *office { return newOfficeAt(t, links, time.Now) }

// newOfficeAt does so with a clock of its own.
func newOfficeAt(t testing.TB, links bool, clock func() time.Time) *office {
	t.Helper()
	all := &office{t: t, base: clock, device: access.Caller{Role: access.Device, Name: "desk 1"}}
	o := journal.Options{Dir: t.TempDir(), Demo: true, Clock: all.clock, Views: []journal.View{accessdb.View{}}, Reserve: 1 << 16}
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Fellside 111", ODS: "Y90001", DeviceName: "desk 1"}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	gate := accessdb.NewGate(j, all.clock)
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if gate.Policy, err = accessweb.LoadPolicy(set); err != nil {
		t.Fatal(err)
	}
	gate.OpenWork = func(context.Context, fact.Subject) ([]fact.Subject, bool, error) {
		if all.working {
			return []fact.Subject{{7}}, false, nil
		}
		return nil, false, nil
	}
	var pages accessweb.Pages
	shell, err := web.NewShell(web.Config{
		Ask: func(w http.ResponseWriter, r *http.Request, by *web.Caller, err error) bool {
			return pages.Ask(w, r, by, err)
		},
		Idle: func(r *http.Request, by web.Caller) (time.Duration, bool) {
			return time.Minute, pages.Typed(r.Context(), by, r.URL.Path)
		},
		Organisation: "Fellside 111", Now: all.clock, Session: accessweb.Sessions(gate), State: web.SavedHere,
		Places: func(access.Caller) []web.Place { return []web.Place{{Name: "Staff", Href: "/staff"}} }, Log: slog.New(slog.NewJSONHandler(&all.logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	passkeys, err := accessdb.NewPasskeys(gate, "111.localhost", []string{"http://111.localhost:8111"})
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(shell)
	pages = accessweb.Pages{
		Looking: &accessweb.Looking{
			Whole: func(_ context.Context, s fact.Subject) ([]fact.Subject, int, error) { return []fact.Subject{s}, 0, nil },
			Level: func(fact.Subject) bool { return true }, Name: func(fact.Subject) string { return "A. Holt" }, Drafts: j,
			InHand: func(context.Context, fact.Subject) ([]fact.Millis, error) {
				return []fact.Millis{0, fact.At(time.Now().Add(time.Hour))}, nil
			},
		},
		Shell: shell, Gate: gate, Passkeys: passkeys, Organisation: "Fellside 111", Desk: "desk 1", Links: links,
		Here: func() []web.Pair { return []web.Pair{{Name: "Saving", Value: "Yes"}} },
		Trust: &accessweb.Trust{
			Open: func(_ context.Context, all []fact.Subject) ([]string, error) {
				return []string{fmt.Sprintf("Case 26-1, waiting, of %d", len(all))}, nil
			},
			Kind: func(n uint32) string { return fmt.Sprintf("kind %d", n) }, Name: func(fact.Subject) string { return "A. Holt" },
			Whole: func(_ context.Context, s fact.Subject) ([]fact.Subject, int, error) { return []fact.Subject{s}, 0, nil },
			Record: func(context.Context, string) (fact.Subject, error) {
				return fact.Subject{}, refusal.New(refusal.Missing, "none")
			},
			Rules: []string{"Adult health record, 8 years"},
			Review: func(context.Context) ([]accessweb.Proposal, error) {
				return []accessweb.Proposal{{Record: fact.Subject{9}, Rule: "Adult health record, 8 years", Last: time.Now(), Since: time.Now()}}, nil
			},
		},
	}
	pages.Authority = &accessweb.Authority{
		Codes: 8, Lasts: 2 * time.Hour, Name: func(fact.Subject) string { return "A. Holt" }, Device: func(fact.Subject) string { return "desk 1" },
		Desks: func() map[fact.Subject]string { return map[fact.Subject]string{{8}: "desk 8"} },
	}
	pages.Register(mux)
	mux.Handle(web.Session, http.MethodGet, "/{$}", func(w http.ResponseWriter, _ *http.Request, by access.Caller) error {
		_, err := io.WriteString(w, "first page of "+string(by.Role))
		return err
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	all.strict = func() *httptest.Server {
		outside := pages
		outside.Links = false
		pages.Links = false // the shell asks through it
		m := web.NewMux(shell)
		outside.Register(m)
		s := httptest.NewServer(m)
		t.Cleanup(s.Close)
		return s
	}
	all.gate, all.server, all.journal, all.pages = gate, server, j, &pages
	return all
}

func (o *office) person(name string, roles ...access.Role) fact.Subject {
	o.t.Helper()
	p, err := o.gate.AddStaff(context.Background(), o.device, access.PersonAdded{Name: name, Title: "nurse"}, roles)
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func (o *office) link(p fact.Subject, role access.Role, what access.LinkFor) string {
	o.t.Helper()
	token, err := o.gate.MakeLink(context.Background(), o.device, p, role, what, time.Hour)
	if err != nil {
		o.t.Fatal(err)
	}
	return token
}

// browser is one person's browser: it keeps cookies and follows redirects.
func (o *office) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return &browser{o: o, client: &http.Client{Jar: jar}}
}

type browser struct {
	o      *office
	client *http.Client
}

func (b *browser) get(path string) (int, string) {
	b.o.t.Helper()
	res, err := b.client.Get(b.o.server.URL + path)
	return b.read(res, err)
}

func (b *browser) post(path string, form url.Values) (int, string) {
	b.o.t.Helper()
	res, err := b.client.PostForm(b.o.server.URL+path, form)
	return b.read(res, err)
}

func (b *browser) read(res *http.Response, err error) (int, string) {
	b.o.t.Helper()
	if err != nil {
		b.o.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.o.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func want(t testing.TB, status int, body string, wantStatus int, parts ...string) {
	t.Helper()
	if status != wantStatus {
		t.Fatalf("status %d, want %d: %s", status, wantStatus, body)
	}
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Errorf("the page does not say %q:\n%s", p, body)
		}
	}
}

func TestSignInPageIsOpenAndHelps(t *testing.T) {
	o := newOffice(t, true)
	b := o.browser()
	status, body := b.get("/")
	want(t, status, body, 200, "Start your shift", "Use your passkey", "Emergency call without signing in", `data-begin="/sign-in/begin"`)
	status, body = b.get("/emergency")
	want(t, status, body, 200, "Ring 999")
	status, body = b.get("/sign-in?next=//evil.example/x")
	want(t, status, body, 200, "/sign-in/finish?next=%2F\"")
}

func TestLinkSignsInOnceAndOnlyInOneBrowser(t *testing.T) {
	o := newOffice(t, true)
	token := o.link(o.person("P. Varma", access.Clinician), access.Clinician, access.ForSignIn)
	first, second := o.browser(), o.browser()
	status, body := first.get("/in/" + token)
	want(t, status, body, 200, "first page of clinician")
	status, body = second.get("/in/" + token)
	want(t, status, body, 403, "has been used in another browser")
	status, body = first.get("/in/" + token)
	want(t, status, body, 200, "first page of clinician")
	status, body = second.get("/in/" + strings.Repeat("A", 43))
	want(t, status, body, 403, "not known here")
}

func TestNoLinksOutsideDemo(t *testing.T) {
	o := newOffice(t, false)
	token := o.link(o.person("P. Varma", access.Clinician), access.Clinician, access.ForSignIn)
	status, body := o.browser().get("/in/" + token)
	want(t, status, body, 404)
}

func TestSignOutEndsTheSession(t *testing.T) {
	o := newOffice(t, true)
	token := o.link(o.person("P. Varma", access.Clinician), access.Clinician, access.ForSignIn)
	b := o.browser()
	b.get("/in/" + token)
	at, err := url.Parse(o.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	kept := b.client.Jar.Cookies(at)
	status, body := b.get("/session")
	want(t, status, body, 200, "P. Varma, nurse", "clinician")
	status, body = b.post("/sign-out", nil)
	want(t, status, body, 200, "Start your shift")
	b.client.Jar.SetCookies(at, kept) // who kept a copy of the cookie is out as well
	status, body = b.get("/session")
	want(t, status, body, 200, "Start your shift")
}

func TestStaffPageIsForAdministrators(t *testing.T) {
	o := newOffice(t, true)
	nurse, admin := o.browser(), o.browser()
	nurse.get("/in/" + o.link(o.person("P. Varma", access.Clinician), access.Clinician, access.ForSignIn))
	status, body := nurse.get("/staff")
	want(t, status, body, 403, "administrator")
	status, _ = nurse.post("/staff", url.Values{"name": {"X. Y"}, "role": {"administrator"}})
	if status != 403 {
		t.Fatalf("a clinician added staff: %d", status)
	}
	admin.get("/in/" + o.link(o.person("A. Holt", access.Administrator), access.Administrator, access.ForSignIn))
	status, body = admin.post("/staff", url.Values{"name": {"K. Adeyemi"}, "title": {"nurse"}, "role": {"clinician", "call-handler"}})
	want(t, status, body, 200, "K. Adeyemi", "call handler, clinician")
	status, body = admin.post("/staff", url.Values{"name": {""}, "title": {"kept as typed"}})
	want(t, status, body, 422, "Write the name that colleagues know them by", "Choose at least one role", "kept as typed")
	status, body = admin.post("/staff", url.Values{"name": {"Z"}, "role": {"device"}})
	want(t, status, body, 422, "Choose one of those shown")
}

func TestEnrolmentLinkIsShownOnceAndBeginsACeremony(t *testing.T) {
	o := newOffice(t, true)
	person := o.person("K. Adeyemi", access.Clinician)
	admin := o.browser()
	admin.get("/in/" + o.link(o.person("A. Holt", access.Administrator), access.Administrator, access.ForSignIn))
	status, body := admin.post("/staff/"+person.String()+"/link", nil)
	want(t, status, body, 200, "Enrolment link for K. Adeyemi")
	found := regexp.MustCompile(`http://[^<]+(/enrol/[A-Za-z0-9_-]{43})<`).FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no link on the page: %s", body)
	}
	if _, again := admin.get("/staff"); strings.Contains(again, found[1]) {
		t.Error("the link is shown a second time")
	}
	anybody := o.browser()
	status, body = anybody.get(found[1])
	want(t, status, body, 200, `data-passkey="create"`)
	status, body = anybody.post(found[1]+"/begin", nil)
	want(t, status, body, 200, `"publicKey"`, `"userVerification":"required"`, "111.localhost")
	status, body = anybody.post(found[1]+"/finish", nil)
	want(t, status, body, 403, `"say":"The passkey`)
	status, body = anybody.post("/enrol/"+strings.Repeat("A", 43)+"/begin", nil)
	want(t, status, body, 403, "not known here")
	status, body = anybody.get("/in/" + strings.TrimPrefix(found[1], "/enrol/"))
	want(t, status, body, 403)
	status, body = admin.post("/staff/"+strings.Repeat("0", 32)+"/link", nil)
	want(t, status, body, 404)
}

func TestPasskeySignInRefusesWhatDoesNotHold(t *testing.T) {
	o := newOffice(t, true)
	b := o.browser()
	status, body := b.post("/sign-in/begin", nil)
	want(t, status, body, 200, `"challenge"`, `"rpId":"111.localhost"`)
	status, body = b.post("/sign-in/finish", url.Values{"x": {"y"}})
	want(t, status, body, 403, `"say"`)
	req, err := http.NewRequest(http.MethodPost, o.server.URL+"/sign-in/begin", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://evil.example")
	res, err := b.client.Do(req)
	status, body = b.read(res, err)
	want(t, status, body, 403)
}

func TestCookiesAreNotForScripts(t *testing.T) {
	o := newOffice(t, true)
	token := o.link(o.person("P. Varma", access.Clinician), access.Clinician, access.ForSignIn)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(o.server.URL + "/in/" + token)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" || len(res.Cookies()) != 2 {
		t.Fatalf("%d %q %v", res.StatusCode, res.Header.Get("Location"), res.Cookies())
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 {
			t.Errorf("%+v", c)
		}
	}
}

// Somebody finds a session of theirs that they do not know: it is listed on
// their page, and ended from there; nobody ends another's.
func TestOwnSessionsElsewhereAreListedAndEnded(t *testing.T) {
	o := newOffice(t, true)
	nurse, other := o.person("P. Varma", access.Clinician), o.person("Ruth Ashdown", access.CallHandler)
	here, lost, lost2, handler := o.browser(), o.browser(), o.browser(), o.browser()
	here.get("/in/" + o.link(nurse, access.Clinician, access.ForSignIn))
	status, body := here.get("/session")
	if want(t, status, body, 200, "Signed in on this browser"); strings.Contains(body, "Signed in elsewhere") {
		t.Fatal("a session is listed that is not there")
	}
	lost.get("/in/" + o.link(nurse, access.Clinician, access.ForSignIn))
	lost2.get("/in/" + o.link(nurse, access.Clinician, access.ForSignIn))
	handler.get("/in/" + o.link(other, access.CallHandler, access.ForSignIn))
	status, body = here.get("/session")
	want(t, status, body, 200, "Signed in elsewhere")
	ids := regexp.MustCompile(`name="session" value="([0-9a-f]{32})"`).FindAllStringSubmatch(body, -1)
	if len(ids) != 2 {
		t.Fatalf("%d sessions elsewhere, want 2", len(ids))
	}
	status, body = handler.post("/session/end", url.Values{"session": {ids[0][1]}})
	want(t, status, body, 404, "it is not yours")
	status, body = here.post("/session/end", url.Values{"session": {ids[0][1]}})
	want(t, status, body, 200, "Signed in elsewhere")
	status, body = here.post("/session/end", url.Values{})
	if want(t, status, body, 200, "Signed in on this browser"); strings.Contains(body, "Signed in elsewhere") {
		t.Error("a session that was ended is listed")
	}
	for _, b := range []*browser{lost, lost2} {
		status, body = b.get("/session")
		want(t, status, body, 200, "Start your shift")
	}
	status, body = handler.get("/session")
	want(t, status, body, 200, "Ruth Ashdown")
}
