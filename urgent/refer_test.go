package urgent

import (
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/triage"
)

type noTexts struct{}

func (noTexts) Answers(triage.Record) []exchange.Answer { return nil }
func (noTexts) Reasons(triage.Record) []string          { return nil }

var (
	us   = exchange.Party{ODS: "FEL01", Name: "Fellside 111"}
	them = exchange.Party{ODS: "TVO01", Name: "Tarn Valley Out of Hours", Service: "2000009001"}
	self = access.Caller{Name: "this device", Role: access.Device}
)

func referred(s *story) (Case, exchange.EnvelopePrepared) {
	s.t.Helper()
	c := s.disposed("Dx05")
	drafts, err := Refer(c, handler, s.rules, ReferralOf(c, handler, us, them, noTexts{}, s.now), []exchange.Route{exchange.ByDirect}, s.now)
	c = s.says(handler, drafts, err)
	return c, drafts[0].Content.(exchange.EnvelopePrepared)
}

func TestReferStandsUntilAReceiptCame(t *testing.T) {
	s := begin(t)
	c, envelope := referred(s)
	wantStage(t, c, Sending)
	_, err := Refer(c, handler, s.rules, ReferralOf(c, handler, us, them, noTexts{}, s.now), []exchange.Route{exchange.ByDirect}, s.now)
	wantRefusal(t, err, refusal.Taken)
	r := exchange.ReceiptReceived{Receipt: exchange.Receipt{Envelope: envelope.Envelope, Content: envelope.Content, By: "TVO01"}, Route: exchange.ByDirect}
	drafts, err := exchange.Receipted(c.Envelope(envelope.Envelope), self, r, s.now)
	c = s.says(self, drafts, err)
	wantStage(t, c, HandedOn)
	if c.OnList() {
		t.Fatal("handed on, yet on our list")
	}
}

func TestNoReceiptPutsTheCaseBackBeforeSomebody(t *testing.T) {
	s := begin(t)
	c, envelope := referred(s)
	s.now = s.now.Add(5 * time.Minute)
	drafts, err := exchange.Overdue(c.Envelope(envelope.Envelope), self, s.now)
	c = s.says(self, drafts, err)
	wantStage(t, c, SendFailed)
	row := RowOf(c, s.rules, nil)
	if row.Needs != "Ring: not received" || row.Priority != "P1" || !c.OnList() {
		t.Fatalf("%+v", row)
	}
}

func TestWorseningAfterHandingOnComesBack(t *testing.T) {
	s := begin(t)
	c, envelope := referred(s)
	r := exchange.ReceiptReceived{Receipt: exchange.Receipt{Envelope: envelope.Envelope, Content: envelope.Content}}
	drafts, err := exchange.Receipted(c.Envelope(envelope.Envelope), self, r, s.now)
	c = s.says(self, drafts, err)
	drafts, err = CallAmbulance(c, handler, s.rules, Emergency{Threat: "breathing"}, s.now)
	c = s.says(handler, drafts, err)
	wantStage(t, c, Waiting)
}

