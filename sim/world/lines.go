package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/sim/net"
)

// line is a connection between two devices of an organisation.
type line struct {
	ends   [2]*end
	closed bool
	dialed time.Time
}

// end is one device's side of a line.
type end struct {
	device *device
	link   *replicate.Link
	told   fact.Hash // what a site node held when it last stated to a desk
}

// dial connects the devices of each organisation that run and are not
// connected, and lets go of lines on which no greeting came.
func (w *World) dial(ctx context.Context) error {
	for i, a := range w.devices {
		for _, b := range w.devices[i+1:] {
			if a.org != b.org || a.j == nil || b.j == nil || a.isDesk() && b.isDesk() {
				continue
			}
			if l := w.between(a, b); l != nil {
				if w.now.Sub(l.dialed) < 30*time.Second || (l.ends[0].ready() && l.ends[1].ready()) {
					continue
				}
				l.close()
			}
			if err := w.connect(ctx, a, b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *end) ready() bool {
	_, ready := e.link.Peer()
	return ready
}

func (w *World) between(a, b *device) *line {
	for _, l := range w.lines {
		if !l.closed && l.ends[0].device == a && l.ends[1].device == b {
			return l
		}
	}
	return nil
}

func (w *World) connect(ctx context.Context, a, b *device) error {
	l := &line{dialed: w.now}
	for i, d := range []*device{a, b} {
		l.ends[i] = &end{device: d, link: d.link([]*device{b, a}[i])}
	}
	w.lines = append(w.lines, l)
	for i, e := range l.ends {
		out, err := e.link.Start(fact.At(w.now))
		if err != nil {
			return fmt.Errorf("device %d can't greet: %w", e.device.number, err)
		}
		w.post(ctx, l, i, out)
	}
	return nil
}

// link is this device's side of a line to another.
func (d *device) link(to *device) *replicate.Link {
	c := replicate.Config{
		Store: d.j, Identity: d.j.Device(), Board: d.board, Domain: d.j.Domain(), Instance: d.instance,
		Limits: replicate.Limits{Pulse: time.Minute},
	}
	if d.world.plan.Shape.Agrees {
		c.Folded = folds{d}
	}
	if to.isDesk() && !d.isDesk() {
		c.Scope = scope{d}
	}
	return replicate.NewLink(c)
}

func (l *line) close() {
	if l.closed {
		return
	}
	l.closed = true
	for _, e := range l.ends {
		e.link.Close()
	}
}

// hangUp ends all lines of a device.
func (w *World) hangUp(d *device) {
	kept := w.lines[:0]
	for _, l := range w.lines {
		if l.ends[0].device == d || l.ends[1].device == d {
			l.close()
		}
		if !l.closed {
			kept = append(kept, l)
		}
	}
	w.lines = kept
}

// post sends what one end of a line answers, and has it give all that it is
// asked for. What a device does after its power went is heard by nobody.
func (w *World) post(ctx context.Context, l *line, from int, out replicate.Out) {
	e, to := l.ends[from], l.ends[1-from]
	for {
		if e.device.disk.Gone() {
			return
		}
		if err := w.rests(e.device); err != nil {
			w.fail("device %d: %v", e.device.number, err)
		}
		w.heed(e, out.Effects)
		for _, frame := range out.Send {
			w.send(l, from, to.device, frame)
		}
		if out.Changed {
			w.changed(ctx, e.device, l)
		}
		if out.Close != "" {
			w.log("d%d ends the line to d%d: %s", e.device.number, to.device.number, out.Close)
			l.close()
		}
		if l.closed || !e.link.Pending() {
			return
		}
		out = e.link.Next(ctx, e.device.hears())
	}
}

// hears is the time as a device's links are told it: a clock that only goes
// forward.
func (d *device) hears() fact.Millis { return fact.At(d.world.now) }

func (w *World) send(l *line, from int, to *device, frame []byte) {
	w.result.Frames++
	for _, d := range w.net.Send(w.now, l.ends[from].device.number, to.number, frame) {
		w.at(d.At, func(ctx context.Context) error { w.deliver(ctx, l, 1-from, d); return nil })
	}
}

func (w *World) deliver(ctx context.Context, l *line, to int, d net.Delivery) {
	e := l.ends[to]
	if l.closed || e.device.j == nil || !w.net.Open(d.From, d.To) {
		return
	}
	w.post(ctx, l, to, e.link.Take(ctx, d.Frame, e.device.hears()))
}

// changed tells the other lines of a device that it holds more.
func (w *World) changed(ctx context.Context, d *device, except *line) {
	for _, l := range w.lines {
		for i, e := range l.ends {
			if l != except && !l.closed && e.device == d {
				w.post(ctx, l, i, e.link.Changed(ctx, d.hears()))
			}
		}
	}
}

// tick lets all links know the time.
func (w *World) tick(ctx context.Context) error {
	w.keepKeys(ctx)
	for _, l := range append([]*line(nil), w.lines...) {
		for i, e := range l.ends {
			if !l.closed {
				w.post(ctx, l, i, e.link.Tick(ctx, e.device.hears()))
			}
			if err := w.restate(ctx, l, i); err != nil && !e.device.rotten {
				return err
			}
		}
	}
	return w.dial(ctx)
}

// heed judges what links tell.
func (w *World) heed(e *end, effects []replicate.Effect) {
	for _, one := range effects {
		switch t := one.(type) {
		case replicate.Healed:
		case replicate.Trouble:
			w.log("d%d: trouble: %s", e.device.number, t.What)
			if errors.Is(t.Err, journal.ErrPaper) {
				continue // of a device that is not known here yet: it comes again
			}
			if !e.device.broken && !e.device.rotten && e.device.disk.Fired() == 0 {
				w.fail("device %d, whose disk is well: %s: %v", e.device.number, t.What, t.Err)
			}
		case replicate.Damaged:
			w.log("d%d: damaged: seq %d: %s", e.device.number, t.Seq, t.Why)
			if !e.device.rotten {
				w.fail("device %d was given what does not hold: seq %d: %s", e.device.number, t.Seq, t.Why)
			}
		case replicate.Stated:
			e.device.stated.Hear(t)
		case replicate.LetGo:
		case replicate.Omitted:
			w.log("d%d: omitted: %s", e.device.number, t.Why)
			if !w.anyRotten() && !strings.Contains(t.Why, "does not come") { // the network may have lost it: it must be there after quiet
				w.fail("desk %d was told of a %s and not given it: %s", e.device.number, e.device.org.is[t.Subject], t.Why)
			}
		case replicate.Disagree:
			w.disagreed(e.device, t.Subjects)
		case replicate.Reincarnated:
			w.log("d%d begins anew: %s at %d", e.device.number, t.Why, t.At)
			w.result.Reincarnated++
		case replicate.Forked:
			w.log("d%d sees a fork at %d", e.device.number, t.At)
			w.result.Forks++
		case replicate.RolledBack:
			w.log("d%d sees a roll-back from %d to %d", e.device.number, t.Was.Size, t.Now)
		default:
			w.fail("device %d tells %T: %+v", e.device.number, t, t)
		}
	}
}

// level tells whether all devices of each organisation hold the same, as far
// as their links know.
func (w *World) level() bool {
	for i, a := range w.devices {
		for _, b := range w.devices[i+1:] {
			if a.org != b.org || a.isDesk() && b.isDesk() {
				continue
			}
			if l := w.between(a, b); l == nil || !l.ends[0].link.Level() || !l.ends[1].link.Level() || !l.desksTold() {
				return false
			}
			if !a.isDesk() && !b.isDesk() && replicate.VectorOf(a.j.Tips()) != replicate.VectorOf(b.j.Tips()) {
				return false
			}
		}
	}
	return true
}

func instance(random io.Reader) (out [16]byte, err error) {
	_, err = io.ReadFull(random, out[:])
	return out, err
}
