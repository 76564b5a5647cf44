package task

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/facttest"
)

func oneOf(all ...fact.Content) facttest.Move {
	return func(r *rand.Rand, _ []fact.Fact) (fact.Author, []fact.Draft) {
		by := []access.Caller{ruth, kemi}[r.IntN(2)]
		return by.Author(), []fact.Draft{fact.Say(about, all[r.IntN(len(all))])}
	}
}

func told(t Task, h fact.History) []string {
	out := []string{fmt.Sprintf("%+v", t.What()), fmt.Sprint(t.Open(), t.Due(), t.RaisedAt, len(t.Ends), len(t.Tries))}
	for _, one := range t.Holders() {
		out = append(out, fmt.Sprint("holder ", one.Person, one.Since))
	}
	return append(out, facttest.Disagreements(t.Disagreements(h))...)
}

func TestTasksWrittenApart(t *testing.T) {
	later, other := ring, ring
	later.Due, later.Urgent = ring.Due.Add(60_000_000_000), true
	other.Reason, other.List = "No receipt since 19:21", Handlers
	facttest.CheckJoins(t, facttest.Subject[Task]{
		Moves: []facttest.Move{
			oneOf(ring, later, other), oneOf(Taken{Says: "x"}), oneOf(Taken{Says: "x"}), oneOf(Released{}),
			oneOf(Tried{Note: "engaged", Next: 500}, Tried{Note: "engaged", Next: 300}, Tried{Note: "no answer"}),
			oneOf(Done{Outcome: Reached}, Done{Outcome: GivenUp, Note: "policy"}, Done{Outcome: PassedOn, Note: "to them"}),
		},
		Fold: func(h fact.History) Task { return Fold(about, h) }, Sum: told,
		Always: nothingLeavesUnseen,
	})
}

// nothingLeavesUnseen checks that a task is off the list only by an end that
// says what happened, or that had seen everybody who took it and still has it.
func nothingLeavesUnseen(t testing.TB, s Task, h fact.History) {
	t.Helper()
	if !s.Exists() || s.Open() {
		return
	}
	for _, e := range s.Ends {
		knew := true
		for _, one := range s.Holds {
			if one.Person != e.By && h.Apart(one.place, e.place) {
				knew = false
			}
		}
		if knew || e.Says.Outcome == Reached || e.Says.Outcome == NotNeeded {
			return
		}
	}
	for _, one := range s.Holds {
		for _, e := range s.Ends {
			if h.Before(one.place, e.place) {
				return
			}
		}
	}
	t.Fatalf("a task that somebody took apart is off the list: %+v", s)
}

// Given up here and taken there: it stays until somebody who has seen both
// ends it.
func TestGivenUpHereAndTakenThere(t *testing.T) {
	o := raised(t)
	d, err := Finish(o.on("a"), ruth, Done{Outcome: GivenUp, Note: "policy"}, now)
	o.say("a", ruth, d, err)
	d, err = Take(o.on("b"), kemi, "", now)
	o.say("b", kemi, d, err)
	task := o.sync("a", "b")
	all := task.Disagreements(fact.NewHistory(o.facts))
	if !task.Open() || len(all) != 1 || all[0].Matter.Kind != 404 || len(all[0].Values) != 2 {
		t.Fatalf("open %v, %+v", task.Open(), all)
	}
	d, err = Finish(task, kemi, Done{Outcome: Reached}, now)
	o.say("b", kemi, d, err)
	if task = o.sync("a"); task.Open() || len(task.Disagreements(fact.NewHistory(o.facts))) != 0 {
		t.Fatalf("%+v", task)
	}
}

// Two who took it apart: one gives it back, the other still has it.
func TestGivingBackIsOnesOwn(t *testing.T) {
	o := raised(t)
	d, err := Take(o.on("a"), ruth, "", now)
	o.say("a", ruth, d, err)
	d, err = Take(o.on("b"), kemi, "", now)
	o.say("b", kemi, d, err)
	task := o.sync("a", "b")
	if all := task.Disagreements(fact.NewHistory(o.facts)); len(all) != 1 || all[0].Matter.Kind != 401 {
		t.Fatalf("%+v", all)
	}
	d, err = Release(task, ruth, "K. has it", now)
	o.say("a", ruth, d, err)
	task = o.sync("b")
	if h := task.Holders(); len(h) != 1 || h[0].Person != kemi.Person || len(task.Disagreements(fact.NewHistory(o.facts))) != 0 {
		t.Fatalf("%+v", h)
	}
}
