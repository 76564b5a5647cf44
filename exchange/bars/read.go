package bars

import (
	"sort"
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fhir"
)

// reader gathers what a message says; the first fault stops it.
type reader struct {
	m     *message
	r     exchange.Referral
	fault *fault
}

// Read reads the referral in a message Bundle without judging whether it is
// for us. The error holds no patient data.
func Read(tree *fhir.Object) (exchange.Referral, error) {
	m, f := open(tree)
	c := call{}
	for _, check := range []func() *fault{
		func() *fault { return f }, func() *fault { return m.checkStructure() },
		func() *fault { return m.checkWorkflow(&c) }, func() *fault { return m.checkContent() },
	} {
		if f := check(); f != nil {
			return exchange.Referral{}, f
		}
	}
	r, f := m.referral(&c)
	if f != nil {
		return exchange.Referral{}, f
	}
	return r, nil
}

// Error makes a fault an error for callers that are no BaRS sender.
func (f *fault) Error() string { return f.text }

// referral turns the message into neutral words. Everything is kept: what
// has no word of its own becomes a section.
func (m *message) referral(c *call) (exchange.Referral, *fault) {
	r := &reader{m: m, r: exchange.Referral{
		ID: m.bundle.ID, UseCase: m.useCase, Purpose: exchange.ForReferral,
		Correlation: exchange.Correlation{Message: m.bundle.ID, Request: c.request, Thread: c.correlation},
		Sent:        r0(fhirTime(m.bundle.Timestamp)),
	}}
	if m.category == "validation" {
		r.r.Purpose = exchange.ForValidation
	}
	if m.bundle.Timestamp != "" && r.r.Sent == 0 {
		return exchange.Referral{}, bad("value", "Bundle.timestamp is not a date and time.")
	}
	for _, step := range []func(*call){r.parties, r.times, r.person, r.contacts, r.where, r.plan, r.others, r.notes} {
		step(c)
		if r.fault != nil {
			return exchange.Referral{}, r.fault
		}
	}
	return r.r, nil
}

// r0 drops the second result.
func r0(t fact.Millis, _ bool) fact.Millis { return t }

// fhirTime reads a time with its day at least; ok is false when it is none.
func fhirTime(s string) (fact.Millis, bool) {
	t, p, err := fhir.ParseTime(s)
	if err != nil || p < fhir.Day {
		return 0, false
	}
	return fact.At(t), true
}

// time reads a time that, if it is given, must be one.
func (r *reader) time(where, s string) fact.Millis {
	if s == "" {
		return 0
	}
	t, ok := fhirTime(s)
	if !ok && r.fault == nil {
		r.fault = bad("value", where+" is not a date or time.")
	}
	return t
}

func (r *reader) as(err error) bool {
	if err != nil && r.fault == nil {
		r.fault = bad("invalid", problemText(err))
	}
	return err == nil
}

func (r *reader) parties(c *call) {
	from := exchange.Party{ODS: c.sender, Name: exchange.Line(c.senderName)}
	if o := r.m.find(r.m.header.Sender, "Organization"); o != nil {
		org, err := fhir.As[fhir.Organization](o)
		r.as(err)
		if ods := odsOf(org); ods != "" {
			from.ODS = ods
		}
		if org.Name != "" {
			from.Name = exchange.Line(org.Name)
		}
	}
	if s := r.m.header.Source; s != nil {
		from.Endpoint = exchange.Line(s.Endpoint)
		if id, ods, ok := serviceOf(s.Endpoint); ok {
			from.Service = id
			if from.ODS == "" {
				from.ODS = ods
			}
		}
		if s.Contact != nil {
			from.Phone = exchange.PhoneOf(s.Contact.Value)
		}
	}
	from.Person = r.staff(r.m.request.Requester)
	to, f := r.m.addressed()
	if f != nil {
		r.fault = f
	}
	r.r.From, r.r.To = from, r.toService(to)
}

// toService adds what the HealthcareService says.
func (r *reader) toService(to exchange.Party) exchange.Party {
	s, err := fhir.As[fhir.HealthcareService](r.m.all("HealthcareService")[0])
	r.as(err)
	if s.Name != "" {
		to.Name = exchange.Line(s.Name)
	}
	for _, id := range s.Identifier {
		if dos, _, ok := serviceOf(id.Value); ok && sameSystem(id.System, sysDoS) && to.Service == "" {
			to.Service = dos
		}
	}
	if o := r.m.find(s.ProvidedBy, "Organization"); o != nil && to.ODS == "" {
		org, err := fhir.As[fhir.Organization](o)
		r.as(err)
		to.ODS = odsOf(org)
	}
	return to
}

// staff names the person behind a reference to a Practitioner or a role.
func (r *reader) staff(ref *fhir.Reference) string {
	o := r.m.find(ref, "Practitioner")
	role := ""
	for _, ro := range r.m.all("PractitionerRole") {
		pr, err := fhir.As[fhir.PractitionerRole](ro)
		r.as(err)
		if o == nil && r.m.find(ref, "PractitionerRole") == ro {
			o = r.m.find(pr.Practitioner, "Practitioner")
		}
		if o != nil && r.m.find(pr.Practitioner, "Practitioner") == o && len(pr.Code) > 0 {
			role = words(pr.Code[0])
		}
	}
	if o == nil {
		return ""
	}
	p, err := fhir.As[fhir.Practitioner](o)
	r.as(err)
	name := ""
	if len(p.Name) > 0 {
		name = spoken(p.Name[0])
	}
	return strings.TrimSuffix(strings.TrimPrefix(name+", "+role, ", "), ", ")
}

