package task

import (
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var (
	now   = time.Date(2026, 11, 21, 20, 1, 0, 0, time.UTC)
	timer = TimerID(fact.Subject{5}, string(PhoneNoReceipt), fact.ID{6})
	about = SubjectOf(timer)
	ruth  = access.Caller{Person: fact.Subject{1}, Name: "Ruth Ashdown", Role: access.Dispatcher}
	kemi  = access.Caller{Person: fact.Subject{2}, Name: "K. Adeyemi", Title: "nurse", Role: access.Clinician}
	dev   = access.Caller{Role: access.Device}
	admin = access.Caller{Person: fact.Subject{3}, Role: access.Administrator}
	ring  = Raised{
		Timer: timer, What: PhoneNoReceipt, List: Dispatch, Reason: "No receipt from the community team since 19:20",
		About: fact.Subject{5}, Due: fact.At(now.Add(10 * time.Minute)),
	}
)

type office struct {
	t     *testing.T
	facts []fact.Fact
	w     map[string]*facttest.Writer
	held  map[string][]fact.Fact
}

func newOffice(t *testing.T) *office {
	return &office{t: t, w: map[string]*facttest.Writer{}, held: map[string][]fact.Fact{}}
}

func (o *office) on(device string) Task { return Fold(about, fact.NewHistory(o.held[device])) }

func (o *office) say(device string, by access.Caller, drafts []fact.Draft, err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	if o.w[device] == nil {
		o.w[device] = facttest.NewWriter(device, fact.At(now))
	}
	made := o.w[device].State(o.t, by.Author(), fact.NewHistory(o.held[device]).Frontier(), drafts...)
	o.held[device], o.facts = append(o.held[device], made...), append(o.facts, made...)
}

func (o *office) sync(devices ...string) Task {
	o.t.Helper()
	for _, d := range devices {
		o.held[d] = append([]fact.Fact(nil), o.facts...)
	}
	facttest.SameInAnyOrder(o.t, o.facts, func(h fact.History) Task { return Fold(about, h) })
	return Fold(about, fact.NewHistory(o.facts))
}

func raised(t *testing.T) *office {
	o := newOffice(t)
	d, err := Raise(o.on("a"), dev, ring, now)
	o.say("a", dev, d, err)
	o.sync("a", "b")
	return o
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

// Two devices raise the same timer's task apart: it is one task, at the
// earlier time.
func TestRaiseHappensOnce(t *testing.T) {
	o := newOffice(t)
	later := ring
	later.Due, later.Urgent = ring.Due.Add(time.Minute), true
	d, err := Raise(o.on("a"), dev, later, now)
	o.say("a", dev, d, err)
	d, err = Raise(o.on("b"), dev, ring, now)
	o.say("b", dev, d, err)
	task := o.sync("a", "b")
	if len(task.Says.Values) != 1 || task.What().Due != ring.Due || !task.What().Urgent || !task.Open() {
		t.Errorf("%+v", task)
	}
	d, err = Raise(task, dev, ring, now)
	nothing(t, d, err)
	if TimerID(fact.Subject{5}, "x", fact.ID{6}) == timer || TimerID(fact.Subject{5}, string(PhoneNoReceipt), fact.ID{7}) == timer {
		t.Error("different timers share an id")
	}
}

func TestRaiseChecks(t *testing.T) {
	for _, change := range []func(*Raised){
		func(r *Raised) { r.Reason = " " }, func(r *Raised) { r.Reason = strings.Repeat("x", MaxText+1) }, func(r *Raised) { r.List = "nobody" },
		func(r *Raised) { r.About = fact.Subject{} }, func(r *Raised) { r.What = "" }, func(r *Raised) { r.Timer[0]++ },
	} {
		req := ring
		change(&req)
		d, err := Raise(Task{Subject: about}, dev, req, now)
		refused(t, refusal.Invalid, d, err)
	}
	d, err := Raise(Task{Subject: about}, admin, ring, now)
	refused(t, refusal.Forbidden, d, err)
}

func TestTake(t *testing.T) {
	o := raised(t)
	d, err := Take(o.on("a"), ruth, "", now)
	o.say("a", ruth, d, err)
	task := o.sync("a", "b")
	if h := task.Holders(); len(h) != 1 || h[0].Person != ruth.Person {
		t.Fatalf("%+v", h)
	}
	d, err = Take(task, ruth, "", now)
	nothing(t, d, err)
	d, err = Take(task, kemi, "", now)
	refused(t, refusal.Taken, d, err)
	if !strings.Contains(err.Error(), "Taken by Ruth Ashdown at 20:01") {
		t.Errorf("%v", err)
	}
	d, err = Take(task, kemi, "Ruth has gone home", now)
	o.say("b", kemi, d, err)
	if h := o.sync("a").Holders(); len(h) != 1 || h[0].Says != "K. Adeyemi, nurse" {
		t.Errorf("%+v", h)
	}
	d, err = Take(Task{Subject: about}, ruth, "", now)
	refused(t, refusal.Missing, d, err)
	d, err = Take(task, admin, "", now)
	refused(t, refusal.Forbidden, d, err)
}

func TestTakenApartShowsBoth(t *testing.T) {
	o := raised(t)
	d, err := Take(o.on("a"), ruth, "", now)
	o.say("a", ruth, d, err)
	d, err = Take(o.on("b"), kemi, "", now)
	o.say("b", kemi, d, err)
	task := o.sync("a", "b")
	if h := task.Holders(); len(h) != 2 {
		t.Fatalf("%+v", h)
	}
	d, err = Release(task, ruth, "K. has it", now)
	o.say("a", ruth, d, err)
	d, err = Take(o.on("a"), kemi, "", now)
	o.say("a", kemi, d, err)
	if h := o.sync("b").Holders(); len(h) != 1 || h[0].Person != kemi.Person {
		t.Errorf("%+v", h)
	}
}

func TestRelease(t *testing.T) {
	o := raised(t)
	d, err := Release(o.on("a"), ruth, "", now)
	nothing(t, d, err)
	d, err = Take(o.on("a"), ruth, "", now)
	o.say("a", ruth, d, err)
	d, err = Release(o.on("a"), kemi, "", now)
	refused(t, refusal.Forbidden, d, err)
	d, err = Release(o.on("a"), ruth, "break", now)
	o.say("a", ruth, d, err)
	if task := o.sync("b"); len(task.Holders()) != 0 || !task.Open() {
		t.Errorf("%+v", task)
	}
}

func TestTryMovesTheTime(t *testing.T) {
	o := raised(t)
	next := now.Add(30 * time.Minute)
	if !o.on("a").Late(now.Add(11*time.Minute)) || o.on("a").Late(now) {
		t.Error("lateness is misread")
	}
	d, err := TryInVain(o.on("a"), ruth, Tried{Note: "engaged", Next: fact.At(next)}, now)
	o.say("a", ruth, d, err)
	if task := o.sync("b"); !task.Due().Equal(next) || len(task.Tries) != 1 || task.Late(now.Add(11*time.Minute)) {
		t.Errorf("%+v", task)
	}
	d, err = TryInVain(o.on("a"), ruth, Tried{}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = TryInVain(o.on("a"), ruth, Tried{Note: "x", Next: fact.At(now)}, now)
	refused(t, refusal.Invalid, d, err)
}

func TestFinish(t *testing.T) {
	o := raised(t)
	d, err := Finish(o.on("a"), ruth, Done{Outcome: "well"}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = Finish(o.on("a"), ruth, Done{Outcome: GivenUp}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = Finish(o.on("a"), ruth, Done{Outcome: Reached}, now)
	o.say("a", ruth, d, err)
	// Apart, somebody else takes it: done stands, and nothing is lost.
	d, err = Take(o.on("b"), kemi, "", now)
	o.say("b", kemi, d, err)
	task := o.sync("a", "b")
	if task.Open() || len(task.Ends) != 1 || task.Late(now.Add(time.Hour)) {
		t.Fatalf("%+v", task)
	}
	d, err = Finish(task, ruth, Done{Outcome: Reached}, now)
	nothing(t, d, err)
	d, err = Finish(task, kemi, Done{Outcome: Reached}, now)
	refused(t, refusal.Taken, d, err)
	d, err = Take(task, kemi, "", now)
	refused(t, refusal.Taken, d, err)
	d, err = Raise(task, dev, ring, now)
	nothing(t, d, err)
}

func TestKinds(t *testing.T) {
	numbers := map[uint32]bool{}
	for _, k := range Kinds() {
		if k.Number < 400 || k.Number > 499 || numbers[k.Number] || k.Name == "" || k.Join == "" {
			t.Errorf("%+v", k)
		}
		numbers[k.Number] = true
	}
}