func TestReferralOfSaysWhatWasSaid(t *testing.T) {
	s := begin(t)
	c := s.taken()
	reason := "Chest rattling since Thursday"
	drafts, err := Describe(c, handler, Description{
		Reason:  &reason,
		Caller:  &CallerDescribed{Is: CallerSomeoneElse, Name: "Moira", Relation: "Daughter", RingBack: codes.ReceivePhone("07700900123")},
		Contact: &ContactAgreed{Text: No},
	})
	c = s.says(handler, drafts, err)
	drafts, err = SetDisposition(c, handler, s.rules, "Dx05", "", s.now)
	c = s.says(handler, drafts, err)
	ref := ReferralOf(c, handler, us, them, noTexts{}, s.now)
	if ref.Callback.National() != "07700900123" || ref.Dx.Code != "Dx05" || ref.Deadline == 0 || ref.Reason != reason {
		t.Fatalf("%+v", ref)
	}
	text := ""
	for _, one := range ref.Sections {
		text += one.Title + ": " + one.Text + "\n"
	}
	if want := "Ring: not asked. Text: no. Voicemail: not asked."; !contains(text, want) {
		t.Fatalf("sections do not say %q:\n%s", want, text)
	}
	arrived, err := ReceiveReferral(Case{ID: fact.Subject{9}}, self, s.rules, ref, exchange.Arrival{Keys: []string{"k"}}, s.now)
	there := begin(t).says(self, arrived, err)
	if got, _ := there.Contact.Get(); got != (ContactAgreed{Text: No}) {
		t.Fatalf("the other side reads %+v of how the patient may be reached", got)
	}
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func TestReceiveReferral(t *testing.T) {
	r := rules(t)
	arrival := exchange.Arrival{Route: exchange.ByITK, Keys: []string{"k"}, Original: []byte("<x/>"), Media: "text/xml"}
	for _, one := range []struct {
		name    string
		ref     exchange.Referral
		dx      codes.Dx
		due     time.Duration // from the sender's assessment
		refused bool
	}{
		{"known code", exchange.Referral{Dx: codes.ReceivedDx{Code: "Dx05", Original: "Dx05"}}, "Dx05", 2 * time.Hour, false},
		{"validation of an ambulance", exchange.Referral{Purpose: exchange.ForValidation, Dx: codes.ReceivedDx{Code: "Dx0122"}}, "Dx333", 20 * time.Minute, false},
		{"unknown code", exchange.Referral{Dx: codes.ReceivedDx{Original: "Dx77777"}}, "Dx34", 30 * time.Minute, false},
	} {
		one.ref.Assessed = fact.At(evening.Add(-10 * time.Minute))
		drafts, err := ReceiveReferral(Case{ID: fact.Subject{9}}, self, r, one.ref, arrival, evening)
		if err != nil {
			t.Fatal(err)
		}
		s := begin(t)
		c := s.says(self, drafts, nil)
		d, _ := c.Disposition()
		if d.What.Dx != one.dx || !c.OnList() || len(c.Messages) != 1 {
			t.Errorf("%s: %+v", one.name, d.What)
		}
		if due := d.What.Due.Time().Sub(one.ref.Assessed.Time()); due > one.due {
			t.Errorf("%s: due %v after the sender's assessment, want at most %v", one.name, due, one.due)
		}
	}
}

func TestALongReferralIsKeptWhole(t *testing.T) {
	long := make([]byte, 30_000)
	for i := range long {
		long[i] = 'a'
	}
	ref := exchange.Referral{Dx: codes.ReceivedDx{Code: "Dx05"}, Sections: []exchange.Section{{Text: string(long)}, {Text: string(long)}}}
	drafts, err := ReceiveReferral(Case{ID: fact.Subject{9}}, self, rules(t), ref, exchange.Arrival{Keys: []string{"k"}}, evening)
	if err != nil {
		t.Fatal(err)
	}
	arrived := drafts[1].Content.(ReferralArrived)
	whole, err := exchange.DecodeReferral(drafts[1].Attach[0].Bytes)
	if err != nil || !arrived.Apart || len(whole.Sections) != 2 || len(whole.Sections[1].Text) != 30_000 {
		t.Fatalf("apart %v, %v", arrived.Apart, err)
	}
}

// A call handler chooses a service while a clinician has taken the case from
// the list: it goes nowhere behind their back.
func TestACaseSomebodyWorksOnIsNotSentOn(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx05")
	drafts, err := Claim(c, nurse)
	c = s.says(nurse, drafts, err)
	ref := ReferralOf(c, handler, us, them, noTexts{}, s.now)
	_, err = Refer(c, handler, s.rules, ref, []exchange.Route{exchange.ByDirect}, s.now)
	wantRefusal(t, err, refusal.Taken)
	if drafts, err = Refer(c, nurse, s.rules, ref, []exchange.Route{exchange.ByDirect}, s.now); err != nil || len(drafts) == 0 {
		t.Fatal(drafts, err)
	}
}
