package accessdb

import (
	"cmp"
	"context"
	"math"
	"slices"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// mostForecast bounds how many entries are counted before a cut; beyond it the
// page says "more than".
const mostForecast = 50_000

// Forecast is what a cut would hold.
type Forecast struct {
	Ask      access.CutAsk
	Up       []fact.After
	Kinds    map[uint32]int
	Subjects []fact.Subject // that it touches, for the list of open work
	Facts    int
	More     bool
	Nothing  bool // of the device or person nothing is dated before the moment: all of it is held
}

// Forecast shows what a cut would hold, before anybody decides.
func (g *Gate) Forecast(ctx context.Context, by access.Caller, ask access.CutAsk) (Forecast, error) {
	if err := g.Enter(ctx, by, access.CutTrust, fact.Subject{}); err != nil {
		return Forecast{}, err
	}
	if err := ask.Check(by, g.clock()); err != nil {
		return Forecast{}, err
	}
	cut, err := g.cutOf(ctx, ask)
	if err != nil {
		return Forecast{}, err
	}
	out := Forecast{Ask: ask, Up: cut.Up, Kinds: map[uint32]int{}, Nothing: len(cut.Up) == 0}
	touched := map[fact.Subject]bool{}
	out.More, err = g.journal.WouldHold(ctx, cut, mostForecast, func(f fact.Fact) {
		out.Facts++
		out.Kinds[f.Body.Kind]++
		touched[f.Header.Subject] = true
	})
	for s := range touched {
		out.Subjects = append(out.Subjects, s)
	}
	slices.SortFunc(out.Subjects, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	return out, err
}

// cutOf turns the moment into sizes and roots by what others dated.
func (g *Gate) cutOf(ctx context.Context, ask access.CutAsk) (journal.CutMade, error) {
	if !ask.Device.Zero() {
		if _, known := g.journal.House().Devices[ask.Device]; !known {
			return journal.CutMade{}, refusal.Field("whom", "This machine is not on the list of devices.")
		}
	}
	up, err := g.journal.TrustedUpTo(ctx, ask.Device, ask.Since)
	return journal.CutMade{Device: ask.Device, Person: ask.Person, Up: up, Since: fact.At(ask.Since), Why: ask.Why}, err
}

// Cut holds back what a device or a person stated after a moment.
func (g *Gate) Cut(ctx context.Context, by access.Caller, ask access.CutAsk) (fact.ID, error) {
	if err := g.Enter(ctx, by, access.CutTrust, fact.Subject{}); err != nil {
		return fact.ID{}, err
	}
	if err := ask.Check(by, g.clock()); err != nil {
		return fact.ID{}, err
	}
	cut, err := g.cutOf(ctx, ask)
	if err != nil {
		return fact.ID{}, err
	}
	if err := g.leavesTheCaller(ctx, by, cut); err != nil {
		return fact.ID{}, err
	}
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(g.journal.OrgSubject(), cut)}, nil
	})
	if err != nil {
		return fact.ID{}, err
	}
	return saved[0].ID, nil
}

// leavesTheCaller refuses a cut that would hold back the entry that adds its
// author to the staff, or the grants they act under: then nobody might be left
// who can sign in and review it.
func (g *Gate) leavesTheCaller(ctx context.Context, by access.Caller, cut journal.CutMade) error {
	held := false
	_, err := g.journal.WouldHold(ctx, cut, math.MaxInt, func(f fact.Fact) {
		added := f.Body.Kind == (access.PersonAdded{}).FactKind().Number && f.Header.Subject == by.Person
		held = held || added || slices.Contains(by.Grants, f.ID)
	})
	if err == nil && held {
		err = refusal.Field("since", "This would hold back your own role as well, and perhaps everybody's: nobody could sign in and review it. Choose a later moment, or have it done by an administrator whose role was granted on another machine.")
	}
	return err
}

// Review is what is held back and by which cuts.
type Review struct {
	Cuts    []journal.Cut // the newest first
	Devices map[fact.Subject]journal.Enrolled
	Chosen  fact.ID
	Held    []fact.Fact // of the chosen cut, from a place on
	Next    int64       // where to go on; 0: at the end
}

// heldPage is how many held entries one page lists.
const heldPage = 100

// Held lets the caller in and lists the cuts, and what one of them holds.
func (g *Gate) Held(ctx context.Context, by access.Caller, cut fact.ID, after int64) (Review, error) {
	if err := g.Enter(ctx, by, access.ReviewHeld, fact.Subject{}); err != nil {
		return Review{}, err
	}
	house := g.journal.House()
	out := Review{Cuts: slices.Clone(house.Cuts), Devices: house.Devices, Chosen: cut}
	slices.SortFunc(out.Cuts, func(a, b journal.Cut) int {
		return cmp.Or(cmp.Compare(b.At, a.At), slices.Compare(a.ID[:], b.ID[:]))
	})
	if cut == (fact.ID{}) {
		return out, nil
	}
	held, next, err := g.journal.HeldFacts(ctx, cut, after, heldPage)
	for _, h := range held {
		out.Held = append(out.Held, h.Fact)
	}
	out.Next = next
	return out, err
}

// Readmit lets held facts count: those named, or all of the cut, which ends it.
func (g *Gate) Readmit(ctx context.Context, by access.Caller, cut fact.ID, facts []fact.ID, all bool, why string) error {
	if err := g.Enter(ctx, by, access.CutTrust, fact.Subject{}); err != nil {
		return err
	}
	at := slices.IndexFunc(g.journal.House().Cuts, func(c journal.Cut) bool { return c.ID == cut && !c.Over })
	switch {
	case at < 0:
		return refusal.New(refusal.Missing, "This hold is over, or was never made.")
	case g.journal.House().Cuts[at].Says.Person == by.Person:
		return refusal.New(refusal.Forbidden, "Another administrator must look at your entries.")
	case why == "":
		return refusal.Field("why", "Say what you looked at; whoever reads the entries sees it.")
	case !all && len(facts) == 0:
		return refusal.Field("fact", "Choose the entries that are to count.")
	}
	if err := g.allHere(ctx, g.journal.House().Cuts[at], all); err != nil {
		return err
	}
	if all {
		facts = nil
	}
	_, err := g.journal.Do(ctx, by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(g.journal.OrgSubject(), journal.Readmitted{Cut: cut, Facts: facts, Why: why})}, nil
	})
	return err
}

// allHere refuses to let all count that a desk wrote without authority before all
// of it is here: nobody has looked at what is still to come.
func (g *Gate) allHere(ctx context.Context, c journal.Cut, all bool) error {
	if !all || c.Lapse == nil {
		return nil
	}
	if !c.Lapse.Ended {
		return refusal.Field("fact", "This desk has no authority yet, and goes on writing. Choose entries, or wait until it is renewed.")
	}
	for _, u := range c.Lapse.Until {
		here, err := g.journal.HasRoot(ctx, journal.Place{Feed: u.Feed, Size: u.Size, Root: u.Root})
		if err != nil {
			return err
		}
		if !here {
			return refusal.Field("fact", "Not everything that this desk wrote has arrived here. Choose entries, or wait until it is linked.")
		}
	}
	return nil
}
