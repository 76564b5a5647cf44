package exchangedb

import (
	"context"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/task"
)

// stops says why an envelope must not go any more, and whether that can be
// told.
func (r *running) stops(ctx context.Context, e exchange.Envelope) (string, bool) {
	if r.Stops == nil {
		return "", true
	}
	return r.Stops(ctx, e)
}

// withdraw states that an envelope is not sent any more, and ends the phone
// task about it: nobody is to ring.
func (r *running) withdraw(ctx context.Context, was exchange.Envelope, why string) time.Duration {
	saved, err := r.Journal.Do(ctx, r.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		e, err := envelope(tx, was)
		if err != nil {
			return nil, err
		}
		out := exchange.Withdraw(e, why)
		if len(out) == 0 {
			return nil, nil
		}
		t, err := taskOf(tx, e)
		if err != nil || !t.Open() {
			return out, err
		}
		more, err := task.Finish(t, r.Device, task.Done{Outcome: task.NotNeeded, Note: "It is not sent any more."}, tx.Now())
		return append(out, more...), err
	})
	if err != nil {
		r.Log.Error("an envelope that must not go could not be withdrawn; it is not sent", "envelope", was.ID.Short(), "err", err)
		return time.Second
	}
	r.Journal.WaitViews(ctx, saved, time.Second)
	return lookAtMost
}

// spent tells whether an envelope was tried as often as it may be before a
// person asks for more. They have been told when the receipt was due.
func (r *running) spent(e exchange.Envelope) bool {
	if r.Most == nil {
		return false
	}
	most := r.Most(e.Carries)
	return most > 0 && e.Tries() >= most
}

// listOf says whose work an envelope becomes: a referral that did not arrive
// is a clinician's, what is written to patients and practices is dispatch's.
func listOf(e exchange.Envelope) task.List {
	if e.Carries == exchange.CarriesReferral {
		return task.Clinicians
	}
	return task.Dispatch
}

func turnedWords(e exchange.Envelope) string {
	switch e.Carries {
	case exchange.CarriesLetter:
		return "What was written to the patient did not reach them: ring them, or print it"
	case exchange.CarriesReport:
		return e.To.Name + " did not take the report: print it and see that they have it"
	}
	return e.To.Name + " did not take it: ring them"
}

func lateWords(e exchange.Envelope) string {
	switch {
	case e.Carries == exchange.CarriesLetter && e.ByHand():
		return "Advice waits to be printed and given to the patient"
	case e.Carries == exchange.CarriesLetter:
		return "Not known whether what was written to the patient reached them: ring them, or print it"
	case e.Carries == exchange.CarriesReport:
		return "No receipt from " + e.To.Name + " for the report: print it and see that they have it"
	}
	return "No receipt from " + e.To.Name + " in time: ring them"
}

func noRouteWords(e exchange.Envelope) string {
	if e.Carries == exchange.CarriesLetter {
		return "Nothing can be written to the patient from here: ring them, or print it"
	}
	return "No report can be sent to " + e.To.Name + " from here: print it and see that they have it"
}
