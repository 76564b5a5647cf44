package web

import (
	"fmt"
	"net/http"
	"sort"
	"sync"
	"time"
)

// Door says who may come in by a route.
type Door string

// The doors.
const (
	Public   Door = "public"   // anybody: the short list
	Session  Door = "session"  // a person who is signed in
	Partner  Door = "partner"  // a machine of another organisation, by mutual TLS
	Sister   Door = "device"   // another device of this organisation, by mutual TLS with its own key; not served by a Mux
	Account  Door = "account"  // a command of the account that runs this device; not served by a Mux
	Operator Door = "operator" // an operator's token
)

// Handler answers one request for somebody the door has let in; at the public
// door by is the zero Caller. What it returns becomes a page that helps, unless
// it has written its own answer already.
type Handler func(w http.ResponseWriter, r *http.Request, by Caller) error

// Route is one way in.
type Route struct {
	Door    Door   `json:"door"`
	Method  string `json:"method"`
	Pattern string `json:"pattern"` // as net/http.ServeMux reads it, without method

	Listener string `json:"listener,omitempty"` // where it is asked: pages, messages, devices, control
	Reason   string `json:"reason,omitempty"`   // why anybody may ask it; public routes only

	MaxBody int64         `json:"-"` // bytes; 0 means 256 KiB, the most is 5 MB
	Lasts   time.Duration `json:"-"` // how long an answer may take; 0 means 20 s
	Stream  bool          `json:"-"` // answers for as long as somebody listens
	Files   bool          `json:"-"` // takes a form with pictures, see ReadUpload; no other does
	AtOnce  bool          `json:"-"` // a public route that is never kept waiting, whatever the crowd at the door

	// Refuse answers an error in the caller's own language, for machine doors.
	Refuse func(w http.ResponseWriter, r *http.Request, err error) `json:"-"`
}

const (
	usualBody = 256 << 10
	mostBody  = 5 << 20
	usualTime = 20 * time.Second
)

// Mux answers all requests of one organisation on one device. Nothing can be
// reached that was not registered with its door.
type Mux struct {
	shell  *Shell
	mux    *http.ServeMux
	cross  *http.CrossOriginProtection
	routes []Route
	zips   sync.Pool

	strangers, people *turns
}

// NewMux makes a Mux that serves the shell's own files and stream.
func NewMux(shell *Shell) *Mux {
	m := &Mux{shell: shell, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(), strangers: newTurns(strangersAtOnce), people: newTurns(peopleAtOnce)}
	m.Add(Route{Door: Public, Method: http.MethodGet, Pattern: assetsPath + "{name}", AtOnce: true}, m.asset)
	m.Add(Route{Door: Session, Method: http.MethodGet, Pattern: livePath, Stream: true}, m.beat)
	return m
}

// Handle registers a route with the usual limits.
func (m *Mux) Handle(door Door, method, pattern string, h Handler) {
	m.Add(Route{Door: door, Method: method, Pattern: pattern}, h)
}

// Add registers a route. It panics on a route without a door, without a method
// or twice the same: such a program must not start.
func (m *Mux) Add(route Route, h Handler) {
	switch route.Door {
	case Public, Session, Partner, Operator:
	default:
		panic(fmt.Sprintf("web: route %s has no door", route.Pattern))
	}
	if route.Method == "" || h == nil {
		panic(fmt.Sprintf("web: route %s needs a method and a handler", route.Pattern))
	}
	if route.MaxBody == 0 {
		route.MaxBody = usualBody
	}
	if route.MaxBody > mostBody {
		panic(fmt.Sprintf("web: route %s takes more than %d bytes", route.Pattern, mostBody))
	}
	if route.Lasts == 0 {
		route.Lasts = usualTime
	}
	m.mux.Handle(route.Method+" "+route.Pattern, m.answer(route, h))
	m.routes = append(m.routes, route)
}

// Routes lists every route with its door, by pattern and method.
func (m *Mux) Routes() []Route {
	out := append([]Route(nil), m.routes...)
	sort.Slice(out, func(i, j int) bool {
		if out[i].Pattern != out[j].Pattern {
			return out[i].Pattern < out[j].Pattern
		}
		return out[i].Method < out[j].Method
	})
	return out
}

// Server makes a server with limits for slow and greedy callers. Its Shutdown
// ends the streams of live pages first.
func (m *Mux) Server() *http.Server {
	s := &http.Server{
		Handler:           m,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	s.RegisterOnShutdown(m.shell.live.Close)
	return s
}

func (m *Mux) asset(w http.ResponseWriter, r *http.Request, _ Caller) error {
	if m.shell.assets.serve(w, r, r.PathValue("name")) {
		return nil
	}
	return errNothingHere()
}
