package stock

import (
	"slices"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/share"
)

// Fold gives the present state of a range. devices says which device writes a
// feed.
func Fold(about fact.Subject, h fact.History, devices share.Devices) Range {
	r := Range{Subject: about, Gaps: h.Gaps(), Frontier: h.Frontier()}
	t := telling{uses: map[fact.ID]Use{}, decisions: map[fact.ID]Decision{}, approvals: map[fact.ID]string{}}
	for i, f := range h.Facts() {
		if f.OfJournal() {
			continue
		}
		if _, err := stepOf(f); err != nil {
			r.NotShown = append(r.NotShown, f.ID)
			continue
		}
		r.hear(h, i, f, &t)
	}
	r.Rights = share.Fold(h, func(f fact.Fact) (share.Step, bool) {
		s, err := stepOf(f)
		return s, err == nil
	}, devices)
	r.join(t)
	return r
}

// telling is what facts say beside rights.
type telling struct {
	uses      map[fact.ID]Use
	decisions map[fact.ID]Decision
	approvals map[fact.ID]string
	proposals []Proposal
}

// stepOf reads what a fact does to rights. What cannot be read is an error.
func stepOf(f fact.Fact) (share.Step, error) {
	switch f.Body.Kind {
	case FormsReceived{}.FactKind().Number:
		c, err := fact.Read[FormsReceived](f)
		return sound(share.Step{Act: share.Received, Units: share.Some(c.First, c.Last), To: c.Owner}, err)
	case FormsHanded{}.FactKind().Number:
		c, err := fact.Read[FormsHanded](f)
		return sound(share.Step{Act: share.Handed, Units: share.Some(c.First, c.Last), To: c.To}, err)
	case FormUsed{}.FactKind().Number:
		c, err := fact.Read[FormUsed](f)
		return sound(share.Step{Act: share.Used, Units: share.Some(c.First, c.Last), Asks: c.Asks != ""}, err)
	case UseConfirmed{}.FactKind().Number:
		c, err := fact.Read[UseConfirmed](f)
		return share.Step{Act: share.Confirmed, About: c.Use}, err
	case UseRefused{}.FactKind().Number:
		c, err := fact.Read[UseRefused](f)
		return share.Step{Act: share.Refused, About: c.Use}, err
	case ReassignmentProposed{}.FactKind().Number:
		c, err := fact.Read[ReassignmentProposed](f)
		return share.Step{Act: share.Proposed, Lost: c.Lost, To: c.To, Person: personOf(f)}, err
	case ReassignmentApproved{}.FactKind().Number:
		c, err := fact.Read[ReassignmentApproved](f)
		return share.Step{Act: share.Approved, About: c.Proposal, Person: personOf(f)}, err
	}
	return share.Step{}, fact.ErrNewer
}

func sound(s share.Step, err error) (share.Step, error) {
	if err == nil && !s.Units.Sound() {
		err = fact.ErrNewer
	}
	return s, err
}

// personOf is who says so, if that is a person: a device is nobody's second
// person.
func personOf(f fact.Fact) fact.Subject {
	if f.Body.Role == string(access.Device) || f.Body.Role == string(access.Partner) {
		return fact.Subject{}
	}
	return f.Body.Person
}

// hear keeps what a readable fact says beside rights.
func (r *Range) hear(h fact.History, i int, f fact.Fact, t *telling) {
	at := f.Body.Happened.From
	switch f.Body.Kind {
	case FormsReceived{}.FactKind().Number:
		c, _ := fact.Read[FormsReceived](f)
		if r.Received.Empty() {
			r.At = at
		}
		r.Received.Set(h, i, c)
		r.call(c.Owner, c.Says)
	case FormsHanded{}.FactKind().Number:
		c, _ := fact.Read[FormsHanded](f)
		r.call(c.To, c.Says)
	case FormUsed{}.FactKind().Number:
		c, _ := fact.Read[FormUsed](f)
		t.uses[f.ID] = Use{Says: c, By: f.Body.Person, At: at}
	case UseConfirmed{}.FactKind().Number:
		c, _ := fact.Read[UseConfirmed](f)
		t.decisions[f.ID] = Decision{Says: c.Says, At: at}
	case UseRefused{}.FactKind().Number:
		c, _ := fact.Read[UseRefused](f)
		t.decisions[f.ID] = Decision{Why: c.Why, Owner: c.Owner, Says: c.Says, At: at}
	case ReassignmentProposed{}.FactKind().Number:
		c, _ := fact.Read[ReassignmentProposed](f)
		t.proposals = append(t.proposals, Proposal{Says: c, At: at})
		r.call(c.Lost, c.LostSays)
		r.call(c.To, c.ToSays)
	case ReassignmentApproved{}.FactKind().Number:
		c, _ := fact.Read[ReassignmentApproved](f)
		t.approvals[f.ID] = c.Says
	}
}

// call notes a device's name; the first that the order of facts gives stays.
func (r *Range) call(device fact.Subject, says string) {
	if device.Zero() || says == "" || slices.ContainsFunc(r.Names, func(n Name) bool { return n.Device == device }) {
		return
	}
	r.Names = append(r.Names, Name{Device: device, Says: says})
}

// join puts what was said to the rights it is about.
func (r *Range) join(t telling) {
	for _, right := range r.Rights.Uses {
		u := t.uses[right.Fact]
		u.Right = right
		for _, id := range right.By {
			u.Decided = append(u.Decided, t.decisions[id])
		}
		r.Uses = append(r.Uses, u)
	}
	for n, right := range r.Rights.Reassignments {
		p := t.proposals[n]
		p.Right = right
		for _, id := range right.Approved {
			p.By = append(p.By, t.approvals[id])
		}
		r.Proposals = append(r.Proposals, p)
	}
}
