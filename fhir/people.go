package fhir

// Patient is whom a message is about.
type Patient struct {
	ID                  string           `fhir:"id"`
	Meta                *Meta            `fhir:"meta"`
	Text                *Narrative       `fhir:"text"`
	Extension           []Extension      `fhir:"extension"`
	Identifier          []Identifier     `fhir:"identifier"`
	Name                []HumanName      `fhir:"name"`
	Telecom             []ContactPoint   `fhir:"telecom"`
	Gender              string           `fhir:"gender"`
	BirthDate           string           `fhir:"birthDate"`
	DeceasedBoolean     *bool            `fhir:"deceasedBoolean"`
	DeceasedTime        string           `fhir:"deceasedDateTime"`
	Address             []Address        `fhir:"address"`
	Contact             []PatientContact `fhir:"contact"`
	Communication       []PatientSpeaks  `fhir:"communication"`
	GeneralPractitioner []Reference      `fhir:"generalPractitioner"`
	Rest
}

// PatientContact is somebody to speak to about a patient, the patient
// included.
type PatientContact struct {
	Extension    []Extension       `fhir:"extension"`
	Relationship []CodeableConcept `fhir:"relationship"`
	Name         *HumanName        `fhir:"name"`
	Telecom      []ContactPoint    `fhir:"telecom"`
	Address      *Address          `fhir:"address"`
	Gender       string            `fhir:"gender"`
	Rest
}

// PatientSpeaks is a language of a patient.
type PatientSpeaks struct {
	Extension []Extension      `fhir:"extension"`
	Language  *CodeableConcept `fhir:"language"`
	Preferred *bool            `fhir:"preferred"`
	Rest
}

// ResourceType is "Patient".
func (Patient) ResourceType() string { return "Patient" }

// Organization is a legal body or a part of one.
type Organization struct {
	ID         string         `fhir:"id"`
	Meta       *Meta          `fhir:"meta"`
	Identifier []Identifier   `fhir:"identifier"`
	Name       string         `fhir:"name"`
	Telecom    []ContactPoint `fhir:"telecom"`
	Address    []Address      `fhir:"address"`
	Rest
}

// ResourceType is "Organization".
func (Organization) ResourceType() string { return "Organization" }

// Practitioner is a member of staff.
type Practitioner struct {
	ID         string         `fhir:"id"`
	Meta       *Meta          `fhir:"meta"`
	Identifier []Identifier   `fhir:"identifier"`
	Name       []HumanName    `fhir:"name"`
	Telecom    []ContactPoint `fhir:"telecom"`
	Rest
}

// ResourceType is "Practitioner".
func (Practitioner) ResourceType() string { return "Practitioner" }

// PractitionerRole is what a practitioner does for an organisation.
type PractitionerRole struct {
	ID           string            `fhir:"id"`
	Meta         *Meta             `fhir:"meta"`
	Identifier   []Identifier      `fhir:"identifier"`
	Practitioner *Reference        `fhir:"practitioner"`
	Organization *Reference        `fhir:"organization"`
	Code         []CodeableConcept `fhir:"code"`
	Specialty    []CodeableConcept `fhir:"specialty"`
	Telecom      []ContactPoint    `fhir:"telecom"`
	Rest
}

// ResourceType is "PractitionerRole".
func (PractitionerRole) ResourceType() string { return "PractitionerRole" }

// HealthcareService is a service that can be referred to.
type HealthcareService struct {
	ID         string       `fhir:"id"`
	Meta       *Meta        `fhir:"meta"`
	Identifier []Identifier `fhir:"identifier"`
	Active     *bool        `fhir:"active"`
	ProvidedBy *Reference   `fhir:"providedBy"`
	Name       string       `fhir:"name"`
	Rest
}

// ResourceType is "HealthcareService".
func (HealthcareService) ResourceType() string { return "HealthcareService" }

// Location is where something happens. Its position keeps its digits.
type Location struct {
	ID         string            `fhir:"id"`
	Meta       *Meta             `fhir:"meta"`
	Extension  []Extension       `fhir:"extension"`
	Identifier []Identifier      `fhir:"identifier"`
	Name       string            `fhir:"name"`
	Type       []CodeableConcept `fhir:"type"`
	Telecom    []ContactPoint    `fhir:"telecom"`
	Address    *Address          `fhir:"address"`
	Position   *Position         `fhir:"position"`
	Rest
}

// Position is a point on the map in degrees.
type Position struct {
	Longitude Number `fhir:"longitude"`
	Latitude  Number `fhir:"latitude"`
	Rest
}

// ResourceType is "Location".
func (Location) ResourceType() string { return "Location" }
