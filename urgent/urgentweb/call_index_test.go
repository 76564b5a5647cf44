package urgentweb

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// index is a national index that says what the test says.
type index struct {
	state record.TraceState
	asked []record.TraceQuestion
}

func (i *index) Look(q record.TraceQuestion) record.TraceState {
	if !q.Enough() {
		return record.TraceState{}
	}
	i.asked = append(i.asked, q)
	return i.state
}

// books writes records on the desk's own journal.
type books struct{ *desk }

func (b books) Do(ctx context.Context, by access.Caller, id fact.Subject, seen []fact.ID, verb record.Verb) error {
	_, err := b.app.Cases.Journal.Do(ctx, by.Author(), journal.Seen{id: seen}, func(tx *journal.Tx) ([]fact.Draft, error) {
		p, err := journal.FoldIn(tx, id, record.Fold)
		if err != nil {
			return nil, err
		}
		return verb(p, tx.Now())
	})
	return err
}

func maja(outcome record.TraceOutcome) record.TraceState {
	id := record.Identity{
		Name: record.Name{Given: "Maja", Family: "Zielinska"}, Born: codes.Date{Year: 1988, Month: 6, Day: 1}, Sex: codes.Female,
		NHS: codes.ReceiveNHSNumber("9434765919").Traced(), Address: codes.Place{Text: "11 Tenter Row", Postcode: "QX4 7TD"}, Practice: record.Practice{ODS: "Y12345"},
	}
	return record.TraceState{Outcome: outcome, Offer: 90, At: time.Now(), People: []record.TraceAnswered{{Index: "PDS", By: "last name, birth date", Identity: id, Score: 75}}}
}

