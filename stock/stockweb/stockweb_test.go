package stockweb_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/stock"
	"holdfast/stock/stockdb"
	"holdfast/stock/stockweb"
	"holdfast/task/taskdb"
	"holdfast/web"
)

func people() map[string]access.Caller {
	return map[string]access.Caller{
		"mara": {Person: fact.Subject{1}, Name: "Mara Holt", Role: access.Manager, Session: fact.Subject{11}},
		"adam": {Person: fact.Subject{2}, Name: "A. Reid", Role: access.Administrator, Session: fact.Subject{12}},
		"kemi": {Person: fact.Subject{3}, Name: "K. Adeyemi", Role: access.Clinician, Session: fact.Subject{13}},
		"hana": {Person: fact.Subject{4}, Name: "Hana Cole", Role: access.CallHandler, Session: fact.Subject{14}},
	}
}

// signedIn says who asks by a header.
type signedIn struct{}

func (signedIn) Caller(r *http.Request) (web.Caller, error) {
	by, ok := people()[r.Header.Get("Who")]
	if !ok {
		return web.Caller{}, web.ErrNoSession
	}
	return by, nil
}

type office struct {
	t      *testing.T
	forms  *stockdb.Forms
	server *httptest.Server
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := journal.Options{Dir: t.TempDir(), Demo: true, Views: []journal.View{accessdb.View{}, taskdb.View{}, stockdb.View{}}, Reserve: 1 << 16}
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Fellside 111", ODS: "Y90001", DeviceName: "Site"}); err != nil {
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
	forms := &stockdb.Forms{Journal: j, Gate: accessdb.NewGate(j, time.Now), Device: access.Caller{Role: access.Device, Name: "Site"}}
	shell, err := web.NewShell(web.Config{
		Organisation: "Fellside 111", Now: time.Now, Session: signedIn{}, State: web.SavedHere,
		Places: func(access.Caller) []web.Place { return nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(shell)
	(&stockweb.Pages{Shell: shell, Forms: forms}).Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &office{t, forms, server}
}

// ask sends a request as somebody; with a form it is a POST.
func (o *office) ask(who, path string, form url.Values) (status int, page, at string) {
	o.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.server.URL+path, body)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Who", who)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return res.StatusCode, string(all), res.Header.Get("Location")
}

func (o *office) must(want int, who, path string, form url.Values) string {
	o.t.Helper()
	got, page, at := o.ask(who, path, form)
	if got != want {
		o.t.Fatalf("%s by %s: %d, want %d\n%s", path, who, got, want, page)
	}
	return page + at
}

func (o *office) has(page string, words ...string) {
	o.t.Helper()
	for _, w := range words {
		if !strings.Contains(page, w) {
			o.t.Errorf("the page does not say %q", w)
		}
	}
}

// received gives the path of a fresh range 1 to 4.
func (o *office) received() string {
	o.t.Helper()
	o.must(http.StatusSeeOther, "mara", "/forms", url.Values{"what": {"FP10SS"}, "first": {"1"}, "last": {"4"}})
	path := regexp.MustCompile(`/forms/[0-9a-f]{32}`).FindString(o.must(http.StatusOK, "mara", "/forms", nil))
	if path == "" {
		o.t.Fatal("the range is not on the list")
	}
	return path
}

func TestAFormFromReceiptToItsUse(t *testing.T) {
	o := newOffice(t)
	path := o.received()
	o.has(o.must(http.StatusUnprocessableEntity, "adam", "/forms", url.Values{"what": {"fp10ss"}, "first": {"4"}, "last": {"9"}}), "are here already")
	o.must(http.StatusSeeOther, "kemi", path+"/use", url.Values{"first": {"1"}, "how": {"issued"}})
	o.has(o.must(http.StatusUnprocessableEntity, "kemi", path+"/use", url.Values{"first": {"1"}, "how": {"issued"}}), "was issued by K. Adeyemi")
	o.has(o.must(http.StatusUnprocessableEntity, "mara", path+"/use", url.Values{"first": {"2"}, "how": {"issued"}}), "Only a clinician")
	o.must(http.StatusSeeOther, "mara", path+"/use", url.Values{"first": {"2"}, "last": {"3"}, "how": {"stolen"}, "note": {"bag taken"}})
	o.has(o.must(http.StatusOK, "adam", path, nil), "0 not accounted for", "2 to 3", "Stolen", "Firm")
	o.has(o.must(http.StatusUnprocessableEntity, "mara", path+"/hand-out", url.Values{"first": {"4"}, "last": {"4"}, "to": {"nobody"}}), "Choose another device")
}

// Who proposed cannot approve, whatever they send; a second person can.
func TestTwoPeopleAtTheDoor(t *testing.T) {
	o := newOffice(t)
	path := o.received()
	here := o.forms.Here()
	other := stock.Device{ID: fact.Subject{0xd1}, Name: "Car 1"}
	by := people()["mara"]
	id, err := fact.ParseSubject(strings.TrimPrefix(path, "/forms/"))
	if err != nil {
		t.Fatal(err)
	}
	err = o.forms.Do(t.Context(), by, access.ReassignForms, id, func(r stock.Range, _ stock.Device, now time.Time) ([]fact.Draft, error) {
		return stock.Propose(r, by, here, other, "flooded", now)
	})
	if err != nil {
		t.Fatal(err)
	}
	approve := regexp.MustCompile(`/forms/[0-9a-f]{32}/approve/[0-9a-f]{64}`)
	if page := o.must(http.StatusOK, "mara", path, nil); approve.MatchString(page) || !strings.Contains(page, "you proposed it") {
		t.Error("who proposed is offered to approve")
	}
	link := approve.FindString(o.must(http.StatusOK, "adam", path, nil))
	o.has(o.must(http.StatusForbidden, "mara", link, url.Values{}), "second person")
	o.must(http.StatusForbidden, "kemi", link, url.Values{})
	o.must(http.StatusSeeOther, "adam", link, url.Values{})
	o.has(o.must(http.StatusOK, "mara", path, nil), "Approved by A. Reid")
	o.has(o.must(http.StatusUnprocessableEntity, "kemi", path+"/use", url.Values{"first": {"1"}, "how": {"issued"}}), "say why")
	o.must(http.StatusSeeOther, "kemi", path+"/use", url.Values{"first": {"1"}, "how": {"issued"}, "asks": {"Car 1 has no signal"}})
	decide := regexp.MustCompile(`/forms/[0-9a-f]{32}/decide/[0-9a-f]{64}`)
	page := o.must(http.StatusOK, "mara", path, nil)
	o.has(page, "Provisional", "Car 1 has no signal")
	if decide.MatchString(page) {
		t.Error("a device that neither holds the number nor owns the range is offered to decide")
	}
}

func TestWhoMayComeIn(t *testing.T) {
	o := newOffice(t)
	path := o.received()
	for _, at := range []string{"", "/use", "/hand-out", "/reassign"} {
		o.must(http.StatusForbidden, "hana", path+at, nil)
	}
	o.must(http.StatusForbidden, "hana", "/forms", nil)
	o.must(http.StatusForbidden, "kemi", path+"/hand-out", nil)
	o.must(http.StatusForbidden, "adam", path+"/use", nil)
	o.must(http.StatusForbidden, "kemi", "/forms", url.Values{"what": {"x"}, "first": {"1"}, "last": {"2"}})
	o.must(http.StatusNotFound, "mara", "/forms/00", nil)
	o.must(http.StatusNotFound, "mara", "/forms/"+strings.Repeat("0", 32), nil)
	if status, _, _ := o.ask("", "/forms", nil); status == http.StatusOK {
		t.Error("nobody is signed in and forms are shown")
	}
}

// The same pad received twice apart shows on both.
func TestTheSamePadTwice(t *testing.T) {
	o := newOffice(t)
	o.received()
	by := people()["adam"]
	_, err := o.forms.Journal.Do(t.Context(), by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		id, err := tx.NewSubject()
		return []fact.Draft{fact.Say(id, stock.FormsReceived{What: "FP10SS", First: 3, Last: 9, Owner: fact.Subject{0xd1}, Says: "Car 1"})}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		page := o.must(http.StatusOK, "mara", "/forms", nil)
		if strings.Count(page, "Same numbers received twice") == 2 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the same numbers twice are not shown on both ranges")
		}
	}
}
