package task

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// TryInVain notes a try that reached nobody, and when it is tried next.
func TryInVain(t Task, by access.Caller, req Tried, now time.Time) ([]fact.Draft, error) {
	if err := workable(t, by); err != nil {
		return nil, err
	}
	req.Note = strings.TrimSpace(req.Note)
	if req.Note == "" || len(req.Note) > MaxText {
		return nil, refusal.Field("note", "Say what you tried: who was rung, and what you heard")
	}
	if req.Next != 0 && req.Next <= fact.At(now) {
		return nil, refusal.Field("next", "The next try lies still to come")
	}
	return []fact.Draft{fact.Say(t.Subject, req)}, nil
}
