package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"holdfast/fact/refusal"
)

// answered is the writer handed to handlers: it remembers what was sent.
type answered struct {
	http.ResponseWriter
	status int
	bytes  int64
	note   note
}

// note is what the request's one log line says.
type note struct {
	id, door, pattern, kind, why string
}

func (a *answered) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ServeHTTP answers one request: headers first, then the fence, then the door.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now() // how long it took, not when it was: the log only
	a := &answered{ResponseWriter: w}
	a.note.id = newTrace()
	protect(w.Header(), r)
	w.Header().Set("Request-Id", a.note.id)
	defer m.log(a, r, began)
	defer m.fence(a, r)
	if err := m.cross.Check(r); err != nil {
		m.refuse(a, r, Route{Door: Public}, nil, errOtherSite())
		return
	}
	h, pattern := m.mux.Handler(r)
	if pattern == "" {
		m.refuse(a, r, Route{Door: Public}, nil, missed(a, h, r))
		return
	}
	m.mux.ServeHTTP(a, r)
}

// missed tells a wrong address from a right one asked in a wrong way.
func missed(w http.ResponseWriter, h http.Handler, r *http.Request) error {
	probe := &probed{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		return errNothingHere()
	}
	w.Header().Set("Allow", probe.header.Get("Allow"))
	return errWrongMethod()
}

type probed struct {
	header http.Header
	status int
}

func (p *probed) Header() http.Header         { return p.header }
func (p *probed) WriteHeader(status int)      { p.status = status }
func (p *probed) Write(b []byte) (int, error) { return len(b), nil }

// answer wraps a handler with its door and limits.
func (m *Mux) answer(route Route, h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := w.(*answered)
		a.note.door, a.note.pattern = string(route.Door), route.Pattern
		done, err := m.turn(a, r, route)
		if err != nil {
			m.refuse(a, r, route, nil, err)
			return
		}
		defer done()
		by, err := m.open(route.Door, r)
		if err != nil {
			m.shut(a, r, route, err)
			return
		}
		if route.Door == Session && !route.Stream {
			done, err := m.people.wait(r.Context(), string(by.Session[:]))
			if err != nil {
				m.refuse(a, r, route, &by, err)
				return
			}
			defer done()
		}
		if r.Method != http.MethodGet && route.Refuse == nil && route.Door == Session && !isForm(r) && !(route.Files && hasFiles(r)) {
			m.refuse(a, r, route, &by, errNoForm())
			return
		}
		r.Body = http.MaxBytesReader(a, r.Body, route.MaxBody)
		var out http.ResponseWriter = a
		if !route.Stream {
			ctx, cancel := context.WithTimeout(r.Context(), route.Lasts)
			defer cancel()
			r = r.WithContext(ctx)
			// A writer that can't set deadlines (a test's recorder) has none to miss.
			_ = http.NewResponseController(a).SetWriteDeadline(time.Now().Add(route.Lasts + 10*time.Second))
			zip := m.zip(a, r)
			defer zip.end()
			out = zip
		}
		if err := h(out, r, by); err != nil {
			m.refuse(out, r, route, &by, err)
		}
	})
}

// turn waits for a stranger's turn at a public route.
func (m *Mux) turn(w http.ResponseWriter, r *http.Request, route Route) (func(), error) {
	if route.Door != Public || route.AtOnce {
		return func() {}, nil
	}
	return m.stranger(w, r)
}

func (m *Mux) stranger(w http.ResponseWriter, r *http.Request) (func(), error) {
	done, err := m.strangers.wait(r.Context(), addressOf(r))
	if err != nil {
		w.Header().Set("Retry-After", "5")
	}
	return done, err
}

// shut refuses whom a door does not let in. Whoever comes to people's door
// without a session, or with one that nobody has, waits for it as every stranger
// does.
func (m *Mux) shut(w http.ResponseWriter, r *http.Request, route Route, err error) {
	if route.Door == Session && errors.Is(err, ErrNoSession) {
		done, busy := m.stranger(w, r)
		if busy != nil {
			m.refuse(w, r, route, nil, busy)
			return
		}
		defer done()
	}
	m.refuse(w, r, route, nil, err)
}

// isForm tells whether what a person sends is a form as our pages send it, or
// nothing. No page takes a file or anything else.
func isForm(r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/x-www-form-urlencoded" && r.Header.Get("Content-Encoding") == ""
}

// open asks the door who is there.
func (m *Mux) open(door Door, r *http.Request) (Caller, error) {
	switch door {
	case Public:
		return Caller{}, nil
	case Session:
		return m.shell.cfg.Session.Caller(r)
	case Partner:
		return m.shell.cfg.Partner.Caller(r)
	case Operator:
		return m.shell.cfg.Operator.Caller(r)
	}
	return Caller{}, refusal.New(refusal.Forbidden, "This way in has no door.")
}

// fence keeps one broken page from taking the others down. What panicked may
// hold what somebody typed, so only its type and the place are logged, unless
// the runtime itself spoke.
func (m *Mux) fence(a *answered, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	what := fmt.Sprintf("%T", p)
	var re runtime.Error
	if e, ok := p.(error); ok && errors.As(e, &re) {
		what = re.Error()
	}
	m.shell.cfg.Log.Error("a page panicked", "id", a.note.id, "what", what, "stack", string(debug.Stack()))
	if a.status != 0 {
		panic(http.ErrAbortHandler) // half a page must not look like a whole one
	}
	a.Header().Del("Content-Encoding")
	m.refuse(a, r, Route{Door: Public}, nil, errors.New("panic"))
}

func (m *Mux) log(a *answered, r *http.Request, began time.Time) {
	level := slog.LevelInfo
	if a.status >= 500 {
		level = slog.LevelError
	}
	m.shell.cfg.Log.LogAttrs(context.Background(), level, "request",
		slog.String("id", a.note.id), slog.String("door", a.note.door),
		slog.String("method", method(r.Method)), slog.String("route", a.note.pattern),
		slog.Int("status", a.status), slog.Int64("bytes", a.bytes),
		slog.Float64("ms", float64(time.Since(began).Microseconds())/1000),
		slog.String("refused", a.note.kind), slog.String("why", a.note.why))
}

// method keeps made-up methods, which may hold anything, out of the log.
func method(s string) string {
	switch s {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return s
	}
	return "other"
}

// newTrace names one request, so that a person can read it out to support.
func newTrace() string {
	var b [4]byte
	rand.Read(b[:])
	s := strings.ToUpper(hex.EncodeToString(b[:]))
	return s[:4] + "-" + s[4:]
}
