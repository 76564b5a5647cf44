package urgent

import (
	"encoding/binary"
	"fmt"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// TakeCall begins a case in the first second of a call. Nothing but the call
// itself is needed.
func TakeCall(c Case, by access.Caller, calling codes.Phone, now time.Time) ([]fact.Draft, error) {
	if c.Begun() {
		return nil, refusal.New(refusal.Taken, "This call has been taken already.")
	}
	taken := CallTaken{Number: NumberOf(c.ID, now), Calling: calling, By: by.Says()}
	return []fact.Draft{fact.Say(c.ID, taken)}, nil
}

// NumberOf gives the number that people say for a case: the year in London
// and nine digits drawn from the case's random name, so that devices that
// cannot hear each other need not agree on a next one.
func NumberOf(id fact.Subject, now time.Time) string {
	n := binary.BigEndian.Uint64(id[:8]) % 1_000_000_000
	return fmt.Sprintf("%s-%03d-%03d-%03d", now.In(codes.London()).Format("06"), n/1_000_000, n/1000%1000, n%1000)
}
