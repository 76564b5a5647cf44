package itk

import (
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/record"
)

// Roots of identifiers in NHS CDA. A number under the second root was not
// traced by the sender.
const (
	rootNHS           = "2.16.840.1.113883.2.1.4.1"
	rootNHSUnverified = "2.16.840.1.113883.2.1.3.2.4.18.23"
	rootLocal         = "2.16.840.1.113883.2.1.3.2.4.18.24"
)

func (r *reader) person(p el) {
	id := &r.r.Patient
	patient := p.kid("patient")
	for i, n := range patient.kids("name") {
		if name := nameOf(n); i == 0 {
			id.Name = name
		} else if !name.IsZero() {
			id.Aliases = append(id.Aliases, name)
		}
	}
	id.NHS = codes.ReceiveNHSNumber(p.id(rootNHS, rootNHSUnverified))
	if id.NHS.Present() && !id.NHS.Sound() {
		r.note("The NHS number fails its check digit: it is shown as received and not used to find anybody.")
	}
	for _, i := range p.kids("id") {
		if i.attr("root") == rootLocal && i.attr("extension") != "" {
			r.r.Cases = append(r.r.Cases, exchange.CaseNumber{System: firstOf(i.attr("assigningAuthorityName"), i.attr("root")), Number: i.attr("extension")})
		}
	}
	if v := patient.kid("birthTime").attr("value"); v != "" {
		born, ok := codes.ReceiveDate(v)
		if !ok {
			r.fail("The birthTime is not a date.")
		}
		id.Born = born
	}
	sex := patient.kid("administrativeGenderCode")
	id.Sex = codes.ReceiveSex(firstOf(sex.attr("code"), sex.attr("displayName")))
	id.Language = languageOf(patient.kid("languageCommunication"))
	gp := p.kid("providerOrganization")
	id.Practice = record.Practice{
		ODS:  codes.ReceiveODS(gp.id("2.16.840.1.113883.2.1.3.2.4.19.1", "2.16.840.1.113883.2.1.3.2.4.19.2")),
		Name: gp.kid("name").text(),
	}
	r.places(p)
	r.lines(p)
}

// places reads the home address and where the patient is now.
func (r *reader) places(p el) {
	for _, a := range p.kids("addr") {
		switch a.attr("use") {
		case "PHYS":
			r.r.Location = placeOf(a)
		default:
			if r.r.Patient.Address.IsZero() {
				r.r.Patient.Address = placeOf(a)
			}
		}
	}
}

func (r *reader) lines(p el) {
	for _, t := range p.kids("telecom") {
		ph := phone(t)
		switch {
		case strings.HasPrefix(strings.ToLower(t.attr("value")), "mailto:"):
			r.r.Contacts = append(r.r.Contacts, exchange.Contact{Relation: "self", Self: true, Email: t.attr("value")[len("mailto:"):]})
		case !ph.Present():
		case t.attr("use") == "EC":
			r.r.Contacts = append(r.r.Contacts, exchange.Contact{Relation: "emergency contact", Phones: []codes.Phone{ph}})
		default:
			r.r.Patient.Lines = append(r.r.Patient.Lines, record.Line{Phone: ph, Use: useOf(t.attr("use"))})
		}
	}
}

func useOf(code string) string {
	switch code {
	case "H", "HP", "HV":
		return "home"
	case "MC":
		return "mobile"
	case "WP":
		return "work"
	}
	return strings.ToLower(code)
}

// informants are who rang; they are rung first.
func (r *reader) informants(doc el) {
	var callers []exchange.Contact
	for _, i := range doc.kids("informant") {
		e := i.kid("relatedEntity")
		if !e.exists() {
			e = i.kid("assignedEntity")
		}
		c := exchange.Contact{Caller: true, Relation: e.kid("code").attr("displayName"), Name: e.kid("relatedPerson", "name").text()}
		if c.Name == "" {
			c.Name = e.kid("assignedPerson", "name").text()
		}
		c.Self = strings.EqualFold(c.Relation, "self")
		for _, t := range e.kids("telecom") {
			if ph := phone(t); ph.Present() {
				c.Phones = append(c.Phones, ph)
			}
		}
		if c.Name != "" || c.Phones != nil {
			callers = append(callers, c)
		}
	}
	r.r.Contacts = append(callers, r.r.Contacts...)
	for i := range r.r.Contacts {
		r.r.Contacts[i].Rank = i + 1
	}
}

// callback is the number to ring: the caller's, else the emergency contact's
// (in which senders put the call-back number), else the patient's mobile,
// else any of theirs.
func (r *reader) callback() {
	for _, c := range r.r.Contacts {
		if len(c.Phones) > 0 {
			r.r.Callback = c.Phones[0]
			return
		}
	}
	for _, mobile := range []bool{true, false} {
		for _, l := range r.r.Patient.Lines {
			if l.Use == "mobile" || !mobile {
				r.r.Callback = l.Phone
				return
			}
		}
	}
}

// phone reads a telecom that is a phone number.
func phone(t el) codes.Phone {
	v := t.attr("value")
	if strings.HasPrefix(strings.ToLower(v), "mailto:") {
		return codes.Phone{}
	}
	return exchange.PhoneOf(v)
}

func nameOf(n el) record.Name {
	var given []string
	for _, g := range n.kids("given") {
		given = append(given, g.text())
	}
	out := record.Name{Given: strings.TrimSpace(strings.Join(given, " ")), Family: n.kid("family").text(), Prefix: n.kid("prefix").text()}
	if out.Given == "" && out.Family == "" {
		out.Family = n.text()
	}
	return out
}

// placeOf puts an address into words; a grid reference that a sender adds as
// "X338917Y556067" becomes a point.
func placeOf(a el) codes.Place {
	var parts []string
	var p codes.Place
	if a.e != nil {
		for _, c := range a.e.ChildElements() {
			x := el{c, nsCDA}
			switch c.Tag {
			case "postalCode":
				p.Postcode = codes.ReceivePostcode(x.text())
			case "additionalLocator":
				if east, north, ok := strings.Cut(strings.TrimPrefix(x.text(), "X"), "Y"); ok {
					p.Grid = exchange.GridOf(east, north)
				}
				if !p.Grid.Known() && x.text() != "" {
					parts = append(parts, x.text())
				}
			default:
				if t := x.text(); t != "" {
					parts = append(parts, t)
				}
			}
		}
	}
	p.Text = strings.Join(parts, ", ")
	if p.Text == "" && p.Postcode == "" {
		p.Text = a.text()
	}
	return p
}

// languageOf gives English its name and leaves other codes as they came.
func languageOf(c el) string {
	code := c.kid("languageCode")
	if name := code.attr("displayName"); name != "" {
		return name
	}
	if strings.EqualFold(code.attr("code"), "en") {
		return "English"
	}
	return code.attr("code")
}
