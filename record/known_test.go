package record

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/task"
)

func shipped(t testing.TB) (*Plans, *Children) {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	plans, err := LoadPlans(set)
	if err != nil {
		t.Fatal(err)
	}
	children, err := LoadChildren(set)
	if err != nil {
		t.Fatal(err)
	}
	return plans, children
}

func palliative() PlanRequest {
	return PlanRequest{
		Plan: "palliative", Text: "At home, comfort first", Author: "Dr P. Whitlock", As: "GP", From: "Millrace Practice",
		Parts: []PlanPart{{Heading: "Medicines in the home", Text: "Just-in-case box in the hall"}}, Source: FromStaff,
	}
}

func (w *world) writes(device string, by access.Caller, req PlanRequest) fact.ID {
	w.t.Helper()
	plans, _ := shipped(w.t)
	d, err := WritePlan(w.on(device), by, plans, req, now)
	ids := w.say(device, by, d, err)
	if len(ids) == 0 {
		w.t.Fatal("nothing was written")
	}
	return ids[0]
}

// A plan stands among the alerts with its author and its day of review; when
// that day has passed it stands all the same and says so.
func TestAPlanStandsPastItsReview(t *testing.T) {
	w := registered(t, wilfred())
	w.writes("a", doctor, palliative())
	p := w.all()
	if len(p.Plans()) != 1 {
		t.Fatalf("%+v", p.Alerts)
	}
	a := p.Plans()[0]
	if a.Label() != "End of life plan" || !strings.Contains(a.Sentence(), "Dr P. Whitlock") || a.NextReview() != (codes.Date{Year: 2027, Month: 2, Day: 21}) {
		t.Errorf("%q %q %v", a.Label(), a.Sentence(), a.NextReview())
	}
	later := now.AddDate(0, 4, 0)
	if !a.ReviewDue(later) || a.ReviewDue(now) || len(p.Plans()) != 1 {
		t.Errorf("due: %v, now: %v", a.ReviewDue(later), a.ReviewDue(now))
	}
	// reviewed, it is due later; of two reviews apart the earlier day counts
	plans, _ := shipped(t)
	w.sync("a", "b")
	for device, next := range map[string]codes.Date{"a": {Year: 2027, Month: 9, Day: 1}, "b": {Year: 2027, Month: 6, Day: 1}} {
		d, err := ReviewPlan(w.on(device), doctor, plans, PlanReviewed{Plan: a.Fact, Next: next}, now)
		w.say(device, doctor, d, err)
	}
	if got := w.sync("a", "b").Plans()[0].NextReview(); got != (codes.Date{Year: 2027, Month: 6, Day: 1}) {
		t.Errorf("of two reviews apart %v counts", got)
	}
	d, err := ReviewPlan(w.on("a"), doctor, plans, PlanReviewed{Plan: a.Fact, Next: codes.Date{Year: 2026, Month: 1, Day: 1}}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = EndAlert(w.on("a"), doctor, AlertEnded{Alert: a.Fact, Why: "Now in the hospice"}, now)
	w.say("a", doctor, d, err)
	if p := w.all(); len(p.Plans()) != 0 || p.Alerts[0].Why != "Now in the hospice" {
		t.Errorf("%+v", p.Alerts)
	}
}

func TestWhoWritesWhichPlan(t *testing.T) {
	w := registered(t, wilfred())
	plans, _ := shipped(t)
	p := w.on("a")
	for name, c := range map[string]struct {
		by   access.Caller
		req  PlanRequest
		kind refusal.Kind
	}{
		"a call handler writes no end of life plan": {ruth, palliative(), refusal.Forbidden},
		"nor who only keeps the machines":           {admin, palliative(), refusal.Forbidden},
		"no author":                                 {doctor, PlanRequest{Plan: "care-plan", Text: "x"}, refusal.Invalid},
		"nothing said":                              {doctor, PlanRequest{Plan: "care-plan", Author: "Dr P"}, refusal.Invalid},
		"no such kind":                              {doctor, PlanRequest{Plan: "horoscope", Author: "Dr P", Text: "x"}, refusal.Invalid},
		"a decision without its date":               {doctor, PlanRequest{Plan: "dnacpr", Author: "Dr P"}, refusal.Invalid},
		"a key safe's code":                         {ruth, PlanRequest{Plan: "key-safe", Author: "Moira Tansley", Text: "By the door, 4711"}, refusal.Invalid},
		"a code among the parts":                    {ruth, PlanRequest{Plan: "key-safe", Author: "Moira", Text: "By the door", Parts: []PlanPart{{Text: "C4711X"}}}, refusal.Invalid},
		"what it replaces is not there":             {doctor, PlanRequest{Plan: "care-plan", Author: "Dr P", Text: "x", Replaces: fact.ID{5}}, refusal.Missing},
	} {
		d, err := WritePlan(p, c.by, plans, c.req, now)
		if !refusal.Is(err, c.kind) || len(d) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := WritePlan(p, ruth, plans, PlanRequest{Plan: "note", Author: "Millrace Practice", Text: "Speak to the daughter first", Source: FromMessage}, now)
	w.say("a", ruth, d, err)
	nothing2, err := WritePlan(w.on("a"), ruth, plans, PlanRequest{Plan: "note", Author: "Millrace Practice", Text: "Speak to the daughter first", Source: FromMessage}, now)
	nothing(t, nothing2, err)
	d, err = WritePlan(p, device, plans, PlanRequest{Plan: "respect", Author: "Dr L. Okonjo", From: "Coldwater Hospice", Source: FromMessage, Review: codes.Date{Year: 2025, Month: 1, Day: 1}}, now)
	w.say("a", device, d, err)
	if p := w.all(); !p.Plans()[0].ReviewDue(now) || !p.Plans()[0].Interrupts() {
		t.Errorf("a form past its review is shown, and may interrupt: %+v", p.Plans())
	}
}

// Two ReSPECT forms written apart: neither is a decision, both are shown, and
// settling keeps the chosen one whole.
func TestDecisionsWrittenApartAsPlans(t *testing.T) {
	w := registered(t, wilfred())
	form := func(d Decision, by string) PlanRequest {
		return PlanRequest{Plan: "respect", Decision: d, Author: by, Signed: codes.Date{Year: 2026, Month: 9, Day: 14}, Parts: []PlanPart{{Heading: "Aim of care", Text: "Comfort, says " + by}}}
	}
	w.writes("a", doctor, form(DoNotAttempt, "Dr P"))
	w.writes("b", doctor, form(Attempt, "Dr L"))
	p := w.sync("a", "b")
	if d, disputed := p.Resuscitation(); d != NoDecision || !disputed || len(p.Plans()) != 2 {
		t.Fatalf("%v %v %d", d, disputed, len(p.Plans()))
	}
	all := w.disagrees(t)
	if len(all) != 1 || len(all[0].Values) != 2 {
		t.Fatalf("%+v", all)
	}
	drafts, err := w.settles("a", doctor, fact.Settling{Matter: all[0].Matter, Choice: all[0].Values[0].Choice, Why: "Seen the form"})
	w.say("a", doctor, drafts, err)
	p = w.all()
	if _, disputed := p.Resuscitation(); disputed || len(p.Plans()) != 1 || len(p.Plans()[0].Plan.Parts) != 1 {
		t.Errorf("%+v", p.Standing())
	}
}

// A plan that takes the place of another ends it when its writer had seen it;
// replaced apart, both new ones stand.
func TestAReplacedPlan(t *testing.T) {
	w := registered(t, wilfred())
	first := w.writes("a", doctor, palliative())
	w.sync("a", "b")
	for device, text := range map[string]string{"a": "Hospice bed asked for", "b": "Stays at home with nights covered"} {
		req := palliative()
		req.Text, req.Replaces = text, first
		w.writes(device, doctor, req)
	}
	p := w.sync("a", "b")
	if len(p.Plans()) != 2 || slices.ContainsFunc(p.Plans(), func(a Alert) bool { return a.Fact == first }) {
		t.Errorf("%+v", p.Plans())
	}
}

// None known, not asked and not shown are three things.
func TestNotShownIsNeverNone(t *testing.T) {
	p := Person{Registered: true}
	if got := p.Shown(Medicine); got != "not asked" {
		t.Errorf("%q", got)
	}
	p.Answers = []Answered{{Kind: Allergy, Answer: NoneKnown}}
	if got := p.Shown(Allergy); got != "none known" {
		t.Errorf("%q", got)
	}
	p.NotShown = []fact.ID{{1}}
	for _, k := range []AlertKind{Allergy, Medicine, Condition} {
		if got := p.Shown(k); !strings.Contains(got, "unknown, not none") {
			t.Errorf("%v reads %q while an entry is not shown", k, got)
		}
	}
}

func TestMedicinesAreListedAndFlagNothing(t *testing.T) {
	w := registered(t, wilfred())
	d, err := AddAlert(w.on("a"), ruth, AlertAdded{Kind: Medicine, Substance: "Metformin", Text: "500 mg twice a day"}, now)
	w.say("a", ruth, d, err)
	p := w.all()
	if len(p.StandingOf(Medicine)) != 1 || len(p.Standing()) != 0 || p.StatusOf(Medicine) != StatusListed {
		t.Errorf("%+v", p.Standing())
	}
	d, err = AnswerAlert(p, ruth, AlertAnswered{Kind: Medicine, Answer: NoneKnown}, now)
	refused(t, refusal.Taken, d, err)
}

func TestAHouseholdIsLinkedOnBothRecordsAndUnlinked(t *testing.T) {
	p, q := Person{Subject: fact.Subject{1}, Registered: true}, Person{Subject: fact.Subject{2}, Registered: true}
	d, err := LinkHousehold(p, q, ruth, "daughter", FromCaller, now)
	if err != nil || len(d) != 2 || d[0].Subject == d[1].Subject {
		t.Fatalf("%+v %v", d, err)
	}
	d, err = LinkHousehold(p, p, ruth, "", FromCaller, now)
	refused(t, refusal.Invalid, d, err)
	w := registered(t, wilfred())
	other := Person{Subject: fact.Subject{2}, Registered: true}
	for _, device := range []string{"a", "b"} {
		d, err := LinkHousehold(w.on(device), other, ruth, map[string]string{"a": "wife", "b": "carer"}[device], FromCaller, now)
		w.say(device, ruth, d[:1], err)
	}
	if h := w.sync("a", "b").Household; len(h) != 1 || h[0].Relation != "carer or wife" {
		t.Errorf("%+v", h)
	}
	d, err = UnlinkHousehold(w.on("a"), other, ruth, "", now)
	refused(t, refusal.Invalid, d, err)
	d, err = UnlinkHousehold(w.on("a"), other, ruth, "Moved out", now)
	w.say("a", ruth, d, err)
	if h := w.all().Household; len(h) != 0 {
		t.Errorf("%+v", h)
	}
}

func maja() Identity {
	return Identity{Name: Name{Given: "Maja", Family: "Lindqvist"}, Born: codes.Date{Year: 2021, Month: 5, Day: 4}}
}

func TestWhoIsAChild(t *testing.T) {
	_, c := shipped(t)
	for _, one := range []struct {
		id   Identity
		want Answer
	}{
		{maja(), Yes},
		{wilfred(), No},
		{Identity{}, Unsure},
		{Identity{Born: codes.Date{Year: 2008, Month: 11, Day: 22}}, Yes}, // 18 tomorrow
		{Identity{Born: codes.Date{Year: 2008, Month: 11, Day: 21}}, No},
		{Identity{Born: codes.Date{Year: 2008}}, Unsure},
		{Identity{Age: AboutAge{Years: 17}}, Unsure},
		{Identity{Age: AboutAge{Years: 6}}, Yes},
	} {
		if got := c.IsChild(one.id, now); got != one.want {
			t.Errorf("%+v: %v, want %v", one.id, got, one.want)
		}
	}
}

func TestConsentOfAChild(t *testing.T) {
	w := registered(t, maja())
	_, c := shipped(t)
	about := fact.Subject{5}
	for _, bad := range []ConsentStated{
		{Case: about, Consents: "self"}, {Case: about, Consents: "self", Competent: Yes}, {Case: about, Consents: "responsible"},
		{Case: about, Consents: "the dog"}, {Consents: "nobody"},
	} {
		d, err := StateConsent(w.on("a"), ruth, c, bad, now)
		refused(t, refusal.Invalid, d, err)
	}
	d, err := StateConsent(w.on("a"), ruth, c, ConsentStated{Case: about, Consents: "responsible", Who: "Anna Lindqvist, mother", Competent: No, JudgedBy: "Ruth Ashdown"}, now)
	w.say("a", ruth, d, err)
	d, err = StateConsent(w.on("b"), ruth, c, ConsentStated{Case: about, Consents: "nobody"}, now)
	w.say("b", ruth, d, err)
	if all := w.sync("a", "b").ConsentFor(about); len(all) != 2 {
		t.Errorf("written apart, both are shown: %+v", all)
	}
}

func TestNotBroughtHasItsNextSteps(t *testing.T) {
	w := registered(t, maja())
	_, c := shipped(t)
	n := byte(0)
	fresh := func() (fact.Subject, error) { n++; return fact.Subject{0xee, n}, nil }
	req := NotBrought{Case: fact.Subject{5}, What: "Aldermoor base, 20:15"}
	d, err := WasNotBrought(w.on("a"), ruth, c, req, fresh, now)
	if err != nil || len(d) != 1+len(c.Brought) {
		t.Fatalf("%d drafts, %v", len(d), err)
	}
	for _, one := range d[1:] {
		r := one.Content.(task.Raised)
		if strings.Contains(r.Reason, "Lindqvist") || r.Due == 0 || r.About != req.Case {
			t.Errorf("%+v", r)
		}
	}
	w.say("a", ruth, d[:1], nil)
	again, err := WasNotBrought(w.on("a"), ruth, c, req, fresh, now)
	nothing(t, again, err)
	req.What = "Aldermoor base, next day"
	d, err = WasNotBrought(w.on("a"), ruth, c, req, fresh, now)
	if err != nil || d[0].Content.(NotBrought).Times != 2 {
		t.Errorf("the second time is said to be the second: %+v %v", d, err)
	}
	d, err = WasNotBrought(w.on("a"), admin, c, req, fresh, now)
	refused(t, refusal.Forbidden, d, err)
}

func TestSafeguardingIsReferredAtOnceWhenInDanger(t *testing.T) {
	w := registered(t, maja())
	_, c := shipped(t)
	fresh := func() (fact.Subject, error) { return fact.Subject{0xee}, nil }
	req := SafeguardingReferred{Case: fact.Subject{5}, About: "child", To: "child social-care", Worry: "Bruises, says she fell", Now: Unsure, Knows: "Mother told, unhappy"}
	d, err := ReferSafeguarding(w.on("a"), ruth, c, req, fresh, now)
	if err != nil || len(d) != 2 {
		t.Fatal(err)
	}
	if r := d[1].Content.(task.Raised); !r.Urgent || r.Due != fact.At(now) || strings.Contains(r.Reason, "Bruises") {
		t.Errorf("not sure whether in danger now is rung at once, and the task names nobody: %+v", r)
	}
	req.Now = No
	if d, _ = ReferSafeguarding(w.on("a"), ruth, c, req, fresh, now); d[1].Content.(task.Raised).Due != fact.At(now.Add(time.Hour)) {
		t.Errorf("%+v", d[1])
	}
	for _, bad := range []SafeguardingReferred{
		{Case: req.Case, About: "child", To: "adult team", Worry: "x", Now: Yes, Knows: "x"}, {Case: req.Case, About: "child", To: "child team", Now: Yes, Knows: "x"},
		{Case: req.Case, About: "child", To: "child team", Worry: "x", Knows: "x"}, {Case: req.Case, About: "child", To: "child team", Worry: "x", Now: Yes},
	} {
		d, err := ReferSafeguarding(w.on("a"), ruth, c, bad, fresh, now)
		refused(t, refusal.Invalid, d, err)
	}
}

// What a patient may read holds nothing of danger, safeguarding, abuse or who
// said what about a child.
func TestForPatientWithholds(t *testing.T) {
	w := registered(t, maja())
	secret := []string{"Violence by the partner", "Known to social care", "Shouts at staff", "Bruises", "No contact with the father"}
	w.writes("a", doctor, PlanRequest{Plan: "violence", Text: secret[0], Author: "Dr P"})
	for i, k := range []AlertKind{Safeguarding, AbuseMarker} {
		d, err := AddAlert(w.on("a"), doctor, AlertAdded{Kind: k, Text: secret[i+1]}, now)
		w.say("a", doctor, d, err)
	}
	w.allergy("a")
	_, c := shipped(t)
	d, err := ReferSafeguarding(w.on("a"), ruth, c, SafeguardingReferred{Case: fact.Subject{5}, About: "child", To: "child team", Worry: secret[3], Now: No, Knows: "no"}, func() (fact.Subject, error) { return fact.Subject{0xee}, nil }, now)
	w.say("a", ruth, d[:1], err)
	d, err = StateResponsibility(w.on("a"), ruth, ResponsibilityStated{Name: "Jan Lindqvist", Has: No, StatedBy: "mother", Limits: secret[4]}, now)
	w.say("a", ruth, d, err)
	p := w.all()
	raw, err := fact.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	told, err := fact.Encode(p.ForPatient())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secret {
		if !strings.Contains(string(raw), s) {
			t.Fatalf("the test is blind: %q is not on the record", s)
		}
		if strings.Contains(string(told), s) {
			t.Errorf("the patient may read %q", s)
		}
	}
	if len(p.ForPatient().StandingOf(Allergy)) != 1 || len(p.StandingOf(SceneDanger)) != 1 {
		t.Error("an allergy is withheld, or the record itself was changed")
	}
}

func TestKnownWrittenApart(t *testing.T) {
	form := func(d Decision, by string) PlanWritten {
		return PlanWritten{Plan: "respect", Name: "ReSPECT form", Alert: decided(d, by)}
	}
	plan := func(text string) PlanWritten {
		return PlanWritten{Plan: "care-plan", Name: "Care plan", Alert: AlertAdded{Kind: CarePlan, Text: text, Author: "Dr P"}}
	}
	ofPlan := func(make func(id fact.ID, n int) fact.Content) facttest.Move {
		return func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
			f, ok := facttest.Pick[PlanWritten](r, known)
			if !ok {
				return fact.Author{}, nil
			}
			return ruth.Author(), []fact.Draft{fact.Say(about, make(f.ID, r.IntN(3)))}
		}
	}
	moves := append(recordMoves(),
		oneOf(form(DoNotAttempt, "Dr P"), form(SeeForm, "Dr L"), plan("one"), plan("two")),
		oneOf(plan("one"), plan("three")),
		ofPlan(func(id fact.ID, n int) fact.Content {
			return PlanReviewed{Plan: id, Next: codes.Date{Year: 2027, Month: 1 + n, Day: 1}}
		}),
		ofPlan(func(id fact.ID, n int) fact.Content { w := plan("four"); w.Replaces = id; return w }),
		ofPlan(func(id fact.ID, n int) fact.Content { return AlertEnded{Alert: id, Why: "over"} }),
		oneOf(HouseholdLinked{With: fact.Subject{7}, Relation: "wife"}, HouseholdLinked{With: fact.Subject{7}}, HouseholdUnlinked{With: fact.Subject{7}, Why: "moved"}),
		oneOf(ConsentStated{Case: fact.Subject{5}, Consents: "self"}, ConsentStated{Case: fact.Subject{5}, Consents: "nobody"}, NotBrought{What: "base", Times: 1}),
		oneOf(ResponsibilityStated{Name: "Anna", Has: Yes, StatedBy: "Anna"}, SafeguardingReferred{About: "child", To: "child team", Worry: "w"}),
		func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
			f, ok := facttest.Pick[ResponsibilityStated](r, known)
			if !ok {
				return fact.Author{}, nil
			}
			return ruth.Author(), []fact.Draft{fact.Say(about, ResponsibilityEnded{Stated: f.ID, Why: "court"})}
		},
	)
	facttest.CheckJoins(t, facttest.Subject[Person]{
		Moves: moves, Fold: func(h fact.History) Person { return Fold(about, h) },
		Sum: func(p Person, h fact.History) []string {
			out := told(p, h)
			for _, a := range p.Plans() {
				out = append(out, "plan "+a.Plan.Key+a.NextReview().String())
			}
			for _, m := range p.Household {
				out = append(out, "with "+m.Relation)
			}
			for _, c := range p.Consents {
				out = append(out, "consents "+c.Says.Consents)
			}
			return append(out, p.ChildWords()...)
		},
		Always: func(t testing.TB, p Person, h fact.History) { noDecisionInDispute(t, p, h) },
	})
}

// A review that nobody has verified hides no day of review, and a link that
// such an entry ends is still shown.
func TestWhatIsHeldEndsNothingKnown(t *testing.T) {
	w := registered(t, wilfred())
	id := w.writes("a", doctor, palliative())
	d, err := LinkHousehold(w.on("a"), Person{Subject: fact.Subject{2}, Registered: true}, ruth, "wife", FromCaller, now)
	w.say("a", ruth, d[:1], err)
	before := len(w.facts)
	plans, _ := shipped(t)
	d, err = ReviewPlan(w.on("a"), doctor, plans, PlanReviewed{Plan: id, Next: codes.Date{Year: 2030, Month: 1, Day: 1}}, now)
	w.say("a", doctor, d, err)
	d, err = UnlinkHousehold(w.on("a"), Person{Subject: fact.Subject{2}}, ruth, "gone", now)
	w.say("a", ruth, d, err)
	facts := slices.Clone(w.facts)
	for i := before; i < len(facts); i++ {
		facts[i].Held = true
	}
	p := Fold(about, fact.NewHistory(facts))
	if got := p.Plans()[0].NextReview(); got.Year == 2030 || len(p.Household) != 1 {
		t.Errorf("review %v, household %+v", got, p.Household)
	}
}
