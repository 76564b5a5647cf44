package record

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

func say(c fact.Content) facttest.Move {
	return func(*rand.Rand, []fact.Fact) (fact.Author, []fact.Draft) {
		return doctor.Author(), []fact.Draft{fact.Say(about, c)}
	}
}

// oneOf says one of several things.
func oneOf(all ...fact.Content) facttest.Move {
	return func(r *rand.Rand, _ []fact.Fact) (fact.Author, []fact.Draft) {
		return doctor.Author(), []fact.Draft{fact.Say(about, all[r.IntN(len(all))])}
	}
}

// ofAlert says something about an alert that the device knows.
func ofAlert(make func(id fact.ID, n int) fact.Content) facttest.Move {
	return func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
		f, ok := facttest.Pick[AlertAdded](r, known)
		if !ok {
			return fact.Author{}, nil
		}
		return ruth.Author(), []fact.Draft{fact.Say(about, make(f.ID, r.IntN(3)))}
	}
}

func decided(d Decision, by string) AlertAdded {
	return AlertAdded{Kind: Resuscitation, Decision: d, Author: by, Signed: codes.Date{Year: 2026, Month: 9, Day: 14}}
}

func recordMoves() []facttest.Move {
	name := func(s string) IdentityAmended {
		return IdentityAmended{Identity: Identity{Name: Name{Family: s}}, Fields: []Field{FieldName}}
	}
	phone := codes.ReceivePhone("01632 960418")
	return []facttest.Move{
		say(PersonRegistered{Identity: wilfred()}),
		oneOf(name("Tansley"), name("Tanslie"), IdentityAmended{Identity: Identity{Sex: codes.Male}, Fields: []Field{FieldSex, FieldBorn}}),
		oneOf(IdentityAmended{LinesEnded: []codes.Phone{phone}}, IdentityAmended{Identity: Identity{Lines: []Line{{Phone: phone, Use: "home"}}}}),
		oneOf(ContactNoted{Case: fact.Subject{5}, Complaint: "cough", Dx: "Dx05"}, ContactNoted{Case: fact.Subject{5}, Outcome: "ambulance", Dx: "Dx011"}, ContactNoted{Case: fact.Subject{6}, Complaint: "fall"}),
		oneOf(AlertAdded{Kind: Allergy, Substance: "Penicillin"}, AlertAdded{Kind: Allergy, Substance: "Latex"}, AlertAdded{Kind: Anticoagulant, Text: "Apixaban 5 mg"}),
		oneOf(decided(DoNotAttempt, "Dr P"), decided(Attempt, "Dr L"), decided(SeeForm, "Dr P"), decided(SeeForm, "Dr M")),
		oneOf(AlertAnswered{Kind: Allergy, Answer: NoneKnown}, AlertAnswered{Kind: Allergy, Answer: NotKnown}, AlertAnswered{Kind: Resuscitation, Answer: NoneKnown}),
		ofAlert(func(id fact.ID, n int) fact.Content { return AlertEnded{Alert: id, Why: fmt.Sprint("reason ", n)} }),
		ofAlert(func(id fact.ID, n int) fact.Content { return AlertEnded{Alert: id, Why: fmt.Sprint("reason ", n)} }),
		ofAlert(func(id fact.ID, n int) fact.Content { return AlertEnded{Alert: id, Why: fmt.Sprint("reason ", n)} }),
		ofAlert(func(id fact.ID, _ int) fact.Content { return AlertConfirmed{Alert: id} }),
		oneOf(IdentitiesLinked{Other: fact.Subject{2}, Why: "voice"}, IdentitiesLinked{Other: fact.Subject{2}, Maybe: true, Why: "coat"}, IdentitiesLinked{Other: fact.Subject{2}, Differ: []string{"different sexes"}, Why: "card"}, IdentitiesUnlinked{Other: fact.Subject{2}, Why: "two men"}),
		oneOf(IdentitiesUnlinked{Other: fact.Subject{2}, Why: "seen both"}, IdentitiesUnlinked{Other: fact.Subject{3}, Why: "no"}, IdentitiesLinked{Other: fact.Subject{3}, Why: "wallet"}),
		agrees,
		oneOf(IdentityAmended{Identity: Identity{Needs: "bsl"}, Fields: []Field{FieldNeeds}}, IdentityAmended{Identity: Identity{Needs: "relay-uk"}, Fields: []Field{FieldNeeds}}, IdentityAmended{Identity: Identity{Death: Death{Dead: Yes}}, Fields: []Field{FieldDeath}}, IdentityAmended{Fields: []Field{FieldDeath}}),
		say(TraceAnswered{Index: "PDS", By: "NHS number", Identity: wilfred(), Them: Yes}),
		judges,
	}
}

