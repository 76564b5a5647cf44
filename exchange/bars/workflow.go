package bars

import (
	"slices"
	"strings"

	"holdfast/exchange"
	"holdfast/fhir"
)

// message is one opened message Bundle with its resources by reference.
type message struct {
	tree    *fhir.Object
	bundle  fhir.Bundle
	byRef   map[string]*fhir.Object
	header  fhir.MessageHeader
	request fhir.ServiceRequest
	patient fhir.Patient

	category string
	useCase  string
}

// open reads the Bundle itself, as far as is needed to know it again.
func open(tree *fhir.Object) (*message, *fault) {
	bundle, err := fhir.As[fhir.Bundle](tree)
	if err != nil {
		return nil, bad("invalid", problemText(err))
	}
	bundle.ID = strings.ToLower(bundle.ID)
	if bundle.ID == "" {
		return nil, bad("invariant", "Bundle.id is missing.")
	}
	if len(bundle.ID) > 64 || strings.Trim(bundle.ID, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return nil, bad("value", "Bundle.id is malformed.")
	}
	m := &message{tree: tree, bundle: bundle, byRef: map[string]*fhir.Object{}}
	for _, e := range bundle.Entry {
		if e.Resource == nil || e.Resource.Type() == "" {
			return nil, bad("invalid", "An entry of the Bundle holds no resource.")
		}
		m.byRef[e.FullURL] = e.Resource
		if id := e.Resource.ID(); id != "" {
			m.byRef[e.Resource.Type()+"/"+id] = e.Resource
		}
	}
	return m, nil
}

// checkStructure checks what every message must have.
func (m *message) checkStructure() *fault {
	if m.bundle.Type != "message" {
		return bad("invariant", "Bundle.type is not message.")
	}
	if m.bundle.Meta == nil || m.bundle.Meta.VersionID == "" {
		return bad("invariant", "Bundle.meta.versionId is missing.")
	}
	if len(m.bundle.Entry) == 0 || m.bundle.Entry[0].Resource.Type() != "MessageHeader" {
		return bad("invariant", "The first entry is not a MessageHeader.")
	}
	if n := len(m.all("MessageHeader")); n != 1 {
		return bad("invariant", "There is not exactly one MessageHeader.")
	}
	header, err := fhir.As[fhir.MessageHeader](m.bundle.Entry[0].Resource)
	if err != nil {
		return bad("invalid", problemText(err))
	}
	m.header = header
	return nil
}

// checkWorkflow finds out what is asked (core, "Process message", workflow
// variables). New referrals and new validations go on; what others may do is
// said to be not offered; the rest is no workflow of BaRS.
func (m *message) checkWorkflow(c *call) *fault {
	unknown := bad("invariant", "Event, reason, category and status are no known workflow.")
	event, reason := "", ""
	if m.header.EventCoding != nil {
		event = m.header.EventCoding.Code
	}
	if m.header.Reason != nil {
		reason = codeIn(*m.header.Reason, sysReasons)
	}
	switch {
	case event == "booking-request" && slices.Contains([]string{"new", "update"}, reason):
		return fail(501, "REC_NOT_IMPLEMENTED", "not-supported", "This service does not take bookings over BaRS.")
	case event == "servicerequest-response":
		return fail(501, "REC_NOT_IMPLEMENTED", "not-supported", "This service has sent no requests over BaRS and takes no answers.")
	case event == "servicerequest-request" && reason == "update":
		return fail(501, "REC_NOT_IMPLEMENTED", "not-supported", "This service takes no updates or cancellations over BaRS: ring it.")
	case event != "servicerequest-request" || reason != "new":
		return unknown
	}
	return m.checkRequest(c, unknown)
}

func (m *message) checkRequest(c *call, unknown *fault) *fault {
	requests := m.all("ServiceRequest")
	if len(requests) != 1 {
		return bad("invariant", "There is not exactly one ServiceRequest.")
	}
	request, err := fhir.As[fhir.ServiceRequest](requests[0])
	if err != nil {
		return bad("invalid", problemText(err))
	}
	m.request = request
	if f := m.readCategory(c, unknown); f != nil {
		return f
	}
	if request.Status != "active" {
		return unknown
	}
	return m.checkCounts(unknown)
}

// readCategory reads category and use case. Validations are published
// without a use case in the message; the use-context header then has it.
func (m *message) readCategory(c *call, unknown *fault) *fault {
	var categories, cases []string
	for _, concept := range m.request.Category {
		for _, coding := range concept.Coding {
			switch {
			case sameSystem(coding.System, sysCategory):
				categories = append(categories, coding.Code)
			case sameSystem(coding.System, sysUseCases):
				cases = append(cases, strings.ToLower(coding.Code))
			}
		}
	}
	if len(categories) != 1 || categories[0] != "referral" && categories[0] != "validation" {
		return unknown
	}
	m.category = categories[0]
	if len(cases) == 0 && c.useCase != "" {
		cases = []string{c.useCase}
	}
	if len(cases) != 1 {
		return bad("invariant", "There is not exactly one use-case category.")
	}
	m.useCase = cases[0]
	if belongs, known := useCases()[m.useCase]; !known || belongs != m.category {
		return bad("invariant", "The use-case category is not known, or is of another category.")
	}
	return nil
}

// counts are how often resources stand in a request (core, "Payload").
type count struct {
	kind     string
	min, max int
}

const many = 1 << 30

