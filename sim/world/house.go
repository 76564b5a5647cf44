package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
)

// tell states something about the organisation itself at a device, by a manager.
func (w *World) tell(d *device, content fact.Content, random *rand.Rand) (fact.ID, bool) {
	by := d.org.pick(random, access.Manager)
	facts, err := w.say(d, by.Author(), func(tx *journal.Tx) ([]fact.Draft, error) {
		if _, err := tx.History(d.j.OrgSubject()); err != nil {
			return nil, err
		}
		return []fact.Draft{fact.Say(d.j.OrgSubject(), content)}, nil
	})
	if err != nil || len(facts) == 0 {
		if !d.rotten {
			w.fail("device %d could not state kind %d: %v", d.number, content.FactKind().Number, err)
		}
		return fact.ID{}, false
	}
	return facts[len(facts)-1].ID, true
}

// cut trusts a device, or one of the staff, no further: from now on or from
// some moment before. The first device is never cut, so that there is one that
// can readmit.
func (w *World) cut(ctx context.Context, d *device, random *rand.Rand) error {
	says := journal.CutMade{Since: fact.At(w.now), Why: "a laptop was stolen"}
	target := w.devices[random.IntN(len(w.devices))]
	switch {
	case random.IntN(2) == 0:
		says.Person = d.org.pick(random, access.CallHandler, access.Clinician).Person
	case target.org != d.org || target.card() == d.card() || target.card() == d.org.first.card():
		return nil
	default:
		says.Device = target.card()
	}
	for _, t := range d.j.Tips() {
		from, known := d.j.DeviceOf(t.Feed)
		if !known || (!says.Device.Zero() && from != says.Device) {
			continue
		}
		up := fact.After{Feed: t.Feed, Size: t.Size, Root: t.Root}
		if earlier := 1 + random.Uint64N(t.Size); earlier < t.Size && random.IntN(2) == 0 {
			roots, err := d.j.RootsAt(ctx, t.Place(), []uint64{earlier})
			if err != nil && !d.rotten {
				return fmt.Errorf("device %d: %w", d.number, err)
			}
			if err == nil {
				up.Size, up.Root = earlier, roots[0]
			}
		}
		says.Up = append(says.Up, up)
	}
	if _, ok := w.tell(d, says, random); ok {
		w.log("d%d cuts off a device: %v", d.number, !says.Device.Zero())
		w.changed(ctx, d, nil)
	}
	return nil
}

// lift readmits what a cut holds, all of it or fact by fact.
func (w *World) lift(ctx context.Context, d *device, random *rand.Rand) error {
	var open []journal.Cut
	for _, c := range d.j.House().Cuts {
		if !c.Over {
			open = append(open, c)
		}
	}
	if len(open) == 0 {
		return nil
	}
	says := journal.Readmitted{Cut: open[random.IntN(len(open))].ID, Why: "looked at"}
	if random.IntN(2) == 0 {
		held, _, err := d.j.HeldFacts(ctx, says.Cut, 0, 5)
		if err != nil && !d.rotten {
			return fmt.Errorf("device %d: %w", d.number, err)
		}
		for _, h := range held {
			says.Facts = append(says.Facts, h.Fact.ID)
		}
	}
	if _, ok := w.tell(d, says, random); ok {
		w.log("d%d readmits %d facts", d.number, len(says.Facts))
		w.changed(ctx, d, nil)
	}
	return nil
}

// keepKeys has every device do what is due about the organisation's keys. One
// whose disk fails it does so at the next tick.
func (w *World) keepKeys(ctx context.Context) {
	for _, d := range w.devices {
		before := replicate.VectorOf(d.j.Tips())
		if err := d.j.KeepKeys(ctx); err == nil && replicate.VectorOf(d.j.Tips()) != before {
			w.changed(ctx, d, nil)
		}
	}
}

// liftDevices ends all cuts of devices that the organisations' first devices
// know of, so that all come together again.
func (w *World) liftDevices(ctx context.Context) {
	for _, o := range w.orgs {
		for _, c := range o.first.j.House().Cuts {
			if c.Over || c.Says.Device.Zero() || o.lifted[c.ID] {
				continue
			}
			o.lifted[c.ID] = true
			if _, ok := w.tell(o.first, journal.Readmitted{Cut: c.ID, Why: "found again"}, w.random); ok {
				w.changed(ctx, o.first, nil)
			}
		}
	}
}

// erase destroys the keys of a case or a record.
func (w *World) erase(ctx context.Context, d *device, random *rand.Rand) error {
	all := d.org.subjects[[]topic{aCase, aPerson}[random.IntN(2)]]
	if len(all) == 0 {
		return nil
	}
	subject := all[random.IntN(len(all))]
	if _, ok := w.tell(d, journal.SubjectErased{Subject: subject, Why: "asked for by the patient"}, random); ok {
		d.org.erased[subject] = true
		w.log("d%d erases a %s", d.number, d.org.is[subject])
		w.changed(ctx, d, nil)
	}
	return nil
}

// card names the machine, or that of which it is a clone.
func (d *device) card() fact.Subject { return d.j.Device().Card().Device }

// sameHouse compares what two devices hold back, and what is erased there.
func (w *World) sameHouse(a, b *device) {
	if a.j.HeldDigest() != b.j.HeldDigest() {
		w.fail("devices %d and %d hold back different facts", a.number, b.number)
	}
}

// buried looks in a device's file for keys that were to be destroyed.
func (w *World) buried(d *device) error {
	for subject := range d.j.House().Erased {
		n, err := d.count("SELECT count(*) FROM wraps WHERE subject=?", subject[:])
		if err != nil {
			return err
		}
		if n > 0 {
			w.fail("device %d keeps %d keys of an erased %s", d.number, n, d.org.is[subject])
		}
	}
	return nil
}

// count asks a device's journal file with a reader of its own.
func (d *device) count(query string, args ...any) (n int, err error) {
	db, err := d.reader()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return n, db.QueryRow(query, args...).Scan(&n)
}

// reader opens a device's journal file beside the journal.
func (d *device) reader() (*sql.DB, error) {
	newest, err := d.journalFile()
	if err != nil {
		return nil, err
	}
	q := url.Values{"mode": {"ro"}, "vfs": {d.disk.VFS()}}
	return sql.Open("sqlite", "file:"+newest+"?"+q.Encode())
}
