package journal

import (
	"fmt"
	"maps"
	"slices"

	"holdfast/fact"
)

// House is what the facts about the organisation itself come to: its devices,
// what is cut off, what is erased. It is the fold of the organisation's own
// subject.
type House struct {
	Devices map[fact.Subject]Enrolled
	Cuts    []Cut // in the order of the history
	Erased  map[fact.Subject]Tombstone
	Epochs  []Epoch                 // in the order of the history, those held back last
	Sealing map[fact.Subject][]byte // public keys of site nodes, to which epochs are sealed

	given    []EpochGiven
	deskKeys []DeskKey
	fresh    []*fresh // in the order of the history, those held back last
}

// Enrolled is a device that the organisation's roots admitted.
type Enrolled struct {
	Card   fact.DeviceCard
	Hash   fact.Hash // of the signed card
	Domain string    // failure domain: what can be lost together
	Wrap   []byte    // of a desk: its wrapping key, sealed to the organisation
	Fact   fact.ID
	At     fact.Millis // when it was enrolled, by the clock of who enrolled it
}

// Cut holds facts back from a moment on: those of a device, or those that one
// person stated anywhere.
type Cut struct {
	ID   fact.ID
	Says CutMade
	At   fact.Millis // recorded
	By   fact.Subject
	Back map[fact.ID]bool // facts readmitted one by one
	Over bool             // lifted whole
	Held int              // facts held by it, as far as counted
	Feed fact.FeedID      // in which it was made
	Lift fact.FeedID      // in which it was lifted

	Replaced bool   // nobody made it: the roots that admitted the device were exchanged, and it was not among those that stay
	Lapse    *Lapse // it is no cut: the device had no authority for a while; nil otherwise
}

// Tombstone says that a subject's keys are destroyed.
type Tombstone struct {
	Fact fact.ID
	At   fact.Millis
	Says SubjectErased
}

// FoldHouse folds the organisation's own subject. Cuts only grow, and each
// readmission names its cut, so that no order of arrival changes the outcome.
// A tombstone counts when may says so; nil means always. What devices wrote whose
// cards, of those given, don't stay after an exchange of roots is held back.
func FoldHouse(h fact.History, chain fact.Chain, cards []fact.Signed, may func(h fact.History, place int) error) House {
	out := House{Devices: map[fact.Subject]Enrolled{}, Erased: map[fact.Subject]Tombstone{}, Sealing: map[fact.Subject][]byte{}}
	at := map[fact.ID]int{}
	for _, f := range h.Facts() {
		if c, err := fact.Read[CutMade](f); err == nil {
			out.Cuts = append(out.Cuts, Cut{ID: f.ID, Says: c, At: f.Header.Recorded, By: f.Body.Person, Back: map[fact.ID]bool{}, Feed: f.Header.Feed})
		}
	}
	out.lapses(h)
	out.replaced(chain, cards)
	for i, c := range out.Cuts {
		at[c.ID] = i
	}
	for i, f := range h.Facts() {
		switch f.Body.Kind {
		case DeviceEnrolled{}.FactKind().Number:
			out.enrol(f, chain)
		case Readmitted{}.FactKind().Number:
			out.readmit(f, at)
		case SubjectErased{}.FactKind().Number:
			if t, err := fact.Read[SubjectErased](f); err == nil && (may == nil || may(h, i) == nil) {
				if old, ok := out.Erased[t.Subject]; !ok || f.Header.Recorded < old.At {
					out.Erased[t.Subject] = Tombstone{Fact: f.ID, At: f.Header.Recorded, Says: t}
				}
			}
		}
	}
	out.foldKeys(h, chain.Org())
	return out
}

func (o *House) enrol(f fact.Fact, chain fact.Chain) {
	d, err := fact.Read[DeviceEnrolled](f)
	if err != nil {
		return
	}
	card, err := chain.OpenCard(d.Card)
	if err != nil {
		return // the roots did not sign it: it admits nobody
	}
	hash, err := d.Card.Hash()
	if err != nil {
		return
	}
	if old, ok := o.Devices[card.Device]; !ok || f.ID.String() < old.Fact.String() {
		o.Devices[card.Device] = Enrolled{Card: card, Hash: hash, Domain: d.Domain, Wrap: d.Wrap, Fact: f.ID, At: f.Header.Recorded}
	}
}

