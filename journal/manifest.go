package journal

import (
	"bytes"
	"context"
	"slices"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// KeysGiven says that a site node gave a desk the keys of these subjects, for
// the first time: from then on they could be read there. Its subject is the
// desk.
type KeysGiven struct {
	Subjects []fact.Subject `cbor:"1,keyasint"`
	Desks    []fact.Subject `cbor:"2,keyasint,omitempty"` // others that are given the same now
}

// FactKind is kind 11.
func (KeysGiven) FactKind() fact.Kind {
	return fact.Kind{Number: 11, Version: 2, Lane: fact.Looks, Name: "keys-given", Join: fact.Grow}
}

// KeysGivenAnew says that a site node gives a desk keys of subjects that the
// desk had let go of. Its subject is the desk. With Times, who reads both knows
// which came first without asking any clock: what was let go of n times is held
// again from the giving that says n.
type KeysGivenAnew struct {
	Given []Anew `cbor:"1,keyasint"`
}

// FactKind is kind 137.
func (KeysGivenAnew) FactKind() fact.Kind {
	return fact.Kind{Number: 137, Version: 1, Lane: fact.Looks, Name: "keys-given-anew", Join: fact.Grow}
}

// ManifestLine is a subject that could be read on a desk, or had been let go of
// there.
type ManifestLine struct {
	Subject fact.Subject
	Since   fact.Millis // when its key was first given, by the giver's clock; or first written about there, by the desk's
	Written bool        // the desk itself wrote about it
	Again   fact.Millis // when its key was last given anew after the desk had let go of it; 0: never
	LetGo   fact.Millis // when the desk let go of it, as the desk itself says, by its own clock; 0: it could be read
}

// Manifest lists what could be read on a desk at a moment: all that any site
// node had given it by then, and all that it had written about itself, as far as
// that has come here; less what it had let go of, which is listed with LetGo.
// That is the desk's own word. What it has not said here yet counts as held; so
// does what it said before it was put back from a backup, and what a cut holds
// back.
func (j *Journal) Manifest(ctx context.Context, desk fact.Subject, at fact.Millis) ([]ManifestLine, error) {
	if e, ok := j.House().Devices[desk]; !ok || e.Card.Kind != fact.Desk {
		return nil, refusal.New(refusal.Missing, "There is no such desk. A site node holds the whole record.")
	}
	if j.epoch == nil {
		return nil, refusal.New(refusal.Forbidden, "A desk does not know what others hold. Ask a site node.")
	}
	m := manifest{at: at, by: map[fact.Subject]*holding{}}
	lives := j.livesOf(desk)
	if err := j.eachAbout(ctx, desk, func(f fact.Fact) {
		if g, err := fact.Read[KeysGiven](f); err == nil {
			for _, s := range g.Subjects {
				m.given(s, 0, f.Header.Recorded)
			}
		}
		if g, err := fact.Read[KeysGivenAnew](f); err == nil {
			for _, one := range g.Given {
				m.given(one.Subject, one.Times, f.Header.Recorded)
			}
		}
		if g, err := fact.Read[SubjectsLetGo](f); err == nil && !f.Held && lives.counts(f.Header.Feed, at) {
			for _, one := range g.Let {
				m.let(one)
			}
		}
	}); err != nil {
		return nil, err
	}
	if err := j.givenWith(ctx, desk, func(s fact.Subject, at fact.Millis) { m.given(s, 0, at) }); err != nil {
		return nil, err
	}
	if err := j.writtenBy(desk, m.written); err != nil {
		return nil, err
	}
	return m.lines(), nil
}

// manifest gathers what is known of one desk up to a moment.
type manifest struct {
	at fact.Millis
	by map[fact.Subject]*holding
}

// holding is how one subject stood on the desk. Givings and lettings go are told
// apart by how often it had been let go of, never by clocks.
type holding struct {
	since   fact.Millis
	last    fact.Millis // written there last
	written bool
	given   map[uint32]fact.Millis
	let     map[uint32]fact.Millis
}

func (m *manifest) of(s fact.Subject) *holding {
	h := m.by[s]
	if h == nil {
		h = &holding{}
		m.by[s] = h
	}
	return h
}

func (h *holding) from(at fact.Millis) {
	if h.since == 0 || at < h.since {
		h.since = at
	}
}

func (m *manifest) given(s fact.Subject, times uint32, at fact.Millis) {
	if at > m.at {
		return
	}
	h := m.of(s)
	h.from(at)
	if h.given == nil {
		h.given = map[uint32]fact.Millis{}
	}
	if old, ok := h.given[times]; !ok || at < old {
		h.given[times] = at
	}
}

func (m *manifest) written(s fact.Subject, at fact.Millis) {
	if at > m.at {
		return
	}
	h := m.of(s)
	h.from(at)
	h.written, h.last = true, max(h.last, at)
}

func (m *manifest) let(one Let) {
	if one.At > m.at {
		return
	}
	h := m.of(one.Subject)
	if h.let == nil {
		h.let = map[uint32]fact.Millis{}
	}
	if old, ok := h.let[one.Times]; !ok || one.At > old { // of two that the desk says, the later one
		h.let[one.Times] = one.At
	}
}

// letGo gives when it was let go of, or 0 when it could be read.
func (h *holding) letGo() fact.Millis {
	var most uint32 // how often it was given anew
	for times := range h.given {
		most = max(most, times)
	}
	var out fact.Millis
	for times, at := range h.let {
		if times > most {
			out = max(out, at)
		}
	}
	if h.last > out {
		return 0 // it wrote about it after it says that it had let go
	}
	return out
}

func (m *manifest) lines() []ManifestLine {
	out := make([]ManifestLine, 0, len(m.by))
	for s, h := range m.by {
		if h.since == 0 {
			continue // let go of, and never known to have been there
		}
		l := ManifestLine{Subject: s, Since: h.since, Written: h.written, LetGo: h.letGo()}
		for times, at := range h.given {
			if times > 0 {
				l.Again = max(l.Again, at)
			}
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b ManifestLine) int { return bytes.Compare(a.Subject[:], b.Subject[:]) })
	return out
}

// lives are the incarnations of a desk: when each began, by the desk's clock.
type lives struct {
	of    map[fact.FeedID]uint32
	began map[uint32]fact.Millis
}

func (j *Journal) livesOf(device fact.Subject) lives {
	out := lives{of: map[fact.FeedID]uint32{}, began: map[uint32]fact.Millis{}}
	j.branches.mu.Lock()
	defer j.branches.mu.Unlock()
	for feed, c := range j.branches.certs {
		if c.device == device {
			out.of[feed], out.began[c.number] = c.number, c.began
		}
	}
	return out
}

// counts tells whether what was said in a feed still held at a moment: no later
// incarnation had begun by then. A desk that was put back from a backup has what
// it had let go of; one that went on says again what it has let go of.
func (l lives) counts(feed fact.FeedID, at fact.Millis) bool {
	mine, known := l.of[feed]
	if !known {
		return false
	}
	for number, began := range l.began {
		if number > mine && began <= at {
			return false
		}
	}
	return true
}

// writtenBy goes through what a desk wrote itself. One damaged entry keeps nobody
// from the list on the day that a desk is stolen.
func (j *Journal) writtenBy(desk fact.Subject, see func(s fact.Subject, at fact.Millis)) error {
	return j.file.Load().read(func(c *sqlConn) error {
		for _, b := range j.branches.list() {
			if b.device != desk {
				continue
			}
			if err := c.each("SELECT f.header, s.subject FROM facts f JOIN subjects s ON s.num=f.subject WHERE f.feed=?", func(v []driverValue) error {
				if h, err := fact.ParseHeader(v[0].([]byte)); err == nil {
					see(h.Subject, h.Recorded)
				} else if s, ok := v[1].([]byte); ok && len(s) == len(fact.Subject{}) {
					see(fact.Subject(s), 1) // damaged here: when it was written can't be told, so it counts for every moment
				}
				return nil
			}, b.num); err != nil {
				return err
			}
		}
		return nil
	})
}
