package record

import (
	"strings"
	"testing"

	"holdfast/codes"
	"holdfast/fact/refusal"
)

func TestRegister(t *testing.T) {
	w := registered(t, wilfred())
	p := w.all()
	if !p.Registered || p.Called() != "TANSLEY, Wilfred" || p.Identity().AgeWords(now) != "78 years" {
		t.Errorf("%+v", p)
	}
	if n := p.Identity().NHS; n.Status != codes.Unverified {
		t.Errorf("a number nobody traced is %v", n.Status)
	}
	d, err := Register(p, ruth, Registration{}, now)
	refused(t, refusal.Taken, d, err)
	d, err = Register(Person{Subject: about}, admin, Registration{}, now)
	refused(t, refusal.Forbidden, d, err)
}

func TestRegisterAStranger(t *testing.T) {
	w := registered(t, Identity{Description: "woman about 40", Age: AboutAge{Years: 40, On: codes.Date{Year: 2026}}})
	p := w.all()
	if p.Called() != "UNKNOWN, woman about 40" || p.Identity().AgeWords(now) != "about 40" || p.StatusOf(Allergy) != StatusNotAsked {
		t.Errorf("%q %q %v", p.Called(), p.Identity().AgeWords(now), p.StatusOf(Allergy))
	}
}

func TestOnlyATraceVerifies(t *testing.T) {
	id := wilfred()
	id.NHS.Status = codes.Verified
	if got := registered(t, id).all().Identity().NHS.Status; got != codes.Unverified {
		t.Errorf("a caller's number became %v", got)
	}
	w := newWorld(t)
	d, err := Register(w.on("a"), ruth, Registration{Identity: wilfred(), Source: FromTrace}, now)
	w.say("a", ruth, d, err)
	if got := w.all().Identity().NHS.Status; got != codes.Verified {
		t.Errorf("a traced number is %v", got)
	}
}

func TestRegisterChecks(t *testing.T) {
	id := wilfred()
	id.Born = codes.Date{Year: 2026, Month: 12, Day: 1}
	d, err := Register(Person{Subject: about}, ruth, Registration{Identity: id}, now)
	refused(t, refusal.Invalid, d, err)
	id = wilfred()
	id.Communication = strings.Repeat("x", MaxText+1)
	d, err = Register(Person{Subject: about}, ruth, Registration{Identity: id}, now)
	if fields := refusal.Fields(err); len(d) != 0 || len(fields) != 1 || fields[0].Field != "communication" {
		t.Errorf("%v", err)
	}
}

func TestRestrictedHidesWhereTheyAre(t *testing.T) {
	id := wilfred()
	id.Address, id.Restricted = codes.Place{Text: "11 Tenter Row"}, true
	id.Practice = Practice{ODS: "Y90001"}
	got := registered(t, id).all().Identity().Shown()
	if !got.Address.IsZero() || got.Lines != nil || got.Practice != (Practice{}) || got.Name.Family != "Tansley" {
		t.Errorf("%+v", got)
	}
}