func (o *House) readmit(f fact.Fact, at map[fact.ID]int) {
	r, err := fact.Read[Readmitted](f)
	if err != nil {
		return
	}
	i, ok := at[r.Cut]
	if !ok {
		return
	}
	if len(r.Facts) == 0 {
		o.Cuts[i].Over, o.Cuts[i].Lift = true, f.Header.Feed
	}
	for _, id := range r.Facts {
		o.Cuts[i].Back[id] = true
	}
}

// CutOff tells whether a device is cut off: it may not connect, and what it
// writes beyond the cut is held.
func (o House) CutOff(device fact.Subject) bool {
	for _, c := range o.Cuts {
		if c.Lapse == nil && !c.Over && c.Says.Device == device && !device.Zero() {
			return true
		}
	}
	return false
}

// House gives what the organisation's own facts come to on this device.
func (j *Journal) House() House { return j.house.Load().House }

// house is the fold with what this device makes of it.
type house struct {
	House
	wrappers map[[16]byte]deskUse  // of desks, at a site node
	desks    map[fact.Subject]ring // the newest of each desk
	judge    judge
}

// rests tells whether what a cut holds may change when a branch goes from was
// (nil: it begins) to now: as long as it is shorter than what the cut trusts of
// its feed, which of two histories is the trusted one is not known for sure.
func (h *house) rests(was, now *branch) bool {
	for _, c := range h.Cuts {
		if c.Over {
			continue
		}
		if was == nil {
			return true
		}
		for _, u := range c.Says.Up {
			if u.Feed == now.feed && was.size < u.Size {
				return true
			}
		}
	}
	return false
}

// judge tells which facts are held: one pure function of the facts and the
// cuts, so that every device comes to the same.
type judge struct{ cuts []activeCut }

type activeCut struct {
	id     fact.ID
	since  fact.Millis
	person fact.Subject
	from   map[int64]uint64 // for each branch: sequence from which facts are held
	back   map[fact.ID]bool
	aside  map[fact.ID]bool // held as a desk's site node says
	lapse  bool
	until  map[int64]uint64 // of a lapse that has ended, for each branch: sequence from which facts count again
}

// held names the cut that holds a fact; false when none does.
func (g judge) held(num int64, f fact.Fact) (fact.ID, bool) {
	for _, c := range g.cuts {
		if c.covers(num, f) {
			return c.id, true
		}
	}
	return fact.ID{}, false
}

// mark says on a fact whether it is held, and since when by the earliest cut
// that holds it.
func (g judge) mark(num int64, f *fact.Fact) {
	f.Held, f.Since = false, 0
	for _, c := range g.cuts {
		if c.covers(num, *f) && (!f.Held || c.since < f.Since) {
			f.Held, f.Since = true, c.since
		}
	}
}

func (c activeCut) holds(num int64, f fact.Fact) bool {
	from, ok := c.from[num]
	return ok && (f.Header.Seq >= from || c.aside[f.ID]) && (c.person.Zero() || c.person == f.Body.Person) && !c.back[f.ID]
}

// newJudge works out where each cut begins in each branch. A branch that does
// not contain the root that the cut trusts is held from where it left the
// other one.
func (j *Journal) newJudge(h House) (judge, error) {
	var out judge
	for _, c := range h.Cuts {
		if c.Over {
			continue
		}
		a := activeCut{id: c.ID, since: c.Says.Since, person: c.Says.Person, from: map[int64]uint64{}, back: c.Back}
		if told := j.asides.Load(); told != nil && len(*told) > 0 {
			a.aside = told.by(c.ID)
		}
		for _, b := range j.branches.list() {
			if c.Says.Person.Zero() && b.device != c.Says.Device {
				continue
			}
			from, err := j.trustedUpTo(b, c.Says.Up)
			if err != nil {
				return judge{}, fmt.Errorf("cut %s: %w", c.ID.Short(), err)
			}
			a.from[b.num] = from
		}
		if c.Lapse != nil {
			if err := j.boundLapse(&a, c.Lapse); err != nil {
				return judge{}, fmt.Errorf("lapse %s: %w", c.ID.Short(), err)
			}
		}
		out.cuts = append(out.cuts, a)
	}
	return out, nil
}

