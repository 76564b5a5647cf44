package stockdb_test

import (
	"context"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/share"
	"holdfast/journal"
	"holdfast/stock"
	"holdfast/stock/stockdb"
	"holdfast/task"
	"holdfast/task/taskdb"
)

var (
	mara = access.Caller{Person: fact.Subject{1}, Name: "Mara Holt", Role: access.Manager}
	adam = access.Caller{Person: fact.Subject{2}, Name: "A. Reid", Role: access.Administrator}
	kemi = access.Caller{Person: fact.Subject{3}, Name: "K. Adeyemi", Role: access.Clinician}
	car  = stock.Device{ID: fact.Subject{0xd1}, Name: "Car 1"}
)

func open(t *testing.T, dir string, more ...journal.View) *stockdb.Forms {
	t.Helper()
	o := journal.Options{Dir: dir, Demo: true, Views: append(more, accessdb.View{}, taskdb.View{}, stockdb.View{}), Reserve: 1 << 16}
	if !journal.Here(dir) {
		if err := journal.Found(t.Context(), o, journal.Founding{Name: "Fellside 111", ODS: "Y90001", DeviceName: "Site"}); err != nil {
			t.Fatal(err)
		}
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return &stockdb.Forms{Journal: j, Gate: accessdb.NewGate(j, time.Now), Device: access.Caller{Person: j.Device().Card().Device, Name: "Site", Role: access.Device}}
}

func level(t *testing.T, s *stockdb.Forms) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, _, behind := s.Journal.ViewsAt(); behind == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the views do not catch up")
		}
	}
}

func use(t *testing.T, s *stockdb.Forms, id fact.Subject, n uint64, asks string) error {
	t.Helper()
	return s.Do(t.Context(), kemi, access.UseForm, id, func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error) {
		return stock.UseForm(r, kemi, here, stock.Using{Units: share.One(n), How: stock.Issued, Asks: asks}, now)
	})
}

// A range on a real journal: received, handed out, all of the rest moved away
// by two people, used provisionally, decided, and listed the same after the
// journal was opened anew.
func TestFormsOnAJournal(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	id, err := s.Receive(t.Context(), mara, stock.Receiving{What: "FP10SS", First: 1, Last: 4})
	if err != nil {
		t.Fatal(err)
	}
	if err := use(t, s, id, 1, ""); err != nil {
		t.Fatal(err)
	}
	err = s.Do(t.Context(), mara, access.KeepForms, id, func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error) {
		return stock.HandOut(r, mara, here, share.Some(2, 4), car, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := use(t, s, id, 2, ""); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("a form of another device is used: %v", err)
	}
	if err := use(t, s, id, 2, "The car has no signal"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	items := waitTasks(t, s, 1)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	r, err := s.Range(t.Context(), mara, id)
	if err != nil || len(r.Open()) != 1 || items[0].Subject != task.SubjectOf(r.WorkOf(r.Open()[0].Right.Fact)) {
		t.Fatalf("%+v %v", r.Uses, err)
	}
	if err := s.Refuse(t.Context(), mara, id, r.Open()[0].Right.Fact, "Torn out before"); err != nil {
		t.Fatal(err)
	}
	level(t, s)
	if items = waitTasks(t, s, 1); len(items[0].Holders()) != 1 || items[0].Holders()[0].Person != mara.Person {
		t.Errorf("%+v", items)
	}
	if err := s.Journal.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	level(t, s)
	list, err := s.List(t.Context(), adam)
	if err != nil || len(list) != 1 || list[0].Account().Missing != 0 || list[0].LeftAt(car.ID) != 3 || list[0].Uses[0].Right.Status != share.Firm {
		t.Errorf("%+v %v", list, err)
	}
}

func waitTasks(t *testing.T, s *stockdb.Forms, want int) []task.Task {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		all, err := taskdb.Open(t.Context(), s.Journal.Views(), s.Device, task.Managers)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == want {
			return all
		}
		if time.Now().After(end) {
			t.Fatalf("%d work items", len(all))
		}
	}
}

func TestTheDoorIsShut(t *testing.T) {
	s := open(t, t.TempDir())
	nobody := access.Caller{Role: access.CallHandler}
	if _, err := s.List(t.Context(), nobody); !refusal.Is(err, refusal.Forbidden) {
		t.Error(err)
	}
	if _, err := s.Receive(t.Context(), kemi, stock.Receiving{What: "FP10SS", First: 1, Last: 4}); !refusal.Is(err, refusal.Forbidden) {
		t.Error(err)
	}
	if _, err := s.Range(t.Context(), mara, fact.Subject{9}); !refusal.Is(err, refusal.Missing) {
		t.Error(err)
	}
	if d, err := s.Devices(t.Context()); err != nil || len(d) != 1 || d[0] != s.Here() {
		t.Errorf("%+v %v", d, err)
	}
}
