package urgent

import (
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
)

var dispatcher = access.Caller{Person: fact.Subject{5}, Name: "T. Grundy", Role: access.Dispatcher, ODS: "FEL01"}

func (s *story) rang(by access.Caller, what RungFor, how RungHow, number string) Case {
	s.t.Helper()
	c := s.at()
	out, err := RecordAttempt(c, by, s.rules, Rung{For: what, How: how, Number: codes.ReceivePhone(number), Worse: No}, s.now)
	for i := range out {
		out[i] = out[i].When(s.now)
	}
	return s.says(by, out, err)
}

func TestThreeAttemptsSpreadOut(t *testing.T) {
	s := begin(t)
	s.disposed("Dx34")
	first := s.now
	c := s.rang(nurse, ForCallBack, RungNoAnswer, "01632960418")
	if got := c.Tries(s.rules); got.Made != 1 || got.Of != 3 || got.Next != fact.At(first.Add(10*time.Minute)) {
		t.Fatalf("%+v", got)
	}
	c = s.rang(nurse, ForCallBack, RungEngaged, "01632960418") // a minute later: the same attempt
	if got := c.Tries(s.rules); got.Made != 1 {
		t.Fatalf("rung twice at once counts as two: %+v", got)
	}
	_, err := TakeStep(c, nurse, s.rules, "welfare", "", s.now)
	wantRefusal(t, err, refusal.Invalid)
	if !strings.Contains(err.Error(), "Tried 1 of 3. Try again at 19:5") {
		t.Fatalf("says %q", err)
	}
	s.now = first.Add(10 * time.Minute)
	s.rang(nurse, ForCallBack, RungNoAnswer, "01632960418")
	s.now = first.Add(30 * time.Minute)
	c = s.rang(nurse, ForCallBack, RungVoicemail, "01632960418")
	got := c.Tries(s.rules)
	if !got.Spent() || got.Made != 3 {
		t.Fatalf("%+v", got)
	}
	if row := RowOf(c, s.rules, nil); row.Tried != 3 || !row.Spent {
		t.Fatalf("%+v", row.QueueRow)
	}
	c = s.rang(nurse, ForCallBack, RungReached, "01632960418")
	if got := c.Tries(s.rules); got.Made != 0 {
		t.Fatalf("reached, and attempts stand: %+v", got)
	}
}

func TestEveryNumberIsTried(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	c = s.says(handler, drafts(Describe(c, handler, Description{Caller: &CallerDescribed{Is: CallerSomeoneElse, Name: "Moira", RingBack: codes.ReceivePhone("01632960421")}})), nil)
	for range 3 {
		c = s.rang(nurse, ForCallBack, RungNoAnswer, "01632960421")
		s.now = s.now.Add(30 * time.Minute)
	}
	if got := c.Tries(s.rules); got.Spent() || len(got.Untried) != 1 || got.Untried[0].Dial() != codes.ReceivePhone("01632960418").Dial() {
		t.Fatalf("%+v", got)
	}
	_, err := TakeStep(c, nurse, s.rules, "close", "", s.now)
	wantRefusal(t, err, refusal.Invalid)
	c = s.rang(nurse, ForCallBack, RungNoAnswer, "01632960418")
	c = s.says(nurse, drafts(TakeStep(c, nurse, s.rules, "close", "", s.now)), nil)
	if set, ok := c.Outcome.Get(); !ok || set.Outcome != "no-contact" || c.Stage() != Finishing {
		t.Fatalf("%+v %q", set, c.Stage())
	}
}

func TestNobodyIsClosedAsNotReachedBeforeTheAttempts(t *testing.T) {
	s := begin(t)
	c := consulting(s)
	f := Finish{Consulted: Consulted{Mode: "phone"}, Outcome: "no-contact"}
	_, err := FinishConsultation(c, nurse, s.rules, f, s.now)
	wantRefusal(t, err, refusal.Invalid)
	f.Detail = "Police are with them"
	if _, err = FinishConsultation(c, nurse, s.rules, f, s.now); err != nil {
		t.Fatalf("with a reason: %v", err)
	}
	_, err = TakeStep(c, handler, s.rules, "welfare", "", s.now)
	wantRefusal(t, err, refusal.Taken)
}