func (r *reader) times(*call) {
	sr := r.m.request
	authored := r.time("ServiceRequest.authoredOn", sr.AuthoredOn)
	at := r.time("ServiceRequest.occurrenceDateTime", sr.OccurrenceTime)
	if p := sr.OccurrencePeriod; p != nil {
		at = r.time("ServiceRequest.occurrencePeriod.start", p.Start)
		r.r.Deadline = r.time("ServiceRequest.occurrencePeriod.end", p.End)
	}
	encounter, err := fhir.As[fhir.Encounter](r.m.all("Encounter")[0])
	r.as(err)
	began := fact.Millis(0)
	if encounter.Period != nil {
		began = r.time("Encounter.period.start", encounter.Period.Start)
		r.time("Encounter.period.end", encounter.Period.End)
	}
	for _, t := range []fact.Millis{at, authored, began, r.r.Sent} {
		if t != 0 && r.r.Assessed == 0 {
			r.r.Assessed = t
		}
	}
	for _, id := range encounter.Identifier {
		r.r.Cases = append(r.r.Cases, exchange.CaseNumber{System: exchange.Line(id.System), Number: exchange.Line(id.Value)})
	}
	if len(sr.Identifier) > 0 {
		r.r.Correlation.Asked = exchange.Line(sr.Identifier[0].Value)
	}
}

// spot is where something is.
type spot struct {
	place codes.Place
	spot  exchange.Spot
}

// place reads the Location that the request points at, else the only one.
func (m *message) place() (spot, bool, *fault) {
	var o *fhir.Object
	for i := range m.request.LocationReference {
		if o == nil {
			o = m.find(&m.request.LocationReference[i], "Location")
		}
	}
	if all := m.all("Location"); o == nil && len(all) > 0 {
		if len(all) > 1 {
			return spot{}, false, bad("invariant", "ServiceRequest.locationReference does not say which Location is meant.")
		}
		o = all[0]
	}
	if o == nil {
		return spot{}, false, nil
	}
	l, err := fhir.As[fhir.Location](o)
	if err != nil {
		return spot{}, false, bad("invalid", problemText(err))
	}
	return spotOf(l), true, nil
}

func spotOf(l fhir.Location) spot {
	s := spot{spot: exchange.Spot{Name: exchange.Line(l.Name)}}
	if l.Address != nil {
		s.place = placeOf(*l.Address)
	}
	for _, e := range l.Extension {
		if !sameSystem(e.URL, urlPlace) {
			continue
		}
		for _, part := range e.Extension {
			v := exchange.Line(part.ValueString)
			switch strings.ToLower(part.URL) {
			case "uprn":
				s.spot.UPRN = v
			case "eastings", "easting":
				s.spot.Easting = v
			case "northings", "northing":
				s.spot.Northing = v
			case "what3words", "threewords":
				s.spot.ThreeWords = v
			}
		}
	}
	if l.Position != nil {
		s.spot.Latitude, s.spot.Longitude = exchange.Line(string(l.Position.Latitude)), exchange.Line(string(l.Position.Longitude))
	}
	s.place.Grid = exchange.GridOf(s.spot.Easting, s.spot.Northing)
	return s
}

func (r *reader) where(*call) {
	s, _, f := r.m.place()
	if f != nil {
		r.fault = f
		return
	}
	r.r.Location, r.r.Spot = s.place, s.spot
}

// placeOf puts an address into words without its postcode.
func placeOf(a fhir.Address) codes.Place {
	var parts []string
	for _, p := range append(append([]string(nil), a.Line...), a.City, a.District, a.State) {
		if p = exchange.Line(p); p != "" {
			parts = append(parts, p)
		}
	}
	text := strings.Join(parts, ", ")
	if text == "" {
		text = exchange.Line(a.Text)
	}
	return codes.Place{Text: text, Postcode: codes.ReceivePostcode(a.PostalCode)}
}

func words(c fhir.CodeableConcept) string {
	if c.Text != "" {
		return exchange.Line(c.Text)
	}
	for _, coding := range c.Coding {
		if coding.Display != "" {
			return exchange.Line(coding.Display)
		}
	}
	for _, coding := range c.Coding {
		if coding.Code != "" {
			return exchange.Line(coding.Code)
		}
	}
	return ""
}

func spoken(n fhir.HumanName) string {
	if n.Text != "" {
		return exchange.Line(n.Text)
	}
	return exchange.Line(strings.Join(append(append(append([]string(nil), n.Prefix...), n.Given...), n.Family), " "))
}

// byRank sorts phone numbers: given ranks first, in order.
func byRank(points []fhir.ContactPoint) []fhir.ContactPoint {
	out := append([]fhir.ContactPoint(nil), points...)
	rank := func(p fhir.ContactPoint) int {
		n := 0
		for _, c := range string(p.Rank) {
			if c < '0' || c > '9' || n > 1000 {
				return 1 << 20
			}
			n = n*10 + int(c-'0')
		}
		if n == 0 {
			return 1 << 20
		}
		return n
	}
	sort.SliceStable(out, func(i, j int) bool { return rank(out[i]) < rank(out[j]) })
	return out
}
