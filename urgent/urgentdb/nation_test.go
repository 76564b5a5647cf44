package urgentdb

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// asker answers as a test says, and checks that the question was written down
// before it was asked.
type asker struct {
	s      *Cases
	id     fact.Subject
	answer func(q exchange.Query) (exchange.Reply, error)
	mu     sync.Mutex
	asked  int
	unsaid int
}

func (a *asker) Ask(ctx context.Context, q exchange.Query) (exchange.Reply, error) {
	c, err := journal.Fold(ctx, a.s.Journal, a.id, urgent.Fold)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	said := false
	for _, one := range c.Questions {
		said = said || one.Put.Query == q
	}
	if err != nil || !said {
		a.unsaid++
	}
	return a.answer(q)
}

func (s *Cases) child(t *testing.T) fact.Subject {
	t.Helper()
	id, err := s.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []Verb{
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.TakeCall(c, handler, codes.ReceivePhone("01632960418"), now)
		},
		func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.Describe(c, handler, urgent.Description{Patient: &urgent.PatientDescribed{Identity: record.Identity{
				Name: record.Name{Given: "Maja", Family: "Lindqvist"}, Born: codes.Date{Year: 2021, Month: 5, Day: 4}, NHS: codes.ReceiveNHSNumber("9994120735").Traced(),
			}}})
		},
	} {
		if _, err := s.Do(context.Background(), handler, access.TakeCall, id, nil, verb); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

func runNation(t *testing.T, s *Cases, askers map[exchange.National]exchange.Asker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n := &Nation{Journal: s.Journal, Clock: s.Clock, Device: s.Device, Rules: s.Rules, Askers: askers, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	return func() { cancel(); <-done }
}

func waitFor(t *testing.T, s *Cases, id fact.Subject, what string, ok func(urgent.Case) bool) urgent.Case {
	t.Helper()
	for range 3000 {
		c, err := journal.Fold(context.Background(), s.Journal, id, urgent.Fold)
		if err != nil {
			t.Fatal(err)
		}
		if ok(c) {
			return c
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
	return urgent.Case{}
}

// Every child is asked about by itself, the question stands before it is
// asked, and a yes of the repeat caller service sends the case to a clinician.
func TestNationalServicesAreAskedByThemselves(t *testing.T) {
	s := open(t)
	id := s.child(t)
	a := &asker{s: s, id: id, answer: func(q exchange.Query) (exchange.Reply, error) {
		if q.Service == exchange.ChildProtection {
			return exchange.Reply{Told: exchange.ToldYes, Words: []string{"Child protection plan"}}, nil
		}
		return exchange.Reply{Told: exchange.ToldYes, Original: []byte("<reports/>"), Media: "text/xml", Reports: []exchange.PastReport{{ID: "1", When: fact.At(start.Add(-time.Hour))}, {ID: "2", When: fact.At(start.Add(-2 * time.Hour))}}}, nil
	}}
	stop := runNation(t, s, map[exchange.National]exchange.Asker{exchange.ChildProtection: a, exchange.RepeatCallers: a})
	defer stop()
	c := waitFor(t, s, id, "both are answered", func(c urgent.Case) bool {
		open, _ := c.ToAsk(s.Rules.Repeat)
		return len(c.Questions) == 2 && len(open) == 0
	})
	if _, ok := c.Repeat(); !ok {
		t.Error("a repeat caller does not go to a clinician")
	}
	if a.unsaid > 0 || a.asked != 2 {
		t.Errorf("asked %d times, %d before it was written down", a.asked, a.unsaid)
	}
	for _, one := range c.Asked(s.Rules, record.NotAsked, func(exchange.National) bool { return true }, start) {
		if one.Told != exchange.ToldYes {
			t.Errorf("%+v", one)
		}
		for _, whole := range one.Whole {
			if raw, err := s.Journal.Attachment(t.Context(), whole); err != nil || string(raw) != "<reports/>" {
				t.Errorf("the answer as it came: %q %v", raw, err)
			}
		}
	}
}

// What fails is said with its cause, is asked again, and never reads as none.
func TestNationalServicesThatFail(t *testing.T) {
	s := open(t)
	id := s.child(t)
	repeat := &asker{s: s, id: id, answer: func(exchange.Query) (exchange.Reply, error) {
		return exchange.Reply{}, refusal.New(refusal.Invalid, "The service does not know this number")
	}}
	away := &asker{s: s, id: id, answer: func(exchange.Query) (exchange.Reply, error) {
		return exchange.Reply{}, errors.New("secret 9994120735")
	}}
	stop := runNation(t, s, map[exchange.National]exchange.Asker{exchange.RepeatCallers: repeat, exchange.ChildProtection: away})
	c := waitFor(t, s, id, "both failed", func(c urgent.Case) bool {
		return len(c.Questions) == 2 && len(c.Questions[0].Replies) == 1 && len(c.Questions[1].Replies) == 1
	})
	stop()
	left, from := c.ToAsk(s.Rules.Repeat)
	if len(left) != 1 || left[0].Put.Query.Service != exchange.ChildProtection || !from[0].After(start) {
		t.Errorf("the refusal is final, the other is asked again later: %+v %v", left, from)
	}
	for _, one := range c.Asked(s.Rules, record.NotAsked, func(exchange.National) bool { return true }, start) {
		if one.Told != exchange.ToldNothing || one.Says[:13] != "Not answered:" {
			t.Errorf("%+v", one)
		}
	}
	for _, q := range c.Questions {
		if f := q.Replies[0].Says.Failed; f != "It could not be reached" && f != "The service does not know this number" {
			t.Errorf("what a service's error says goes nowhere: %q", f)
		}
	}
	// one that is not connected is not asked, and the other is
	s2 := open(t)
	id = s2.child(t)
	only := &asker{s: s2, id: id, answer: func(exchange.Query) (exchange.Reply, error) { return exchange.Reply{Told: exchange.ToldNone}, nil }}
	defer runNation(t, s2, map[exchange.National]exchange.Asker{exchange.RepeatCallers: only})()
	c = waitFor(t, s2, id, "the connected one answers", func(c urgent.Case) bool {
		open, _ := c.ToAsk(s2.Rules.Repeat)
		return len(c.Questions) == 1 && len(open) == 0
	})
	if only.asked != 1 {
		t.Errorf("asked %d times", only.asked)
	}
}

// What failed is asked again when its time has come, without anybody's doing.
func TestAFailedQuestionIsAskedAgain(t *testing.T) {
	s := open(t)
	id := s.child(t)
	var mu sync.Mutex
	now := start
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	tries := 0
	a := &asker{s: s, id: id, answer: func(exchange.Query) (exchange.Reply, error) {
		if tries++; tries == 1 {
			mu.Lock()
			now = now.Add(s.Rules.Repeat.AskAgain) // the time of the second try comes at once
			mu.Unlock()
			return exchange.Reply{}, nil // an answer that says nothing
		}
		return exchange.Reply{Told: exchange.ToldNone}, nil
	}}
	s.Clock = clock
	defer runNation(t, s, map[exchange.National]exchange.Asker{exchange.ChildProtection: a})()
	c := waitFor(t, s, id, "the second try answers", func(c urgent.Case) bool {
		return len(c.Questions) == 1 && len(c.Questions[0].Replies) == 2
	})
	if got, ok := c.Questions[0].Answer(); !ok || got.Says.Told != exchange.ToldNone {
		t.Errorf("%+v", c.Questions)
	}
}
