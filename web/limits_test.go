package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// served runs the server of the pages on a real socket, its patience shortened
// twentyfold so that a test can wait for its end.
func served(t *testing.T, m *Mux) string {
	t.Helper()
	s := m.Server()
	for name, d := range map[string]*time.Duration{"headers": &s.ReadHeaderTimeout, "a request": &s.ReadTimeout, "an idle connection": &s.IdleTimeout} {
		if *d <= 0 || *d > 3*time.Minute {
			t.Errorf("%s may take %s", name, *d)
		}
		*d /= 20
	}
	if s.MaxHeaderBytes <= 0 || s.MaxHeaderBytes > 64<<10 {
		t.Errorf("headers may have %d bytes", s.MaxHeaderBytes)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return l.Addr().String()
}

// drip sends one byte after another and tells how long the server put up with
// it, and what it said.
func drip(t *testing.T, address, start string, pause time.Duration) (time.Duration, string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	if _, err := io.WriteString(c, start); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() { all, _ := io.ReadAll(c); said <- string(all) }()
	for time.Since(began) < 20*time.Second {
		select {
		case s := <-said:
			return time.Since(began), s
		case <-time.After(pause):
			_, _ = c.Write([]byte("x")) // a closed connection is told by reading
		}
	}
	return time.Since(began), ""
}

func TestSlowCallersAreLetGo(t *testing.T) {
	m, _ := testMux(t, somebody{})
	m.Handle(Session, http.MethodPost, "/note", func(w http.ResponseWriter, r *http.Request, by Caller) error {
		if _, err := ReadForm(r, &struct{}{}); err != nil {
			return err
		}
		return fine(w, r, by)
	})
	m.Handle(Session, http.MethodGet, "/x", fine)
	address := served(t, m)
	type end struct {
		what string
		took time.Duration
		said string
	}
	ends := make(chan end)
	slow := map[string]string{
		"header": "GET /x HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"body":   "POST /note HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\na=",
		"start":  "G",
	}
	const each = 40
	for what, start := range slow {
		for range each {
			go func() {
				took, said := drip(t, address, start, 50*time.Millisecond)
				ends <- end{what, took, said}
			}()
		}
	}
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	res, err := http.Get("http://" + address + "/x")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	took, slowest := time.Since(began), time.Duration(0)
	for range each * len(slow) {
		e := <-ends
		slowest = max(slowest, e.took)
		if e.took > 5*time.Second || strings.Contains(e.said, " 200 ") {
			t.Errorf("a slow %s was borne for %s and answered %.60q", e.what, e.took, e.said)
		}
	}
	if res.StatusCode != 200 || took >= slowest { // whoever waited for them waits as long as they
		t.Errorf("while %d slow callers hold on for up to %s, others get %d after %s", each*len(slow), slowest, res.StatusCode, took)
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	m, _ := testMux(t, somebody{})
	ran := false
	m.Handle(Session, http.MethodGet, "/x", func(w http.ResponseWriter, r *http.Request, by Caller) error { ran = true; return fine(w, r, by) })
	c, err := net.Dial("tcp", served(t, m))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		fmt.Fprintf(c, "GET /x HTTP/1.1\r\nHost: x\r\nX-Huge: %s\r\n\r\n", strings.Repeat("a", 1<<20))
	}()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return // cut off while it was still sending: refused as well
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge || ran {
		t.Errorf("answered %d, ran %v", res.StatusCode, ran)
	}
}

func TestOnlyFormsOfOursAreTaken(t *testing.T) {
	m, _ := testMux(t, somebody{})
	ran := 0
	m.Handle(Session, http.MethodPost, "/x", func(w http.ResponseWriter, r *http.Request, by Caller) error {
		ran++
		if _, err := ReadForm(r, &struct{}{}); err != nil {
			return err
		}
		return fine(w, r, by)
	})
	send := func(kind, encoding, body string) int {
		r := httptest.NewRequest("POST", "/x", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		if encoding != "" {
			r.Header.Set("Content-Encoding", encoding)
		}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		return w.Code
	}
	for _, kind := range []string{"multipart/form-data; boundary=x", "text/plain", "application/json", "application/octet-stream", ""} {
		if got := send(kind, "", "a=b"); got != http.StatusUnsupportedMediaType {
			t.Errorf("%q: %d", kind, got)
		}
	}
	if got := send("application/x-www-form-urlencoded", "gzip", "a=b"); got != http.StatusUnsupportedMediaType {
		t.Errorf("packed: %d", got)
	}
	if ran != 0 {
		t.Errorf("a page read what is no form, %d times", ran)
	}
	if got := send("application/x-www-form-urlencoded; charset=utf-8", "", "a=b"); got != 200 {
		t.Errorf("a form: %d", got)
	}
	many := url.Values{}
	for i := range mostFields + 1 {
		many.Set(fmt.Sprint("f", i), "x")
	}
	if got := send("application/x-www-form-urlencoded", "", many.Encode()); got != http.StatusUnprocessableEntity {
		t.Errorf("%d fields: %d", len(many), got)
	}
	if got := send("application/x-www-form-urlencoded", "", strings.Repeat("a=b&", mostValues+1)); got != http.StatusUnprocessableEntity {
		t.Errorf("too many values of one field: %d", got)
	}
	if got := send("application/x-www-form-urlencoded", "", "%zz=%"); got != http.StatusUnprocessableEntity {
		t.Errorf("an unreadable form: %d", got)
	}
}

func TestOneSessionCantTakeAllLivePages(t *testing.T) {
	l := NewLive()
	one, other := [16]byte{1}, [16]byte{2}
	for range mostOfOne {
		if _, ok := l.join(one, nil); !ok {
			t.Fatal("refused too early")
		}
	}
	w, ok := l.join(one, nil)
	if ok {
		t.Error("one session listens with any number of pages")
		l.leave(w, one, nil)
	}
	if _, ok := l.join(other, nil); !ok {
		t.Error("another session is kept out")
	}
}
