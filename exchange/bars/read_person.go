package bars

import (
	"sort"
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fhir"
	"holdfast/record"
)

func (r *reader) person(*call) {
	p := r.m.patient
	id := &r.r.Patient
	for i, n := range namesFirst(p.Name) {
		if name := nameOf(n); i == 0 {
			id.Name = name
		} else if !name.IsZero() {
			id.Aliases = append(id.Aliases, name)
		}
	}
	r.numbers(p.Identifier)
	if p.BirthDate != "" {
		born, ok := codes.ReceiveDate(p.BirthDate)
		if !ok {
			r.fault = bad("value", "Patient.birthDate is not a date.")
			return
		}
		id.Born = born
	}
	id.Sex = codes.ReceiveSex(p.Gender)
	if a, ok := homeAddress(p.Address); ok {
		id.Address = placeOf(a)
	}
	for _, t := range byRank(p.Telecom) {
		if ph := exchange.PhoneOf(t.Value); isPhone(t) && ph.Present() {
			id.Lines = append(id.Lines, record.Line{Phone: ph, Use: t.Use})
		}
	}
	id.Practice = r.practice(p)
	r.speech(p)
	if p.Meta != nil {
		for _, s := range p.Meta.Security {
			if s.Code == "R" || s.Code == "V" {
				id.Restricted = true
				r.note("The sender marks this patient as restricted: do not say or print where they can be found.")
				break
			}
		}
	}
	if p.DeceasedTime != "" || p.DeceasedBoolean != nil && *p.DeceasedBoolean {
		r.note("The sender says that this patient has died.")
	}
}

// numbers reads the numbers; how far the sender trusts them does not make
// them verified here: only our own trace does.
func (r *reader) numbers(ids []fhir.Identifier) {
	id := &r.r.Patient
	for _, i := range ids {
		system := plainSystem(i.System)
		switch {
		case sameSystem(i.System, sysNHS) && !id.NHS.Present():
			id.NHS = codes.ReceiveNHSNumber(exchange.Line(i.Value))
			if id.NHS.Present() && !id.NHS.Sound() {
				r.note("The NHS number fails its check digit: it is shown as received and not used to find anybody.")
			}
		case strings.Contains(system, "chi-number") || strings.HasSuffix(system, "2.16.840.1.113883.2.1.3.2.4.16.53"):
			id.CHI = codes.ReceiveCHI(exchange.Line(i.Value))
		case strings.Contains(system, "hsc-number") || strings.Contains(system, "hc-number"):
			id.HCN = codes.ReceiveHCN(exchange.Line(i.Value))
		case i.Value != "" && !sameSystem(i.System, sysNHS):
			r.r.Cases = append(r.r.Cases, exchange.CaseNumber{System: exchange.Line(i.System), Number: exchange.Line(i.Value)})
		}
	}
}

func (r *reader) practice(p fhir.Patient) record.Practice {
	for i := range p.GeneralPractitioner {
		ref := &p.GeneralPractitioner[i]
		o := r.m.find(ref, "Organization")
		if ro := r.m.find(ref, "PractitionerRole"); o == nil && ro != nil {
			role, err := fhir.As[fhir.PractitionerRole](ro)
			r.as(err)
			o = r.m.find(role.Organization, "Organization")
		}
		if o != nil {
			org, err := fhir.As[fhir.Organization](o)
			r.as(err)
			return record.Practice{ODS: odsOf(org), Name: exchange.Line(org.Name)}
		}
		if ref.Identifier != nil && sameSystem(ref.Identifier.System, sysODS) {
			return record.Practice{ODS: codes.ReceiveODS(ref.Identifier.Value), Name: exchange.Line(ref.Display)}
		}
	}
	return record.Practice{}
}

func (r *reader) speech(p fhir.Patient) {
	id := &r.r.Patient
	for i, c := range p.Communication {
		if c.Language != nil && (i == 0 || c.Preferred != nil && *c.Preferred) {
			id.Language = words(*c.Language)
		}
	}
	for _, e := range p.Extension {
		if sameSystem(e.URL, urlInterp) && e.ValueBool != nil {
			id.Interpreter = record.No
			if *e.ValueBool {
				id.Interpreter = record.Yes
			}
		}
	}
}

// contacts reads whom to speak to, best first, and the number to call back:
// the best phone of the contact with rank 1, else the patient's own.
func (r *reader) contacts(*call) {
	for _, c := range r.m.patient.Contact {
		contact := exchange.Contact{Rank: rankOf(c.Extension)}
		if len(c.Relationship) > 0 {
			contact.Relation = words(c.Relationship[0])
			contact.Self = isSelf(c.Relationship)
		}
		if c.Name != nil {
			contact.Name = spoken(*c.Name)
		}
		for _, t := range byRank(c.Telecom) {
			if ph := exchange.PhoneOf(t.Value); isPhone(t) && ph.Present() {
				contact.Phones = append(contact.Phones, ph)
			} else if t.System == "email" && contact.Email == "" {
				contact.Email = exchange.Line(t.Value)
			}
		}
		r.r.Contacts = append(r.r.Contacts, contact)
	}
	sort.SliceStable(r.r.Contacts, func(i, j int) bool { return before(r.r.Contacts[i], r.r.Contacts[j]) })
	for _, c := range r.r.Contacts {
		if len(c.Phones) > 0 && !r.r.Callback.Present() {
			r.r.Callback = c.Phones[0]
			if c.Rank != 1 {
				r.note("The first contact has no phone number: the call-back number is another's.")
			}
		}
	}
	if lines := r.r.Patient.Lines; !r.r.Callback.Present() && len(lines) > 0 {
		r.r.Callback = lines[0].Phone
	}
	if !r.r.Callback.Present() {
		r.note("There is no number to call back.")
	}
}

func before(a, b exchange.Contact) bool {
	if (a.Rank == 0) != (b.Rank == 0) {
		return a.Rank != 0
	}
	return a.Rank < b.Rank
}

func isSelf(relations []fhir.CodeableConcept) bool {
	for _, c := range relations {
		for _, coding := range c.Coding {
			if strings.EqualFold(coding.Code, "ONESELF") || strings.EqualFold(coding.Code, "SELF") {
				return true
			}
		}
		if strings.EqualFold(words(c), "self") {
			return true
		}
	}
	return false
}

func isPhone(t fhir.ContactPoint) bool {
	return t.System == "phone" || t.System == "" || t.System == "sms"
}

func namesFirst(names []fhir.HumanName) []fhir.HumanName {
	out := append([]fhir.HumanName(nil), names...)
	order := map[string]int{"official": 0, "usual": 1, "": 2, "temp": 3, "nickname": 4, "maiden": 5, "anonymous": 6, "old": 7}
	sort.SliceStable(out, func(i, j int) bool { return order[out[i].Use] < order[out[j].Use] })
	return out
}

// nameOf reads a name; one that came only as text is kept as family name, so
// that it is shown and found.
func nameOf(n fhir.HumanName) record.Name {
	out := record.Name{
		Given: exchange.Line(strings.Join(n.Given, " ")), Family: exchange.Line(n.Family), Prefix: exchange.Line(strings.Join(n.Prefix, " ")),
	}
	if out.Given == "" && out.Family == "" {
		out.Family = exchange.Line(n.Text)
	}
	return out
}

func homeAddress(all []fhir.Address) (fhir.Address, bool) {
	for _, a := range all {
		if a.Use == "home" {
			return a, true
		}
	}
	if len(all) > 0 {
		return all[0], true
	}
	return fhir.Address{}, false
}

func (r *reader) note(s string) { r.r.Notes = append(r.r.Notes, s) }
