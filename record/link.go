package record

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// IdentitiesLinked says that this record and another are of one person, or may
// be. It is written to both records in one act and changes nothing else in
// either.
type IdentitiesLinked struct {
	Other    fact.Subject `cbor:"1,keyasint"`
	Maybe    bool         `cbor:"2,keyasint,omitempty"` // nobody is sure
	Differ   []string     `cbor:"3,keyasint,omitempty"` // what speaks against it: a second person has to agree
	Confirms fact.ID      `cbor:"4,keyasint,omitempty"` // the statement of a colleague that this one agrees with
	Why      string       `cbor:"5,keyasint"`
}

// FactKind is kind 103.
func (IdentitiesLinked) FactKind() fact.Kind {
	return kind(103, "identities-linked", fact.Undetermined)
}

// IdentitiesUnlinked says that two records are of two people after all.
type IdentitiesUnlinked struct {
	Other fact.Subject `cbor:"1,keyasint"`
	Why   string       `cbor:"2,keyasint"`
}

// FactKind is kind 104.
func (IdentitiesUnlinked) FactKind() fact.Kind {
	return kind(104, "identities-unlinked", fact.Undetermined)
}

// LinkState says how sure it is that two records are of one person. Its
// numbers are stable.
type LinkState uint8

// The states. In all of them the records are shown together.
const (
	MayBeSame LinkState = 1 // nobody is sure, or a second person has not agreed yet
	Same      LinkState = 2
	InDispute LinkState = 3 // linked by one, unlinked by another who could not know
)

// String says the state in words.
func (s LinkState) String() string {
	switch s {
	case MayBeSame:
		return "may be the same person"
	case Same:
		return "the same person"
	case InDispute:
		return "linked by one person and unlinked by another"
	}
	return "a link of a newer kind"
}

// Link is another record as this one is linked to it.
type Link struct {
	Other   fact.Subject `cbor:"1,keyasint"`
	State   LinkState    `cbor:"2,keyasint"`
	Fact    fact.ID      `cbor:"3,keyasint"` // the statement that stands
	By      fact.Subject `cbor:"4,keyasint"`
	Role    string       `cbor:"5,keyasint"`
	At      fact.Millis  `cbor:"6,keyasint"`
	Differ  []string     `cbor:"7,keyasint,omitempty"`
	Why     string       `cbor:"8,keyasint"`
	Asks    bool         `cbor:"9,keyasint,omitempty"`  // it waits for a second person
	Against []fact.ID    `cbor:"10,keyasint,omitempty"` // unlinkings that it does not know of
}

type placedLink struct {
	at   int
	says IdentitiesLinked
	link Link
}

type unlinking struct {
	id   fact.ID
	says IdentitiesUnlinked
}

// judgeLinks says of every other record whether it is linked.
func (f *folding) judgeLinks() {
	var all []fact.Subject
	for _, l := range f.others.links {
		if !slices.Contains(all, l.says.Other) {
			all = append(all, l.says.Other)
		}
	}
	slices.SortFunc(all, func(a, b fact.Subject) int { return bytes.Compare(a[:], b[:]) })
	for _, other := range all {
		if l, ok := f.linkTo(other); ok {
			f.p.Links = append(f.p.Links, l)
		}
	}
}

// linkTo combines all that is said about one other record. An unlinking ends
// the links that its writer had seen; a link ends the unlinkings that its
// writer had seen; what was written apart disagrees.
func (f *folding) linkTo(other fact.Subject) (Link, bool) {
	var standing []placedLink
	var against []fact.ID
	for _, l := range f.others.links {
		if l.says.Other == other && !f.unlinkedAfter(l) {
			standing = append(standing, l)
		}
	}
	if len(standing) == 0 {
		return Link{}, false
	}
	for _, u := range f.others.unlinks {
		if u.value.says.Other == other && !slices.ContainsFunc(standing, func(l placedLink) bool { return f.h.Before(u.at, l.at) }) {
			against = append(against, u.value.id)
		}
	}
	out, sure := f.weigh(standing)
	switch {
	case len(against) > 0:
		out.State, out.Against, out.Asks = InDispute, against, false
	case sure:
		out.State = Same
	default:
		out.State = MayBeSame
	}
	return out, true
}

