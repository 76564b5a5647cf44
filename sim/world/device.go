package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/sim/disk"
)

// device is one machine of a world. Its folder is a new one in every life, so
// that what a dead process still does happens to nobody.
type device struct {
	world  *World
	number int
	org    *org
	kind   fact.DeviceKind
	life   int
	starts uint64
	disk   *disk.Disk
	j      *journal.Journal
	clock  clock
	skew   time.Duration
	pages  []shown
	after  *rand.Rand // draws for what follows when its power goes
	broken bool       // its disk may refuse: nobody expects to be able to save here
	twin   bool       // it is, or has, a clone
	mended bool       // of what a bit that turned over did
	rotten bool       // a bit on its disk was turned over, and what that did is not mended yet

	warped   fact.Subject // what it makes something else of than the others
	armed    *armed
	board    *replicate.Board
	instance [16]byte

	backup backup
	stated replicate.Told // a desk's work, as site nodes say
}

// backup is the newest backup of a device.
type backup struct {
	folder      string
	saved       map[fact.ID]bool
	incarnation uint32
	rotten      bool // it was taken of a disk on which a bit was turned over
}

func (d *device) folder(life int) string {
	return filepath.Join(d.world.dir, fmt.Sprintf("d%d-%d", d.number, life))
}

func (d *device) dir() string { return d.folder(d.life) }

// options are good for one start: no two draw the same random bytes.
func (d *device) options() journal.Options {
	o := journal.Options{
		Dir: d.dir(), Demo: true, Store: d.disk, Reserve: 4096, Clock: d.clock.now, CheckpointPages: 1 << 30, CacheFacts: 2000,
		Random: newDice(d.world.plan.Seed, uint64(d.number), d.starts), Views: []journal.View{seenView{}},
	}
	o.Log = d.world.host.Log
	d.starts++
	if d.world.plan.Shape.Checkpoints {
		o.CheckpointPages = 12
	}
	if d.world.plan.Shape.RealViews {
		o.Views = append(o.Views, node.Views(d.world.rules)...)
	}
	return o
}

// begin puts a disk under the device's folder.
func (d *device) begin() error {
	var err error
	if d.disk, err = disk.New(d.dir()); err == nil && d.world.host.worse != nil {
		d.world.host.worse(d.disk)
	}
	return err
}

// found makes the organisation's first device.
func (d *device) found(ctx context.Context) error {
	if err := os.Mkdir(d.dir(), 0o700); err != nil {
		return err
	}
	if err := d.begin(); err != nil {
		return err
	}
	err := journal.Found(ctx, d.options(), journal.Founding{
		Name: d.org.name, ODS: d.org.name, DeviceName: fmt.Sprintf("device %d", d.number), Domain: fmt.Sprintf("room %d", d.number),
	})
	if err != nil {
		return err
	}
	return d.run(ctx)
}

// join makes another device of an organisation, enrolled by its first one.
func (d *device) join(ctx context.Context, first *device) error {
	if err := os.Mkdir(d.dir(), 0o700); err != nil {
		return err
	}
	if err := d.begin(); err != nil {
		return err
	}
	ask, err := journal.Ask(ctx, d.options(), d.kind, fmt.Sprintf("device %d", d.number), fmt.Sprintf("room %d-%d", d.number, d.life))
	if err != nil {
		return err
	}
	var a journal.Admission
	err = d.world.steady(uint64(d.number)<<16|uint64(d.life), func() (err error) {
		a, err = first.j.Enrol(ctx, fact.Author{Role: "administrator"}, ask)
		return err
	})
	if err != nil {
		return err
	}
	if err := journal.Join(ctx, d.options(), a); err != nil {
		return err
	}
	return d.run(ctx)
}

// steady does something for which the standard library draws by itself.
func (w *World) steady(place uint64, do func() error) error {
	if w.host.Steady == nil {
		return do()
	}
	return w.host.Steady(w.plan.Seed<<32|place, do)
}

