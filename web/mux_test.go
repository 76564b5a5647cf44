package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"holdfast/fact/refusal"
)

// somebody is a door that lets everybody in, or nobody with an error.
type somebody struct{ err error }

func (s somebody) Caller(*http.Request) (Caller, error) { return Caller{Name: "P. Varma"}, s.err }

func testMux(t *testing.T, session Sessions) (*Mux, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	shell, err := NewShell(Config{
		Organisation: "Fellside 111", Now: func() time.Time { return time.Date(2026, 11, 21, 19, 54, 0, 0, time.UTC) },
		Session: session, Places: func(Caller) []Place { return []Place{{"Worklist", "/worklist", "Alt+1"}} },
		State: AllWell, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return NewMux(shell), &log
}

func ask(m http.Handler, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	return w
}

func fine(w http.ResponseWriter, r *http.Request, by Caller) error {
	return Render(w, r, http.StatusOK, templ.Raw("<p>"+strings.Repeat("all well ", 200)+by.Name+"</p>"))
}

func TestDoorsAreShutUnlessOpened(t *testing.T) {
	m, _ := testMux(t, NoSessions{})
	called := map[string]bool{}
	for _, door := range []Door{Public, Session, Partner, Operator} {
		m.Handle(door, http.MethodGet, "/"+string(door), func(w http.ResponseWriter, r *http.Request, by Caller) error {
			called[string(door)] = true
			return fine(w, r, by)
		})
	}
	want := map[string]int{"public": 200, "session": 303, "partner": 401, "operator": 401}
	for door, status := range want {
		if got := ask(m, "GET", "/"+door).Code; got != status {
			t.Errorf("%s answered %d, want %d", door, got, status)
		}
		if called[door] != (door == "public") {
			t.Errorf("%s: handler ran: %v", door, called[door])
		}
	}
	if got := ask(m, "GET", "/partner").Body.String(); !strings.Contains(got, "certificate or token") {
		t.Errorf("a machine is told %q", got)
	}
	w := ask(m, "GET", "/session?find=NELSON")
	if got := w.Header().Get("Location"); got != "/sign-in?next=%2Fsession%3Ffind%3DNELSON" {
		t.Errorf("sent to %q", got)
	}
	if got := ask(m, "POST", "/session").Code; got != 405 {
		t.Errorf("a wrong method answered %d", got)
	}
}

func TestFormsOfNobodyGetAPage(t *testing.T) {
	m, _ := testMux(t, NoSessions{})
	m.Handle(Session, http.MethodPost, "/note", fine)
	w := ask(m, "POST", "/note")
	if w.Code != 401 || !strings.Contains(w.Body.String(), "You are signed out") || !strings.Contains(w.Body.String(), `href="/sign-in"`) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestRoutesWithoutDoorDoNotStart(t *testing.T) {
	for name, route := range map[string]Route{
		"no door":   {Method: "GET", Pattern: "/a"},
		"made up":   {Door: "side", Method: "GET", Pattern: "/a"},
		"no method": {Door: Public, Pattern: "/a"},
		"greedy":    {Door: Public, Method: "GET", Pattern: "/a", MaxBody: 6 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := testMux(t, NoSessions{})
			defer func() {
				if recover() == nil {
					t.Error("the route was taken")
				}
			}()
			m.Add(route, fine)
		})
	}
}

func TestRoutesAreListedWithTheirDoors(t *testing.T) {
	m, _ := testMux(t, NoSessions{})
	m.Handle(Partner, http.MethodPost, "/bars", fine)
	m.Handle(Session, http.MethodGet, "/worklist", fine)
	var got []string
	for _, r := range m.Routes() {
		got = append(got, fmt.Sprint(r.Door, " ", r.Method, " ", r.Pattern))
	}
	want := "partner POST /bars, session GET /live, public GET /static/{name}, session GET /worklist"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestErrorsBecomePagesThatHelp(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		status int
		says   []string
		hides  string
	}{
		{"invalid", refusal.Field("born", "The day is missing"), 422, []string{"Something must be mended first", "The day is missing"}, ""},
		{"missing", refusal.New(refusal.Missing, "No case has this number."), 404, []string{"No case has this number."}, ""},
		{"taken", refusal.New(refusal.Taken, "Nurse Bashir took it at 19:53."), 409, []string{"Nurse Bashir took it"}, ""},
		{"forbidden", refusal.New(refusal.Forbidden, "A clinician may do this."), 403, []string{"A clinician may do this."}, ""},
		{"unavailable", refusal.New(refusal.Unavailable, "This device can’t save."), 503, []string{"This device can’t save.", "read this to whoever helps you"}, ""},
		{"unknown", refusal.New(refusal.Unknown, "It may have been saved."), 500, []string{"It may have been saved.", "not known whether"}, ""},
		{"wrapped", fmt.Errorf("claim: %w", refusal.New(refusal.Taken, "x").Because(errors.New("secret cause"))), 409, nil, "secret cause"},
		{"broken", errors.New("sql: NELSON, Horatia"), 500, []string{"Something broke here"}, "NELSON"},
		{"slow", fmt.Errorf("fold: %w", context.DeadlineExceeded), 503, []string{"took too long"}, ""},
		{"too long", &http.MaxBytesError{Limit: 5}, 413, []string{"too long"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, _ := testMux(t, somebody{})
			m.Handle(Session, http.MethodGet, "/x", func(http.ResponseWriter, *http.Request, Caller) error { return c.err })
			w := ask(m, "GET", "/x")
			body := w.Body.String()
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			for _, s := range append(c.says, `class="frame"`, "P. Varma", "/worklist", "data-refusal") {
				if !strings.Contains(body, s) {
					t.Errorf("the page does not say %q", s)
				}
			}
			if c.hides != "" && strings.Contains(body, c.hides) {
				t.Errorf("the page shows %q", c.hides)
			}
		})
	}
}

func TestMachinesGetPlainWordsOrTheirOwn(t *testing.T) {
	m, _ := testMux(t, somebody{})
	m.shell.cfg.Partner = somebody{}
	fails := func(http.ResponseWriter, *http.Request, Caller) error {
		return refusal.New(refusal.Taken, "Arrived before.")
	}
	m.Handle(Partner, http.MethodPost, "/plain", fails)
	m.Add(Route{Door: Partner, Method: "POST", Pattern: "/own", Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(http.StatusConflict)
		fmt.Fprintf(w, "<Fault>%s</Fault>", err)
	}}, fails)
	if w := ask(m, "POST", "/plain"); w.Code != 409 || w.Body.String() != "Arrived before.\n" {
		t.Errorf("plain: %d %q", w.Code, w.Body)
	}
	if w := ask(m, "POST", "/own"); w.Code != 409 || w.Body.String() != "<Fault>Arrived before.</Fault>" {
		t.Errorf("own: %d %q", w.Code, w.Body)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	m, _ := testMux(t, somebody{})
	m.Handle(Session, http.MethodGet, "/x", fine)
	for _, path := range []string{"/x", "/nothing", m.shell.assets.Style()} {
		h := ask(m, "GET", path).Header()
		if h.Get("Content-Security-Policy") != policy || strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, h)
		}
		kept := strings.HasPrefix(path, assetsPath)
		if got := h.Get("Cache-Control"); (got == "no-store") == kept {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS over a plain connection", path)
		}
	}
	w := ask(m, "GET", "/x", func(r *http.Request) { r.TLS = &tls.ConnectionState{} })
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS over TLS")
	}
}

