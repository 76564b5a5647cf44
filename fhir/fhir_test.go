package fhir

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// payloads lists example messages; a test without them says so.
func payloads(t *testing.T, folders ...string) []string {
	t.Helper()
	root := filepath.Join("..", "..", "shared", "payloads")
	if _, err := os.Stat(root); err != nil {
		t.Skip("SKIPPED: the folder ../shared/payloads with the example messages is missing, so real messages are not tested")
	}
	var out []string
	for _, f := range folders {
		err := filepath.WalkDir(filepath.Join(root, f), func(p string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(p, ".json") {
				out = append(out, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) == 0 {
		t.Fatal("no example messages found")
	}
	return out
}

// Examples that are not R4 as published, each with its reason.
var (
	notJSON = map[string]string{
		"document_reference/GET-success.json": "not valid JSON: a comma is missing",
	}
	notTyped = map[string]string{
		"pds/birth-negative/": "templates with placeholders, where an address is a word",
	}
	notXML = map[string]string{
		"sds/DeviceBundle.json":            "an entry's resource has no resourceType",
		"sds/EndpointBundle.json":          "an entry's resource has no resourceType",
		"service_request/GET-success.json": "resourceType stands in the entry, not in a resource",
	}
	// oneForList are written with one value where R4 has a list, or a list of
	// one where R4 has one value: read as meant.
	oneForList = map[string]string{
		"bars-api/1.4.0/Endpoint/":                                "connectionType, header",
		"bars-api/1.4.0/HealthcareService/":                       "providedBy",
		"bars-api/1.4.0/document_reference/id/":                   "masterIdentifier, format",
		"bars-api/1.4.0/metadata/BaRS_API_Capability_Statement.j": "security",
		"bars-api/1.4.0/service_request/":                         "basedOn",
		"pds/birth-negative/":                                     "given, prefix",
	}
)

func excused(path string, list map[string]string) bool {
	for part := range list {
		if strings.Contains(filepath.ToSlash(path), part) {
			return true
		}
	}
	return false
}

func TestReadsAndKeepsEveryExample(t *testing.T) {
	n := 0
	for _, p := range payloads(t, "bars-api", "fhir-r4-spec", "pds", "eps", "dos", "sds") {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		o, err := ParseJSON(b, Limits{})
		if excused(p, notJSON) {
			if AsProblem(err) == nil {
				t.Errorf("%s: should be refused", p)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		sameJSON(t, p+" JSON", b, o.JSON())
		if o.Type() == "" {
			continue
		}
		n++
		if !excused(p, notTyped) {
			typedKeepsAll(t, p, o)
		}
		x, err := o.XML()
		if excused(p, notXML) {
			continue
		}
		if err != nil {
			t.Errorf("%s: to XML: %v", p, err)
			continue
		}
		back, err := ParseXML(x, Limits{})
		if err != nil {
			t.Errorf("%s: from XML: %v", p, err)
			continue
		}
		sameJSON(t, p+" XML", cleaned(o).JSON(), back.JSON())
		again, err := back.XML()
		if err != nil || string(again) != string(x) {
			t.Errorf("%s: XML → JSON → XML changed something: %v", p, err)
		}
	}
	if n < 150 {
		t.Errorf("only %d resources read", n)
	}
}

// cleaned rewrites narratives as the XML form does.
func cleaned(o *Object) *Object {
	out := o.Copy()
	out.Walk(func(name, text string) string {
		if name == "div" {
			if d, err := cleanDiv(text); err == nil {
				return d
			}
		}
		return text
	})
	return out
}

func typedKeepsAll(t *testing.T, where string, o *Object) {
	t.Helper()
	same := func(r Resource, err error) {
		if err != nil {
			t.Errorf("%s: %v", where, err)
			return
		}
		sameJSON(t, where+" typed "+o.Type(), o.JSON(), Of(r).JSON())
	}
	switch o.Type() {
	case "Bundle":
		b, err := As[Bundle](o)
		same(b, err)
		for _, e := range b.Entry {
			if e.Resource != nil {
				typedKeepsAll(t, where, e.Resource)
			}
		}
	case "MessageHeader":
		same(As[MessageHeader](o))
	case "ServiceRequest":
		same(As[ServiceRequest](o))
	case "Patient":
		same(As[Patient](o))
	case "Encounter":
		same(As[Encounter](o))
	case "CarePlan":
		same(As[CarePlan](o))
	case "HealthcareService":
		same(As[HealthcareService](o))
	case "Organization":
		same(As[Organization](o))
	case "Practitioner":
		same(As[Practitioner](o))
	case "PractitionerRole":
		same(As[PractitionerRole](o))
	case "Consent":
		same(As[Consent](o))
	case "Location":
		same(As[Location](o))
	case "Observation":
		same(As[Observation](o))
	case "Flag":
		same(As[Flag](o))
	case "AllergyIntolerance":
		same(As[AllergyIntolerance](o))
	case "MedicationStatement":
		same(As[MedicationStatement](o))
	case "Questionnaire":
		same(As[Questionnaire](o))
	case "QuestionnaireResponse":
		same(As[QuestionnaireResponse](o))
	case "OperationOutcome":
		same(As[OperationOutcome](o))
	case "CapabilityStatement":
		same(As[CapabilityStatement](o))
	}
}

func sameJSON(t *testing.T, where string, a, b []byte) {
	t.Helper()
	read := func(b []byte) any {
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		return v
	}
	x, y := read(a), read(b)
	if excused(where, oneForList) {
		x, y = unlisted(x), unlisted(y)
	}
	if !reflect.DeepEqual(x, y) {
		t.Errorf("%s: not the same: %s", where, firstDifference("", x, y))
	}
}

// unlisted takes lists of one for the one.
func unlisted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = unlisted(v[k])
		}
	case []any:
		for i := range v {
			v[i] = unlisted(v[i])
		}
		if len(v) == 1 {
			return v[0]
		}
	}
	return v
}

func firstDifference(at string, a, b any) string {
	if x, ok := a.(map[string]any); ok {
		y, _ := b.(map[string]any)
		for k := range x {
			if !reflect.DeepEqual(x[k], y[k]) {
				return firstDifference(at+"."+k, x[k], y[k])
			}
		}
		for k := range y {
			if _, ok := x[k]; !ok {
				return at + "." + k + " appeared"
			}
		}
	}
	if x, ok := a.([]any); ok {
		y, _ := b.([]any)
		for i := range x {
			if i >= len(y) || !reflect.DeepEqual(x[i], y[i]) {
				var other any
				if i < len(y) {
					other = y[i]
				}
				return firstDifference(at+"[]", x[i], other)
			}
		}
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return at + ": " + string(x) + " ≠ " + string(y)
}

func TestRefusesBrokenJSON(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	cases := map[string]string{
		"empty":            ``,
		"cut":              `{"resourceType":"Patient"`,
		"list":             `[]`,
		"twice":            `{"resourceType":"Patient","gender":"male","gender":"female"}`,
		"twice, escaped":   `{"gender":"male","g\u0065nder":"female"}`,
		"more after":       `{"resourceType":"Patient"} {}`,
		"deep":             deep,
		"not UTF-8":        "{\"resourceType\":\"Pati\xffent\"}",
		"comma":            `{"resourceType":"Patient",}`,
		"bare word":        `{"active":yes}`,
		"long member name": `{"` + strings.Repeat("x", 200) + `":1}`,
	}
	for name, in := range cases {
		if _, err := ParseJSON([]byte(in), Limits{}); AsProblem(err) == nil {
			t.Errorf("%s: accepted or no Problem: %v", name, err)
		}
	}
	_, err := ParseJSON([]byte(`{"a":"0123456789"}`), Limits{Bytes: 10})
	if p := AsProblem(err); p == nil || !p.TooLarge {
		t.Errorf("over the size limit: %v", err)
	}
	if _, err := ParseJSON([]byte(`{"a":[1,2,3,4,5,6]}`), Limits{Nodes: 5}); AsProblem(err) == nil {
		t.Error("too many values accepted")
	}
}

func TestRefusesBrokenXML(t *testing.T) {
	ok := `<Patient xmlns="http://hl7.org/fhir"><gender value="male"/></Patient>`
	if _, err := ParseXML([]byte(ok), Limits{}); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"empty":           ``,
		"cut":             ok[:len(ok)-5],
		"doctype":         `<!DOCTYPE Patient [<!ENTITY x "y">]>` + ok,
		"entity":          strings.Replace(ok, "male", "&x;", 1),
		"other namespace": strings.Replace(ok, "hl7.org/fhir", "example.org", 1),
		"stranger inside": strings.Replace(ok, "<gender", `<gender xmlns="urn:x"`, 1),
		"text":            strings.Replace(ok, "<gender", "hello<gender", 1),
		"after":           ok + ok,
		"attribute":       strings.Replace(ok, "<gender", `<gender wrong="1"`, 1),
		"value twice":     strings.Replace(ok, "<gender", `<gender value="female"`, 1),
		"latin-1":         `<?xml version="1.0" encoding="ISO-8859-1"?>` + ok,
		"deep":            `<Patient xmlns="http://hl7.org/fhir">` + strings.Repeat("<extension>", 100) + strings.Repeat("</extension>", 100) + `</Patient>`,
	}
	for name, in := range cases {
		if _, err := ParseXML([]byte(in), Limits{}); AsProblem(err) == nil {
			t.Errorf("%s: accepted or no Problem: %v", name, err)
		}
	}
}

func TestProblemsHoldNoValues(t *testing.T) {
	secret := "Jones9434765919"
	for _, in := range []string{
		`{"resourceType":"Patient","birthDate":{"x":"` + secret + `"}}`,
		`{"resourceType":"Patient","` + secret + ` x":1,"` + secret + ` x":2}`,
		`{"resourceType":"Patient","name":"` + secret + `"}`,
		`{"a":"` + secret + `",}`,
	} {
		o, err := ParseJSON([]byte(in), Limits{})
		if err == nil {
			_, err = As[Patient](o)
		}
		if err == nil || strings.Contains(err.Error(), "Jones") {
			t.Errorf("%q", err)
		}
	}
}

func TestTolerantReading(t *testing.T) {
	o, err := ParseJSON([]byte(`{"resourceType":"Patient","name":{"family":"Jones","given":"Ann"},"telecom":[{"rank":"1","value":7700}],"shoeSize":7.50,"_gender":{"id":"a"}}`), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := As[Patient](o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name[0].Family != "Jones" || p.Name[0].Given[0] != "Ann" || p.Telecom[0].Rank != "1" || p.Telecom[0].Value != "7700" {
		t.Errorf("%+v", p)
	}
	if out := string(Of(p).JSON()); !strings.Contains(out, `"shoeSize":7.50`) || !strings.Contains(out, `"_gender":{"id":"a"}`) || !strings.Contains(out, `"rank":1`) {
		t.Error(out)
	}
	if _, err := As[Bundle](o); err == nil {
		t.Error("a Patient was read as a Bundle")
	}
}

func TestUnknownPartsSurviveXML(t *testing.T) {
	in := `<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir"><id value="p1"/><name id="n"><family value="O&#39;Neil"><extension url="urn:x"><valueDecimal value="1.50"/></extension></family><given value="A"/><given id="g2"/></name><active value="false"/><shoe><size value="7"/><size value="8"/><lace><colour value="red"/></lace></shoe></Patient>`
	o, err := ParseXML([]byte(in), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	js := string(o.JSON())
	for _, want := range []string{`"active":false`, `"name":[{"id":"n"`, `"valueDecimal":1.50`, `"given":["A",null],"_given":[null,{"id":"g2"}]`, `"size":["7","8"]`} {
		if !strings.Contains(js, want) {
			t.Errorf("%s not in %s", want, js)
		}
	}
	o2, err := ParseJSON([]byte(js), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := o2.XML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseXML(x, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, "round", []byte(js), again.JSON())
	if strings.Index(string(x), "<active") > strings.Index(string(x), "<name") {
		t.Error("elements are not in the order of the standard")
	}
}

func TestTimes(t *testing.T) {
	for in, want := range map[string]string{
		"2021-11-26T15:00:00+00:00":     "2021-11-26T15:00:00.000+00:00",
		"2021-11-27T01:00:00+10:00":     "2021-11-26T15:00:00.000+00:00",
		"2021-11-26T15:00:00.25Z":       "2021-11-26T15:00:00.250+00:00",
		"2021-11-26":                    "2021-11-26T00:00:00.000+00:00",
		"2021-11-26T15:00:00.123+07:00": "2021-11-26T08:00:00.123+00:00",
	} {
		got, _, err := ParseTime(in)
		if err != nil || FormatTime(got) != want {
			t.Errorf("%s: %s, %v", in, FormatTime(got), err)
		}
	}
	for _, bad := range []string{"", "26/11/2021", "2021-13-01", "2021-02-30", "2021-11-26T15:00:00", "2021-11-26T25:00:00Z"} {
		if _, _, err := ParseTime(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestFormats(t *testing.T) {
	for in, want := range map[string]Format{"application/fhir+json; version=1.2.0": JSON, "application/fhir+xml": XML, "xml": XML, "json": JSON, "text/plain": 0, "application/fhir+json; charset=latin1": 0, ";;": 0} {
		f, _, ok := FormatOf(in)
		if f != want || ok != (want != 0) {
			t.Errorf("%s: %v %v", in, f, ok)
		}
	}
	if _, v, _ := FormatOf("application/fhir+json; version=1.2.0"); v != "1.2.0" {
		t.Error(v)
	}
	if !Known("Patient") || Known("Patient.contact") || Known("HumanName") || Known("Nonsense") {
		t.Error("Known")
	}
}

func FuzzJSONThroughXML(f *testing.F) {
	for _, s := range []string{`{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"x"}]}]}`, `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Flag"}}]}`, `{"resourceType":"X","a":[1,2.50,true,null,"<&>"]}`, `{"resourceType":"Patient","text":{"div":"<div>&nbsp;</div>"}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		o, err := ParseJSON(in, Limits{})
		if err != nil {
			return
		}
		if _, err := ParseJSON(o.JSON(), Limits{}); err != nil {
			t.Fatalf("our own JSON is refused: %v", err)
		}
		x, err := o.XML()
		if err != nil {
			return
		}
		if _, err := ParseXML(x, Limits{Depth: 600}); err != nil && !strings.Contains(err.Error(), "XML near") {
			t.Skip()
		}
	})
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<Patient xmlns="http://hl7.org/fhir"><id value="p1"/><text><div xmlns="http://www.w3.org/1999/xhtml">a<br/></div></text></Patient>`))
	f.Add([]byte(`<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Flag><status value="x"/></Flag></resource></entry></Bundle>`))
	f.Fuzz(func(t *testing.T, in []byte) {
		o, err := ParseXML(in, Limits{})
		if err != nil {
			return
		}
		x, err := o.XML()
		if err != nil {
			return
		}
		again, err := ParseXML(x, Limits{Depth: 600})
		if err != nil {
			t.Fatalf("our own XML is refused: %v\n%s", err, x)
		}
		if string(again.JSON()) == "" {
			t.Fatal("empty")
		}
	})
}
