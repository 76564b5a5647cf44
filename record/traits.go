package record

import (
	"slices"
	"strings"

	"holdfast/codes"
	"holdfast/fact"
)

// Traits is what a record says about who somebody is besides the fields that
// stand: what was said before, what they need, other records that may be
// theirs, and what a national index answered.
type Traits struct {
	Former  []Name                `cbor:"1,keyasint,omitempty"` // names that stood once
	LivedAt []codes.Place         `cbor:"2,keyasint,omitempty"` // addresses that stood once
	Needs   fact.Register[string] `cbor:"3,keyasint"`           // codes of the table of support
	Welsh   fact.Register[Answer] `cbor:"4,keyasint"`
	Death   fact.Register[Death]  `cbor:"5,keyasint"`
	Unread  []fact.Subject        `cbor:"8,keyasint,omitempty"` // linked records that could not be read with this one
	Links   []Link                `cbor:"6,keyasint,omitempty"` // other records: of the same person, or perhaps
	Traces  []Trace               `cbor:"7,keyasint,omitempty"` // what a national index answered
}

// Death says that somebody has died, and when as far as it is known.
type Death struct {
	Dead Answer     `cbor:"1,keyasint,omitempty"`
	On   codes.Date `cbor:"2,keyasint,omitempty"`
}

// String says it in words: "died 3 Feb 2026".
func (d Death) String() string {
	switch {
	case d.Dead == Yes && !d.On.IsZero():
		return "died " + d.On.Display()
	case d.Dead == Yes:
		return "has died"
	case d.Dead == No:
		return "alive"
	case d.Dead == Unsure:
		return "not sure whether they have died"
	}
	return ""
}

// everyNeed gives every need that anybody stated: of lists written apart none
// is dropped because of another.
func (p Person) everyNeed() string {
	var all []string
	for _, v := range p.Needs.Values {
		all = append(all, strings.Fields(v.Value)...)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// death gives whether they have died: yes as soon as anybody says so; the date
// only where nobody says another.
func (p Person) death() Death {
	if d, ok := agreed(p.Death); ok {
		return d
	}
	var out Death
	for _, v := range p.Death.Values {
		switch {
		case v.Value.Dead != Yes:
		case out.Dead != Yes:
			out = v.Value
		case out.On != v.Value.On:
			out.On = codes.Date{}
		}
	}
	return out
}

// others collects what a fold sees besides the fields that stand.
type others struct {
	names     []Name
	places    []codes.Place
	links     []placedLink
	unlinks   []placed[unlinking]
	traces    []placed[Trace]
	judgments []placed[TraceJudged]
}

// stated keeps every name and address that was ever said.
func (o *others) stated(id Identity, f Field) {
	switch {
	case f == FieldName && !id.Name.IsZero() && !slices.Contains(o.names, id.Name):
		o.names = append(o.names, id.Name)
	case f == FieldAddress && !id.Address.IsZero() && !slices.Contains(o.places, id.Address):
		o.places = append(o.places, id.Address)
	}
}

// applyIdentity folds the kinds about links and traces.
func (f *folding) applyIdentity(i int, one fact.Fact) (known bool, err error) {
	switch one.Body.Kind {
	case IdentitiesLinked{}.FactKind().Number:
		c, err := fact.Read[IdentitiesLinked](one)
		if err == nil {
			f.others.links = append(f.others.links, placedLink{i, c, Link{
				Other: c.Other, Fact: one.ID, By: one.Body.Person, Role: one.Body.Role, At: one.Body.Happened.From, Differ: c.Differ, Why: c.Why,
			}})
		}
		return true, err
	case IdentitiesUnlinked{}.FactKind().Number:
		c, err := fact.Read[IdentitiesUnlinked](one)
		if err == nil {
			f.others.unlinks = append(f.others.unlinks, placed[unlinking]{i, unlinking{one.ID, c}})
		}
		return true, err
	case TraceAnswered{}.FactKind().Number:
		c, err := fact.Read[TraceAnswered](one)
		if err == nil {
			f.others.traces = append(f.others.traces, placed[Trace]{i, Trace{Fact: one.ID, At: one.Body.Happened.From, Says: c}})
		}
		return true, err
	case TraceJudged{}.FactKind().Number:
		c, err := fact.Read[TraceJudged](one)
		if err == nil {
			f.others.judgments = append(f.others.judgments, placed[TraceJudged]{i, c})
		}
		return true, err
	}
	return false, nil
}

// judgeIdentity says what stands of it.
func (f *folding) judgeIdentity() {
	for _, n := range f.others.names {
		if !slices.ContainsFunc(f.p.Name.Values, func(v fact.Stated[Name]) bool { return v.Value == n }) && !slices.Contains(f.p.Aliases, n) {
			f.p.Former = append(f.p.Former, n)
		}
	}
	for _, a := range f.others.places {
		if !slices.ContainsFunc(f.p.Address.Values, func(v fact.Stated[codes.Place]) bool { return v.Value == a }) {
			f.p.LivedAt = append(f.p.LivedAt, a)
		}
	}
	f.judgeLinks()
	f.judgeTraces()
}

// carefulTraits combines what is verified with what is held back: a link that
// only held entries make sure of is a "may be", one that they end stands, and
// whoever is said to be dead is marked.
func carefulTraits(verified, whole Traits) Traits {
	k := whole
	k.Former, k.LivedAt = addMissing(verified.Former, whole.Former), addMissing(verified.LivedAt, whole.LivedAt)
	k.Needs, k.Welsh, k.Death = fact.Both(verified.Needs, whole.Needs), fact.Both(verified.Welsh, whole.Welsh), fact.Both(verified.Death, whole.Death)
	k.Links = slices.Clone(whole.Links)
	for i := range k.Links {
		l := &k.Links[i]
		at := slices.IndexFunc(verified.Links, func(v Link) bool { return v.Other == l.Other })
		switch {
		case at < 0 && l.State == Same:
			l.State = MayBeSame
		case at >= 0 && verified.Links[at].State != l.State:
			l.State = verified.Links[at].State
			if l.State == Same {
				l.State = MayBeSame
			}
		}
	}
	return k
}

// SaysWho tells whether facts of a kind say who somebody is, so that a search
// index has to read the record anew.
func SaysWho(kind uint32) bool {
	switch kind {
	case PersonRegistered{}.FactKind().Number, IdentityAmended{}.FactKind().Number, IdentitiesLinked{}.FactKind().Number, IdentitiesUnlinked{}.FactKind().Number:
		return true
	}
	return false
}
