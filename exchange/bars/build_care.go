package bars

import (
	"strings"

	"holdfast/exchange"
	"holdfast/fhir"
)

// place adds where the patient is.
func (b *builder) place() {
	s, p := b.r.Spot, b.r.Location
	if p.Grid.Known() && !p.Grid.Irish && s.Easting == "" && s.Northing == "" {
		s.Easting, s.Northing = itoa(p.Grid.East), itoa(p.Grid.North)
	}
	if s.IsZero() && p.IsZero() {
		return
	}
	l := fhir.Location{Meta: b.meta(ukCore("Location")), Name: s.Name}
	if p.Text != "" || p.Postcode != "" {
		a := addressOf("", p)
		l.Address = &a
	}
	var parts []fhir.Extension
	for _, x := range [][2]string{{"UPRN", s.UPRN}, {"eastings", s.Easting}, {"northings", s.Northing}, {"what3words", s.ThreeWords}} {
		if x[1] != "" {
			parts = append(parts, fhir.Extension{URL: x[0], ValueString: x[1]})
		}
	}
	if parts != nil {
		l.Extension = []fhir.Extension{{URL: urlPlace, Extension: parts}}
	}
	if s.Latitude != "" && s.Longitude != "" {
		l.Position = &fhir.Position{Longitude: fhir.Number(s.Longitude), Latitude: fhir.Number(s.Latitude)}
	}
	b.spot = b.add(l)
}

// care adds Encounter, CarePlan, ServiceRequest and consents.
func (b *builder) care() {
	plan, encounter := "completed", "finished"
	if b.r.Purpose == exchange.ForValidation {
		plan, encounter = "active", "triaged"
	}
	e := fhir.Encounter{
		Meta: b.meta(ukCore("Encounter")), Status: encounter, Subject: b.subject,
		Class: &fhir.Coding{System: "http://terminology.hl7.org/CodeSystem/v3-ActCode", Code: "EMER", Display: "emergency"},
	}
	if b.r.Assessed != 0 {
		e.Period = &fhir.Period{Start: stamp(b.r.Assessed)}
	}
	for _, n := range b.r.Cases {
		e.Identifier = append(e.Identifier, fhir.Identifier{System: n.System, Value: n.Number})
	}
	b.encounter = b.add(e)
	carePlan := b.add(fhir.CarePlan{
		Meta: b.meta(ukCore("CarePlan")), Status: plan, Intent: "plan", Subject: b.subject, Encounter: b.encounter, Activity: b.activities(),
	})
	b.serviceRequest(carePlan)
	for _, c := range b.consents() {
		b.add(fhir.Consent{
			Meta: b.meta(ukCore("Consent")), Status: c.Status, Patient: b.subject, DateTime: stamp(c.When), PolicyRule: concept(c.Code),
			Scope:    &fhir.CodeableConcept{Coding: []fhir.Coding{{System: "http://terminology.hl7.org/CodeSystem/consentscope", Code: "patient-privacy"}}},
			Category: []fhir.CodeableConcept{*concept(c.Category)},
		})
	}
}

// consents are the consents for direct care, without which BaRS carries
// nothing; implied where the patient was asked nothing else.
func (b *builder) consents() []exchange.Consent {
	var out []exchange.Consent
	for _, c := range b.r.Consents {
		if c.Category.Code == "DRC" && sameSystem(c.Category.System, sysConsent) {
			out = append(out, c)
		}
	}
	if out == nil {
		out = []exchange.Consent{{
			Category: exchange.Code{System: sysConsent, Code: "DRC", Name: "Direct Care"}, Status: "active", When: b.r.Sent,
			Code: exchange.Code{System: "http://terminology.hl7.org/CodeSystem/v3-ActCode", Code: "IMPLIED"},
		}}
	}
	return out
}

func (b *builder) serviceRequest(plan *fhir.Reference) {
	coding := func(system, code string) fhir.CodeableConcept {
		return fhir.CodeableConcept{Coding: []fhir.Coding{{System: system, Code: code}}}
	}
	sr := fhir.ServiceRequest{
		Meta: b.meta("https://fhir.nhs.uk/StructureDefinition/BARSServiceRequest-request-" + b.category()), BasedOn: []fhir.Reference{*plan},
		Status: "active", Intent: "plan", Category: []fhir.CodeableConcept{coding(sysCategory, b.category()), coding(sysUseCases, b.r.UseCase)},
		Subject: b.subject, Encounter: b.encounter, AuthoredOn: b.stamp, Requester: b.staff, Performer: []fhir.Reference{*b.service},
	}
	if b.r.Assessed != 0 || b.r.Deadline != 0 {
		sr.OccurrencePeriod = &fhir.Period{Start: stamp(b.r.Assessed), End: stamp(b.r.Deadline)}
	}
	if b.r.Reason != "" {
		sr.ReasonCode = []fhir.CodeableConcept{{Text: b.r.Reason}}
	}
	if b.r.Correlation.Asked != "" {
		sr.Identifier = []fhir.Identifier{{Value: b.r.Correlation.Asked}}
	}
	if b.spot != nil {
		sr.LocationReference = []fhir.Reference{*b.spot}
	}
	b.request = b.add(sr)
}

