package carrier_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/replicate/carrier"
	"holdfast/replicate/replicatetest"
)

// A question goes to a device that proved to be the one that may be asked, and
// to no other; the one asked knows whose key asks.
func TestAskingAnotherDevice(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(3)
	site, desk := o.Device("site", fact.SiteNode), o.Device("desk", fact.Desk)
	var heard atomic.Int32
	config := func(s *replicatetest.Store, dial ...string) carrier.Config {
		return carrier.Config{Store: s, Identity: s, Domain: "x", Addresses: dial, Clock: time.Now, Random: rand.Reader}
	}
	answering := config(site)
	answering.MayAsk = only(desk)
	answering.Answer = func(_ context.Context, key, question []byte) ([]byte, error) {
		heard.Add(1)
		if string(key) != string(desk.Card().Key) {
			return nil, errors.New("somebody else asks")
		}
		return append([]byte("to "), question...), nil
	}
	m, err := carrier.New(answering)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := m.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer stop()
	ask := func(s *replicatetest.Store, question string, trusted bool) (string, error) {
		from, err := carrier.New(config(s, l.Addr().String()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := from.Ask(ctx, []byte(question), func(key []byte) bool { return trusted && string(key) == string(site.Card().Key) })
		return string(b), err
	}
	if answer, err := ask(desk, "one", true); err != nil || answer != "to one" {
		t.Errorf("%q %v", answer, err)
	}
	before := heard.Load()
	if answer, err := ask(o.Device("other", fact.Desk), "two", true); err == nil || heard.Load() != before {
		t.Errorf("answered %q to somebody else: %v", answer, err)
	}
	if _, err := ask(desk, "three", false); err == nil || heard.Load() != before {
		t.Errorf("a question reached who may not be asked: %v", err)
	}
	if _, err := ask(desk, strings.Repeat("x", 1<<17), true); err == nil || heard.Load() != before {
		t.Errorf("a question of any length is read: %v", err)
	}
}

// only says that one device may ask.
func only(s *replicatetest.Store) func([]byte) bool {
	return func(key []byte) bool { return string(key) == string(s.Card().Key) }
}

// asking is sites that answer a desk, and the desk.
type asking struct {
	t     *testing.T
	o     *replicatetest.Org
	desk  *replicatetest.Store
	sites []*replicatetest.Store
	log   bytes.Buffer // of the sites; read when they have stopped
	at    []string
	stop  func()
}

// newAsking starts so many sites that answer with what answer says of each.
func newAsking(t *testing.T, sites int, answer func(ctx context.Context, site int, question []byte) ([]byte, error)) *asking {
	t.Helper()
	noLeak(t)
	a := &asking{t: t, o: replicatetest.NewOrg(3)}
	a.desk = a.o.Device("desk", fact.Desk)
	log := slog.New(slog.NewTextHandler(&a.log, nil))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for i := range sites {
		site := a.o.Device("site", fact.SiteNode)
		a.sites = append(a.sites, site)
		m, err := carrier.New(carrier.Config{
			Store: site, Identity: site, Domain: "x", Clock: time.Now, Random: rand.Reader, MayAsk: only(a.desk), Log: log,
			Answer: func(ctx context.Context, _, question []byte) ([]byte, error) { return answer(ctx, i, question) },
		})
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		a.at = append(a.at, l.Addr().String())
		running.Go(func() {
			if err := m.Serve(ctx, l); err != nil {
				t.Error(err)
			}
		})
	}
	a.stop = sync.OnceFunc(func() {
		stop()
		running.Wait()
	})
	t.Cleanup(a.stop)
	return a
}

// from makes the desk's carrier, which dials these addresses.
func (a *asking) from(addresses ...string) *carrier.Manager {
	a.t.Helper()
	m, err := carrier.New(carrier.Config{Store: a.desk, Identity: a.desk, Domain: "x", Addresses: addresses, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		a.t.Fatal(err)
	}
	return m
}

func anybody([]byte) bool { return true }

// A question that went out and was not answered may have been acted upon: no other
// device is asked, and the error says that it is not known. Who asks again asks
// another device first.
func TestALostAnswerIsNotANo(t *testing.T) {
	var heard, first atomic.Int32
	a := newAsking(t, 2, func(_ context.Context, site int, _ []byte) ([]byte, error) {
		if heard.Add(1) == 1 {
			first.Store(int32(site))
			panic(http.ErrAbortHandler) // it was done, and the connection broke
		}
		return []byte{byte('0' + site)}, nil
	})
	m := a.from(a.at...)
	if b, err := m.Ask(t.Context(), []byte("keep"), anybody); !refusal.Is(err, refusal.Unknown) || heard.Load() != 1 {
		t.Fatalf("%q %v, heard by %d", b, err, heard.Load())
	}
	b, err := m.Ask(t.Context(), []byte("keep"), anybody)
	if err != nil || len(b) != 1 || b[0] == byte('0'+first.Load()) || heard.Load() != 2 {
		t.Errorf("%q %v, first asked %d", b, err, first.Load())
	}
	if b, err = a.from().Ask(t.Context(), []byte("keep"), anybody); err == nil || refusal.Is(err, refusal.Unknown) {
		t.Errorf("%q %v of nobody", b, err)
	}
}

// A device that refuses has done nothing: another is asked.
func TestAfterARefusalAnotherIsAsked(t *testing.T) {
	var heard atomic.Int32
	a := newAsking(t, 2, func(context.Context, int, []byte) ([]byte, error) {
		if heard.Add(1) == 1 {
			return nil, refusal.New(refusal.Unavailable, "Not here.")
		}
		return []byte("done"), nil
	})
	if b, err := a.from(a.at...).Ask(t.Context(), []byte("keep"), anybody); err != nil || string(b) != "done" || heard.Load() != 2 {
		t.Errorf("%q %v, heard by %d", b, err, heard.Load())
	}
	heard.Store(0)
	if b, err := a.from(a.at[0]).Ask(t.Context(), []byte("keep"), anybody); err == nil || refusal.Is(err, refusal.Unknown) {
		t.Errorf("%q %v of one that refuses", b, err)
	}
}

// Addresses at which something listens and says nothing keep nobody from the one
// that answers.
func TestSilentAddressesKeepNobodyFromTheThird(t *testing.T) {
	a := newAsking(t, 1, func(context.Context, int, []byte) ([]byte, error) { return []byte("here"), nil })
	var all []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections in and never greets
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		all = append(all, l.Addr().String())
	}
	ctx, stop := context.WithTimeout(t.Context(), 8*time.Second)
	defer stop()
	if b, err := a.from(append(all, a.at[0])...).Ask(ctx, []byte("open"), anybody); err != nil || string(b) != "here" {
		t.Errorf("%q %v", b, err)
	}
}

// Too long an answer is none: neither is it sent, nor is a part of it taken for
// the whole.
func TestAnAnswerComesWholeOrNotAtAll(t *testing.T) {
	size := 1 << 16
	a := newAsking(t, 1, func(context.Context, int, []byte) ([]byte, error) { return make([]byte, size), nil })
	m := a.from(a.at...)
	if b, err := m.Ask(t.Context(), nil, anybody); err != nil || len(b) != size {
		t.Errorf("%d bytes: %v", len(b), err)
	}
	size++
	if b, err := m.Ask(t.Context(), nil, anybody); !refusal.Is(err, refusal.Unknown) {
		t.Errorf("%d bytes: %v", len(b), err)
	}
	cert, err := carrier.Certificate(a.sites[0])
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	other := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) }), ReadHeaderTimeout: time.Minute}
	var running sync.WaitGroup
	running.Go(func() { _ = other.Serve(l) })
	defer running.Wait()
	defer other.Close()
	if b, err := a.from(l.Addr().String()).Ask(t.Context(), nil, anybody); !refusal.Is(err, refusal.Unknown) {
		t.Errorf("%d bytes of an answer without an end: %v", len(b), err)
	}
}