func TestThePolicysStepsAskSomebody(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	for _, key := range []string{"welfare", "visit", "police"} {
		out := drafts(TakeStep(c, nurse, s.rules, key, "worried: sounded faint", s.now))
		tasks := raisedIn(out)
		if len(tasks) != 1 || tasks[0].List != task.Dispatch || !tasks[0].Urgent {
			t.Fatalf("%s: %+v", key, tasks)
		}
		c = s.says(nurse, out, nil)
		if !c.OnList() || RowOf(c, s.rules, nil).LastStep == "" {
			t.Fatalf("%s: the case left the list", key)
		}
	}
	_, err := TakeStep(c, handler, s.rules, "close", "worried", s.now)
	wantRefusal(t, err, refusal.Forbidden)
	_, err = TakeStep(c, nurse, s.rules, "dance", "x", s.now)
	wantRefusal(t, err, refusal.Invalid)
}

func TestComfortCallsBeforeTheBreachAndAgain(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx05") // within 2 hours: P2
	d, _ := c.Disposition()
	if due := c.ComfortDue(s.rules); due != d.What.Due-15*60_000 {
		t.Fatalf("due %v, deadline %v", due.Time(), d.What.Due.Time())
	}
	s.now = c.ComfortDue(s.rules).Time()
	c = s.rang(dispatcher, ForComfort, RungNoAnswer, "01632960418")
	if due := c.ComfortDue(s.rules); due != d.What.Due-15*60_000 {
		t.Fatal("nobody answered, and the call is put off")
	}
	rang := s.now
	c = s.rang(dispatcher, ForComfort, RungReached, "01632960418")
	if due := c.ComfortDue(s.rules); due != fact.At(rang.Add(90*time.Minute)) {
		t.Fatalf("next at %v, rang at %v", due.Time(), rang)
	}
	c = s.says(nurse, drafts(StartConsultation(c, nurse, "phone")), nil)
	if due := c.ComfortDue(s.rules); due != 0 {
		t.Fatal("a clinician speaks to them")
	}
}

func TestWorseOnAComfortCall(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx05")
	ask := func(by access.Caller, worse YesNo, dx codes.Dx) ([]fact.Draft, error) {
		return RecordAttempt(c, by, s.rules, Rung{For: ForComfort, How: RungReached, Number: c.RingBack(), Worse: worse, Dx: dx}, s.now)
	}
	_, err := ask(dispatcher, NotAsked, "")
	wantRefusal(t, err, refusal.Invalid)
	_, err = ask(handler, No, "Dx11")
	wantRefusal(t, err, refusal.Invalid)
	_, err = ask(handler, Yes, "Dx08")
	wantRefusal(t, err, refusal.Forbidden) // less urgent: a clinician's
	raised := s.says(handler, drafts(ask(handler, Yes, "Dx32")), nil)
	if d, _ := raised.Disposition(); d.What.Dx != "Dx32" {
		t.Fatalf("needs %s", d.What.Dx)
	}
	c = raised
	out := drafts(ask(dispatcher, Unsure, ""))
	if tasks := raisedIn(out); len(tasks) != 1 || tasks[0].List != task.Clinicians {
		t.Fatalf("%+v", tasks)
	}
	if c = s.says(dispatcher, out, nil); c.First() == 0 {
		t.Fatal("it is not put first")
	}
}

func TestImmediateCallBacksHaveTwentyMinutes(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx32")
	d, _ := c.Disposition()
	if row := RowOf(c, s.rules, nil); row.Due != d.What.From+20*60_000 {
		t.Fatalf("due %v from %v", row.Due.Time(), d.What.From.Time())
	}
	s = begin(t)
	c = s.disposed("Dx35")
	if d, _ := c.Disposition(); RowOf(c, s.rules, nil).Due != d.What.Due {
		t.Fatal("others have the time of their code")
	}
}

func TestRungIsChecked(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	for name, req := range map[string]Rung{
		"for":    {How: RungReached, Number: c.RingBack()},
		"how":    {For: ForCallBack, Number: c.RingBack()},
		"number": {For: ForCallBack, How: RungNoAnswer},
	} {
		_, err := RecordAttempt(c, nurse, s.rules, req, s.now)
		if f := refusal.Fields(err); len(f) != 1 || f[0].Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := RecordAttempt(c, nurse, s.rules, Rung{For: ForTelling, How: RungReached, Number: c.RingBack()}, s.now)
	wantRefusal(t, err, refusal.Taken)
	c = s.says(doctor, drafts(Claim(c, doctor)), nil)
	_, err = RecordAttempt(c, nurse, s.rules, Rung{For: ForCallBack, How: RungReached, Number: c.RingBack()}, s.now)
	wantRefusal(t, err, refusal.Taken)
}
