package urgent

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Threat is what the three first questions amount to.
type Threat struct {
	Row     ThreatRow
	Found   bool
	FindOut []string // asked of a caller who cannot see the patient: to be found out
}

// Judge reads the three answers against the table. "Unsure" counts as bad,
// unless the caller is not with the patient: then it is no finding but
// something to find out. An arrest needs both: no response, and breathing
// that is absent, not normal or not sure. Abnormal breathing in somebody who
// is awake is an emergency, never an arrest.
func (r *Rules) Judge(l LifeThreatChecked) Threat {
	apart := l.WithPatient == No
	bad := func(a, worst YesNo) bool { return a == worst || (a == Unsure && !apart) }
	asleep, breathing, bleeding := bad(l.Awake, No), bad(l.Breathing, No), bad(l.Bleeding, Yes)
	var t Threat
	if apart {
		t.FindOut = unsureOf(l)
	}
	key := ""
	switch {
	case asleep && breathing:
		key = "arrest"
	case breathing:
		key = "breathing"
	case asleep:
		key = "not-awake"
	case bleeding:
		key = "bleeding"
	}
	t.Row, t.Found = r.Threats[key]
	return t
}

// LifeThreat gives the newest answers to the three questions; of answers
// given apart the worst of each, and what was answered before what was not
// asked. ok is false when nobody has asked.
func (c Case) LifeThreat() (l LifeThreatChecked, ok bool) {
	for _, v := range c.Threat.Values {
		l.Awake = worse(l.Awake, v.Value.Awake, No)
		l.Breathing = worse(l.Breathing, v.Value.Breathing, No)
		l.Bleeding = worse(l.Bleeding, v.Value.Bleeding, Yes)
		l.WithPatient = worse(l.WithPatient, v.Value.WithPatient, Yes) // with the patient "unsure" counts as bad
	}
	return l, !c.Threat.Empty()
}

// worse gives the answer that asks for more care, worst being the worst one.
func worse(a, b, worst YesNo) YesNo {
	rank := func(v YesNo) int {
		switch v {
		case worst:
			return 3
		case Unsure:
			return 2
		case NotAsked:
			return 0
		}
		return 1
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func unsureOf(l LifeThreatChecked) []string {
	var out []string
	if l.Awake == Unsure {
		out = append(out, "awake and talking")
	}
	if l.Breathing == Unsure {
		out = append(out, "breathing normally")
	}
	if l.Bleeding == Unsure {
		out = append(out, "heavy bleeding")
	}
	return out
}

// CheckLifeThreat records the three answers; if they amount to a threat the
// ambulance is requested in the same act.
func CheckLifeThreat(c Case, by access.Caller, r *Rules, l LifeThreatChecked, now time.Time) ([]fact.Draft, error) {
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	if l.Awake == NotAsked && l.Breathing == NotAsked && l.Bleeding == NotAsked {
		return nil, refusal.Field("awake", "Answer at least one of the three, or press F2 for an ambulance.")
	}
	out := []fact.Draft{fact.Say(c.ID, l)}
	if t := r.Judge(l); t.Found {
		more, err := ambulance(c, r, t.Row, t.Row.Why, now)
		return append(out, more...), err
	}
	return out, nil
}

// Emergency is what the one key sends, at any moment of a call.
type Emergency struct {
	Calling codes.Phone
	Place   codes.Place
	Threat  string // key of the table; empty: not said, the most urgent
	Why     string
}

// CallAmbulance requests an ambulance at once. It is never refused: what is
// missing is asked for afterwards, and a call not yet taken is taken by it.
func CallAmbulance(c Case, by access.Caller, r *Rules, e Emergency, now time.Time) ([]fact.Draft, error) {
	row, ok := r.Threats[e.Threat]
	if !ok {
		row = r.Threats["unsaid"]
	}
	var out []fact.Draft
	if !c.Begun() {
		taken, err := TakeCall(c, by, e.Calling, now)
		if err != nil {
			return nil, err
		}
		out = taken
		c.Taken = &CallTaken{Calling: e.Calling}
	}
	if !e.Place.IsZero() && differs(c.Place, e.Place) {
		out = append(out, fact.Say(c.ID, PlaceStated{Place: e.Place}))
		c.Place = fact.Register[codes.Place]{Values: []fact.Stated[codes.Place]{{Value: e.Place}}}
	}
	why := row.Why
	if e.Why != "" {
		why = e.Why
	}
	more, err := ambulance(c, r, row, why, now)
	return append(out, more...), err
}

// ambulance drafts the request and the disposition that goes with it.
func ambulance(c Case, r *Rules, row ThreatRow, why string, now time.Time) ([]fact.Draft, error) {
	req := AmbulanceRequested{
		Category: row.Category, Why: why, Number: c.RingBack(), Place: c.Place.Or(codes.Place{}), Instruction: row.Instruction, Dx: row.Dx,
		Timer: c.heldAmbulance(),
	}
	if c.Place.Disputed() {
		req.Why = joinSentences(req.Why, "Two places are stated, ask which: "+placesStated(c))
	}
	d, err := r.disposition(row.Dx, now)
	if err != nil {
		return nil, err
	}
	d.Why = why
	out := []fact.Draft{fact.Say(c.ID, req)}
	old, had := c.Disposition()
	if had && old.What.Level <= d.Level {
		d = old.still() // as urgent already: the clock does not start again
	}
	return append(out, fact.Say(c.ID, d)), nil
}

func placesStated(c Case) string {
	var all []string
	for _, v := range c.Place.Values {
		all = append(all, v.Value.String())
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " or ")
}

// RingBack gives the number to ring: the agreed one, else the one on the
// line, else the first that a sender gave. Of numbers agreed apart it is the
// first by its digits; the case shows each.
func (c Case) RingBack() codes.Phone {
	var agreed codes.Phone
	for _, v := range c.Caller.Values {
		if p := v.Value.RingBack; p.Present() && (!agreed.Present() || p.Dial() < agreed.Dial()) {
			agreed = p
		}
	}
	if agreed.Present() {
		return agreed
	}
	if c.Taken != nil && c.Taken.Calling.Present() {
		return c.Taken.Calling
	}
	for _, a := range c.Arrived {
		if a.What.Referral.Callback.Present() {
			return a.What.Referral.Callback
		}
	}
	return codes.Phone{}
}
