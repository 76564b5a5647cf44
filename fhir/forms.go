package fhir

// Questionnaire is a set of questions.
type Questionnaire struct {
	ID      string              `fhir:"id"`
	Meta    *Meta               `fhir:"meta"`
	URL     string              `fhir:"url"`
	Version string              `fhir:"version"`
	Name    string              `fhir:"name"`
	Title   string              `fhir:"title"`
	Status  string              `fhir:"status"`
	Item    []QuestionnaireItem `fhir:"item"`
	Rest
}

// QuestionnaireItem is one question or group.
type QuestionnaireItem struct {
	LinkID string              `fhir:"linkId"`
	Prefix string              `fhir:"prefix"`
	Text   string              `fhir:"text"`
	Type   string              `fhir:"type"`
	Item   []QuestionnaireItem `fhir:"item"`
	Rest
}

// ResourceType is "Questionnaire".
func (Questionnaire) ResourceType() string { return "Questionnaire" }

// QuestionnaireResponse is a set of answers.
type QuestionnaireResponse struct {
	ID            string         `fhir:"id"`
	Meta          *Meta          `fhir:"meta"`
	Text          *Narrative     `fhir:"text"`
	Questionnaire string         `fhir:"questionnaire"`
	Status        string         `fhir:"status"`
	Subject       *Reference     `fhir:"subject"`
	Authored      string         `fhir:"authored"`
	Item          []ResponseItem `fhir:"item"`
	Rest
}

// ResponseItem is one answered question or a group of them.
type ResponseItem struct {
	LinkID string           `fhir:"linkId"`
	Text   string           `fhir:"text"`
	Answer []ResponseAnswer `fhir:"answer"`
	Item   []ResponseItem   `fhir:"item"`
	Rest
}

// ResponseAnswer is one answer, of one of several types.
type ResponseAnswer struct {
	ValueBoolean  *bool          `fhir:"valueBoolean"`
	ValueDecimal  Number         `fhir:"valueDecimal"`
	ValueInteger  Number         `fhir:"valueInteger"`
	ValueDate     string         `fhir:"valueDate"`
	ValueTime     string         `fhir:"valueDateTime"`
	ValueString   string         `fhir:"valueString"`
	ValueCoding   *Coding        `fhir:"valueCoding"`
	ValueQuantity *Quantity      `fhir:"valueQuantity"`
	Item          []ResponseItem `fhir:"item"`
	Rest
}

// ResourceType is "QuestionnaireResponse".
func (QuestionnaireResponse) ResourceType() string { return "QuestionnaireResponse" }
