package world

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// letGo has every desk let go at once of what has left its work: of what neither
// a site node states nor its own folds call live. Whatever fails is tried again by
// the next step.
func (w *World) letGo(ctx context.Context, random *rand.Rand) error {
	if err := w.turnOver(ctx, random); err != nil {
		return err
	}
	for _, d := range w.devices {
		if !d.isDesk() || d.j == nil || d.disk.Gone() {
			continue
		}
		if err := d.level(); err != nil {
			return err
		}
		at, _, _ := d.j.ViewsAt()
		live, err := scope{d}.Subjects(ctx, fact.Subject{})
		if err != nil {
			return err
		}
		var past []fact.Subject
		for _, what := range []topic{aCase, aTask} {
			for _, id := range d.org.subjects[what] {
				h, err := d.j.History(ctx, id)
				if err != nil {
					return err
				}
				if h.Len()+len(h.Held()) > 0 {
					past = append(past, id)
				}
			}
		}
		if err := d.j.NoteWork(ctx, append(live, d.stated.Subjects()...), past); err != nil {
			w.log("d%d can't note its work", d.number)
			continue
		}
		due := journal.Keeping{}.Due(d.j.PastWork(), w.now.Add(d.skew))
		gone, err := d.j.LetGo(ctx, due, at)
		if err == nil {
			err = d.j.SayLetGo(ctx, time.Hour)
		}
		d.moved()
		if err != nil {
			w.log("d%d can't let go now", d.number)
		}
		for _, s := range gone {
			w.result.LetGo++
			if slices.Contains(live, s) {
				w.fail("desk %d let go of a %s that it works on", d.number, d.org.is[s])
			}
		}
		w.log("d%d lets go of %d of %d that are due; %d are live", d.number, len(gone), len(due), len(live))
		if d.disk.Gone() {
			continue
		}
		if err := w.rests(d); err != nil {
			return err
		}
		w.changed(ctx, d, nil)
	}
	return nil
}

// turnOver ends some cases at a site node, and calls an ambulance for one that had
// ended: a shift alone ends too few for desks to let go of.
func (w *World) turnOver(ctx context.Context, random *rand.Rand) error {
	for _, o := range w.orgs {
		again := false
		for _, id := range o.subjects[aCase] {
			h, err := o.first.j.History(ctx, id)
			if err != nil {
				return err
			}
			c := urgent.Fold(id, h)
			by := o.pick(random, access.Clinician)
			var do deed
			switch {
			case c.Begun() && !c.Closed() && random.IntN(3) > 0:
				do = deed{"close", by, id, func(fact.History, time.Time) ([]fact.Draft, error) {
					return []fact.Draft{fact.Say(id, urgent.Closed{Why: "rang back: well", By: by.Name})}, nil
				}}
			case c.Closed() && !again && random.IntN(2) == 0:
				again = true
				do = deed{"call ambulance", by, id, folded(id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
					return urgent.CallAmbulance(c, by, w.rules, urgent.Emergency{Threat: "breathing"}, now)
				})}
			default:
				continue
			}
			if err := w.doing(ctx, o.first, do, random); err != nil || o.first.disk.Gone() {
				return err
			}
		}
	}
	return nil
}

// away tells whether a desk has let go of a subject.
func (d *device) away(s fact.Subject) bool {
	_, gone := d.j.LetGoAt(s)
	return gone
}
