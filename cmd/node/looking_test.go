package node_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent"
)

// at signs somebody in at a node.
func (p *pair) at(n *node.Node, name string, role access.Role) (again func() access.Caller) {
	p.t.Helper()
	ctx := p.t.Context()
	person, err := n.Gate.AddStaff(ctx, n.Device, access.PersonAdded{Name: name}, []access.Role{role})
	p.must(err)
	link, err := n.Gate.MakeLink(ctx, n.Device, person, role, access.ForSignIn, time.Hour)
	p.must(err)
	token, _, err := n.Gate.UseLink(ctx, link, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "desk 6")
	p.must(err)
	return func() access.Caller {
		by, err := n.Gate.Caller(ctx, token)
		p.must(err)
		return by
	}
}

// person registers somebody at a node.
func (p *pair) person(n *node.Node, family string) fact.Subject {
	p.t.Helper()
	id := p.subject(n)
	p.says(n, suspectPerson, fact.Say(id, record.PersonRegistered{Identity: record.Identity{Name: record.Name{Given: "Nora", Family: family}, Born: codes.Date{Year: 1950, Month: 2, Day: 3}}}))
	return id
}

func (p *pair) tasksOf(n *node.Node, list task.List, what task.What) (out []task.Raised) {
	p.t.Helper()
	all, err := taskdb.Open(context.Background(), n.Journal.Views(), n.Device, list)
	p.must(err)
	for _, t := range all {
		if t.What().What == what {
			out = append(out, t.What())
		}
	}
	return out
}

// Drill 27: an insider opens a canary and a well-known person's record, at a
// device that is cut off from the one where governance works.
func TestLooksMadeElsewhereAlarmWhenTheyArrive(t *testing.T) {
	p := newPair(t)
	p.a.Start()
	ctx := t.Context()
	gov := p.at(p.a, "E. Wardle", access.InformationGovernance)
	canary, known := p.person(p.a, "Quillfeather"), p.person(p.a, "Marchbank")
	whole := func(context.Context, fact.Subject) ([]fact.Subject, int, error) { return nil, 0, nil }
	for s, m := range map[fact.Subject]access.Mark{canary: access.MarkCanary, known: access.MarkPublic} {
		p.must(p.a.Gate.MarkRecord(ctx, gov(), access.RecordMarked{About: s, Mark: m, Why: "a test"}, whole))
	}
	p.meet()
	// at b, which nobody reaches now
	insider := p.at(p.b, "I. Nosey", access.Clinician)
	p.must(p.b.Gate.Enter(ctx, insider(), access.SeePerson, canary))
	if err := p.b.Gate.Enter(ctx, insider(), access.SeePerson, known); !errors.Is(err, access.ErrSayWhy) {
		t.Error("a well-known person's record opens without a reason:", err)
	}
	p.must(p.b.Gate.GiveReason(ctx, insider(), known, access.SeePerson, "just curious"))
	// they have nothing in hand and opened a canary: the passkey comes first
	if err := p.b.Gate.Enter(ctx, insider(), access.SeePerson, known); !errors.Is(err, access.ErrProve) {
		t.Error("a session that opened a canary is not held:", err)
	}
	p.must(p.b.Gate.Enter(ctx, insider(), access.TakeCall, fact.Subject{}))
	p.time.forward(time.Second)
	p.must(p.b.Gate.ProveInDemo(ctx, insider(), "records"))
	p.must(p.b.Gate.Enter(ctx, insider(), access.SeePerson, known))
	if n := len(p.tasksOf(p.a, task.InformationGovernance, task.Canary)); n != 0 {
		t.Fatal("an alarm before anything arrived")
	}
	w, err := p.a.Gate.WhoLookedAt(ctx, gov(), canary, wholeOf(canary), func(fact.Subject) bool { return false }, time.UTC)
	p.must(err)
	if len(w.Missing) != 1 {
		t.Errorf("it says that it is complete: %q", w.Missing)
	}
	p.meet()
	began := time.Now()
	until(t, "an alarm", func() bool { return len(p.tasksOf(p.a, task.InformationGovernance, task.Canary)) == 1 })
	if took := time.Since(began); took > 60*time.Second {
		t.Errorf("it took %v", took)
	}
	until(t, "a review of the other", func() bool { return len(p.tasksOf(p.a, task.InformationGovernance, task.LookedAt)) == 1 })
	if raised := p.tasksOf(p.a, task.InformationGovernance, task.Canary)[0]; raised.About != insider().Session || !raised.Urgent {
		t.Errorf("%+v", raised)
	}
	w, err = p.a.Gate.WhoLookedAt(ctx, gov(), known, wholeOf(known), func(fact.Subject) bool { return true }, time.UTC)
	p.must(err)
	if !slices.ContainsFunc(w.Looks, func(s accessSeen) bool { return s.Name == "I. Nosey" && s.Why == "just curious" && !s.Reason }) {
		t.Errorf("%+v", w.Looks)
	}
	text, err := p.a.Gate.Signed(w)
	p.must(err)
	if !bytes.Contains(text, []byte("\tI. Nosey\tclinician\t")) || !bytes.Contains(text, []byte("\ncomplete: yes")) {
		t.Errorf("%s", text)
	}
}

