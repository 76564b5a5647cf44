package itk

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
)

// Read reads a message without judging whether it is for us. The error holds
// no patient data.
func Read(body []byte) (exchange.Referral, error) {
	env, f := openEnvelope(body)
	if f == nil {
		f = env.checkService("")
	}
	if f != nil {
		return exchange.Referral{}, f
	}
	r, f := env.referral()
	if f != nil {
		return exchange.Referral{}, f
	}
	return r, nil
}

// dated is one document with its time.
type dated struct {
	doc  el
	when fact.Millis
}

// referral turns the message into neutral words. Of several documents the
// newest is the referral; the sections of all are kept, newest first.
func (env envelope) referral() (exchange.Referral, *fault) {
	var docs []dated
	for _, d := range env.documents {
		when, ok := moment(d.kid("effectiveTime").attr("value"))
		if !ok {
			return exchange.Referral{}, bad("The effectiveTime of a document is not a date and time.")
		}
		docs = append(docs, dated{d, when})
	}
	sort.SliceStable(docs, func(i, j int) bool { return docs[i].when > docs[j].when })
	r := &reader{r: exchange.Referral{
		ID: env.tracking, Purpose: purposes()[env.interaction], From: env.from, To: env.to(), Sent: docs[0].when,
		Correlation: exchange.Correlation{Message: env.tracking, Request: env.messageID, Interaction: env.interaction},
	}}
	r.newest(docs[0].doc)
	for i, d := range docs {
		r.document(i, d)
	}
	if r.fault != nil {
		return exchange.Referral{}, r.fault
	}
	r.compare(docs)
	r.warn()
	return r.r, nil
}

type reader struct {
	r     exchange.Referral
	fault *fault
}

func (r *reader) fail(text string) {
	if r.fault == nil {
		r.fault = bad(text)
	}
}

func (r *reader) note(s string) { r.r.Notes = append(r.r.Notes, s) }

// newest reads what the referral as a whole says from its newest document.
func (r *reader) newest(doc el) {
	r.person(doc.kid("recordTarget", "patientRole"))
	r.informants(doc)
	r.callback()
	r.parties(doc)
	r.encounter(doc.kid("componentOf", "encompassingEncounter"))
	r.r.Secrecy = doc.kid("confidentialityCode").attr("code")
	for _, a := range doc.kids("authorization") {
		c := a.kid("consent")
		if code := codeOf(c.kid("code")); !code.IsZero() {
			r.r.Consents = append(r.r.Consents, exchange.Consent{Code: code, Status: c.kid("statusCode").attr("code")})
		}
	}
}

func (r *reader) parties(doc el) {
	author := authorOf(doc)
	r.r.From.Name, r.r.From.Person = author.Name, author.Person
	if r.r.From.ODS == "" {
		r.r.From.ODS = author.ODS
	}
	for _, p := range doc.kids("participant") {
		if p.attr("typeCode") != "CALLBCK" {
			continue
		}
		for _, t := range p.kid("associatedEntity").kids("telecom") {
			if ph := phone(t); ph.Present() && !r.r.From.Phone.Present() {
				r.r.From.Phone = ph
			}
		}
	}
	for _, i := range doc.kids("informationRecipient") {
		org := i.kid("intendedRecipient", "receivedOrganization")
		ods := codes.ReceiveODS(org.id("2.16.840.1.113883.2.1.3.2.4.19.1", "2.16.840.1.113883.2.1.3.2.4.19.2"))
		if r.r.To.Name == "" && i.attr("typeCode") == "PRCP" || ods != "" && ods == r.r.To.ODS {
			r.r.To.Name = org.kid("name").text()
		}
	}
}

func authorOf(doc el) exchange.Party {
	a := doc.kid("author", "assignedAuthor")
	p := exchange.Party{
		ODS:  codes.ReceiveODS(a.kid("representedOrganization").id("2.16.840.1.113883.2.1.3.2.4.19.1", "2.16.840.1.113883.2.1.3.2.4.19.2")),
		Name: a.kid("representedOrganization", "name").text(),
	}
	p.Person = a.kid("assignedPerson", "name").text()
	if role := a.kid("code").attr("displayName"); role != "" && p.Person != "" {
		p.Person += ", " + role
	}
	if p.Name == "" {
		p.Name = doc.kid("custodian", "assignedCustodian", "representedCustodianOrganization", "name").text()
	}
	return p
}

