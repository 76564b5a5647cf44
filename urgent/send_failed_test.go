package urgent

import (
	"testing"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
)

// sendFails says that the other side did not take the referral.
func (s *story) sendFails(c Case, id exchange.EnvelopeID) Case {
	s.t.Helper()
	drafts, err := exchange.Attempted(c.Envelope(id), self, exchange.Attempt{Route: exchange.ByDirect, Outcome: exchange.Turned}, s.now)
	return s.says(self, drafts, err)
}

func TestARejectedReferralReopensAClosedCase(t *testing.T) {
	s := begin(t)
	c, envelope := referred(s)
	drafts, err := Close(c, handler, "They take it")
	c = s.says(handler, drafts, err)
	wantStage(t, c, Over)
	c = s.sendFails(c, envelope.Envelope)
	wantStage(t, c, SendFailed)
	if !c.OnList() || c.Due() == 0 {
		t.Fatal("nobody has the patient, and no clock runs")
	}
	drafts, err = Close(c, handler, "Rang them: they have it")
	if c = s.says(handler, drafts, err); !c.Closed() {
		t.Fatal("who has seen that it failed can't close it")
	}
}

// An outcome that was set before the referral failed does not hide the failure;
// one that was set after it does.
func TestAnOutcomeDoesNotHideARejectedReferral(t *testing.T) {
	s := begin(t)
	c, envelope := referred(s)
	set := fact.Say(c.ID, OutcomeSet{Outcome: "community-nurse", Who: "P. Varma, nurse"})
	c = s.says(nurse, []fact.Draft{set}, nil)
	wantStage(t, c, Finishing)
	c = s.sendFails(c, envelope.Envelope)
	wantStage(t, c, SendFailed)
	c = s.says(nurse, []fact.Draft{set}, nil)
	wantStage(t, c, Finishing)
}

func TestWhoReportsACaseThatWentOn(t *testing.T) {
	for kind, ours := range map[string]bool{"emergency department": true, "pharmacy": true, "treatment centre": false, "clinician call-back": false, "": false} {
		s := begin(t)
		c := s.disposed("Dx05")
		drafts, err := ChooseService(c, handler, ServiceChosen{Service: fact.Subject{5}, Name: "x", Rank: 1, Type: kind})
		c = s.says(handler, drafts, err)
		drafts, err = Refer(c, handler, s.rules, ReferralOf(c, handler, us, them, noTexts{}, s.now), []exchange.Route{exchange.ByDirect}, s.now)
		c = s.says(handler, drafts, err)
		e := c.Envelopes[0]
		drafts, err = exchange.Receipted(e, self, exchange.ReceiptReceived{Receipt: exchange.Receipt{Envelope: e.ID, Content: e.Content}}, s.now.Add(time.Second))
		c = s.says(self, drafts, err)
		p := PatientDescribed{}
		p.Identity.Practice.Name = "Millrace Practice"
		drafts, err = Describe(c, handler, Description{Patient: &p})
		c = s.says(handler, drafts, err)
		drafts, err = MakeReport(c, nurse, s.rules, us, s.now)
		c = s.says(nurse, drafts, err)
		if sent := c.Reports[0].What.Suppressed == ""; sent != ours {
			t.Errorf("%q: our report goes: %v (%s)", kind, sent, c.Reports[0].What.Suppressed)
		}
	}
}
