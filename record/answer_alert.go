package record

import (
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// RecordNoKnownAllergies says that allergies were asked about and none is
// known.
func RecordNoKnownAllergies(p Person, by access.Caller, from Source, now time.Time) ([]fact.Draft, error) {
	return AnswerAlert(p, by, AlertAnswered{Kind: Allergy, Answer: NoneKnown, Source: from}, now)
}

// AnswerAlert keeps the answer to a question about a kind of alert when there
// is nothing to list. It is refused while an alert of that kind stands:
// "none" never removes one.
func AnswerAlert(p Person, by access.Caller, req AlertAnswered, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	if !p.Registered {
		return nil, refusal.New(refusal.Missing, "There is no record to add this to. Register the person first.")
	}
	if !slices.Contains(AlertKinds(), req.Kind) || req.Answer != NoneKnown && req.Answer != NotKnown {
		return nil, refusal.Field("answer", "Choose what was asked and what was answered")
	}
	if n := len(p.StandingOf(req.Kind)); n > 0 {
		return nil, refusal.Newf(refusal.Taken,
			"The record lists %d of the kind %q. Ask about them: confirm each, or have a clinician end it with a reason.", n, req.Kind.String())
	}
	had, others := false, false
	for _, a := range p.Answers {
		had = had || a.Kind == req.Kind && a.Answer == req.Answer
		others = others || a.Kind == req.Kind && a.Answer != req.Answer
	}
	if had && !others {
		return nil, nil
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}
