package urgent

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var (
	device  = access.Caller{Person: fact.Subject{40}, Name: "Aldermoor", Role: access.Device, Org: "Fellside 111", ODS: "FEL01"}
	theCall = fact.Subject{41}
)

// event is one event so many seconds after the evening began.
func event(id string, what Moment, seconds float64, more ...string) TelephoneEvent {
	e := TelephoneEvent{Exchange: "aldermoor", Call: "c1", Event: id, What: what, At: fact.At(evening.Add(time.Duration(seconds * float64(time.Second))))}
	if len(more) > 0 {
		e.Extension = more[0]
	}
	if len(more) > 1 {
		e.To = more[1]
	}
	return e
}

func callOf(t testing.TB, events ...TelephoneEvent) Call {
	t.Helper()
	w := facttest.NewWriter("site", fact.At(evening))
	var facts []fact.Fact
	for _, e := range events {
		c := FoldCall(theCall, fact.NewHistory(facts))
		out, err := Hear(c, device, e)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > 0 {
			facts = append(facts, w.State(t, device.Author(), fact.NewHistory(facts).Frontier(), out...)...)
		}
	}
	facttest.SameInAnyOrder(t, facts, func(h fact.History) Call { return FoldCall(theCall, h) })
	return FoldCall(theCall, fact.NewHistory(facts))
}

// Whatever the order in which events come, and however often, the call is the
// same.
func TestEventsInAnyOrder(t *testing.T) {
	all := []TelephoneEvent{
		event("1", Offered, 0), event("2", InMessage, 1), event("3", Queued, 28), event("4", Answered, 51, "2104"), event("5", Held, 90, "2104"),
		event("6", Resumed, 120, "2104"), event("7", Joined, 130, "2204"), event("8", Left, 200, "2104"), event("9", Ended, 300),
	}
	all[0].From = codes.ReceivePhone("01632960418")
	all[8].Recording = "rec/1"
	want := callOf(t, all...)
	if want.WaitsFrom() != all[2].At || want.AnsweredAt() != all[3].At || want.OverAt() != all[8].At || want.Waiting() || len(want.On()) != 0 ||
		!slices.Equal(want.LastOn(), []string{"2204"}) || !slices.Equal(want.Recordings, []string{"rec/1"}) || want.From.National() != "01632960418" {
		t.Fatalf("%+v", want)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		mixed := append(slices.Clone(all), all[r.IntN(len(all))], all[r.IntN(len(all))])
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		got := callOf(t, mixed...)
		got.Heard = want.Heard
		if a, b := fmt.Sprint(got), fmt.Sprint(want); a != b {
			t.Fatalf("another order:\n%s\n%s", a, b)
		}
	}
	for n := range all {
		c := callOf(t, all[:n+1]...)
		if waits := n < 3; c.Waiting() != waits {
			t.Errorf("after %s it waits: %v", all[n].What, c.Waiting())
		}
		if held := n == 4; (c.HeldSince() != 0) != held {
			t.Errorf("after %s it is on hold: %v", all[n].What, !held)
		}
	}
}

func TestTransfersAndThreeOnACall(t *testing.T) {
	begun := []TelephoneEvent{event("1", Offered, 0), event("2", Answered, 5, "2104")}
	for name, one := range map[string]struct {
		more []TelephoneEvent
		on   []string
	}{
		"three-way":             {[]TelephoneEvent{event("3", Joined, 9, "2204")}, []string{"2104", "2204"}},
		"warm transfer":         {[]TelephoneEvent{event("3", Joined, 9, "2204"), event("4", Left, 12, "2104")}, []string{"2204"}},
		"blind transfer":        {[]TelephoneEvent{event("3", Transferred, 9, "2104", "2204")}, []string{"2204"}},
		"two answered":          {[]TelephoneEvent{event("3", Answered, 6, "2107")}, []string{"2104", "2107"}},
		"back into the queue":   {[]TelephoneEvent{event("3", Queued, 30)}, nil},
		"and answered again":    {[]TelephoneEvent{event("3", Queued, 30), event("4", Answered, 40, "2107")}, []string{"2107"}},
		"over while on hold":    {[]TelephoneEvent{event("3", Held, 9, "2104"), event("4", Ended, 12)}, nil},
		"ended before answered": {[]TelephoneEvent{event("3", Ended, 3)}, nil},
	} {
		c := callOf(t, append(slices.Clone(begun), one.more...)...)
		if !slices.Equal(c.On(), one.on) {
			t.Errorf("%s: on %v", name, c.On())
		}
		if c.AnsweredAt() != begun[1].At {
			t.Errorf("%s: answered %d", name, c.AnsweredAt())
		}
	}
}

