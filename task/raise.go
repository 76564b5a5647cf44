package task

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// MaxText is the longest reason or note, in bytes.
const MaxText = 1000

// Raise says that there is something to do. A task that stands already, open
// or done, is not raised again: the timer acts once.
func Raise(t Task, by access.Caller, req Raised, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.DoTask); err != nil {
		return nil, err
	}
	if t.Exists() {
		return nil, nil
	}
	if req.Timer != (fact.Hash{}) && t.Subject != SubjectOf(req.Timer) {
		return nil, refusal.New(refusal.Invalid, "A task that a timer raises has its subject from the timer.")
	}
	req.Reason = strings.TrimSpace(req.Reason)
	if req.Reason == "" || len(req.Reason) > MaxText {
		return nil, refusal.Field("reason", "Say in a line or two what is to be done and why")
	}
	if !slices.Contains(Lists(), req.List) {
		return nil, refusal.Field("list", "Choose whose task it is")
	}
	if req.What == "" || req.About.Zero() {
		return nil, refusal.Field("about", "Say what the task is about")
	}
	if req.Due == 0 {
		req.Due = fact.At(now)
	}
	return []fact.Draft{fact.Say(t.Subject, req)}, nil
}
