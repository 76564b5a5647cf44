package accessdb

import (
	"context"
	"errors"

	"holdfast/access"
	"holdfast/fact"
)

// Enter checks permission and records the look, both before any data is
// read. A refusal is recorded too. It asks for the usual purpose of the
// caller's role, as somebody on shift.
func (g *Gate) Enter(ctx context.Context, by access.Caller, act access.Act, about fact.Subject) error {
	return g.EnterAs(ctx, by, access.Ask{Act: act}, about)
}

// EnterAs is Enter for a caller of whom it is known how they are linked to what
// they ask for, or what they need it for.
func (g *Gate) EnterAs(ctx context.Context, by access.Caller, q access.Ask, about fact.Subject) error {
	answer, why, err := g.guard(ctx, by, q, about)
	if errors.Is(err, access.ErrSayWhy) {
		err = &access.NeedsReason{Act: q.Act, About: about, Err: err}
	}
	if err != nil {
		if !by.Session.Zero() {
			err = errors.Join(err, g.record(ctx, by, access.Refused{Act: q.Act, About: about}))
		}
		return err
	}
	if by.Session.Zero() {
		return nil // this device itself; what it does is in its facts
	}
	looked := access.Looked{Act: q.Act, About: about, Relation: answer.Relation, Purpose: answer.Purpose, Why: why}
	switch answer.Audit {
	case access.Look:
		return g.look(ctx, by, looked)
	case access.List:
		return g.record(ctx, by, looked)
	}
	return nil
}

// look records a look, once in a while for each session and record. A look
// that is more than the last one (not linked, for another purpose) is recorded
// whatever was before.
func (g *Gate) look(ctx context.Context, by access.Caller, l access.Looked) error {
	key, now := lookKey{by.Session, l.About, l.Act, l.Relation, l.Purpose}, g.clock()
	if g.lookedLately(key, now) {
		return nil
	}
	if err := g.record(ctx, by, l); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.looks) >= mostRemembered {
		clear(g.looks)
	}
	g.looks[key] = now
	return nil
}
