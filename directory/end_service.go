package directory

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// EndService says that a service no longer runs. It stays in every search, at
// the end, with the reason.
func EndService(e Entry, by access.Caller, why string, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepServices); err != nil {
		return nil, err
	}
	if e.Service.Empty() {
		return nil, refusal.New(refusal.Missing, "There is no such service on the list.")
	}
	if e.Ended != "" {
		return nil, nil
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why it no longer runs")
	}
	return []fact.Draft{fact.Say(e.Subject, ServiceEnded{Why: why})}, nil
}
