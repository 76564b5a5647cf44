package record

import (
	"slices"
	"strings"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// fromIndex is Wilfred as the national index has him: married name, moved,
// number verified.
func fromIndex() TraceAnswered {
	id := Identity{
		Name: Name{Given: "WILFRED", Family: "TANSLEY-HOPE"}, Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Sex: codes.Male,
		NHS: codes.ReceiveNHSNumber("9994120735").Traced(), Address: codes.Place{Text: "3 Weir Cottages", Postcode: "QX4 7TD"},
		Practice: Practice{ODS: "Y12345"},
	}
	return TraceAnswered{Index: "PDS", By: "NHS number", At: fact.At(now), Identity: id, Score: 100}
}

func judged(t *testing.T, w *world, req Judging) Person {
	t.Helper()
	d, err := JudgeTrace(w.on("a"), ruth, req, now)
	w.say("a", ruth, d, err)
	return w.all()
}

// What the index says stands beside what was stated: nothing is overwritten
// unless a person names it.
func TestAnIndexOverwritesNothing(t *testing.T) {
	w := registered(t, wilfred())
	p := judged(t, w, Judging{Answer: fromIndex(), Them: Yes})
	id := p.Identity()
	if id.Name.Family != "Tansley" || !id.Address.IsZero() || id.NHS.Status != codes.Verified {
		t.Errorf("%+v", id)
	}
	tr, ok := p.Traced()
	if !ok || tr.Says.Identity.Name.Family != "TANSLEY-HOPE" || tr.Says.At != fact.At(now) {
		t.Fatalf("%+v", tr)
	}
	var fields []string
	for _, d := range Differences(id, tr.Says.Identity) {
		fields = append(fields, d.Field.String()+": "+d.Here+" / "+d.There)
	}
	if got := strings.Join(fields, "; "); got != "name: Wilfred Tansley / WILFRED TANSLEY-HOPE; address:  / 3 Weir Cottages QX4 7TD; GP practice:  / Y12345" {
		t.Errorf("%s", got)
	}
	p = judged(t, w, Judging{Answer: fromIndex(), Them: Yes, Take: []Field{FieldName, FieldPractice}})
	if id := p.Identity(); id.Name.Family != "TANSLEY-HOPE" || id.Practice.ODS != "Y12345" || !id.Address.IsZero() {
		t.Errorf("%+v", id)
	}
	if len(p.Former) != 1 || p.Former[0].Family != "Tansley" {
		t.Errorf("the name before is lost: %+v", p.Former)
	}
}

// A number that is not the one stated is not taken over unless somebody names it.
func TestAnotherNumberIsNotTakenOverSilently(t *testing.T) {
	id := wilfred()
	id.NHS = codes.ReceiveNHSNumber("9434765919")
	w := registered(t, id)
	if p := judged(t, w, Judging{Answer: fromIndex(), Them: Yes}); p.Identity().NHS.Text != "9434765919" || p.Identity().NHS.Status == codes.Verified {
		t.Errorf("%+v", p.Identity().NHS)
	}
}

func TestSomebodyElseChangesNothing(t *testing.T) {
	w := registered(t, wilfred())
	answer := fromIndex()
	answer.Identity.Death = Death{Dead: Yes}
	p := judged(t, w, Judging{Answer: answer, Them: No})
	if _, ok := p.Traced(); ok || len(p.Traces) != 1 || p.Identity().NHS.Status == codes.Verified || p.Identity().Death.Dead == Yes {
		t.Errorf("%+v", p.Traces)
	}
	d, err := JudgeTrace(w.on("a"), ruth, Judging{Answer: answer}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = JudgeTrace(w.on("a"), admin, Judging{Answer: answer, Them: Yes}, now)
	refused(t, refusal.Forbidden, d, err)
}

// Restricted and dead are marked at once; whereabouts that the index withholds
// are kept nowhere.
func TestRestrictedAndDeadAreMarkedAtOnce(t *testing.T) {
	w := registered(t, wilfred())
	answer := fromIndex()
	answer.Identity.Restricted, answer.Identity.Death = true, Death{Dead: Yes, On: codes.Date{Year: 2026, Month: 1, Day: 9}}
	p := judged(t, w, Judging{Answer: answer, Them: Yes})
	if id := p.Identity(); !id.Restricted || id.Death.String() != "died 9 Jan 2026" || len(id.Shown().Lines) != 0 {
		t.Errorf("%+v", id)
	}
	if tr, _ := p.Traced(); !tr.Says.Identity.Address.IsZero() || tr.Says.Identity.Practice != (Practice{}) {
		t.Errorf("whereabouts are kept: %+v", tr.Says.Identity)
	}
}

func TestAnAnswerBeginsARecord(t *testing.T) {
	w := newWorld(t)
	p := judged(t, w, Judging{Answer: fromIndex(), Them: Yes})
	if !p.Registered || p.Identity().NHS.Status != codes.Verified || len(p.Traces) != 1 {
		t.Errorf("%+v", p)
	}
}

func TestAJudgementCanBeTakenBack(t *testing.T) {
	w := registered(t, wilfred())
	p := judged(t, w, Judging{Answer: fromIndex(), Them: Yes})
	id := p.Traces[0].Fact
	for kind, req := range map[refusal.Kind]TraceJudged{
		refusal.Missing: {Them: No, Why: "x"}, refusal.Invalid: {Trace: id, Them: No},
	} {
		d, err := RejudgeTrace(p, ruth, req)
		refused(t, kind, d, err)
	}
	d, err := RejudgeTrace(p, ruth, TraceJudged{Trace: id, Them: Yes, Why: "x"})
	nothing(t, d, err)
	w.sync("a", "b")
	d, err = RejudgeTrace(p, ruth, TraceJudged{Trace: id, Them: No, Why: "His brother"})
	w.say("a", ruth, d, err)
	if _, ok := w.all().Traced(); ok {
		t.Error("taken back, and it counts")
	}
	d, err = RejudgeTrace(w.on("b"), owen, TraceJudged{Trace: id, Them: Unsure, Why: "Bad line"})
	w.say("b", owen, d, err)
	if tr := w.all().Traces[0]; tr.Them != Unsure {
		t.Errorf("no here and unsure there is %v", tr.Them)
	}
}

// Needs that two people wrote apart are all shown; whoever anybody says is dead
// is marked, and the date is left open when they differ.
func TestNeedsAndDeathWrittenApart(t *testing.T) {
	w := registered(t, wilfred())
	for device, id := range map[string]Identity{
		"a": {Needs: "bsl large-print", Death: Death{Dead: Yes, On: codes.Date{Year: 2026, Month: 1}}},
		"b": {Needs: "relay-uk", Death: Death{Dead: Yes, On: codes.Date{Year: 2025}}},
	} {
		d, err := Amend(w.on(device), ruth, Amendment{Identity: id, Fields: []Field{FieldNeeds, FieldDeath}, Source: FromCaller}, now)
		w.say(device, ruth, d, err)
	}
	id := w.sync("a", "b").Identity()
	if id.Needs != "bsl large-print relay-uk" || id.Death != (Death{Dead: Yes}) {
		t.Errorf("%+v", id)
	}
	d, err := Amend(w.on("a"), ruth, Amendment{Fields: []Field{FieldDeath}}, now)
	refused(t, refusal.Invalid, d, err)
}

// A link that only held entries make sure of is a "may be"; one that only a
// held entry ends stands.
func TestACutLeavesLinksAsMayBe(t *testing.T) {
	for kind, want := range map[uint32]LinkState{103: MayBeSame, 104: MayBeSame} {
		w := registered(t, wilfred())
		w.say("a", ruth, []fact.Draft{fact.Say(about, IdentitiesLinked{Other: fact.Subject{2}, Why: "voice"})}, nil)
		if kind == 104 {
			w.say("a", ruth, []fact.Draft{fact.Say(about, IdentitiesUnlinked{Other: fact.Subject{2}, Why: "two"})}, nil)
		}
		w.holdBack(kind)
		p := w.all()
		if len(p.Links) != 1 || p.Links[0].State != want && kind == 103 || kind == 104 && !slices.Contains([]LinkState{Same, MayBeSame}, p.Links[0].State) {
			t.Errorf("kind %d held: %+v", kind, p.Links)
		}
	}
}

// Where a protected person can be found stands in no difference and in no
// disagreement, also not what was known before they were protected.
func TestProtectedWhereaboutsStandInNoDifference(t *testing.T) {
	w := registered(t, wilfred())
	judged(t, w, Judging{Answer: fromIndex(), Them: Yes}) // before
	w.sync("a", "b")
	for device, place := range map[string]string{"a": "Refuge", "b": "Sister's house"} {
		d, err := Amend(w.on(device), ruth, Amendment{
			Identity: Identity{Address: codes.Place{Text: place}, Restricted: true}, Fields: []Field{FieldAddress, FieldRestricted}, Source: FromCaller,
		}, now)
		w.say(device, ruth, d, err)
	}
	p := w.sync("a", "b")
	tr, _ := p.Traced()
	said := ""
	for _, d := range Differences(p.Identity().Shown(), tr.Says.Identity) {
		said += d.Here + d.There
	}
	for _, d := range p.Disputes() {
		said += strings.Join(d.Values, " ")
	}
	for _, d := range p.Disagreements(fact.NewHistory(w.facts)) {
		for _, v := range d.Values {
			said += v.Text
		}
	}
	said += strings.Join(p.Notes(), " ")
	for _, secret := range []string{"Weir", "Refuge", "Sister", "Y12345"} {
		if strings.Contains(said, secret) {
			t.Errorf("%s is said: %s", secret, said)
		}
	}
	if len(p.Disputes()) != 1 {
		t.Errorf("that they differ is not said: %+v", p.Disputes())
	}
}
