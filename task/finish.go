package task

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Finish ends the task with an outcome. Passing on and giving up need a note.
// The same end twice is one.
func Finish(t Task, by access.Caller, req Done, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.DoTask); err != nil {
		return nil, err
	}
	req.Note, req.Says = strings.TrimSpace(req.Note), by.Says()
	if slices.ContainsFunc(t.Ends, func(e End) bool { return !e.Apart && e.By == by.Person && e.Says == req }) {
		return nil, nil
	}
	if err := workable(t, by); err != nil {
		return nil, err
	}
	if !slices.Contains(Outcomes(), req.Outcome) {
		return nil, refusal.Field("outcome", "Choose how it ended")
	}
	if req.Note == "" && (req.Outcome == PassedOn || req.Outcome == GivenUp) || len(req.Note) > MaxText {
		return nil, refusal.Field("note", "Say in a line or two to whom it was passed, or why it was given up")
	}
	return []fact.Draft{fact.Say(t.Subject, req)}, nil
}
