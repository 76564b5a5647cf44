package task

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Release gives the task back to its list. Only who has it can; others take
// it over instead.
func Release(t Task, by access.Caller, why string, now time.Time) ([]fact.Draft, error) {
	if err := workable(t, by); err != nil {
		return nil, err
	}
	holders := t.Holders()
	if len(holders) == 0 {
		return nil, nil
	}
	for _, h := range holders {
		if h.Person == by.Person {
			return []fact.Draft{fact.Say(t.Subject, Released{Why: why})}, nil
		}
	}
	return nil, refusal.Newf(refusal.Forbidden, "%s has this task. Take it over and say why.", holders[0].Says)
}
