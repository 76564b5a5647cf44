package bars

import (
	"context"
	"net/http"
	"strings"
	"time"

	"holdfast/exchange"
	"holdfast/fhir"
)

// offered says in plain words what this door does and does not do.
const offered = "Receives new referrals (servicerequest-request, new, referral) and new validations (servicerequest-request, new, validation). " +
	"Not offered: bookings, slots, reading appointments or requests, updates and cancellations of requests, and answers to requests."

// object makes a FHIR element of names and values in turn.
func object(pairs ...any) *fhir.Object {
	o := &fhir.Object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			o.Members = append(o.Members, fhir.Member{Name: name, Value: pairs[i+1]})
		}
	}
	return o
}

func list(values ...fhir.Value) []fhir.Value { return values }

// metadata is GET /metadata.
func (d door) metadata(ctx context.Context, a *answer, _ *http.Request) {
	no := false
	rest := object(
		"mode", "server", "documentation", offered,
		"security", object("service", list(object("coding", list(object("system", "http://terminology.hl7.org/CodeSystem/restful-security-service", "code", "Certificates"))))),
		"resource", list(
			object("type", "CapabilityStatement", "interaction", list(object("code", "read")), "versioning", "no-version"),
			object("type", "MessageDefinition", "interaction", list(object("code", "search-type")), "versioning", "no-version",
				"searchParam", list(object("name", "context", "type", "token", "documentation", "The id of a service in the Directory of Services; required."))),
		),
		"operation", list(object("name", "process-message", "definition", "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message")),
	)
	messaging := object(
		"endpoint", list(object("protocol", object("system", "http://terminology.hl7.org/CodeSystem/message-transport", "code", "http"), "address", d.Base+"/$process-message")),
		"supportedMessage", list(
			object("mode", "receiver", "definition", "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-referral"),
			object("mode", "receiver", "definition", "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-validation"),
		),
	)
	a.send(http.StatusOK, fhir.Of(fhir.CapabilityStatement{
		ID: "holdfast-bars", URL: d.Base + "/metadata", Version: "1.4.0", Name: "HoldfastBaRS", Title: "Holdfast, BaRS receiver", Status: "active",
		Experimental: &no, Date: fhir.FormatTime(a.now), Publisher: "Holdfast", Description: offered, Kind: "instance",
		Software:    object("name", "Holdfast", "version", d.Version),
		FHIRVersion: "4.0.1", Format: []string{"json", "xml"},
		REST: []*fhir.Object{rest}, Messaging: []*fhir.Object{messaging},
		Rest: fhir.Rest{Rest: []fhir.Member{{Name: "implementation", Value: object("description", "Holdfast, BaRS receiver", "url", d.Base)}}},
	}))
}

// messageDefinition is GET /MessageDefinition?context=…: one definition for
// each use case that the service takes.
func (d door) messageDefinition(ctx context.Context, a *answer, r *http.Request) {
	asked := r.URL.Query().Get("context")
	if strings.TrimSpace(asked) == "" {
		a.fault(bad("required", "The parameter context is required."))
		return
	}
	id, _, ok := serviceOf(asked)
	if !ok {
		a.fault(bad("invalid", "The parameter context is not the id of a service in the Directory of Services."))
		return
	}
	ours, err := d.Ours(ctx)
	if err != nil {
		a.fault(d.receiverFault(ctx, err))
		return
	}
	service, ok := ours.Service(id)
	if !ok {
		a.fault(fail(http.StatusNotFound, "REC_NOT_FOUND", "not-found", "There is no such service here."))
		return
	}
	bundle := fhir.Bundle{
		ID: mint("definitions", []byte(service.ID)), Type: "searchset", Timestamp: fhir.FormatTime(a.now),
		Meta: &fhir.Meta{LastUpdated: fhir.FormatTime(a.now), Profile: []string{"https://fhir.hl7.org.uk/StructureDefinition/UKCore-Bundle"}},
		Link: []fhir.BundleLink{{Relation: "self", URL: d.Base + "/MessageDefinition?context=" + sysDoS + "%7C" + string(service.ID)}},
	}
	for _, useCase := range service.UseCases {
		if category, known := useCases()[useCase]; known {
			o := fhir.Of(definition(service, useCase, category, a.now))
			bundle.Entry = append(bundle.Entry, fhir.BundleEntry{FullURL: "urn:uuid:" + o.ID(), Resource: o})
		}
	}
	bundle.Total = fhir.Number(itoa(len(bundle.Entry)))
	a.send(http.StatusOK, fhir.Of(bundle))
}

func definition(s exchange.Service, useCase, category string, now time.Time) fhir.MessageDefinition {
	m := fhir.MessageDefinition{
		ID:   mint("definition", []byte(s.ID), []byte(useCase)),
		Meta: &fhir.Meta{Profile: []string{"https://fhir.nhs.uk/StructureDefinition/BARSMessageDefinition-ServiceRequest-Request"}},
		URL:  "https://fhir.nhs.uk/MessageDefinition/bars-message-servicerequest-request-" + category,
		Name: "BARSMessageServiceRequestRequest", Title: "New " + category + ", use case " + useCase, Status: "active", Date: fhir.FormatTime(now),
		EventCoding: &fhir.Coding{System: sysEvents, Code: "servicerequest-request"},
		UseContext: []fhir.UsageContext{
			{Code: &fhir.Coding{System: sysDoS, Code: string(s.ID)}, Value: &fhir.CodeableConcept{Coding: []fhir.Coding{{System: sysDoS, Code: string(s.ID)}}}},
			{Code: &fhir.Coding{System: sysUseCases, Code: useCase}, Value: &fhir.CodeableConcept{Coding: []fhir.Coding{{System: sysUseCases, Code: useCase}}}},
		},
	}
	place := fhir.Number("0")
	if category == "validation" || isCAD(useCase) {
		place = "1"
	}
	m.Focus = []fhir.MessageFocus{
		{Code: "MessageHeader", Min: "1", Max: "1"}, {Code: "ServiceRequest", Min: "1", Max: "1"}, {Code: "Patient", Min: "1", Max: "1"},
		{Code: "Encounter", Min: "1", Max: "1"}, {Code: "CarePlan", Min: "1", Max: "1"}, {Code: "HealthcareService", Min: "1", Max: "1"},
		{Code: "Organization", Min: "2", Max: "*"}, {Code: "Practitioner", Min: "1", Max: "*"}, {Code: "PractitionerRole", Min: "1", Max: "*"},
		{Code: "Consent", Min: "1", Max: "*"}, {Code: "Location", Min: place, Max: "*"}, {Code: "Observation", Min: "0", Max: "*"},
		{Code: "Flag", Min: "0", Max: "*"}, {Code: "MedicationStatement", Min: "0", Max: "*"}, {Code: "AllergyIntolerance", Min: "0", Max: "*"},
		{Code: "QuestionnaireResponse", Min: "0", Max: "*"},
	}
	return m
}
