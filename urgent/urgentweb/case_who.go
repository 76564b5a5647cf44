package urgentweb

import (
	"slices"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// patientBar says whom the case is about, in the order of every such page.
// Two values written apart are both said.
func (a *App) patientBar(c urgent.Case, person record.Person, now time.Time) web.Patient {
	var names, born, numbers []string
	for _, v := range c.Patient.Values {
		id := v.Value.Identity.Shown()
		names = appendNew(names, id.Called())
		born = appendNew(born, bornWords(id, now))
		numbers = appendNew(numbers, numberWords(id))
	}
	p := web.Patient{Name: orWords(strings.Join(names, " or "), "UNKNOWN"), End: caseEnd(c, now, a.Shell.Zone())}
	p.Pairs = []web.Pair{
		{Name: "Born", Value: orWords(strings.Join(born, " or "), "not asked")},
		{Name: "NHS no", Value: orWords(strings.Join(numbers, " or "), "not known"), Num: true},
		{Name: "Now at", Value: orWords(placesOf(c), "not asked")},
	}
	for _, alert := range person.Standing() {
		tone := "amb"
		if alert.Interrupts() {
			tone = "fill"
		}
		if tag := (web.Tag{Text: alert.Label(), Tone: tone}); !slices.Contains(p.Flags, tag) {
			p.Flags = append(p.Flags, tag)
		}
	}
	for _, arrival := range c.Arrived {
		for _, f := range arrival.What.Referral.FlagsAtHead() {
			tone := "amb"
			if f.Calm() {
				tone = "quiet"
			}
			p.Flags = append(p.Flags, web.Tag{Text: orWords(f.Code.Words(), f.Category.Words()), Tone: tone})
		}
	}
	return p
}

func placesOf(c urgent.Case) string {
	var out []string
	for _, v := range c.Place.Values {
		out = appendNew(out, v.Value.String())
	}
	return strings.Join(out, " or ")
}

func bornWords(id record.Identity, now time.Time) string {
	age := id.AgeWords(now)
	if d := id.Born.Display(); d != "" && age != "" {
		age = d + " (" + age + ")"
	} else if d != "" {
		age = d
	}
	return joined(" ", orWords(age, "not asked"), sexWords(id.Sex))
}

func sexWords(s codes.Sex) string {
	if s == codes.SexNotAsked {
		return ""
	}
	return s.String()
}

// numberWords gives the number that the person has, with what nobody has
// verified marked so.
func numberWords(id record.Identity) string {
	var out []string
	add := func(name, number string, status codes.Status, present bool) {
		if !present {
			return
		}
		if status != codes.Verified {
			number += " (unverified)"
		}
		out = append(out, joined(" ", name, number))
	}
	add("", id.NHS.Format(), id.NHS.Status, id.NHS.Present())
	add("CHI", id.CHI.Format(), id.CHI.Status, id.CHI.Present())
	add("H&C", id.HCN.Format(), id.HCN.Status, id.HCN.Present())
	return strings.Join(out, ", ")
}

// alertLine is one row of what to know.
type alertLine struct{ Kind, Says, Note string }

// alertsOf lists the alerts that stand; for those that must always be known
// it says when nobody has asked. unread are the alerts not yet read here.
func alertsOf(c urgent.Case, p record.Person, now time.Time) (out []alertLine, unread []fact.ID) {
	for _, a := range p.Standing() {
		note := ""
		switch {
		case a.Ask != "":
			note = a.Ask
		case a.ReviewDue(now):
			note = "review date has passed; it stands"
		}
		out = append(out, alertLine{upperFirst(a.Says.Kind.String()), a.Sentence(), note})
		if !hasID(c.FlagsRead, a.Fact) {
			unread = append(unread, a.Fact)
		}
	}
	for _, k := range []record.AlertKind{record.Resuscitation, record.Allergy} {
		if status := p.StatusOf(k); status != record.StatusListed {
			out = append(out, alertLine{upperFirst(k.String()), upperFirst(status.String()), ""})
		}
	}
	contact := "Not asked"
	if v, ok := c.Contact.Get(); ok {
		contact = v.String()
	} else if c.Contact.Disputed() {
		contact = "Two answers stand: ask which before ringing"
	}
	return append(out, alertLine{"Safe to contact", contact, ""}), unread
}

func hasID(all []fact.ID, id fact.ID) bool {
	for _, one := range all {
		if one == id {
			return true
		}
	}
	return false
}

// whoIsWho keeps the caller apart from the patient.
func (a *App) whoIsWho(c urgent.Case, now time.Time, zone *time.Location) []web.Pair {
	var out []web.Pair
	add := func(name, value string) {
		if value != "" {
			out = append(out, web.Pair{Name: name, Value: value})
		}
	}
	for _, v := range c.Caller.Values {
		add("Caller", callerWords(v.Value))
	}
	if c.Caller.Empty() && c.Taken != nil {
		add("Caller", "Not asked")
	}
	for _, v := range c.Patient.Values {
		id := v.Value.Identity.Shown()
		add("Patient", id.Name.Spoken())
		for _, l := range id.Lines {
			add("Phone", joined(", ", l.Phone.Display(), l.Use, l.Of))
		}
		add("GP practice", orWords(joined(" ", id.Practice.Name, bracket(string(id.Practice.ODS))), "Not known"))
		add("Language", id.Language)
		add("Communication", id.Communication)
	}
	for _, ar := range c.Arrived {
		add("Sent by", joined(", ", partyName(ar.What.Referral.From), ar.What.Referral.From.Person))
		for _, k := range ar.What.Referral.Contacts {
			add("Contact", contactWords(k))
		}
	}
	if c.Taken != nil {
		add("Call taken by", c.Taken.By+", "+web.ClockWords(c.Began.Time(), now, zone))
	}
	for _, claim := range c.Claims {
		add("Has it", claim.By+", since "+web.ClockWords(claim.At.Time(), now, zone))
	}
	return out
}

func callerWords(v urgent.CallerDescribed) string {
	who := v.Name
	switch v.Is {
	case urgent.CallerPatient:
		who = "The patient"
	case urgent.CallerProfessional:
		who = joined(" ", who, "(professional)")
	}
	with := ""
	if v.Is != urgent.CallerPatient {
		with = map[urgent.YesNo]string{urgent.Yes: "with the patient", urgent.No: "not with the patient", urgent.Unsure: "unsure whether with the patient"}[v.WithPatient]
		with = orWords(with, "with the patient: not asked")
	}
	language := v.Language
	if v.Interpreter == urgent.Yes {
		language = joined(", ", language, "interpreter needed")
	}
	return joined(", ", orWords(who, "Name not asked"), v.Relation, with, v.Where, language)
}

func orWords(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func appendNew(all []string, s string) []string {
	if s == "" {
		return all
	}
	for _, one := range all {
		if one == s {
			return all
		}
	}
	return append(all, s)
}