func (m *message) checkCounts(unknown *fault) *fault {
	counts := []count{
		{"Patient", 1, 1}, {"Encounter", 1, 1}, {"CarePlan", 1, 1}, {"HealthcareService", 1, 1}, {"Organization", 2, many},
		{"Practitioner", 1, many}, {"PractitionerRole", 1, many}, {"Consent", 1, many}, {"Appointment", 0, 0}, {"Slot", 0, 0}, {"Schedule", 0, 0},
	}
	if m.category == "validation" || isCAD(m.useCase) {
		counts = append(counts, count{"Location", 1, many})
	}
	for _, c := range counts {
		if n := len(m.all(c.kind)); n < c.min || n > c.max {
			return bad("invariant", "The number of "+c.kind+" resources is wrong for this workflow.")
		}
	}
	plan, encounter := status(m.all("CarePlan")[0]), status(m.all("Encounter")[0])
	if m.category == "referral" && (plan != "completed" || encounter != "triaged" && encounter != "finished") ||
		m.category == "validation" && (plan != "active" || encounter != "triaged" && encounter != "in-progress") {
		return unknown
	}
	return nil
}

// checkContent checks the rules on what the resources say.
func (m *message) checkContent() *fault {
	patient, err := fhir.As[fhir.Patient](m.all("Patient")[0])
	if err != nil {
		return bad("invalid", problemText(err))
	}
	m.patient = patient
	first := 0
	for _, contact := range patient.Contact {
		if rankOf(contact.Extension) == 1 {
			first++
		}
	}
	if first != 1 {
		return bad("invariant", "There is not exactly one contact with rank 1.")
	}
	for _, o := range m.all("Consent") {
		consent, err := fhir.As[fhir.Consent](o)
		if err != nil {
			return bad("invalid", problemText(err))
		}
		if !slices.ContainsFunc(consent.Category, func(c fhir.CodeableConcept) bool { return codeIn(c, sysConsent) == "DRC" }) {
			return bad("invariant", "A Consent is not of category DRC.")
		}
	}
	return m.checkPlace()
}

// checkPlace wants one usable form of place where an ambulance may be needed.
func (m *message) checkPlace() *fault {
	if m.category != "validation" && !isCAD(m.useCase) {
		return nil
	}
	place, _, f := m.place()
	if f != nil {
		return f
	}
	if place.spot.IsZero() && place.place.IsZero() {
		return bad("invariant", "The Location says nothing by which a place can be found.")
	}
	return nil
}

// checkAddress refuses what is meant for somebody else, and what the service
// does not take.
func (m *message) checkAddress(c *call, ours exchange.Ours) *fault {
	nowhere := fail(404, "REC_NOT_FOUND", "not-found", "The target service is not one of this organisation.")
	service, known := ours.Service(c.target)
	if c.target != "" && !known || c.targetODS != "" && !ours.Is(c.targetODS) {
		return nowhere
	}
	to, f := m.addressed()
	if f != nil {
		return f
	}
	mixed := bad("invariant", "MessageHeader.destination is not this service.")
	if to.ODS != "" && !ours.Is(to.ODS) {
		return mixed
	}
	if to.Service != "" {
		inside, mine := ours.Service(to.Service)
		if !mine || known && inside.ID != service.ID {
			return mixed
		}
		service, known = inside, true
	}
	if to.ODS == "" && to.Service == "" {
		return mixed
	}
	if !known {
		return nowhere
	}
	return takes(service, m.useCase)
}

func takes(s exchange.Service, useCase string) *fault {
	if isCAD(useCase) && !s.CAD || !s.Takes(useCase) {
		return fail(422, "REC_UNPROCESSABLE_ENTITY", "not-supported", "The service does not take this use case: see its MessageDefinition.")
	}
	return nil
}

// addressed reads to whom the message says it is.
func (m *message) addressed() (exchange.Party, *fault) {
	if len(m.header.Destination) != 1 {
		return exchange.Party{}, bad("invariant", "There is not exactly one MessageHeader.destination.")
	}
	d := m.header.Destination[0]
	to := exchange.Party{}
	if id, ods, ok := serviceOf(d.Endpoint); ok {
		to.Service, to.ODS = id, ods
	}
	if o := m.find(d.Receiver, "Organization"); o != nil {
		org, err := fhir.As[fhir.Organization](o)
		if err != nil {
			return to, bad("invalid", problemText(err))
		}
		to.Name = org.Name
		if ods := odsOf(org); ods != "" {
			to.ODS = ods
		}
	}
	return to, nil
}

// all lists the resources of one type in order.
func (m *message) all(kind string) []*fhir.Object {
	var out []*fhir.Object
	for _, e := range m.bundle.Entry {
		if e.Resource.Type() == kind {
			out = append(out, e.Resource)
		}
	}
	return out
}

// find follows a reference to a resource of a type; nil when it leads nowhere.
// References without their "urn:uuid:" are met in practice.
func (m *message) find(r *fhir.Reference, kind string) *fhir.Object {
	if r == nil || r.Reference == "" {
		return nil
	}
	for _, form := range []string{r.Reference, "urn:uuid:" + r.Reference, kind + "/" + r.Reference} {
		if o := m.byRef[form]; o != nil && o.Type() == kind {
			return o
		}
	}
	return nil
}

func status(o *fhir.Object) string {
	v, _ := o.Get("status")
	s, _ := v.(string)
	return s
}

// codeIn gives the code of a concept in a system, or "".
func codeIn(c fhir.CodeableConcept, system string) string {
	for _, coding := range c.Coding {
		if sameSystem(coding.System, system) {
			return coding.Code
		}
	}
	return ""
}

func rankOf(extensions []fhir.Extension) int {
	for _, e := range extensions {
		if sameSystem(e.URL, urlRank) && len(e.ValueInt) == 1 && e.ValueInt[0] > '0' && e.ValueInt[0] <= '9' {
			return int(e.ValueInt[0] - '0')
		}
	}
	return 0
}
