package urgentweb

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// callDesk is a desk with the pages of a call, a patient on record, and
// services.
type callDesk struct {
	*desk
	wilfred fact.Subject
}

// registry finds the one person there is.
type registry struct {
	*desk
	matches []record.Match
	people  map[fact.Subject]record.Person
}

func (r registry) Person(_ context.Context, _ access.Caller, id fact.Subject) (record.Person, error) {
	p, ok := r.people[id]
	if !ok {
		return p, refusal.New(refusal.Missing, "There is no such record here.")
	}
	return p, nil
}

func (r registry) Find(_ context.Context, _ access.Caller, q record.Query) ([]record.Match, error) {
	var out []record.Match
	for _, m := range r.matches {
		if q.Family == "" || strings.Contains(strings.ToLower(m.Called), strings.ToLower(q.Family)) {
			out = append(out, m)
		}
	}
	return out, nil
}

func openCall(t testing.TB) *callDesk {
	t.Helper()
	d := &callDesk{desk: openDesk(t), wilfred: fact.Subject{7}}
	d.as(listHandler)
	rules, err := LoadCallRules(d.app.Content, d.app.Triage)
	d.must(err)
	d.app.Call = rules
	d.mux = web.NewMux(d.app.Shell)
	d.app.Routes(d.mux)
	people := map[fact.Subject]record.Person{d.wilfred: d.tansley()}
	d.app.People = registry{desk: d.desk, people: people, matches: []record.Match{
		{Person: d.wilfred, Called: "TANSLEY, Wilfred", Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Sex: codes.Male, NHS: codes.ReceiveNHSNumber("9994120735"), Address: "11 Tenter Row, Coldwater", On: "All four", All: true},
		{Person: fact.Subject{8}, Called: "TANSLEY, Wilfrid J", Born: codes.Date{Year: 1946, Month: 2, Day: 3}, Sex: codes.Male, NHS: codes.ReceiveNHSNumber("9990835519"), Address: "Dunsett", On: "Name, day, month"},
	}}
	d.services = someServices()
	return d
}

func stated[T any](v T) fact.Register[T] {
	return fact.Register[T]{Values: []fact.Stated[T]{{Value: v}}}
}

func (d *callDesk) tansley() record.Person {
	alert := func(n byte, a record.AlertAdded) record.Alert {
		return record.Alert{Fact: fact.ID{n}, Says: a, Stands: true, At: fact.At(d.now)}
	}
	return record.Person{
		Subject: d.wilfred, Registered: true, Name: stated(record.Name{Given: "Wilfred", Family: "Tansley"}),
		Born: stated(codes.Date{Year: 1948, Month: 2, Day: 3}), Sex: stated(codes.Male), NHS: stated(codes.ReceiveNHSNumber("9994120735").Traced()),
		Practice: stated(record.Practice{ODS: "X99001", Name: "Millrace Practice"}),
		Address:  stated(codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}),
		Lines:    []record.Line{{Phone: codes.ReceivePhone("01632960418"), Use: "home"}},
		Alerts: []record.Alert{
			alert(1, record.AlertAdded{Kind: record.Resuscitation, Decision: record.DoNotAttempt, Text: "He still wants treatment for infection and breathlessness", Author: "Dr P. Whitlock", Signed: codes.Date{Year: 2026, Month: 9, Day: 14}, Review: codes.Date{Year: 2027, Month: 3, Day: 14}, Kept: "on the fridge"}),
			alert(2, record.AlertAdded{Kind: record.Allergy, Substance: "Penicillin", Reaction: "rash"}),
			alert(3, record.AlertAdded{Kind: record.Steroids, Text: "Prednisolone 5 mg every day for 3 years"}),
			alert(4, record.AlertAdded{Kind: record.Adjustment, Text: "Deaf in the left ear. Speak slowly"}),
		},
		Contacts: []record.Contact{{Fact: fact.ID{9}, At: fact.At(d.now.Add(-46 * time.Hour)), Says: record.ContactNoted{Case: fact.Subject{9}, Way: "call", Complaint: "cough", Outcome: "own GP within 24 h"}}},
	}
}

// someServices are three: one by message, one by phone, our own.
func someServices() []directory.Entry {
	list := func(n byte, s directory.Service) directory.Entry {
		return directory.Entry{Subject: fact.Subject{100 + n}, Service: stated(s)}
	}
	takes := []directory.Taking{{Group: "primary-care"}, {Group: "clinician-callback"}, {Group: "ed"}, {Group: "validation"}}
	ring := codes.ReceivePhone("01632960377")
	return []directory.Entry{
		list(1, directory.Service{Name: "Aldermoor base", Type: directory.TreatmentCentre, Provider: "Tarn Valley Out of Hours", ODS: "TAR01", DoS: "2000101", Always: true, Takes: takes, Doors: []directory.Door{{Route: directory.RouteDirect, Endpoint: "https://tarn.example"}}, WaitMinutes: 20, Phone: ring, ComesToThem: true}),
		list(2, directory.Service{Name: "Coldwater evening hub", Type: directory.UrgentTreatment, Provider: "Tarn Valley practices", ODS: "TAR02", Always: true, Takes: takes, Doors: []directory.Door{{Route: directory.RoutePhone, Endpoint: "01632960377"}}, Phone: ring, Note: "nurse only"}),
		list(3, directory.Service{Name: "Fellside clinicians", Type: directory.ClinicianQueue, Provider: "Fellside 111", ODS: "FEL01", DoS: "2000100", Always: true, Takes: takes, ComesToThem: true, WaitMinutes: 25, Phone: ring}),
		list(4, directory.Service{Name: "Millrace Practice", Type: directory.GPPractice, ODS: "X99001", Takes: takes, Hours: []directory.Opening{{Days: directory.Weekdays, From: 8 * 60, To: 18*60 + 30}}, Phone: ring, OwnPatients: true}),
	}
}

var caseField = regexp.MustCompile(`name="case" value="([0-9a-f]{32})"`)

// newCall opens an empty call and gives the case that its page has drawn.
func (d *callDesk) newCall() (fact.Subject, string) {
	d.t.Helper()
	page := d.get("/call").is(d.t, 200)
	found := caseField.FindStringSubmatch(page.body)
	if len(found) < 2 {
		d.t.Fatal("the page of a new call names no case")
	}
	id, err := fact.ParseSubject(found[1])
	d.must(err)
	return id, found[1]
}

func (d *callDesk) caseOf(id fact.Subject) urgent.Case {
	d.t.Helper()
	c, err := d.app.Cases.Case(context.Background(), listHandler, id)
	d.must(err)
	return c
}

// tansleyForm is a call about a known patient, as somebody types it.
func (d *callDesk) tansleyForm(caseID string) url.Values {
	return url.Values{
		"case": {caseID}, "number": {"01632 960 418"}, "place": {"11 Tenter Row, Coldwater QX4 7TD"},
		"caller": {"someone-else"}, "caller_name": {"Moira Tansley"}, "relation": {"Daughter"}, "ring_back": {"07700 900518"}, "with": {"yes"},
		"first": {"Wilfred"}, "last": {"Tansley"}, "born": {"03 02 1948"}, "sex": {"male"}, "record": {d.wilfred.String()}, "look": {"yes"},
		"why": {"Chest pain since this morning, tight"}, "ring": {"yes"}, "text": {"no"},
	}
}

// with copies a form with some fields changed.
func with(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, all := range v {
		out[k] = all
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}
