package itk

import (
	"encoding/base64"
	"strings"

	"holdfast/codes"
	"holdfast/exchange"
)

const (
	service    = "urn:nhs-itk:services:201005:SendNHS111Report-v2-0"
	addressDoS = "2.16.840.1.113883.2.1.3.2.4.18.44"
	maxDocs    = 50
)

// purposes are the interactions of the service and what each asks.
func purposes() map[string]exchange.Purpose {
	return map[string]exchange.Purpose{
		"primaryOutofHourRecipientNHS111CDADocument-v2-0":              exchange.ForReferral,
		"primaryEmergencyDepartmentRecipientNHS111CDADocument-v2-0":    exchange.ForReferral,
		"primaryGeneralPractitionerRecipientNHS111CDADocument-v2-0":    exchange.ForReport,
		"copyRecipientNHS111CDADocument-v2-0":                          exchange.ForCopy,
		"nullifyNHS111CDADocument-v1-0":                                exchange.ForWithdrawal,
		"primaryRepeatCallerRepositoryRecipientNHS111CDADocument-v2-0": exchange.ForRepeatCaller,
		"primaryNHS111RepeatCallerDocumentSet-v1-0":                    exchange.ForRepeatCaller,
	}
}

// envelope is an opened ITK distribution envelope.
type envelope struct {
	messageID   string
	action      string
	service     string
	tracking    string
	interaction string
	ods         []codes.ODS
	dos         []codes.DoSID
	from        exchange.Party
	documents   []el
}

// openEnvelope reads SOAP and ITK envelope and finds the documents. What was
// read so far is given beside a fault.
func openEnvelope(body []byte) (envelope, *fault) {
	var env envelope
	root, err := parse(body)
	if err != nil {
		return env, bad("The message cannot be read: " + err.Error() + ".")
	}
	soap := el{root, nsSOAP}
	if root.Tag != "Envelope" || root.NamespaceURI() != nsSOAP {
		return env, bad("The message is not a SOAP 1.1 envelope.")
	}
	env.messageID = soap.kid("Header").first(nsWSA, "MessageID").text()
	env.action = soap.kid("Header").first(nsWSA, "Action").text()
	d := soap.kid("Body").first(nsITK, "DistributionEnvelope")
	header := d.kid("header")
	if !header.exists() {
		return env, bad("There is no ITK DistributionEnvelope with a header.")
	}
	env.tracking, env.service = header.attr("trackingid"), header.attr("service")
	if env.tracking == "" || len(env.tracking) > 100 {
		return env, bad("The trackingid is missing or too long.")
	}
	env.readAddresses(header)
	for _, s := range header.kid("handlingSpecification").kids("spec") {
		if s.attr("key") == "urn:nhs-itk:ns:201005:interaction" {
			env.interaction = strings.TrimPrefix(s.attr("value"), "urn:nhs-itk:interaction:")
		}
	}
	return env, env.readPayloads(d, header)
}

func (env *envelope) readAddresses(header el) {
	for _, a := range header.kid("addresslist").kids("address") {
		uri := a.attr("uri")
		switch {
		case a.attr("type") == addressDoS:
			env.dos = append(env.dos, codes.ReceiveDoSID(uri))
		case strings.HasPrefix(strings.ToLower(uri), "urn:nhs-uk:addressing:ods:"):
			env.ods = append(env.ods, codes.ReceiveODS(uri))
			if _, service, ok := strings.Cut(uri, ":DOSServiceID:"); ok {
				env.dos = append(env.dos, codes.ReceiveDoSID(service))
			}
		}
	}
	sender := header.kid("senderAddress").attr("uri")
	if sender == "" {
		sender = strings.Replace(header.kid("auditIdentity", "id").attr("uri"), ":identity:", ":addressing:", 1)
	}
	if strings.HasPrefix(strings.ToLower(sender), "urn:nhs-uk:addressing:ods:") {
		env.from.ODS = codes.ReceiveODS(sender)
	}
	env.from.Endpoint = sender
}

// readPayloads finds the documents that the manifest promises; one that is
// missing means that something was lost on the way.
func (env *envelope) readPayloads(d, header el) *fault {
	packed := map[string]bool{}
	items := header.kid("manifest").kids("manifestitem")
	for _, i := range items {
		if i.attr("encrypted") == "true" || i.attr("compressed") == "true" {
			return bad("An encrypted or compressed payload is not accepted.")
		}
		packed[i.attr("id")] = i.attr("base64") == "true"
	}
	payloads := d.kid("payloads").kids("payload")
	if len(payloads) == 0 || len(payloads) > maxDocs {
		return bad("The number of payloads is not between 1 and 50.")
	}
	if len(items) != len(payloads) {
		return bad("The number of payloads is not that of the manifest.")
	}
	for _, p := range payloads {
		base64ed, listed := packed[p.attr("id")]
		if !listed {
			return bad("A payload is not in the manifest.")
		}
		doc, f := document(p, base64ed)
		if f != nil {
			return f
		}
		env.documents = append(env.documents, doc)
	}
	return nil
}

func document(p el, base64ed bool) (el, *fault) {
	doc := p.first(nsCDA, "ClinicalDocument")
	if base64ed {
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(p.text()), ""))
		if err != nil {
			return doc, bad("A payload is not base64 as the manifest says.")
		}
		root, err := parse(b)
		if err != nil {
			return doc, bad("A payload cannot be read: " + err.Error() + ".")
		}
		if root.Tag == "ClinicalDocument" && root.NamespaceURI() == nsCDA {
			doc = el{root, nsCDA}
		}
	}
	if !doc.exists() {
		return doc, bad("A payload holds no CDA ClinicalDocument.")
	}
	if t := doc.first(nsNPF, "messageType").attr("extension"); t != "" && t != "POCD_MT200001GB02" {
		return doc, bad("The type of a document is not POCD_MT200001GB02.")
	}
	return doc, nil
}

// checkService accepts the one service of this door; some senders append
// "_DMS" to its name.
func (env envelope) checkService(soapAction string) *fault {
	known := func(s string) bool { return strings.TrimSuffix(s, "_DMS") == service }
	action := env.action
	if action == "" {
		action = strings.Trim(strings.TrimSpace(soapAction), `"`)
	}
	switch {
	case action == "" && env.service == "":
		return bad("The action is missing.")
	case action != "" && !known(action), env.service != "" && !known(env.service):
		return bad("The service is not SendNHS111Report-v2-0.")
	}
	if _, ok := purposes()[env.interaction]; !ok {
		return bad("The interaction is missing or not one of this service.")
	}
	return nil
}

// checkAddress accepts when either the organisation or the service is ours;
// their order varies and either may be absent.
func (env envelope) checkAddress(ours exchange.Ours) *fault {
	for _, o := range env.ods {
		if ours.Is(o) {
			return nil
		}
	}
	for _, d := range env.dos {
		if _, ok := ours.Service(d); ok {
			return nil
		}
	}
	return bad("The message is not addressed to this organisation.")
}

// to is whom the message is addressed to.
func (env envelope) to() exchange.Party {
	var p exchange.Party
	if len(env.ods) > 0 {
		p.ODS = env.ods[0]
	}
	if len(env.dos) > 0 {
		p.Service = env.dos[0]
	}
	return p
}
