package bars

import (
	"strconv"

	"holdfast/exchange"
	"holdfast/fhir"
)

// answer is the answer to a message that was filed: the same Bundle.id, our
// own resource ids, never theirs; for a validation an Encounter that is
// planned (core, "Response").
func (m *message) answer(filed exchange.Filed) *fhir.Object {
	out := m.tree.Copy()
	stamp := fhir.FormatTime(filed.At.Time())
	out.Set("timestamp", stamp)
	if meta, ok := out.Get("meta"); ok {
		if o, ok := meta.(*fhir.Object); ok {
			o.Set("lastUpdated", stamp)
		}
	}
	v, _ := out.Get("entry")
	entries, _ := v.([]fhir.Value)
	renamed := map[string]string{}
	for i, e := range entries {
		renameEntry(e, filed, i, renamed)
	}
	for _, e := range entries {
		if o, ok := e.(*fhir.Object); ok {
			o.Walk(func(name, text string) string {
				if to := renamed[text]; name == "reference" && to != "" {
					return to
				}
				return text
			})
		}
	}
	if m.category == "validation" {
		entries = append(entries, m.planned(filed, len(entries)))
	}
	out.Set("entry", entries)
	return out
}

// renameEntry gives the entry's resource an id of ours.
func renameEntry(e fhir.Value, filed exchange.Filed, i int, renamed map[string]string) {
	o, ok := e.(*fhir.Object)
	if !ok {
		return
	}
	v, _ := o.Get("resource")
	res, ok := v.(*fhir.Object)
	if !ok {
		return
	}
	id := mint("resource", filed.About[:], []byte(res.Type()+"/"+strconv.Itoa(i)))
	if old := res.ID(); old != "" {
		renamed[res.Type()+"/"+old] = res.Type() + "/" + id
	}
	res.Drop("id")
	res.Members = append([]fhir.Member{res.Members[0], {Name: "id", Value: id}}, res.Members[1:]...)
}

// planned is our own Encounter to come.
func (m *message) planned(filed exchange.Filed, i int) *fhir.Object {
	id := mint("resource", filed.About[:], []byte("planned/"+strconv.Itoa(i)))
	class := &fhir.Coding{System: "http://terminology.hl7.org/CodeSystem/v3-ActCode", Code: "EMER", Display: "emergency"}
	if theirs, err := fhir.As[fhir.Encounter](m.all("Encounter")[0]); err == nil && theirs.Class != nil {
		class = theirs.Class
	}
	e := fhir.Encounter{
		ID: id, Status: "planned", Class: class, Subject: m.request.Subject,
		Meta: &fhir.Meta{LastUpdated: fhir.FormatTime(filed.At.Time()), Profile: []string{"https://fhir.hl7.org.uk/StructureDefinition/UKCore-Encounter"}},
	}
	if filed.Case != "" {
		e.Identifier = []fhir.Identifier{{System: sysCase, Value: filed.Case}}
	}
	return &fhir.Object{Members: []fhir.Member{{Name: "fullUrl", Value: "urn:uuid:" + id}, {Name: "resource", Value: fhir.Of(e)}}}
}
