package web

import (
	"net/http"
	"strings"
	"time"
)

// Frame is what stands round every page: who and where you are, how fresh and
// how safe the data is. A page gets one from Shell.Frame and fills what it
// knows better.
type Frame struct {
	Title        string  // of this page, for the browser's tab
	Organisation string  // its name as staff say it
	Places       []Place // at most four have keys
	Here         string  // the Href of the place this page belongs to
	State        State   // what is kept, and each step away from well
	Who          string  // person, role, desk; empty when nobody is signed in
	Now          time.Time
	Zone         *time.Location
	Rate         int     // how fast the clock runs, 1 outside rehearsals
	Keys         []Key   // the keys of this page, at its foot
	KeysEnd      []Key   // the same, at the right edge
	Live         string  // path of the page's stream; empty for none
	Theme        string  // "light", "dark" or empty: as the device says
	LettersOff   bool    // this person switched single-letter keys off
	Assets       *Assets // style and script
	ErrorsIn     bool    // the form came back with mistakes: said in the title too

	signIn  string
	idle    time.Duration // after which the screen locks; 0: never
	typed   bool          // something half-typed on this page waits from when it locked
	session string        // whose page it is, when another page of the browser locks it
}

// Place is one of the few main pages of a role.
type Place struct {
	Name string
	Href string
	Key  string // "Alt+1"; empty for none
}

// Key is one line of the foot: the keys and what they do.
type Key struct {
	Keys []string // "J", "K"
	Does string
}

// K makes a Key from one or more keys parted by blanks, as "J K".
func K(keys, does string) Key { return Key{Keys: strings.Fields(keys), Does: does} }

const (
	themeCookie   = "holdfast-theme"
	lettersCookie = "holdfast-letters"
)

// Frame makes the frame for one answer.
func (s *Shell) Frame(r *http.Request, by Caller, title string) Frame {
	f := s.bare(r, title)
	f.Places = s.cfg.Places(by)
	f.Who = s.cfg.Who(by)
	f.Live = livePath
	f.Here = r.URL.Path
	if !by.Lapsed.IsZero() {
		f.State = f.State.With(LapsedStrip(by.Lapsed, f.Zone))
	}
	if s.cfg.Idle != nil {
		f.idle, f.typed = s.cfg.Idle(r, by)
		f.session = by.Session.String()
	}
	return f
}

// Outside makes the frame of a page that needs nobody signed in: no places, no
// stream.
func (s *Shell) Outside(r *http.Request, title string) Frame { return s.bare(r, title) }

func (s *Shell) bare(r *http.Request, title string) Frame {
	f := Frame{
		Title: title, Organisation: s.cfg.Organisation, State: s.cfg.State(),
		Now: s.cfg.Now(), Zone: s.cfg.Zone, Rate: s.cfg.Rate, Assets: s.assets, signIn: s.cfg.SignIn,
	}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		f.Theme = c.Value
	}
	if c, err := r.Cookie(lettersCookie); err == nil && c.Value == "off" {
		f.LettersOff = true
	}
	return f
}

// tabTitle says first what is wrong, for people who hear it.
func (f Frame) tabTitle() string {
	t := f.Title + " – Holdfast"
	if f.ErrorsIn {
		return "Mend first: " + t
	}
	return t
}

func (f Frame) clock() string { return f.Now.In(f.Zone).Format("15:04") }
func (f Frame) day() string   { return f.Now.In(f.Zone).Format("Mon 2 Jan") }

func (f Frame) rate() int {
	if f.Rate < 1 {
		return 1
	}
	return f.Rate
}
