package directory

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// mayTell allows those who keep the list, and the shift manager and the
// dispatcher, who hear first that a base has closed.
func mayTell(by access.Caller) error {
	if by.Role == access.Manager || by.Role == access.Dispatcher {
		return nil
	}
	return by.May(access.KeepServices)
}

// PostNotice says that a service is closed, full or slow for a while. The
// same notice twice is one.
func PostNotice(e Entry, by access.Caller, req NoticePosted, now time.Time) ([]fact.Draft, error) {
	if err := mayTell(by); err != nil {
		return nil, err
	}
	if e.Service.Empty() {
		return nil, refusal.New(refusal.Missing, "There is no such service on the list.")
	}
	if req.Text = strings.TrimSpace(req.Text); req.Text == "" || len(req.Text) > 500 {
		return nil, refusal.Field("text", "Write what is the matter, in a line or two")
	}
	if req.Until <= req.From || req.Until <= fact.At(now) {
		return nil, refusal.Field("until", "Say until when: a time still to come, after its beginning")
	}
	for _, n := range e.Notices {
		if n.Says == req {
			return nil, nil
		}
	}
	return []fact.Draft{fact.Say(e.Subject, req)}, nil
}
