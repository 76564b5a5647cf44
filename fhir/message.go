package fhir

// Bundle is a set of resources: a message, or the answer to a search.
type Bundle struct {
	ID         string        `fhir:"id"`
	Meta       *Meta         `fhir:"meta"`
	Identifier *Identifier   `fhir:"identifier"`
	Type       string        `fhir:"type"`
	Timestamp  string        `fhir:"timestamp"`
	Total      Number        `fhir:"total"`
	Link       []BundleLink  `fhir:"link"`
	Entry      []BundleEntry `fhir:"entry"`
	Rest
}

// BundleLink is a link of a Bundle, such as the search it answers.
type BundleLink struct {
	Relation string `fhir:"relation"`
	URL      string `fhir:"url"`
	Rest
}

// BundleEntry holds one resource.
type BundleEntry struct {
	FullURL  string  `fhir:"fullUrl"`
	Resource *Object `fhir:"resource"`
	Rest
}

// ResourceType is "Bundle".
func (Bundle) ResourceType() string { return "Bundle" }

// MessageHeader says what a message is about and for whom it is.
type MessageHeader struct {
	ID          string               `fhir:"id"`
	Meta        *Meta                `fhir:"meta"`
	Extension   []Extension          `fhir:"extension"`
	EventCoding *Coding              `fhir:"eventCoding"`
	Destination []MessageDestination `fhir:"destination"`
	Sender      *Reference           `fhir:"sender"`
	Author      *Reference           `fhir:"author"`
	Source      *MessageSource       `fhir:"source"`
	Reason      *CodeableConcept     `fhir:"reason"`
	Response    *MessageResponse     `fhir:"response"`
	Focus       []Reference          `fhir:"focus"`
	Definition  string               `fhir:"definition"`
	Rest
}

// MessageDestination is where a message goes.
type MessageDestination struct {
	Name     string     `fhir:"name"`
	Endpoint string     `fhir:"endpoint"`
	Receiver *Reference `fhir:"receiver"`
	Rest
}

// MessageSource is what sent a message, and where answers go.
type MessageSource struct {
	Name     string        `fhir:"name"`
	Software string        `fhir:"software"`
	Version  string        `fhir:"version"`
	Contact  *ContactPoint `fhir:"contact"`
	Endpoint string        `fhir:"endpoint"`
	Rest
}

// MessageResponse says which message this one answers, and how it went.
type MessageResponse struct {
	Identifier string     `fhir:"identifier"`
	Code       string     `fhir:"code"`
	Details    *Reference `fhir:"details"`
	Rest
}

// ResourceType is "MessageHeader".
func (MessageHeader) ResourceType() string { return "MessageHeader" }

// OperationOutcome says what went wrong, or right.
type OperationOutcome struct {
	ID    string  `fhir:"id"`
	Meta  *Meta   `fhir:"meta"`
	Issue []Issue `fhir:"issue"`
	Rest
}

// Issue is one complaint. Diagnostics never holds patient data.
type Issue struct {
	Severity    string           `fhir:"severity"`
	Code        string           `fhir:"code"`
	Details     *CodeableConcept `fhir:"details"`
	Diagnostics string           `fhir:"diagnostics"`
	Expression  []string         `fhir:"expression"`
	Rest
}

// ResourceType is "OperationOutcome".
func (OperationOutcome) ResourceType() string { return "OperationOutcome" }

// CapabilityStatement says what a server can do.
type CapabilityStatement struct {
	ID           string    `fhir:"id"`
	Meta         *Meta     `fhir:"meta"`
	URL          string    `fhir:"url"`
	Version      string    `fhir:"version"`
	Name         string    `fhir:"name"`
	Title        string    `fhir:"title"`
	Status       string    `fhir:"status"`
	Experimental *bool     `fhir:"experimental"`
	Date         string    `fhir:"date"`
	Publisher    string    `fhir:"publisher"`
	Description  string    `fhir:"description"`
	Kind         string    `fhir:"kind"`
	Software     *Object   `fhir:"software"`
	FHIRVersion  string    `fhir:"fhirVersion"`
	Format       []string  `fhir:"format"`
	REST         []*Object `fhir:"rest"`
	Messaging    []*Object `fhir:"messaging"`
	Rest
}

// ResourceType is "CapabilityStatement".
func (CapabilityStatement) ResourceType() string { return "CapabilityStatement" }

// MessageDefinition says which message a service accepts.
type MessageDefinition struct {
	ID          string         `fhir:"id"`
	Meta        *Meta          `fhir:"meta"`
	URL         string         `fhir:"url"`
	Name        string         `fhir:"name"`
	Title       string         `fhir:"title"`
	Status      string         `fhir:"status"`
	Date        string         `fhir:"date"`
	UseContext  []UsageContext `fhir:"useContext"`
	EventCoding *Coding        `fhir:"eventCoding"`
	Focus       []MessageFocus `fhir:"focus"`
	Rest
}

// UsageContext says in which context something holds.
type UsageContext struct {
	Code  *Coding          `fhir:"code"`
	Value *CodeableConcept `fhir:"valueCodeableConcept"`
	Rest
}

// MessageFocus is a resource that a message may hold, and how often.
type MessageFocus struct {
	Code    string `fhir:"code"`
	Profile string `fhir:"profile"`
	Min     Number `fhir:"min"`
	Max     string `fhir:"max"`
	Rest
}

// ResourceType is "MessageDefinition".
func (MessageDefinition) ResourceType() string { return "MessageDefinition" }
