package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/cmd/node"
	"holdfast/journal"
)

// TestKilledInTheMiddleOfCalls kills the real program while calls are being
// taken through its front door. Every call that was answered is there after
// the next start, with what was typed, and the journal verifies.
// HOLDFAST_KILLS sets the number of rounds.
func TestKilledInTheMiddleOfCalls(t *testing.T) {
	rounds := 10
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_KILLS")); err == nil {
		rounds = n
	} else if testing.Short() {
		rounds = 1
	}
	data := filepath.Join(t.TempDir(), "demo")
	c := client(t)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	signed := false
	calls := answered{}
	for round := range rounds {
		p := startDemo(t, data, "--still")
		org := p.org("111")
		if !signed {
			get(t, c, org.SignIn["call-handler"])
			signed = true
		}
		calls.check(t, c, org.URL)
		calls.takeUntilKilled(t, c, org.URL, p, round)
	}
	if len(calls.places) < rounds {
		t.Fatalf("only %d calls were answered in %d rounds: nothing was in the middle of anything", len(calls.places), rounds)
	}
	p := startDemo(t, data, "--still")
	calls.check(t, c, p.org("111").URL)
	p.stop()
	journalHolds(t, filepath.Join(data, "111"))
	t.Logf("%d calls answered, %d kills, none lost", len(calls.places), rounds)
}

func journalHolds(t *testing.T, dir string) {
	t.Helper()
	lib, err := node.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	report, err := journal.Verify(context.Background(), dir, journal.Options{Demo: true, Views: node.Views(lib.Rules)})
	if err != nil || len(report.Failures) > 0 {
		t.Fatalf("verify: %v %+v", err, report.Failures)
	}
}

// answered is the ledger outside the program: the calls it said it had taken.
type answered struct {
	mu      sync.Mutex
	places  map[string]string // path of the case to what was typed
	checked map[string]bool
}

func (a *answered) takeUntilKilled(t *testing.T, c *http.Client, base string, p *demoProcess, round int) {
	t.Helper()
	var wg sync.WaitGroup
	for desk := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := 0; ; n++ {
				place := fmt.Sprintf("%d-%d-%d Weir Cottages", round, desk, n)
				res, err := c.PostForm(base+"/call", url.Values{"number": {"01632 960 418"}, "place": {place}, "opened": {strconv.FormatInt(time.Now().UnixMilli(), 10)}})
				if err != nil {
					return // killed
				}
				res.Body.Close()
				where := res.Header.Get("Location")
				if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(where, "/call/") {
					t.Errorf("taking a call: status %d to %q", res.StatusCode, where)
					return
				}
				a.add(where, place)
			}
		}()
	}
	time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // it was killed
	p.ok = true
	wg.Wait()
}

func (a *answered) add(where, place string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.places == nil {
		a.places, a.checked = map[string]string{}, map[string]bool{}
	}
	where, _, _ = strings.Cut(where, "?")
	a.places[strings.TrimSuffix(where, "/ask")] = place
}

// check opens every answered call that was not looked at after a kill yet.
func (a *answered) check(t *testing.T, c *http.Client, base string) {
	t.Helper()
	for where, place := range a.places {
		if a.checked[where] {
			continue
		}
		a.checked[where] = true
		res, body := get(t, c, base+where)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, place) {
			t.Fatalf("%s was answered and is not there as typed: status %d", where, res.StatusCode)
		}
	}
}