// agrees says that somebody else agrees with a link that the device knows.
func agrees(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
	f, ok := facttest.Pick[IdentitiesLinked](r, known)
	if !ok {
		return fact.Author{}, nil
	}
	c, err := fact.Read[IdentitiesLinked](f)
	if err != nil {
		return fact.Author{}, nil
	}
	return owen.Author(), []fact.Draft{fact.Say(about, IdentitiesLinked{Other: c.Other, Confirms: f.ID, Why: "seen"})}
}

// judges says anew what an answer of a national index is.
func judges(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
	f, ok := facttest.Pick[TraceAnswered](r, known)
	if !ok {
		return fact.Author{}, nil
	}
	return ruth.Author(), []fact.Draft{fact.Say(about, TraceJudged{Trace: f.ID, Them: Answer(1 + r.IntN(3)), Why: "asked"})}
}

// told gives what a record says, without ids.
func told(p Person, h fact.History) []string {
	out := []string{p.Called(), fmt.Sprintf("%v", p.Identity().Given())}
	for _, d := range p.Disputes() {
		slices.Sort(d.Values)
		out = append(out, fmt.Sprint(d.Field, d.Values))
	}
	for _, a := range p.Alerts {
		out = append(out, fmt.Sprint("alert ", a.Sentence(), "|", a.Label(), "|", a.Stands, "|", a.Why, "|", a.Ask))
	}
	for _, k := range AlertKinds() {
		out = append(out, fmt.Sprint(k, p.StatusOf(k)))
	}
	for _, c := range p.CasesSince(time.Time{}, fact.Subject{}) {
		out = append(out, fmt.Sprint("contact ", c.At, c.Says.Complaint, c.Says.Dx, c.Says.Outcome))
	}
	for _, l := range p.Links {
		out = append(out, fmt.Sprint("link ", l.Other, l.State, l.Why, l.Differ, l.Asks, len(l.Against)))
	}
	for _, tr := range p.Traces {
		out = append(out, fmt.Sprint("trace ", tr.Says.Index, tr.Them))
	}
	id := p.Identity()
	former := []string{}
	for _, n := range p.Former {
		former = append(former, n.Display())
	}
	slices.Sort(former)
	out = append(out, fmt.Sprint("needs ", id.Needs, id.Welsh, id.Death, former))
	d, disputed := p.Resuscitation()
	return append(append(out, fmt.Sprint("resuscitation ", d, disputed)), facttest.Disagreements(p.Disagreements(h))...)
}

func TestRecordsWrittenApart(t *testing.T) {
	facttest.CheckJoins(t, facttest.Subject[Person]{
		Moves: recordMoves(), Fold: func(h fact.History) Person { return Fold(about, h) }, Sum: told,
		Always: func(t testing.TB, p Person, h fact.History) {
			alertsStand(t, p, h)
			noDecisionInDispute(t, p, h)
		},
	})
}

// alertsStand checks that an alert is off the record only when somebody who
// had seen it ended it, or decided anew about resuscitation.
func alertsStand(t testing.TB, p Person, h fact.History) {
	t.Helper()
	for i, f := range h.Facts() {
		added, err := fact.Read[AlertAdded](f)
		if err != nil {
			continue
		}
		gone := false
		for j, g := range h.Facts() {
			ended, err := fact.Read[AlertEnded](g)
			gone = gone || err == nil && ended.Alert == f.ID && h.Before(i, j)
			later, err := fact.Read[AlertAdded](g)
			gone = gone || err == nil && added.Kind == Resuscitation && later.Kind == Resuscitation && h.Before(i, j)
		}
		if a, _ := p.AlertOf(f.ID); !gone && !a.Stands {
			t.Fatalf("an alert that nobody ended is gone: %+v", a)
		}
	}
}

