package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"

	"holdfast/access"
	"holdfast/fact/refusal"
)

// gallery is a small server of made-up pages that shows every component in use.
type gallery struct {
	mu     sync.Mutex
	shell  *Shell
	began  time.Time
	start  time.Time // what the clock said when it began
	cut    bool      // the session door does not answer
	drafts map[string]url.Values
	once   map[string]int
	sent   int64 // number of the last form sent
	rows   []row
	state  State
}

var _ Sessions = (*gallery)(nil)

func (g *gallery) Caller(r *http.Request) (Caller, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut {
		return Caller{}, refusal.New(refusal.Unavailable, "The door does not answer.")
	}
	if SessionToken(r) == "" && r.URL.Query().Get("as") == "" {
		return Caller{}, ErrNoSession
	}
	return access.Caller{Name: "P. Varma", Title: "nurse", Desk: "desk 6"}, nil
}

func (g *gallery) now() time.Time { return g.start.Add(time.Since(g.began)) }

func newGallery(t testing.TB) (*gallery, *Mux) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	g := &gallery{began: time.Now(), start: time.Date(2026, 11, 21, 19, 54, 0, 0, zone), drafts: map[string]url.Values{}, once: map[string]int{}, state: AllWell()}
	g.rows = someRows(g.start)
	g.shell, err = NewShell(Config{
		Organisation: "Fellside 111", Zone: zone, Now: g.now, Session: g,
		Places: func(Caller) []Place {
			return []Place{{"Worklist", "/worklist", "Alt+1"}, {"Call", "/call", "Alt+2"}, {"Questions", "/triage", "Alt+3"}, {"Find a service", "/find", "Alt+4"}}
		},
		State: func() State { g.mu.Lock(); defer g.mu.Unlock(); return g.state },
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	m := NewMux(g.shell)
	g.routes(m)
	return g, m
}

func (g *gallery) routes(m *Mux) {
	page := func(name string, draw func(Frame, *http.Request) templ.Component) {
		m.Handle(Session, http.MethodGet, "/"+name, func(w http.ResponseWriter, r *http.Request, by Caller) error {
			return Render(w, r, http.StatusOK, draw(g.shell.Frame(r, by, name), r))
		})
	}
	m.Handle(Public, http.MethodGet, "/sign-in", func(w http.ResponseWriter, r *http.Request, _ Caller) error {
		return RenderOpen(w, r, g.signInPage(g.shell.Outside(r, "Sign in")))
	})
	m.Handle(Public, http.MethodGet, "/as", func(w http.ResponseWriter, r *http.Request, _ Caller) error {
		SetSession(w, r, "made-up", time.Hour)
		return SeeOther(w, r, "/worklist")
	})
	page("call", func(f Frame, r *http.Request) templ.Component { return g.callPage(f, NewForm(g.drafts["call"])) })
	page("triage", func(f Frame, r *http.Request) templ.Component { return g.triagePage(f) })
	page("worklist", func(f Frame, r *http.Request) templ.Component { return g.worklistPage(f) })
	page("case", func(f Frame, r *http.Request) templ.Component { return g.casePage(f) })
	page("report", func(f Frame, r *http.Request) templ.Component { return g.reportPage(f) })
	page("frames", func(f Frame, r *http.Request) templ.Component { return g.framesPage(f) })
	page("breach", func(f Frame, r *http.Request) templ.Component { return g.breachPage(f) })
	m.Handle(Session, http.MethodPost, "/call", g.takeCall)
	m.Handle(Session, http.MethodPost, DraftPath, g.draft)
	m.Add(Route{Door: Session, Method: http.MethodGet, Pattern: "/worklist/live", Stream: true}, func(w http.ResponseWriter, r *http.Request, by Caller) error {
		return g.shell.Watch(w, r, by, Watch{Topics: []string{"worklist"}, Draw: g.drawRows})
	})
	m.Handle(Session, http.MethodPost, "/boom", func(http.ResponseWriter, *http.Request, Caller) error { panic("broken: NELSON, Horatia") })
	m.Handle(Session, http.MethodPost, "/taken", func(http.ResponseWriter, *http.Request, Caller) error {
		return refusal.New(refusal.Taken, "Nurse Bashir took it at 19:53.")
	})
}

type callForm struct {
	Number string `form:"number" max:"20" label:"Number calling" need:"Ask for the number"`
	Place  string `form:"place" max:"120" label:"Where is the patient now" need:"Ask where the patient is"`
	Ring   string `form:"ring_back" max:"20" label:"Ring back on" need:"Ask which number to ring back on"`
	Awake  string `form:"awake" of:"yes no unsure"`
	First  string `form:"first" max:"35"`
	Reason string `form:"why" max:"200"`
}

func (g *gallery) takeCall(w http.ResponseWriter, r *http.Request, by Caller) error {
	var in callForm
	form, err := ReadForm(r, &in)
	if err != nil {
		return err
	}
	if in.Ring == "busy" {
		return refusal.New(refusal.Taken, "Ruth Ashdown has this call since 19:53.")
	}
	if !form.OK() {
		f := g.shell.Frame(r, by, "New call")
		f.ErrorsIn = true
		return Render(w, r, http.StatusUnprocessableEntity, g.callPage(f, form))
	}
	g.mu.Lock()
	g.once[OnceKey(r)]++
	if key, seq := DraftSent(r); key != "" {
		delete(g.drafts, key)
		g.sent = seq
	}
	g.mu.Unlock()
	return SeeOther(w, r, "/triage")
}

func (g *gallery) draft(w http.ResponseWriter, r *http.Request, _ Caller) error {
	d, err := ReadDraft(r)
	if err != nil {
		return err
	}
	g.mu.Lock()
	if d.Seq > g.sent {
		g.drafts[d.Key] = d.Values
	}
	g.mu.Unlock()
	g.shell.Drafted(w, g.now())
	return nil
}

func (g *gallery) drawRows(_ context.Context, _ Caller, changes []Change) ([]Fragment, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Fragment
	for _, c := range changes {
		f := Fragment{ID: c.Key, Into: "cases", Gone: "Closed 19:58"}
		for _, r := range g.rows {
			if r.id == c.Key {
				f.HTML, f.Order, f.Gone = r.draw(g.now()), r.order(), ""
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// control lets the browser test change what the gallery holds.
func (g *gallery) control(srv *httptest.Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/do/change", func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		for i := range g.rows {
			switch g.rows[i].id {
			case "r6":
				g.rows[i].who = "Dr Pemberton, opened now"
			case "r13":
				g.rows[i].deadline = g.now().Add(time.Minute)
			}
		}
		g.rows = append(g.rows, row{id: "r99", name: "NEWLAND, Ada", age: "5 F", why: "Just arrived", where: "Dunsett", needs: "Ring back", who: "Free", pri: 1, start: g.now(), deadline: g.now().Add(5 * time.Minute)})
		g.mu.Unlock()
		g.shell.Live().Publish("worklist", "r6", "r13", "r99")
	})
	mux.HandleFunc("/do/cut", func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.cut = r.URL.Query().Get("on") == "1"
		g.mu.Unlock()
		srv.CloseClientConnections()
	})
	mux.HandleFunc("/do/drafts", func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		fmt.Fprint(w, g.drafts["call"].Encode())
	})
	mux.HandleFunc("/do/once", func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		fmt.Fprint(w, len(g.once))
	})
	return mux
}

// TestGallery opens every component in a browser: how it looks (pictures in
// build/stories/gallery), what axe says, and what the script does.
func TestGallery(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: the gallery needs a browser; run without -short")
	}
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	for _, need := range []string{chromium, "stories/node_modules/playwright-core"} {
		if _, err := os.Stat(need); err != nil {
			t.Skipf("SKIPPED: the gallery needs %s; make test installs it", need)
		}
	}
	g, m := newGallery(t)
	srv := httptest.NewServer(m)
	defer srv.Close()
	ctl := httptest.NewServer(g.control(srv))
	defer ctl.Close()
	out, err := filepath.Abs("../build/stories/gallery")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	said, err := exec.CommandContext(ctx, "node", "stories/gallery.mjs", srv.URL, ctl.URL, out).CombinedOutput()
	if err != nil {
		t.Fatalf("the gallery does not hold: %v\n%s", err, said)
	}
	t.Logf("%s", said)
}
