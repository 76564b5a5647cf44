package urgent

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// DeathRecorded says that the patient has died, who verified it, and who has
// to be told; or that this was said in error. Verified or not, nothing is
// written to the patient after it; care ends only when it is verified.
type DeathRecorded struct {
	Verified bool         `cbor:"1,keyasint"`
	Answers  []FormAnswer `cbor:"2,keyasint,omitempty"`
	By       string       `cbor:"3,keyasint"`
	Filling  string       `cbor:"4,keyasint"`
	InError  bool         `cbor:"5,keyasint,omitempty"` // the patient lives
	Why      string       `cbor:"6,keyasint,omitempty"` // of an error
}

// FactKind is kind 249.
func (DeathRecorded) FactKind() fact.Kind { return kind(249, "death-recorded", fact.Undetermined) }

// words says it as people read it.
func (v DeathRecorded) words() string {
	switch {
	case v.InError:
		return joinSentences("Lives: it was said in error", v.Why)
	case v.Verified:
		return joinSentences("Died, verified", deathDetail(v.Answers))
	}
	return joinSentences("Said to have died, not verified", deathDetail(v.Answers))
}

// Died tells whether a verified death stands and nothing written apart says
// otherwise: then nobody is rung, and no clock runs. Whoever rings patients
// back asks this first.
func (c Case) Died() bool {
	v, ok := c.Outward.Death.Get()
	return ok && !c.Outward.Death.Disputed() && v.Verified && !v.InError
}

// SaidDead says why nothing is written to the patient when anybody says that
// they have died, verified or not.
func (c Case) SaidDead() string {
	for _, v := range c.Outward.Death.Values {
		if !v.Value.InError {
			return "The patient is recorded as having died: nothing is written to them"
		}
	}
	return ""
}

// recordDeath states the death. Whatever was on its way to the patient stops
// in the same act. Where it is verified and a clinician says so the outcome
// follows, so that no clock runs on; where nobody has verified it care goes on
// until somebody has.
func recordDeath(c Case, by access.Caller, r *Rules, form ShortForm, in Filled, answers []FormAnswer, means []meant, now time.Time) ([]fact.Draft, error) {
	said := DeathRecorded{Answers: answers, By: by.Says(), Filling: in.Filling}
	for _, m := range means {
		said.Verified = said.Verified || m.Means.Verified
	}
	if said.Verified && by.May(access.SetOutcome) != nil {
		return nil, refusal.Field("by", "A clinician records that a death is verified. Choose “nobody yet” and get one")
	}
	out := append([]fact.Draft{fact.Say(c.ID, said)}, c.withdrawLetters("The patient has died.")...)
	if said.Verified && !c.Outcome.Disputed() {
		out = append(out, fact.Say(c.ID, OutcomeSet{Outcome: "died", Detail: deathDetail(answers), Who: by.Says()}))
	}
	more, err := c.followUp(by, r, form, in, means, now)
	return append(out, more...), err
}

func deathDetail(answers []FormAnswer) string {
	var out []string
	for _, a := range answers {
		if slices.Contains([]string{"by", "expected", "resus", "told"}, a.Field) {
			out = append(out, a.Asked+": "+lowerWords(a.Words))
		}
	}
	return strings.Join(out, ". ")
}

// DeathInError takes back that the patient has died: said by mistake, or of
// somebody else. Letters that were stopped are not sent by themselves; the
// case needs somebody at once.
func DeathInError(c Case, by access.Caller, r *Rules, why string, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WriteNote); err != nil {
		return nil, err
	}
	if c.Outward.Death.Empty() || c.SaidDead() == "" {
		return nil, refusal.New(refusal.Missing, "Nobody says here that the patient has died.")
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say how you know that they live")
	}
	out := []fact.Draft{fact.Say(c.ID, DeathRecorded{InError: true, Why: why, By: by.Says()})}
	d, err := r.disposition(r.unknown, now)
	if err != nil {
		return nil, err
	}
	d.Why = "Recorded as having died by mistake: ring at once"
	if was, ok := c.Disposition(); ok && was.What.Level <= d.Level {
		return append(out, fact.Say(c.ID, was.still())), nil
	}
	return append(out, fact.Say(c.ID, d)), nil
}
