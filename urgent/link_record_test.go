package urgent

import (
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

func TestLinkRecord(t *testing.T) {
	s := begin(t)
	c := s.taken()
	_, err := LinkRecord(c, nurse, fact.Subject{77})
	wantRefusal(t, err, refusal.Invalid)
	drafts, err := Describe(c, handler, Description{Patient: &PatientDescribed{Identity: record.Identity{Name: record.Name{Family: "Tansley"}}}})
	c = s.says(handler, drafts, err)
	_, err = LinkRecord(c, nurse, fact.Subject{})
	wantRefusal(t, err, refusal.Invalid)
	drafts, err = LinkRecord(c, nurse, fact.Subject{77})
	c = s.says(nurse, drafts, err)
	if p, ok := c.Patient.Get(); !ok || p.Record != (fact.Subject{77}) || p.Identity.Name.Family != "Tansley" {
		t.Fatalf("%+v", p)
	}
	again, err := LinkRecord(c, nurse, fact.Subject{77})
	if err != nil || len(again) != 0 {
		t.Fatal("linking twice says it twice", again, err)
	}
	p, _ := c.Patient.Get()
	p.MayLook = No
	drafts, err = Describe(c, handler, Description{Patient: &p})
	c = s.says(handler, drafts, err)
	_, err = LinkRecord(c, nurse, fact.Subject{78})
	wantRefusal(t, err, refusal.Forbidden)
}
