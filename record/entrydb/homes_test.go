package entrydb_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/record/entrydb"
	"holdfast/task"
	"holdfast/task/taskdb"
)

var (
	nurse = access.Caller{Person: fact.Subject{2}, Name: "P. Varma", Title: "nurse", Role: access.Clinician, Session: fact.Subject{22}}
	other = access.Caller{Person: fact.Subject{3}, Name: "S. Fernandes", Role: access.Clinician, Session: fact.Subject{33}}
	boss  = access.Caller{Person: fact.Subject{4}, Name: "M. Holt", Role: access.Manager, Session: fact.Subject{44}}
	way   = entry.Plain{Code: "CANARY-4711", Where: "CANARY left of the porch", Alarm: "CANARY-0815"}
)

// tied answers what a test says.
type tied struct {
	grounds func(by access.Caller) entry.Grounds
}

func (t *tied) Grounds(_ context.Context, by access.Caller, _ fact.Subject, _ entry.Rules, _ time.Time) entry.Grounds {
	return t.grounds(by)
}

func visitOf(who access.Caller) func(access.Caller) entry.Grounds {
	return func(by access.Caller) entry.Grounds {
		return entry.Grounds{Relations: []entry.Relation{{About: fact.Subject{9}, Number: "A-1", Visit: true, Mine: by.Person == who.Person, At: time.Now()}}}
	}
}

// house is a site node with a vault and a few registered people.
type house struct {
	*entrydb.Homes
	tied   *tied
	people []fact.Subject
	o      journal.Options
	gone   entry.Gone
}

func options(t testing.TB) journal.Options {
	return journal.Options{Dir: t.TempDir(), Demo: true, Views: []journal.View{accessdb.View{}, taskdb.View{}, entrydb.View{}}, Reserve: 1 << 16}
}

func openHouse(t testing.TB, j *journal.Journal, o journal.Options, grounds func(access.Caller) entry.Grounds) *house {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := entry.LoadRules(set)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{tied: &tied{grounds}, o: o}
	h.Homes = &entrydb.Homes{
		Journal: j, Gate: accessdb.NewGate(j, time.Now), Vault: j.Vault(), Relations: []entrydb.Relations{h.tied}, Rules: rules,
		Device: access.Caller{Person: j.Device().Card().Device, Name: "site", Role: access.Device},
		Gone:   func(context.Context) entry.Gone { return h.gone }, Clock: time.Now,
	}
	return h
}

