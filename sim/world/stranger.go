package world

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/replicate"
	"holdfast/urgent"
)

// stranger has a device meet a program of another version.
func (w *World) stranger(ctx context.Context, d *device, random *rand.Rand) error {
	switch random.IntN(3) {
	case 0:
		return w.greets(ctx, d, random)
	case 1:
		return w.unheardOf(ctx, d, random)
	}
	return w.writesNewer(ctx, d, random)
}

// greeting is the first message between devices, as its bytes are.
type greeting struct {
	Lowest      uint16      `cbor:"1,keyasint"`
	Highest     uint16      `cbor:"2,keyasint"`
	Org         fact.OrgID  `cbor:"3,keyasint"`
	Card        fact.Signed `cbor:"4,keyasint"`
	Incarnation fact.Signed `cbor:"5,keyasint"`
	Domain      string      `cbor:"6,keyasint"`
	Instance    [16]byte    `cbor:"7,keyasint"`
	Answer      bool        `cbor:"8,keyasint"`
}

// frame is a message of any type, with its length in front.
func frame(kind byte, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)+1))
	return append(append(out, kind), body...)
}

// greets shows a device the greeting of a sister whose program speaks other
// versions: those in common are enough, none is refused with a sentence.
func (w *World) greets(ctx context.Context, d *device, random *rand.Rand) error {
	from := w.sister(d)
	if from == nil || d.rotten || from.rotten || d.j.House().CutOff(from.card()) {
		return nil
	}
	_, card, incarnation := from.j.Device().Enrolment()
	if d.j.Admits(ctx, card) != nil {
		return nil // not known here yet
	}
	versions := [][2]uint16{{0, 0}, {3, 9}, {1, 9}, {0, 1}, {3, 1}}[random.IntN(5)]
	g := greeting{Lowest: versions[0], Highest: versions[1], Org: d.j.Org(), Card: card, Incarnation: incarnation, Domain: from.j.Domain()}
	g.Instance[0] = 1
	body, err := fact.Encode(g)
	if err != nil {
		return err
	}
	link := d.link(from)
	if _, err := link.Start(d.hears()); err != nil {
		return fmt.Errorf("device %d can't greet: %w", d.number, err)
	}
	out := link.Take(ctx, frame(1, body), d.hears())
	link.Close()
	common := versions[0] <= replicate.HighestVersion && versions[1] >= replicate.LowestVersion && versions[0] <= versions[1]
	if (d.kind == fact.Desk) != (from.kind == fact.Desk) { // the work of a desk must be stated
		common = common && versions[1] >= replicate.StatementVersion
	}
	w.log("d%d meets versions %d to %d: %q", d.number, versions[0], versions[1], out.Close)
	if common != (out.Close == "") || (!common && len(out.Send) == 0) {
		w.fail("device %d meets versions %d to %d and says %q", d.number, versions[0], versions[1], out.Close)
	}
	return nil
}

// unheardOf sends messages of types that nobody knows yet on a line in use.
func (w *World) unheardOf(ctx context.Context, d *device, random *rand.Rand) error {
	for _, l := range w.lines {
		for i, e := range l.ends {
			if l.closed || e.device != d {
				continue
			}
			before := e.link.Unknown()
			body := make([]byte, random.IntN(40))
			for i := range body {
				body[i] = byte(random.Uint32())
			}
			w.post(ctx, l, i, e.link.Take(ctx, frame(byte(100+random.IntN(150)), body), d.hears()))
			if l.closed || e.link.Unknown() != before+1 {
				w.fail("device %d: a message of a type from tomorrow ended the line: %v, or was not passed over", d.number, l.closed)
			}
			return nil
		}
	}
	return nil
}

// tomorrow is a fact of a kind that nobody knows yet.
type tomorrow struct {
	What string `cbor:"1,keyasint"`
}

// FactKind is far from all others.
func (tomorrow) FactKind() fact.Kind {
	return fact.Kind{Number: 60_000, Version: 1, Lane: fact.Care, Name: "from-tomorrow", Join: fact.Grow}
}

// laterNote is a note of a version that nobody knows yet.
type laterNote struct {
	What string `cbor:"1,keyasint"`
}

// FactKind is that of a note, later.
func (laterNote) FactKind() fact.Kind {
	k := urgent.Noted{}.FactKind()
	k.Version += 7
	return k
}

// writesNewer states facts that only a later program understands: they are
// kept and carried, and the subject says that something is not shown.
func (w *World) writesNewer(ctx context.Context, d *device, random *rand.Rand) error {
	id, h, err := d.some(aCase, random, 0)
	if err != nil || h.Len() == 0 {
		return nil
	}
	do := deed{"newer", d.org.pick(random, access.Clinician), id, func(fact.History, time.Time) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(id, tomorrow{"a prescription by drone"}), fact.Say(id, laterNote{"spoken, not written"})}, nil
	}}
	return w.doing(ctx, d, do, random)
}

// sister is another device of the same organisation.
func (w *World) sister(d *device) *device {
	for _, other := range w.devices {
		if other.org == d.org && other.card() != d.card() {
			return other
		}
	}
	return nil
}
