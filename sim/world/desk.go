package world

import (
	"bytes"
	"context"
	"slices"

	"holdfast/fact"
	"holdfast/record"
	"holdfast/replicate"
	"holdfast/task"
	"holdfast/urgent"
)

func (d *device) isDesk() bool { return d.kind == fact.Desk }

// scope is a site node's idea of the live work of desks: open cases, people,
// open tasks.
type scope struct{ d *device }

// Subjects lists the live work, the same for all desks.
func (s scope) Subjects(ctx context.Context, _ fact.Subject) ([]fact.Subject, error) {
	var out []fact.Subject
	for _, what := range []topic{aCase, aPerson, aTask} {
		for _, id := range s.d.org.subjects[what] {
			h, err := s.d.j.History(ctx, id)
			if err != nil {
				return nil, err
			}
			if h.Len()+len(h.Held()) > 0 && live(what, id, h) {
				out = append(out, id)
			}
		}
	}
	slices.SortFunc(out, func(a, b fact.Subject) int { return bytes.Compare(a[:], b[:]) })
	return out, nil
}

// live tells whether somebody may still have to do something. Whatever can't be
// told is.
func live(what topic, id fact.Subject, h fact.History) bool {
	switch what {
	case aCase:
		c := urgent.Fold(id, h)
		return !c.Begun() || !c.Closed()
	case aPerson:
		return record.Fold(id, h).Registered
	case aTask:
		t := task.Fold(id, h)
		return !t.Exists() || t.Open()
	}
	return false
}

// Facts lists the facts of a subject.
func (s scope) Facts(ctx context.Context, subject fact.Subject) ([]fact.ID, error) {
	return s.d.j.FactIDs(ctx, subject)
}

// restate tells links to desks that there is news, when there is.
func (w *World) restate(ctx context.Context, l *line, i int) error {
	e := l.ends[i]
	if e.device.isDesk() || !l.ends[1-i].device.isDesk() || l.closed || !e.ready() {
		return nil
	}
	now, err := e.device.statable(ctx)
	if err != nil || e.told == now {
		return err
	}
	subjects, err := scope{e.device}.Subjects(ctx, fact.Subject{})
	if err != nil {
		return err
	}
	e.told = now
	w.post(ctx, l, i, e.link.Touched(ctx, subjects, e.device.hears()))
	return nil
}

// statable changes whenever there is more that desks can be told of: facts, or
// keys that came late.
func (d *device) statable(ctx context.Context) (fact.Hash, error) {
	missing, err := d.j.MissingKeys(ctx, 10_000)
	vector := replicate.VectorOf(d.j.Tips())
	return fact.Labelled("holdfast/world-statable/1", vector[:], []byte{byte(len(missing)), byte(len(missing) >> 8)}), err
}

// desksTold tells whether a line's ends have stated what they hold now.
func (l *line) desksTold() bool {
	for i, e := range l.ends {
		if e.device.isDesk() || !l.ends[1-i].device.isDesk() {
			continue
		}
		if now, err := e.device.statable(context.Background()); err != nil || e.told != now {
			return false
		}
	}
	return true
}

// sameWork looks whether a desk holds the whole of every subject of its live
// work, and makes the same of it as the site.
func (w *World) sameWork(ctx context.Context, site, desk *device, there, here *stock) error {
	subjects, err := scope{site}.Subjects(ctx, fact.Subject{})
	if err != nil {
		return err
	}
	extra := map[fact.Subject]bool{}
	for id, f := range here.facts {
		if there.ids[id] {
			continue
		}
		extra[f.Header.Subject] = true
		if e := w.ledger.saved[id]; e != nil && e.gone == "" && !f.OfJournal() { // what was left in doubt nobody counts on
			w.fail("desk %d holds fact %s, which the site lacks", desk.number, id.Short())
		}
	}
	lacks := map[fact.Subject]int{}
	for id, f := range there.facts {
		switch {
		case !here.ids[id] && f.Body.Kind == 0: // what the site itself has no key for it can give to nobody
			extra[f.Header.Subject] = true
		case !here.ids[id]:
			lacks[f.Header.Subject]++
		}
		if mine := here.facts[id]; f.Body.Kind == 0 && mine.Body.Kind != 0 {
			w.fail("desk %d can open fact %s, and the site can't", desk.number, id.Short())
		}
	}
	for _, s := range subjects {
		if lacks[s] > 0 {
			w.fail("desk %d lacks %d facts of a %s that it works on", desk.number, lacks[s], desk.org.is[s])
		} else if !extra[s] && there.states[s] != here.states[s] {
			w.fail("desk %d makes another state of a %s", desk.number, desk.org.is[s])
		}
	}
	w.sameHouse(site, desk)
	return nil
}
