package urgentweb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// desk is one organisation with its pages on a journal of its own.
type desk struct {
	found []record.Match // what a search for people gives
	t     testing.TB
	app   *App
	mux   *web.Mux
	mu    sync.Mutex
	now   time.Time
	runs  time.Time // when set, the clock runs from then
	by    access.Caller
	looks []access.Act
	dir   string

	options  journal.Options
	services []directory.Entry
	tasks    []TaskLine
	done     []string
}

var (
	listHandler = access.Caller{Person: fact.Subject{1}, Name: "Ruth Ashdown", Role: access.CallHandler, Org: "Fellside 111", ODS: "FEL01", Desk: "desk 2"}
	listNurse   = access.Caller{Person: fact.Subject{2}, Name: "P. Varma", Title: "nurse", Role: access.Clinician, Org: "Fellside 111", ODS: "FEL01", Desk: "desk 6"}
	listDoctor  = access.Caller{Person: fact.Subject{3}, Name: "Dr A. Okonjo", Role: access.Clinician, Org: "Fellside 111", ODS: "FEL01"}
	listManager = access.Caller{Person: fact.Subject{4}, Name: "R. Quill", Role: access.Manager, Org: "Fellside 111", ODS: "FEL01"}
)

// Enter lets in whom the table lets in, and keeps what was looked at.
func (d *desk) Enter(_ context.Context, by access.Caller, act access.Act, _ fact.Subject) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks = append(d.looks, act)
	return by.May(act)
}

// EnterAs is Enter, whoever it is.
func (d *desk) EnterAs(ctx context.Context, by access.Caller, q access.Ask, about fact.Subject) error {
	return d.Enter(ctx, by, q.Act, about)
}

// Caller is whoever the test says; role=… in the address changes who it is.
func (d *desk) Caller(r *http.Request) (access.Caller, error) {
	for _, by := range []access.Caller{listHandler, listNurse, listDoctor, listManager} {
		if c, err := r.Cookie("as"); err == nil && c.Value == hex.EncodeToString(by.Person[:1]) {
			return by, nil
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.by, nil
}

func (d *desk) Find(context.Context, access.Caller, record.Query) ([]record.Match, error) {
	return d.found, nil
}

func (d *desk) Person(ctx context.Context, _ access.Caller, id fact.Subject) (record.Person, error) {
	h, err := d.app.Cases.Journal.History(ctx, id)
	if err != nil {
		return record.Person{}, err
	}
	if h.Len() == 0 {
		return record.Person{}, refusal.New(refusal.Missing, "There is no such record here.")
	}
	return record.Fold(id, h), nil
}

func (d *desk) All(context.Context, access.Caller) ([]directory.Entry, error) {
	return d.services, nil
}

// workbook is the desk's list of tasks.
type workbook struct{ *desk }

func (w workbook) Open(context.Context, access.Caller) ([]TaskLine, error) { return w.tasks, nil }

func (w workbook) Done(_ context.Context, _ access.Caller, id fact.Subject, outcome, _ string) error {
	w.done = append(w.done, id.String()+" "+outcome)
	w.desk.done = w.done
	return nil
}

func (w workbook) Take(_ context.Context, by access.Caller, id fact.Subject, _ string) error {
	for i := range w.tasks {
		if w.tasks[i].ID == id {
			w.desk.tasks[i].Who = by.Says()
			return nil
		}
	}
	return refusal.New(refusal.Missing, "There is no such task here.")
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.runs.IsZero() {
		return d.now.Add(time.Since(d.runs))
	}
	return d.now
}

func (d *desk) later(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func openDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Date(2026, 11, 21, 19, 54, 0, 0, time.UTC), by: listNurse, dir: t.TempDir()}
	set, err := content.Shipped()
	d.must(err)
	questions, err := triage.Load(set)
	d.must(err)
	rules, err := urgent.LoadRules(set, questions)
	d.must(err)
	o := journal.Options{
		Dir: d.dir, Clock: d.clock, Random: rand.Reader, Views: []journal.View{urgentdb.View{Rules: rules}, urgentdb.ApartView{Rules: rules}, urgentdb.PhoneView{}}, Demo: true,
		Log: slog.New(slog.DiscardHandler),
	}
	d.must(journal.Found(context.Background(), o, journal.Founding{Name: "Fellside 111", ODS: "FEL01", DeviceName: "site"}))
	j, err := journal.Open(context.Background(), o)
	d.must(err)
	t.Cleanup(func() { d.must(d.app.Cases.Journal.Close()) })
	d.options = o
	shell, err := web.NewShell(web.Config{
		Organisation: "Fellside 111", Zone: codes.London(), Now: d.clock, Session: d, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Places: func(web.Caller) []web.Place {
			return []web.Place{{Name: "Worklist", Href: "/worklist", Key: "Alt+1"}, {Name: "Tasks", Href: "/tasks", Key: "Alt+2"}, {Name: "Find a service", Href: "/services", Key: "Alt+3"}, {Name: "Board", Href: "/board", Key: "Alt+4"}}
		},
		State: web.SavedHere,
	})
	d.must(err)
	names := map[fact.Subject]string{}
	for _, by := range []access.Caller{listHandler, listNurse, listDoctor, listManager} {
		names[by.Person] = by.Name
	}
	d.app = &App{
		Shell: shell, People: d, Services: d, Tasks: workbook{d}, Content: set, Triage: questions, Drafts: j,
		Cases: &urgentdb.Cases{Journal: j, Gate: d, Rules: rules, Clock: d.clock, Device: access.Caller{Name: "this device", Role: access.Device}},
		Name:  func(s fact.Subject) string { return names[s] },
		Us:    exchange.Party{ODS: "FEL01", Name: "Fellside 111", Phone: codes.ReceivePhone("01632960500")}, Demo: true,
	}
	d.mux = web.NewMux(shell)
	d.app.listRoutes(d.mux)
	d.mux.Handle(web.Session, http.MethodPost, web.DraftPath, d.app.draftSave)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// do runs a verb on a case.
func (d *desk) do(by access.Caller, act access.Act, id fact.Subject, verb urgentdb.Verb) {
	d.t.Helper()
	_, err := d.app.Cases.Do(context.Background(), by, act, id, nil, verb)
	d.must(err)
}

// call takes a call about a patient and sets what is needed.
func (d *desk) call(name record.Name, born codes.Date, sex codes.Sex, why string, dx codes.Dx) fact.Subject {
	d.t.Helper()
	id, err := d.app.Cases.NewCase()
	d.must(err)
	d.do(listHandler, access.TakeCall, id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.TakeCall(c, listHandler, codes.ReceivePhone("01632960418"), now)
	})
	d.do(listHandler, access.TakeCall, id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		place := codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}
		return urgent.Describe(c, listHandler, urgent.Description{
			Caller: &urgent.CallerDescribed{Is: urgent.CallerSomeoneElse, Name: "Moira Tansley", Relation: "daughter", WithPatient: urgent.Yes, RingBack: codes.ReceivePhone("01632960421")},
			Patient: &urgent.PatientDescribed{Identity: record.Identity{
				Name: name, Born: born, Sex: sex, NHS: codes.ReceiveNHSNumber("9994120735"), Practice: record.Practice{ODS: "X99001", Name: "Millrace Practice"},
			}},
			Place: &place, Reason: &why,
		})
	})
	if dx != "" {
		d.do(listHandler, access.Dispose, id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.SetDisposition(c, listHandler, d.app.Cases.Rules, dx, "", now)
		})
	}
	return id
}

