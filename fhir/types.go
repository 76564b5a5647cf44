package fhir

// Meta is what a server says about a resource.
type Meta struct {
	VersionID   string   `fhir:"versionId"`
	LastUpdated string   `fhir:"lastUpdated"`
	Profile     []string `fhir:"profile"`
	Security    []Coding `fhir:"security"`
	Rest
}

// Coding is one code of one system.
type Coding struct {
	System  string `fhir:"system"`
	Version string `fhir:"version"`
	Code    string `fhir:"code"`
	Display string `fhir:"display"`
	Rest
}

// CodeableConcept is a thing named by codes, text, or both.
type CodeableConcept struct {
	Coding []Coding `fhir:"coding"`
	Text   string   `fhir:"text"`
	Rest
}

// Identifier is a number or name that a system gives.
type Identifier struct {
	Extension []Extension      `fhir:"extension"`
	Use       string           `fhir:"use"`
	Type      *CodeableConcept `fhir:"type"`
	System    string           `fhir:"system"`
	Value     string           `fhir:"value"`
	Rest
}

// Reference points at another resource.
type Reference struct {
	Reference  string      `fhir:"reference"`
	Type       string      `fhir:"type"`
	Identifier *Identifier `fhir:"identifier"`
	Display    string      `fhir:"display"`
	Rest
}

// Period is a time from and to, as FHIR dateTimes.
type Period struct {
	Start string `fhir:"start"`
	End   string `fhir:"end"`
	Rest
}

// Extension says something that the standard has no element for.
type Extension struct {
	Extension    []Extension      `fhir:"extension"`
	URL          string           `fhir:"url"`
	ValueString  string           `fhir:"valueString"`
	ValueCode    string           `fhir:"valueCode"`
	ValueConcept *CodeableConcept `fhir:"valueCodeableConcept"`
	ValueInt     Number           `fhir:"valuePositiveInt"`
	ValueBool    *bool            `fhir:"valueBoolean"`
	ValueTime    string           `fhir:"valueDateTime"`
	Rest
}

// HumanName is a person's name.
type HumanName struct {
	Use    string   `fhir:"use"`
	Text   string   `fhir:"text"`
	Family string   `fhir:"family"`
	Given  []string `fhir:"given"`
	Prefix []string `fhir:"prefix"`
	Suffix []string `fhir:"suffix"`
	Rest
}

// Address is a place where a person or an organisation is.
type Address struct {
	Use        string   `fhir:"use"`
	Type       string   `fhir:"type"`
	Text       string   `fhir:"text"`
	Line       []string `fhir:"line"`
	City       string   `fhir:"city"`
	District   string   `fhir:"district"`
	State      string   `fhir:"state"`
	PostalCode string   `fhir:"postalCode"`
	Country    string   `fhir:"country"`
	Rest
}

// ContactPoint is a telephone number or the like.
type ContactPoint struct {
	Extension []Extension `fhir:"extension"`
	System    string      `fhir:"system"`
	Value     string      `fhir:"value"`
	Use       string      `fhir:"use"`
	Rank      Number      `fhir:"rank"`
	Rest
}

// Quantity is a measured amount; Value keeps its digits.
type Quantity struct {
	Value      Number `fhir:"value"`
	Comparator string `fhir:"comparator"`
	Unit       string `fhir:"unit"`
	System     string `fhir:"system"`
	Code       string `fhir:"code"`
	Rest
}

// Annotation is a note.
type Annotation struct {
	Time string `fhir:"time"`
	Text string `fhir:"text"`
	Rest
}

// Narrative is the human-readable part of a resource; Div is XHTML.
type Narrative struct {
	Status string `fhir:"status"`
	Div    string `fhir:"div"`
	Rest
}