func (f *folding) unlinkedAfter(l placedLink) bool {
	return slices.ContainsFunc(f.others.unlinks, func(u placed[unlinking]) bool {
		return u.value.says.Other == l.says.Other && f.h.Before(l.at, u.at)
	})
}

// weigh gives the statement that is shown and whether it is sure. A statement
// is overtaken by a later one whose writer had seen it, unless that one only
// agrees with it. Of statements written apart an unsure one keeps it unsure.
func (f *folding) weigh(standing []placedLink) (shown Link, sure bool) {
	sure = true
	first, waits := true, false
	var whys, differ []string
	for _, l := range standing {
		if l.says.Confirms != (fact.ID{}) || f.overtaken(l, standing) {
			continue
		}
		agreed := f.agreedWith(l, standing)
		asks := !l.says.Maybe && len(l.says.Differ) > 0 && !agreed
		ok := !l.says.Maybe && !asks
		whys, differ = append(whys, l.says.Why), append(differ, l.says.Differ...)
		waits = waits || asks
		if first || !ok && sure || ok == sure && l.link.before(shown) {
			shown = l.link
		}
		first, sure = false, sure && ok
	}
	if first { // only agreements with what was unlinked: nobody states it any more by themselves
		for i, l := range standing {
			if i == 0 || l.link.before(shown) {
				shown = l.link
			}
		}
		whys, differ, sure = []string{shown.Why}, nil, false
	}
	slices.Sort(differ)
	shown.Asks = waits
	shown.Why, shown.Differ = everyReason(whys), slices.Compact(differ)
	return shown, sure
}

// before puts statements written apart in an order that comes from what they
// say, never from where they stand.
func (l Link) before(o Link) bool {
	return cmp.Or(cmp.Compare(l.At, o.At), bytes.Compare(l.By[:], o.By[:]), strings.Compare(l.Role, o.Role), strings.Compare(l.Why, o.Why),
		slices.Compare(l.Differ, o.Differ)) < 0
}

func (f *folding) overtaken(l placedLink, standing []placedLink) bool {
	return slices.ContainsFunc(standing, func(o placedLink) bool {
		return o.says.Confirms == (fact.ID{}) && f.h.Before(l.at, o.at)
	})
}

// agreedWith tells whether a second person who had seen a statement agrees.
func (f *folding) agreedWith(l placedLink, standing []placedLink) bool {
	return slices.ContainsFunc(standing, func(o placedLink) bool {
		return o.says.Confirms == l.link.Fact && o.link.By != l.link.By && f.h.Before(l.at, o.at)
	})
}

// LinkTo gives how this record is linked to another.
func (p Person) LinkTo(other fact.Subject) (Link, bool) {
	for _, l := range p.Links {
		if l.Other == other {
			return l, true
		}
	}
	return Link{}, false
}

// Linking is the request to link two records.
type Linking struct {
	Maybe bool // show them together, nobody is sure
	Why   string
}

// LinkIdentities says that two records are of one person, on both in one act.
// What speaks against it is written down with it: then it is a "may be" until a
// second person agrees.
func LinkIdentities(a, b Person, by access.Caller, req Linking) ([]fact.Draft, error) {
	if err := mayLink(a, b, by, &req.Why); err != nil {
		return nil, err
	}
	if l, ok := a.LinkTo(b.Subject); ok && l.State == Same && !req.Maybe {
		return nil, refusal.New(refusal.Taken, "These records are linked already.")
	}
	if l, ok := a.LinkTo(b.Subject); ok && l.State == MayBeSame && (l.Asks && !req.Maybe || req.Maybe) {
		return nil, refusal.New(refusal.Taken, "This is said already: a colleague has to agree, or unlink them.")
	}
	c := IdentitiesLinked{Maybe: req.Maybe, Why: req.Why, Differ: SpeaksAgainst(a, b)}
	return both(a, b, func(other fact.Subject) fact.Content { c.Other = other; return c }), nil
}

