package record

import (
	"slices"

	"holdfast/codes"
	"holdfast/fact"
)

// fold gives the state of a record from the facts that count.
func fold(about fact.Subject, h fact.History) Person {
	f := folding{h: h, p: Person{Subject: about}}
	for i, one := range h.Facts() {
		if one.OfJournal() {
			continue
		}
		if err := f.apply(i, one); err != nil {
			f.p.NotShown = append(f.p.NotShown, one.ID)
		}
	}
	f.judgeAlerts()
	f.p.Lines = f.standingLines()
	f.p.Gaps = h.Gaps()
	f.p.Frontier = h.Frontier()
	return f.p
}

type folding struct {
	h        fact.History
	p        Person
	lines    []placed[Line]
	ended    []placed[codes.Phone]
	endings  []placed[AlertEnded]
	confirms []placed[AlertConfirmed]
}

type placed[T any] struct {
	at    int
	value T
}

func (f *folding) apply(i int, one fact.Fact) error {
	switch one.Body.Kind {
	case PersonRegistered{}.FactKind().Number:
		c, err := fact.Read[PersonRegistered](one)
		if err == nil {
			f.p.Registered = true
			f.identity(i, c.Identity, c.Identity.Given())
		}
		return err
	case IdentityAmended{}.FactKind().Number:
		c, err := fact.Read[IdentityAmended](one)
		if err == nil {
			f.identity(i, c.Identity, c.Fields)
			for _, l := range c.LinesEnded {
				f.ended = append(f.ended, placed[codes.Phone]{i, l})
			}
		}
		return err
	case ContactNoted{}.FactKind().Number:
		c, err := fact.Read[ContactNoted](one)
		if err == nil {
			f.p.Contacts = append(f.p.Contacts, Contact{Fact: one.ID, At: one.Body.Happened.From, Says: c})
		}
		return err
	}
	return f.applyAlert(i, one)
}

func (f *folding) applyAlert(i int, one fact.Fact) error {
	switch one.Body.Kind {
	case AlertAdded{}.FactKind().Number:
		c, err := fact.Read[AlertAdded](one)
		if err == nil {
			f.overtake(c.Kind, i)
			f.p.Alerts = append(f.p.Alerts, Alert{
				Fact: one.ID, Says: c, By: one.Body.Person, Role: one.Body.Role, At: one.Body.Happened.From, Stands: true, place: i,
			})
		}
		return err
	case AlertEnded{}.FactKind().Number:
		c, err := fact.Read[AlertEnded](one)
		if err == nil {
			f.endings = append(f.endings, placed[AlertEnded]{i, c})
		}
		return err
	case AlertAnswered{}.FactKind().Number:
		c, err := fact.Read[AlertAnswered](one)
		if err == nil {
			f.overtake(c.Kind, i)
			f.p.Answers = append(f.p.Answers, Answered{
				Fact: one.ID, Kind: c.Kind, Answer: c.Answer, At: one.Body.Happened.From, place: i,
			})
		}
		return err
	case AlertConfirmed{}.FactKind().Number:
		c, err := fact.Read[AlertConfirmed](one)
		if err == nil {
			f.confirms = append(f.confirms, placed[AlertConfirmed]{i, c})
			if a, ok := f.p.AlertOf(c.Alert); ok {
				f.overtake(a.Says.Kind, i)
			}
		}
		return err
	}
	return fact.ErrNewer
}

// overtake drops the answers about a kind that the writer of fact i had seen.
func (f *folding) overtake(k AlertKind, i int) {
	f.p.Answers = slices.DeleteFunc(f.p.Answers, func(a Answered) bool {
		return a.Kind == k && f.h.Before(a.place, i)
	})
}

// identity states the given fields; lines and aliases are added.
func (f *folding) identity(i int, id Identity, fields []Field) {
	for _, field := range fields {
		f.field(i, id, field)
	}
	for _, l := range id.Lines {
		f.lines = append(f.lines, placed[Line]{i, l})
	}
	for _, n := range id.Aliases {
		if !slices.Contains(f.p.Aliases, n) {
			f.p.Aliases = append(f.p.Aliases, n)
		}
	}
}

