package task

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Take says that the caller does it. Whoever comes second is told who has it
// and since when, and may take it over with a reason.
func Take(t Task, by access.Caller, why string, now time.Time) ([]fact.Draft, error) {
	if err := workable(t, by); err != nil {
		return nil, err
	}
	holders := t.Holders()
	if len(holders) == 1 && holders[0].Person == by.Person {
		return nil, nil
	}
	why = strings.TrimSpace(why)
	if len(holders) > 0 && why == "" {
		h := holders[0]
		return nil, refusal.Newf(refusal.Taken, "Taken by %s at %s. Ring them, or take it over and say why.",
			h.Says, codes.ClockDay(h.Since.Time(), now))
	}
	if len(why) > MaxText {
		return nil, refusal.Field("why", "This is too long to be kept: shorten it")
	}
	return []fact.Draft{fact.Say(t.Subject, Taken{Says: by.Says(), Why: why})}, nil
}

// workable tells whether the caller may work on the task as it stands.
func workable(t Task, by access.Caller) error {
	if err := by.May(access.DoTask); err != nil {
		return err
	}
	if !t.Exists() {
		return refusal.New(refusal.Missing, "There is no such task here.")
	}
	if !t.Open() {
		e := t.Ends[0]
		return refusal.Newf(refusal.Taken, "This task was ended by %s: %s.", orSomebody(e.Says.Says), e.Says.Outcome)
	}
	return nil
}

func orSomebody(says string) string {
	if says == "" {
		return "this device"
	}
	return says
}
