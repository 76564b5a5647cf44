package world

import (
	"context"
	"math/rand/v2"

	"holdfast/sim/disk"
)

// armed is a fault that waits for a write or flush between people's acts.
type armed struct {
	before uint32 // the incarnation
	met    bool
}

// failsBetween lets one write or flush fail while nobody works here: when keys,
// attachments, papers or receipts arrive, are written, or a new incarnation
// begins. The journal may do no less than when somebody waits for an answer.
func (w *World) failsBetween(ctx context.Context, d *device, random *rand.Rand) error {
	if d.rotten || !d.j.Health().Saving {
		return nil
	}
	d.armed = &armed{before: d.j.Health().Incarnation}
	d.disk.Arm(disk.Fault{At: 1 + random.IntN(8), How: disk.How(1 + random.IntN(2))})
	if random.IntN(2) == 0 {
		err := d.j.FlushReceipts(ctx)
		w.log("d%d writes its receipts: %v", d.number, err == nil)
		if d.disk.Gone() {
			return nil
		}
		if err := w.rests(d); err != nil {
			return err
		}
	}
	if other := w.sister(d); other != nil && !other.rotten {
		return w.work(ctx, other, random)
	}
	return nil
}

// rests waits until a device has come to rest: a copying of its log is done,
// and if a write failed between acts, it goes on in a new file.
func (w *World) rests(d *device) error {
	if d.j == nil || d.disk.Gone() {
		return nil
	}
	if w.plan.Shape.Checkpoints {
		if err := d.j.Rest(context.Background()); err != nil && d.disk.Fired() == 0 && !d.broken && !d.rotten {
			return err
		}
	}
	a := d.armed
	if a == nil || a.met || d.disk.Fired() == 0 {
		return nil
	}
	a.met = true
	return w.movedOn(d, a.before)
}

// movedOn judges a journal of which one write failed.
func (w *World) movedOn(d *device, before uint32) error {
	if err := d.settled(before); err != nil {
		return err
	}
	h := d.j.Health()
	w.log("d%d: a write failed, incarnation %d, saving %v", d.number, h.Incarnation, h.Saving)
	if !h.Saving || h.Incarnation == before || h.Sentence == "" {
		w.fail("device %d: one write failed: saving %v, incarnation %d after %d, %q", d.number, h.Saving, h.Incarnation, before, h.Sentence)
	}
	w.result.Moves++
	return nil
}

// disarm takes back the faults that have not come.
func (w *World) disarm() error {
	for _, d := range w.devices {
		if d.armed == nil {
			continue
		}
		if err := w.rests(d); err != nil {
			return err
		}
		d.disk.Disarm()
		d.armed = nil
	}
	return nil
}
