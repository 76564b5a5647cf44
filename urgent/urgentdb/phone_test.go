package urgentdb

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/urgent"
)

// hearer is a device that hears a telephone exchange, by a clock that the
// test moves.
type hearer struct {
	*Phone
	t   testing.TB
	mu  sync.Mutex
	now time.Time
}

func hearing(t testing.TB) *hearer {
	t.Helper()
	x := &hearer{t: t, now: start}
	s := open(t)
	s.Clock = func() time.Time { x.mu.Lock(); defer x.mu.Unlock(); return x.now }
	x.Phone = &Phone{Cases: s}
	return x
}

func (x *hearer) later(by time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.now = x.now.Add(by)
}

func said(call, id string, what urgent.Moment, after time.Duration, extension string) urgent.TelephoneEvent {
	return urgent.TelephoneEvent{Exchange: "aldermoor", Call: call, Event: id, What: what, At: fact.At(start.Add(after)), Extension: extension}
}

func (x *hearer) hear(events ...urgent.TelephoneEvent) Taken {
	x.t.Helper()
	taken, err := x.Hear(context.Background(), "aldermoor", events)
	if err != nil {
		x.t.Fatal(err)
	}
	x.level()
	return taken
}

func (x *hearer) level() {
	x.t.Helper()
	for range 400 {
		if x.Cases.Journal.WaitLevel(context.Background(), 50*time.Millisecond) {
			return
		}
	}
	x.t.Fatal("the view never caught up")
}

func (x *hearer) figures() (urgent.PhoneFigures, Standing) {
	x.t.Helper()
	manager := access.Caller{Person: fact.Subject{9}, Role: access.Manager}
	f, standing, err := x.Figures(context.Background(), manager)
	if err != nil {
		x.t.Fatal(err)
	}
	return f, standing
}

func TestWhatIsHeardIsCountedOnce(t *testing.T) {
	x := hearing(t)
	all := []urgent.TelephoneEvent{said("c", "1", urgent.Offered, 0, ""), said("c", "2", urgent.Queued, 20*time.Second, ""), said("d", "3", urgent.Offered, 0, ""), said("c", "x", "rang", 0, "")}
	if got := x.hear(all...); got.New != 3 || got.Again != 0 || len(got.Wrong) != 1 || got.Wrong[0].Event != "x" {
		t.Fatalf("%+v", got)
	}
	if got := x.hear(append(all[:3], said("c", "1", urgent.Offered, 0, ""))...); got.New != 0 || got.Again != 4 {
		t.Fatalf("again: %+v", got)
	}
	f, standing := x.figures()
	if f.Offered != 2 || f.Waiting != 2 || !standing.Known || standing.Silent {
		t.Errorf("%+v %+v", f, standing)
	}
	if got := x.hear(said("c", "4", urgent.Answered, 30*time.Second, "2104"), said("c", "4", urgent.Answered, 30*time.Second, "2104")); got.New != 1 || got.Again != 1 {
		t.Errorf("twice in one message: %+v", got)
	}
	if _, _, err := x.Figures(context.Background(), handler); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a call handler sees the board's figures: %v", err)
	}
}