func (f *folding) field(i int, id Identity, field Field) {
	switch field {
	case FieldName:
		f.p.Name.Set(f.h, i, id.Name)
	case FieldBorn:
		f.p.Born.Set(f.h, i, id.Born)
	case FieldAge:
		f.p.Age.Set(f.h, i, id.Age)
	case FieldSex:
		f.p.Sex.Set(f.h, i, id.Sex)
	case FieldNHS:
		f.p.NHS.Set(f.h, i, id.NHS)
	case FieldCHI:
		f.p.CHI.Set(f.h, i, id.CHI)
	case FieldHCN:
		f.p.HCN.Set(f.h, i, id.HCN)
	case FieldAddress:
		f.p.Address.Set(f.h, i, id.Address)
	case FieldPractice:
		f.p.Practice.Set(f.h, i, id.Practice)
	case FieldLanguage:
		f.p.Language.Set(f.h, i, id.Language)
	case FieldInterpreter:
		f.p.Interpreter.Set(f.h, i, id.Interpreter)
	case FieldCommunication:
		f.p.Communication.Set(f.h, i, id.Communication)
	case FieldDescription:
		f.p.Description.Set(f.h, i, id.Description)
	case FieldRestricted:
		f.p.Restricted.Set(f.h, i, id.Restricted)
	}
}

// standingLines drops the lines whose end was written by somebody who had
// seen them; a line given apart from its end stays.
func (f *folding) standingLines() []Line {
	var out []Line
	for _, l := range f.lines {
		ended := slices.ContainsFunc(f.ended, func(e placed[codes.Phone]) bool {
			return e.value == l.value.Phone && f.h.Before(l.at, e.at)
		})
		if !ended && !slices.Contains(out, l.value) {
			out = append(out, l.value)
		}
	}
	return out
}

// judgeAlerts says of every alert whether it stands and what speaks against
// it. An alert that one person ended and another confirmed apart stands and
// is asked about, as does one that "none known" was written against.
func (f *folding) judgeAlerts() {
	for n := range f.p.Alerts {
		a := &f.p.Alerts[n]
		f.judgeEndings(a)
		f.judgeReplaced(a)
	}
	for n := range f.p.Alerts {
		a := &f.p.Alerts[n]
		if !a.Stands || a.Ask != "" {
			continue
		}
		if slices.ContainsFunc(f.p.Answers, func(o Answered) bool { return o.Kind == a.Says.Kind && o.Answer == NoneKnown }) {
			a.Ask = "Somebody else was told that none is known"
		}
		if a.Says.Kind == Resuscitation && f.otherDecision(*a) {
			a.Ask = "Another decision is on record, written apart"
		}
	}
}

func (f *folding) judgeEndings(a *Alert) {
	for _, e := range f.endings {
		if e.value.Alert != a.Fact {
			continue
		}
		contradicted, decided := false, false
		for _, c := range f.confirms {
			if c.value.Alert == a.Fact && !f.h.Before(c.at, e.at) {
				contradicted = true
				decided = decided || f.h.Before(e.at, c.at)
			}
		}
		switch {
		case !contradicted:
			a.Stands, a.Why, a.Ask = false, e.value.Why, ""
			return
		case !decided:
			a.Ask = "Ended by one person and confirmed by another: " + e.value.Why
		}
	}
}

// judgeReplaced ends a resuscitation decision that the writer of a later one
// had seen: there is one decision, not a list.
func (f *folding) judgeReplaced(a *Alert) {
	if a.Says.Kind != Resuscitation || !a.Stands {
		return
	}
	for _, later := range f.p.Alerts {
		if later.Says.Kind == Resuscitation && f.h.Before(a.place, later.place) {
			a.Stands, a.Why, a.Ask = false, "Replaced by a later decision", ""
			return
		}
	}
}

func (f *folding) otherDecision(a Alert) bool {
	for _, o := range f.p.StandingOf(Resuscitation) {
		if o.Fact != a.Fact && o.Says.Decision != a.Says.Decision {
			return true
		}
	}
	return false
}