func TestOtherSitesMayNotSendForms(t *testing.T) {
	m, _ := testMux(t, somebody{})
	ran := false
	m.Handle(Session, http.MethodPost, "/x", func(w http.ResponseWriter, r *http.Request, by Caller) error { ran = true; return fine(w, r, by) })
	w := ask(m, "POST", "/x", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	if w.Code != 403 || ran {
		t.Errorf("answered %d, ran %v", w.Code, ran)
	}
	if w := ask(m, "POST", "/x", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }); w.Code != 200 || !ran {
		t.Errorf("our own form answered %d", w.Code)
	}
}

func TestAPanicStaysInItsPage(t *testing.T) {
	m, log := testMux(t, somebody{})
	m.Handle(Session, http.MethodGet, "/boom", func(http.ResponseWriter, *http.Request, Caller) error { panic("broken: NELSON") })
	m.Handle(Session, http.MethodGet, "/half", func(w http.ResponseWriter, r *http.Request, _ Caller) error {
		io.WriteString(w, "half a page")
		panic("broken: NELSON")
	})
	w := ask(m, "GET", "/boom")
	if w.Code != 500 || !strings.Contains(w.Body.String(), "Something broke here") {
		t.Errorf("answered %d", w.Code)
	}
	func() {
		defer func() {
			if recover() != http.ErrAbortHandler {
				t.Error("half a page was passed off as whole")
			}
		}()
		ask(m, "GET", "/half")
	}()
	if strings.Contains(log.String(), "NELSON") || !strings.Contains(log.String(), "mux_test.go") {
		t.Errorf("log: %s", log)
	}
}

func TestAnErrorAfterHalfAPageCutsItOff(t *testing.T) {
	m, _ := testMux(t, somebody{})
	m.Handle(Session, http.MethodGet, "/half", func(w http.ResponseWriter, r *http.Request, _ Caller) error {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, strings.Repeat("<p>", 500))
		return errors.New("lost")
	})
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("half a page was passed off as whole")
		}
	}()
	ask(m, "GET", "/half", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
}

