package accessdb

import (
	"context"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Relayed says who asks by way of another device of the organisation, in a
// session that was opened on that device. A session of another device, one that
// is not known here yet, and one that a cut holds back open nothing.
func (g *Gate) Relayed(ctx context.Context, device, session fact.Subject) (access.Caller, error) {
	h, err := g.journal.History(ctx, session)
	if err != nil {
		return access.Caller{}, err
	}
	opened := false
	for _, f := range h.Facts() {
		if _, err := fact.Read[access.SessionOpened](f); err != nil {
			continue
		}
		by, known := g.journal.DeviceOf(f.Header.Feed)
		opened = known && by == device
	}
	if !opened {
		return access.Caller{}, refusal.New(refusal.Forbidden, "The site does not know yet that you are signed in at this machine. Try again in a moment.")
	}
	s := access.FoldSession(session, h)
	if len(s.Opened) != 1 {
		return access.CallerOf(s, access.Staff{}, g.journal.Genesis(), g.Policy, g.clock())
	}
	staff, err := g.journal.History(ctx, s.Opened[0].Person)
	if err != nil {
		return access.Caller{}, err
	}
	return unlocked(g.asking(ctx, s, access.FoldStaff(s.Opened[0].Person, staff)))
}
