package bars

import (
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fhir"
)

// plan reads the outcome of triage out of the CarePlan: codes where there are
// codes, text as sections in order.
func (r *reader) plan(*call) {
	plan, err := fhir.As[fhir.CarePlan](r.m.all("CarePlan")[0])
	r.as(err)
	for _, a := range plan.Activity {
		title := ""
		if a.Detail != nil {
			if a.Detail.Code != nil {
				title = words(*a.Detail.Code)
			}
			r.section(title, a.Detail.Description)
		}
		for _, c := range a.Outcome {
			r.outcome(title, c)
		}
	}
	r.section(exchange.Line(plan.Title), plan.Description)
	for _, n := range plan.Note {
		r.section("Note", n.Text)
	}
	r.narrative("Care plan", plan.Text)
	for _, c := range r.m.request.ReasonCode {
		if r.r.Reason == "" {
			r.r.Reason = words(c)
		} else {
			r.section("Reason", words(c))
		}
	}
	for _, n := range r.m.request.Note {
		r.section("Note", n.Text)
	}
	if r.r.Reason == "" {
		r.r.Reason = r.r.SG.Words()
	}
}

// outcome reads one coded or written outcome.
func (r *reader) outcome(title string, c fhir.CodeableConcept) {
	for _, coding := range c.Coding {
		code := codeOf(coding)
		switch {
		case sameSystem(coding.System, sysDx):
			if r.r.Dx.Original != "" {
				r.section("Further disposition", strings.TrimSpace(code.Code+" "+code.Name))
				continue
			}
			r.r.Dx, r.r.DxName = codes.ReceiveDx(exchange.Line(coding.Code)), code.Name
		case sameSystem(coding.System, sysSG) && r.r.SG.IsZero():
			r.r.SG = code
		case sameSystem(coding.System, sysSD) && r.r.SD.IsZero():
			r.r.SD = code
		case sameSystem(coding.System, sysARP) && r.r.Priority.IsZero():
			r.r.Priority = code
		default:
			r.section("Outcome", strings.TrimSpace(code.Code+" "+code.Name))
		}
	}
	r.section(title, c.Text)
}

func codeOf(c fhir.Coding) exchange.Code {
	return exchange.Code{System: exchange.Line(c.System), Code: exchange.Line(c.Code), Name: exchange.Line(c.Display)}
}

func conceptOf(c *fhir.CodeableConcept) exchange.Code {
	if c == nil {
		return exchange.Code{}
	}
	out := exchange.Code{Name: exchange.Line(c.Text)}
	if len(c.Coding) > 0 {
		first := codeOf(c.Coding[0])
		if out.Name == "" {
			out.Name = first.Name
		}
		out.System, out.Code = first.System, first.Code
	}
	return out
}

func (r *reader) section(title, text string) {
	if text = strings.TrimSpace(exchange.Clean(text)); text != "" {
		r.r.Sections = append(r.r.Sections, exchange.Section{Title: title, Text: text})
	}
}

// narrative adds a resource's human-readable part; one that is not
// well-formed is named, and stands in the original.
func (r *reader) narrative(title string, n *fhir.Narrative) {
	if n == nil || n.Div == "" {
		return
	}
	text, err := exchange.Plain(n.Div)
	if err != nil {
		r.note("A written part of the message (" + title + ") could not be read: open the sender's original.")
		return
	}
	r.section(title, text)
}

// others reads every further resource in order of arrival.
func (r *reader) others(*call) {
	questions := r.questions()
	for _, e := range r.m.bundle.Entry {
		o := e.Resource
		switch o.Type() {
		case "Observation":
			r.finding(o)
		case "AllergyIntolerance":
			r.allergy(o)
		case "MedicationStatement":
			r.medicine(o)
		case "Flag":
			r.flag(o)
		case "Consent":
			r.consent(o)
		case "QuestionnaireResponse":
			r.answers(o, questions)
		case "MessageHeader", "ServiceRequest", "Patient", "Encounter", "CarePlan", "HealthcareService", "Organization",
			"Practitioner", "PractitionerRole", "Questionnaire", "Location":
		default:
			r.section(o.Type(), plainResource(o))
		}
	}
}

func (r *reader) finding(o *fhir.Object) {
	ob, err := fhir.As[fhir.Observation](o)
	if !r.as(err) {
		return
	}
	f := exchange.Finding{Code: conceptOf(ob.Code), When: r.time("Observation.effective", ob.EffectiveTime), Note: notes(ob.Note)}
	if ob.EffectivePeriod != nil && f.When == 0 {
		f.When = r.time("Observation.effective", ob.EffectivePeriod.Start)
	}
	if ob.Status != "final" {
		f.Status = exchange.Line(ob.Status)
	}
	values := []string{
		quantity(ob.ValueQuantity), conceptOf(ob.ValueConcept).Words(), exchange.Clean(ob.ValueString),
		string(ob.ValueInteger), exchange.Line(ob.ValueTime), yesNo(ob.ValueBoolean),
	}
	if ob.DataAbsent != nil {
		values = append(values, "not known: "+conceptOf(ob.DataAbsent).Words())
	}
	for _, c := range ob.Component {
		value := firstOf(quantity(c.ValueQuantity), conceptOf(c.ValueConcept).Words(), exchange.Clean(c.ValueString))
		values = append(values, strings.TrimSpace(conceptOf(c.Code).Words()+" "+value))
	}
	f.Value = joined("; ", values...)
	r.r.Findings = append(r.r.Findings, f)
}