// openIndex is a desk where the national index is asked, and nobody is on record.
func openIndex(t *testing.T) (*callDesk, *index) {
	d := openCall(t)
	i := &index{}
	who, err := record.LoadIdentityRules(must(content.Shipped()))
	d.must(err)
	d.app.Trace, d.app.Records, d.app.People, d.app.Who = i, books{d.desk}, d.desk, who
	return d, i
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func majaForm(caseID string) url.Values {
	return url.Values{
		"case": {caseID}, "number": {"07700 900518"}, "place": {"14 Weir Cottages"}, "caller": {"patient"}, "first": {"Maja"}, "last": {"Zielynska"},
		"born": {"1 6 1988"}, "sex": {"female"}, "look": {"yes"}, "why": {"Rash since yesterday"},
	}
}

// The index stands beside our own list in whatever state it is, and never in the
// way of going on.
func TestTheIndexStandsBesideTheCall(t *testing.T) {
	d, i := openIndex(t)
	away := maja(record.TraceAway)
	away.People, away.Away = nil, d.now
	waiting, none, refused, many := maja(record.TraceWaiting), maja(record.TraceNone), maja(record.TraceRefused), maja(record.TraceMany)
	waiting.People, none.People, refused.People, refused.Says, many.People, many.More = nil, nil, nil, "Our access is refused.", nil, true
	for _, c := range []struct {
		state record.TraceState
		want  string
	}{
		{waiting, "data-parts-wait"}, {away, "Not reachable since"}, {none, "knows nobody like that"}, {refused, "Our access is refused."},
		{many, "more people like that than it lists"}, {maja(record.TraceOne), "This is them"},
	} {
		i.state = c.state
		id, text := d.newCall()
		_ = id
		page := d.get("/call/" + text + "/trace?" + majaForm(text).Encode())
		page.is(t, http.StatusOK).wants(t, `id="index"`, c.want, "Trace")
		d.post("/call", with(majaForm(text), "do", "go")).is(t, http.StatusSeeOther)
	}
	i.state = maja(record.TraceOne)
	_, text := d.newCall()
	d.get("/call/"+text+"/trace?"+majaForm(text).Encode()).wants(t, "ZIELINSKA, Maja", "943 476 5919", "It is not sure", "75 %", "Maja Zielynska typed")
	for _, q := range i.asked {
		if q.Postcode != "" {
			t.Error("the index is asked with where the patient is now")
		}
	}
}

// Somebody takes the one who was found: the typed call is saved, the answer and
// the verified number stand on a record, and nothing stated is overwritten.
func TestTheOneFoundIsTakenByAPersonAlone(t *testing.T) {
	d, i := openIndex(t)
	i.state = maja(record.TraceOne)
	id, text := d.newCall()
	d.post("/call", with(majaForm(text), "do", "look")).is(t, http.StatusSeeOther)
	if p := d.caseOf(id).Patient.Or(urgent.PatientDescribed{}); !p.Record.Zero() || p.Identity.NHS.Present() {
		t.Fatal("a record was linked by itself")
	}
	d.post("/call/"+text+"/them", with(majaForm(text), "them", "9434765919")).is(t, http.StatusSeeOther)
	p := d.caseOf(id).Patient.Or(urgent.PatientDescribed{})
	if p.Record.Zero() || p.Identity.Name.Family != "Zielynska" || p.Identity.NHS.Text != "9434765919" || p.Identity.NHS.Status != codes.Verified {
		t.Fatalf("%+v", p)
	}
	who, err := d.app.People.Person(context.Background(), listHandler, p.Record)
	d.must(err)
	if tr, ok := who.Traced(); !ok || tr.Says.Index != "PDS" || who.Identity().Practice.ODS != "Y12345" {
		t.Errorf("%+v", who.Traces)
	}
	d.get("/case/"+id.String()).is(t, http.StatusOK).wants(t, "National index", "/record/"+p.Record.String())
	d.get("/call/"+text).is(t, http.StatusOK).wants(t, "Kept on the record")
	// The same person rings again: the record that is here is used, no second one made.
	d.found = []record.Match{{Person: p.Record, Called: "ZIELINSKA, Maja", NHS: codes.ReceiveNHSNumber("9434765919").Traced()}}
	again, text := d.newCall()
	d.post("/call/"+text+"/them", with(majaForm(text), "them", "9434765919")).is(t, http.StatusSeeOther)
	if got := d.caseOf(again).Patient.Or(urgent.PatientDescribed{}).Record; got != p.Record {
		t.Errorf("another record was made: %v", got)
	}
}

// An answer that is gone, or a number that several records have, loses nothing
// that was typed.
func TestTakingWhoIsNotThereLosesNothing(t *testing.T) {
	d, i := openIndex(t)
	id, text := d.newCall()
	i.state = maja(record.TraceNone)
	i.state.People = nil
	d.post("/call/"+text+"/them", with(majaForm(text), "them", "9434765919"))
	if c := d.caseOf(id); !c.Begun() || c.Reason.Or("") != "Rash since yesterday" || !c.Patient.Or(urgent.PatientDescribed{}).Record.Zero() {
		t.Errorf("%+v", c.Patient)
	}
	i.state = maja(record.TraceOne)
	both := codes.ReceiveNHSNumber("9434765919")
	d.found = []record.Match{{Person: fact.Subject{1}, NHS: both}, {Person: fact.Subject{2}, NHS: both}}
	d.post("/call/"+text+"/them", with(majaForm(text), "them", "9434765919"))
	if !d.caseOf(id).Patient.Or(urgent.PatientDescribed{}).Record.Zero() {
		t.Error("one of several was picked")
	}
}

// An objection: neither our own list nor the index is asked, and the record is
// opened only in an emergency, with the reason.
func TestAnObjectionIsObeyedAndOverridden(t *testing.T) {
	d := openCall(t)
	i := &index{state: maja(record.TraceOne)}
	d.app.Trace = i
	id, text := d.newCall()
	f := with(d.tansleyForm(text), "look", "no", "do", "look")
	d.post("/call", f).is(t, http.StatusSeeOther)
	page := d.get("/call/"+text).is(t, http.StatusOK)
	if strings.Contains(page.body, "Penicillin") || len(i.asked) != 0 {
		t.Fatal("an objection is passed over")
	}
	page.wants(t, "does not want their record looked at", "Open the record in this emergency")
	d.post("/call/"+text, with(f, "do", "override"))
	if d.caseOf(id).MayView() {
		t.Fatal("opened without a reason")
	}
	d.post("/call/"+text, with(f, "do", "override", "override_why", "Unconscious")).is(t, http.StatusSeeOther)
	if !d.caseOf(id).MayView() {
		t.Fatal("not opened")
	}
	d.get("/call/"+text).wants(t, "Penicillin")
	d.get("/case/"+id.String()).wants(t, "Record opened against an objection", "Unconscious")
}

// An interpreter is timed from the form in which they were asked for.
func TestTheInterpreterIsTimed(t *testing.T) {
	d, _ := openIndex(t)
	id, text := d.newCall()
	d.post("/call", with(majaForm(text), "do", "look", "language", "Polish", "interpreter", "yes")).is(t, http.StatusSeeOther)
	if c := d.caseOf(id); c.Sought == 0 || c.Came != 0 {
		t.Fatalf("%+v", c.Support)
	}
	d.get("/call/"+text).wants(t, "Interpreter due by", "Interpreter is here")
	d.later(16 * time.Minute)
	d.get("/case/"+id.String()).wants(t, "Interpreter late since")
	d.post("/case/"+id.String()+"/interpreter", url.Values{"step": {"none"}}).is(t, http.StatusUnprocessableEntity).wants(t, "Say what was done instead")
	d.post("/case/"+id.String()+"/interpreter", url.Values{"step": {"came"}}).is(t, http.StatusSeeOther)
	d.get("/case/"+id.String()).wants(t, "Interpreter since")
}

// What callers bring that nobody planned for: each goes on, nothing typed is lost.
func TestWhoRingsIsHelpedWhateverTheySay(t *testing.T) {
	d, _ := openIndex(t)
	for name, c := range map[string]struct {
		typed    []string
		unread   string // what is kept in a note when it is skipped
		ringBack string
		called   string
	}{
		"an impossible date":    {typed: []string{"born", "31 02 1988"}, unread: "31 02 1988"},
		"a birth to come":       {typed: []string{"born", "1 6 2031"}, unread: "1 6 2031"},
		"a number too short":    {typed: []string{"nhs", "943 476"}, unread: "943 476"},
		"a foreign number":      {typed: []string{"ring_back", "+48 22 555 0123"}, ringBack: "+48225550123"},
		"an anonymous caller":   {typed: []string{"number", "withheld", "first", "", "last", "", "born", ""}},
		"a prisoner":            {typed: []string{"place", "HMP Fellside, wing C", "caller", "professional", "caller_name", "Officer Marsh", "relation", "prison officer"}},
		"only an estimated age": {typed: []string{"first", "", "last", "", "born", "about 40"}, called: "UNKNOWN, woman about 40"},
	} {
		id, text := d.newCall()
		f := with(with(majaForm(text), c.typed...), "do", "go")
		d.post("/call", f)
		d.post("/call/"+text, with(f, "do", "skip")).is(t, http.StatusSeeOther)
		got := d.caseOf(id)
		if !got.Begun() || got.Reason.Or("") != "Rash since yesterday" {
			t.Errorf("%s: the call is lost", name)
		}
		kept := false
		for _, n := range got.Notes {
			kept = kept || strings.Contains(n.What.Words, c.unread)
		}
		if c.unread != "" && !kept {
			t.Errorf("%s: what was typed is lost: %+v", name, got.Notes)
		}
		if who := got.Patient.Or(urgent.PatientDescribed{}).Identity; c.called != "" && (who.Called() != c.called || who.AgeWords(d.now) != "about 40") {
			t.Errorf("%s: %+v", name, who)
		}
		if c.ringBack != "" && got.RingBack().Number != c.ringBack {
			t.Errorf("%s: %+v", name, got.RingBack())
		}
	}
}

// A mother rings about her child: the child's record is not looked for by her
// phone, and hers is not taken for the child's.
func TestACallerIsNotTakenForTheirChild(t *testing.T) {
	d, _ := openIndex(t)
	var asked []record.Query
	d.app.People = noting{d.desk, &asked}
	id, text := d.newCall()
	f := with(majaForm(text), "caller", "someone-else", "caller_name", "Maja Zielinska", "relation", "mother", "first", "Ola", "born", "7 7 2024", "ring_back", "07700 900518", "do", "look")
	d.post("/call", f).is(t, http.StatusSeeOther)
	d.get("/call/"+text).is(t, http.StatusOK)
	for _, q := range asked {
		if q.Phone.Present() || q.Given != "Ola" {
			t.Errorf("the mother is looked for: %+v", q)
		}
	}
	c := d.caseOf(id)
	if c.Caller.Or(urgent.CallerDescribed{}).Name != "Maja Zielinska" || c.Patient.Or(urgent.PatientDescribed{}).Identity.Name.Given != "Ola" || len(asked) == 0 {
		t.Errorf("%+v %+v", c.Caller, c.Patient)
	}
}

type noting struct {
	*desk
	asked *[]record.Query
}

func (a noting) Find(_ context.Context, _ access.Caller, q record.Query) ([]record.Match, error) {
	*a.asked = append(*a.asked, q)
	return nil, nil
}

// Two callers ring about one patient at once: both calls go on, and each of them
// shows the other once both are on the record.
func TestTwoCallersAboutOnePatient(t *testing.T) {
	d, _ := openIndex(t)
	rec := d.person(record.Name{Given: "Maja", Family: "Zielinska"})
	var ids []fact.Subject
	for range 2 {
		id, text := d.newCall()
		d.post("/call", with(majaForm(text), "record", rec.String(), "do", "go")).is(t, http.StatusSeeOther)
		ids = append(ids, id)
	}
	for _, id := range ids {
		d.get("/call/"+id.String()).is(t, http.StatusOK).wants(t, "Second call")
		if c := d.caseOf(id); c.Closed() || c.Patient.Or(urgent.PatientDescribed{}).Record != rec {
			t.Errorf("%+v", c.Patient)
		}
	}
}

// Dead on record, protected, perhaps two people: each is marked before one
// speaks, on the call and on the case, and the call goes on.
func TestDeadProtectedAndTwinsAreMarked(t *testing.T) {
	d, _ := openIndex(t)
	rec, other := d.person(record.Name{Given: "Maja", Family: "Zielinska"}), d.person(record.Name{Given: "Ola", Family: "Zielinska"}, record.AlertAdded{Kind: record.Allergy, Substance: "Latex"})
	b := books{d.desk}
	ctx := context.Background()
	d.must(b.Do(ctx, listHandler, rec, nil, func(p record.Person, now time.Time) ([]fact.Draft, error) {
		return record.Amend(p, listHandler, record.Amendment{
			Identity: record.Identity{Restricted: true, Needs: "bsl", Welsh: record.Yes, Death: record.Death{Dead: record.Yes}, Address: codes.Place{Text: "Refuge", Postcode: "QX9 1AB"}},
			Fields:   []record.Field{record.FieldRestricted, record.FieldNeeds, record.FieldWelsh, record.FieldDeath, record.FieldAddress},
		}, now)
	}))
	d.must(b.Do(ctx, listHandler, rec, nil, func(record.Person, time.Time) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(rec, record.IdentitiesLinked{Other: other, Maybe: true, Why: "voice"}), fact.Say(other, record.IdentitiesLinked{Other: rec, Maybe: true, Why: "voice"})}, nil
	}))
	d.app.People = together{d.desk}
	id, text := d.newCall()
	d.post("/call", with(majaForm(text), "record", rec.String(), "do", "go")).is(t, http.StatusSeeOther)
	want := []string{"Protected", "On record as dead", "May be two people", "Latex", "Uses British Sign Language", "Cymraeg"}
	for _, path := range []string{"/call/" + text, "/case/" + id.String()} {
		page := d.get(path).is(t, http.StatusOK)
		page.wants(t, want...)
		if strings.Contains(page.body, "Refuge") || strings.Contains(page.body, "QX9") {
			t.Errorf("%s: shows where a protected person can be found", path)
		}
	}
}

