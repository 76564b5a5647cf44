package record

import (
	"strings"
	"testing"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

var penicillin = AllergyHeard{Substance: "Penicillin", Reaction: "rash", Source: FromCaller}

func dnacpr() AlertAdded {
	return AlertAdded{
		Kind: Resuscitation, Decision: DoNotAttempt, Author: "Dr P. Whitlock", Signed: codes.Date{Year: 2026, Month: 9, Day: 14},
		Review: codes.Date{Year: 2027, Month: 3, Day: 14}, Kept: "on the fridge", Text: "Still wants treatment for infection",
	}
}

func (w *world) allergy(device string) fact.ID {
	d, err := AddAllergy(w.on(device), ruth, penicillin, now)
	return w.say(device, ruth, d, err)[0]
}

func (w *world) none(device string) {
	d, err := RecordNoKnownAllergies(w.on(device), ruth, FromCaller, now)
	w.say(device, ruth, d, err)
}

func TestAllergyStatuses(t *testing.T) {
	w := registered(t, wilfred())
	if s := w.all().StatusOf(Allergy); s != StatusNotAsked {
		t.Errorf("at first: %v", s)
	}
	d, err := AnswerAlert(w.on("a"), ruth, AlertAnswered{Kind: Allergy, Answer: NotKnown}, now)
	w.say("a", ruth, d, err)
	if s := w.all().StatusOf(Allergy); s != StatusNotKnown {
		t.Errorf("nobody could say: %v", s)
	}
	w.none("a")
	if s := w.all().StatusOf(Allergy); s != StatusNone {
		t.Errorf("none known: %v", s)
	}
	id := w.allergy("a")
	p := w.all()
	if s := p.StatusOf(Allergy); s != StatusListed || len(p.ToAsk()) != 0 || len(p.Answers) != 0 {
		t.Errorf("an allergy told after none was known: %v, to ask %v", s, p.ToAsk())
	}
	d, err = AddAllergy(p, ruth, penicillin, now)
	nothing(t, d, err)
	d, err = RecordNoKnownAllergies(p, ruth, FromCaller, now)
	refused(t, refusal.Taken, d, err)
	d, err = EndAlert(p, ruth, AlertEnded{Alert: id, Why: "was a virus"}, now)
	refused(t, refusal.Forbidden, d, err)
	d, err = EndAlert(p, doctor, AlertEnded{Alert: id}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = EndAlert(p, doctor, AlertEnded{Alert: id, Why: "was a virus"}, now)
	w.say("a", doctor, d, err)
	p = w.all()
	if p.StatusOf(Allergy) != StatusNotAsked || len(p.Alerts) != 1 || p.Alerts[0].Why != "was a virus" {
		t.Errorf("ended: %v %+v", p.StatusOf(Allergy), p.Alerts)
	}
}

// Allergy here and "none known" there: the allergy stands and is asked about.
func TestAllergyAgainstNoneKnownApart(t *testing.T) {
	w := registered(t, wilfred())
	w.none("a")
	id := w.allergy("b")
	p := w.sync("a", "b")
	if p.StatusOf(Allergy) != StatusListed || len(p.ToAsk()) != 1 {
		t.Fatalf("%v, to ask %v", p.StatusOf(Allergy), p.ToAsk())
	}
	d, err := ConfirmAlert(p, ruth, AlertConfirmed{Alert: id}, now)
	w.say("a", ruth, d, err)
	p = w.sync("b")
	if p.StatusOf(Allergy) != StatusListed || len(p.ToAsk()) != 0 {
		t.Errorf("confirmed: %v, to ask %v", p.StatusOf(Allergy), p.ToAsk())
	}
	d, err = ConfirmAlert(p, ruth, AlertConfirmed{Alert: id}, now)
	nothing(t, d, err)
}

func TestNotKnownApartIsTheMoreCareful(t *testing.T) {
	w := registered(t, wilfred())
	w.none("a")
	d, err := AnswerAlert(w.on("b"), ruth, AlertAnswered{Kind: Allergy, Answer: NotKnown}, now)
	w.say("b", ruth, d, err)
	p := w.sync("a")
	if s := p.StatusOf(Allergy); s != StatusNotKnown {
		t.Errorf("%v", s)
	}
	d, err = RecordNoKnownAllergies(p, ruth, FromCaller, now)
	w.say("a", ruth, d, err)
	p = w.all()
	if s := p.StatusOf(Allergy); s != StatusNone {
		t.Errorf("asked again: %v", s)
	}
	d, err = RecordNoKnownAllergies(p, ruth, FromCaller, now)
	nothing(t, d, err)
}

// Ended here and confirmed there: it stands until somebody has seen both.
func TestEndedAgainstConfirmedApart(t *testing.T) {
	w := registered(t, wilfred())
	w.none("a")
	id := w.allergy("b")
	w.sync("a", "b")
	d, err := ConfirmAlert(w.on("a"), ruth, AlertConfirmed{Alert: id}, now)
	w.say("a", ruth, d, err)
	d, err = EndAlert(w.on("b"), doctor, AlertEnded{Alert: id, Why: "not an allergy"}, now)
	w.say("b", doctor, d, err)
	p := w.sync("a", "b")
	if ask := p.ToAsk(); len(ask) != 1 || !strings.Contains(ask[0].Ask, "Ended by one person") {
		t.Fatalf("%+v", p.Alerts)
	}
	d, err = EndAlert(p, doctor, AlertEnded{Alert: id, Why: "tested"}, now)
	w.say("a", doctor, d, err)
	if p := w.sync("b"); len(p.Standing()) != 0 {
		t.Errorf("ended by somebody who had seen both: %+v", p.Alerts)
	}
}

func TestResuscitationIsUndetermined(t *testing.T) {
	w := registered(t, wilfred())
	d, err := AddAlert(w.on("a"), doctor, dnacpr(), now)
	w.say("a", doctor, d, err)
	other := dnacpr()
	other.Decision, other.Author = Attempt, "Dr L. Okonjo"
	d, err = AddAlert(w.on("b"), doctor, other, now)
	w.say("b", doctor, d, err)
	p := w.sync("a", "b")
	if decision, disputed := p.Resuscitation(); decision != NoDecision || !disputed || len(p.ToAsk()) != 2 {
		t.Fatalf("%v %v %+v", decision, disputed, p.ToAsk())
	}
	d, err = ConfirmAlert(p, doctor, AlertConfirmed{Alert: p.Alerts[0].Fact}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = AddAlert(p, doctor, dnacpr(), now)
	w.say("a", doctor, d, err)
	p = w.sync("b")
	if decision, disputed := p.Resuscitation(); decision != DoNotAttempt || disputed || len(p.Standing()) != 1 {
		t.Errorf("decided: %v %v %+v", decision, disputed, p.Standing())
	}
	d, err = EndAlert(p, doctor, AlertEnded{Alert: p.Standing()[0].Fact, Why: "wrong patient"}, now)
	w.say("b", doctor, d, err)
	if decision, disputed := w.all().Resuscitation(); decision != NoDecision || disputed {
		t.Errorf("an ended decision came back: %v %v", decision, disputed)
	}
}

func TestAlertChecks(t *testing.T) {
	p := registered(t, wilfred()).all()
	unsigned, nobody, none := dnacpr(), dnacpr(), dnacpr()
	unsigned.Signed, nobody.Author, none.Decision = codes.Date{}, "", NoDecision
	for _, c := range []struct {
		by   access.Caller
		req  AlertAdded
		want refusal.Kind
	}{
		{ruth, dnacpr(), refusal.Forbidden},
		{admin, AlertAdded{Kind: Steroids}, refusal.Forbidden},
		{doctor, unsigned, refusal.Invalid},
		{doctor, nobody, refusal.Invalid},
		{doctor, none, refusal.Invalid},
		{ruth, AlertAdded{Kind: Allergy}, refusal.Invalid},
		{ruth, AlertAdded{Kind: SpecialNote}, refusal.Invalid},
		{ruth, AlertAdded{Kind: 99, Text: "x"}, refusal.Invalid},
		{ruth, AlertAdded{Kind: KeySafe, Text: "Side door, code 4711"}, refusal.Invalid},
		{ruth, AlertAdded{Kind: SpecialNote, Text: strings.Repeat("x", MaxText+1)}, refusal.Invalid},
	} {
		d, err := AddAlert(p, c.by, c.req, now)
		refused(t, c.want, d, err)
	}
	if d, err := AddAlert(p, device, unsigned, now); err != nil || len(d) != 1 {
		t.Errorf("a decision that came in a message: %v", err)
	}
	if d, err := AddAlert(p, ruth, AlertAdded{Kind: KeySafe, Text: "By the side door of number 11"}, now); err != nil || len(d) != 1 {
		t.Errorf("a pointer to a key safe: %v", err)
	}
	d, err := EndAlert(p, doctor, AlertEnded{Alert: fact.ID{5}, Why: "x"}, now)
	refused(t, refusal.Missing, d, err)
	d, err = ConfirmAlert(p, doctor, AlertConfirmed{Alert: fact.ID{5}}, now)
	refused(t, refusal.Missing, d, err)
	d, err = AnswerAlert(p, ruth, AlertAnswered{Kind: Allergy}, now)
	refused(t, refusal.Invalid, d, err)
}

func TestAlertWords(t *testing.T) {
	if !(Alert{Says: dnacpr()}).Interrupts() || (Alert{Says: AlertAdded{Kind: Allergy}}).Interrupts() {
		t.Error("the wrong alerts interrupt")
	}
	interrupting := 0
	for _, k := range AlertKinds() {
		if k.Interrupts() {
			interrupting++
		}
	}
	if interrupting != 2 {
		t.Errorf("%d kinds interrupt, want resuscitation and scene danger", interrupting)
	}
	a := Alert{Says: dnacpr()}
	want := "Resuscitation: do not attempt CPR. Still wants treatment for infection. By Dr P. Whitlock, 14 Sep 2026. Review 14 Mar 2027. Paper copy on the fridge."
	if got := a.Sentence(); got != want {
		t.Errorf("%q", got)
	}
	if a.Label() != "No CPR" || (Alert{Says: AlertAdded{Kind: Allergy, Substance: "Penicillin", Reaction: "rash"}}).Label() != "Penicillin: rash" {
		t.Error("labels")
	}
	if a.ReviewDue(now) || !a.ReviewDue(now.AddDate(0, 6, 0)) {
		t.Error("the review date is misread")
	}
	if (Alert{}).Sentence() != "" {
		t.Errorf("%q", (Alert{}).Sentence())
	}
}

func TestStandingShowsInterruptingFirst(t *testing.T) {
	w := registered(t, wilfred())
	w.allergy("a")
	d, err := AddAlert(w.on("a"), ruth, AlertAdded{Kind: SceneDanger, Text: "Dog bites"}, now)
	w.say("a", ruth, d, err)
	d, err = AddAlert(w.on("a"), doctor, dnacpr(), now)
	w.say("a", doctor, d, err)
	s := w.all().Standing()
	if len(s) != 3 || s[0].Says.Kind != Resuscitation || s[1].Says.Kind != SceneDanger || s[0].By != doctor.Person {
		t.Errorf("%+v", s)
	}
}
