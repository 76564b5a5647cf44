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
	"holdfast/sim/net"
)

// take does one step of the plan.
func (w *World) take(ctx context.Context, s Step) error {
	w.step = s.Number
	d := w.devices[s.Device%uint64(len(w.devices))]
	random := s.random()
	w.log("%s, d%d", s, d.number)
	if err := w.tick(ctx); err != nil {
		return err
	}
	if d.disk.Gone() {
		return nil // by what the tick had it write
	}
	w.secured()
	if err := w.disarm(); err != nil {
		return err
	}
	if s.What != Work {
		d.disk.Spare()
	}
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
		return w.restore(ctx, d, random)
	case Clone:
		return w.clone(ctx, d)
	case Replace:
		return w.replace(ctx, d)
	case Flip:
		return w.flip(ctx, d, random)
	case CutOff:
		return w.cut(ctx, d, random)
	case Readmit:
		return w.lift(ctx, d, random)
	case Erase:
		return w.erase(ctx, d, random)
	case Stranger:
		return w.stranger(ctx, d, random)
	case Between:
		return w.failsBetween(ctx, d, random)
	case LetGo:
		return w.letGo(ctx, random)
	case Split, OneWay, Flap, Weather, Heal:
		w.disturb(s.What, random)
		return nil
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

// powerCut has the power go at some write or flush of what comes next: what
// people do here, or what arrives from others.
func (w *World) powerCut(ctx context.Context, d *device, random *rand.Rand) error {
	loss := drawLoss(random)
	d.cutAt(1+random.IntN(60), loss)
	for range random.IntN(7) {
		if d.disk.Gone() {
			return nil
		}
		if err := w.work(ctx, d, random); err != nil {
			return err
		}
	}
	if d.disk.Gone() || random.IntN(2) == 0 {
		return nil // it goes when something arrives
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
	if err != nil && d.rotten {
		return w.lose(context.Background(), d, "its disk had rotted")
	}
	if err != nil {
		return fmt.Errorf("device %d does not start: %w", d.number, err)
	}
	h := d.j.Health()
	w.log("d%d starts, incarnation %d, saving %v", d.number, h.Incarnation, h.Saving)
	if !h.Saving && !d.rotten {
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
	if _, fired := d.disk.Disarm(); fired == 0 || d.disk.Gone() || d.rotten {
		return nil
	}
	if err := w.movedOn(d, before); err != nil {
		w.fail("device %d: %v", d.number, err)
	}
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
	if h := d.j.Health(); d.broken && h.Saving && !d.rotten {
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
	if err := d.halt(); err != nil && !d.rotten {
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
	b := backup{folder: fmt.Sprintf("%s-backup-%d", d.dir(), w.step), saved: map[fact.ID]bool{}, incarnation: d.j.Health().Incarnation, rotten: d.rotten}
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

// restore puts the newest backup in the place of the disk. Now and then it
// brings back, against the rule, what no backup should hold.
func (w *World) restore(ctx context.Context, d *device, random *rand.Rand) error {
	if d.backup.folder == "" {
		return nil
	}
	start := random.IntN(2) == 0 && w.sisters(d) > 0
	if err := disk.Copy(d.backup.folder, d.folder(d.life+1), start); err != nil {
		return err
	}
	w.log("d%d: restored, start %v, %d facts may be gone", d.number, start, w.ledger.endangers(d, d.backup.saved, "restored from a backup"))
	if err := d.reborn(0); err != nil {
		return err
	}
	d.rotten = d.backup.rotten
	if err := w.started(d, d.run(ctx)); err != nil {
		return err
	}
	if h := d.j.Health(); !start && h.Incarnation <= d.backup.incarnation {
		w.fail("device %d was restored and goes on as incarnation %d", d.number, h.Incarnation)
	}
	return nil
}

// clone runs a copy of a machine, with all that is on it, beside it.
func (w *World) clone(ctx context.Context, d *device) error {
	if d.twin || w.sisters(d) == 0 {
		return nil
	}
	c := w.place(d.org, d.kind)
	c.twin, d.twin, c.skew, c.rotten = true, true, d.skew, d.rotten
	if err := d.disk.Image(c.dir(), disk.Nothing); err != nil {
		return err
	}
	if err := c.begin(); err != nil {
		return err
	}
	w.turn(w.now)
	w.log("d%d is a clone of d%d", c.number, d.number)
	return w.started(c, c.run(ctx))
}

// replace loses a machine with all that is on it and enrols another.
func (w *World) replace(ctx context.Context, d *device) error {
	first := d.org.first
	if d == first || d.twin || first.twin || first.broken {
		return nil
	}
	return w.lose(ctx, d, "its machine was lost")
}

func (w *World) lose(ctx context.Context, d *device, why string) error {
	w.log("d%d is lost, %d facts may be gone: %s", d.number, w.ledger.endangers(d, nil, why), why)
	if err := d.leave(false); err != nil {
		return err
	}
	d.life++
	if err := os.RemoveAll(d.dir()); err != nil { // an image that a cut left for a next life
		return err
	}
	d.backup, d.rotten, d.broken = backup{}, false, false
	return w.started(d, d.join(ctx, d.org.first))
}

// disturb changes the network.
func (w *World) disturb(what What, random *rand.Rand) {
	n := len(w.devices)
	from, to := random.IntN(n), random.IntN(n)
	switch what {
	case Split:
		if all := net.Bipartitions(n); len(all) > 0 {
			w.net.Split(n, all[random.IntN(len(all))])
		}
	case OneWay:
		w.net.Cut(from, to)
	case Flap:
		for i := range 10 {
			w.at(w.now.Add(time.Duration(i)*7*time.Second), func(context.Context) error {
				if i%2 == 0 {
					w.net.Cut(from, to)
					return nil
				}
				w.net.Heal(from, to)
				return nil
			})
		}
	case Weather:
		w.net.Turn([]net.Weather{net.Fair(), net.Foul()}[random.IntN(2)])
	case Heal:
		w.net.HealAll()
	}
}
