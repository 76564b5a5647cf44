package accessweb

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// Keeper keeps half-typed forms on this device's disk.
type Keeper interface {
	SaveDraft(ctx context.Context, key string, data []byte) error
	LoadDraft(ctx context.Context, key string) ([]byte, time.Time, error)
	DropDraft(ctx context.Context, key string) error
}

// Bounds of what is kept of one page when its screen locks.
const (
	mostTyped = 40  // forms that one page may hold half-typed
	mostKept  = 120 // the same, of all pages with one address
	typedBody = 512 << 10
)

// screenKey keeps apart what stood on people's locked screens, by page: the
// address says whom it is about, so that erasing a record erases it.
func screenKey(by web.Caller, path string) string { return by.Person.String() + "/screen" + path }

// typedForm is one form of a page into which somebody had typed when their
// screen locked.
type typedForm struct {
	ID   string `json:"id"`   // names it when it is back on the page
	Tab  string `json:"tab"`  // which page it was, of several with one address
	Form string `json:"form"` // which form: where it goes, and what it says without being typed
	Text string `json:"text"` // what was typed, as forms are encoded
}

// onScreen is what waits for one person on one page.
type onScreen struct {
	Forms []typedForm `json:"forms"`
	Lost  bool        `json:"lost,omitempty"` // something was kept that can't be read here; the page says so
}

// lostDone is how a page says that it has told of what can't be read.
const lostDone = "lost"

func (p *Pages) registerScreen(m *web.Mux) {
	m.Handle(web.Session, http.MethodGet, "/screen", p.screen)
	m.Handle(web.Session, http.MethodPost, "/screen", p.screenDone)
	m.Add(web.Route{Door: web.Public, Method: http.MethodPost, Pattern: "/screen/typed", MaxBody: typedBody}, p.keepTyped)
}

// keepTyped keeps what is half-typed on a page whose screen locks, or has been
// locked by another page of the browser: a locked session may do this alone.
// The page says whose session it belongs to, because somebody else may have
// come to this browser meanwhile. What is more than can be kept is refused
// whole: the page stays.
func (p *Pages) keepTyped(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	if p.Looking == nil || len(waitingHere(r)) == 0 {
		return web.ErrNoSession
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	by, err := p.behindLock(r, r.PostForm.Get("session"))
	if err != nil {
		return err
	}
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	path, tab, forms, texts := r.PostForm.Get("path"), r.PostForm.Get("tab"), r.PostForm["form"], r.PostForm["text"]
	switch {
	case !web.LocalPath(path) || len(path) > 1000 || tab == "" || len(tab) > 64 || len(forms) != len(texts):
		return refusal.New(refusal.Invalid, "What you typed did not arrive whole. Save it before you leave this page.")
	case len(forms) > mostTyped:
		return refusal.Newf(refusal.Invalid, "You have typed into %d forms of this page, and %d can be kept. Save some of them.", len(forms), mostTyped)
	}
	if err := p.Looking.keep(r.Context(), screenKey(by, path), tab, forms, texts); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// behindLock finds who a session of this browser belongs to, locked or not.
func (p *Pages) behindLock(r *http.Request, session string) (access.Caller, error) {
	for _, token := range waitingHere(r) {
		by, err := p.Gate.CallerBehindLock(r.Context(), token)
		if refusal.Is(err, refusal.Forbidden) {
			continue
		}
		if err != nil {
			return access.Caller{}, err
		}
		if by.Session.String() == session {
			return by, nil
		}
	}
	return access.Caller{}, web.ErrNoSession
}

// keep keeps what one page holds instead of what it held before, beside what
// other pages with the same address do.
func (l *Looking) keep(ctx context.Context, key, tab string, forms, texts []string) error {
	l.keeping.Lock()
	defer l.keeping.Unlock()
	s, err := l.kept(ctx, key)
	if err != nil {
		return err
	}
	s.Forms = slices.DeleteFunc(s.Forms, func(f typedForm) bool { return f.Tab == tab })
	for i := range forms {
		if texts[i] != "" {
			s.Forms = append(s.Forms, typedForm{ID: tab + "/" + strconv.Itoa(i), Tab: tab, Form: forms[i], Text: texts[i]})
		}
	}
	if len(s.Forms) > mostKept {
		return refusal.New(refusal.Unavailable, "Too much that you typed on this page waits for you already. Save it before you leave.")
	}
	return l.put(ctx, key, s)
}

func (l *Looking) put(ctx context.Context, key string, s onScreen) error {
	if len(s.Forms) == 0 && !s.Lost {
		return l.Drafts.DropDraft(ctx, key)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return l.Drafts.SaveDraft(ctx, key, b)
}

// kept gives what waits on one page, under keeping. What is there and can't be
// read, because it is of another program or damaged, is set aside beside it as far
// as it can be, for as long as half-typed forms are kept, and said: it is never
// taken for nothing.
func (l *Looking) kept(ctx context.Context, key string) (onScreen, error) {
	none := onScreen{Forms: []typedForm{}}
	b, _, err := l.Drafts.LoadDraft(ctx, key)
	switch {
	case refusal.Is(err, refusal.Missing) && notThere(err):
		return none, nil
	case err != nil && !refusal.Is(err, refusal.Missing):
		return onScreen{}, err
	case err == nil:
		var s onScreen
		if json.Unmarshal(b, &s) == nil && s.Forms != nil {
			return s, nil
		}
		if err := l.Drafts.SaveDraft(ctx, key+"/unread", b); err != nil {
			return onScreen{}, err
		}
	}
	none.Lost = true
	return none, l.put(ctx, key, none)
}

// notThere tells that nothing was kept, from something that can't be opened.
func notThere(err error) bool {
	var e *refusal.Error
	return errors.As(err, &e) && (errors.Unwrap(e) == nil || errors.Is(err, fs.ErrNotExist))
}

// Typed tells whether something half-typed on a page waits for somebody from
// when their screen locked.
func (p *Pages) Typed(ctx context.Context, by web.Caller, path string) bool {
	if p == nil || p.Looking == nil {
		return false
	}
	_, _, err := p.Looking.Drafts.LoadDraft(ctx, screenKey(by, path))
	return !refusal.Is(err, refusal.Missing) || !notThere(err)
}

// screen gives what was half-typed by this person on one page when their screen
// locked.
func (p *Pages) screen(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	if p.Looking == nil {
		return writeJSON(w, http.StatusOK, onScreen{Forms: []typedForm{}})
	}
	p.Looking.keeping.Lock()
	defer p.Looking.keeping.Unlock()
	s, err := p.Looking.kept(r.Context(), screenKey(by, r.URL.Query().Get("path")))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, s)
}

// screenDone forgets those forms that are back on the page, and no others.
func (p *Pages) screenDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	if p.Looking != nil {
		if err := p.Looking.drop(r.Context(), screenKey(by, r.PostForm.Get("path")), r.PostForm["done"]); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (l *Looking) drop(ctx context.Context, key string, done []string) error {
	l.keeping.Lock()
	defer l.keeping.Unlock()
	s, err := l.kept(ctx, key)
	if err != nil {
		return err
	}
	before := len(s.Forms)
	s.Forms = slices.DeleteFunc(s.Forms, func(f typedForm) bool { return slices.Contains(done, f.ID) })
	told := s.Lost && slices.Contains(done, lostDone)
	if len(s.Forms) == before && !told {
		return nil
	}
	s.Lost = s.Lost && !told
	return l.put(ctx, key, s)
}
