package bars

import (
	"strconv"
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fhir"
	"holdfast/record"
)

// Software names the sending program in messages.
type Software struct{ Name, Version string }

// Build makes the message Bundle of a new referral or validation. The same
// referral gives the same Bundle. It refuses what no BaRS receiver would
// take, with a sentence to act on.
func Build(r exchange.Referral, s Software) (*fhir.Object, error) {
	if err := buildable(r); err != nil {
		return nil, err
	}
	b := &builder{r: r, s: s, stamp: stamp(r.Sent)}
	b.parties()
	b.patient()
	b.place()
	b.care()
	b.findings()
	b.header()
	bundle := fhir.Bundle{
		ID: r.ID, Type: "message", Timestamp: b.stamp, Entry: append([]fhir.BundleEntry{b.first}, b.entries...),
		Meta: &fhir.Meta{VersionID: "1", LastUpdated: b.stamp, Profile: []string{"https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage"}},
	}
	return fhir.Of(bundle), nil
}

func buildable(r exchange.Referral) error {
	category, known := useCases()[r.UseCase]
	want := "referral"
	if r.Purpose == exchange.ForValidation {
		want = "validation"
	}
	first := 0
	for _, c := range r.Contacts {
		if c.Rank == 1 {
			first++
		}
	}
	switch {
	case !r.Purpose.Asks() || !known || category != want:
		return refusal.New(refusal.Invalid, "This kind of message cannot be sent over BaRS: choose another way")
	case !isUUID(r.ID) || r.Sent == 0:
		return refusal.New(refusal.Invalid, "The message needs a number and a time of sending")
	case r.To.Service == "" || r.From.ODS == "":
		return refusal.New(refusal.Invalid, "Choose the service in the Directory of Services to send this to")
	case first != 1:
		return refusal.New(refusal.Invalid, "Choose exactly one person to be rung first")
	case want == "validation" && r.Location.IsZero() && r.Spot.IsZero():
		return refusal.New(refusal.Invalid, "Say where the patient is")
	}
	return nil
}

type builder struct {
	r                         exchange.Referral
	s                         Software
	stamp                     string
	first                     fhir.BundleEntry
	entries                   []fhir.BundleEntry
	sender, receiver          *fhir.Reference
	service, subject, spot    *fhir.Reference
	staff, encounter, request *fhir.Reference
}

// add puts a resource into the Bundle and gives the reference to it.
func (b *builder) add(res fhir.Resource) *fhir.Reference {
	url := "urn:uuid:" + mint("entry", []byte(b.r.ID), []byte(strconv.Itoa(len(b.entries))))
	b.entries = append(b.entries, fhir.BundleEntry{FullURL: url, Resource: fhir.Of(res)})
	return &fhir.Reference{Reference: url}
}

func (b *builder) meta(profile string) *fhir.Meta {
	return &fhir.Meta{LastUpdated: b.stamp, Profile: []string{profile}}
}

func ukCore(name string) string { return "https://fhir.hl7.org.uk/StructureDefinition/UKCore-" + name }

func (b *builder) organization(ods codes.ODS, name string) *fhir.Reference {
	o := fhir.Organization{Meta: b.meta(ukCore("Organization")), Name: name}
	if ods != "" {
		o.Identifier = []fhir.Identifier{{System: sysODS, Value: string(ods)}}
	}
	return b.add(o)
}

func (b *builder) parties() {
	yes := true
	b.sender = b.organization(b.r.From.ODS, b.r.From.Name)
	b.receiver = b.organization(b.r.To.ODS, b.r.To.Name)
	b.service = b.add(fhir.HealthcareService{
		Meta: b.meta(ukCore("HealthcareService")), Identifier: []fhir.Identifier{{System: sysDoS, Value: string(b.r.To.Service)}},
		Active: &yes, ProvidedBy: b.receiver, Name: b.r.To.Name,
	})
	name, role, _ := strings.Cut(b.r.From.Person, ", ")
	practitioner := fhir.Practitioner{Meta: b.meta(ukCore("Practitioner"))}
	if name != "" {
		practitioner.Name = []fhir.HumanName{{Text: name}}
	}
	b.staff = b.add(practitioner)
	pr := fhir.PractitionerRole{Meta: b.meta(ukCore("PractitionerRole")), Practitioner: b.staff, Organization: b.sender}
	if role != "" {
		pr.Code = []fhir.CodeableConcept{{Text: role}}
	}
	b.add(pr)
}

func (b *builder) header() {
	endpoint := b.r.From.Endpoint
	if endpoint == "" {
		endpoint = sysODS + "|" + string(b.r.From.ODS)
	}
	h := fhir.MessageHeader{
		Meta:        b.meta("https://fhir.nhs.uk/StructureDefinition/BARSMessageHeader-servicerequest-request"),
		EventCoding: &fhir.Coding{System: sysEvents, Code: "servicerequest-request"},
		Destination: []fhir.MessageDestination{{Endpoint: sysDoS + "|" + string(b.r.To.Service), Receiver: b.receiver}},
		Sender:      b.sender,
		Source:      &fhir.MessageSource{Name: b.r.From.Name, Software: b.s.Name, Version: b.s.Version, Endpoint: endpoint},
		Reason:      &fhir.CodeableConcept{Coding: []fhir.Coding{{System: sysReasons, Code: "new"}}},
		Focus:       []fhir.Reference{*b.request},
		Definition:  "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-" + b.category(),
	}
	if b.r.From.Phone.Present() {
		h.Source.Contact = &fhir.ContactPoint{System: "phone", Value: b.r.From.Phone.National()}
	}
	b.first = fhir.BundleEntry{FullURL: "urn:uuid:" + mint("entry", []byte(b.r.ID), []byte("header")), Resource: fhir.Of(h)}
}

