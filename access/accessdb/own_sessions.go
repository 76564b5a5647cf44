package accessdb

import (
	"context"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// OtherSessions lets the caller in and lists their own sessions that are open,
// on whatever device, but for the one they are in.
func (g *Gate) OtherSessions(ctx context.Context, by access.Caller) ([]OpenSession, error) {
	if err := g.Enter(ctx, by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return nil, err
	}
	return g.others(ctx, by, func(id fact.Subject) (fact.History, error) { return g.journal.History(ctx, id) })
}

func (g *Gate) others(ctx context.Context, by access.Caller, history func(fact.Subject) (fact.History, error)) (out []OpenSession, err error) {
	all, err := g.openSessions(ctx, by.Person, history)
	for _, one := range all {
		if one.ID != by.Session {
			out = append(out, one)
		}
	}
	return out, err
}

// EndOthers ends other sessions of the caller: the one that is named, or all of
// them when none is. It holds on every device that hears of it.
func (g *Gate) EndOthers(ctx context.Context, by access.Caller, which fact.Subject) error {
	if err := g.Enter(ctx, by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		open, err := g.others(ctx, by, tx.History)
		if err != nil {
			return nil, err
		}
		for _, one := range open {
			if which.Zero() || one.ID == which {
				out = append(out, fact.Say(one.ID, access.SessionEnded{Why: "ended by its owner from another session"}))
			}
		}
		if len(out) == 0 {
			return nil, refusal.New(refusal.Missing, "That session is over already, or it is not yours.")
		}
		return out, nil
	})
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return err
}
