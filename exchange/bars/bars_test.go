package bars

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/exchange/exchangetest"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fhir"
	"holdfast/record"
)

const (
	validationFile = "bars-api/1.4.0/process_message/request/ValidationRequest_POST_.json"
	requestID      = "c1ab3fba-6bae-4ba4-b257-5a87c44d4a91"
	correlationID  = "9562466f-c982-4bd5-bb0e-255e9f5e6689"
)

var now = time.Date(2026, 2, 3, 19, 30, 0, 0, time.UTC)

type rig struct {
	t      *testing.T
	memory *exchangetest.Memory
	door   http.Handler
	who    exchange.Partner
	whoErr error
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, memory: &exchangetest.Memory{}, who: exchange.Partner{Name: "proxy"}}
	ours := exchange.Ours{ODS: "RYE", Name: "Our organisation", Services: []exchange.Service{
		{ID: "111111111", Name: "Clinical assessment", UseCases: []string{"a4t1", "a1t3"}},
		{ID: "222", Name: "Treatment centre", UseCases: []string{"a1t2"}},
	}}
	r.door = Handler(Config{
		Ours:     func(context.Context) (exchange.Ours, error) { return ours, nil },
		Receiver: r.memory, Seen: r.memory, Now: func() time.Time { return now },
		Partner: func(*http.Request) (exchange.Partner, error) { return r.who, r.whoErr },
		Base:    "https://ours.example/bars", Version: "test",
	})
	return r
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func (r *rig) post(body []byte, change func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/$process-message", bytes.NewReader(body))
	for k, v := range map[string]string{
		"NHSD-Target-Identifier":     b64(`{"value":"111111111","system":"https://fhir.nhs.uk/Id/dos-service-id"}`),
		"X-Request-Id":               requestID,
		"X-Correlation-Id":           correlationID,
		"NHSD-End-User-Organisation": b64(`{"resourceType":"Organization","identifier":[{"value":"RND","system":"https://fhir.nhs.uk/Id/ods-organization-code"}],"name":"Ambulance"}`),
		"NHSD-Requesting-Software":   b64(`{"resourceType":"Device"}`),
		"Content-Type":               "application/fhir+json; version=1.4.0",
		"Accept":                     "application/fhir+json; version=1.4.0",
		"use-context":                "a4t1|validation|servicerequest-request|new",
	} {
		req.Header.Set(k, v)
	}
	if change != nil {
		change(req)
	}
	w := httptest.NewRecorder()
	r.door.ServeHTTP(w, req)
	return w
}

// outcome reads an OperationOutcome and checks its shape.
func (r *rig) outcome(w *httptest.ResponseRecorder) (code, issue string) {
	r.t.Helper()
	o, err := fhir.ParseJSON(w.Body.Bytes(), fhir.Limits{})
	if err != nil {
		r.t.Fatalf("status %d: %v: %s", w.Code, err, w.Body)
	}
	oo, err := fhir.As[fhir.OperationOutcome](o)
	if err != nil || len(oo.Issue) != 1 || oo.Issue[0].Severity != "error" || !isUUID(oo.ID) || oo.Issue[0].Diagnostics == "" {
		r.t.Fatalf("not an OperationOutcome as BaRS wants it: %v %s", err, w.Body)
	}
	if d := oo.Issue[0].Details; d != nil {
		code = d.Coding[0].Code
	}
	return code, oo.Issue[0].Code
}

func (r *rig) wantFault(name string, w *httptest.ResponseRecorder, status int, code, issue string) {
	r.t.Helper()
	gotCode, gotIssue := r.outcome(w)
	if w.Code != status || gotCode != code || gotIssue != issue {
		r.t.Errorf("%s: %d %s %s, want %d %s %s: %s", name, w.Code, gotCode, gotIssue, status, code, issue, w.Body)
	}
	for _, secret := range []string{"Jones", "3478526985", "07736312544", "Brightside"} {
		if strings.Contains(w.Body.String(), secret) {
			r.t.Errorf("%s: patient data in the answer", name)
		}
	}
}

