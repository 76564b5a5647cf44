package web

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Config is what a Shell needs to know. All functions must be safe for use by
// many requests at once.
type Config struct {
	Organisation string
	Zone         *time.Location      // for everything shown; UTC when nil
	Now          func() time.Time    // the process's one clock
	Rate         int                 // how fast that clock runs; 0 and 1 mean real time
	Session      Sessions            // people
	Partner      Sessions            // machines of other organisations, by mutual TLS
	Operator     Sessions            // operators' tokens
	Who          func(Caller) string // as the frame says it; name, title and desk unless told
	Places       func(Caller) []Place
	State        func() State
	SignIn       string // path of the sign-in page

	// Ask answers an error by asking the person for something first: to show
	// again who they are, to say why. False: it is not of that sort. nil: nobody
	// is asked. by is nil when the door let nobody in.
	Ask func(w http.ResponseWriter, r *http.Request, by *Caller, err error) bool

	// Idle is how long a screen stays open without a touch, 0 for ever, and
	// whether something half-typed on this page waits from when it last locked.
	// nil: no screen locks.
	Idle func(*http.Request, Caller) (after time.Duration, typed bool)
	Log  *slog.Logger
}

// Shell is what all pages of one organisation on one device share.
type Shell struct {
	cfg    Config
	assets *Assets
	live   *Live
}

// NewShell makes a Shell. A door without its Sessions is shut.
func NewShell(cfg Config) (*Shell, error) {
	if cfg.Now == nil || cfg.Places == nil || cfg.State == nil || cfg.Log == nil {
		return nil, errors.New("web: a shell needs a clock, a log, and to be told which places and which state")
	}
	if cfg.Who == nil {
		cfg.Who = whoOf
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.SignIn == "" {
		cfg.SignIn = "/sign-in"
	}
	for _, door := range []*Sessions{&cfg.Session, &cfg.Partner, &cfg.Operator} {
		if *door == nil {
			*door = NoSessions{}
		}
	}
	assets, err := LoadAssets()
	if err != nil {
		return nil, err
	}
	return &Shell{cfg: cfg, assets: assets, live: NewLive()}, nil
}

// Live is the hub that pages listen to.
func (s *Shell) Live() *Live { return s.live }

// Now is the process's clock.
func (s *Shell) Now() time.Time { return s.cfg.Now() }

// Zone is the time zone of everything shown.
func (s *Shell) Zone() *time.Location { return s.cfg.Zone }

// whoOf says person and desk: "P. Varma, nurse · desk 6".
func whoOf(by Caller) string {
	if by.Desk == "" {
		return by.Says()
	}
	return by.Says() + " · " + by.Desk
}
