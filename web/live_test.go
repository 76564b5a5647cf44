package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/a-h/templ"

	"holdfast/fact/refusal"
)

// wire is a browser's end of a stream.
type wire struct {
	mu     sync.Mutex
	header http.Header
	body   strings.Builder
	stuck  chan struct{} // when set, writes wait for it and then fail
}

func (w *wire) Header() http.Header { return w.header }
func (w *wire) WriteHeader(int)     {}
func (w *wire) Flush()              {}
func (w *wire) Write(b []byte) (int, error) {
	if w.stuck != nil {
		<-w.stuck
		return 0, errors.New("too slow")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.body.Write(b)
}

// events gives what has arrived, by name and content.
func (w *wire) events(t *testing.T) (names []string, all []event) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, block := range strings.Split(strings.TrimSpace(w.body.String()), "\n\n") {
		name, data, ok := strings.Cut(block, "\ndata: ")
		if !ok {
			t.Fatalf("not an event: %q", block)
		}
		var e event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		names, all = append(names, strings.TrimPrefix(name, "event: ")), append(all, e)
	}
	return names, all
}

type switchable struct {
	mu  sync.Mutex
	err error
}

func (s *switchable) Caller(*http.Request) (Caller, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Caller{Name: "P. Varma"}, s.err
}

// listen opens a stream in a goroutine and returns how to end it.
func listen(t *testing.T, m *Mux, watch Watch, w *wire) (cancel func(), done chan struct{}) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := httptest.NewRequest("GET", "/worklist/live", nil).WithContext(ctx)
	w.header = http.Header{}
	done = make(chan struct{})
	go func() {
		defer close(done)
		if err := m.shell.Watch(w, r, Caller{}, watch); err != nil {
			t.Errorf("the stream answered %v", err)
		}
	}()
	return stop, done
}

func drawKeys(_ context.Context, _ Caller, changes []Change) ([]Fragment, error) {
	var out []Fragment
	for _, c := range changes {
		out = append(out, Fragment{ID: c.Key, HTML: templ.Raw(`<tr id="` + c.Key + `"></tr>`)})
	}
	return out, nil
}

func TestChangesWithinAFrameArriveAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := testMux(t, &switchable{})
		w := &wire{}
		stop, done := listen(t, m, Watch{Topics: []string{"worklist"}, Draw: drawKeys}, w)
		synctest.Wait()
		m.shell.Live().Publish("worklist", "b", "a")
		m.shell.Live().Publish("other", "x")
		time.Sleep(100 * time.Millisecond)
		m.shell.Live().Publish("worklist", "a", "c")
		time.Sleep(149 * time.Millisecond)
		synctest.Wait()
		if names, _ := w.events(t); len(names) != 1 {
			t.Errorf("before the frame is over: %v", names)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		names, all := w.events(t)
		if fmt.Sprint(names) != "[beat parts]" || len(all[1].Fragments) != 3 || all[1].Fragments[0].ID != "a" || all[1].Fragments[2].ID != "c" {
			t.Errorf("arrived: %v %v", names, all)
		}
		if all[0].Kept == nil || all[0].Kept.Words != "All saved and safe" || all[0].Now == 0 {
			t.Errorf("the first beat says %+v", all[0])
		}
		stop()
		<-done
		if n := m.shell.Live().Watching(); n != 0 {
			t.Errorf("%d still listen", n)
		}
	})
}

func TestBeatsComeEvery15Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := testMux(t, &switchable{})
		w := &wire{}
		stop, done := listen(t, m, Watch{}, w)
		time.Sleep(46 * time.Second)
		synctest.Wait()
		if names, _ := w.events(t); fmt.Sprint(names) != "[beat beat beat beat]" {
			t.Errorf("arrived: %v", names)
		}
		stop()
		<-done
	})
}

func TestASessionThatEndsEndsItsStream(t *testing.T) {
	for name, err := range map[string]error{"signed out": ErrNoSession, "barred": refusal.New(refusal.Forbidden, "Revoked.")} {
		t.Run(name, func(t *testing.T) {
			door := &switchable{}
			synctest.Test(t, func(t *testing.T) {
				m, _ := testMux(t, door)
				w := &wire{}
				_, done := listen(t, m, Watch{}, w)
				synctest.Wait()
				door.mu.Lock()
				door.err = err
				door.mu.Unlock()
				time.Sleep(16 * time.Second)
				<-done
				if names, _ := w.events(t); fmt.Sprint(names) != "[beat ended]" {
					t.Errorf("arrived: %v", names)
				}
			})
		})
	}
}

func TestTooManyChangesMeanLookAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := testMux(t, &switchable{})
		w := &wire{}
		drawn := 0
		stop, done := listen(t, m, Watch{Topics: []string{"worklist"}, Draw: func(ctx context.Context, by Caller, c []Change) ([]Fragment, error) {
			drawn = len(c)
			return drawKeys(ctx, by, c)
		}}, w)
		synctest.Wait()
		for i := range 10 * mostChanges {
			m.shell.Live().Publish("worklist", fmt.Sprint(i))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		m.shell.Live().Publish("worklist", "later")
		time.Sleep(time.Second)
		synctest.Wait()
		m.shell.Live().Publish("worklist")
		time.Sleep(time.Second)
		synctest.Wait()
		if names, _ := w.events(t); fmt.Sprint(names) != "[beat anew parts anew]" || drawn != 1 {
			t.Errorf("arrived: %v, drawn %d", names, drawn)
		}
		stop()
		<-done
	})
}

func TestASlowBrowserCostsABoundedAmount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := testMux(t, &switchable{})
		w := &wire{}
		watch := Watch{Topics: []string{"worklist"}, Draw: drawKeys}
		_, done := listen(t, m, watch, w)
		synctest.Wait()
		w.stuck = make(chan struct{})
		for i := range 100000 {
			m.shell.Live().Publish("worklist", fmt.Sprint(i))
		}
		time.Sleep(time.Second)
		for i := range 100000 {
			m.shell.Live().Publish("worklist", fmt.Sprint(i))
		}
		m.shell.live.mu.Lock()
		for me := range m.shell.live.topics["worklist"] {
			me.mu.Lock()
			if len(me.waiting) > mostChanges {
				t.Errorf("%d changes wait", len(me.waiting))
			}
			me.mu.Unlock()
		}
		m.shell.live.mu.Unlock()
		close(w.stuck)
		<-done
	})
}

func TestADrawingThatFailsSaysLookAnew(t *testing.T) {
	var log *bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		m, l := testMux(t, &switchable{})
		log = l
		w := &wire{}
		_, done := listen(t, m, Watch{Topics: []string{"worklist"}, Draw: func(context.Context, Caller, []Change) ([]Fragment, error) {
			return nil, errors.New(`broken at "NELSON"`)
		}}, w)
		synctest.Wait()
		m.shell.Live().Publish("worklist", "a")
		time.Sleep(time.Second)
		<-done
		if names, _ := w.events(t); fmt.Sprint(names) != "[beat anew]" {
			t.Errorf("arrived: %v", names)
		}
	})
	if !strings.Contains(log.String(), "could not be drawn") || strings.Contains(log.String(), "NELSON") {
		t.Errorf("log: %s", log)
	}
}

func TestClosingEndsStreams(t *testing.T) {
	m, _ := testMux(t, somebody{})
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = m.Server()
	srv.Start()
	res, err := http.Get(srv.URL + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := srv.Config.Shutdown(ctx); err != nil {
		t.Errorf("an open page kept the server from stopping: %v", err)
	}
	m.shell.Live().Close() // twice is once
}

// Many pages come, listen and go while others publish: for the race detector.
func TestManyListenAndPublish(t *testing.T) {
	l := NewLive()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			for i := range 300 {
				l.Publish(fmt.Sprint("t", (g+i)%3), fmt.Sprint(i))
			}
		}()
		go func() {
			defer wg.Done()
			for i := range 100 {
				topics := []string{fmt.Sprint("t", i%3), "t0"}
				w, ok := l.join([16]byte{byte(i)}, topics)
				if !ok {
					t.Error("turned away")
					return
				}
				select {
				case <-w.wake:
				case <-time.After(time.Millisecond):
				}
				w.take()
				l.leave(w, [16]byte{byte(i)}, topics)
			}
		}()
	}
	wg.Wait()
	if l.Watching() != 0 || len(l.topics) != 0 {
		t.Errorf("%d listen to %v", l.Watching(), l.topics)
	}
}