func (j *Journal) trustedUpTo(b *branch, up []fact.After) (uint64, error) {
	for _, u := range up {
		if u.Feed != b.feed {
			continue
		}
		if b.part || b.broken || u.Size == 0 {
			return u.Size, nil // of a broken tree nobody can say which history it is until it is mended
		}
		return j.trustedOf(b, u)
	}
	return 0, nil
}

// trustedOf tells from which sequence on a branch's facts are beyond what a cut
// trusts of its feed: from the cut's size when the branch goes the trusted way,
// else from where it parts from it. Which branch is filed as the trunk differs
// between devices; where they part does not.
func (j *Journal) trustedOf(b *branch, trusted fact.After) (uint64, error) {
	c, err := j.holding(Place{Feed: trusted.Feed, Size: trusted.Size, Root: trusted.Root})
	if err != nil {
		return 0, err
	}
	if c == nil && trusted.Size > b.size {
		return trusted.Size, nil // the trusted history is not all here yet
	}
	if c == nil {
		return b.base, nil
	}
	common := min(b.size, trusted.Size)
	ours, err := j.rootAt(b, common)
	if err != nil {
		return 0, err
	}
	theirs, err := j.rootAt(c, common)
	if err != nil || ours == theirs {
		return trusted.Size, err
	}
	for ; c != nil && c.parent != 0; c = j.branches.get(c.parent) {
		if c.parent == b.num {
			return c.base, nil
		}
	}
	return b.base, nil
}

// refreshHouse folds the organisation's subject anew. It tells whether what is
// held or erased has changed.
func (j *Journal) refreshHouse(f *dbFile) (changed bool, err error) {
	all, err := j.readSubject(f, j.papers.genesis.About)
	if err != nil {
		return false, err
	}
	next, err := j.judgeHouse(all)
	if err != nil {
		return false, err
	}
	j.takeKeys(next)
	j.openDeskWraps(next)
	was := j.house.Swap(next)
	if was == nil {
		return len(next.judge.cuts) > 0 || len(next.Erased) > 0, nil
	}
	return !sameHolding(was, next), nil
}

// judgeHouse folds and judges. A readmission or tombstone that is itself held
// does not count, so that nobody lifts their own cut; one that counts may free
// others, so it goes on until nothing changes. Cuts always count: two that cut
// each other hold both.
func (j *Journal) judgeHouse(all []placed) (*house, error) {
	all = j.admitting(all)
	cards := j.cards()
	next := &house{wrappers: map[[16]byte]deskUse{}, desks: map[fact.Subject]ring{}}
	was := [2]int{-1, -1}
	for {
		facts, held := next.judge.counting(all, was[0] < 0)
		now := [2]int{len(facts), held}
		if now == was {
			return next, nil
		}
		was = now
		next.House = FoldHouse(fact.NewHistory(j.mayLapse(facts, next.House)), j.chain(), cards, j.o.MayErase)
		var err error
		if next.judge, err = j.newJudge(next.House); err != nil {
			return nil, err
		}
	}
}

