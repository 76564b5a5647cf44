package world

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/sim/disk"
	"holdfast/sim/net"
	"holdfast/urgent"
)

// World is one run of a plan.
type World struct {
	plan    Plan
	host    Host
	rules   *urgent.Rules
	dir     string
	now     time.Time
	began   time.Time
	random  *rand.Rand
	orgs    []*org
	devices []*device
	ledger  *ledger
	net     *net.Net
	lines   []*line
	events  queue
	result  Result
	hash    hash.Hash
	step    int
	planted fact.Subject // of which one device makes something else
	named   int          // how often that was told
}

// Result is what a run came to.
type Result struct {
	Failures []string // what must not be
	Lost     []string // what may be gone, because its only disk is, by number and author
	Trace    string   // fingerprint of all that happened
	Saved    int      // facts that were answered as saved
	Acts     int
	Cuts     int // how often the power went while something was written
	Moves    int // how often a journal moved to a new file
	Refused  int // acts that were refused because nothing could be saved
	Frames   int
	Mended   int // devices that were given back by others what their disks had lost
	LetGo    int // how many subjects desks let go of
	Forks    int // how often a device saw that another's history has two branches

	Reincarnated int // how often a device began anew because of what another holds
}

// Failed tells whether anything went wrong.
func (r Result) Failed() bool { return len(r.Failures) > 0 }

// Host is what a world needs from whoever runs it.
type Host struct {
	Rules *urgent.Rules
	Where string       // below this folder the world has its own, which is gone afterwards
	Loud  func(string) // is told every line of the trace; may be nil

	Log *slog.Logger // of the journals; may be nil

	// Steady does something for which the standard library draws random bytes by
	// itself, so that it draws the same for the same seed. Without it, worlds with
	// desks differ between runs in ids and in what follows from them.
	Steady func(seed uint64, do func() error) error

	worse func(*disk.Disk) // makes every disk one on which the promises can't hold; nil outside tests of the oracle
}

// Run plays a plan.
func Run(p Plan, h Host) (out Result, err error) {
	dir, err := os.MkdirTemp(h.Where, "world")
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	began := time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)
	w := &World{
		plan: p, host: h, rules: h.Rules, dir: dir, now: began, began: began, random: rand.New(rand.NewPCG(p.Seed, 1)), ledger: newLedger(),
		net:  net.New(rand.New(rand.NewPCG(p.Seed, 2))),
		hash: sha256.New(), step: -1,
	}
	if err := w.play(context.Background()); err != nil {
		w.fail("the world came to a halt: %v", err)
	}
	err = w.end()
	w.result.Trace = hex.EncodeToString(w.hash.Sum(nil)[:8])
	return w.result, err
}

func (w *World) end() error {
	var err error
	for _, d := range w.devices {
		if d.disk != nil {
			err = errors.Join(err, d.leave(false))
		}
	}
	return err
}

func (w *World) play(ctx context.Context) error {
	if err := w.create(ctx); err != nil {
		return err
	}
	for _, s := range w.plan.Steps {
		w.at(w.began.Add(s.At), func(ctx context.Context) error { return w.take(ctx, s) })
	}
	if err := w.drain(ctx); err != nil {
		return err
	}
	w.step = len(w.plan.Steps)
	if err := w.quiet(ctx); err != nil {
		return err
	}
	if err := w.plant(ctx); err != nil {
		return err
	}
	return w.judge(ctx)
}

