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
	f.judgeKnown()
	f.p.Lines = f.standingLines()
	f.judgeIdentity()
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
	known
	others others
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
	case EntryKept{}.FactKind().Number:
		return f.keepEntry(one)
	case ContactNoted{}.FactKind().Number:
		c, err := fact.Read[ContactNoted](one)
		if err == nil {
			f.contact(i, Contact{Fact: one.ID, At: one.Body.Happened.From, Says: c})
		}
		return err
	}
	if known, err := f.applyIdentity(i, one); known {
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
	return f.applyKnown(i, one)
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
		f.others.stated(id, field)
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
	case FieldNeeds:
		f.p.Needs.Set(f.h, i, id.Needs)
	case FieldWelsh:
		f.p.Welsh.Set(f.h, i, id.Welsh)
	case FieldDeath:
		f.p.Death.Set(f.h, i, id.Death)
	}
}

// contact keeps a note of a contact. What it says of a case replaces what its
// writer had seen said, part by part; what was said apart stands beside it.
func (f *folding) contact(i int, c Contact) {
	f.p.Contacts = append(f.p.Contacts, c)
	n := slices.IndexFunc(f.p.Episodes, func(e Episode) bool { return e.Case == c.Says.Case })
	if n < 0 {
		n = len(f.p.Episodes)
		f.p.Episodes = append(f.p.Episodes, Episode{Case: c.Says.Case})
	}
	e := &f.p.Episodes[n]
	if c.Says.Complaint != "" && e.Complaint.Empty() {
		e.Complaint.Set(f.h, i, c.Says.Complaint)
	} else if c.Says.Complaint != "" && !f.sawOne(e.Complaint, i) {
		e.Complaint.Set(f.h, i, c.Says.Complaint) // the first account stands beside one given apart
	}
	if c.Says.Dx != "" {
		e.Dx.Set(f.h, i, c.Says.Dx)
	}
	if c.Says.Outcome != "" {
		e.Outcome.Set(f.h, i, c.Says.Outcome)
	}
}

// sawOne tells whether the writer of fact i had seen a value.
func (f *folding) sawOne(r fact.Register[string], i int) bool {
	return slices.ContainsFunc(r.Values, func(v fact.Stated[string]) bool { return f.h.Before(v.Place, i) })
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
