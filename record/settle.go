package record

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Settle says which of the values written apart stands, by somebody who has
// seen them all and says why. It is stated as any other fact of its kind: what
// is written apart from the settling disagrees with it anew.
func Settle(p Person, by access.Caller, req fact.Settling, _ time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	req.Why = strings.TrimSpace(req.Why)
	if req.Why == "" {
		return nil, refusal.Field("why", "Say why this one stands. The others stay readable in the history.")
	}
	if err := tooLong("why", req.Why, MaxText); err != nil {
		return nil, err
	}
	switch req.Matter.Part {
	case PartResuscitation:
		return p.settleDecision(by, req)
	case PartAlert:
		return p.settleAlert(by, req)
	case PartLink:
		return p.settleLink(by, req)
	}
	return p.settleField(req)
}

func (p Person) settleField(req fact.Settling) ([]fact.Draft, error) {
	for _, d := range p.Disputes() {
		if d.Field.String() != req.Matter.Part {
			continue
		}
		for _, id := range d.Facts {
			if id.String() == req.Choice {
				c := IdentityAmended{Identity: p.fieldOf(d.Field, id), Fields: []Field{d.Field}, Source: FromStaff, Why: req.Why}
				return []fact.Draft{fact.Say(p.Subject, c)}, nil
			}
		}
		return nil, choose()
	}
	return nil, settled()
}

// fieldOf gives an identity that holds one field as one fact stated it.
func (p Person) fieldOf(f Field, by fact.ID) Identity {
	var one Identity
	choice := by.String()
	switch f {
	case FieldName:
		one.Name, _ = fact.Chosen(p.Name, choice)
	case FieldBorn:
		one.Born, _ = fact.Chosen(p.Born, choice)
	case FieldAge:
		one.Age, _ = fact.Chosen(p.Age, choice)
	case FieldSex:
		one.Sex, _ = fact.Chosen(p.Sex, choice)
	case FieldNHS:
		one.NHS, _ = fact.Chosen(p.NHS, choice)
	case FieldCHI:
		one.CHI, _ = fact.Chosen(p.CHI, choice)
	case FieldHCN:
		one.HCN, _ = fact.Chosen(p.HCN, choice)
	case FieldAddress:
		one.Address, _ = fact.Chosen(p.Address, choice)
	case FieldPractice:
		one.Practice, _ = fact.Chosen(p.Practice, choice)
	case FieldLanguage:
		one.Language, _ = fact.Chosen(p.Language, choice)
	case FieldInterpreter:
		one.Interpreter, _ = fact.Chosen(p.Interpreter, choice)
	case FieldCommunication:
		one.Communication, _ = fact.Chosen(p.Communication, choice)
	case FieldDescription:
		one.Description, _ = fact.Chosen(p.Description, choice)
	case FieldNeeds:
		one.Needs, _ = fact.Chosen(p.Needs, choice)
	case FieldWelsh:
		one.Welsh, _ = fact.Chosen(p.Welsh, choice)
	case FieldDeath:
		one.Death, _ = fact.Chosen(p.Death, choice)
	}
	return one
}

// settleDecision is a clinician's act: the chosen decision is recorded anew
// and replaces all, or none stands.
func (p Person) settleDecision(by access.Caller, req fact.Settling) ([]fact.Draft, error) {
	if err := by.May(access.Consult); err != nil {
		return nil, refusal.New(refusal.Forbidden, "A clinician settles what stands about resuscitation. Get a clinician now.")
	}
	if _, disputed := p.Resuscitation(); !disputed {
		return nil, settled()
	}
	var out []fact.Draft
	var chosen *Alert
	for _, a := range p.StandingOf(Resuscitation) {
		if a.Fact.String() == req.Choice {
			chosen = &a
			continue
		}
		out = append(out, fact.Say(p.Subject, AlertEnded{Alert: a.Fact, Why: req.Why}))
	}
	switch {
	case chosen != nil:
		return append(out, fact.Say(p.Subject, AlertConfirmed{Alert: chosen.Fact, Why: req.Why}), chosen.again(p.Subject)), nil
	case req.Choice == choiceNeither:
		return out, nil
	}
	return nil, choose()
}

// settleAlert confirms an alert that something speaks against, or ends it.
func (p Person) settleAlert(by access.Caller, req fact.Settling) ([]fact.Draft, error) {
	for _, a := range p.ToAsk() {
		switch {
		case a.Disputed:
		case req.Choice == a.Fact.String():
			return []fact.Draft{fact.Say(p.Subject, AlertConfirmed{Alert: a.Fact, Why: req.Why})}, nil
		case req.Choice == choiceEnded+" "+a.Fact.String():
			return EndAlert(p, by, AlertEnded{Alert: a.Fact, Why: req.Why}, time.Time{})
		}
	}
	if len(p.ToAsk()) == 0 {
		return nil, settled()
	}
	return nil, choose()
}

func choose() error { return refusal.Field("choice", "Choose which one stands.") }

func settled() error {
	return refusal.New(refusal.Taken, "Nothing disagrees here any more: somebody has settled it. Look at what stands now.")
}
