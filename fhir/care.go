package fhir

// ServiceRequest is what a referral or a validation asks for.
type ServiceRequest struct {
	ID                string            `fhir:"id"`
	Meta              *Meta             `fhir:"meta"`
	Identifier        []Identifier      `fhir:"identifier"`
	BasedOn           []Reference       `fhir:"basedOn"`
	Status            string            `fhir:"status"`
	Intent            string            `fhir:"intent"`
	Category          []CodeableConcept `fhir:"category"`
	Priority          string            `fhir:"priority"`
	Code              *CodeableConcept  `fhir:"code"`
	Subject           *Reference        `fhir:"subject"`
	Encounter         *Reference        `fhir:"encounter"`
	OccurrenceTime    string            `fhir:"occurrenceDateTime"`
	OccurrencePeriod  *Period           `fhir:"occurrencePeriod"`
	AuthoredOn        string            `fhir:"authoredOn"`
	Requester         *Reference        `fhir:"requester"`
	Performer         []Reference       `fhir:"performer"`
	LocationReference []Reference       `fhir:"locationReference"`
	ReasonCode        []CodeableConcept `fhir:"reasonCode"`
	SupportingInfo    []Reference       `fhir:"supportingInfo"`
	Note              []Annotation      `fhir:"note"`
	Rest
}

// ResourceType is "ServiceRequest".
func (ServiceRequest) ResourceType() string { return "ServiceRequest" }

// Encounter is a contact between a patient and a service.
type Encounter struct {
	ID         string       `fhir:"id"`
	Meta       *Meta        `fhir:"meta"`
	Extension  []Extension  `fhir:"extension"`
	Identifier []Identifier `fhir:"identifier"`
	Status     string       `fhir:"status"`
	Class      *Coding      `fhir:"class"`
	Subject    *Reference   `fhir:"subject"`
	Period     *Period      `fhir:"period"`
	Rest
}

// ResourceType is "Encounter".
func (Encounter) ResourceType() string { return "Encounter" }

// CarePlan holds the outcome of triage.
type CarePlan struct {
	ID          string             `fhir:"id"`
	Meta        *Meta              `fhir:"meta"`
	Text        *Narrative         `fhir:"text"`
	Status      string             `fhir:"status"`
	Intent      string             `fhir:"intent"`
	Title       string             `fhir:"title"`
	Description string             `fhir:"description"`
	Subject     *Reference         `fhir:"subject"`
	Encounter   *Reference         `fhir:"encounter"`
	Period      *Period            `fhir:"period"`
	Activity    []CarePlanActivity `fhir:"activity"`
	Note        []Annotation       `fhir:"note"`
	Rest
}

// CarePlanActivity is one outcome or planned act.
type CarePlanActivity struct {
	Outcome []CodeableConcept `fhir:"outcomeCodeableConcept"`
	Detail  *CarePlanDetail   `fhir:"detail"`
	Rest
}

// CarePlanDetail is a planned act in line.
type CarePlanDetail struct {
	Code        *CodeableConcept  `fhir:"code"`
	ReasonCode  []CodeableConcept `fhir:"reasonCode"`
	Status      string            `fhir:"status"`
	Description string            `fhir:"description"`
	Rest
}

// ResourceType is "CarePlan".
func (CarePlan) ResourceType() string { return "CarePlan" }

// Consent is what a patient agreed to.
type Consent struct {
	ID         string            `fhir:"id"`
	Meta       *Meta             `fhir:"meta"`
	Text       *Narrative        `fhir:"text"`
	Status     string            `fhir:"status"`
	Scope      *CodeableConcept  `fhir:"scope"`
	Category   []CodeableConcept `fhir:"category"`
	Patient    *Reference        `fhir:"patient"`
	DateTime   string            `fhir:"dateTime"`
	PolicyRule *CodeableConcept  `fhir:"policyRule"`
	Rest
}

// ResourceType is "Consent".
func (Consent) ResourceType() string { return "Consent" }

