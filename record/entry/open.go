package entry

import (
	"cmp"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Relation is what ties the caller to a home just now: a case or a visit. Urgent
// care makes them from its cases, home care from its rota.
type Relation struct {
	About     fact.Subject // the case or visit
	Number    string       // as people say it
	Visit     bool         // somebody goes to the home
	Mine      bool         // and it is the caller
	At        time.Time    // when the visit is due; zero: no time is known
	Emergency bool         // an ambulance was asked for, or it is as urgent
}

// Grounds are the relations of a caller to a home. Unknown says that they could
// not all be read: that is never "none".
type Grounds struct {
	Relations []Relation
	Unknown   bool
}

// Asking is the wish to open one home.
type Asking struct {
	Emergency bool   `cbor:"1,keyasint,omitempty"`
	Reason    string `cbor:"2,keyasint,omitempty"` // in an emergency
}

// Near tells whether a visit is near in time, and from when until when it is. A
// visit without a time is near as long as it stands.
func (r Rules) Near(v Relation, now time.Time) (near bool, from, until time.Time) {
	if v.At.IsZero() {
		return true, now, now.Add(r.After)
	}
	from, until = v.At.Add(-r.Before), v.At.Add(r.After)
	return !now.Before(from) && !now.After(until), from, until
}

// Open decides whether the caller is shown how to get into one home, now. days
// are what the caller opened today and yesterday, today first; device is where
// it is shown. What it answers must be saved before anything is shown.
//
// One home at a time, with a visit that is the caller's and near; or in an
// emergency with a reason. An emergency that stands on a case is never refused,
// whatever was opened before, nor one of which the cases can't all be read.
// Where a case says nothing of an emergency it opens as well, and counts.
func Open(c Code, days [2]Opener, by access.Caller, g Grounds, ask Asking, r Rules, device fact.Subject, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.OpenEntry); err != nil {
		return nil, err
	}
	standing := c.Standing()
	if len(standing) == 0 {
		return nil, refusal.New(refusal.Missing, "Nothing is kept here on how to get into this home. Ring the person, their family or the coordinator.")
	}
	what, sure, err := ground(by, g, ask, r, now)
	if err != nil {
		return nil, err
	}
	if open, is := OpenNow(days[:], now); is && open.Code != c.Subject {
		if !sure {
			return nil, refusal.New(refusal.Taken, "You have another home open. Cover that one first: one at a time.")
		}
		what.Unusual = append(what.Unusual, AnotherIsOpen)
	}
	if n := opened(days[:], now); n >= r.InAHour {
		switch left := r.InAHour + more(days[:], now) - n; {
		case left <= 0 && !sure:
			return nil, refusal.Newf(refusal.Forbidden, "You have opened %d in the last hour. A second person must agree to more: ask under Open more than is usual. In an emergency with an ambulance on the way it opens at once.", n)
		default:
			what.Unusual = append(what.Unusual, ManyInAnHour)
		}
	}
	for _, v := range standing {
		what.Values = append(what.Values, v.Fact)
	}
	until := fact.At(now.Add(r.Shown))
	what.Device, what.Until, what.Says = device, until, by.Says()
	return []fact.Draft{entry(c.Subject, what), entry(days[0].Subject, Counted{Code: c.Subject, Until: until})}, nil
}

// entry drafts a fact under keys of the class of entry codes.
func entry(about fact.Subject, c fact.Content) fact.Draft {
	d := fact.Say(about, c)
	d.Class = fact.ClassEntry
	return d
}

// ground finds why the caller may open; sure says that nothing may stop it.
func ground(by access.Caller, g Grounds, ask Asking, r Rules, now time.Time) (what Opened, sure bool, err error) {
	if ask.Emergency {
		return emergency(g, ask)
	}
	var next time.Time
	relations := slices.Clone(g.Relations)
	slices.SortStableFunc(relations, func(a, b Relation) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Number, b.Number)) })
	for _, v := range relations {
		if !v.Visit || !v.Mine {
			continue
		}
		near, from, _ := r.Near(v, now)
		if near {
			return Opened{About: v.About, Number: v.Number, Ground: ForVisit}, false, nil
		}
		if from.After(now) && next.IsZero() {
			next = from
		}
	}
	if !next.IsZero() {
		return Opened{}, false, refusal.Newf(refusal.Forbidden, "Your visit is not near yet: it opens from %s. In an emergency say so and why: it opens at once.", codes.ClockDay(next, now))
	}
	return Opened{}, false, refusal.New(refusal.Forbidden, "It opens for whoever has a visit to this home, near its time. Claim the case, or in an emergency say so and why: it opens at once.")
}

func emergency(g Grounds, ask Asking) (what Opened, sure bool, err error) {
	reason, err := words("reason", ask.Reason, "Say in a few words why somebody must get in at once")
	if err != nil {
		if reason = masked(ask.Reason); reason == "" {
			return Opened{}, false, err
		} // nothing stops an emergency but silence
	}
	what = Opened{Ground: ForEmergency, Reason: reason}
	for _, v := range g.Relations {
		if v.Emergency {
			what.About, what.Number = v.About, v.Number
			return what, true, nil
		}
	}
	if len(g.Relations) > 0 {
		what.About, what.Number, what.Unusual = g.Relations[0].About, g.Relations[0].Number, []Unusual{NoEmergency}
	}
	if g.Unknown {
		what.Unusual = append(what.Unusual, CaseNotRead)
		return what, true, nil
	}
	if len(g.Relations) > 0 {
		return what, false, nil
	}
	return Opened{}, false, refusal.New(refusal.Forbidden, "No open case stands on this person. Take the call, or open the case on the worklist: then it opens at once.")
}

// Alarming tells whether an opening is told as a task at once, not only listed.
func (o Opened) Alarming() bool { return o.Ground == ForEmergency || len(o.Unusual) > 0 }