// ConfirmLink agrees with what a colleague stated of two records, which is
// another person's to do.
func ConfirmLink(a, b Person, by access.Caller, why string) ([]fact.Draft, error) {
	if err := mayLink(a, b, by, &why); err != nil {
		return nil, err
	}
	l, ok := a.LinkTo(b.Subject)
	back, mutual := b.LinkTo(a.Subject)
	switch {
	case !ok || !mutual || !l.Asks || !back.Asks:
		return nil, refusal.New(refusal.Taken, "Nothing waits for a second person here any more. Look at what stands now.")
	case l.By == by.Person:
		return nil, refusal.New(refusal.Forbidden, "A second person has to agree: what differs was seen by you. Ask a colleague to look.")
	}
	confirm := func(on Link, other fact.Subject) IdentitiesLinked {
		return IdentitiesLinked{Other: other, Confirms: on.Fact, Why: why}
	}
	return []fact.Draft{fact.Say(a.Subject, confirm(l, b.Subject)), fact.Say(b.Subject, confirm(back, a.Subject))}, nil
}

// UnlinkIdentities says that two records are of two people after all. Each is
// then as if it had never been linked: nothing was moved.
func UnlinkIdentities(a, b Person, by access.Caller, why string) ([]fact.Draft, error) {
	if err := mayLink(a, b, by, &why); err != nil {
		return nil, err
	}
	_, ok := a.LinkTo(b.Subject)
	_, back := b.LinkTo(a.Subject)
	if !ok && !back {
		return nil, refusal.New(refusal.Taken, "These records are not linked.")
	}
	return both(a, b, func(other fact.Subject) fact.Content { return IdentitiesUnlinked{Other: other, Why: why} }), nil
}

func mayLink(a, b Person, by access.Caller, why *string) error {
	if err := by.May(access.WritePerson); err != nil {
		return err
	}
	*why = strings.TrimSpace(*why)
	switch {
	case a.Subject == b.Subject:
		return refusal.Field("other", "This is the same record twice.")
	case !a.Registered || !b.Registered:
		return refusal.New(refusal.Missing, "One of these records is not here.")
	case *why == "":
		return refusal.Field("why", "Say how you know. It stays readable in both records.")
	}
	return tooLong("why", *why, MaxText)
}

func both(a, b Person, say func(other fact.Subject) fact.Content) []fact.Draft {
	return []fact.Draft{fact.Say(a.Subject, say(b.Subject)), fact.Say(b.Subject, say(a.Subject))}
}

// SpeaksAgainst lists what in two records speaks against their being of one
// person: different numbers, birth dates or sexes on both, or what twins have.
// What one of them lacks speaks against nothing.
func SpeaksAgainst(a, b Person) []string {
	x, y := a.Identity(), b.Identity()
	var out []string
	add := func(differ bool, what string) {
		if differ {
			out = append(out, what)
		}
	}
	add(x.NHS.Matchable() && y.NHS.Matchable() && x.NHS.Text != y.NHS.Text, "different NHS numbers")
	add(x.CHI.Matchable() && y.CHI.Matchable() && x.CHI.Text != y.CHI.Text, "different CHI numbers")
	add(x.HCN.Matchable() && y.HCN.Matchable() && x.HCN.Text != y.HCN.Text, "different Health and Care numbers")
	add(!x.Born.IsZero() && !y.Born.IsZero() && !mayBeOneDay(x.Born, y.Born), "different birth dates")
	add(toldApart(x.Sex) && toldApart(y.Sex) && x.Sex != y.Sex, "different sexes")
	add(len(a.Disputes())+len(b.Disputes()) > 0, "one of the records has values that disagree")
	add(x.Death.Dead == Yes && y.Death.Dead == No || x.Death.Dead == No && y.Death.Dead == Yes, "one is recorded as dead, the other as alive")
	add(Twins(x, y), "same birth date and last name, another first name: they may be twins")
	return out
}