func TestTheLogHoldsNothingAboutAnybody(t *testing.T) {
	m, log := testMux(t, somebody{})
	m.Handle(Session, http.MethodGet, "/case/{id}", func(http.ResponseWriter, *http.Request, Caller) error {
		return fmt.Errorf(`parsing "NELSON": get https://x/y?name=HARDY for 999 412 0735`)
	})
	ask(m, "GET", "/case/TRAFALGAR?find=COLLINGWOOD")
	ask(m, "VILLENEUVE", "/case/x")
	for _, s := range []string{"NELSON", "HARDY", "0735", "TRAFALGAR", "COLLINGWOOD", "VILLENEUVE"} {
		if strings.Contains(log.String(), s) {
			t.Errorf("the log holds %s: %s", s, log)
		}
	}
	for _, s := range []string{"route=/case/{id}", "status=500", "method=other"} {
		if !strings.Contains(log.String(), s) {
			t.Errorf("the log lacks %s: %s", s, log)
		}
	}
}

func TestPacking(t *testing.T) {
	m, _ := testMux(t, somebody{})
	m.Handle(Session, http.MethodGet, "/x", fine)
	m.Handle(Session, http.MethodGet, "/small", func(w http.ResponseWriter, r *http.Request, _ Caller) error {
		w.Header().Set("Content-Type", "text/plain")
		_, err := io.WriteString(w, "ok")
		return err
	})
	zip := func(r *http.Request) { r.Header.Set("Accept-Encoding", "br, gzip;q=0.8") }
	w := ask(m, "GET", "/x", zip)
	if w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatal("not packed")
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || !strings.Contains(string(body), "P. Varma") {
		t.Errorf("unpacked %q, %v", body, err)
	}
	lengths := map[int]bool{}
	for range 30 {
		lengths[ask(m, "GET", "/x", zip).Body.Len()] = true
	}
	if len(lengths) < 5 {
		t.Errorf("the length of a packed page tells what is in it: %v", lengths)
	}
	for _, no := range []string{"", "gzip;q=0", "identity"} {
		if w := ask(m, "GET", "/x", func(r *http.Request) { r.Header.Set("Accept-Encoding", no) }); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("packed for %q", no)
		}
	}
	if w := ask(m, "GET", "/small", zip); w.Header().Get("Content-Encoding") != "" || w.Body.String() != "ok" {
		t.Errorf("a small answer was packed: %q", w.Body)
	}
}

func TestBodiesHaveALimit(t *testing.T) {
	m, _ := testMux(t, somebody{})
	m.Add(Route{Door: Session, Method: "POST", Pattern: "/x", MaxBody: 100}, func(w http.ResponseWriter, r *http.Request, by Caller) error {
		if _, err := ReadForm(r, &struct{}{}); err != nil {
			return err
		}
		return fine(w, r, by)
	})
	for length, want := range map[int]int{50: 200, 500: 413} {
		r := httptest.NewRequest("POST", "/x", strings.NewReader("a="+strings.Repeat("x", length)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%d bytes answered %d, want %d", length, w.Code, want)
		}
	}
}

func TestTheSessionCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := httptest.NewRequest("GET", "/", nil)
		r.TLS = nil
		if secure {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		SetSession(w, r, "token", time.Hour)
		c := w.Result().Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.Domain != "" || c.Path != "/" || c.MaxAge != 3600 {
			t.Errorf("TLS %v: %v", secure, c)
		}
		if strings.HasPrefix(c.Name, "__Host-") != secure {
			t.Errorf("TLS %v: named %s", secure, c.Name)
		}
		r.AddCookie(c)
		if SessionToken(r) != "token" {
			t.Error("the session was not found again")
		}
	}
}

func TestOnlyPathsOfThisSite(t *testing.T) {
	for path, want := range map[string]bool{"/worklist?x=1": true, "/": true, "": false, "//evil": false, `/\evil`: false, "https://evil": false, "/a\nb": false, `/a\..`: false} {
		if LocalPath(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}

func TestOpenPagesAreAskedForAnew(t *testing.T) {
	m, _ := testMux(t, NoSessions{})
	m.Handle(Public, http.MethodGet, "/sign-in", func(w http.ResponseWriter, r *http.Request, _ Caller) error {
		return RenderOpen(w, r, templ.Raw("<p>Start your shift</p>"))
	})
	first := ask(m, "GET", "/sign-in")
	tag := first.Header().Get("ETag")
	if first.Code != 200 || tag == "" {
		t.Fatalf("answered %d, tag %q", first.Code, tag)
	}
	again := ask(m, "GET", "/sign-in", func(r *http.Request) { r.Header.Set("If-None-Match", tag) })
	if again.Code != 304 || again.Body.Len() != 0 {
		t.Errorf("answered %d with %d bytes", again.Code, again.Body.Len())
	}
}
