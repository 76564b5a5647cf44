package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"holdfast/fact/refusal"
)

// livePath is the stream of pages that show nothing live but their frame.
const livePath = "/live"

// Fragment is one part of a page as it now is. Its markup has one outermost
// element whose id is ID.
type Fragment struct {
	ID    string
	Into  string          // id of the list it belongs to, for one that may be new or move
	Order string          // where in that list: lists are sorted by this, bytewise
	HTML  templ.Component // nil when it has left the page
	Gone  string          // why it left, in words: "Closed 19:58"
}

// Watch says what a page listens to and how its parts are drawn. Draw is called
// only with changes of these topics, at most once every 250 ms, and never twice
// at the same time for one page.
type Watch struct {
	Topics []string
	Draw   func(ctx context.Context, by Caller, changes []Change) ([]Fragment, error)
}

// event is what one message holds; the script reads the same names.
type event struct {
	Now       int64      `json:"now"`
	Kept      *keptJSON  `json:"kept,omitempty"`
	Fragments []fragJSON `json:"fragments,omitempty"`
}

type keptJSON struct {
	Level  string `json:"level"`
	Words  string `json:"words"`
	Strips string `json:"strips"`
}

type fragJSON struct {
	ID    string `json:"id"`
	Into  string `json:"into,omitempty"`
	Order string `json:"order,omitempty"`
	HTML  string `json:"html,omitempty"`
	Gone  string `json:"gone,omitempty"`
}

// beat is the stream without topics.
func (m *Mux) beat(w http.ResponseWriter, r *http.Request, by Caller) error {
	return m.shell.Watch(w, r, by, Watch{})
}

// Watch answers a page's stream until the page goes away, the session ends or
// the browser is too slow. The route must be registered with Stream. Each beat
// asks the session door again, so that a stream ends with its session.
func (s *Shell) Watch(w http.ResponseWriter, r *http.Request, by Caller, watch Watch) error {
	me, ok := s.live.join(by.Session, watch.Topics)
	if !ok {
		return refusal.New(refusal.Unavailable, "Too many pages are open on this device. Close some.")
	}
	defer s.live.leave(me, by.Session, watch.Topics)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	st := &stream{shell: s, w: w, rc: http.NewResponseController(w), r: r, by: by, watch: watch}
	// The reading deadline of ordinary requests would end the stream; a writer
	// that can't set deadlines has none.
	_ = st.rc.SetReadDeadline(time.Time{})
	return st.run(me)
}

type stream struct {
	shell *Shell
	w     http.ResponseWriter
	rc    *http.ResponseController
	r     *http.Request
	by    Caller
	watch Watch
}

// run returns nil: once a stream has begun, an error can only end it.
func (st *stream) run(me *watcher) error {
	if st.beat() != nil {
		return nil
	}
	ctx := st.r.Context()
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-st.shell.live.done:
			return nil
		case <-tick.C:
			if st.beat() != nil {
				return nil
			}
		case <-me.wake:
			if !pause(ctx, frameEvery) || st.frame(me) != nil {
				return nil
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// beat sends the time and the state, after asking whether this person is still
// let in.
func (st *stream) beat() error {
	if _, err := st.shell.cfg.Session.Caller(st.r); err != nil {
		if errors.Is(err, ErrNoSession) || refusal.Is(err, refusal.Forbidden) {
			return errors.Join(st.send("ended", event{}), err)
		}
		return err
	}
	state := st.shell.cfg.State()
	var strips bytes.Buffer
	if err := Strips(state.Strips).Render(st.r.Context(), &strips); err != nil {
		return fmt.Errorf("web: drawing the strips: %w", err)
	}
	return st.send("beat", event{Kept: &keptJSON{
		Level: string(state.Kept.Level), Words: state.Kept.Words, Strips: strips.String(),
	}})
}

// frame sends what has changed, or tells the page to look anew when that is
// more than is kept or can't be drawn.
func (st *stream) frame(me *watcher) error {
	changes, over := me.take()
	if over || st.watch.Draw == nil {
		return st.send("anew", event{})
	}
	if len(changes) == 0 {
		return nil
	}
	frags, err := st.watch.Draw(st.r.Context(), st.by, changes)
	if err != nil {
		st.shell.cfg.Log.Error("a live page could not be drawn", "why", masked(err))
		return errors.Join(st.send("anew", event{}), err)
	}
	out := event{}
	for _, f := range frags {
		j := fragJSON{ID: f.ID, Into: f.Into, Order: f.Order, Gone: f.Gone}
		if f.HTML != nil {
			var b bytes.Buffer
			if err := f.HTML.Render(st.r.Context(), &b); err != nil {
				return fmt.Errorf("web: drawing a part: %w", err)
			}
			j.HTML = b.String()
		}
		out.Fragments = append(out.Fragments, j)
	}
	if len(out.Fragments) == 0 {
		return nil
	}
	return st.send("parts", out)
}

func (st *stream) send(name string, e event) error {
	e.Now = st.shell.cfg.Now().UnixMilli()
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("web: writing an event: %w", err)
	}
	_ = st.rc.SetWriteDeadline(time.Now().Add(writeWithin)) // as above
	if _, err := fmt.Fprintf(st.w, "event: %s\ndata: %s\n\n", name, body); err != nil {
		return fmt.Errorf("web: sending an event: %w", err)
	}
	if err := st.rc.Flush(); err != nil {
		return fmt.Errorf("web: sending an event: %w", err)
	}
	return nil
}
