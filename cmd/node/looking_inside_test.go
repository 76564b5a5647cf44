package node

import (
	"context"
	"testing"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/task"
	"holdfast/task/taskdb"
)

func (n *Node) alarmsNow(t *testing.T) (count int) {
	t.Helper()
	n.caughtUp(t)
	all, err := taskdb.Open(t.Context(), n.Journal.Views(), n.Device, task.InformationGovernance)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.What().What == task.Canary {
			count++
		}
	}
	return count
}

// Looks are told whether they were made before the start, before the mark or
// after both; nothing that was told is kept, and told again it is told once.
func TestLooksAreToldOnceWheneverTheyWereMade(t *testing.T) {
	n, ctx := openInside(t), t.Context()
	session := byte(20)
	look := func(about fact.Subject) {
		t.Helper()
		session++
		by := access.Caller{Person: fact.Subject{19, session}, Name: "I. Nosey", Role: access.Clinician, Session: fact.Subject{session}}
		if err := n.Gate.Enter(ctx, by, access.SeePerson, about); err != nil {
			t.Fatal(err)
		}
		n.caughtUp(t)
	}
	gov := access.Caller{Person: fact.Subject{18}, Role: access.InformationGovernance}
	none := func(context.Context, fact.Subject) ([]fact.Subject, int, error) { return nil, 0, nil }
	mark := func(about fact.Subject) {
		t.Helper()
		if err := n.Gate.MarkRecord(ctx, gov, access.RecordMarked{About: about, Mark: access.MarkCanary, Why: "laid out"}, none); err != nil {
			t.Fatal(err)
		}
		n.caughtUp(t)
	}
	var told telling
	tell := func(want int, when string) {
		t.Helper()
		if err := n.tellLooks(ctx, &told); err != nil {
			t.Fatal(err)
		}
		if got := n.alarmsNow(t); got != want {
			t.Errorf("%s: %d alarms, want %d", when, got, want)
		}
		if len(told.owed) != 0 {
			t.Errorf("%s: %d are kept that were told", when, len(told.owed))
		}
	}
	first, second := fact.Subject{31}, fact.Subject{32}
	look(first)
	mark(first)
	tell(1, "made before the start")
	look(first)
	look(second)
	tell(2, "made since")
	mark(second)
	tell(3, "made before the mark")
	tell(3, "nothing new")
	told = telling{}
	tell(3, "another start")
	told.upTo = accessdb.LookPlace{Made: [16]byte{9}, Place: 1 << 40}
	look(second)
	tell(4, "lists made anew")
}

// Who asks at the machine itself who looked is on record as everybody is.
func TestAskingAtTheMachineItselfIsALook(t *testing.T) {
	n, ctx := openInside(t), t.Context()
	about := fact.Subject{31}
	for range 2 {
		if _, err := n.LooksReport(ctx, LooksWanted{Record: about.String()}); err != nil {
			t.Fatal(err)
		}
		n.caughtUp(t)
	}
	seen, err := n.Gate.LooksAt(ctx, n.Device, about, []fact.Subject{about})
	if err != nil || len(seen) < 2 { // this one too, when the list is quick
		t.Fatal(seen, err)
	}
	for _, s := range seen {
		if s.Act != access.SeeLooks || s.Name != "site, the machine itself" || s.Why == "" || s.Role != access.Device {
			t.Errorf("%+v", s)
		}
	}
}
