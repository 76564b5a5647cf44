package record

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// AddAlert adds something to know before one acts. A resuscitation decision
// needs who signed it and when, and a clinician (or a message) to record it;
// where a home has a key safe, the words say where it is and never its code.
// The same alert stated twice is one alert.
func AddAlert(p Person, by access.Caller, req AlertAdded, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	if !p.Registered {
		return nil, refusal.New(refusal.Missing, "There is no record to add this to. Register the person first.")
	}
	req.Text, req.Substance = strings.TrimSpace(req.Text), strings.TrimSpace(req.Substance)
	if err := soundAlert(by, req); err != nil {
		return nil, err
	}
	for _, a := range p.StandingOf(req.Kind) {
		if a.Says == req && a.Ask == "" {
			return nil, nil
		}
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}

func soundAlert(by access.Caller, a AlertAdded) error {
	if !slices.Contains(AlertKinds(), a.Kind) {
		return refusal.Field("kind", "Choose what the alert is about")
	}
	for _, text := range []string{a.Text, a.Substance, a.Reaction, a.Author, a.Kept} {
		if err := tooLong("text", text, MaxText); err != nil {
			return err
		}
	}
	switch a.Kind {
	case Resuscitation:
		return soundDecision(by, a)
	case Allergy:
		if a.Substance == "" {
			return refusal.Field("substance", "Write what they are allergic to")
		}
		return nil
	case Medicine:
		if a.Substance == "" {
			return refusal.Field("substance", "Write what they take")
		}
		return nil
	case Steroids, Anticoagulant, CarePlan, Safeguarding, Pregnancy:
		return nil
	case KeySafe:
		if digitsInARow(a.Text) >= 3 {
			return refusal.Field("text", "Write where the key safe is, never its code. Codes are kept apart and opened one at a time.")
		}
	}
	if a.Text == "" {
		return refusal.Field("text", "Write what has to be known")
	}
	return nil
}

func soundDecision(by access.Caller, a AlertAdded) error {
	if by.Role != access.Device {
		if err := by.May(access.Consult); err != nil {
			return refusal.New(refusal.Forbidden, "A resuscitation decision is recorded by a clinician who has seen it. Get a clinician.")
		}
	}
	switch {
	case a.Decision < DoNotAttempt || a.Decision > SeeForm:
		return refusal.Field("decision", "Choose what the decision says")
	case a.Author == "":
		return refusal.Field("author", "Write who signed the decision")
	case a.Signed.IsZero() && by.Role != access.Device:
		return refusal.Field("signed", "Write when it was signed")
	}
	return nil
}

func digitsInARow(s string) int {
	most, run := 0, 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			run++
			most = max(most, run)
			continue
		}
		run = 0
	}
	return most
}