func newHouse(t testing.TB, people int) *house {
	t.Helper()
	o := options(t)
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Fellside 111", ODS: "FEL01", DeviceName: "site"}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	h := openHouse(t, j, o, visitOf(nurse))
	for i := range people {
		_, err := j.Do(t.Context(), h.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
			s, err := tx.NewSubject()
			if err != nil {
				return nil, err
			}
			h.people = append(h.people, s)
			return record.Register(record.Person{Subject: s}, h.Device, record.Registration{
				Identity: record.Identity{Name: record.Name{Given: "Person", Family: fmt.Sprint("Number ", string(rune('A'+i)))}, Sex: codes.Male}, Source: record.FromMadeUp,
			}, tx.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *house) keep(t testing.TB) {
	t.Helper()
	for _, p := range h.people {
		if err := h.Keep(t.Context(), nurse, p, nil, way, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func (h *house) level(t testing.TB) {
	t.Helper()
	for range 500 {
		if _, _, behind := h.Journal.ViewsAt(); behind == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the views never caught up")
}

func (h *house) watch(t testing.TB) entrydb.Watched {
	t.Helper()
	h.level(t)
	w, err := h.Watch(t.Context(), boss, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestKeepOpenShowCover(t *testing.T) {
	h := newHouse(t, 1)
	who := h.people[0]
	if _, err := h.Shown(t.Context(), nurse, who, time.Now()); !refusal.Is(err, refusal.Taken) {
		t.Error("shown without an opening:", err)
	}
	h.keep(t)
	home, err := h.Home(t.Context(), nurse, who, time.Now())
	if err != nil || !home.Code.Kept() || home.Open || !home.Person.KeepsEntry(home.Code.Subject) || len(home.Person.NotShown) != 0 {
		t.Fatalf("%+v %v", home, err)
	}
	if err := h.Open(t.Context(), other, who, entry.Asking{}); !refusal.Is(err, refusal.Forbidden) {
		t.Error("somebody without the visit:", err)
	}
	if err := h.Open(t.Context(), nurse, who, entry.Asking{}); err != nil {
		t.Fatal(err)
	}
	shown, err := h.Shown(t.Context(), nurse, who, time.Now())
	if err != nil || len(shown.Ways) != 1 || shown.Ways[0].Plain != way {
		t.Fatalf("%d ways, %v", len(shown.Ways), err)
	}
	elsewhere := nurse
	elsewhere.Session = fact.Subject{99}
	if _, err := h.Shown(t.Context(), elsewhere, who, time.Now()); !refusal.Is(err, refusal.Taken) {
		t.Error("another session of hers is shown it:", err)
	}
	if _, err := h.Shown(t.Context(), other, who, time.Now()); !refusal.Is(err, refusal.Taken) {
		t.Error("somebody else is shown it:", err)
	}
	if _, err := h.Shown(t.Context(), nurse, who, time.Now().Add(h.Rules.Shown+time.Second)); !refusal.Is(err, refusal.Taken) {
		t.Error("it is shown beyond its time:", err)
	}
	if err := h.Cover(t.Context(), nurse, who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Shown(t.Context(), nurse, who, time.Now()); !refusal.Is(err, refusal.Taken) {
		t.Error("it is shown though covered:", err)
	}
	if err := h.Open(t.Context(), nurse, who, entry.Asking{}); err != nil {
		t.Fatal(err)
	}
	changed := entry.Plain{Code: "CANARY-9"}
	if err := h.Keep(t.Context(), boss, who, home.Code.Frontier, changed, "Changed"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Shown(t.Context(), nurse, who, time.Now()); !refusal.Is(err, refusal.Taken) {
		t.Error("a way in that was changed meanwhile is still shown:", err)
	}
	if err := h.Open(t.Context(), nurse, who, entry.Asking{}); err != nil {
		t.Fatal(err)
	}
	shown, err = h.Shown(t.Context(), nurse, who, time.Now())
	if err != nil || len(shown.Ways) != 1 || shown.Ways[0].Plain != changed {
		t.Fatalf("an old way in is shown, or the new one is not: %v", err)
	}
}

// A tried opening that is refused stands in the looks of the session.
func TestWhatIsRefusedIsOnRecord(t *testing.T) {
	h := newHouse(t, 1)
	h.keep(t)
	if err := h.Open(t.Context(), other, h.people[0], entry.Asking{}); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal(err)
	}
	session, err := h.Journal.History(t.Context(), other.Session)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(session.Facts(), func(f fact.Fact) bool {
		r, err := fact.Read[access.Refused](f)
		return err == nil && r.Act == access.OpenEntry && r.About == h.people[0]
	}) {
		t.Error("the refusal is nowhere")
	}
}

// Whoever tries to open many homes, at once and in every way there is, gets the
// number of an hour and not one more.
func TestBulkOpeningIsImpossible(t *testing.T) {
	h := newHouse(t, 30)
	h.keep(t)
	plain := func(access.Caller) entry.Grounds {
		return entry.Grounds{Relations: []entry.Relation{{About: fact.Subject{9}, Number: "A-1", Visit: true, Mine: true, At: time.Now()}}}
	}
	h.tied.grounds = plain
	var mu sync.Mutex
	got := map[fact.Subject]bool{}
	var all sync.WaitGroup
	for i, who := range h.people {
		all.Go(func() {
			ask := entry.Asking{Emergency: i%2 == 0, Reason: "bulk"} // no emergency stands on any case
			for range 3 {
				err := h.Open(context.Background(), nurse, who, ask)
				if err != nil && !refusal.Is(err, refusal.Forbidden) && !refusal.Is(err, refusal.Taken) {
					t.Error(err)
				}
				if shown, err := h.Shown(context.Background(), nurse, who, time.Now()); err == nil && len(shown.Ways) > 0 {
					mu.Lock()
					got[who] = true
					mu.Unlock()
				}
				if err := h.Cover(context.Background(), nurse, who); err != nil {
					t.Error(err)
				}
				ask.Emergency = !ask.Emergency
			}
		})
	}
	all.Wait()
	if len(got) > h.Rules.InAHour || len(got) == 0 {
		t.Fatalf("%d homes were opened in an hour, %d are allowed", len(got), h.Rules.InAHour)
	}
	if err := h.AskForMore(t.Context(), nurse, "Two rounds"); err != nil {
		t.Fatal(err)
	}
	w := h.watch(t)
	if len(w.Asks) != 1 {
		t.Fatalf("%+v", w.Asks)
	}
	if err := h.AgreeToMore(t.Context(), nurse, w.Asks[0].Day, w.Asks[0].More.Fact); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("agreed to her own:", err)
	}
	if err := h.AgreeToMore(t.Context(), boss, w.Asks[0].Day, w.Asks[0].More.Fact); err != nil {
		t.Fatal(err)
	}
	for _, who := range h.people {
		for range 2 {
			if err := h.Open(t.Context(), nurse, who, entry.Asking{}); err != nil && !refusal.Is(err, refusal.Forbidden) {
				t.Error(err)
			}
			if err := h.Cover(t.Context(), nurse, who); err != nil {
				t.Fatal(err)
			}
		}
	}
	if w = h.watch(t); len(w.Unseen) != h.Rules.InAHour+h.Rules.More {
		t.Fatalf("%d openings in all, %d and %d more are allowed", len(w.Unseen), h.Rules.InAHour, h.Rules.More)
	}
}

// An emergency opens at once and is a task for the shift managers until somebody
// else takes note of it.
func TestAnEmergencyIsTold(t *testing.T) {
	h := newHouse(t, 1)
	h.keep(t)
	who := h.people[0]
	h.tied.grounds = func(access.Caller) entry.Grounds {
		return entry.Grounds{Relations: []entry.Relation{{About: fact.Subject{9}, Number: "A-1", Emergency: true}}}
	}
	if err := h.Open(t.Context(), other, who, entry.Asking{Emergency: true, Reason: "Crew at the door"}); err != nil {
		t.Fatal(err)
	}
	tasks := func() []task.Task {
		h.level(t)
		all, err := taskdb.Open(t.Context(), h.Journal.Views(), boss, task.Managers)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := tasks(); len(all) != 1 || all[0].What().What != task.HomeOpened || !all[0].What().Urgent {
		t.Fatalf("%+v", all)
	}
	w := h.watch(t)
	if len(w.Unseen) != 1 || w.Unseen[0].Person != who || w.Homes != 1 || len(w.Changes) != 0 {
		t.Fatalf("%+v", w)
	}
	if err := h.TakeNote(t.Context(), boss, who, w.Unseen[0].Opening.Fact); err != nil {
		t.Fatal(err)
	}
	if w = h.watch(t); len(w.Unseen) != 0 || len(w.Noted) != 1 || len(tasks()) != 0 {
		t.Fatalf("%+v", w)
	}
	h.gone.People = map[fact.Subject]entry.Left{other.Person: {Says: "S. Fernandes", Since: fact.At(time.Now())}}
	if w = h.watch(t); len(w.Changes) != 1 || len(w.Causes) != 1 || w.Causes[0].Homes != 1 || w.Causes[0].Changed != 0 {
		t.Fatalf("somebody who left knew a home: %+v", w)
	}
	if err := h.Chase(t.Context(), boss, who, "The daughter is told"); err != nil {
		t.Fatal(err)
	}
	if w = h.watch(t); len(w.Changes[0].Chases) != 1 {
		t.Fatalf("%+v", w)
	}
	if err := h.Keep(t.Context(), boss, who, nil, entry.Plain{Code: "new"}, ""); err != nil {
		t.Fatal(err)
	}
	if w = h.watch(t); len(w.Changes) != 0 || w.Causes[0].Changed != 1 {
		t.Fatalf("%+v", w)
	}
}

// Nothing is shown of which the opening is not saved: on a disk that can't save
// any more nothing opens.
func TestNothingIsShownUnsaved(t *testing.T) {
	h := newHouse(t, 1)
	h.keep(t)
	if err := h.Journal.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Open(t.Context(), nurse, h.people[0], entry.Asking{}); err == nil {
		t.Error("it opened though nothing can be saved")
	}
	if shown, err := h.Shown(t.Context(), nurse, h.people[0], time.Now()); err == nil {
		t.Error("shown:", len(shown.Ways))
	}
}

// gated lets a test say what the gate refuses.
type gated struct {
	entrydb.Gate
	refuse func(by access.Caller, act access.Act) error
}

func (g gated) Enter(ctx context.Context, by access.Caller, act access.Act, about fact.Subject) error {
	if err := g.refuse(by, act); err != nil {
		return err
	}
	return g.Gate.Enter(ctx, by, act, about)
}

// What was opened is shown: an opening that is saved, counted and told is never
// refused afterwards for what only the page of the home needs.
func TestWhatIsOpenedIsShown(t *testing.T) {
	h := newHouse(t, 1)
	h.keep(t)
	who := h.people[0]
	h.tied.grounds = func(access.Caller) entry.Grounds {
		return entry.Grounds{Relations: []entry.Relation{{About: fact.Subject{9}, Number: "A-1", Emergency: true}}}
	}
	h.Homes.Gate = gated{h.Homes.Gate, func(_ access.Caller, act access.Act) error {
		if act == access.SeeEntry {
			return refusal.New(refusal.Forbidden, "You have opened many records this hour.").Because(access.ErrProve)
		}
		return nil
	}}
	h.Homes.Gone = func(context.Context) entry.Gone { return entry.Gone{Unknown: true} }
	if err := h.Open(t.Context(), other, who, entry.Asking{Emergency: true, Reason: "Crew at the door"}); err != nil {
		t.Fatal(err)
	}
	shown, err := h.Shown(t.Context(), other, who, time.Now())
	if err != nil || len(shown.Ways) != 1 || shown.Ways[0].Plain != way {
		t.Fatalf("it was opened, counted and told, and is not shown: %v", err)
	}
	h.Homes.Gate = accessdb.NewGate(h.Journal, time.Now)
	home, err := h.Home(t.Context(), other, who, time.Now())
	if err != nil || !home.Unsure || !home.Open {
		t.Errorf("without the list of staff there is no page of the home: %+v %v", home, err)
	}
	if w := h.watch(t); !w.Unsure || len(w.Unseen) != 1 {
		t.Errorf("without the list of staff nobody sees who opened what: %+v", w)
	}
	h.Homes.Gone = func(context.Context) entry.Gone { return h.gone }
	if home, err := h.Home(t.Context(), other, who, time.Now()); err != nil || home.Unsure {
		t.Errorf("%+v %v", home, err)
	}
}

// A list that is cut says so.
func TestWhatIsNotReadForAListIsSaid(t *testing.T) {
	h := newHouse(t, 3)
	h.keep(t)
	for _, by := range []access.Caller{nurse, other, boss} {
		if err := h.AskForMore(t.Context(), by, "Two rounds"); err != nil {
			t.Fatal(err)
		}
	}
	h.Most = 3
	if w := h.watch(t); w.Cut != 0 || w.MoreAsks || w.Homes != 3 || len(w.Asks) != 3 {
		t.Errorf("%+v", w)
	}
	h.Most = 2
	if w := h.watch(t); w.Cut != 2 || !w.MoreAsks || w.Homes != 2 || len(w.Asks) != 2 {
		t.Errorf("%d homes and %d asks of 3 are taken for all: %+v", w.Homes, len(w.Asks), w)
	}
	if _, more, err := h.Asks(t.Context(), nurse, time.Now()); err != nil || !more {
		t.Error(more, err)
	}
}