// An exchange that falls silent is said to be so, once, with when it was heard
// last; heard again it is heard.
func TestASilentExchangeIsSaid(t *testing.T) {
	x, ctx := hearing(t), context.Background()
	if _, standing := x.figures(); standing.Known || standing.Silent {
		t.Fatalf("no exchange was ever heard: %+v", standing)
	}
	x.hear(said("c", "1", urgent.Offered, 0, ""))
	quiet := func(after time.Duration) Standing {
		t.Helper()
		x.later(after)
		if err := x.Quiet(ctx, start); err != nil {
			t.Fatal(err)
		}
		x.level()
		_, standing := x.figures()
		return standing
	}
	if s := quiet(89 * time.Second); s.Silent {
		t.Errorf("too soon: %+v", s)
	}
	if s := quiet(time.Second); !s.Silent || !s.Since.Equal(start) {
		t.Errorf("%+v", s)
	}
	h, err := x.Cases.Journal.History(ctx, x.name("exchange", "aldermoor"))
	if err != nil {
		t.Fatal(err)
	}
	quiet(time.Minute)
	if again, _ := x.Cases.Journal.History(ctx, x.name("exchange", "aldermoor")); again.Len() != h.Len() || h.Len() != 2 {
		t.Errorf("said %d times, then %d", h.Len(), again.Len())
	}
	f, _ := x.figures()
	if f.Waiting != 1 {
		t.Errorf("silence makes callers vanish: %+v", f)
	}
	x.hear() // a beat without events
	if _, s := x.figures(); s.Silent {
		t.Errorf("heard again, and silent: %+v", s)
	}
	another := &Phone{Cases: x.Cases} // the same device, started again, hears nothing
	x.later(30 * time.Second)
	if err := another.Quiet(ctx, x.Cases.Clock()); err != nil {
		t.Fatal(err)
	}
	x.level()
	if _, s := x.figures(); s.Silent {
		t.Error("a device that has just started can't have heard")
	}
	x.later(2 * time.Minute)
	if err := another.Quiet(ctx, x.Cases.Clock().Add(-2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	x.level()
	if _, s := x.figures(); !s.Silent {
		t.Error("nothing heard since its start, and not said")
	}
}

// A device to which nothing comes of what another hears says so itself.
func TestADeviceThatIsCutOffSaysSo(t *testing.T) {
	x := hearing(t)
	x.hear(said("c", "1", urgent.Offered, 0, ""))
	here := &Phone{Cases: &Cases{Journal: x.Cases.Journal, Rules: x.Cases.Rules, Clock: x.Cases.Clock, Device: access.Caller{Person: fact.Subject{77}, Role: access.Device}}}
	cut := false
	here.Cut = func(fact.Subject) (time.Time, bool) { return start, cut }
	for _, cut = range []bool{false, true} {
		s, err := here.Standing(context.Background())
		if err != nil || s.Silent != cut {
			t.Errorf("cut %v: %+v %v", cut, s, err)
		}
	}
}

// The end of a call and its recording reach the case, whichever comes first,
// also when nobody listened at the time.
func TestAnEndedCallMarksItsCase(t *testing.T) {
	for _, order := range []string{"tied, then ended", "ended, then tied", "while nobody listened"} {
		x, ctx := hearing(t), context.Background()
		id := x.CaseOf(x.CallOf("aldermoor", "c"))
		take := func() {
			call, err := x.Call(ctx, handler, x.CallOf("aldermoor", "c"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x.Cases.Do(ctx, handler, access.TakeCall, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
				out, err := urgent.TakeCall(c, handler, call.From, now)
				tie, err2 := urgent.TakeTelephoned(c, call, handler)
				if err == nil {
					err = err2
				}
				return append(out, tie...), err
			}); err != nil {
				t.Fatal(err)
			}
			x.level()
		}
		ended := said("c", "3", urgent.Ended, time.Minute, "")
		ended.Recording = "rec/1"
		x.hear(said("c", "1", urgent.Offered, 0, ""), said("c", "2", urgent.Answered, 10*time.Second, "2104"))
		listen := func() (stop func()) {
			run, end := context.WithCancel(ctx)
			done := make(chan struct{})
			go func() { defer close(done); x.Run(run, func(err error) { t.Error(err) }) }()
			return func() { end(); <-done }
		}
		stop := func() {}
		if order != "while nobody listened" {
			stop = listen()
		}
		if order == "ended, then tied" {
			x.hear(ended)
			take()
		} else {
			take()
			x.hear(ended)
		}
		if order == "while nobody listened" {
			stop = listen()
		}
		var c urgent.Case
		for range 400 {
			var err error
			if c, err = journal.Fold(ctx, x.Cases.Journal, id, urgent.Fold); err != nil {
				t.Fatal(err)
			}
			if c.GoneAt() != 0 && len(c.Recordings) > 0 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		if c.GoneAt() != ended.At || len(c.Recordings) != 1 || c.Recordings[0].Recording != "rec/1" || c.Closed() || !c.CallerLost() {
			t.Errorf("%s: %+v", order, c.Telephoned)
		}
		x.level()
		if row, on, err := x.Cases.Row(ctx, id); err != nil || !on || row.Needs != urgent.NeedsRingBack {
			t.Errorf("%s: %+v %v %v", order, row, on, err)
		}
	}
}

func TestCallsComeToWhoSitsThere(t *testing.T) {
	x, ctx := hearing(t), context.Background()
	if err := x.Sit(ctx, handler, " 2104 "); err != nil {
		t.Fatal(err)
	}
	if err := x.Sit(ctx, access.Caller{Person: fact.Subject{5}, Role: access.Receptionist}, "2104"); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("who takes no calls sits down: %v", err)
	}
	x.hear(said("c", "1", urgent.Offered, 0, ""), said("c", "2", urgent.Answered, time.Second, "2104"), said("d", "3", urgent.Answered, time.Second, "2107"))
	mine := func(by access.Caller) []string {
		t.Helper()
		all, err := x.Mine(ctx, by)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range all {
			out = append(out, c.Number)
		}
		return out
	}
	if got := mine(handler); !slices.Equal(got, []string{"c"}) {
		t.Errorf("mine: %v", got)
	}
	if err := x.Sit(ctx, handler, "2107"); err != nil {
		t.Fatal(err)
	}
	x.level()
	if got := mine(handler); !slices.Equal(got, []string{"d"}) {
		t.Errorf("at the other telephone: %v", got)
	}
	x.hear(said("d", "4", urgent.Transferred, 2*time.Second, "2107"), said("d", "5", urgent.Ended, 3*time.Second, ""))
	if got := mine(handler); len(got) != 0 {
		t.Errorf("over, and still there: %v", got)
	}
}

// BenchmarkHear measures how many events a device takes in a second, in
// messages of one and of a hundred, from several connections at once, each
// saved before it is answered.
func BenchmarkHear(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("message of %d", size), func(b *testing.B) {
			x := hearing(b)
			var mu sync.Mutex
			n := 0
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					mu.Lock()
					n++
					at := n
					mu.Unlock()
					events := make([]urgent.TelephoneEvent, size)
					for i := range events {
						k := at*size + i
						events[i] = said(fmt.Sprint("c", k/6), fmt.Sprint("e", k), urgent.Moments()[k%4], time.Duration(k)*time.Millisecond, "2104")
					}
					if _, err := x.Hear(context.Background(), "aldermoor", events); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
