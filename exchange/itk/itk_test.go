package itk

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/exchange/exchangetest"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

const dx86 = "itk-111/xml/adastra-itk-ooh-referral-dx86-itk-request.xml"

var now = time.Date(2026, 2, 3, 19, 30, 0, 0, time.UTC)

type rig struct {
	t      *testing.T
	memory *exchangetest.Memory
	ours   exchange.Ours
	who    exchange.Partner
	whoErr error
}

func newRig(t *testing.T, ods codes.ODS, dos codes.DoSID) *rig {
	return &rig{
		t: t, memory: &exchangetest.Memory{}, who: exchange.Partner{Name: "partner"},
		ours: exchange.Ours{ODS: ods, Name: "Ours", Services: []exchange.Service{{ID: dos}}},
	}
}

func (r *rig) post(body []byte, change func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	if change != nil {
		change(req)
	}
	w := httptest.NewRecorder()
	Handler(Config{
		Ours:     func(context.Context) (exchange.Ours, error) { return r.ours, nil },
		Receiver: r.memory, Now: func() time.Time { return now },
		Partner: func(*http.Request) (exchange.Partner, error) { return r.who, r.whoErr },
	}).ServeHTTP(w, req)
	return w
}

type answer struct {
	Header struct {
		MessageID, Action, RelatesTo string
	}
	Body struct {
		SimpleMessageResponse string
		Fault                 *struct {
			Code string `xml:"faultcode"`
			Info struct {
				ErrorID, ErrorCode, ErrorText, ErrorDiagnosticText string
			} `xml:"detail>ToolkitErrorInfo"`
		}
	}
}

func (r *rig) read(w *httptest.ResponseRecorder) answer {
	r.t.Helper()
	var a answer
	if err := xml.Unmarshal(w.Body.Bytes(), &a); err != nil {
		r.t.Fatalf("%d: %v: %s", w.Code, err, w.Body)
	}
	if a.Header.MessageID == "" {
		r.t.Error("no MessageID")
	}
	return a
}

func (r *rig) wantFault(name string, w *httptest.ResponseRecorder, status int, code string) {
	r.t.Helper()
	a := r.read(w)
	if w.Code != status || a.Body.Fault == nil || a.Body.Fault.Info.ErrorCode != code || a.Body.Fault.Info.ErrorID == "" {
		r.t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, status, code)
	}
	for _, secret := range []string{"Testone", "07777888888", "Otterbourne", "19800101"} {
		if strings.Contains(w.Body.String(), secret) {
			r.t.Errorf("%s: patient data in the fault", name)
		}
	}
}

// oracle is what the NHS adaptor made of the same message.
type oracle struct {
	family, given, born, nhs, dx, endpoint, consent string
	titles                                          []string
}