// activities are the outcome of triage: codes first, then the report, one
// activity for each section with its title.
func (b *builder) activities() []fhir.CarePlanActivity {
	var coded []fhir.CodeableConcept
	add := func(system string, c exchange.Code) {
		if c.Code != "" {
			coded = append(coded, fhir.CodeableConcept{Coding: []fhir.Coding{{System: system, Code: c.Code, Display: c.Name}}})
		}
	}
	add(sysSD, b.r.SD)
	add(sysSG, b.r.SG)
	dx := string(b.r.Dx.Code)
	if dx == "" {
		dx = b.r.Dx.Original
	}
	add(sysDx, exchange.Code{Code: dx, Name: b.r.DxName})
	add(sysARP, b.r.Priority)
	var out []fhir.CarePlanActivity
	if coded != nil {
		out = append(out, fhir.CarePlanActivity{Outcome: coded})
	}
	for _, s := range b.r.Sections {
		a := fhir.CarePlanActivity{Outcome: []fhir.CodeableConcept{{Text: s.Text}}}
		if s.Title != "" {
			a.Detail = &fhir.CarePlanDetail{Status: "completed", Code: &fhir.CodeableConcept{Text: s.Title}}
		}
		out = append(out, a)
	}
	return out
}

// findings adds what was observed, what warns, and the questions asked.
func (b *builder) findings() {
	for _, f := range b.r.Findings {
		o := fhir.Observation{Meta: b.meta(ukCore("Observation")), Status: "final", Code: concept(f.Code), Subject: b.subject, EffectiveTime: stamp(f.When), ValueString: f.Value, Note: annotated(f.Note)}
		if f.Status != "" {
			o.Status = f.Status
		}
		b.add(o)
	}
	for _, a := range b.r.Allergies {
		o := fhir.AllergyIntolerance{
			Meta: b.meta(ukCore("AllergyIntolerance")), Code: concept(a.Code), Patient: b.subject, Note: annotated(a.Note), Criticality: a.Severity,
			ClinicalStatus: statusConcept("allergyintolerance-clinical", a.Status), VerificationStatus: statusConcept("allergyintolerance-verification", a.Verified),
		}
		if a.Reaction != "" {
			o.Reaction = []fhir.AllergyReaction{{Manifestation: []fhir.CodeableConcept{{Text: a.Reaction}}}}
		}
		b.add(o)
	}
	for _, m := range b.r.Medicines {
		o := fhir.MedicationStatement{Meta: b.meta(ukCore("MedicationStatement")), Status: m.Status, MedicationConcept: concept(m.Code), Subject: b.subject, Note: annotated(m.Note)}
		if m.Status == "" {
			o.Status = "unknown"
		}
		if m.Dose != "" {
			o.Dosage = []fhir.Dosage{{Text: m.Dose}}
		}
		b.add(o)
	}
	b.flags()
	b.answers()
}

func (b *builder) flags() {
	for _, f := range b.r.Flags {
		o := fhir.Flag{Meta: b.meta("http://hl7.org/fhir/StructureDefinition/Flag"), Status: f.Status, Code: concept(f.Code), Subject: b.subject, Encounter: b.encounter}
		if c := concept(f.Category); c != nil {
			o.Category = []fhir.CodeableConcept{*c}
		}
		if f.About == "place" && b.spot != nil {
			o.Subject = b.spot
		}
		if f.Note != "" {
			o.Text = &fhir.Narrative{Status: "additional", Div: div(f.Note)}
		}
		b.add(o)
	}
}

func (b *builder) answers() {
	if len(b.r.Answers) == 0 {
		return
	}
	q := fhir.QuestionnaireResponse{Meta: b.meta("http://hl7.org/fhir/StructureDefinition/QuestionnaireResponse"), Status: "completed", Subject: b.subject, Authored: b.stamp}
	for i, a := range b.r.Answers {
		q.Item = append(q.Item, fhir.ResponseItem{LinkID: itoa(i + 1), Text: a.Question, Answer: []fhir.ResponseAnswer{{ValueString: a.Answer}}})
	}
	b.add(q)
}

func concept(c exchange.Code) *fhir.CodeableConcept {
	switch {
	case c.IsZero():
		return nil
	case c.Code == "":
		return &fhir.CodeableConcept{Text: c.Name}
	}
	return &fhir.CodeableConcept{Coding: []fhir.Coding{{System: c.System, Code: c.Code, Display: c.Name}}}
}

func statusConcept(system, code string) *fhir.CodeableConcept {
	if code == "" {
		return nil
	}
	return &fhir.CodeableConcept{Coding: []fhir.Coding{{System: "http://terminology.hl7.org/CodeSystem/" + system, Code: code}}}
}

func annotated(text string) []fhir.Annotation {
	if text == "" {
		return nil
	}
	return []fhir.Annotation{{Text: text}}
}

// div makes a narrative of plain text.
func div(text string) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br/>")
	return `<div xmlns="http://www.w3.org/1999/xhtml">` + escape.Replace(text) + `</div>`
}
