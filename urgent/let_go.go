package urgent

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
)

// LetGoOverdue lets go by itself what no clinician has validated in time: an
// ambulance is asked for, a patient is to be rung and told. It says nothing
// while there is time and when it was said already; any device that holds the
// case may run it, and it happens once. What never goes by itself becomes an
// urgent task instead.
func LetGoOverdue(c Case, by access.Caller, r *Rules, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.RunTimers); err != nil {
		return nil, err
	}
	h, ok := c.Held()
	if !ok || fact.At(now) < h.What.Until {
		return nil, nil
	}
	if h.What.Never != "" {
		return c.taskOf(h.LateTask(c.ID), task.Raised{
			What: task.Other, List: task.Clinicians, Urgent: true,
			Reason: "Validate case " + c.Number + " now: it is late, and it never goes by itself. " + h.What.Never + ".",
		}, now)
	}
	return r.letGo(c, h, "No clinician has validated it in time.", "", now)
}

// LetGo lets go what is held because no clinician can be found for it: what
// was asked for at first is done without.
func LetGo(c Case, by access.Caller, r *Rules, why string, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if err := by.May(access.Dispose); err != nil {
		return nil, err
	}
	h, ok := c.Held()
	if !ok {
		return nil, notHeld(c)
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why it does not wait for a clinician, such as whom you asked.")
	}
	if len(why) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	return r.letGo(c, h, why, by.Says(), now)
}

// notHeld says what became of what was held.
func notHeld(c Case) error {
	for _, h := range c.Holds {
		if h.Went == 0 {
			continue
		}
		what := "The ambulance was asked for"
		if h.What.Goes == PatientGoes {
			what = "The patient may go"
		}
		return refusal.Newf(refusal.Taken, "%s at %s, without validation. If a clinician thinks otherwise: change what is needed, and ring whoever is on the way.", what, codes.Clock(h.Went.Time()))
	}
	return refusal.New(refusal.Missing, "Nothing waits for validation here any more. Open the case again.")
}

func (r *Rules) letGo(c Case, h Hold, why, who string, now time.Time) ([]fact.Draft, error) {
	set, err := r.released(c, h, why)
	if err != nil {
		return nil, err
	}
	out := []fact.Draft{fact.Say(c.ID, ValidationReleased{Held: h.Fact, Timer: h.Timer, Due: h.What.Until, Why: why, By: who, Set: set}).When(now)}
	if h.What.Goes == AmbulanceGoes {
		return append(out, fact.Say(c.ID, r.request(c, h.What.Original, why, h.Timer)).When(now)), nil
	}
	more, err := c.taskOf(h.Timer, task.Raised{
		What: task.RingBack, List: task.Handlers, Urgent: true,
		Reason: "Ring the patient of case " + c.Number + ": they may go to the emergency department now. " + c.mayRing() + "The case stays open until it says that they were told.",
	}, now)
	return append(out, more...), err
}

// mayRing warns whoever rings that it is not simply safe to.
func (c Case) mayRing() string {
	v, ok := c.Contact.Get()
	switch {
	case c.Contact.Disputed():
		return "Two answers on safe contact: read them first. "
	case ok && (v.Ring == No || v.Ring == Unsure):
		return "It may not be safe to ring: read safe contact first. "
	case ok && v.Text == Yes:
		return "They may be sent a text too. "
	}
	return ""
}

// released gives what is needed once nothing is held any more: what was held,
// unless something more urgent stands. It is never less urgent than before.
func (r *Rules) released(c Case, h Hold, why string) (DispositionSet, error) {
	d, err := r.disposition(h.What.Original, h.At.Time())
	if err != nil {
		return DispositionSet{}, err
	}
	old, had := c.Disposition()
	if !had {
		d.Why = why
		return d, nil
	}
	still := old.still()
	if still.Dx != h.What.Original && still.Dx != h.What.As && still.Level <= d.Level {
		return still, nil
	}
	still.Dx, still.Level, still.Due, still.Why = h.What.Original, min(still.Level, d.Level), sooner(still, d), why
	return still, nil
}

// LateTask names the timer of the task for what is late and never goes by
// itself.
func (h Hold) LateTask(about fact.Subject) fact.Hash {
	return task.TimerID(about, "validation late", h.Fact)
}

// taskOf raises the one task of a timer, whatever device raises it.
func (c Case) taskOf(timer fact.Hash, t task.Raised, now time.Time) ([]fact.Draft, error) {
	t.Timer, t.About, t.Due = timer, c.ID, fact.At(now)
	return task.Raise(task.Task{Subject: task.SubjectOf(timer)}, access.Caller{Role: access.Device}, t, now)
}

// RingForHeld words the task that follows an ambulance: whom to ring, when the
// case came from somebody who keeps ambulances.
func (c Case) RingForHeld(req AmbulanceRequested) (reason string, ring codes.Phone) {
	for _, a := range c.Arrived {
		if from := a.What.Referral.From; a.What.Referral.Purpose == exchange.ForValidation && req.Timer != (fact.Hash{}) {
			return "Ring " + from.Name + " for case " + c.Number + ": " + req.Category + ", as they asked at first.", from.Phone
		}
	}
	return "Ring ambulance control for a " + req.Category + ". Read the case to them.", codes.Phone{}
}