// admitting leaves out enrolments and fresh keys that a desk states: only site
// nodes admit, and the roots sign the card alone, not the key by which a desk
// opens what it is given; and of beginnings of fresh keys each costs every device
// a ring.
func (j *Journal) admitting(all []placed) []placed {
	desks := map[fact.Subject]bool{}
	for _, signed := range j.cards() {
		if c, err := j.chain().OpenCard(signed); err == nil && c.Kind == fact.Desk {
			desks[c.Device] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(p placed) bool {
		b := j.branches.get(p.num)
		k := p.fact.Body.Kind
		return (k == (DeviceEnrolled{}).FactKind().Number || k == (KeysFresh{}).FactKind().Number) && b != nil && desks[b.device]
	})
}

// counting lists the facts that the house is folded from. Of those that are not
// the journal's own, the held ones are marked, for the rule on tombstones.
func (g judge) counting(all []placed, first bool) (facts []fact.Fact, held int) {
	for _, p := range all {
		f := p.fact
		g.mark(p.num, &f)
		switch k := f.Body.Kind; {
		case k == (Readmitted{}).FactKind().Number || k == (SubjectErased{}).FactKind().Number:
			if f.Held || first {
				continue
			}
		case ofKeys(k): // held or not, it opens what is there
		case f.OfJournal():
			f.Held = false
		}
		if f.Held {
			held++
		}
		facts = append(facts, f)
	}
	return facts, held
}

func sameHolding(a, b *house) bool {
	if len(a.Erased) != len(b.Erased) || len(a.judge.cuts) != len(b.judge.cuts) {
		return false
	}
	for i, c := range a.judge.cuts {
		d := b.judge.cuts[i]
		if c.id != d.id || !maps.Equal(c.back, d.back) || !maps.Equal(c.from, d.from) || !maps.Equal(c.aside, d.aside) || !maps.Equal(c.until, d.until) {
			return false
		}
	}
	return true
}

// deskUse is one of the wrappers of a desk: kept, own, or own under fresh keys.
// Those of fresh keys are made when they are needed: they are many.
type deskUse struct {
	base  *ring
	fresh fact.Hash
	own   bool
}

func (d deskUse) open(org fact.OrgID) (ringUse, error) {
	r, w := *d.base, d.base.kept
	if d.fresh != (fact.Hash{}) {
		var err error
		if r, err = d.base.afresh(org, d.fresh); err != nil {
			return ringUse{}, err
		}
	}
	if d.own {
		w = r.own
	}
	return ringUse{r, w, d.own}, nil
}

// openDeskWraps opens the wrapping keys of desks; only a site node can.
func (j *Journal) openDeskWraps(h *house) {
	if j.epoch == nil {
		return
	}
	if j.freshNames == nil {
		j.freshNames = freshNames{}
	}
	take := func(device fact.Subject, epoch fact.Hash, key []byte) error {
		r, err := deskRing(deskSecret{epoch, key}, j.papers.org)
		if err != nil {
			return err
		}
		h.wrappers[r.own.ID], h.wrappers[r.kept.ID] = deskUse{base: &r, own: true}, deskUse{base: &r}
		for _, f := range h.fresh {
			if f.epoch != epoch {
				continue
			}
			id, err := j.freshNames.of(r, j.papers.org, f.name)
			if err != nil {
				return err
			}
			h.wrappers[id] = deskUse{base: &r, fresh: f.name, own: true}
		}
		h.desks[device] = r
		return nil
	}
	for device, e := range h.Devices {
		if len(e.Wrap) == 0 {
			continue
		}
		epoch, key, err := j.openSealed(wrapInfo(device), e.Wrap)
		if err == nil {
			err = take(device, epoch, key)
		}
		if err != nil { // or the epoch that it is sealed to has not come yet
			j.o.Log.Error("the wrapping key of a desk does not open", "device", e.Card.Name)
		}
	}
	for _, d := range h.deskKeys {
		epoch, key, err := j.openSealed(deskKeyInfo(d.Device, d.Epoch), d.Wrap)
		if err != nil || epoch != d.Epoch || take(d.Device, epoch, key) != nil {
			j.o.Log.Warn("a later wrapping key of a desk does not open yet", "device", h.Devices[d.Device].Card.Name)
		}
	}
}

// wrapInfo binds a desk's sealed wrapping key to the desk.
func wrapInfo(device fact.Subject) []byte {
	return append([]byte("holdfast/desk-wrap/1\x00"), device[:]...)
}