// Observation is something measured or seen.
type Observation struct {
	ID              string            `fhir:"id"`
	Meta            *Meta             `fhir:"meta"`
	Status          string            `fhir:"status"`
	Category        []CodeableConcept `fhir:"category"`
	Code            *CodeableConcept  `fhir:"code"`
	Subject         *Reference        `fhir:"subject"`
	EffectiveTime   string            `fhir:"effectiveDateTime"`
	ValueQuantity   *Quantity         `fhir:"valueQuantity"`
	ValueConcept    *CodeableConcept  `fhir:"valueCodeableConcept"`
	ValueString     string            `fhir:"valueString"`
	ValueBoolean    *bool             `fhir:"valueBoolean"`
	ValueInteger    Number            `fhir:"valueInteger"`
	ValueTime       string            `fhir:"valueDateTime"`
	DataAbsent      *CodeableConcept  `fhir:"dataAbsentReason"`
	Interpretation  []CodeableConcept `fhir:"interpretation"`
	Note            []Annotation      `fhir:"note"`
	Component       []ObservationPart `fhir:"component"`
	EffectivePeriod *Period           `fhir:"effectivePeriod"`
	Rest
}

// ObservationPart is one of several values, as in a blood pressure.
type ObservationPart struct {
	Code          *CodeableConcept `fhir:"code"`
	ValueQuantity *Quantity        `fhir:"valueQuantity"`
	ValueConcept  *CodeableConcept `fhir:"valueCodeableConcept"`
	ValueString   string           `fhir:"valueString"`
	Rest
}

// ResourceType is "Observation".
func (Observation) ResourceType() string { return "Observation" }

// Flag is a warning about a patient or a place.
type Flag struct {
	ID        string            `fhir:"id"`
	Meta      *Meta             `fhir:"meta"`
	Text      *Narrative        `fhir:"text"`
	Extension []Extension       `fhir:"extension"`
	Status    string            `fhir:"status"`
	Category  []CodeableConcept `fhir:"category"`
	Code      *CodeableConcept  `fhir:"code"`
	Subject   *Reference        `fhir:"subject"`
	Period    *Period           `fhir:"period"`
	Encounter *Reference        `fhir:"encounter"`
	Rest
}

// ResourceType is "Flag".
func (Flag) ResourceType() string { return "Flag" }

// AllergyIntolerance is an allergy, or the statement that there is none.
type AllergyIntolerance struct {
	ID                 string            `fhir:"id"`
	Meta               *Meta             `fhir:"meta"`
	ClinicalStatus     *CodeableConcept  `fhir:"clinicalStatus"`
	VerificationStatus *CodeableConcept  `fhir:"verificationStatus"`
	Criticality        string            `fhir:"criticality"`
	Code               *CodeableConcept  `fhir:"code"`
	Patient            *Reference        `fhir:"patient"`
	Note               []Annotation      `fhir:"note"`
	Reaction           []AllergyReaction `fhir:"reaction"`
	Rest
}

// AllergyReaction is what happened.
type AllergyReaction struct {
	Substance     *CodeableConcept  `fhir:"substance"`
	Manifestation []CodeableConcept `fhir:"manifestation"`
	Description   string            `fhir:"description"`
	Severity      string            `fhir:"severity"`
	Rest
}

// ResourceType is "AllergyIntolerance".
func (AllergyIntolerance) ResourceType() string { return "AllergyIntolerance" }

// MedicationStatement is a medicine that a patient takes or took.
type MedicationStatement struct {
	ID                string           `fhir:"id"`
	Meta              *Meta            `fhir:"meta"`
	Status            string           `fhir:"status"`
	MedicationConcept *CodeableConcept `fhir:"medicationCodeableConcept"`
	MedicationRef     *Reference       `fhir:"medicationReference"`
	Subject           *Reference       `fhir:"subject"`
	EffectiveTime     string           `fhir:"effectiveDateTime"`
	EffectivePeriod   *Period          `fhir:"effectivePeriod"`
	Note              []Annotation     `fhir:"note"`
	Dosage            []Dosage         `fhir:"dosage"`
	Rest
}

// Dosage is how a medicine is taken.
type Dosage struct {
	Text               string `fhir:"text"`
	PatientInstruction string `fhir:"patientInstruction"`
	Rest
}

// ResourceType is "MedicationStatement".
func (MedicationStatement) ResourceType() string { return "MedicationStatement" }