// A clock that is wrong all along changes nothing but what it says itself; one
// that is set in the middle of a call neither makes waits negative nor long.
func TestAWrongClock(t *testing.T) {
	r := rules(t).Phone
	for _, off := range []time.Duration{0, 7 * time.Minute, -3 * time.Hour} {
		var all []TelephoneEvent
		for i, e := range []TelephoneEvent{event("1", Offered, 0), event("2", Queued, 20), event("3", Answered, 75, "2104")} {
			e.At += fact.Millis(off.Milliseconds())
			e.Behind = -off.Milliseconds() + int64(i*900) // the way here takes longer and longer
			all = append(all, e)
		}
		c := callOf(t, all...)
		if wait, ok := r.WaitOf(c); !ok || wait != 55*time.Second || c.OfferedAt() != fact.At(evening) {
			t.Errorf("%s ahead: waited %s, offered %s", off, wait, c.OfferedAt().Time())
		}
		if c.Events[0].Theirs != all[0].At || c.Clock() != -off.Milliseconds() {
			t.Errorf("%s ahead: theirs %d, clock %d", off, c.Events[0].Theirs, c.Clock())
		}
	}
	first, last := event("1", Queued, 0), event("2", Answered, 40-3600, "2104")
	last.Behind = 3_600_000 // set back by an hour in between
	c := callOf(t, first, last)
	if wait, ok := r.WaitOf(c); !ok || wait != 40*time.Second {
		t.Errorf("a clock that was set makes the wait %s", wait)
	}
}

// The split of the Welsh return, at its edges.
func TestHowCallsCount(t *testing.T) {
	r := rules(t).Phone
	for name, one := range map[string]struct {
		events []TelephoneEvent
		want   Split
	}{
		"goes on":                       {[]TelephoneEvent{event("1", Offered, 0), event("2", Queued, 30)}, GoesOn},
		"in the message":                {[]TelephoneEvent{event("1", Offered, 0), event("2", InMessage, 1), event("3", Terminated, 45)}, SplitTerm},
		"first seconds":                 {[]TelephoneEvent{event("1", Offered, 0), event("2", Queued, 5), event("3", Abandoned, 30)}, SplitTerm},
		"just after them":               {[]TelephoneEvent{event("1", Offered, 0), event("2", Queued, 5), event("3", Terminated, 30.001)}, AbandonedSoon},
		"60 s after the message":        {[]TelephoneEvent{event("1", Offered, 0), event("2", InMessage, 1), event("3", Queued, 25), event("4", Abandoned, 85)}, AbandonedSoon},
		"later":                         {[]TelephoneEvent{event("1", Offered, 0), event("3", Queued, 25), event("4", Ended, 85.001)}, AbandonedLate},
		"answered at 60 s":              {[]TelephoneEvent{event("1", Offered, 0), event("2", Queued, 25), event("3", Answered, 85, "2104")}, AnsweredSoon},
		"answered later":                {[]TelephoneEvent{event("1", Offered, 0), event("2", Queued, 25), event("3", Answered, 85.001, "2104"), event("4", Ended, 90)}, AnsweredLate},
		"no message":                    {[]TelephoneEvent{event("1", Offered, 0), event("2", Answered, 59, "2104")}, AnsweredSoon},
		"answered, start not heard":     {[]TelephoneEvent{event("2", Answered, 59, "2104")}, AnsweredLate},
		"only the end, in their word":   {[]TelephoneEvent{event("2", Abandoned, 59)}, AbandonedLate},
		"only the end, terminated":      {[]TelephoneEvent{event("2", Terminated, 59)}, SplitTerm},
		"answered and queued once more": {[]TelephoneEvent{event("1", Offered, 0), event("2", Answered, 9, "2104"), event("3", Queued, 20), event("4", Ended, 900)}, AnsweredSoon},
	} {
		if got := r.SplitOf(callOf(t, one.events...)); got != one.want {
			t.Errorf("%s: %q, want %q", name, got, one.want)
		}
	}
}

