package urgentdb

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/urgent"
)

var dispatcher = access.Caller{Person: fact.Subject{5}, Name: "T. Grundy", Role: access.Dispatcher}

// clocked gives the cases of a site whose clock a test puts forward.
func clocked(t *testing.T) (*site, func(time.Duration)) {
	s := openSite(t)
	var skip atomic.Int64
	now := func() time.Time { return start.Add(time.Duration(skip.Load())) }
	must(t, s.Journal.Close())
	s.o.Clock, s.Clock = now, now
	var err error
	s.Journal, err = journal.Open(t.Context(), s.o)
	must(t, err)
	return s, func(d time.Duration) { skip.Add(int64(d)) }
}

func (s *site) timers() *Timers { return &Timers{Cases: s.Cases, Log: slog.New(slog.DiscardHandler)} }

func (s *site) fold(t *testing.T, id fact.Subject) urgent.Case {
	t.Helper()
	c, err := journal.Fold(t.Context(), s.Journal, id, urgent.Fold)
	must(t, err)
	return c
}

func (s *site) task(t *testing.T, timer fact.Hash) task.Task {
	t.Helper()
	got, err := journal.Fold(t.Context(), s.Journal, task.SubjectOf(timer), task.Fold)
	must(t, err)
	return got
}

// level waits until the lists hold all that is on record.
func (s *site) level(t *testing.T) {
	t.Helper()
	if !s.Journal.WaitLevel(t.Context(), 20*time.Second) {
		t.Fatal("the lists never caught up")
	}
}

func (s *site) round(t *testing.T, timers *Timers) {
	t.Helper()
	s.level(t)
	timers.Round(t.Context())
	s.level(t)
}

func TestTheAmbulanceGoesAndIsRungForOnce(t *testing.T) {
	s, later := clocked(t)
	id := s.waiting(t, "Dx012")
	timers := s.timers()
	s.round(t, timers)
	if c := s.fold(t, id); len(c.Ambulances) != 0 {
		t.Fatal("too early")
	}
	later(21 * time.Minute)
	s.round(t, timers)
	s.round(t, timers)
	c := s.fold(t, id)
	if len(c.Ambulances) != 1 || len(c.Holds) != 1 || c.Holds[0].Went == 0 {
		t.Fatalf("%+v", c.Queue)
	}
	got := s.task(t, c.Holds[0].Timer)
	if !got.Open() || got.What().List != task.Dispatch || got.What().What != task.Ambulance || !got.What().Urgent {
		t.Fatalf("%+v", got.What())
	}
	list := s.settled(t)
	if len(list.Rows) != 1 || list.Rows[0].Went == 0 || list.Rows[0].Goes != "" {
		t.Fatalf("%+v", list.Rows)
	}
}

// A device waits its turn, and finds it done.
func TestATimerWaitsItsTurn(t *testing.T) {
	s, later := clocked(t)
	id := s.waiting(t, "Dx012")
	timers := s.timers()
	timers.Turn = func(fact.Hash) time.Duration { return 4 * time.Second }
	later(20*time.Minute + 2*time.Second)
	s.round(t, timers)
	if c := s.fold(t, id); len(c.Ambulances) != 0 {
		t.Fatal("out of turn")
	}
	later(3 * time.Second)
	s.round(t, timers)
	if c := s.fold(t, id); len(c.Ambulances) != 1 {
		t.Fatal("its turn came, and nothing went")
	}
}

// Two lives of the device let the same case go apart, as two that cannot see
// each other do: joined it is one ambulance and one task.
func TestTwoJournalsApartLetGoOnce(t *testing.T) {
	s, later := clocked(t)
	id := s.waiting(t, "Dx012")
	seen := s.fold(t, id).Frontier
	later(25 * time.Minute)
	s.restore(t) // the other life has its own feed; what it writes with the old frontier is apart
	c := s.fold(t, id)
	first, err := urgent.LetGoOverdue(c, s.Device, s.Rules, s.Clock())
	must(t, err)
	for range 2 {
		var content []fact.Content
		for _, d := range first {
			content = append(content, d.Content)
		}
		s.say(t, access.Caller{Role: access.Device}, id, seen, content...)
		s.restore(t)
	}
	c = s.fold(t, id)
	if len(c.Ambulances) != 1 || len(c.Dispositions) != 1 || c.Holds[0].Went == 0 {
		t.Fatalf("%d ambulances, %+v", len(c.Ambulances), c.Dispositions)
	}
	s.round(t, s.timers())
	if again := s.fold(t, id); len(again.Ambulances) != 1 {
		t.Fatal("it goes again")
	}
}

