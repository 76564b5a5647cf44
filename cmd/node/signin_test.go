package node_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
)

const (
	aBrowser = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	phrase   = "harbour lantern violet spoon"
)

// signedIn opens a session at a node by a demo's one-time link.
func (p *pair) signedIn(n *node.Node, person fact.Subject, role access.Role) (string, access.Caller) {
	p.t.Helper()
	link, err := n.Gate.MakeLink(p.t.Context(), n.Device, person, role, access.ForSignIn, time.Hour)
	p.must(err)
	token, by, err := n.Gate.UseLink(p.t.Context(), link, aBrowser, "desk 6")
	p.must(err)
	return token, by
}

func (p *pair) refused(err error) {
	p.t.Helper()
	if !refusal.Is(err, refusal.Forbidden) {
		p.t.Fatal("not refused:", err)
	}
}

// A session opened at one site node is good at another once they have met, and
// over at both once it ended at either; a code that was used at one is used at
// the other, and a browser known to one is known to the other.
func TestASessionIsGoodAtEverySiteNode(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	person, err := p.a.Gate.AddStaff(ctx, p.a.Device, access.PersonAdded{Name: "P. Varma", Title: "nurse"}, []access.Role{access.Clinician})
	p.must(err)
	token, by := p.signedIn(p.a, person, access.Clinician)
	_, err = p.b.Gate.Caller(ctx, token)
	p.refused(err) // not met yet
	enrolling, err := p.a.Gate.BeginAuthenticator(ctx, by)
	p.must(err)
	secret := strings.ReplaceAll(enrolling.Type, " ", "")
	code := func() string {
		c, err := totp.GenerateCode(secret, p.time.now())
		p.must(err)
		return c
	}
	p.must(p.a.Gate.EnrolAuthenticator(ctx, by, "P Varma", phrase, code()))
	p.meet()
	there, err := p.b.Gate.Caller(ctx, token)
	p.must(err)
	if there.Session != by.Session || there.Person != person || there.Desk != "desk 6" {
		t.Fatalf("%+v", there)
	}
	p.must(p.b.Gate.SignOut(ctx, there))
	_, err = p.b.Gate.Caller(ctx, token)
	p.refused(err)
	p.meet()
	_, err = p.a.Gate.Caller(ctx, token)
	p.refused(err)

	p.time.forward(time.Minute)
	used := code()
	_, _, err = p.b.Gate.SignInByCode(ctx, "p varma", phrase, used, "", strings.Replace(aBrowser, "A", "B", 1), "desk 7")
	p.refused(err) // a browser that neither knows
	_, _, err = p.b.Gate.SignInByCode(ctx, "p varma", phrase, used, "", aBrowser, "desk 7")
	p.must(err)
	p.meet()
	_, _, err = p.a.Gate.SignInByCode(ctx, "p varma", phrase, used, "", aBrowser, "desk 6")
	p.refused(err)
}

// A shift that ends takes no open case from whoever holds it, at any node; when
// the case is finished the session is over.
func TestTheEndOfAShiftTakesNoCaseAway(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	manager := access.Caller{Person: fact.Subject{41}, Name: "M. Oduya", Role: access.Manager}
	_, err := p.a.Gate.AdmitForShift(ctx, manager, access.Admission{
		Name: "E. Sand", Title: "GP", Body: "GMC", Number: "7012345", Role: access.Clinician, Until: p.time.now().Add(10 * time.Hour),
	})
	p.must(err)
	admin := access.Caller{Person: fact.Subject{42}, Name: "A. Holt", Role: access.Administrator}
	list, err := p.a.Gate.StaffList(ctx, admin)
	p.must(err)
	var doctor fact.Subject
	for _, one := range list {
		if one.Staff.Name() == "E. Sand" {
			doctor = one.Person
		}
	}
	token, by := p.signedIn(p.a, doctor, access.Clinician)
	id, call, other := p.caseOn(p.a, none), p.subject(p.a), p.caseOn(p.a, none)
	p.says(p.a, by, fact.Say(id, urgent.Claimed{By: by.Says()}))
	p.says(p.a, by, fact.Say(call, urgent.CallTaken{Number: "26-2", By: by.Says()}), fact.Say(call, urgent.PatientDescribed{}))
	p.meet()
	p.time.forward(10*time.Hour + time.Minute)
	for _, n := range []*node.Node{p.a, p.b} {
		late, err := n.Gate.Caller(ctx, token)
		p.must(err)
		if len(late.Finishing) != 2 {
			t.Fatalf("%d cases to finish", len(late.Finishing))
		}
		_, err = n.Cases.Case(ctx, late, id)
		p.must(err)
		_, err = n.Cases.Case(ctx, late, call)
		p.must(err)
		_, err = n.Cases.Case(ctx, late, other)
		p.refused(err)
		_, err = n.Cases.TakeNext(ctx, late)
		p.refused(err)
	}
	late, err := p.b.Gate.Caller(ctx, token)
	p.must(err)
	for _, one := range []fact.Subject{id, call} {
		p.says(p.b, late, fact.Say(one, urgent.Closed{Why: "done", By: late.Says()}))
	}
	until(t, "the case off the list", func() bool { _, err = p.b.Gate.Caller(ctx, token); return err != nil })
	p.refused(err)
}
