package urgentdb

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/triage"
	"holdfast/urgent"
)

// openGate lets everybody in whom the table lets in.
type openGate struct{}

func (openGate) Enter(_ context.Context, by access.Caller, act access.Act, _ fact.Subject) error {
	return by.May(act)
}

func (openGate) EnterAs(_ context.Context, by access.Caller, q access.Ask, _ fact.Subject) error {
	return by.May(q.Act)
}

var (
	start   = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)
	handler = access.Caller{Person: fact.Subject{1}, Name: "Ruth Ashdown", Role: access.CallHandler}
	nurse   = access.Caller{Person: fact.Subject{2}, Name: "P. Varma", Title: "nurse", Role: access.Clinician}
	doctor  = access.Caller{Person: fact.Subject{3}, Name: "Dr A. Okonjo", Role: access.Clinician}
)

func open(t testing.TB) *Cases {
	t.Helper()
	return openWith(t, func(v journal.View) journal.View { return v })
}

// openWith does so with its list of cases as a test wants it.
func openWith(t testing.TB, list func(journal.View) journal.View) *Cases {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	questions, err := triage.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := urgent.LoadRules(set, questions)
	if err != nil {
		t.Fatal(err)
	}
	ctx, clock := context.Background(), func() time.Time { return start }
	o := journal.Options{
		Dir: t.TempDir(), Clock: clock, Random: rand.Reader, Views: []journal.View{list(View{Rules: rules}), ApartView{Rules: rules}, PhoneView{}}, Demo: true,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if err := journal.Found(ctx, o, journal.Founding{Name: "Fellside 111", ODS: "FEL01", DeviceName: "site"}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		report, err := journal.Verify(ctx, o.Dir, o)
		if err != nil || len(report.Failures) > 0 {
			t.Errorf("verify: %v %+v", err, report.Failures)
		}
	})
	return &Cases{Journal: j, Gate: openGate{}, Rules: rules, Clock: clock, Device: access.Caller{Name: "this device", Role: access.Device}}
}

