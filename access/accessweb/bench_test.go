package accessweb_test

import (
	"fmt"
	"net/http"
	"runtime"
	"sort"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdfast/access"
)

const shiftSize = 500

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// shift is five hundred people with a passkey each, or with password and code.
func shift(b *testing.B, second bool) (all []*seat, clock *wall) {
	b.Helper()
	clock = newWall()
	o := newOfficeAt(b, false, clock.now)
	o.gate.Policy.SecondChoice = second
	for i := range shiftSize {
		s := o.seat(fmt.Sprintf("N. %d", i), access.Clinician)
		if second {
			s.withCode(fmt.Sprintf("n %d", i), clock)
		}
		all = append(all, &s)
	}
	return all, clock
}

// together has all of them sign in at once, sixteen at a time, from the first
// request to the first page, and reports what a sign-in cost. Client and server
// share the machine.
func together(b *testing.B, all []*seat, signIn func(s *seat) int) {
	b.Helper()
	took := make([]time.Duration, len(all))
	var group sync.WaitGroup
	turns := make(chan struct{}, 16)
	began, before := time.Now(), cpu(b)
	for i, s := range all {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			from := time.Now()
			if status := signIn(s); status != http.StatusOK {
				b.Errorf("status %d", status)
			}
			if status, body := s.get("/"); status != http.StatusOK || body != "first page of clinician" {
				b.Errorf("first page: %d %.200s", status, body)
			}
			took[i] = time.Since(from)
		})
	}
	group.Wait()
	all500, used := time.Since(began), cpu(b)-before
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	b.ReportMetric(all500.Seconds(), "s/500")
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(used.Microseconds())/1000/float64(len(all)), "cpu-ms/sign-in")
	b.ReportMetric(float64(runtime.GOMAXPROCS(0)), "cores")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSignInPasskey: 500 people sign in at once by passkey.
func BenchmarkSignInPasskey(b *testing.B) {
	all, _ := shift(b, false)
	for b.Loop() {
		together(b, all, func(s *seat) int { status, _ := s.browser.signIn(s.key); return status })
	}
}

// BenchmarkSignInCode: 500 people sign in at once by password and code.
func BenchmarkSignInCode(b *testing.B) {
	all, clock := shift(b, true)
	for b.Loop() {
		clock.forward(time.Minute)
		together(b, all, func(s *seat) int {
			status, _ := s.post("/sign-in/code", map[string][]string{"login": {fmt.Sprintf("n %d", s.number(all))}, "password": {goodPassword}, "code": {code(b, s.secret, clock.now())}})
			return status
		})
	}
}

func (s *seat) number(all []*seat) int {
	for i, o := range all {
		if o == s {
			return i
		}
	}
	return -1
}