// noDecisionInDispute checks that decisions that differ never read as one.
func noDecisionInDispute(t testing.TB, p Person, h fact.History) {
	t.Helper()
	d, disputed := p.Resuscitation()
	standing := p.StandingOf(Resuscitation)
	for _, a := range standing {
		if disputed && a.Disputed && (a.Label() == "No CPR" || strings.HasPrefix(a.Sentence(), "Resuscitation:")) {
			t.Fatalf("reads as a decision: %q %q", a.Label(), a.Sentence())
		}
		if !disputed && a.Says.Decision != d {
			t.Fatalf("%v counts although %v stands", d, a.Says.Decision)
		}
	}
	asked := slices.ContainsFunc(p.Disagreements(h), func(x fact.Disagreement) bool { return x.Matter.Part == PartResuscitation })
	if disputed && (d != NoDecision || !asked) {
		t.Fatalf("disputed, and reads as %v, asked: %v", d, asked)
	}
}

// Withdrawn here and decided anew there: neither is a decision.
func TestADecisionWithdrawnApartIsNone(t *testing.T) {
	w := registered(t, wilfred())
	d, err := AddAlert(w.on("a"), doctor, dnacpr(), now)
	first := w.say("a", doctor, d, err)[0]
	w.sync("a", "b")
	d, err = EndAlert(w.on("a"), doctor, AlertEnded{Alert: first, Why: "recovered"}, now)
	w.say("a", doctor, d, err)
	anew := dnacpr()
	anew.Author = "Dr L. Okonjo"
	d, err = AddAlert(w.on("b"), doctor, anew, now)
	w.say("b", doctor, d, err)
	p := w.sync("a", "b")
	if d, disputed := p.Resuscitation(); d != NoDecision || !disputed {
		t.Fatalf("%v %v", d, disputed)
	}
	if all := p.Disagreements(fact.NewHistory(w.facts)); len(all) != 1 || len(all[0].Values) != 2 {
		t.Fatalf("%+v", all)
	}
}

func (w *world) settles(device string, by access.Caller, req fact.Settling) ([]fact.Draft, error) {
	return Settle(w.on(device), by, req, now)
}

func (w *world) disagrees(t *testing.T) []fact.Disagreement {
	t.Helper()
	return w.all().Disagreements(fact.NewHistory(w.facts))
}

func TestSettleAField(t *testing.T) {
	w := registered(t, wilfred())
	for device, family := range map[string]string{"a": "Tansley-Hope", "b": "Tanslie"} {
		d, err := Amend(w.on(device), ruth, Amendment{Identity: Identity{Name: Name{Family: family}}, Fields: []Field{FieldName}}, now)
		w.say(device, ruth, d, err)
	}
	w.sync("a", "b")
	all := w.disagrees(t)
	if len(all) != 1 || all[0].Matter != (fact.Matter{Kind: 101, Part: "name"}) || len(all[0].Values) != 2 || all[0].Values[0].Person != ruth.Person {
		t.Fatalf("%+v", all)
	}
	req := fact.Settling{Matter: all[0].Matter, Choice: all[0].Values[0].Choice}
	d, err := w.settles("a", ruth, req)
	refused(t, refusal.Invalid, d, err)
	req.Why, req.Choice = "Spelled by the patient", "nothing"
	d, err = w.settles("a", ruth, req)
	refused(t, refusal.Invalid, d, err)
	req.Choice = all[0].Values[0].Choice
	d, err = w.settles("a", admin, req)
	refused(t, refusal.Forbidden, d, err)
	d, err = w.settles("a", ruth, req)
	w.say("a", ruth, d, err)
	if p := w.all(); p.Called() != all[0].Values[0].Text || len(w.disagrees(t)) != 0 {
		t.Fatalf("%s, %+v", p.Called(), w.disagrees(t))
	}
	d, err = w.settles("a", ruth, req)
	refused(t, refusal.Taken, d, err)
	// Written apart from the settling, another value disagrees anew.
	d, err = Amend(w.on("b"), ruth, Amendment{Identity: Identity{Name: Name{Family: "Tanzley"}}, Fields: []Field{FieldName}}, now)
	w.say("b", ruth, d, err)
	if all := w.disagrees(t); len(all) != 1 || len(all[0].Values) != 2 {
		t.Fatalf("%+v", all)
	}
}

func twoDecisions(t *testing.T) (*world, fact.Disagreement) {
	w := registered(t, wilfred())
	for device, decision := range map[string]Decision{"a": DoNotAttempt, "b": Attempt} {
		one := dnacpr()
		one.Decision = decision
		d, err := AddAlert(w.on(device), doctor, one, now)
		w.say(device, doctor, d, err)
	}
	w.sync("a", "b")
	all := w.disagrees(t)
	if len(all) != 1 || all[0].Matter.Part != PartResuscitation || len(all[0].Values) != 2 {
		t.Fatalf("%+v", all)
	}
	return w, all[0]
}

