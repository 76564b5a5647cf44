package node_test

import (
	"errors"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
)

// about opens a case about somebody who has a record.
func (p *pair) about(n *node.Node, family string) (id, rec fact.Subject) {
	p.t.Helper()
	rec = p.person(n, family)
	id = p.caseOn(n, func(id fact.Subject) []fact.Draft {
		return []fact.Draft{fact.Say(id, urgent.PatientDescribed{Record: rec, Identity: record.Identity{Name: record.Name{Given: "Nora", Family: family}}})}
	})
	return id, rec
}

func (p *pair) relations(n *node.Node, by access.Caller, about fact.Subject) (out []access.Relation) {
	p.t.Helper()
	h, err := n.Journal.History(p.t.Context(), by.Session)
	p.must(err)
	for _, f := range h.Facts() {
		if c, err := fact.Read[access.Looked](f); err == nil && c.Act == access.SeePerson && c.About == about {
			out = append(out, c.Relation)
		}
	}
	return out
}

// A record opens by what links somebody to it, and the look says what: work on
// a case about it, live work of the service, a call in hand, a search of theirs
// a moment ago. Nothing links them to the record of a case that is over.
func TestARecordOpensByWhatLinksThemToIt(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	nurse := p.at(p.a, "P. Varma", access.Clinician)
	mine, hers := p.about(p.a, "Tansley")
	_, live := p.about(p.a, "Quillfeather")
	over, past := p.about(p.a, "Marchbank")
	p.says(p.a, suspectPerson, fact.Say(over, urgent.Closed{Why: "advice given", By: "S. Thorne"}))
	p.says(p.a, nurse(), fact.Say(mine, urgent.Claimed{By: nurse().Says()}))
	see := p.a.App.People.Person
	for rec, want := range map[fact.Subject]access.Relation{hers: access.OnCase, live: access.OnShift} {
		_, err := see(ctx, nurse(), rec)
		p.must(err)
		if got := p.relations(p.a, nurse(), rec); len(got) != 1 || got[0] != want {
			t.Errorf("the look says %q, not %q", got, want)
		}
	}
	if _, err := see(ctx, nurse(), past); !errors.Is(err, access.ErrSayWhy) {
		t.Fatal("a record that nothing links them to opens without a reason:", err)
	}
	if found, err := p.a.App.People.Find(ctx, nurse(), record.Query{Family: "Marchbank", Given: "Nora"}); err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if _, err := see(ctx, nurse(), past); err != nil {
		t.Error("whoever takes a call can't open the record that they found:", err)
	}
	p.time.forward(31 * time.Minute)
	if _, err := see(ctx, nurse(), past); !errors.Is(err, access.ErrSayWhy) {
		t.Error("found once, open for ever:", err)
	}
	p.says(p.a, nurse(), fact.Say(p.subject(p.a), urgent.CallTaken{Number: "26-9", By: nurse().Says()}))
	if _, err := see(ctx, nurse(), past); err != nil {
		t.Error("a call in hand, whose caller may be anybody:", err)
	}
}

// Somebody whose time is over goes on with the people of their open work and
// reads and writes in nobody else's record.
func TestWhoseTimeIsOverKeepsToTheirOwnPeople(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	nurse := p.at(p.a, "P. Varma", access.Clinician)
	mine, hers := p.about(p.a, "Tansley")
	other, elsewhere := p.about(p.a, "Quillfeather")
	p.says(p.a, nurse(), fact.Say(mine, urgent.Claimed{By: nurse().Says()}))
	p.time.forward(p.a.Gate.Policy.SessionLasts + time.Minute)
	late := nurse()
	if late.Lapsed.IsZero() {
		t.Fatal("the session goes on")
	}
	see := p.a.App.People.Person
	if _, err := see(ctx, late, hers); err != nil {
		t.Error("their own patient's record is closed:", err)
	}
	p.must(p.a.Gate.Enter(ctx, late, access.WritePerson, mine))
	p.must(p.a.Gate.Enter(ctx, late, access.WritePerson, hers))
	if _, err := see(ctx, late, elsewhere); !refusal.Is(err, refusal.Forbidden) || errors.Is(err, access.ErrSayWhy) {
		t.Error("somebody else's patient:", err)
	}
	for _, s := range []fact.Subject{other, elsewhere} {
		p.refused(p.a.Gate.Enter(ctx, late, access.WritePerson, s))
	}
	p.must(p.a.Gate.Enter(ctx, late, access.CallEmergency, other))
}
