package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// busy makes turns of which none is free and gives what frees one.
func busy(t *testing.T) (*turns, func()) {
	t.Helper()
	line := newTurns(1)
	done, err := line.wait(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	return line, done
}

func waits(line *turns, n int) bool {
	for range 30_000 {
		line.mu.Lock()
		all := line.all
		line.mu.Unlock()
		if all == n {
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

func TestWhoFloodsKeepsThemselvesWaiting(t *testing.T) {
	line, free := busy(t)
	var mu sync.Mutex
	var order []string
	var all sync.WaitGroup
	come := func(from string) {
		all.Go(func() {
			done, err := line.wait(context.Background(), from)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, from)
			mu.Unlock()
			done()
		})
	}
	for range 300 {
		come("flood")
	}
	if !waits(line, 300) {
		t.Fatal("they do not wait")
	}
	for range 3 {
		come("site")
	}
	if !waits(line, 303) {
		t.Fatal("they do not wait")
	}
	free()
	all.Wait()
	last := 0
	for i, from := range order {
		if from == "site" {
			last = i
		}
	}
	if len(order) != 303 || last > 7 {
		t.Errorf("of %d, the last colleague came at place %d", len(order), last)
	}
	if line.free != 1 || line.all != 0 || len(line.waiting) != 0 || len(line.order) != 0 {
		t.Errorf("left behind: %+v", line)
	}
}

// A whole site behind one address is not shut out while there is room.
func TestASharedAddressIsNotShutOut(t *testing.T) {
	m, _ := testMux(t, NoSessions{})
	m.Handle(Public, http.MethodGet, "/sign-in", func(w http.ResponseWriter, r *http.Request, by Caller) error {
		time.Sleep(time.Millisecond)
		return fine(w, r, by)
	})
	var all sync.WaitGroup
	for range 500 {
		all.Go(func() {
			if got := ask(m, "GET", "/sign-in", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1234" }).Code; got != 200 {
				t.Errorf("answered %d", got)
			}
		})
	}
	all.Wait()
}

func TestEmergenciesNeverWait(t *testing.T) {
	m, _ := testMux(t, somebody{})
	m.strangers.within = time.Hour // nobody is sent away for waiting too long, however slow the machine
	hold := make(chan struct{})
	m.Handle(Public, http.MethodGet, "/slow", func(w http.ResponseWriter, r *http.Request, by Caller) error { <-hold; return fine(w, r, by) })
	m.Add(Route{Door: Public, Method: http.MethodGet, Pattern: "/emergency", AtOnce: true}, fine)
	m.Handle(Session, http.MethodGet, "/worklist", fine)
	var all sync.WaitGroup
	refused := make(chan int, 1000)
	for i := range strangersAtOnce + mostWaiting + 10 {
		all.Go(func() {
			w := ask(m, "GET", "/slow", func(r *http.Request) { r.RemoteAddr = fmt.Sprintf("192.0.2.1:%d", 1000+i) })
			if w.Code != 200 {
				refused <- w.Code
				if w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "Try again in a few seconds") {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
	if !waits(m.strangers, mostWaiting) {
		t.Fatal("they do not wait")
	}
	for _, path := range []string{"/emergency", "/worklist", m.shell.assets.Style()} {
		if got := ask(m, "GET", path).Code; got != 200 {
			t.Errorf("%s answered %d while strangers crowd the door", path, got)
		}
	}
	for range 30_000 {
		if len(refused) == 10 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	close(hold)
	all.Wait()
	if len(refused) != 10 {
		t.Errorf("%d were told to come again", len(refused))
	}
}

// Whoever comes to people's door without a session, or with one that nobody has,
// takes a stranger's turn; people who are signed in wait for none of them.
func TestWithoutASessionNobodyGoesBeforeStrangers(t *testing.T) {
	m, _ := testMux(t, somebody{err: ErrNoSession})
	m.strangers.within = time.Hour
	m.Handle(Session, http.MethodGet, "/worklist", fine)
	m.Handle(Session, http.MethodPost, "/note", fine)
	var held []func()
	for range strangersAtOnce {
		done, err := m.strangers.wait(t.Context(), "192.0.2.9")
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, done)
	}
	answers := make(chan int, 2)
	go func() { answers <- ask(m, "GET", "/worklist").Code }()
	go func() { answers <- ask(m, "POST", "/note").Code }()
	if !waits(m.strangers, 2) {
		t.Fatalf("they do not wait: %d answered", len(answers))
	}
	for _, done := range held {
		done()
	}
	if a, b := <-answers, <-answers; a+b != http.StatusSeeOther+http.StatusUnauthorized {
		t.Errorf("answered %d and %d", a, b)
	}
	if m.strangers.free != strangersAtOnce {
		t.Errorf("%d turns are left", m.strangers.free)
	}
}

func TestWhoGoesAwayLeavesTheLine(t *testing.T) {
	line, free := busy(t)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { _, err := line.wait(ctx, "a"); left <- err }()
	if !waits(line, 1) {
		t.Fatal("it does not wait")
	}
	cancel()
	if err := <-left; err == nil {
		t.Error("somebody who went away got a turn")
	}
	free()
	if line.free != 1 || len(line.order) != 0 || len(line.waiting) != 0 {
		t.Errorf("left behind: %+v", line)
	}
}