func TestRealValidationIsFiled(t *testing.T) {
	body := exchangetest.Payload(t, validationFile)
	r := newRig(t)
	w := r.post(body, nil)
	if w.Code != 200 || w.Header().Get("X-Request-Id") != requestID || w.Header().Get("X-Correlation-Id") != correlationID {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if len(r.memory.Filed) != 1 || !bytes.Equal(r.memory.Arrivals[0].Original, body) {
		t.Fatal("not filed with its original")
	}
	checkJulie(t, r.memory.Filed[0])
	checkAnswer(t, body, w.Body.Bytes())
}

func checkJulie(t *testing.T, f exchange.Referral) {
	t.Helper()
	type pair struct{ got, want any }
	for name, p := range map[string]pair{
		"purpose":   {f.Purpose, exchange.ForValidation},
		"use case":  {f.UseCase, "a4t1"},
		"from":      {f.From.ODS, codes.ODS("RND")},
		"answer to": {f.From.Endpoint, "http://fhir.nhs.uk/Id/dos-service-id|2222222222"},
		"to":        {f.To.Service, codes.DoSID("111111111")},
		"nhs":       {f.Patient.NHS, codes.NHSNumber{Text: "3478526985", Status: codes.Unverified}},
		"name":      {f.Patient.Name, record.Name{Given: "Julie", Family: "Jones", Prefix: "Mrs"}},
		"born":      {f.Patient.Born, codes.Date{Year: 1959, Month: 5, Day: 4}},
		"sex":       {f.Patient.Sex, codes.Female},
		"practice":  {f.Patient.Practice, record.Practice{ODS: "G82080", Name: "Patient's Surgery"}},
		"callback":  {f.Callback.National(), "07736312544"},
		"place":     {f.Location.Postcode, codes.Postcode("LS1 6PT")},
		"uprn":      {f.Spot.UPRN, "0008755622"},
		"dx":        {f.Dx, codes.ReceivedDx{Code: "Dx0122", Original: "Dx0122"}},
		"sg":        {f.SG.Code, "SG1137"},
		"sd":        {f.SD.Code, "SD4033"},
		"priority":  {f.Priority.Code, "C3"},
		"deadline":  {f.Deadline, fact.At(time.Date(2021, 11, 26, 15, 20, 0, 0, time.UTC))},
		"assessed":  {f.Assessed, fact.At(time.Date(2021, 11, 26, 15, 0, 0, 0, time.UTC))},
		"case":      {f.Cases[0].Number, "sender1234"},
		"contacts":  {len(f.Contacts), 2},
		"emergency": {f.Contacts[1].Name, "Jack Grayson"},
		"flag":      {f.FlagsAtHead()[0].Code.Code, "S"},
		"flag of":   {f.FlagsAtHead()[0].About, "place"},
		"finding":   {f.Findings[0].Code.Name, "Syncope (disorder)"},
		"consent":   {f.Consents[0].Category.Code, "DRC"},
		"author":    {f.From.Person, "Marcy BLAKE, Administrative healthcare staff"},
	} {
		if !reflect.DeepEqual(p.got, p.want) {
			t.Errorf("%s: %v, want %v", name, p.got, p.want)
		}
	}
	var all strings.Builder
	for _, s := range f.Sections {
		all.WriteString(s.Text)
	}
	if !strings.Contains(all.String(), "New/worsening breathlessness") || !strings.Contains(all.String(), "Pre-Triage Sieve") {
		t.Error("a section is missing")
	}
	notes := strings.Join(f.Notes, "\n")
	if !strings.Contains(notes, "check digit") || !strings.Contains(notes, "Latitude") {
		t.Errorf("notes: %s", notes)
	}
}

func checkAnswer(t *testing.T, sent, got []byte) {
	t.Helper()
	o, err := fhir.ParseJSON(got, fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := fhir.As[fhir.Bundle](o)
	if err != nil || b.ID != "86e3371d-1c15-4862-9552-d9560f8292ba" || b.Type != "message" || b.Meta.VersionID == "" {
		t.Fatalf("answer: %v %+v", err, b.Meta)
	}
	ids, planned := map[string]bool{}, 0
	for _, e := range b.Entry {
		id := e.Resource.ID()
		if !isUUID(id) || ids[id] || bytes.Contains(sent, []byte(id)) {
			t.Errorf("%s: id %q is missing, twice, or the sender's", e.Resource.Type(), id)
		}
		ids[id] = true
		if e.Resource.Type() == "Encounter" && status(e.Resource) == "planned" {
			planned++
		}
	}
	if planned != 1 || b.Entry[0].Resource.Type() != "MessageHeader" {
		t.Errorf("%d planned encounters, first is %s", planned, b.Entry[0].Resource.Type())
	}
}

func TestArrivingTwice(t *testing.T) {
	body := exchangetest.Payload(t, validationFile)
	r := newRig(t)
	r.post(body, nil)
	r.wantFault("retry", r.post(body, nil), 409, "REC_CONFLICT", "duplicate")
	if len(r.memory.Refused) != 0 {
		t.Error("a retry left an audit of a refusal")
	}
	other := func(q *http.Request) { q.Header.Set("X-Request-Id", "11111111-1111-4111-8111-111111111111") }
	r.wantFault("same bundle", r.post(body, other), 400, "REC_BAD_REQUEST", "invariant")
	if len(r.memory.Filed) != 1 || len(r.memory.Refused) != 1 {
		t.Errorf("%d filed, %d refused", len(r.memory.Filed), len(r.memory.Refused))
	}
	r.memory.NotSeen = true // two at once: both pass the look, one is filed
	r.wantFault("at once", r.post(body, nil), 409, "REC_CONFLICT", "duplicate")
	if len(r.memory.Filed) != 1 {
		t.Error("filed twice")
	}
}

func TestNotSavedAndSavedButSaidToHaveFailed(t *testing.T) {
	body := exchangetest.Payload(t, validationFile)
	r := newRig(t)
	r.memory.Fail = refusal.New(refusal.Unavailable, "The disk is full: nothing was saved.")
	r.wantFault("not saved", r.post(body, nil), 503, "REC_SERVICE_UNAVAILABLE", "transient")
	r.memory.Fail = errors.New("Jones 3478526985")
	r.wantFault("unknown error", r.post(body, nil), 500, "REC_SERVER_ERROR", "exception")
	r.memory.Fail, r.memory.Then = nil, refusal.New(refusal.Unknown, "It is not known whether this was saved: send it again.")
	r.wantFault("saved, said to have failed", r.post(body, nil), 500, "REC_SERVER_ERROR", "transient")
	r.wantFault("then retried", r.post(body, nil), 409, "REC_CONFLICT", "duplicate")
	if len(r.memory.Filed) != 1 || len(r.memory.Refused) != 0 {
		t.Errorf("%d filed, %d refused", len(r.memory.Filed), len(r.memory.Refused))
	}
}

// change edits the validation message as JSON.
func change(t *testing.T, edit func(bundle map[string]any, find func(kind string) map[string]any)) []byte {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(exchangetest.Payload(t, validationFile), &b); err != nil {
		t.Fatal(err)
	}
	edit(b, func(kind string) map[string]any {
		for _, e := range b["entry"].([]any) {
			if res := e.(map[string]any)["resource"].(map[string]any); res["resourceType"] == kind {
				return res
			}
		}
		t.Fatalf("no %s", kind)
		return nil
	})
	out, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type object1 = map[string]any

func TestRefusesBadMessages(t *testing.T) {
	dropKind := func(kind string) func(object1, func(string) object1) {
		return func(b object1, _ func(string) object1) {
			var kept []any
			for _, e := range b["entry"].([]any) {
				if e.(object1)["resource"].(object1)["resourceType"] != kind {
					kept = append(kept, e)
				}
			}
			b["entry"] = kept
		}
	}
	set := func(kind, name string, v any) func(object1, func(string) object1) {
		return func(_ object1, find func(string) object1) { find(kind)[name] = v }
	}
	category := func(codes ...string) any {
		var out []any
		for _, c := range codes {
			system := sysUseCases
			if c == "referral" || c == "validation" || c == "nonsense" {
				system = sysCategory
			}
			out = append(out, object1{"coding": []any{object1{"system": system, "code": c}}})
		}
		return out
	}
	cases := []struct {
		name        string
		edit        func(b object1, find func(string) object1)
		status      int
		code, issue string
	}{
		{"no versionId", func(b object1, _ func(string) object1) { delete(b["meta"].(object1), "versionId") }, 400, "REC_BAD_REQUEST", "invariant"},
		{"no Bundle.id", func(b object1, _ func(string) object1) { delete(b, "id") }, 400, "REC_BAD_REQUEST", "invariant"},
		{"bad Bundle.id", func(b object1, _ func(string) object1) { b["id"] = "a b" }, 400, "REC_BAD_REQUEST", "value"},
		{"not a message", func(b object1, _ func(string) object1) { b["type"] = "transaction" }, 400, "REC_BAD_REQUEST", "invariant"},
		{"no entries", func(b object1, _ func(string) object1) { b["entry"] = []any{} }, 400, "REC_BAD_REQUEST", "invariant"},
		{"entry without resource", func(b object1, _ func(string) object1) { b["entry"] = []any{object1{}} }, 400, "REC_BAD_REQUEST", "invalid"},
		{"header not first", func(b object1, _ func(string) object1) { e := b["entry"].([]any); e[0], e[1] = e[1], e[0] }, 400, "REC_BAD_REQUEST", "invariant"},
		{"no patient", dropKind("Patient"), 400, "REC_BAD_REQUEST", "invariant"},
		{"no location", dropKind("Location"), 400, "REC_BAD_REQUEST", "invariant"},
		{"no consent", dropKind("Consent"), 400, "REC_BAD_REQUEST", "invariant"},
		{"no role", dropKind("PractitionerRole"), 400, "REC_BAD_REQUEST", "invariant"},
		{"plan completed", set("CarePlan", "status", "completed"), 400, "REC_BAD_REQUEST", "invariant"},
		{"request revoked", set("ServiceRequest", "status", "revoked"), 400, "REC_BAD_REQUEST", "invariant"},
		{"encounter planned", set("Encounter", "status", "planned"), 400, "REC_BAD_REQUEST", "invariant"},
		{"unknown category", set("ServiceRequest", "category", category("nonsense")), 400, "REC_BAD_REQUEST", "invariant"},
		{"mixed category", set("ServiceRequest", "category", category("referral", "validation")), 400, "REC_BAD_REQUEST", "invariant"},
		{"unknown use case", set("ServiceRequest", "category", category("validation", "z9t9")), 400, "REC_BAD_REQUEST", "invariant"},
		{"use case of referrals", set("ServiceRequest", "category", category("validation", "a1t2")), 400, "REC_BAD_REQUEST", "invariant"},
		{"event unknown", set("MessageHeader", "eventCoding", object1{"system": sysEvents, "code": "booking-response"}), 400, "REC_BAD_REQUEST", "invariant"},
		{"booking", set("MessageHeader", "eventCoding", object1{"system": sysEvents, "code": "booking-request"}), 501, "REC_NOT_IMPLEMENTED", "not-supported"},
		{"response", set("MessageHeader", "eventCoding", object1{"system": sysEvents, "code": "servicerequest-response"}), 501, "REC_NOT_IMPLEMENTED", "not-supported"},
		{"update", set("MessageHeader", "reason", object1{"coding": []any{object1{"system": sysReasons, "code": "update"}}}), 501, "REC_NOT_IMPLEMENTED", "not-supported"},
		{"delete", set("MessageHeader", "reason", object1{"coding": []any{object1{"system": sysReasons, "code": "delete"}}}), 400, "REC_BAD_REQUEST", "invariant"},
		{"no reason", set("MessageHeader", "reason", nil), 400, "REC_BAD_REQUEST", "invariant"},
		{"consent of another kind", set("Consent", "category", []any{object1{"coding": []any{object1{"system": sysConsent, "code": "RES"}}}}), 400, "REC_BAD_REQUEST", "invariant"},
		{"no rank 1", func(_ object1, find func(string) object1) { delete(find("Patient"), "contact") }, 400, "REC_BAD_REQUEST", "invariant"},
		{"two rank 1", func(_ object1, find func(string) object1) {
			c := find("Patient")["contact"].([]any)
			c[1].(object1)["extension"] = c[0].(object1)["extension"]
		}, 400, "REC_BAD_REQUEST", "invariant"},
		{"bad birth date", set("Patient", "birthDate", "1959-13-45"), 400, "REC_BAD_REQUEST", "value"},
		{"bad time", set("ServiceRequest", "occurrencePeriod", object1{"start": "26/11/2021"}), 400, "REC_BAD_REQUEST", "value"},
		{"time without zone", set("Observation", "effectiveDateTime", "2021-11-26T15:00:00"), 400, "REC_BAD_REQUEST", "value"},
		{"wrong type", set("Patient", "name", "Jones"), 400, "REC_BAD_REQUEST", "invalid"},
		{"empty location", func(_ object1, find func(string) object1) {
			l := find("Location")
			for _, k := range []string{"extension", "name", "address", "position"} {
				delete(l, k)
			}
		}, 400, "REC_BAD_REQUEST", "invariant"},
		{"addressed elsewhere", set("MessageHeader", "destination", []any{object1{"endpoint": "http://fhir.nhs.uk/Id/dos-service-id|999999"}}), 400, "REC_BAD_REQUEST", "invariant"},
		{"addressed to our other service", set("MessageHeader", "destination", []any{object1{"endpoint": "http://fhir.nhs.uk/Id/dos-service-id|222"}}), 400, "REC_BAD_REQUEST", "invariant"},
		{"addressed nowhere", set("MessageHeader", "destination", []any{}), 400, "REC_BAD_REQUEST", "invariant"},
	}
	for _, c := range cases {
		r := newRig(t)
		r.wantFault(c.name, r.post(change(t, c.edit), nil), c.status, c.code, c.issue)
		if len(r.memory.Filed) != 0 || len(r.memory.Refused) != 1 {
			t.Errorf("%s: %d filed, %d audits", c.name, len(r.memory.Filed), len(r.memory.Refused))
		}
		if len(r.memory.Refused) == 1 && (r.memory.Refused[0].Status != c.status || r.memory.Refused[0].Size == 0) {
			t.Errorf("%s: audit %+v", c.name, r.memory.Refused[0])
		}
	}
}

func TestRefusesBadCalls(t *testing.T) {
	body := exchangetest.Payload(t, validationFile)
	header := func(k, v string) func(*http.Request) {
		return func(r *http.Request) {
			if v == "" {
				r.Header.Del(k)
			} else {
				r.Header.Set(k, v)
			}
		}
	}
	target := func(v string) func(*http.Request) {
		return header("NHSD-Target-Identifier", b64(`{"value":"`+v+`","system":"https://fhir.nhs.uk/Id/dos-service-id"}`))
	}
	cases := []struct {
		name        string
		body        []byte
		edit        func(*http.Request)
		status      int
		code, issue string
	}{
		{"no target", body, header("NHSD-Target-Identifier", ""), 400, "REC_BAD_REQUEST", "required"},
		{"target not base64", body, header("NHSD-Target-Identifier", "!!!"), 400, "REC_BAD_REQUEST", "value"},
		{"target not JSON", body, header("NHSD-Target-Identifier", b64("hello")), 400, "REC_BAD_REQUEST", "value"},
		{"target malformed", body, target("11x1"), 400, "REC_BAD_REQUEST", "value"},
		{"target unknown", body, target("424242"), 404, "REC_NOT_FOUND", "not-found"},
		{"no organisation", body, header("NHSD-End-User-Organisation", ""), 400, "REC_BAD_REQUEST", "required"},
		{"no software", body, header("NHSD-Requesting-Software", ""), 400, "REC_BAD_REQUEST", "required"},
		{"no request id", body, header("X-Request-Id", ""), 400, "REC_BAD_REQUEST", "required"},
		{"request id no UUID", body, header("X-Request-Id", "12345"), 400, "REC_BAD_REQUEST", "invalid"},
		{"no correlation id", body, header("X-Correlation-Id", ""), 400, "REC_BAD_REQUEST", "required"},
		{"no media type", body, header("Content-Type", ""), 415, "", "not-supported"},
		{"media type", body, header("Content-Type", "text/plain"), 415, "", "not-supported"},
		{"encoding", body, header("Content-Encoding", "br"), 415, "", "not-supported"},
		{"not gzip", body, header("Content-Encoding", "gzip"), 400, "REC_BAD_REQUEST", "invalid"},
		{"format not offered", body, header("Accept", "text/html"), 406, "REC_NOT_ACCEPTABLE", "processing"},
		{"version", body, header("Accept", "application/fhir+json; version=2.0.0"), 422, "REC_UNPROCESSABLE_ENTITY", "not-supported"},
		{"broken JSON", body[:len(body)/2], nil, 400, "REC_BAD_REQUEST", "invalid"},
		{"XML said, JSON sent", body, header("Content-Type", "application/fhir+xml"), 400, "REC_BAD_REQUEST", "invalid"},
		{"empty", nil, nil, 400, "REC_BAD_REQUEST", "invalid"},
		{"key twice", bytes.Replace(body, []byte(`"type": "message"`), []byte(`"type": "message","type": "message"`), 1), nil, 400, "REC_BAD_REQUEST", "invalid"},
		{"too large", append(append([]byte(nil), body...), bytes.Repeat([]byte(" "), exchange.MaxMessage)...), nil, 413, "", "too-long"},
		{"not FHIR", []byte(`{"resourceType":"Patient"}`), nil, 400, "REC_BAD_REQUEST", "invalid"},
	}
	for _, c := range cases {
		r := newRig(t)
		w := r.post(c.body, c.edit)
		r.wantFault(c.name, w, c.status, c.code, c.issue)
		if len(r.memory.Filed) != 0 || len(r.memory.Refused) != 1 {
			t.Errorf("%s: %d filed, %d audits", c.name, len(r.memory.Filed), len(r.memory.Refused))
		}
		if c.name != "no request id" && c.name != "request id no UUID" && w.Header().Get("X-Request-Id") != requestID {
			t.Errorf("%s: the request id is not echoed", c.name)
		}
	}
}

func TestUseCaseNotTaken(t *testing.T) {
	r := newRig(t)
	ref := fullReferral()
	ref.UseCase = "a1t1"
	tree, err := Build(ref, Software{"Holdfast", "1"})
	if err != nil {
		t.Fatal(err)
	}
	r.wantFault("use case", r.post(tree.JSON(), func(q *http.Request) {
		q.Header.Set("NHSD-Target-Identifier", b64(`{"value":"222"}`))
	}), 422, "REC_UNPROCESSABLE_ENTITY", "not-supported")
}

func TestWhoMaySend(t *testing.T) {
	body := exchangetest.Payload(t, validationFile)
	r := newRig(t)
	r.who = exchange.Partner{Name: "other", SpeaksFor: []codes.ODS{"ABC"}}
	r.wantFault("forged sender", r.post(body, nil), 401, "REC_UNAUTHORIZED", "forbidden")
	r.who.SpeaksFor = append(r.who.SpeaksFor, "RND")
	if w := r.post(body, nil); w.Code != 200 {
		t.Errorf("the true sender: %d %s", w.Code, w.Body)
	}
	r.whoErr = errors.New("no certificate")
	r.wantFault("no certificate", r.post(body, nil), 403, "REC_FORBIDDEN", "security")
	if len(r.memory.Refused) != 2 {
		t.Errorf("%d audits", len(r.memory.Refused))
	}
	r = newRig(t)
	r.memory.NoAudit = errors.New("disk")
	r.wantFault("no audit", r.post([]byte("{"), nil), 500, "REC_SERVER_ERROR", "no-store")
}

func TestXMLAndGzipBothWays(t *testing.T) {
	tree, err := fhir.ParseJSON(exchangetest.Payload(t, validationFile), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := tree.XML()
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(x); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	w := r.post(packed.Bytes(), func(q *http.Request) {
		q.Header.Set("Content-Type", "application/fhir+xml")
		q.Header.Set("Content-Encoding", "gzip")
		q.Header.Set("Accept-Encoding", "gzip")
		q.URL.RawQuery = "_format=xml"
	})
	if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/fhir+xml") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	u, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(u)
	if err != nil {
		t.Fatal(err)
	}
	back, err := fhir.ParseXML(out, fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	checkJulie(t, r.memory.Filed[0])
	checkAnswer(t, x, back.JSON())
}

func TestZipBomb(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for range 8 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.wantFault("bomb", r.post(packed.Bytes(), func(q *http.Request) { q.Header.Set("Content-Encoding", "gzip") }), 413, "", "too-long")
}

func TestOtherAddresses(t *testing.T) {
	cases := []struct {
		method, path string
		status       int
		code, issue  string
	}{
		{"GET", "/$process-message", 405, "REC_METHOD_NOT_ALLOWED", "not-supported"},
		{"POST", "/metadata", 405, "REC_METHOD_NOT_ALLOWED", "not-supported"},
		{"DELETE", "/Appointment/1", 405, "REC_METHOD_NOT_ALLOWED", "not-supported"},
		{"PUT", "/ServiceRequest/1", 405, "REC_METHOD_NOT_ALLOWED", "not-supported"},
		{"GET", "/Appointment/", 400, "REC_BAD_REQUEST", "required"},
		{"GET", "/ServiceRequest", 400, "REC_BAD_REQUEST", "required"},
		{"GET", "/Appointment/abc", 501, "REC_NOT_IMPLEMENTED", "not-supported"},
		{"GET", "/ServiceRequest?patient:identifier=x", 501, "REC_NOT_IMPLEMENTED", "not-supported"},
		{"GET", "/Slot?status=free", 501, "REC_NOT_IMPLEMENTED", "not-supported"},
		{"GET", "/Nothing", 404, "REC_NOT_FOUND", "not-found"},
		{"GET", "/MessageDefinition", 400, "REC_BAD_REQUEST", "required"},
		{"GET", "/MessageDefinition?context=xyz", 400, "REC_BAD_REQUEST", "invalid"},
		{"GET", "/MessageDefinition?context=https://fhir.nhs.uk/Id/dos-service-id%7C42", 404, "REC_NOT_FOUND", "not-found"},
	}
	for _, c := range cases {
		r := newRig(t)
		req := httptest.NewRequest(c.method, c.path, nil)
		req.Header.Set("X-Correlation-Id", correlationID)
		w := httptest.NewRecorder()
		r.door.ServeHTTP(w, req)
		r.wantFault(c.method+" "+c.path, w, c.status, c.code, c.issue)
		if w.Header().Get("X-Correlation-Id") != correlationID {
			t.Errorf("%s: correlation id not echoed", c.path)
		}
	}
}

func TestMetadataAndDefinitions(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/metadata", "/metadata?_format=application/fhir%2Bxml", "/MessageDefinition?context=http://fhir.nhs.uk/Id/dos-service-id%7C111111111", "/MessageDefinition?context=RYE:111111111"} {
		w := httptest.NewRecorder()
		r.door.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		f, _, _ := fhir.FormatOf(w.Header().Get("Content-Type"))
		o, err := fhir.Parse(f, w.Body.Bytes(), fhir.Limits{})
		if w.Code != 200 || err != nil {
			t.Fatalf("%s: %d %v", path, w.Code, err)
		}
		switch o.Type() {
		case "CapabilityStatement":
			if s := string(o.JSON()); !strings.Contains(s, "process-message") || !strings.Contains(s, "Not offered: bookings") || strings.Contains(s, "bars-message-booking-request") {
				t.Errorf("%s: %s", path, s)
			}
		case "Bundle":
			b, err := fhir.As[fhir.Bundle](o)
			if err != nil || b.Total != "2" || len(b.Entry) != 2 || !strings.Contains(string(o.JSON()), `"code":"a4t1"`) {
				t.Errorf("%s: %v %s", path, err, o.JSON())
			}
		default:
			t.Errorf("%s: %s", path, o.Type())
		}
	}
}

func TestOutcomesAreShapedAsPublished(t *testing.T) {
	for file, f := range map[string]*fault{
		"400-REC_BAD_REQUEST-required":               bad("required", "x"),
		"400-REC_BAD_REQUEST-invariant":              bad("invariant", "x"),
		"409-REC_CONFLICT-duplicate":                 fail(409, "REC_CONFLICT", "duplicate", "x"),
		"501-REC_NOT_IMPLEMENTED-not-supported":      fail(501, "REC_NOT_IMPLEMENTED", "not-supported", "x"),
		"406-REC_NOT_ACCEPTABLE-processing":          fail(406, "REC_NOT_ACCEPTABLE", "processing", "x"),
		"422-REC_UNPROCESSABLE_ENTITY-not-supported": fail(422, "REC_UNPROCESSABLE_ENTITY", "not-supported", "x"),
	} {
		want, err := fhir.ParseJSON(exchangetest.Payload(t, "bars-api/1.4.0/OperationOutcome/REC/"+file+".json"), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got := fhir.Of(f.outcome("r", now))
		for _, o := range []*fhir.Object{want, got} {
			o.Walk(func(name, s string) string {
				if name == "id" || name == "diagnostics" {
					return "-"
				}
				return s
			})
		}
		if string(got.JSON()) != string(want.JSON()) {
			t.Errorf("%s:\n%s\n%s", file, got.JSON(), want.JSON())
		}
	}
}

func fullReferral() exchange.Referral {
	at := fact.At(now)
	phone := codes.ReceivePhone("01632 960418")
	return exchange.Referral{
		ID: "0b1f2c4e-1111-4222-8333-444455556666", Purpose: exchange.ForReferral, UseCase: "a1t2", Sent: at, Assessed: at.Add(-time.Hour), Deadline: at.Add(time.Hour),
		From: exchange.Party{ODS: "Y00042", Name: "111 provider", Service: "777", Endpoint: sysDoS + "|777", Phone: phone, Person: "P. Varma, nurse"},
		To:   exchange.Party{ODS: "RYE", Name: "Treatment centre", Service: "222"},
		Patient: record.Identity{
			Name: record.Name{Given: "Wilfred", Family: "O'Tansley & Co", Prefix: "Mr"}, Aliases: []record.Name{{Family: "Wilkins"}}, Born: codes.Date{Year: 1948, Month: 2},
			Sex: codes.Male, NHS: codes.ReceiveNHSNumber("9434765919"), CHI: codes.ReceiveCHI("0302481234"), HCN: codes.ReceiveHCN("3200000007"), Address: codes.Place{Text: "1 High Street, Ambridge", Postcode: "QX4 7TD"},
			Lines: []record.Line{{Phone: phone, Use: "home"}}, Practice: record.Practice{ODS: "G82080", Name: "Surgery"}, Language: "Polish", Interpreter: record.Yes,
		},
		Location: codes.Place{Text: "The lay-by", Postcode: "QX4 7TE", Grid: codes.Grid{East: 338917, North: 556067}},
		Spot:     exchange.Spot{Name: "Lay-by", UPRN: "100", Easting: "338917", Northing: "556067", Latitude: "54.1", Longitude: "-2.5", ThreeWords: "a.b.c"},
		Callback: codes.ReceivePhone("07700 900123"),
		Contacts: []exchange.Contact{
			{Rank: 1, Relation: "daughter", Name: "Moira Tansley", Phones: []codes.Phone{codes.ReceivePhone("07700 900123"), phone}, Email: "m@example.org"},
			{Rank: 2, Relation: "self", Self: true},
		},
		Reason: "Chest pain", Dx: codes.ReceiveDx("Dx05"), DxName: "To contact within 2 hours",
		SG: exchange.Code{System: sysSG, Code: "SG1", Name: "Chest"}, SD: exchange.Code{System: sysSD, Code: "SD2", Name: "Pain"}, Priority: exchange.Code{System: sysARP, Code: "C3", Name: "Cat 3"},
		Sections:    []exchange.Section{{Title: "Summary", Text: "First line\nSecond <line> & more"}, {Text: "No title"}},
		Answers:     []exchange.Answer{{Question: "Breathing?", Answer: "yes"}, {Question: "Pain?", Answer: "not sure"}},
		Findings:    []exchange.Finding{{Code: exchange.Code{System: "http://snomed.info/sct", Code: "386725007", Name: "Temperature"}, Value: "37.5 Cel", When: at, Note: "ear"}, {Code: exchange.Code{Name: "Rash"}, Status: "entered-in-error"}},
		Allergies:   []exchange.Allergy{{Code: exchange.Code{Name: "Penicillin"}, Status: "active", Verified: "confirmed", Reaction: "rash", Note: "as a child", Severity: "high"}},
		Medicines:   []exchange.Medicine{{Code: exchange.Code{Name: "Warfarin"}, Dose: "3 mg at night", Status: "active", Note: "INR due"}},
		Flags:       []exchange.Flag{{Category: exchange.Code{System: sysFlags, Code: "SG", Name: "Safeguarding"}, Code: exchange.Code{Name: "Concern"}, About: "patient", Status: "active", Note: "Told\nthe team"}, {Category: exchange.Code{System: sysFlags, Code: "SS"}, Code: exchange.Code{Code: "U", System: "x"}, About: "place", Status: "active"}},
		Consents:    []exchange.Consent{{Category: exchange.Code{System: sysConsent, Code: "DRC", Name: "Direct Care"}, Code: exchange.Code{System: "s", Code: "IMPLIED"}, Status: "active", When: at}},
		Cases:       []exchange.CaseNumber{{System: sysCase, Number: "HF-0042"}},
		Correlation: exchange.Correlation{Message: "0b1f2c4e-1111-4222-8333-444455556666", Asked: "SR-1"},
	}
}

func TestWhatWeBuildReadsBackTheSame(t *testing.T) {
	validation := fullReferral()
	validation.Purpose, validation.UseCase = exchange.ForValidation, "a4t1"
	for _, want := range []exchange.Referral{fullReferral(), validation} {
		tree, err := Build(want, Software{"Holdfast", "1"})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Build(want, Software{"Holdfast", "1"})
		if err != nil || string(again.JSON()) != string(tree.JSON()) {
			t.Error("the same referral gives another Bundle")
		}
		x, err := tree.XML()
		if err != nil {
			t.Fatal(err)
		}
		fromXML, err := fhir.ParseXML(x, fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []*fhir.Object{tree, fromXML} {
			got, err := Read(form)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				g, _ := json.MarshalIndent(got, "", " ")
				w, _ := json.MarshalIndent(want, "", " ")
				t.Errorf("not the same\n%s", differing(string(g), string(w)))
			}
		}
	}
}

func differing(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	var out []string
	for i := 0; i < len(x) && i < len(y) && len(out) < 20; i++ {
		if x[i] != y[i] {
			out = append(out, "got "+x[i], "want "+y[i])
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatWeBuildIsTaken(t *testing.T) {
	r := newRig(t)
	tree, err := Build(fullReferral(), Software{"Holdfast", "1"})
	if err != nil {
		t.Fatal(err)
	}
	w := r.post(tree.JSON(), func(q *http.Request) {
		q.Header.Set("NHSD-Target-Identifier", b64(`{"value":"222","system":"http://fhir.nhs.uk/Id/dos-service-id"}`))
		q.Header.Del("use-context")
		q.Header.Del("Accept")
	})
	if w.Code != 200 || len(r.memory.Filed) != 1 || len(r.memory.Filed[0].FlagsAtHead()) != 2 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*exchange.Referral){
		"no rank 1":   func(r *exchange.Referral) { r.Contacts[0].Rank = 2 },
		"no service":  func(r *exchange.Referral) { r.To.Service = "" },
		"no use case": func(r *exchange.Referral) { r.UseCase = "" },
		"a report":    func(r *exchange.Referral) { r.Purpose = exchange.ForReport },
		"no number":   func(r *exchange.Referral) { r.ID = "1" },
		"nowhere": func(r *exchange.Referral) {
			r.Purpose, r.UseCase, r.Location, r.Spot = exchange.ForValidation, "a4t1", codes.Place{}, exchange.Spot{}
		},
	} {
		ref := fullReferral()
		spoil(&ref)
		if _, err := Build(ref, Software{}); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	tree, err := Build(fullReferral(), Software{"Holdfast", "1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tree.JSON())
	f.Add([]byte(`{"resourceType":"Bundle","id":"a","type":"message","meta":{"versionId":"1"},"entry":[{"resource":{"resourceType":"MessageHeader"}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		o, err := fhir.ParseJSON(in, fhir.Limits{Bytes: 1 << 16})
		if err != nil {
			return
		}
		r, err := Read(o)
		if err != nil {
			return
		}
		if _, err := fact.Encode(r); err != nil {
			t.Fatalf("what was read cannot be kept: %v", err)
		}
	})
}
