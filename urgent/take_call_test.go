package urgent

import (
	"regexp"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func TestTakeCall(t *testing.T) {
	s := begin(t)
	c := s.taken()
	wantStage(t, c, OnCall)
	if !c.OnList() || c.RingBack().National() != "01632960418" {
		t.Fatalf("a call just taken stands on the list with its number, got %v", c.RingBack())
	}
	if !regexp.MustCompile(`^26-\d{3}-\d{3}-\d{3}$`).MatchString(c.Number) {
		t.Fatalf("case number %q", c.Number)
	}
	_, err := TakeCall(c, nurse, codes.Phone{}, s.now)
	wantRefusal(t, err, refusal.Taken)
}

func TestWithheldNumberIsNoObstacle(t *testing.T) {
	drafts, err := TakeCall(Case{ID: fact.Subject{9}}, handler, codes.Phone{Kind: codes.Withheld}, evening)
	if err != nil || len(drafts) != 1 {
		t.Fatal(drafts, err)
	}
}
