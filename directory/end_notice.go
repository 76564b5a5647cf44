package directory

import (
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
)

// EndNotice takes a notice back before its time. A notice that is not there
// any more needs nothing.
func EndNotice(e Entry, by access.Caller, notice fact.ID, now time.Time) ([]fact.Draft, error) {
	if err := mayTell(by); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(e.Notices, func(n Notice) bool { return n.Fact == notice }) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(e.Subject, NoticeEnded{Notice: notice})}, nil
}