func (r *reader) allergy(o *fhir.Object) {
	a, err := fhir.As[fhir.AllergyIntolerance](o)
	if !r.as(err) {
		return
	}
	out := exchange.Allergy{Code: conceptOf(a.Code), Status: conceptOf(a.ClinicalStatus).Code, Verified: conceptOf(a.VerificationStatus).Code, Note: notes(a.Note), Severity: exchange.Line(a.Criticality)}
	var reactions []string
	for _, re := range a.Reaction {
		if out.Code.IsZero() {
			out.Code = conceptOf(re.Substance)
		}
		for _, m := range re.Manifestation {
			reactions = append(reactions, words(m))
		}
		reactions = append(reactions, exchange.Line(re.Description), exchange.Line(re.Severity))
	}
	out.Reaction = joined(", ", reactions...)
	r.r.Allergies = append(r.r.Allergies, out)
}

func (r *reader) medicine(o *fhir.Object) {
	m, err := fhir.As[fhir.MedicationStatement](o)
	if !r.as(err) {
		return
	}
	out := exchange.Medicine{Code: conceptOf(m.MedicationConcept), Status: exchange.Line(m.Status), Note: notes(m.Note)}
	if ref := m.MedicationRef; ref != nil && out.Code.IsZero() {
		out.Code.Name = exchange.Line(ref.Display)
		if med := r.m.find(ref, "Medication"); med != nil {
			out.Code.Name = joined(" ", out.Code.Name, plainResource(med))
		}
	}
	var doses []string
	for _, d := range m.Dosage {
		doses = append(doses, exchange.Clean(d.Text), exchange.Clean(d.PatientInstruction))
	}
	out.Dose = joined("; ", doses...)
	r.r.Medicines = append(r.r.Medicines, out)
}

func (r *reader) flag(o *fhir.Object) {
	f, err := fhir.As[fhir.Flag](o)
	if !r.as(err) {
		return
	}
	out := exchange.Flag{Code: conceptOf(f.Code), About: "patient", Status: exchange.Line(f.Status)}
	if len(f.Category) > 0 {
		out.Category = conceptOf(&f.Category[0])
	}
	if r.m.find(f.Subject, "Location") != nil {
		out.About = "place"
	}
	if f.Text != nil && f.Text.Div != "" {
		text, err := exchange.Plain(f.Text.Div)
		if err != nil {
			r.note("The text of a flag could not be read: open the sender's original.")
		}
		out.Note = text
	}
	r.r.Flags = append(r.r.Flags, out)
}

func (r *reader) consent(o *fhir.Object) {
	c, err := fhir.As[fhir.Consent](o)
	if !r.as(err) {
		return
	}
	out := exchange.Consent{Code: conceptOf(c.PolicyRule), Status: exchange.Line(c.Status), When: r.time("Consent.dateTime", c.DateTime)}
	if len(c.Category) > 0 {
		out.Category = conceptOf(&c.Category[0])
	}
	r.r.Consents = append(r.r.Consents, out)
	r.narrative("Consent", c.Text)
}

// questions gathers the wording of questions by link id.
func (r *reader) questions() map[string]string {
	out := map[string]string{}
	var walk func(items []fhir.QuestionnaireItem)
	walk = func(items []fhir.QuestionnaireItem) {
		for _, i := range items {
			out[i.LinkID] = exchange.Line(i.Text)
			walk(i.Item)
		}
	}
	for _, o := range r.m.all("Questionnaire") {
		q, err := fhir.As[fhir.Questionnaire](o)
		r.as(err)
		walk(q.Item)
	}
	return out
}

func (r *reader) answers(o *fhir.Object, questions map[string]string) {
	q, err := fhir.As[fhir.QuestionnaireResponse](o)
	if !r.as(err) {
		return
	}
	var walk func(items []fhir.ResponseItem)
	walk = func(items []fhir.ResponseItem) {
		for _, i := range items {
			question := firstOf(exchange.Line(i.Text), questions[i.LinkID], exchange.Line(i.LinkID))
			for _, a := range i.Answer {
				r.r.Answers = append(r.r.Answers, exchange.Answer{Question: question, Answer: answerText(a)})
				walk(a.Item)
			}
			walk(i.Item)
		}
	}
	walk(q.Item)
	if len(q.Item) == 0 {
		r.narrative("Questions and answers", q.Text)
	}
}

func answerText(a fhir.ResponseAnswer) string {
	coding := ""
	if a.ValueCoding != nil {
		c := codeOf(*a.ValueCoding)
		coding = c.Words()
	}
	return joined("; ", exchange.Clean(a.ValueString), coding, yesNo(a.ValueBoolean), string(a.ValueInteger), string(a.ValueDecimal),
		exchange.Line(a.ValueDate), exchange.Line(a.ValueTime), quantity(a.ValueQuantity))
}

// notes adds what a reader must know about the message as a whole.
func (r *reader) notes(*call) {
	if r.r.Dx.Original == "" {
		r.note("The message has no disposition code: read the sender's report for how urgent it is.")
	} else if r.r.Dx.Code == "" {
		r.note("The disposition code is of no known form: read the sender's report for how urgent it is.")
	}
	if s, ok := swapped(r.r.Spot); ok {
		r.note(s)
	}
}

// swapped tells whether latitude and longitude look exchanged: the British
// Isles lie between 49° and 61° north and 11° west and 2° east.
func swapped(s exchange.Spot) (string, bool) {
	inLat := func(v string) bool { return strings.HasPrefix(v, "5") && strings.Index(v+".", ".") == 2 }
	inLon := func(v string) bool {
		v = strings.TrimPrefix(v, "-")
		return v != "" && strings.Index(v+".", ".") <= 2 && !strings.HasPrefix(v, "5") || strings.HasPrefix(v, "5.")
	}
	if inLat(s.Longitude) && inLon(s.Latitude) && !inLat(s.Latitude) {
		return "Latitude and longitude look exchanged: check the place with the caller.", true
	}
	return "", false
}