// together reads a record with those that are linked to it.
type together struct{ *desk }

func (d together) Person(ctx context.Context, by access.Caller, id fact.Subject) (record.Person, error) {
	p, err := d.desk.Person(ctx, by, id)
	if err != nil {
		return p, err
	}
	linked, missed := record.Gather(p, func(s fact.Subject) (record.Person, error) { return d.desk.Person(ctx, by, s) })
	return record.Together(p, linked, missed...), nil
}

// Somebody unknown gets a record of what can be seen, which is linked when it is
// known who they are.
func TestAnUnknownPatientHasARecordThatCanBeLinked(t *testing.T) {
	d, _ := openIndex(t)
	id, text := d.newCall()
	f := with(majaForm(text), "first", "", "last", "", "born", "about 40", "sex", "male", "caller", "professional", "do", "look")
	d.post("/call", f).is(t, http.StatusSeeOther)
	d.get("/call/"+text).is(t, http.StatusOK).wants(t, "Begin a record for them", "about 40")
	d.post("/call/"+text, with(f, "do", "temporary")).is(t, http.StatusSeeOther)
	p := d.caseOf(id).Patient.Or(urgent.PatientDescribed{})
	if p.Record.Zero() {
		t.Fatal("no record was begun")
	}
	who, err := d.app.People.Person(context.Background(), listHandler, p.Record)
	d.must(err)
	if who.Called() != "UNKNOWN, man about 40" || who.Identity().AgeWords(d.now) != "about 40" {
		t.Errorf("%+v", who.Identity())
	}
	d.get("/case/"+id.String()).wants(t, "/record/"+p.Record.String())
	d.post("/call/"+text, with(f, "do", "temporary", "record", p.Record.String())).is(t, http.StatusSeeOther)
	if again := d.caseOf(id).Patient.Or(urgent.PatientDescribed{}); again.Record != p.Record {
		t.Error("a second record was begun")
	}
}
