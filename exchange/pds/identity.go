package pds

import (
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fhir"
	"holdfast/record"
)

// The longest list of each kind that is taken from one answer.
const mostParts = 10

// identity reads a patient tolerantly: every part may be missing. Of several
// names the one in use now is the name and the others are other names.
func identity(p fhir.Patient, now time.Time) record.Identity {
	id := record.Identity{
		NHS: numberOf(p), Sex: codes.ReceiveSex(p.Gender), Restricted: restricted(p.Meta), Practice: practice(p), Death: death(p),
	}
	id.Born, _ = codes.ReceiveDate(p.BirthDate)
	best := -1
	for i, n := range p.Name {
		if best < 0 || rankName(n, now) > rankName(p.Name[best], now) {
			best = i
		}
	}
	for i, n := range p.Name {
		name := record.Name{
			Given: clip(strings.Join(n.Given, " "), record.MaxName), Family: clip(n.Family, record.MaxName), Prefix: clip(strings.Join(n.Prefix, " "), record.MaxName),
		}
		switch {
		case i == best:
			id.Name = name
		case !name.IsZero() && len(id.Aliases) < mostParts:
			id.Aliases = append(id.Aliases, name)
		}
	}
	speech(p.Extension, &id)
	if id.Restricted {
		id.Practice = record.Practice{}
		return id
	}
	id.Address = address(p.Address, now)
	for _, t := range p.Telecom {
		ph := codes.ReceivePhone(clip(t.Value, 60))
		if t.System == "phone" && ph.Present() && current(t.Rest, now) && len(id.Lines) < mostParts {
			id.Lines = append(id.Lines, record.Line{Phone: ph, Use: clip(t.Use, 20)})
		}
	}
	return id
}

func numberOf(p fhir.Patient) codes.NHSNumber {
	for _, i := range p.Identifier {
		if strings.HasSuffix(i.System, "/Id/nhs-number") && i.Value != "" {
			return codes.ReceiveNHSNumber(clip(i.Value, 20)).Traced()
		}
	}
	return codes.ReceiveNHSNumber(clip(p.ID, 20)).Traced()
}

// restricted reads meta.security: R is restricted, V very restricted; what is
// not known is taken as restricted, never as open.
func restricted(m *fhir.Meta) bool {
	if m == nil {
		return false
	}
	for _, s := range m.Security {
		switch s.Code {
		case "U", "UNRESTRICTED":
		default:
			return true
		}
	}
	return false
}

func rankName(n fhir.HumanName, now time.Time) int {
	rank := 0
	if current(n.Rest, now) {
		rank += 4
	}
	switch n.Use {
	case "usual":
		rank += 2
	case "official":
		rank++
	case "old", "maiden":
		rank -= 4
	}
	return rank
}

// current tells whether the period of a part covers now; a part without one is
// current.
func current(r fhir.Rest, now time.Time) bool {
	for _, m := range r.Rest {
		o, ok := m.Value.(*fhir.Object)
		if m.Name != "period" || !ok {
			continue
		}
		day := codes.DateOf(now).String()
		at := func(name string) string {
			v, _ := o.Get(name)
			s, _ := v.(string)
			d, _ := codes.ReceiveDate(s)
			return d.String()
		}
		if start := at("start"); start != "" && start > day[:min(len(day), len(start))] {
			return false
		}
		if end := at("end"); end != "" && end < day[:min(len(day), len(end))] {
			return false
		}
	}
	return true
}

// address gives where they live: the home address in force, else the newest
// that the service gives; a temporary one is never taken for it.
func address(all []fhir.Address, now time.Time) codes.Place {
	best := -1
	rank := func(a fhir.Address) int {
		out := 0
		if a.Use == "home" {
			out += 2
		}
		if current(a.Rest, now) {
			out++
		}
		return out
	}
	for i, a := range all {
		if a.Use != "temp" && a.Use != "old" && a.Use != "billing" && (best < 0 || rank(a) > rank(all[best])) {
			best = i
		}
	}
	if best < 0 {
		return codes.Place{}
	}
	var lines []string
	for _, l := range all[best].Line {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return codes.Place{Text: clip(strings.Join(lines, ", "), codes.MaxPlaceText), Postcode: codes.ReceivePostcode(clip(all[best].PostalCode, 12))}
}

func practice(p fhir.Patient) record.Practice {
	for _, r := range p.GeneralPractitioner {
		if r.Identifier != nil && r.Identifier.Value != "" {
			return record.Practice{ODS: codes.ReceiveODS(clip(r.Identifier.Value, 12)), Name: clip(r.Display, record.MaxName)}
		}
	}
	return record.Practice{}
}

func death(p fhir.Patient) record.Death {
	on, _ := codes.ReceiveDate(p.DeceasedTime)
	if p.DeceasedTime != "" || p.DeceasedBoolean != nil && *p.DeceasedBoolean {
		return record.Death{Dead: record.Yes, On: on}
	}
	return record.Death{}
}

// speech reads the language and whether an interpreter is needed.
func speech(all []fhir.Extension, id *record.Identity) {
	for _, e := range all {
		if !strings.HasSuffix(e.URL, "/Extension-UKCore-NHSCommunication") {
			continue
		}
		for _, part := range e.Extension {
			switch {
			case part.URL == "language" && part.ValueConcept != nil:
				for _, c := range part.ValueConcept.Coding {
					id.Language = clip(c.Display, record.MaxName)
				}
			case part.URL == "interpreterRequired" && part.ValueBool != nil:
				id.Interpreter = record.No
				if *part.ValueBool {
					id.Interpreter = record.Yes
				}
			}
		}
	}
}

// clip cuts a text at a whole character.
func clip(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return s[:most]
}