func (s *Cases) waiting(t testing.TB, dx codes.Dx) fact.Subject {
	t.Helper()
	ctx := context.Background()
	id, err := s.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []Verb{
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.TakeCall(c, handler, codes.ReceivePhone("01632960418"), now)
		},
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.SetDisposition(c, handler, s.Rules, dx, "", now)
		},
	} {
		if _, err := s.Do(ctx, handler, access.TakeCall, id, nil, verb); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

func (s *Cases) settled(t testing.TB) List {
	t.Helper()
	for range 200 {
		list, err := s.List(context.Background(), nurse, Show{})
		if err != nil {
			t.Fatal(err)
		}
		if list.Behind == 0 {
			return list
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the view never caught up")
	return List{}
}

func TestListIsOrderedByWhatWillBeLateFirst(t *testing.T) {
	s := open(t)
	later, first := s.waiting(t, "Dx15"), s.waiting(t, "Dx34")
	list := s.settled(t)
	if len(list.Rows) != 2 || list.Rows[0].Case != first || list.Rows[1].Case != later || list.Free != 2 {
		t.Fatalf("%+v", list)
	}
	if got := (Show{Filter: "validate"}); got.holds(list.Rows[0], nurse) {
		t.Fatal("the filter holds everything")
	}
	if found := (Show{Words: list.Rows[0].Number}); !found.holds(list.Rows[0], nurse) || found.holds(list.Rows[1], nurse) {
		t.Fatal("find by number")
	}
}

func TestOneOfManyGetsTheCase(t *testing.T) {
	s := open(t)
	id := s.waiting(t, "Dx34")
	var wg sync.WaitGroup
	var mu sync.Mutex
	got, taken := 0, 0
	for i := range 8 {
		by := nurse
		by.Person = fact.Subject{byte(10 + i)}
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := s.Do(context.Background(), by, access.Claim, id, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
				return urgent.Claim(c, by)
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				got++
			case refusal.Is(err, refusal.Taken):
				taken++
			default:
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if got != 1 || taken != 7 {
		t.Fatalf("%d got it, %d were told who has it", got, taken)
	}
}

func TestTakeNext(t *testing.T) {
	s := open(t)
	s.Rules.Placing = 0 // time stands still here
	s.waiting(t, "Dx15")
	first := s.waiting(t, "Dx34")
	s.settled(t)
	got, err := s.TakeNext(context.Background(), nurse)
	if err != nil || got != first {
		t.Fatal(got, err)
	}
	s.settled(t)
	second, err := s.TakeNext(context.Background(), doctor)
	if err != nil || second == first {
		t.Fatal(second, err)
	}
	s.settled(t)
	if _, err := s.TakeNext(context.Background(), doctor); !refusal.Is(err, refusal.Missing) {
		t.Fatal("nobody is left:", err)
	}
}

func TestAnAmbulanceBecomesWorkForAPersonAtOnce(t *testing.T) {
	s := open(t)
	id, err := s.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := s.Do(context.Background(), handler, access.CallEmergency, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.CallAmbulance(c, handler, s.Rules, urgent.Emergency{}, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	tasks := 0
	for _, f := range saved {
		if f.Body.Kind == 400 {
			tasks++
		}
	}
	if tasks != 1 {
		t.Fatalf("%d tasks raised with the request", tasks)
	}
}

func TestArrivingTwiceIsOneCase(t *testing.T) {
	s := open(t)
	r := Receiver{s}
	ref := exchange.Referral{From: exchange.Party{Name: "Elsewhere 111"}, Dx: codes.ReceivedDx{Code: "Dx05", Original: "Dx05"}}
	arrival := func(keys ...string) exchange.Arrival {
		return exchange.Arrival{Route: exchange.ByBars, Keys: keys, Original: []byte("{}"), Media: "application/fhir+json"}
	}
	var wg sync.WaitGroup
	cases := make([]fact.Subject, 12)
	for i := range cases {
		wg.Add(1)
		go func() {
			defer wg.Done()
			filed, err := r.Receive(context.Background(), arrival("bundle-1", "request-1"), ref)
			if err != nil {
				t.Error(err)
			}
			cases[i] = filed.About
		}()
	}
	wg.Wait()
	for _, c := range cases {
		if c != cases[0] {
			t.Fatalf("filed as %s and %s", c, cases[0])
		}
	}
	again, err := r.Receive(context.Background(), arrival("request-1"), ref)
	if err != nil || !again.Again || again.About != cases[0] {
		t.Fatal("any one of its numbers is enough:", again, err)
	}
	if list := s.settled(t); len(list.Rows) != 1 || list.Rows[0].Dx != "Dx05" {
		t.Fatalf("%+v", list.Rows)
	}
	if _, err := r.Receive(context.Background(), arrival(), ref); !refusal.Is(err, refusal.Invalid) {
		t.Fatal("a message without a number:", err)
	}
}

// Interoperability: setId and versionNumber; a higher version replaces what is
// shown, the old one stays.
func TestANewerVersionJoinsItsCase(t *testing.T) {
	s := open(t)
	r := Receiver{s}
	send := func(key string, version int, dx codes.Dx) fact.Subject {
		t.Helper()
		ref := exchange.Referral{
			From: exchange.Party{Name: "Elsewhere 111"}, Dx: codes.ReceivedDx{Code: dx, Original: string(dx)}, Reason: key,
			Documents: []exchange.Document{{ID: key, Set: "set-1", Version: version}},
		}
		filed, err := r.Receive(context.Background(), exchange.Arrival{Route: exchange.ByITK, Sender: "RYE", Keys: []string{key}, Original: []byte(key)}, ref)
		if err != nil {
			t.Fatal(err)
		}
		return filed.About
	}
	first := send("v2", 2, "Dx07")
	if send("v3", 3, "Dx05") != first || send("v1", 1, "Dx011") != first {
		t.Fatal("versions of one document became several cases")
	}
	h, err := s.Journal.History(context.Background(), first)
	if err != nil {
		t.Fatal(err)
	}
	c := urgent.Fold(first, h)
	d, _ := c.Disposition()
	if len(c.Arrived) != 3 || c.Arrived[2].What.Version != 3 || d.What.Dx != "Dx05" || len(c.Messages) != 3 {
		t.Fatalf("%d arrived, last is version %d, disposition %s", len(c.Arrived), c.Arrived[2].What.Version, d.What.Dx)
	}
	if len(s.settled(t).Rows) != 1 {
		t.Fatal("more than one line on the list")
	}
}

func TestTheCallerIsCheckedFirst(t *testing.T) {
	s := open(t)
	id := s.waiting(t, "Dx34")
	admin := access.Caller{Role: access.Administrator}
	if _, err := s.Case(context.Background(), admin, id); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal(err)
	}
	if _, err := s.List(context.Background(), admin, Show{}); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal(err)
	}
	ran := false
	_, err := s.Do(context.Background(), handler, access.Consult, id, nil, func(urgent.Case, time.Time) ([]fact.Draft, error) {
		ran = true
		return nil, nil
	})
	if !refusal.Is(err, refusal.Forbidden) || ran {
		t.Fatal("the verb ran before the caller was checked", err)
	}
	if _, err := s.Case(context.Background(), nurse, fact.Subject{99}); !refusal.Is(err, refusal.Missing) {
		t.Fatal(err)
	}
}
