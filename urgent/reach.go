package urgent

import (
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Way is a way to reach a patient.
type Way string

// The ways. A letter and an e-mail are asked for under "who may be told"; as
// long as nobody asked, a machine sends neither.
const (
	ByVoice     Way = "ring"
	ByText      Way = "text"
	ByVoicemail Way = "voicemail"
	ByEmail     Way = "email"
	ByLetter    Way = "letter"
)

// Verdict says whether a patient may be reached by a way. Its numbers are
// stable.
type Verdict uint8

// The verdicts.
const (
	AskFirst Verdict = 0 // not asked, not sure, or answers that differ
	MayReach Verdict = 1
	MayNot   Verdict = 2
)

// Reach is the permission to reach the patient of a case by one way. It can't
// be made but by Case.Reach: whoever holds one has asked.
type Reach struct {
	way     Way
	verdict Verdict
	phone   codes.Phone
	why     string // a person reaches them all the same
	tell    string
}

// Reach asks whether the patient may be reached by a way on a number, as it
// was agreed. Everything that rings, texts, leaves a message or shows a number
// to ring goes by it.
func (c Case) Reach(way Way, to codes.Phone) Reach {
	r := Reach{way: way, phone: to}
	for i, v := range c.Contact.Values {
		verdict := v.Value.allows(way)
		if i > 0 && verdict != r.verdict {
			verdict = AskFirst // answers that differ
		}
		r.verdict, r.tell = verdict, v.Value.MayTell
		if c.Contact.Disputed() {
			r.tell = ""
		}
	}
	for _, o := range c.Overrides {
		if o.Says.Way == way && r.verdict == MayNot {
			r.why = strings.Join(appendWord(r.why, o.Says.Why), "; ")
		}
	}
	return r
}

// appendWord keeps reasons in an order of their own, each once.
func appendWord(all, one string) []string {
	words := strings.Split(all, "; ")
	if all == "" {
		words = nil
	}
	words = append(words, one)
	slices.Sort(words)
	return slices.Compact(words)
}

func (v ContactAgreed) allows(way Way) Verdict {
	answer := map[Way]YesNo{ByVoice: v.Ring, ByText: v.Text, ByVoicemail: v.Voicemail}[way]
	switch answer {
	case Yes:
		return MayReach
	case No:
		return MayNot
	}
	return AskFirst
}

// Verdict gives what was agreed.
func (r Reach) Verdict() Verdict { return r.verdict }

// Machine gives the number that a machine may text, ring or leave a message
// on: only what the patient said yes to. No reason given by a colleague opens
// it.
func (r Reach) Machine() (codes.Phone, error) {
	switch r.verdict {
	case MayReach:
		return r.phone, nil
	case MayNot:
		return codes.Phone{}, refusal.Newf(refusal.Forbidden, "The patient said no to %s: nothing is sent. A person finds another way.", r.words())
	}
	return codes.Phone{}, refusal.Newf(refusal.Forbidden, "Nobody asked whether %s is safe: nothing is sent. Ask them first.", r.words())
}

// Person gives the number that a person may ring, and what to ask first; ok
// is false when the patient said no and no reason was given against it.
func (r Reach) Person() (to codes.Phone, first string, ok bool) {
	switch {
	case r.verdict == MayReach:
		return r.phone, "", true
	case r.verdict == AskFirst:
		return r.phone, "Not asked whether " + r.words() + " is safe: ask “is it safe to talk?” before you say who rings or why.", true
	case r.why != "":
		return r.phone, "They said no to " + r.words() + ". Rung all the same: " + r.why, true
	}
	return codes.Phone{}, "They said no to " + r.words() + ".", false
}

// MayTell gives who else may be told, in the patient's words; empty when
// nobody was named, which is nobody.
func (r Reach) MayTell() string { return r.tell }

func (r Reach) words() string {
	switch r.way {
	case ByVoice:
		return "ringing"
	case ByText:
		return "texting"
	case ByVoicemail:
		return "leaving a message"
	case ByEmail:
		return "e-mail"
	}
	return "a letter"
}

// ContactOverridden says why a person reaches a patient in a way to which
// they said no. It opens nothing to a machine.
type ContactOverridden struct {
	Way Way    `cbor:"1,keyasint"`
	Why string `cbor:"2,keyasint"`
	By  string `cbor:"3,keyasint"`
}

// FactKind is kind 229.
func (ContactOverridden) FactKind() fact.Kind { return kind(229, "contact-overridden", fact.Grow) }

// OverrideContact says why somebody rings a patient who said no: a life may
// hang on it, and the reason stands on record.
func OverrideContact(c Case, by access.Caller, way Way, why string) ([]fact.Draft, error) {
	if err := by.May(access.WriteNote); err != nil {
		return nil, err
	}
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	why = strings.TrimSpace(why)
	switch {
	case why == "":
		return nil, refusal.Field("ring_why", "Say why you ring although they said no. Safeguarding or danger to life is such a reason.")
	case len(why) > MaxWords:
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	case c.Reach(way, codes.Phone{}).verdict != MayNot:
		return nil, nil
	}
	return []fact.Draft{fact.Say(c.ID, ContactOverridden{Way: way, Why: why, By: by.Says()})}, nil
}