// drain has everything happen that is to come.
func (w *World) drain(ctx context.Context) error {
	for len(w.events) > 0 {
		e := heap.Pop(&w.events).(event)
		w.turn(e.at)
		if err := w.happens(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// happens does one thing to its end, and starts again whatever lost its power
// by it.
func (w *World) happens(ctx context.Context, e event) error {
	if err := e.do(ctx); err != nil {
		return err
	}
	for _, d := range w.devices {
		if d.disk.Gone() {
			w.result.Cuts++
			w.log("d%d loses its power", d.number)
			if err := w.again(ctx, d, d.after); err != nil {
				return err
			}
		}
	}
	return nil
}

// pulses is how many rounds of quiet it takes until every link has given a sign
// of life: only then does a desk know of a statement that was lost on its way.
const pulses = 15

// quiet ends all trouble and lets time pass until every device of each
// organisation has what the others have.
func (w *World) quiet(ctx context.Context) error {
	w.net.HealAll()
	w.net.Turn(net.Fair())
	if err := w.disarm(); err != nil {
		return err
	}
	for _, d := range w.devices {
		d.disk.Spare()
	}
	calm := 0 // the round from which on nobody is replaced
	for round := range 200 {
		if round == 20 && w.anyRotten() {
			calm = round
		}
		if round == 20 {
			if err := w.mended(ctx); err != nil {
				return err
			}
		}
		w.turn(w.now.Add(5 * time.Second))
		w.liftDevices(ctx)
		if err := w.tick(ctx); err != nil {
			return err
		}
		if err := w.drain(ctx); err != nil {
			return err
		}
		if w.level() && w.secured() && !w.anyRotten() && (w.plan.Shape.Desks == 0 || round >= calm+pulses) {
			return nil
		}
	}
	w.fail("after a quarter of an hour of quiet the devices are not level")
	return nil
}

// secured notes what is safe and tells whether all is that can be.
func (w *World) secured() bool {
	all := true
	for _, d := range w.devices {
		if n := w.ledger.secures(d); n > 0 && w.sisters(d) > 0 {
			all = false
		}
	}
	return all
}

// sisters counts the other site nodes of a device's organisation.
func (w *World) sisters(d *device) int {
	n := 0
	for _, other := range w.devices {
		if other.org == d.org && other.number != d.number && !(other.twin && d.twin) && !other.isDesk() {
			n++
		}
	}
	return n
}

// turn moves the time; no clock goes backwards by it.
func (w *World) turn(to time.Time) {
	if to.After(w.now) {
		w.now = to
	}
	for _, d := range w.devices {
		d.clock.set(w.now.Add(d.skew))
	}
}

// create founds the organisations and hires their staff.
func (w *World) create(ctx context.Context) error {
	for n := range w.plan.Shape.Organisations {
		o := &org{
			number: n, name: fmt.Sprintf("ORG0%d", n), staff: map[access.Role][]access.Caller{}, subjects: map[topic][]fact.Subject{},
			is: map[fact.Subject]topic{}, from: map[fact.Subject]int{}, erased: map[fact.Subject]bool{}, lifted: map[fact.ID]bool{},
		}
		w.orgs = append(w.orgs, o)
		first := w.place(o, fact.SiteNode)
		if err := first.found(ctx); err != nil {
			return err
		}
		if err := w.hire(first, w.random); err != nil {
			return err
		}
		o.first = first
		for range w.plan.Shape.Sites - 1 {
			if err := w.place(o, fact.SiteNode).join(ctx, first); err != nil {
				return err
			}
		}
		for range w.plan.Shape.Desks {
			if err := w.place(o, fact.Desk).join(ctx, first); err != nil {
				return err
			}
		}
	}
	return w.dial(ctx)
}

// place puts a device in the world.
func (w *World) place(o *org, kind fact.DeviceKind) *device {
	d := &device{world: w, number: len(w.devices), org: o, kind: kind, after: rand.New(rand.NewPCG(w.plan.Seed, uint64(100+len(w.devices))))}
	w.devices = append(w.devices, d)
	w.turn(w.now)
	return d
}

// log adds a line to the trace. A line must be the same in every run of the
// seed.
func (w *World) log(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	w.hash.Write([]byte(line + "\n"))
	if w.host.Loud != nil {
		w.host.Loud(w.now.Format("15:04:05.000 ") + line)
	}
}

func (w *World) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.log("FAILED: %s", text)
	if len(w.result.Failures) < 50 {
		w.result.Failures = append(w.result.Failures, text)
	}
}

// event is something that happens at a time; what comes at the same time goes
// in the order in which it was asked for.
type event struct {
	at     time.Time
	number int
	do     func(ctx context.Context) error
}

type queue []event

func (w *World) at(at time.Time, do func(ctx context.Context) error) {
	w.result.Acts++
	heap.Push(&w.events, event{at, w.result.Acts, do})
}

// Len is for the heap.
func (q queue) Len() int { return len(q) }

// Less is for the heap.
func (q queue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].number < q[j].number
}

// Swap is for the heap.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for the heap.
func (q *queue) Push(x any) { *q = append(*q, x.(event)) }

// Pop is for the heap.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