// Whoever takes the patient on is told what is not settled here.
func TestNotesSayWhatIsNotSettled(t *testing.T) {
	w, _ := twoDecisions(t)
	w.none("a")
	w.allergy("b")
	notes := strings.Join(w.sync("a", "b").Notes(), " ")
	if !strings.Contains(notes, "none of them counts") || !strings.Contains(notes, "Penicillin: rash") || strings.Contains(notes, "do not attempt") {
		t.Errorf("%q", notes)
	}
	if n := registered(t, wilfred()).all().Notes(); len(n) != 0 {
		t.Errorf("nothing is in dispute, and %q", n)
	}
}

func TestSettleADecisionAboutResuscitation(t *testing.T) {
	w, d := twoDecisions(t)
	v := d.Values[0]
	req := fact.Settling{Matter: d.Matter, Choice: v.Choice, Why: "Seen the form, rang Dr Whitlock"}
	drafts, err := w.settles("a", ruth, req)
	refused(t, refusal.Forbidden, drafts, err)
	drafts, err = w.settles("a", doctor, fact.Settling{Matter: d.Matter, Choice: "?", Why: "x"})
	refused(t, refusal.Invalid, drafts, err)
	drafts, err = w.settles("a", doctor, req)
	w.say("a", doctor, drafts, err)
	p := w.all()
	if got, disputed := p.Resuscitation(); disputed || !strings.Contains(v.Text, got.String()) || len(p.Standing()) != 1 || len(w.disagrees(t)) != 0 {
		t.Fatalf("%v %v %+v", got, disputed, p.Standing())
	}
	// Another clinician settles it the other way apart: nobody's choice wins.
	drafts, err = w.settles("b", doctor, fact.Settling{Matter: d.Matter, Choice: d.Values[1].Choice, Why: "Daughter has the form"})
	w.say("b", doctor, drafts, err)
	if got, disputed := w.all().Resuscitation(); got != NoDecision || !disputed {
		t.Fatalf("%v %v", got, disputed)
	}
}

func TestSettleThatNoDecisionStands(t *testing.T) {
	w, d := twoDecisions(t)
	drafts, err := w.settles("a", doctor, fact.Settling{Matter: d.Matter, Choice: choiceNeither, Why: "Both forms are another patient's"})
	w.say("a", doctor, drafts, err)
	p := w.all()
	if got, disputed := p.Resuscitation(); got != NoDecision || disputed || len(p.Standing()) != 0 || p.StatusOf(Resuscitation) != StatusNotAsked {
		t.Fatalf("%v %v %+v", got, disputed, p.Standing())
	}
}

func TestSettleAnAllergy(t *testing.T) {
	for _, ended := range []bool{false, true} {
		w := registered(t, wilfred())
		w.none("a")
		w.allergy("b")
		w.sync("a", "b")
		d := w.disagrees(t)[0]
		if d.Matter.Part != PartAlert || len(d.Values) != 2 {
			t.Fatalf("%+v", d)
		}
		req := fact.Settling{Matter: d.Matter, Choice: d.Values[0].Choice, Why: "Asked again"}
		if ended {
			req.Choice = d.Also[0].Key
			drafts, err := w.settles("a", ruth, req)
			refused(t, refusal.Forbidden, drafts, err)
		}
		drafts, err := w.settles("a", doctor, req)
		w.say("a", doctor, drafts, err)
		if p := w.all(); len(p.StandingOf(Allergy)) == 1 == ended || len(w.disagrees(t)) != 0 {
			t.Errorf("ended: %v, %+v", ended, p.Standing())
		}
	}
}

// The same medicine recorded twice apart: both are shown, nothing is asked.
func TestTheSameMedicineTwiceIsBothShown(t *testing.T) {
	w := registered(t, wilfred())
	for _, device := range []string{"a", "b"} {
		d, err := AddAlert(w.on(device), ruth, AlertAdded{Kind: Anticoagulant, Text: "Apixaban 5 mg, given 20:00"}, now)
		w.say(device, ruth, d, err)
	}
	if p := w.sync("a", "b"); len(p.StandingOf(Anticoagulant)) != 2 || len(w.disagrees(t)) != 0 {
		t.Errorf("%+v", p.Standing())
	}
}
