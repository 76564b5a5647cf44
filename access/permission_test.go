package access

import (
	"strings"
	"testing"

	"holdfast/fact/refusal"
)

func TestTableIsTheOnlyDoor(t *testing.T) {
	seen := map[Act]bool{}
	for _, row := range Table() {
		if seen[row.Act] {
			t.Errorf("%q stands twice", row.Act)
		}
		seen[row.Act] = true
		if len(row.Who) == 0 || row.Audit == "" {
			t.Errorf("%q has nobody or no audit", row.Act)
		}
	}
	for _, one := range []struct {
		role Role
		act  Act
		may  bool
	}{
		{CallHandler, TakeCall, true}, {CallHandler, Consult, false}, {CallHandler, LowerUrgency, false},
		{Clinician, LowerUrgency, true}, {Administrator, SeeCase, false}, {Administrator, FindPerson, false},
		{Partner, SendToUs, true}, {Partner, SeeCase, false}, {Manager, SetOutcome, false},
		{"", SeeWorklist, false}, {"inventor", SeeWorklist, false}, {Clinician, "something new", false},
	} {
		err := Caller{Role: one.role}.May(one.act)
		if (err == nil) != one.may {
			t.Errorf("%s, %s: %v", one.role, one.act, err)
		}
		if err != nil && refusal.KindOf(err) != refusal.Forbidden {
			t.Errorf("%s, %s: refusal of kind %s", one.role, one.act, refusal.KindOf(err))
		}
	}
}

func TestRefusalSaysWhoMay(t *testing.T) {
	err := Caller{Role: CallHandler}.May(Consult)
	if !strings.Contains(err.Error(), "a clinician") {
		t.Errorf("%q does not say who may", err)
	}
	if err := (Caller{Role: Clinician}).May(ManageStaff); !strings.Contains(err.Error(), "an administrator") {
		t.Errorf("%q does not say who may", err)
	}
}