// What was overdue when the program started goes at once.
func TestOverdueAtTheStart(t *testing.T) {
	s, later := clocked(t)
	id := s.waiting(t, "Dx013")
	s.restore(t)
	later(5 * time.Hour)
	s.round(t, s.timers())
	if c := s.fold(t, id); len(c.Ambulances) != 1 || c.Holds[0].Late() < 4*time.Hour {
		t.Fatalf("%+v", c.Holds)
	}
}

func TestWhatNeverGoesBecomesOneTask(t *testing.T) {
	s, later := clocked(t)
	id := s.waiting(t, "Dx92")
	later(time.Hour)
	for range 2 { // a new start does not ask twice
		timers := s.timers()
		s.round(t, timers)
		s.round(t, timers)
	}
	c := s.fold(t, id)
	h, ok := c.Held()
	if !ok || len(c.Ambulances) != 0 {
		t.Fatalf("%+v", c.Holds)
	}
	if got := s.task(t, h.LateTask(id)); !got.Open() || len(got.Says.Values) != 1 || !got.What().Urgent {
		t.Fatalf("%+v", got)
	}
}

func TestToldEndsTheTask(t *testing.T) {
	s, later := clocked(t)
	id := s.waiting(t, "Dx02")
	later(time.Hour)
	s.round(t, s.timers())
	h, untold := s.fold(t, id).ToTell()
	if got := s.task(t, h.Timer); !untold || !got.Open() || got.What().List != task.Handlers {
		t.Fatalf("%v %+v", untold, got.What())
	}
	_, err := s.Do(t.Context(), handler, access.WriteNote, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.RecordAttempt(c, handler, s.Rules, urgent.Rung{For: urgent.ForTelling, How: urgent.RungReached, Number: codes.ReceivePhone("01632960418")}, now)
	})
	must(t, err)
	if s.task(t, h.Timer).Open() {
		t.Fatal("they were told, and the task is open")
	}
}

// Run acts by itself as the clock goes.
func TestTimersRunByThemselves(t *testing.T) {
	s, later := clocked(t)
	id := s.waiting(t, "Dx012")
	done := make(chan struct{})
	ctx, stop := withStop(t)
	go func() { defer close(done); s.timers().Run(ctx) }()
	later(time.Hour)
	for len(s.fold(t, id).Ambulances) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	<-done
}

func TestTakeNextGivesWhatTheRoleTakes(t *testing.T) {
	s, later := clocked(t)
	s.Rules.Placing = 0 // time stands still here
	speak := s.waiting(t, "Dx34")
	see := s.waiting(t, "Dx05")
	s.level(t)
	id, err := s.TakeNext(t.Context(), dispatcher)
	must(t, err)
	if id != see {
		t.Fatal("a dispatcher is given a case to be spoken to")
	}
	_, err = s.Do(t.Context(), nurse, access.WriteNote, speak, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.RecordAttempt(c, nurse, s.Rules, urgent.Rung{For: urgent.ForCallBack, How: urgent.RungNoAnswer, Number: codes.ReceivePhone("01632960418")}, now)
	})
	must(t, err)
	s.level(t)
	if _, err = s.TakeNext(t.Context(), nurse); !refusal.Is(err, refusal.Missing) {
		t.Fatalf("rung a moment ago, and given again: %v", err)
	}
	later(11 * time.Minute)
	if id, err = s.TakeNext(t.Context(), nurse); err != nil || id != speak {
		t.Fatalf("its next attempt has come: %v", err)
	}
}

func TestPutFirstStandsFirst(t *testing.T) {
	s, _ := clocked(t)
	soon, late := s.waiting(t, "Dx34"), s.waiting(t, "Dx15")
	manager := access.Caller{Person: fact.Subject{4}, Name: "R. Quill", Role: access.Manager}
	_, err := s.Do(t.Context(), manager, access.RaiseCase, late, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.PutFirst(c, manager, "alone with two children", now)
	})
	must(t, err)
	s.level(t)
	list := s.settled(t)
	if list.Rows[0].Case != late || list.Rows[1].Case != soon || list.Rows[0].Due <= list.Rows[1].Due {
		t.Fatalf("%+v", list.Rows)
	}
}

func withStop(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	return ctx, stop
}