// Hazard: a canary or a cap freezes somebody who has a patient before them.
func TestACanaryFreezesNobodyAndNobodySeesIt(t *testing.T) {
	p := newPair(t)
	p.a.Start()
	ctx := t.Context()
	gov, nurse := p.at(p.a, "E. Wardle", access.InformationGovernance), p.at(p.a, "P. Varma", access.Clinician)
	canary := p.person(p.a, "Quillfeather")
	whole := func(context.Context, fact.Subject) ([]fact.Subject, int, error) { return nil, 0, nil }
	p.must(p.a.Gate.MarkRecord(ctx, gov(), access.RecordMarked{About: canary, Mark: access.MarkCanary, Why: "a test"}, whole))
	mine := p.caseOn(p.a, none)
	if err := p.a.Gate.MarkRecord(ctx, gov(), access.RecordMarked{About: mine, Mark: access.MarkCanary, Why: "a mistake"}, p.a.WholeAbout); len(refusal.Fields(err)) != 1 {
		t.Error("somebody who needs care was made a canary:", err)
	}
	_, err := p.a.Cases.Do(ctx, nurse(), access.Claim, mine, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) { return urgent.Claim(c, nurse()) })
	p.must(err)
	p.must(p.a.Gate.Found(ctx, nurse(), []fact.Subject{canary}))
	p.must(p.a.Gate.Enter(ctx, nurse(), access.SeePerson, canary))
	until(t, "an alarm", func() bool { return len(p.tasksOf(p.a, task.InformationGovernance, task.Canary)) == 1 })
	if _, err := p.a.Cases.Case(ctx, nurse(), mine); err != nil {
		t.Error("the open case is closed to them:", err)
	}
	if err := p.a.Gate.Enter(ctx, nurse(), access.TakeCall, fact.Subject{}); err != nil {
		t.Error("a new call waits:", err)
	}
	lines, err := p.a.App.Tasks.Open(ctx, nurse())
	p.must(err)
	for _, l := range lines {
		t.Errorf("a nurse sees %q", l.What)
	}
	lines, err = p.a.App.Tasks.Open(ctx, gov())
	p.must(err)
	if len(lines) != 1 || !lines[0].About.Zero() {
		t.Errorf("governance sees %+v", lines)
	}
	// with 100 records open the nurse's own case is not closed, and another asks
	asked := false
	for range 100 {
		if err := p.a.Gate.Enter(ctx, nurse(), access.SeePerson, p.subject(p.a)); err != nil {
			asked = errors.Is(err, access.ErrProve)
			break
		}
	}
	if !asked {
		t.Error("no cap asks anything")
	}
	again := p.caseOn(p.a, none)
	_, err = p.a.Cases.Do(ctx, nurse(), access.Claim, again, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) { return urgent.Claim(c, nurse()) })
	p.must(err)
	if _, err := p.a.Cases.Case(ctx, nurse(), again); err != nil {
		t.Error("a case in their hands is closed by the cap:", err)
	}
}

// Glass that was broken is told at once to governance and to the shift.
func TestBrokenGlassIsTold(t *testing.T) {
	p := newPair(t)
	p.a.Start()
	ctx := t.Context()
	boss := p.at(p.a, "J. Threlkeld", access.Administrator)
	c := p.caseOn(p.a, none)
	if _, err := p.a.Cases.Case(ctx, boss(), c); !errors.Is(err, access.ErrSayWhy) {
		t.Fatal(err)
	}
	p.must(p.a.Gate.GiveReason(ctx, boss(), c, access.SeeCase, "the clinicians are gone"))
	if _, err := p.a.Cases.Case(ctx, boss(), c); err != nil {
		t.Fatal(err)
	}
	for _, list := range []task.List{task.InformationGovernance, task.Managers} {
		until(t, "a task for "+string(list), func() bool { return len(p.tasksOf(p.a, list, task.LookedAt)) == 1 })
	}
}

type accessSeen = accessdb.Seen

func wholeOf(s fact.Subject) accessdb.Whole {
	return func(context.Context, fact.Subject) ([]fact.Subject, int, error) { return []fact.Subject{s}, 0, nil }
}
