package taskdb

import (
	"database/sql"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/task"
)

type held map[fact.Subject][]fact.Fact

func (h held) History(s fact.Subject) (fact.History, error) { return fact.NewHistory(h[s]), nil }

func TestTaskView(t *testing.T) {
	db, err := sql.Open("sqlite", t.TempDir()+"/views.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Date(2026, 11, 21, 20, 1, 0, 0, time.UTC)
	ruth := access.Caller{Person: fact.Subject{1}, Name: "Ruth Ashdown", Role: access.Dispatcher}
	w, facts := facttest.NewWriter("a", fact.At(now)), held{}
	apply := func(made []fact.Fact, create bool) {
		t.Helper()
		tx, err := db.Begin()
		if err == nil && create {
			err = (View{}).Create(tx)
		}
		if err == nil {
			err = (View{}).Apply(tx, facts, made)
		}
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	say := func(about fact.Subject, drafts []fact.Draft, err error) []fact.Fact {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		made := w.State(t, ruth.Author(), fact.NewHistory(facts[about]).Frontier(), drafts...)
		facts[about] = append(facts[about], made...)
		return made
	}
	raise := func(n byte, list task.List, due time.Duration, urgent bool) []fact.Fact {
		s := fact.Subject{n}
		d, err := task.Raise(task.Task{Subject: s}, ruth, task.Raised{
			What: task.Other, List: list, Reason: "x", About: fact.Subject{100 + n}, Due: fact.At(now.Add(due)), Urgent: urgent,
		}, now)
		return say(s, d, err)
	}
	made := append(raise(1, task.Dispatch, time.Hour, false), raise(2, task.Dispatch, time.Minute, false)...)
	made = append(append(made, raise(3, task.Dispatch, 2*time.Hour, true)...), raise(4, task.Managers, 0, false)...)
	apply(made, true)
	order := func(list task.List) (out []byte) {
		t.Helper()
		all, err := Open(t.Context(), db, ruth, list)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			out = append(out, one.Subject[0])
		}
		return out
	}
	if got := order(task.Dispatch); string(got) != "\x03\x02\x01" {
		t.Errorf("dispatch: %v", got)
	}
	if got := order(""); string(got) != "\x03\x04\x02\x01" {
		t.Errorf("all: %v", got)
	}
	d, err := task.Finish(task.Fold(fact.Subject{2}, fact.NewHistory(facts[fact.Subject{2}])), ruth, task.Done{Outcome: task.Reached}, now)
	apply(say(fact.Subject{2}, d, err), false)
	if got := order(task.Dispatch); string(got) != "\x03\x01" {
		t.Errorf("after one is done: %v", got)
	}
	if got, err := About(t.Context(), db, ruth, fact.Subject{103}); err != nil || len(got) != 1 || got[0].What().Reason != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Open(t.Context(), db, access.Caller{Role: access.Administrator}, ""); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("%v", err)
	}
}
