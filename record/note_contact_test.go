package record

import (
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

func TestRepeatCaller(t *testing.T) {
	w := registered(t, wilfred())
	first, second, this := fact.Subject{1, 1}, fact.Subject{2, 2}, fact.Subject{3, 3}
	at := func(d time.Duration, c ContactNoted) {
		drafts, err := NoteContact(w.on("a"), ruth, c, now)
		for i := range drafts {
			drafts[i] = drafts[i].When(now.Add(d))
		}
		w.say("a", ruth, drafts, err)
	}
	at(-48*time.Hour, ContactNoted{Case: first, Complaint: "cough"})
	at(-47*time.Hour, ContactNoted{Case: first, Dx: "Dx08", Outcome: "own GP within 24 h"})
	at(-97*time.Hour, ContactNoted{Case: second, Complaint: "fall"})
	at(0, ContactNoted{Case: this})
	got := w.all().CasesSince(now.Add(-96*time.Hour), this)
	if len(got) != 1 || got[0].Says.Case != first || got[0].Says.Complaint != "cough" || got[0].Says.Dx != "Dx08" {
		t.Errorf("%+v", got)
	}
	if got := w.all().CasesSince(now.Add(-200*time.Hour), this); len(got) != 2 || got[0].Says.Case != second {
		t.Errorf("%+v", got)
	}
	d, err := NoteContact(w.all(), ruth, ContactNoted{Case: this}, now)
	nothing(t, d, err)
	d, err = NoteContact(w.all(), ruth, ContactNoted{}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = NoteContact(w.all(), admin, ContactNoted{Case: this}, now)
	refused(t, refusal.Forbidden, d, err)
}
