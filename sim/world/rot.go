package world

import (
	"context"
	"math/rand/v2"

	"holdfast/journal"
	"holdfast/sim/disk"
)

// flip turns over one bit of a device's journal while it is off. What it had
// saved and nobody else has may be lost; nobody else may be told a wrong thing.
// The first device is spared: another can be enrolled only there.
func (w *World) flip(ctx context.Context, d *device, random *rand.Rand) error {
	if d == d.org.first || d.twin || d.org.first.twin || d.rotten {
		return nil
	}
	if err := d.halt(); err != nil {
		w.fail("device %d does not end in good order: %v", d.number, err)
	}
	path, err := d.journalFile()
	if err != nil {
		return err
	}
	if err := disk.Flip(path, random.Int64()); err != nil {
		return err
	}
	w.log("d%d: a bit turns over, %d facts may be gone", d.number, w.ledger.endangers(d, nil, "a bit turned over"))
	d.rotten = true
	if err := w.started(d, d.run(ctx)); err != nil || !d.rotten {
		return err
	}
	n, err := d.j.Scrub(ctx)
	w.log("d%d finds %d damaged facts, %v", d.number, n, err != nil)
	return nil
}

// mended looks at devices whose disks had rotted, when the others have had time
// to give back what was lost. One that still does not hold is lost.
func (w *World) mended(ctx context.Context) error {
	for _, d := range w.devices {
		if !d.rotten {
			continue
		}
		_ = d.halt() // it may have much to say about its disk
		report, err := journal.Verify(ctx, d.dir(), journal.Options{Demo: true, Store: d.disk})
		if err != nil || len(report.Failures) > 0 {
			w.log("d%d is not mended", d.number)
			if err := w.lose(ctx, d, "its disk had rotted"); err != nil {
				return err
			}
			continue
		}
		w.result.Mended++
		w.log("d%d is mended", d.number)
		if err := w.started(d, d.run(ctx)); err != nil {
			return err
		}
		d.rotten, d.mended = false, true
	}
	return nil
}

func (w *World) anyRotten() bool {
	for _, d := range w.devices {
		if d.rotten {
			return true
		}
	}
	return false
}