// person registers a record with alerts.
func (d *desk) person(name record.Name, alerts ...record.AlertAdded) fact.Subject {
	d.t.Helper()
	var id fact.Subject
	_, err := d.app.Cases.Journal.Do(context.Background(), listHandler.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if id, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		out = append(out, fact.Say(id, record.PersonRegistered{Identity: record.Identity{Name: name}}))
		for _, a := range alerts {
			out = append(out, fact.Say(id, a))
		}
		return out, nil
	})
	d.must(err)
	return id
}

// link says whose record a case is about.
func (d *desk) link(id, person fact.Subject) {
	d.t.Helper()
	d.do(listHandler, access.TakeCall, id, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		about, _ := c.Patient.Get()
		about.Record = person
		return urgent.Describe(c, listHandler, urgent.Description{Patient: &about})
	})
}

// arrive files a referral as if another organisation had sent it.
func (d *desk) arrive(ref exchange.Referral, original string) fact.Subject {
	d.t.Helper()
	from := exchange.Arrival{
		Route: exchange.ByITK, Partner: exchange.Partner{Name: "Tarn Valley"}, Sender: "TAR01", Keys: []string{ref.ID}, Original: []byte(original), Media: "text/xml", At: fact.At(d.clock()),
	}
	filed, err := urgentdb.Receiver{Cases: d.app.Cases}.Receive(context.Background(), from, ref)
	d.must(err)
	return filed.About
}

// answer is what a page said.
type answer struct {
	status   int
	header   http.Header
	body     string
	location string
}

func (d *desk) get(path string) answer { return d.send(http.MethodGet, path, nil) }

func (d *desk) post(path string, form url.Values) answer {
	return d.send(http.MethodPost, path, form)
}

func (d *desk) send(method, path string, form url.Values) answer {
	d.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, path, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String(), w.Header().Get("Location")}
}

// as changes who asks.
func (d *desk) as(by access.Caller) *desk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = by
	return d
}

// seen reads the hidden field of a page's forms.
func (a answer) seen() string {
	found := regexp.MustCompile(`name="seen" value="([0-9a-f ]*)"`).FindStringSubmatch(a.body)
	if len(found) < 2 {
		return ""
	}
	return found[1]
}

// wants fails for every text that is not on the page.
func (a answer) wants(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

// without fails for every text that is on the page.
func (a answer) without(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("the page says %q", text)
		}
	}
}

func (a answer) is(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %.600s", a.status, status, a.body)
	}
	return a
}