func (b *builder) category() string {
	if b.r.Purpose == exchange.ForValidation {
		return "validation"
	}
	return "referral"
}

func (b *builder) patient() {
	id := b.r.Patient
	p := fhir.Patient{Meta: b.meta(ukCore("Patient")), Gender: string(id.Sex), BirthDate: id.Born.String()}
	if id.Restricted {
		p.Meta.Security = []fhir.Coding{{System: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", Code: "R"}}
	}
	p.Identifier = identifiers(id)
	p.Name = names(id)
	for _, l := range id.Lines {
		p.Telecom = append(p.Telecom, fhir.ContactPoint{System: "phone", Value: dialled(l.Phone), Use: l.Use})
	}
	if !id.Address.IsZero() {
		p.Address = []fhir.Address{addressOf("home", id.Address)}
	}
	for _, c := range b.r.Contacts {
		p.Contact = append(p.Contact, contactOf(c))
	}
	if id.Language != "" {
		p.Communication = []fhir.PatientSpeaks{{Language: &fhir.CodeableConcept{Text: id.Language}}}
	}
	if id.Interpreter == record.Yes || id.Interpreter == record.No {
		needed := id.Interpreter == record.Yes
		p.Extension = append(p.Extension, fhir.Extension{URL: urlInterp, ValueBool: &needed})
	}
	if id.Practice != (record.Practice{}) {
		p.GeneralPractitioner = []fhir.Reference{*b.organization(id.Practice.ODS, id.Practice.Name)}
	}
	b.subject = b.add(p)
}

func identifiers(id record.Identity) []fhir.Identifier {
	var out []fhir.Identifier
	if id.NHS.Present() {
		state := fhir.Coding{System: sysVerified, Code: "number-present-but-not-traced", Display: "Number present but not traced"}
		if id.NHS.Status == codes.Verified {
			state.Code, state.Display = "number-present-and-verified", "Number present and verified"
		}
		out = append(out, fhir.Identifier{
			Extension: []fhir.Extension{{URL: urlVerified, ValueConcept: &fhir.CodeableConcept{Coding: []fhir.Coding{state}}}},
			System:    sysNHS, Value: id.NHS.Text,
		})
	}
	if id.CHI.Present() {
		out = append(out, fhir.Identifier{System: sysCHI, Value: id.CHI.Text})
	}
	if id.HCN.Present() {
		out = append(out, fhir.Identifier{System: sysHCN, Value: id.HCN.Text})
	}
	return out
}

func names(id record.Identity) []fhir.HumanName {
	name := func(n record.Name, use string) fhir.HumanName {
		h := fhir.HumanName{Use: use, Family: n.Family}
		if n.Given != "" {
			h.Given = strings.Fields(n.Given)
		}
		if n.Prefix != "" {
			h.Prefix = []string{n.Prefix}
		}
		return h
	}
	var out []fhir.HumanName
	if !id.Name.IsZero() {
		out = append(out, name(id.Name, "official"))
	}
	for _, a := range id.Aliases {
		out = append(out, name(a, "old"))
	}
	return out
}

func addressOf(use string, p codes.Place) fhir.Address {
	a := fhir.Address{Use: use, PostalCode: string(p.Postcode)}
	if p.Text != "" {
		a.Line = []string{p.Text}
	}
	return a
}

func contactOf(c exchange.Contact) fhir.PatientContact {
	out := fhir.PatientContact{}
	if c.Rank > 0 && c.Rank < 10 {
		out.Extension = []fhir.Extension{{URL: urlRank, ValueInt: fhir.Number(itoa(c.Rank))}}
	}
	if c.Self {
		out.Relationship = []fhir.CodeableConcept{{Coding: []fhir.Coding{{System: sysRelation, Code: "ONESELF", Display: "self"}}}}
	} else if c.Relation != "" {
		out.Relationship = []fhir.CodeableConcept{{Text: c.Relation}}
	}
	if c.Name != "" {
		out.Name = &fhir.HumanName{Text: c.Name}
	}
	for i, p := range c.Phones {
		out.Telecom = append(out.Telecom, fhir.ContactPoint{System: "phone", Value: dialled(p), Rank: fhir.Number(itoa(i + 1))})
	}
	if c.Email != "" {
		out.Telecom = append(out.Telecom, fhir.ContactPoint{System: "email", Value: c.Email})
	}
	return out
}

// dialled is a phone number that ReceivePhone reads back as it was.
func dialled(p codes.Phone) string {
	if p.Extension != "" {
		return p.National() + " ext " + p.Extension
	}
	return p.National()
}

func stamp(t fact.Millis) string {
	if t == 0 {
		return ""
	}
	return fhir.FormatTime(t.Time())
}

func itoa(n int) string { return strconv.Itoa(n) }