func (r *reader) encounter(e el) {
	for _, id := range e.kids("id") {
		if id.attr("extension") != "" {
			r.r.Cases = append(r.r.Cases, exchange.CaseNumber{System: firstOf(id.attr("assigningAuthorityName"), id.attr("root")), Number: id.attr("extension")})
		}
	}
	for _, end := range []string{"low", "high"} { // the later one, the end of the call, stands
		v := e.kid("effectiveTime", end).attr("value")
		if v == "" {
			continue
		}
		t, ok := moment(v)
		if !ok {
			r.fail("The effectiveTime of the encounter is not a date and time.")
		}
		r.r.Assessed = t
	}
	if r.r.Assessed == 0 {
		r.r.Assessed = r.r.Sent
	}
	dx := e.kid("dischargeDispositionCode")
	r.r.Dx, r.r.DxName = codes.ReceiveDx(dx.attr("code")), dx.attr("displayName")
	place := e.kid("location", "healthCareFacility", "location")
	if a := place.kid("addr"); a.exists() {
		r.r.Location = placeOf(a)
	}
}

// document reads what one document says of itself, and its sections.
func (r *reader) document(i int, d dated) {
	version, err := strconv.Atoi(d.doc.kid("versionNumber").attr("value"))
	if err != nil || version < 0 {
		version = 0
	}
	dx := d.doc.kid("componentOf", "encompassingEncounter", "dischargeDispositionCode")
	r.r.Documents = append(r.r.Documents, exchange.Document{
		ID: d.doc.kid("id").attr("root"), Set: d.doc.kid("setId").attr("root"), Version: version, Title: d.doc.kid("title").text(),
		When: d.when, Dx: codes.ReceiveDx(dx.attr("code")), DxName: dx.attr("displayName"), Author: authorOf(d.doc),
	})
	body := d.doc.kid("component", "structuredBody")
	for _, c := range body.kids("component") {
		for _, s := range c.kids("section") {
			r.section(i, 0, s)
		}
	}
	if n := d.doc.kid("component", "nonXMLBody"); n.exists() {
		r.note("A report in this message is not text: open the sender's original.")
	}
}

// compare warns when the documents do not agree on who the patient is.
func (r *reader) compare(docs []dated) {
	who := func(d el) string {
		p := d.kid("recordTarget", "patientRole")
		return strings.ToLower(p.id(rootNHS, rootNHSUnverified) + "/" + p.kid("patient", "birthTime").attr("value") + "/" + p.kid("patient", "name", "family").text())
	}
	for _, d := range docs[1:] {
		if who(d.doc) != who(docs[0].doc) {
			r.note("The reports in this message do not agree on who the patient is: check each one.")
			return
		}
	}
}

// warn says what a reader must know.
func (r *reader) warn() {
	if r.r.Dx.Original == "" {
		r.note("The message has no disposition code: read the sender's report for how urgent it is.")
	} else if r.r.Dx.Code == "" {
		r.note("The disposition code is of no known form: read the sender's report for how urgent it is.")
	}
	if !r.r.Callback.Present() {
		r.note("There is no number to call back.")
	}
	if r.r.Secrecy == "R" || r.r.Secrecy == "V" {
		r.note("The sender marks this report as restricted.")
	}
	if len(r.r.Sections) == 0 {
		r.note("The sender's report has no readable text: open the original.")
	}
}

func codeOf(x el) exchange.Code {
	return exchange.Code{System: x.attr("codeSystem"), Code: x.attr("code"), Name: x.attr("displayName")}
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// moment reads an HL7 time: year, month and day at least, then hours, minutes
// and seconds, and a zone of +HH or +HHMM. Without a zone it is London time,
// as CDA in the UK has it.
func moment(s string) (fact.Millis, bool) {
	s = strings.TrimSpace(s)
	zone := ""
	if i := strings.LastIndexAny(s, "+-"); i > 0 {
		s, zone = s[:i], s[i:]
	}
	s, _, _ = strings.Cut(s, ".")
	layout := "20060102150405"
	if len(s) < 8 || len(s) > len(layout) {
		return 0, false
	}
	where := codes.London()
	if zone != "" {
		if len(zone) == 3 {
			zone += "00"
		}
		z, err := time.Parse("-0700", zone)
		if err != nil {
			return 0, false
		}
		where = z.Location()
	}
	t, err := time.ParseInLocation(layout[:len(s)], s, where)
	if err != nil {
		return 0, false
	}
	return fact.At(t), true
}
