package urgent

import (
	"strings"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func TestReachObeysWhatWasAgreed(t *testing.T) {
	number := codes.ReceivePhone("01632960418")
	agreed := func(all ...ContactAgreed) Case {
		var c Case
		for i, v := range all {
			c.Contact.Values = append(c.Contact.Values, fact.Stated[ContactAgreed]{Value: v, Fact: fact.ID{byte(i + 1)}})
		}
		return c
	}
	for name, one := range map[string]struct {
		c       Case
		way     Way
		verdict Verdict
	}{
		"not asked at all":            {Case{}, ByVoice, AskFirst},
		"asked about ringing alone":   {agreed(ContactAgreed{Ring: Yes}), ByText, AskFirst},
		"yes":                         {agreed(ContactAgreed{Ring: Yes}), ByVoice, MayReach},
		"no":                          {agreed(ContactAgreed{Text: No}), ByText, MayNot},
		"not sure":                    {agreed(ContactAgreed{Voicemail: Unsure}), ByVoicemail, AskFirst},
		"two answers that differ":     {agreed(ContactAgreed{Ring: Yes}, ContactAgreed{Ring: No}), ByVoice, AskFirst},
		"two that agree on this":      {agreed(ContactAgreed{Ring: No, Text: Yes}, ContactAgreed{Ring: No}), ByVoice, MayNot},
		"an e-mail that nobody asked": {agreed(ContactAgreed{Ring: Yes, Text: Yes, Voicemail: Yes}), ByEmail, AskFirst},
		"a letter that nobody asked":  {agreed(ContactAgreed{Ring: Yes, Text: Yes, Voicemail: Yes}), ByLetter, AskFirst},
	} {
		r := one.c.Reach(one.way, number)
		if r.Verdict() != one.verdict {
			t.Errorf("%s: %v, want %v", name, r.Verdict(), one.verdict)
		}
		if to, err := r.Machine(); (err == nil) != (one.verdict == MayReach) || err != nil && to.Present() {
			t.Errorf("%s: a machine gets %v, %v", name, to, err)
		}
		to, first, ok := r.Person()
		if ok != (one.verdict != MayNot) || ok != to.Present() || one.verdict == AskFirst && !strings.Contains(first, "safe to talk") {
			t.Errorf("%s: a person gets %v %q %v", name, to, first, ok)
		}
	}
}

// A reason opens the number to a person, never to a machine, and ends when the
// patient is asked anew.
func TestAReasonAgainstANoOpensNothingToAMachine(t *testing.T) {
	s := begin(t)
	c := s.taken()
	drafts, err := Describe(c, handler, Description{Contact: &ContactAgreed{Ring: No}})
	c = s.says(handler, drafts, err)
	_, err = OverrideContact(c, handler, ByVoice, " ")
	wantRefusal(t, err, refusal.Invalid)
	drafts, err = OverrideContact(c, nurse, ByVoice, "Result is life-threatening")
	c = s.says(nurse, drafts, err)
	r := c.Reach(ByVoice, c.RingBack())
	if _, first, ok := r.Person(); !ok || !strings.Contains(first, "life-threatening") || r.Verdict() != MayNot {
		t.Errorf("%q %v", first, ok)
	}
	if _, err := r.Machine(); err == nil {
		t.Error("a machine rings somebody who said no")
	}
	drafts, err = Describe(c, handler, Description{Contact: &ContactAgreed{Ring: No, MayTell: "sister"}})
	c = s.says(handler, drafts, err)
	if _, _, ok := c.Reach(ByVoice, c.RingBack()).Person(); ok {
		t.Error("asked anew and no again: the old reason opens nothing")
	}
}
