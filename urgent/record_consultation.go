package urgent

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Finish is a whole consultation with its outcome, as one act.
type Finish struct {
	Consulted Consulted
	Outcome   string // a key of the outcome table
	Detail    string
	Action    string // what the GP is asked to do; empty: nothing
	ActionBy  time.Time
}

// FinishConsultation records what was found, thought and said, and sets the
// outcome. Safety-netting cannot be skipped, except where the table says that
// nobody could be given it. The outcome may request an ambulance.
func FinishConsultation(c Case, by access.Caller, r *Rules, f Finish, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if !c.HeldBy(by.Person) {
		if len(c.Claims) > 0 {
			return nil, takenBy(c.Claims[0])
		}
		return nil, refusal.New(refusal.Taken, "You do not have this case any more. Claim it again; what you typed is kept.")
	}
	row, err := f.check(r)
	if err != nil {
		return nil, err
	}
	if r.endsUnreached(row.Key) {
		if err := r.unreachedYet(c, "detail", cmp.Or(f.Detail, f.Consulted.Net.Why)); err != nil {
			return nil, err
		}
	}
	f.Consulted.By = by.Says()
	out := []fact.Draft{fact.Say(c.ID, f.Consulted)}
	if row.Ambulance != "" {
		more, err := ambulance(c, r, r.Threats[row.Ambulance], row.Name+": "+f.Detail, now)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	set := OutcomeSet{Outcome: row.Key, Detail: f.Detail, Action: f.Action, Who: by.Says()}
	if !f.ActionBy.IsZero() {
		set.By = fact.At(f.ActionBy)
	}
	return append(out, fact.Say(c.ID, set)), nil
}

func (f *Finish) check(r *Rules) (OutcomeRow, error) {
	var errs []error
	row, ok := r.Outcome(f.Outcome)
	if !ok {
		errs = append(errs, refusal.Field("outcome", "Choose the outcome."))
	}
	c := &f.Consulted
	for _, text := range []*string{&c.History, &c.Examination, &c.Diagnosis, &c.Plan, &f.Detail, &f.Action, &c.Net.Expect, &c.Net.Worse, &c.Net.SaidBack, &c.Net.Why} {
		*text = strings.TrimSpace(*text)
		if len(*text) > MaxWords {
			errs = append(errs, refusal.Newf(refusal.Invalid, "One text is longer than %d characters.", MaxWords))
		}
	}
	if ok && row.SafetyNet {
		if c.History == "" {
			errs = append(errs, refusal.Field("history", "Write what the patient told you."))
		}
		if c.Plan == "" {
			errs = append(errs, refusal.Field("plan", "Write the plan."))
		}
		if c.Net.Worse == "" {
			errs = append(errs, refusal.Field("worse", "Write what they are to ring for, and whom."))
		}
		if c.Net.Expect == "" {
			errs = append(errs, refusal.Field("expect", "Write what should happen, and by when."))
		}
		if c.Net.SaidBack == "" {
			errs = append(errs, refusal.Field("saidback", "Say who said it back to you."))
		}
	}
	if f.Action != "" && f.ActionBy.IsZero() {
		errs = append(errs, refusal.Field("actionby", "Say by when the GP is to do it."))
	}
	return row, errors.Join(errs...)
}