func toldApart(s codes.Sex) bool { return s == codes.Male || s == codes.Female }

// Twins tells whether two identities look like twins or other children of one
// birth: the birth date and last name agree and the first names do not.
// Nothing is decided by it: it is a warning.
func Twins(x, y Identity) bool {
	first := func(i Identity) string {
		words := strings.Fields(strings.ToLower(i.Name.Given))
		if len(words) == 0 {
			return ""
		}
		return words[0]
	}
	return x.Born.Full() && x.Born == y.Born && x.Name.Family != "" && strings.EqualFold(x.Name.Family, y.Name.Family) &&
		first(x) != "" && first(y) != "" && first(x) != first(y)
}

// PartLink names a disagreement about a link; the other record follows after a
// space.
const PartLink = "link"

// The choices about a link.
const (
	choiceLinked   = "linked"
	choiceUnlinked = "unlinked"
)

// linksApart lists the links that one person made and another ended apart.
func (p Person) linksApart(h fact.History) []fact.Disagreement {
	var out []fact.Disagreement
	for _, l := range p.Links {
		if l.State != InDispute || len(out) > 0 { // one at a time: the table of joins knows the part by its name alone
			continue
		}
		d := fact.Disagreement{
			Subject: p.Subject, Matter: fact.Matter{Kind: IdentitiesLinked{}.FactKind().Number, Part: PartLink},
			What: "Whether another record is the same person’s",
		}
		v := h.Said(l.Fact, "The same person: "+l.Why)
		v.Choice = choiceLinked + " " + l.Fact.String()
		d.Values = append(d.Values, v)
		for _, id := range l.Against {
			for _, f := range h.Facts() {
				if u, err := fact.Read[IdentitiesUnlinked](f); err == nil && f.ID == id {
					v := h.Said(id, "Two people: "+u.Why)
					v.Choice = choiceUnlinked + " " + id.String()
					d.Values = append(d.Values, v)
				}
			}
		}
		out = append(out, d)
	}
	return out
}

// settleLink states the link anew, or its end, on both records.
func (p Person) settleLink(_ access.Caller, req fact.Settling) ([]fact.Draft, error) {
	for _, l := range p.Links {
		if l.State != InDispute {
			continue
		}
		var c func(other fact.Subject) fact.Content
		switch {
		case req.Choice == choiceLinked+" "+l.Fact.String():
			c = func(other fact.Subject) fact.Content { return IdentitiesLinked{Other: other, Why: req.Why} }
		case slices.ContainsFunc(l.Against, func(id fact.ID) bool { return req.Choice == choiceUnlinked+" "+id.String() }):
			c = func(other fact.Subject) fact.Content { return IdentitiesUnlinked{Other: other, Why: req.Why} }
		default:
			continue
		}
		return both(p, Person{Subject: l.Other}, c), nil
	}
	if !slices.ContainsFunc(p.Links, func(l Link) bool { return l.State == InDispute }) {
		return nil, settled()
	}
	return nil, choose()
}

// AsOf gives when a link was stated.
func (l Link) AsOf() time.Time { return l.At.Time() }

// mayBeOneDay tells whether two dates, each as far as it is known, can be the
// same day.
func mayBeOneDay(a, b codes.Date) bool {
	fits := func(x, y int) bool { return x == 0 || y == 0 || x == y }
	return fits(a.Year, b.Year) && fits(a.Month, b.Month) && fits(a.Day, b.Day)
}