// run opens the journal.
func (d *device) run(ctx context.Context) error {
	o := d.options()
	var err error
	if d.instance, err = instance(o.Random); err != nil {
		return err
	}
	d.board = replicate.NewBoard()
	d.j, err = journal.Open(ctx, o)
	return err
}

// halt ends the process; the disk stays. What it says while ending on a disk
// that fails is of no account.
func (d *device) halt() error {
	d.world.hangUp(d)
	var err error
	if d.j != nil {
		err = d.j.Close()
		d.j = nil
	}
	d.pages = nil
	return err
}

// leave ends process and disk; the folder of that life is gone unless it is
// kept for another.
func (d *device) leave(keep bool) error {
	_ = d.halt()
	err := d.disk.Close()
	if keep {
		return err
	}
	return errors.Join(err, os.RemoveAll(d.dir()))
}

// images a device's folder as a cut would leave it, for the next life.
func (d *device) imaged(loss disk.Loss) error { return d.disk.Image(d.folder(d.life+1), loss) }

// cutAt has the power go at a write or flush from now on.
func (d *device) cutAt(at int, loss disk.Loss) {
	d.disk.CutAt(disk.Cut{At: at, To: d.folder(d.life + 1), Loss: loss})
}

// reborn takes up the life whose folder was imaged.
func (d *device) reborn(views int) error {
	_ = d.halt()
	if err := carryViews(d.dir(), d.folder(d.life+1), views); err != nil {
		return err
	}
	if err := d.leave(false); err != nil {
		return err
	}
	d.life++
	d.broken = false
	return d.begin()
}

// carryViews takes the views' files to the next life, damaged or not at all.
func carryViews(from, to string, how int) error {
	for _, name := range []string{"views.db", "views.db-wal"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) || how == 0 {
			continue
		}
		if err != nil {
			return err
		}
		switch {
		case how == 2:
			b = b[:len(b)/2]
		case how == 3 && len(b) > 0:
			b[len(b)/3] ^= 4
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// settled waits until a journal whose disk failed has moved to a new file or
// given up.
func (d *device) settled(before uint32) error {
	for range 50_000 {
		h := d.j.Health()
		if (h.Incarnation != before || !h.Saving) && !strings.Contains(h.Sentence, "is moving") {
			return nil
		}
		time.Sleep(100 * time.Microsecond)
	}
	return errors.New("the journal has neither moved nor given up in five seconds")
}

// moved waits until a journal that is moving to a new file has done so.
func (d *device) moved() {
	for range 50_000 {
		if !strings.Contains(d.j.Health().Sentence, "is moving") {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// level waits until the views have taken in all that is saved.
func (d *device) level() error {
	for range 100_000 {
		if _, _, behind := d.j.ViewsAt(); behind == 0 {
			return nil
		}
		time.Sleep(100 * time.Microsecond)
	}
	return errors.New("the views are not level in ten seconds")
}

// seenView is a view that lists facts, to be compared with the journal.
type seenView struct{}

// Name prefixes its tables.
func (seenView) Name() string { return "seen" }

// Version is its first.
func (seenView) Version() int { return 1 }

// Create makes the table.
func (seenView) Create(tx *sql.Tx) error {
	_, err := tx.Exec("CREATE TABLE seen_facts(id BLOB PRIMARY KEY, subject BLOB NOT NULL) STRICT, WITHOUT ROWID")
	return err
}

// Apply may be given again what it has: a key that came late opens it.
func (seenView) Apply(tx *sql.Tx, _ journal.Reader, facts []fact.Fact) error {
	insert, err := tx.Prepare("INSERT OR IGNORE INTO seen_facts(id, subject) VALUES(?, ?)")
	if err != nil {
		return err
	}
	for _, f := range facts {
		if _, err := insert.Exec(f.ID[:], f.Header.Subject[:]); err != nil {
			return errors.Join(err, insert.Close())
		}
	}
	return insert.Close()
}

// Forget keeps the ids: a list of them says nothing of what was erased.
func (seenView) Forget(*sql.Tx, []fact.Subject) error { return nil }
