package accessdb

import (
	"context"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
)

// Whole lists what stands about one person: their record and the cases about
// them, and how much of it still needs somebody.
type Whole func(ctx context.Context, record fact.Subject) (subjects []fact.Subject, open int, err error)

// MayErase is the journal's rule on tombstones.
func MayErase(h fact.History, place int) error {
	t, err := fact.Read[journal.SubjectErased](h.Facts()[place])
	if err != nil {
		return err
	}
	return access.TombstoneStands(h, place, t.Subject, t.Asked)
}

// AskForErasure asks that a person's record and cases, which it lists, be erased
// under the rule and after the days that req names.
func (g *Gate) AskForErasure(ctx context.Context, by access.Caller, record fact.Subject, req access.ErasureAsked, whole Whole) error {
	if err := g.Enter(ctx, by, access.AskErasure, record); err != nil {
		return err
	}
	subjects, open, err := whole(ctx, record)
	if err != nil {
		return err
	}
	return g.erasing(ctx, by, func(e access.Erasures, org fact.Subject) ([]fact.Draft, error) {
		req.Subjects = subjects
		return access.AskForErasure(e, org, by, req, subjects, open)
	})
}

// ApproveErasure is the second person's word.
func (g *Gate) ApproveErasure(ctx context.Context, by access.Caller, asked fact.ID) error {
	return g.erasing(ctx, by, func(e access.Erasures, org fact.Subject) ([]fact.Draft, error) {
		return access.ApproveErasure(e, org, by, asked)
	})
}

// CancelErasure stops a request.
func (g *Gate) CancelErasure(ctx context.Context, by access.Caller, asked fact.ID, why string) error {
	return g.erasing(ctx, by, func(e access.Erasures, org fact.Subject) ([]fact.Draft, error) {
		return access.CancelErasure(e, org, by, asked, why)
	})
}

// PlaceHold keeps a person's record and cases from being erased.
func (g *Gate) PlaceHold(ctx context.Context, by access.Caller, record fact.Subject, why string, whole Whole) error {
	if err := g.Enter(ctx, by, access.AskErasure, record); err != nil {
		return err
	}
	subjects, _, err := whole(ctx, record)
	if err != nil {
		return err
	}
	return g.erasing(ctx, by, func(_ access.Erasures, org fact.Subject) ([]fact.Draft, error) {
		return access.PlaceHold(org, by, access.LegalHoldPlaced{Subjects: subjects, Why: why})
	})
}

// LiftHold ends a hold.
func (g *Gate) LiftHold(ctx context.Context, by access.Caller, hold fact.ID, why string) error {
	return g.erasing(ctx, by, func(e access.Erasures, org fact.Subject) ([]fact.Draft, error) {
		return access.LiftHold(e, org, by, hold, why)
	})
}

func (g *Gate) erasing(ctx context.Context, by access.Caller, verb func(access.Erasures, fact.Subject) ([]fact.Draft, error)) error {
	if err := g.Enter(ctx, by, access.AskErasure, fact.Subject{}); err != nil {
		return err
	}
	org := g.journal.OrgSubject()
	_, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(org)
		if err != nil {
			return nil, err
		}
		return verb(access.FoldErasures(h), org)
	})
	return err
}

// Erased is one subject's tombstone with how far the erasure has come.
type Erased struct {
	Subject fact.Subject
	At      time.Time
	Why     string
	Done    int       // devices that have buried it
	Of      int       // devices of the organisation
	Vault   time.Time // by then no snapshot of keys has it any more
}

// Erasures lets the caller in and gives the requests and holds, and how far
// each tombstone has come, the newest first. A snapshot of keys may outlive an
// erasure by vault days.
func (g *Gate) Erasures(ctx context.Context, by access.Caller, vault int) (access.Erasures, []Erased, error) {
	if err := g.Enter(ctx, by, access.SeeErasures, fact.Subject{}); err != nil {
		return access.Erasures{}, nil, err
	}
	h, err := g.journal.History(ctx, g.journal.OrgSubject())
	if err != nil {
		return access.Erasures{}, nil, err
	}
	e, house := access.FoldErasures(h), g.journal.House()
	var out []Erased
	for s, t := range house.Erased {
		done := map[fact.Subject]bool{}
		for _, f := range h.Facts() { // several devices may have stated the same tombstone
			if same, err := fact.Read[journal.SubjectErased](f); err == nil && same.Subject == s {
				for _, d := range e.Buried[f.ID] {
					done[d] = true
				}
			}
		}
		at := t.At.Time()
		out = append(out, Erased{Subject: s, At: at, Why: t.Says.Why, Done: len(done), Of: len(house.Devices), Vault: at.AddDate(0, 0, vault)})
	}
	slices.SortFunc(out, func(a, b Erased) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return slices.Compare(a.Subject[:], b.Subject[:])
	})
	return e, out, nil
}

// CarryOut does what is due: it states the tombstones of requests whose time has
// come, and this device's word for each that it has buried. Any site node does
// it; said twice it is said once.
func (g *Gate) CarryOut(ctx context.Context, device access.Caller) error {
	if g.journal.Device().Card().Kind != fact.SiteNode {
		return g.sayBuried(ctx, device) // a desk holds too little to judge what is due
	}
	org := g.journal.OrgSubject()
	_, err := g.journal.Do(ctx, device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(org)
		if err != nil {
			return nil, err
		}
		var out []fact.Draft
		for _, r := range access.FoldErasures(h).Ready(tx.Now()) {
			for _, s := range r.Says.Subjects {
				if _, done := g.journal.House().Erased[s]; !done {
					out = append(out, fact.Say(org, journal.SubjectErased{Subject: s, Asked: r.Fact, Why: r.Says.Rule}))
				}
			}
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	return g.sayBuried(ctx, device)
}

// sayBuried states that this device holds nothing of erased subjects any more,
// once the journal has let go of keys, lists and half-typed forms.
func (g *Gate) sayBuried(ctx context.Context, device access.Caller) error {
	org := g.journal.OrgSubject()
	_, err := g.journal.Do(ctx, device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(org)
		if err != nil {
			return nil, err
		}
		e := access.FoldErasures(h)
		var out []fact.Draft
		for s, t := range g.journal.House().Erased {
			if slices.Contains(e.Buried[t.Fact], device.Person) || !g.journal.Buried(s) {
				continue
			}
			out = append(out, fact.Say(org, access.CopyBuried{Tombstone: t.Fact, Device: device.Person}))
		}
		slices.SortFunc(out, func(a, b fact.Draft) int {
			x, y := a.Content.(access.CopyBuried).Tombstone, b.Content.(access.CopyBuried).Tombstone
			return slices.Compare(x[:], y[:])
		})
		return out, nil
	})
	return err
}
