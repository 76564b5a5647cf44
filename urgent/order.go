package urgent

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// PutFirst puts a case before all that is not late yet, with a reason. It
// never changes what is needed or by when, and nothing stands further back
// than its deadline says.
func PutFirst(c Case, by access.Caller, why string, now time.Time) ([]fact.Draft, error) {
	return order(c, by, why, fact.At(now))
}

// PutBack lets a case stand by its deadline again.
func PutBack(c Case, by access.Caller, why string) ([]fact.Draft, error) {
	if c.First() == 0 {
		return nil, nil
	}
	return order(c, by, why, 0)
}

func order(c Case, by access.Caller, why string, before fact.Millis) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if err := by.May(access.RaiseCase); err != nil {
		return nil, err
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why: whoever works the list reads it.")
	}
	if len(why) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	return []fact.Draft{fact.Say(c.ID, OrderRaised{Before: before, Why: why, By: by.Says()})}, nil
}
