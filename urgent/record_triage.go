package urgent

import (
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/triage"
)

// TriageRequest is one run of questions with what it came to.
type TriageRequest struct {
	Record  triage.Record
	Outcome triage.Outcome
	Words   string
}

// ConcludedOf keeps of an outcome what stands on its own; its reasons come
// back by replaying the record.
func ConcludedOf(o triage.Outcome) Concluded {
	out := Concluded{
		Level: o.Level, Unfinished: o.Unfinished, Dx: o.Dx, SG: strconv.Itoa(o.SG), SD: strconv.Itoa(o.SD),
		Skill: o.Skill, Transport: o.Transport, Advice: o.Advice, SafetyNet: o.SafetyNet,
	}
	for _, f := range o.Trace.Fired {
		out.Fired = append(out.Fired, f.Rule)
	}
	return out
}

// RecordTriage records a run of questions and sets the disposition it came
// to. When the case has a more urgent disposition that one stands and is said
// again: asking again never lowers urgency without a clinician's reason, and
// counts beside one that is being lowered elsewhere at the same moment.
func RecordTriage(c Case, by access.Caller, r *Rules, req TriageRequest, now time.Time) ([]fact.Draft, error) {
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	if len(req.Words) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	old, had := c.Disposition()
	came := ConcludedOf(req.Outcome)
	out := []fact.Draft{fact.Say(c.ID, Triaged{Record: req.Record, Outcome: came, Words: req.Words, Again: had})}
	if had && old.What.Level < came.Level {
		return append(out, fact.Say(c.ID, old.still())), nil
	}
	d, err := r.disposition(came.Dx, now)
	if err != nil {
		return nil, err
	}
	d.SG, d.SD, d.Level = came.SG, came.SD, came.Level
	d.Due = sooner(old.What, d)
	more, err := r.withHold(c, by, d, now)
	return append(out, more...), err
}

// still says again that a disposition stands, by somebody who has new word of
// the patient.
func (d Disposition) still() DispositionSet {
	v := d.What
	v.Lowered = false
	return v
}

// sooner keeps an earlier deadline that was promised already.
func sooner(old, d DispositionSet) fact.Millis {
	if old.Due != 0 && (d.Due == 0 || old.Due < d.Due) {
		return old.Due
	}
	return d.Due
}
