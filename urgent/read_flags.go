package urgent

import (
	"holdfast/access"
	"holdfast/fact"
)

// ReadFlags says that the caller's desk has read these flags, all in one.
func ReadFlags(c Case, _ access.Caller, flags []fact.ID) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if len(union(append([]fact.ID(nil), c.FlagsRead...), flags)) == len(c.FlagsRead) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(c.ID, FlagsRead{Flags: flags})}, nil
}