func readOracle(t *testing.T, path string) oracle {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type coded struct {
		Coding []struct{ Code string }
	}
	type section struct {
		Title   string
		Section []struct{ Title string }
	}
	var bundle struct {
		Entry []struct {
			Resource struct {
				ResourceType string
				Name         json.RawMessage
				BirthDate    string
				Identifier   json.RawMessage
				Code         json.RawMessage
				Destination  json.RawMessage
				Action       json.RawMessage
				Section      json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(b, &bundle); err != nil {
		t.Fatal(err)
	}
	must := func(raw json.RawMessage, into any) {
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	var o oracle
	for _, e := range bundle.Entry {
		r := e.Resource
		switch r.ResourceType {
		case "MessageHeader":
			var to []struct{ Endpoint string }
			must(r.Destination, &to)
			o.endpoint = to[0].Endpoint
		case "Patient":
			var names []struct {
				Family string
				Given  []string
			}
			var ids []struct{ System, Value string }
			must(r.Name, &names)
			if len(r.Identifier) > 0 {
				must(r.Identifier, &ids)
			}
			o.family, o.given, o.born = names[0].Family, strings.Join(names[0].Given, " "), r.BirthDate
			for _, id := range ids {
				if strings.HasSuffix(id.System, "nhs-number") {
					o.nhs = id.Value
				}
			}
		case "ProcedureRequest":
			var dx coded
			must(r.Code, &dx)
			o.dx = dx.Coding[0].Code
		case "Consent":
			var actions []coded
			must(r.Action, &actions)
			o.consent = actions[0].Coding[0].Code
		case "Composition":
			var all []section
			must(r.Section, &all)
			for _, s := range all[0].Section {
				o.titles = append(o.titles, s.Title)
			}
		}
	}
	return o
}

func TestAllMessagesAgreeWithTheOracle(t *testing.T) {
	root := exchangetest.PayloadRoot(t)
	files, err := filepath.Glob(filepath.Join(root, "itk-111", "xml", "*.xml"))
	if err != nil || len(files) != 11 {
		t.Fatalf("%d messages, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), "-itk-request.xml")
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			agree(t, body, readOracle(t, filepath.Join(root, "itk-111", "stu3-json", name+"-fhir-result.json")))
		})
	}
}

func agree(t *testing.T, body []byte, o oracle) {
	ods := codes.ReceiveODS(strings.Split(o.endpoint, ":DOSServiceID")[0])
	r := newRig(t, ods, "none")
	w := r.post(body, nil)
	a := r.read(w)
	if w.Code != 200 || len(r.memory.Filed) != 1 || a.Body.SimpleMessageResponse != "OK:"+r.memory.Filed[0].ID || a.Header.Action != service+"Response" || a.Header.RelatesTo == "" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	f := r.memory.Filed[0]
	nhs := o.nhs
	if nhs == "0000000000" {
		nhs = "" // means none
	}
	endpoint := "urn:nhs-uk:addressing:ods:" + string(f.To.ODS)
	if f.To.Service != "" {
		endpoint += ":DOSServiceID:" + string(f.To.Service)
	}
	var titles []string
	for _, s := range f.Sections {
		if s.Depth == 0 && s.Document == 0 {
			titles = append(titles, s.Title)
		}
	}
	for what, p := range map[string][2]string{
		"family": {f.Patient.Name.Family, o.family}, "given": {f.Patient.Name.Given, o.given}, "born": {f.Patient.Born.String(), o.born},
		"nhs": {f.Patient.NHS.Text, nhs}, "dx": {f.Dx.Original, o.dx}, "to": {endpoint, o.endpoint}, "consent": {f.Consents[0].Code.Code, o.consent},
		"dx part": {string(f.Dx.Code), strings.TrimPrefix(o.dx, "DispoCode")},
	} {
		if p[0] != p[1] {
			t.Errorf("%s: %q, oracle %q", what, p[0], p[1])
		}
	}
	var want []string
	for _, s := range o.titles {
		if s != "" && s != "Information And Advice Given" && s != "ComponentTitle - Information And Advice Given" && s != "Special Patient Notes" {
			want = append(want, s)
		}
	}
	if got := strings.Join(titles, "|"); !contained(titles, want) {
		t.Errorf("sections %s, oracle %v", got, want)
	}
	if !f.Callback.Present() || f.Assessed == 0 || f.From.ODS == "" || !bytes.Equal(r.memory.Arrivals[0].Original, body) {
		t.Errorf("callback %v, assessed %d, from %v", f.Callback, f.Assessed, f.From)
	}
	if _, err := fact.Encode(f); err != nil {
		t.Errorf("cannot be kept: %v", err)
	}
	if again := r.post(body, nil); again.Code != 200 || again.Body.String() != w.Body.String() || len(r.memory.Filed) != 1 {
		t.Error("the second arrival was not answered alike, or was filed")
	}
}

// contained tells whether all of want stand in got in this order.
func contained(got, want []string) bool {
	i := 0
	for _, g := range got {
		if i < len(want) && g == want[i] {
			i++
		}
	}
	return i == len(want)
}

func filed(t *testing.T, file string) exchange.Referral {
	t.Helper()
	r, err := Read(exchangetest.Payload(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDetailsOfOneMessage(t *testing.T) {
	f := filed(t, dx86)
	if f.Callback.National() != "07777888888" || !f.Contacts[0].Caller || f.Contacts[0].Name != "Test Caller (Carer - Home)" {
		t.Errorf("caller: %v %+v", f.Callback, f.Contacts)
	}
	if f.Location.String() != "12A, Otter Close, Bishopstoke, Eastleigh, Hampshire SO50 8NF" || f.Patient.Address.Postcode != "SO21 2RU" {
		t.Errorf("%v / %v", f.Location, f.Patient.Address)
	}
	if len(f.Patient.Lines) != 1 || f.Patient.NHS.Present() || f.Patient.Sex != codes.Female || f.Reason != "test" {
		t.Errorf("%+v %q", f.Patient, f.Reason)
	}
	if want := fact.At(time.Date(2021, 4, 6, 11, 29, 25, 0, time.UTC)); f.Assessed != want {
		t.Errorf("assessed %v", f.Assessed.Time())
	}
	if d, _ := f.Newest(); d.Set != "B66502CD-A9B4-4F3E-83EB-981F572C2C91" || d.Version != 1 || d.Author.Person != "Ryan Hadfield, Doctor" {
		t.Errorf("%+v", d)
	}
	if s := f.Sections[1]; s.Title != "Pathways Disposition" || s.Text != "Repeat Prescription required within 12 hours (Dx86)\n\nSelected service: Lloyds Pharmacy, Stokewood Close, Fair Oak, Eastle" {
		t.Errorf("%q", s.Text)
	}
	var asked bool
	for _, a := range f.Answers {
		asked = asked || a.Question == "When is the next dose due?" && a.Answer == "within the next 12 hours"
	}
	if !asked {
		t.Errorf("%d answers", len(f.Answers))
	}
}

func TestTablesNestingAndGrid(t *testing.T) {
	f := filed(t, "itk-111/xml/primary-emergency-itk-request.xml")
	var all strings.Builder
	for _, s := range f.Sections {
		all.WriteString(strings.Repeat(">", s.Depth) + s.Title + ": " + s.Text + "\n")
	}
	for _, want := range []string{
		"Permission to view outcome | Permission to view obtained\nDate obtained | 01-Jan-2017, 20:00", ">SUBSUB2: SUBSUB2", ">>SUBSUB3: SUBSUB3",
		">: These are more notes, nested under the top one.", "No known allergies",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is not in\n%s", want, all.String())
		}
	}
	if f.From.Phone.National() != "08001111111" || f.Secrecy != "V" || f.Patient.NHS.Text != "993254128" || f.Patient.NHS.Sound() || f.To.Name != "Medway Kent Out of Hours Clinic" {
		t.Errorf("%+v %+v", f.From, f.To)
	}
	if g := filed(t, "itk-111/xml/cleric-itk-ooh-referral-dx09-itk-request.xml"); g.Location.Grid != (codes.Grid{East: 338917, North: 556067}) || g.Purpose != exchange.ForReport {
		t.Errorf("%+v %v", g.Location, g.Purpose)
	}
}

func TestSeveralReportsAreAllShown(t *testing.T) {
	f := filed(t, "itk-111/xml/repeat-caller-itk-request.xml")
	if f.Purpose != exchange.ForRepeatCaller || len(f.Documents) != 6 {
		t.Fatalf("%v, %d documents", f.Purpose, len(f.Documents))
	}
	seen := map[int]bool{}
	for i, s := range f.Sections {
		seen[s.Document] = true
		if i > 0 && s.Document < f.Sections[i-1].Document {
			t.Error("sections are out of order")
		}
	}
	for i := 1; i < 6; i++ {
		if !seen[i] || f.Documents[i].When > f.Documents[i-1].When {
			t.Errorf("report %d is not shown, or not older", i)
		}
	}
	small, cut, err := f.Fit(48 << 10)
	if err != nil || len(small.Documents) != 6 {
		t.Errorf("fit: %v %v", cut, err)
	}
	b, err := fact.Encode(small)
	if err != nil || len(b) > 48<<10 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestRefuses(t *testing.T) {
	good := string(exchangetest.Payload(t, dx86))
	r1 := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the message", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	cases := []struct {
		name, body string
		edit       func(*http.Request)
		status     int
		code       string
	}{
		{"cut", good[:len(good)/2], nil, 500, wrong},
		{"empty", "", nil, 500, wrong},
		{"no XML", "hello", nil, 500, wrong},
		{"not SOAP", "<a/>", nil, 500, wrong},
		{"doctype", `<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + good, nil, 500, wrong},
		{"entity", r1("<given>Test</given>", "<given>&x;</given>"), nil, 500, wrong},
		{"deep", strings.Repeat("<a>", 2000) + strings.Repeat("</a>", 2000), nil, 500, wrong},
		{"two roots", good + "<a/>", nil, 500, wrong},
		{"processing instruction", "<?run this?>" + good, nil, 500, wrong},
		{"latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + good, nil, 500, wrong},
		{"attribute twice", r1(`<header `, `<header trackingid="1" `), nil, 500, wrong},
		{"wrong action", r1("SendNHS111Report-v2-0</a:Action>", "SendNHS999Report-v2-0</a:Action>"), nil, 500, wrong},
		{"wrong service", r1(`service="urn:nhs-itk:services:201005:SendNHS111Report-v2-0"`, `service="urn:x"`), nil, 500, wrong},
		{"no trackingid", r1(`trackingid="F60A19ED-843E-41A3-84C1-3F313DD4E4E0"`, ``), nil, 500, wrong},
		{"unknown interaction", r1("primaryOutofHourRecipientNHS111CDADocument-v2-0", "somethingElse-v1-0"), nil, 500, wrong},
		{"no interaction", r1("urn:nhs-itk:ns:201005:interaction", "x"), nil, 500, wrong},
		{"other document", r1("POCD_MT200001GB02", "REPC_MT200001GB02"), nil, 500, wrong},
		{"no document", r1("<ClinicalDocument ", "<Other "), nil, 500, wrong},
		{"payload missing", r1(`<manifest count="1">`, `<manifest count="2"><manifestitem id="b"/>`), nil, 500, wrong},
		{"encrypted", r1(`<manifestitem `, `<manifestitem encrypted="true" `), nil, 500, wrong},
		{"bad time", r1(`<effectiveTime value="20210406122927+01"`, `<effectiveTime value="yesterday"`), nil, 500, wrong},
		{"bad birth date", r1(`<birthTime value="19800101"`, `<birthTime value="19801399"`), nil, 500, wrong},
		{"bad encounter time", r1(`<high value="20210406122925+0100"`, `<high value="20210406992925+0100"`), nil, 500, wrong},
		{"addressed elsewhere", strings.NewReplacer("ods:FDH68RPX", "ods:XXX99", "2000038407", "1").Replace(good), nil, 500, wrong},
		{"too large", good + strings.Repeat(" ", exchange.MaxMessage), nil, 413, wrong},
		{"media type", good, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 415, wrong},
		{"no media type", good, func(r *http.Request) { r.Header.Del("Content-Type") }, 415, wrong},
		{"charset", good, func(r *http.Request) { r.Header.Set("Content-Type", "text/xml; charset=utf-16") }, 415, wrong},
		{"packed", good, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415, wrong},
		{"method", good, func(r *http.Request) { r.Method = http.MethodGet }, 405, wrong},
	}
	for _, c := range cases {
		r := newRig(t, "FDH68RPX", "2000038407")
		if c.name == "deep" || c.name == "no document" {
			c.body = strings.ReplaceAll(c.body, "</ClinicalDocument>", "</Other>")
		}
		r.wantFault(c.name, r.post([]byte(c.body), c.edit), c.status, c.code)
		if len(r.memory.Filed) != 0 || len(r.memory.Refused) != 1 || r.memory.Refused[0].Status != c.status {
			t.Errorf("%s: %d filed, audits %+v", c.name, len(r.memory.Filed), r.memory.Refused)
		}
	}
}

func TestAcceptsWhatSendersDo(t *testing.T) {
	good := string(exchangetest.Payload(t, dx86))
	for name, c := range map[string]struct {
		body string
		ods  codes.ODS
		dos  codes.DoSID
	}{
		"service id alone is ours":   {good, "ELSE1", "2000038407"},
		"organisation alone is ours": {good, "FDH68RPX", "1"},
		"no DoS address":             {strings.Replace(good, `<address type="2.16.840.1.113883.2.1.3.2.4.18.44" uri="2000038407" />`, "", 1), "FDH68RPX", "1"},
		"no ODS address":             {strings.Replace(good, `<address uri="urn:nhs-uk:addressing:ods:FDH68RPX" />`, "", 1), "X26", "2000038407"},
		"DMS":                        {strings.ReplaceAll(good, "SendNHS111Report-v2-0", "SendNHS111Report-v2-0_DMS"), "FDH68RPX", "1"},
		"odd Dx":                     {strings.Replace(good, `code="Dx86"`, `code="Zz1"`, 1), "FDH68RPX", "1"},
		"byte order mark":            {"\ufeff" + good, "FDH68RPX", "1"},
	} {
		r := newRig(t, c.ods, c.dos)
		if w := r.post([]byte(c.body), nil); w.Code != 200 || len(r.memory.Filed) != 1 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	odd, err := Read([]byte(strings.Replace(good, `code="Dx86"`, `code="Zz1"`, 1)))
	if err != nil || odd.Dx.Original != "Zz1" || !strings.Contains(strings.Join(odd.Notes, " "), "no known form") {
		t.Errorf("%+v %v", odd.Dx, err)
	}
}

func TestPatientsThatDiffer(t *testing.T) {
	body := string(exchangetest.Payload(t, "itk-111/xml/repeat-caller-itk-request.xml"))
	i := strings.LastIndex(body, "<family>Xxtestpatientdzadn")
	f, err := Read([]byte(body[:i] + strings.Replace(body[i:], "Xxtestpatientdzadn", "Somebodyelse", 1)))
	if err != nil || !strings.Contains(strings.Join(f.Notes, " "), "do not agree on who") {
		t.Errorf("%v %v", err, f.Notes)
	}
}

func TestWhoMaySendAndFailures(t *testing.T) {
	good := exchangetest.Payload(t, dx86)
	r := newRig(t, "FDH68RPX", "1")
	r.who.SpeaksFor = []codes.ODS{"ABC"}
	r.wantFault("forged sender", r.post(good, nil), 500, access)
	r.who.SpeaksFor = []codes.ODS{"RYE"}
	r.whoErr = errors.New("no certificate")
	r.wantFault("no certificate", r.post(good, nil), 403, access)
	r.whoErr = nil
	r.memory.Fail = refusal.New(refusal.Unavailable, "Nothing was saved.")
	r.wantFault("not saved", r.post(good, nil), 500, retry)
	r.memory.Fail = refusal.New(refusal.Forbidden, "No.")
	r.wantFault("forbidden", r.post(good, nil), 500, access)
	r.memory.Fail, r.memory.Then = nil, errors.New("Testone 07777888888")
	r.wantFault("saved but said to have failed", r.post(good, nil), 500, retry)
	if w := r.post(good, nil); w.Code != 200 || len(r.memory.Filed) != 1 {
		t.Errorf("then retried: %d, %d filed", w.Code, len(r.memory.Filed))
	}
	r.memory.NoAudit = errors.New("disk")
	r.wantFault("no audit", r.post([]byte("x"), nil), 500, retry)
}

func TestMoments(t *testing.T) {
	for in, want := range map[string]string{
		"20210406122927+01":     "2021-04-06T11:29:27Z",
		"20210406122927+0100":   "2021-04-06T11:29:27Z",
		"201701012000+00":       "2017-01-01T20:00:00Z",
		"20210706122927":        "2021-07-06T11:29:27Z",
		"20210406122927.5-0500": "2021-04-06T17:29:27Z",
		"20210106":              "2021-01-06T00:00:00Z",
	} {
		got, ok := moment(in)
		if !ok || got.Time().Format(time.RFC3339) != want {
			t.Errorf("%s: %v %v", in, got.Time(), ok)
		}
	}
	for _, in := range []string{"", "2021", "yesterday", "20211306", "20210406129927", "20210406122927+1", "20210406122927+99999"} {
		if m, ok := moment(in); ok {
			t.Errorf("%s: %v", in, m.Time())
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><i:DistributionEnvelope xmlns:i="urn:nhs-itk:ns:201005"><i:header trackingid="1" service="urn:nhs-itk:services:201005:SendNHS111Report-v2-0"><i:manifest><i:manifestitem id="p"/></i:manifest><i:handlingSpecification><i:spec key="urn:nhs-itk:ns:201005:interaction" value="urn:nhs-itk:interaction:copyRecipientNHS111CDADocument-v2-0"/></i:handlingSpecification></i:header><i:payloads><i:payload id="p"><ClinicalDocument xmlns="urn:hl7-org:v3"><effectiveTime value="20210406"/><recordTarget><patientRole><telecom value="tel:1"/><patient><name>A</name></patient></patientRole></recordTarget><component><structuredBody><component><section><title>T</title><text>a<br/><list><item>b</item></list><table><tr><td>c</td><td>d</td></tr></table></text></section></component></structuredBody></component></ClinicalDocument></i:payload></i:payloads></i:DistributionEnvelope></s:Body></s:Envelope>`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := Read(in)
		if err != nil {
			return
		}
		if _, err := fact.Encode(r); err != nil {
			t.Fatalf("what was read cannot be kept: %v", err)
		}
	})
}
