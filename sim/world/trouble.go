package world

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"holdfast/fact"
	"holdfast/sim/disk"
)

// take does one step of the plan.
func (w *World) take(ctx context.Context, s Step) error {
	w.step = s.Number
	d := w.devices[s.Device%uint64(len(w.devices))]
	random := s.random()
	w.log("%s, d%d", s, d.number)
	switch s.What {
	case Work:
		return w.work(ctx, d, random)
	case Kill:
		return w.crash(ctx, d, disk.Nothing, random)
	case PowerCut:
		return w.powerCut(ctx, d, random)
	case FlushFails:
		return w.flushFails(ctx, d, random)
	case DiskFails:
		return w.diskFails(ctx, d, random)
	case DiskFull:
		return w.diskFull(ctx, d, random)
	case Restart:
		return w.restart(ctx, d, nil)
	case LoseViews:
		return w.restart(ctx, d, func() error { return damageViews(d.dir(), random) })
	case Backup:
		return w.backUp(d)
	case Restore:
		return w.restore(ctx, d)
	case Jump:
		d.skew += time.Duration(random.Int64N(int64(20*365*24*time.Hour))) - 10*365*24*time.Hour
		w.turn(w.now)
		return nil
	}
	return fmt.Errorf("nobody knows how to do %q", s.What)
}

// drawLoss gives what a power cut takes.
func drawLoss(random *rand.Rand) disk.Loss {
	if random.IntN(4) == 0 {
		return disk.Unflushed
	}
	return disk.Loss(random.Uint64() | 2)
}

// crash ends a device between two writes and starts it again.
func (w *World) crash(ctx context.Context, d *device, loss disk.Loss, random *rand.Rand) error {
	if err := d.imaged(loss); err != nil {
		return err
	}
	return w.again(ctx, d, random)
}

// powerCut has the power go at some write or flush of what is done next.
func (w *World) powerCut(ctx context.Context, d *device, random *rand.Rand) error {
	loss := drawLoss(random)
	d.cutAt(1+random.IntN(60), loss)
	for range 6 {
		if err := w.work(ctx, d, random); err != nil {
			return err
		}
		if d.disk.Gone() {
			w.result.Cuts++
			return w.again(ctx, d, random)
		}
	}
	d.disk.Spare()
	return w.crash(ctx, d, loss, random)
}

// again starts a device whose folder was imaged. The power may go once more
// while it starts.
func (w *World) again(ctx context.Context, d *device, random *rand.Rand) error {
	for range 4 {
		if err := d.reborn(random.IntN(4)); err != nil {
			return err
		}
		at, loss, cut := 1+random.IntN(80), drawLoss(random), random.IntN(3) == 0
		if cut {
			d.cutAt(at, loss)
		}
		err := d.run(ctx)
		if cut && d.disk.Gone() {
			w.log("d%d: the power goes during the start", d.number)
			w.result.Cuts++
			continue
		}
		d.disk.Spare()
		return w.started(d, err)
	}
	return w.started(d, errors.Join(d.reborn(0), d.run(ctx)))
}

// started judges a start.
func (w *World) started(d *device, err error) error {
	if err != nil {
		return fmt.Errorf("device %d does not start: %w", d.number, err)
	}
	h := d.j.Health()
	w.log("d%d starts, incarnation %d, saving %v", d.number, h.Incarnation, h.Saving)
	if !h.Saving {
		w.fail("device %d starts and can't save: %s", d.number, h.Sentence)
	}
	return nil
}

