// Package load is a made-up day at an urgent-care service: people ring, call
// handlers take, ask and refer, clinicians ring back, finish and report, and
// somebody does the tasks; all of it by what stands on the pages, through the
// real front door. At the end every call is accounted for.
//
// Its law: it knows nothing that a person at a desk could not see, and it says
// of every call what became of it; a call that is nowhere is an error.
package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/sim/front"
	"holdfast/sim/people"
	"holdfast/triage"
)

// House is one organisation with the people who work there, each signed in.
type House struct {
	Name       string
	Handlers   []*front.Browser
	Clinicians []*front.Browser // one of them does the tasks as well
}

// Day is what is to be worked.
type Day struct {
	Houses    []House // the first takes the calls
	District  people.District
	Questions *triage.Content
	Seed      uint64
	Calls     int
	Every     time.Duration // between two calls, on average; 0: as fast as they are taken
	Settle    time.Duration // how long the last cases may take to come to rest
	Say       func(string)  // progress
}

// Result is what became of the day.
type Result struct {
	Calls     int            `json:"calls"`
	Kinds     map[string]int `json:"kinds"`    // how the calls went, at the handler
	Ended     map[string]int `json:"ended"`    // where the cases stand at the end
	Nowhere   int            `json:"nowhere"`  // neither ended nor on any list: must be 0
	Refused   map[string]int `json:"refused"`  // what pages would not do, by what they said
	Requests  int64          `json:"requests"` // pages and forms
	Failed    int64          `json:"failed"`   // of them, answered with a fault of the program
	Median    float64        `json:"median_ms"`
	P99       float64        `json:"p99_ms"`
	Slowest   float64        `json:"slowest_ms"`
	Seconds   float64        `json:"seconds"`
	PerSecond float64        `json:"calls_per_second"`
}

// day is one at work.
type day struct {
	Day
	ctx context.Context
	log ledger
	nth atomic.Int64

	after chan leftOver // calls that a clinician ends, house 0
}

// leftOver is a case that its call handler leaves to a clinician.
type leftOver struct{ id, outcome string }

// leave leaves a case to a clinician; one that has no number is missed at the
// end.
func (w *day) leave(id, outcome string) {
	if len(id) == 32 {
		w.after <- leftOver{id, outcome}
	}
}

// Run works the day and accounts for it. An error means that it could not be
// worked; what went wrong with single calls is in the Result.
func Run(ctx context.Context, d Day) (Result, error) {
	if len(d.Houses) == 0 || len(d.Houses[0].Handlers) == 0 || len(d.Houses[0].Clinicians) == 0 || d.Calls <= 0 {
		return Result{}, errors.New("a day needs calls, and somebody to take them")
	}
	if d.Say == nil {
		d.Say = func(string) {}
	}
	w := &day{Day: d, ctx: ctx, log: newLedger(), after: make(chan leftOver, d.Calls)}
	began := time.Now()
	rest := make(chan struct{})
	var clinicians, handlers sync.WaitGroup
	for h, house := range d.Houses {
		for i, b := range house.Clinicians {
			clinicians.Go(func() { w.clinician(b, h, i, rest) })
		}
	}
	for i, b := range d.Houses[0].Handlers {
		handlers.Go(func() { w.handler(b, i, began) })
	}
	handlers.Wait()
	taken := time.Since(began)
	err := w.settle(ctx)
	close(rest)
	clinicians.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Result{}, err
	}
	out, err := w.reconcile()
	out.Seconds, out.PerSecond = time.Since(began).Seconds(), float64(out.Calls)/taken.Seconds()
	return out, err
}

// handler takes calls until there are no more.
func (w *day) handler(b *front.Browser, place int, began time.Time) {
	r := rand.New(rand.NewPCG(w.Seed, 1000+uint64(place)))
	for w.ctx.Err() == nil {
		n := int(w.nth.Add(1))
		if n > w.Calls {
			return
		}
		if due := began.Add(time.Duration(n) * w.Every); w.Every > 0 {
			select {
			case <-w.ctx.Done():
				return
			case <-time.After(time.Until(due)):
			}
		}
		if n%100 == 0 {
			w.Say(fmt.Sprintf("%d of %d calls", n, w.Calls))
		}
		w.call(person{w, b, r}, n)
	}
}

// settle waits until no case of the day can be moved any further.
func (w *day) settle(ctx context.Context) error {
	last, since := -1, time.Now()
	for {
		left, err := w.waiting()
		if err != nil {
			return err
		}
		if left != last {
			last, since = left, time.Now()
		}
		if left == 0 || time.Since(since) > w.Settle {
			return nil
		}
		w.Say(fmt.Sprintf("%d cases still on lists", left))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// ledger is what was done, by the one who did it.
type ledger struct {
	mu      *sync.Mutex
	cases   map[string]taken // by id
	refused map[string]int
	took    []time.Duration
	failed  int64
}

func newLedger() ledger {
	return ledger{mu: new(sync.Mutex), cases: map[string]taken{}, refused: map[string]int{}}
}

func (l *ledger) took1(d time.Duration, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, d)
	if status == 0 || status >= 500 {
		l.failed++
	}
}

// taken is a call with who took it and how it went.
type taken struct {
	by   *front.Browser
	kind string
}

func (p person) went(id, kind string) {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	p.log.cases[id] = taken{p.at, kind}
}

func (l *ledger) refuse(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[what]++
}

func (l *ledger) of(share float64) float64 {
	if len(l.took) == 0 {
		return 0
	}
	slices.Sort(l.took)
	return float64(l.took[min(len(l.took)-1, int(share*float64(len(l.took))))].Microseconds()) / 1000
}
