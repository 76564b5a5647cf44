package record

import (
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var (
	now    = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)
	about  = fact.Subject{1}
	ruth   = access.Caller{Person: fact.Subject{7}, Name: "Ruth Ashdown", Role: access.CallHandler}
	doctor = access.Caller{Person: fact.Subject{8}, Name: "A. Rees-Marlow", Role: access.Clinician}
	device = access.Caller{Role: access.Device}
	admin  = access.Caller{Person: fact.Subject{9}, Role: access.Administrator}
)

// world is facts about one person written on several devices that do not hear
// of each other until the test says so.
type world struct {
	t       *testing.T
	facts   []fact.Fact
	writers map[string]*facttest.Writer
	held    map[string][]fact.Fact
}

func newWorld(t *testing.T) *world {
	return &world{t: t, writers: map[string]*facttest.Writer{}, held: map[string][]fact.Fact{}}
}

// on gives the state as one device knows it.
func (w *world) on(device string) Person { return Fold(about, fact.NewHistory(w.held[device])) }

// say writes drafts on one device, having seen what that device holds.
func (w *world) say(device string, by access.Caller, drafts []fact.Draft, err error) []fact.ID {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if w.writers[device] == nil {
		w.writers[device] = facttest.NewWriter(device, fact.At(now))
	}
	seen := fact.NewHistory(w.held[device]).Frontier()
	made := w.writers[device].State(w.t, by.Author(), seen, drafts...)
	w.held[device] = append(w.held[device], made...)
	w.facts = append(w.facts, made...)
	var ids []fact.ID
	for _, f := range made {
		ids = append(ids, f.ID)
	}
	return ids
}

// sync lets the devices hear of everything.
func (w *world) sync(devices ...string) Person {
	for _, d := range devices {
		w.held[d] = append([]fact.Fact(nil), w.facts...)
	}
	return w.all()
}

// all folds everything, and checks that the order of arrival is nothing.
func (w *world) all() Person {
	w.t.Helper()
	facttest.SameInAnyOrder(w.t, w.facts, func(h fact.History) Person { return Fold(about, h) })
	return Fold(about, fact.NewHistory(w.facts))
}

// registered begins a world with a person known on devices a and b.
func registered(t *testing.T, id Identity) *world {
	t.Helper()
	w := newWorld(t)
	d, err := Register(w.on("a"), ruth, Registration{Identity: id, Source: FromCaller}, now)
	w.say("a", ruth, d, err)
	w.sync("a", "b")
	return w
}

func wilfred() Identity {
	return Identity{
		Name: Name{Given: "Wilfred", Family: "Tansley"}, Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Sex: codes.Male,
		NHS:   codes.ReceiveNHSNumber("9994120735"),
		Lines: []Line{{Phone: codes.ReceivePhone("01632 960418"), Use: "home"}},
	}
}

func refused(t *testing.T, kind refusal.Kind, drafts []fact.Draft, err error) {
	t.Helper()
	if !refusal.Is(err, kind) || len(drafts) != 0 {
		t.Errorf("want a refusal of kind %v, got %d facts and %v", kind, len(drafts), err)
	}
}

func nothing(t *testing.T, drafts []fact.Draft, err error) {
	t.Helper()
	if err != nil || len(drafts) != 0 {
		t.Errorf("want no fact and no refusal, got %d facts and %v", len(drafts), err)
	}
}