func TestFiguresOfCalls(t *testing.T) {
	r := rules(t).Phone
	now := evening.Add(30 * time.Minute)
	var all []Call
	for i := range 20 { // waits of 1 to 20 s
		all = append(all, callOf(t, event("1", Offered, 0), event("2", Queued, 10), event("3", Answered, float64(11+i), "2104"), event("4", Ended, 400)))
	}
	all = append(all, callOf(t, event("1", Offered, 0), event("2", Queued, 10), event("3", Abandoned, 100)))
	waits := callOf(t, event("1", Offered, 1700), event("2", Queued, 1720))
	waits.Heard = fact.At(now)
	old := callOf(t, event("1", Offered, -4000), event("2", Answered, -3990, "2104"))
	f := r.Figures(append(all, waits, old), evening.Add(-time.Minute), now)
	if f.Offered != 22 || f.Answered() != 20 || f.Abandoned() != 1 || f.Waiting != 1 || f.Oldest != fact.At(evening.Add(1720*time.Second)) {
		t.Errorf("%+v", f)
	}
	if f.Mean != 10500*time.Millisecond || f.Centile != 19*time.Second || f.AbandonedTenths() != 45 {
		t.Errorf("mean %s, 95th %s, %d", f.Mean, f.Centile, f.AbandonedTenths())
	}
	sum := 0
	for _, n := range f.Counts {
		sum += n
	}
	if sum != f.Offered {
		t.Errorf("the parts make %d of %d", sum, f.Offered)
	}
}

// A call whose end was never heard is not known, and neither waits nor is none.
func TestCallsLostFromSight(t *testing.T) {
	r := rules(t).Phone
	c := callOf(t, event("1", Offered, 0), event("2", Queued, 10))
	for after, lost := range map[time.Duration]bool{r.Lost: false, r.Lost + time.Second: true} {
		f := r.Figures([]Call{c}, evening, c.Heard.Time().Add(after))
		if (f.LostSight == 1) != lost || (f.Waiting == 1) == lost || (f.Oldest == 0) != lost {
			t.Errorf("after %s: %+v", after, f)
		}
	}
}

func TestWhatAnExchangeMaySay(t *testing.T) {
	long := string(make([]byte, 101))
	for name, e := range map[string]TelephoneEvent{
		"unknown moment":     event("1", "rang", 0),
		"no number of call":  {Exchange: "a", Event: "1", What: Offered, At: 1},
		"no number of event": {Exchange: "a", Call: "1", What: Offered, At: 1},
		"answered by nobody": event("1", Answered, 0),
		"transfer to nobody": event("1", Transferred, 0, "2104"),
		"no time":            {Exchange: "a", Call: "1", Event: "1", What: Offered},
		"too long":           event(long, Offered, 0),
		"control characters": event("1\n", Offered, 0),
		"no reference":       event("1", Recorded, 0),
	} {
		if _, err := Hear(Call{ID: theCall}, device, e); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Hear(Call{ID: theCall}, handler, event("1", Offered, 0)); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a person speaks for the exchange: %v", err)
	}
}

