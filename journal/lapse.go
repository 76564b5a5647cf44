package journal

import (
	"bytes"
	"context"
	"slices"

	"holdfast/fact"
)

// A desk's authority is leased (docs/decisions/0024). When it has run out the
// desk says so of itself, and says again when it was renewed. What it wrote in
// between is held as a cut holds: kept, carried, shown as not verified, never
// taken from a list of open work, listed for review. Unlike a cut it has an end,
// closes no link, and holds no looks: who looked at what counts always.

// AuthorityLapsed says that the authority of the device that writes it has run
// out, and how far its feeds had come. Only a device itself says so.
type AuthorityLapsed struct {
	Device fact.Subject `cbor:"1,keyasint"`
	Up     []fact.After `cbor:"2,keyasint"` // its control and care feeds
	Since  fact.Millis  `cbor:"3,keyasint"` // by the device's own reckoning, for people
}

// FactKind is kind 130.
func (AuthorityLapsed) FactKind() fact.Kind {
	return fact.Kind{Number: 130, Version: 1, Lane: fact.Control, Name: "authority-lapsed", Join: fact.Grow}
}

// AuthorityRenewed says that the authority of the device that writes it was
// renewed, by whom, and how far its feeds had come. A site node that was heard
// while it had not run out leaves no fact.
type AuthorityRenewed struct {
	Device fact.Subject   `cbor:"1,keyasint"`
	Lapse  fact.ID        `cbor:"2,keyasint"` // that this ends; zero: it had not run out
	Up     []fact.After   `cbor:"3,keyasint"` // its control and care feeds
	Way    string         `cbor:"4,keyasint"` // site, two, paper
	People []fact.Subject `cbor:"5,keyasint,omitempty"`
	Nonce  []byte         `cbor:"6,keyasint,omitempty"` // of the challenge that their passkeys answered
	Proof  [][]byte       `cbor:"7,keyasint,omitempty"` // the site node's signed statement; each passkey's answer; number of the paper and sum of the code
	At     fact.Millis    `cbor:"8,keyasint"`           // by the device's clock
}

// FactKind is kind 131.
func (AuthorityRenewed) FactKind() fact.Kind {
	return fact.Kind{Number: 131, Version: 1, Lane: fact.Control, Name: "authority-renewed", Join: fact.Grow}
}

// Lapse is a time in which a device wrote without authority, beside the cut that
// holds what it wrote.
type Lapse struct {
	Feed  fact.FeedID  // in which the device says so
	Ended bool         // the authority was renewed
	Until []fact.After // how far its feeds had come then
	At    fact.Millis  // when, by the device's clock
	Way   string
}

// lapses folds the lapses of devices into cuts with an end.
func (o *House) lapses(h fact.History) {
	for _, f := range h.Facts() {
		if c, err := fact.Read[AuthorityLapsed](f); err == nil {
			o.Cuts = append(o.Cuts, Cut{
				ID: f.ID, Says: CutMade{Device: c.Device, Up: c.Up, Since: c.Since}, At: f.Header.Recorded, By: f.Body.Person,
				Back: map[fact.ID]bool{}, Lapse: &Lapse{Feed: f.Header.Feed},
			})
		}
	}
	for _, f := range h.Facts() {
		c, err := fact.Read[AuthorityRenewed](f)
		if err != nil || c.Lapse == (fact.ID{}) {
			continue
		}
		for i := range o.Cuts {
			l := o.Cuts[i].Lapse
			if o.Cuts[i].ID == c.Lapse && l != nil && !l.Ended && o.Cuts[i].Says.Device == c.Device {
				l.Ended, l.Until, l.At, l.Way = true, c.Up, c.At, c.Way
			}
		}
	}
}

// mayLapse leaves out what a device says of another's authority, and what
// readmits a lapse from anywhere but a site node: nobody who holds a desk alone
// has its entries count again. Devices are known from the second round on; before
// that no readmission counts at all.
func (j *Journal) mayLapse(facts []fact.Fact, known House) []fact.Fact {
	lapses := map[fact.ID]bool{}
	for _, c := range known.Cuts {
		lapses[c.ID] = c.Lapse != nil
	}
	return slices.DeleteFunc(facts, func(f fact.Fact) bool {
		about, is := aboutAuthority(f)
		r, err := fact.Read[Readmitted](f)
		if !is && (err != nil || !lapses[r.Cut]) {
			return false
		}
		by, _ := j.DeviceOf(f.Header.Feed)
		if is {
			return by != about
		}
		return known.Devices[by].Card.Kind != fact.SiteNode
	})
}

// aboutAuthority names the device of whose authority a fact speaks.
func aboutAuthority(f fact.Fact) (fact.Subject, bool) {
	if c, err := fact.Read[AuthorityLapsed](f); err == nil {
		return c.Device, true
	}
	if c, err := fact.Read[AuthorityRenewed](f); err == nil {
		return c.Device, true
	}
	return fact.Subject{}, false
}

// covers tells whether a cut holds a fact: one that is a lapse holds nothing that
// was written after it, nor what speaks of the authority itself.
func (c activeCut) covers(num int64, f fact.Fact) bool {
	if c.lapse {
		if until, ended := c.until[num]; ended && f.Header.Seq >= until {
			return false
		}
		if k := f.Body.Kind; k == (AuthorityLapsed{}).FactKind().Number || k == (AuthorityRenewed{}).FactKind().Number {
			return false
		}
	}
	return c.holds(num, f)
}

// boundLapse says of a lapse in which branches it holds and up to where.
func (j *Journal) boundLapse(a *activeCut, l *Lapse) error {
	a.lapse, a.until = true, map[int64]uint64{}
	for num := range a.from {
		b := j.branches.get(num)
		if b == nil || b.lane == fact.Looks {
			delete(a.from, num)
			continue
		}
		if !l.Ended || !slices.ContainsFunc(l.Until, func(u fact.After) bool { return u.Feed == b.feed }) {
			continue
		}
		until, err := j.trustedUpTo(b, l.Until)
		if err != nil {
			return err
		}
		a.until[num] = until
	}
	return nil
}

// HowFar says how far this device's own control and care feeds have come.
func (j *Journal) HowFar(context.Context) []fact.After {
	var out []fact.After
	own := j.papers.card.Device
	for _, b := range j.branches.list() {
		if b.device == own && b.lane != fact.Looks && !b.part && b.parent == 0 && b.size > 0 {
			out = append(out, fact.After{Feed: b.feed, Size: b.size, Root: b.root})
		}
	}
	slices.SortFunc(out, func(x, y fact.After) int { return bytes.Compare(x.Feed[:], y.Feed[:]) })
	return out
}