// flushFails lets one write or flush fail while people work: nobody may be told
// that it is saved, and work goes on in a new file.
func (w *World) flushFails(ctx context.Context, d *device, random *rand.Rand) error {
	before := d.j.Health().Incarnation
	d.disk.Arm(disk.Fault{At: 1 + random.IntN(30), How: disk.How(1 + random.IntN(2))})
	for range 6 {
		if err := w.work(ctx, d, random); err != nil {
			return err
		}
		if d.disk.Fired() > 0 {
			break
		}
	}
	if _, fired := d.disk.Disarm(); fired == 0 {
		return nil
	}
	h := d.j.Health()
	w.log("d%d: a write failed, incarnation %d, saving %v", d.number, h.Incarnation, h.Saving)
	if !h.Saving || h.Incarnation == before || h.Sentence == "" {
		w.fail("device %d: one write failed: saving %v, incarnation %d after %d, %q", d.number, h.Saving, h.Incarnation, before, h.Sentence)
	}
	w.result.Moves++
	if random.IntN(2) == 0 {
		return w.crash(ctx, d, drawLoss(random), random)
	}
	return nil
}

// diskFails lets everything fail until the disk is changed for a copy of it.
// What is saved can be read all the while.
func (w *World) diskFails(ctx context.Context, d *device, random *rand.Rand) error {
	d.disk.Arm(disk.Fault{At: 1 + random.IntN(20), How: disk.How(1 + random.IntN(2)), Sticky: true})
	for range 6 {
		if err := w.work(ctx, d, random); err != nil {
			return err
		}
		d.broken = d.disk.Fired() > 0
	}
	if h := d.j.Health(); d.broken && h.Saving {
		w.fail("device %d: everything fails and it says that it saves", d.number)
	}
	return w.crash(ctx, d, disk.Nothing, random)
}

func (w *World) diskFull(ctx context.Context, d *device, random *rand.Rand) error {
	d.disk.Fill(true)
	d.broken = true
	for range 1 + random.IntN(4) {
		if err := w.work(ctx, d, random); err != nil {
			return err
		}
	}
	d.disk.Fill(false)
	d.broken = false
	return w.work(ctx, d, random)
}

// restart ends and starts a device in good order; between is done while it is
// off.
func (w *World) restart(ctx context.Context, d *device, between func() error) error {
	if err := d.halt(); err != nil {
		w.fail("device %d does not end in good order: %v", d.number, err)
	}
	if between != nil {
		if err := between(); err != nil {
			return err
		}
	}
	return w.started(d, d.run(ctx))
}

func damageViews(dir string, random *rand.Rand) error {
	to := dir + "-views"
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	if err := carryViews(dir, to, random.IntN(4)); err != nil {
		return err
	}
	for _, name := range []string{"views.db", "views.db-wal", "views.db-shm"} {
		if err := os.Remove(dir + "/" + name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return errors.Join(carryViews(to, dir, 1), os.RemoveAll(to))
}

// backUp copies what a running device has on its disk, as backup programs do.
func (w *World) backUp(d *device) error {
	b := backup{folder: fmt.Sprintf("%s-backup-%d", d.dir(), w.step), saved: map[fact.ID]bool{}, incarnation: d.j.Health().Incarnation}
	if err := d.disk.Image(b.folder, disk.Nothing); err != nil {
		return err
	}
	if err := os.RemoveAll(d.backup.folder); err != nil {
		return err
	}
	for id, e := range w.ledger.saved {
		b.saved[id] = e.device == d.number
	}
	d.backup = b
	return nil
}

// restore puts the newest backup in the place of the disk.
func (w *World) restore(ctx context.Context, d *device) error {
	if d.backup.folder == "" {
		return nil
	}
	if err := disk.Copy(d.backup.folder, d.folder(d.life+1), false); err != nil {
		return err
	}
	w.log("d%d: restored, %d facts may be gone", d.number, w.ledger.endangers(d.number, d.backup.saved, "restored from a backup"))
	if err := d.reborn(0); err != nil {
		return err
	}
	if err := w.started(d, d.run(ctx)); err != nil {
		return err
	}
	if h := d.j.Health(); h.Incarnation <= d.backup.incarnation {
		w.fail("device %d was restored and goes on as incarnation %d", d.number, h.Incarnation)
	}
	return nil
}