// Who may not ask is told so before a byte of a question is read, and fills no
// log; however many ask, only so many are answered at a time.
func TestStrangersAskNothing(t *testing.T) {
	var heard atomic.Int32
	gate := make(chan struct{})
	a := newAsking(t, 1, func(ctx context.Context, _ int, _ []byte) ([]byte, error) {
		heard.Add(1)
		select {
		case <-gate:
		case <-ctx.Done():
		}
		return []byte("late"), nil
	})
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*certOf(t, key)}}
	transport := &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	body, never := io.Pipe()
	response, err := (&http.Client{Transport: transport}).Post("https://"+a.at[0]+carrier.AskPath, "", body)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	never.Close()
	if response.StatusCode != http.StatusForbidden || heard.Load() != 0 {
		t.Errorf("a stranger is answered %s", response.Status)
	}
	m := a.from(a.at...)
	var asking sync.WaitGroup
	for range 32 {
		asking.Go(func() {
			if b, err := m.Ask(context.Background(), []byte("open"), anybody); err != nil || string(b) != "late" {
				t.Errorf("%q %v", b, err)
			}
		})
	}
	until(t, "32 questions", func() bool { return heard.Load() == 32 })
	if b, err := m.Ask(t.Context(), []byte("open"), anybody); err == nil || refusal.Is(err, refusal.Unknown) || heard.Load() != 32 {
		t.Errorf("%q %v, one too many", b, err)
	}
	close(gate)
	asking.Wait()
	a.stop()
	if strings.Contains(a.log.String(), "question") {
		t.Errorf("a stranger fills the log: %s", a.log.String())
	}
}