func TestTelephoneWrittenApart(t *testing.T) {
	say := func(all ...fact.Content) facttest.Move {
		return func(r *rand.Rand, _ []fact.Fact) (fact.Author, []fact.Draft) {
			return device.Author(), []fact.Draft{fact.Say(theCall, all[r.IntN(len(all))])}
		}
	}
	late := event("3", Answered, 30, "2104")
	late.Behind = 4000
	facttest.CheckJoins(t, facttest.Subject[Call]{
		Moves: []facttest.Move{
			say(event("1", Offered, 0), event("2", Queued, 10)), say(event("3", Answered, 30, "2104"), late, event("4", Answered, 30, "2107")),
			say(event("5", Ended, 60), event("6", Abandoned, 61)), say(TelephoneTaken{Case: fact.Subject{1}, By: "a"}, TelephoneTaken{Case: fact.Subject{2}, By: "b"}),
		},
		Fold: func(h fact.History) Call { return FoldCall(theCall, h) },
		Sum: func(c Call, _ fact.History) []string {
			return []string{fmt.Sprint(c.Events, c.Cases, c.On(), c.OverAt(), c.Clock())}
		},
	})
	facttest.CheckJoins(t, facttest.Subject[Exchange]{
		Moves: []facttest.Move{
			say(ExchangeHeard{Exchange: "a", Since: 10}, ExchangeHeard{Exchange: "a", Silent: true, Since: 10}, ExchangeHeard{Exchange: "a", Silent: true, Since: 20}, ExchangeHeard{Exchange: "a", Since: 30}),
		},
		Fold: func(h fact.History) Exchange { return FoldExchange(theCall, h) },
		Sum:  func(x Exchange, _ fact.History) []string { return []string{fmt.Sprint(x.Silent, x.Since)} },
	})
	facttest.CheckJoins(t, facttest.Subject[Extension]{
		Moves: []facttest.Move{say(ExtensionChosen{Extension: "2104", Person: fact.Subject{1}}, ExtensionChosen{Extension: "2104", Person: fact.Subject{2}}, ExtensionChosen{Extension: "2104"})},
		Fold:  func(h fact.History) Extension { return FoldExtension(theCall, h) },
		Sum:   func(x Extension, _ fact.History) []string { return []string{fmt.Sprint(x.People())} },
	})
}

func TestWhoSitsAtATelephone(t *testing.T) {
	w := facttest.NewWriter("desk", fact.At(evening))
	seats := map[fact.Subject][]fact.Fact{}
	at := func(id fact.Subject) Extension { return FoldExtension(id, fact.NewHistory(seats[id])) }
	sit := func(id, left fact.Subject, by access.Caller, name string) {
		t.Helper()
		var was Extension
		if !left.Zero() {
			was = at(left)
		}
		x := at(id)
		x.ID = id
		out, err := Sit(x, was, by, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range out {
			seats[d.Subject] = append(seats[d.Subject], w.State(t, by.Author(), fact.NewHistory(seats[d.Subject]).Frontier(), d)...)
		}
	}
	one, two := fact.Subject{1}, fact.Subject{2}
	sit(one, fact.Subject{}, handler, "2104")
	sit(one, fact.Subject{}, handler, "2104")
	if len(seats[one]) != 1 {
		t.Errorf("said twice it stands %d times", len(seats[one]))
	}
	sit(one, fact.Subject{}, nurse, "2104")
	if p := at(one).People(); len(p) != 1 || p[0] != nurse.Person {
		t.Errorf("who comes takes the place: %v", p)
	}
	sit(two, one, nurse, "2204")
	if len(at(one).People()) != 0 || len(at(two).People()) != 1 {
		t.Error("who moves leaves the other telephone")
	}
	for _, typed := range []string{"", "  ", "21 04; drop", "123456789012345678901", "２１０４"} {
		if x, err := ReadExtension(typed); err == nil {
			t.Errorf("%q reads as %q", typed, x)
		}
	}
	if x, err := ReadExtension(" 21 04 "); err != nil || x != "2104" {
		t.Error(x, err)
	}
}
