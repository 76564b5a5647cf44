package exchangedb

import (
	"context"
	"errors"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/task"
)

// try sends once and states how it went, with the receipt if one came, in one
// act. What was sent is put down even while the program stops.
func (r *running) try(ctx context.Context, e exchange.Envelope, route exchange.Route, sender Sender) error {
	content, err := r.content(ctx, e)
	if err != nil {
		return err
	}
	sending, cancel := context.WithTimeout(ctx, tryWithin)
	a := sender.Send(sending, e, content)
	cancel()
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	ring := r.ring(saving, e)
	saved, err := r.Journal.Do(saving, r.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		return r.state(tx, e, route, a, ring)
	})
	if err == nil {
		r.Journal.WaitViews(saving, saved, time.Second)
	}
	return err
}

func (r *running) content(ctx context.Context, e exchange.Envelope) ([]byte, error) {
	for _, a := range e.Kept {
		content, err := r.Journal.Attachment(ctx, a)
		if err != nil || len(content) == e.Size {
			return content, err
		}
	}
	return nil, errors.New("the envelope's content is not kept here")
}

// state says what an attempt came to. A refusal by the other side is work for
// a person at once.
func (r *running) state(tx *journal.Tx, was exchange.Envelope, route exchange.Route, a Answer, ring codes.Phone) ([]fact.Draft, error) {
	e, err := envelope(tx, was)
	if err != nil {
		return nil, err
	}
	out, err := exchange.Attempted(e, r.Device, exchange.Attempt{Route: route, Outcome: a.Outcome, Status: a.Status, Said: a.Said}, tx.Now())
	if err != nil {
		return nil, err
	}
	if a.Receipt != nil {
		more, err := exchange.Receipted(e, r.Device, exchange.ReceiptReceived{Receipt: *a.Receipt, Route: route, Proof: a.Proof}, tx.Now())
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	switch {
	case len(out) == 0:
		return nil, nil
	case a.Receipt != nil && a.Receipt.Content == e.Content:
		return r.withoutTask(tx, e, out)
	case a.Receipt != nil:
		return r.withTask(tx, e, task.PhoneRefused, "The receipt of "+e.To.Name+" does not fit what was sent: ring them", ring, out)
	case a.Outcome == exchange.Turned:
		return r.withTask(tx, e, task.PhoneRefused, turnedWords(e), ring, out)
	}
	return out, nil
}

// overdue states that no receipt came in time and raises the phone task, in
// one act. Stated already, it states nothing.
func (r *running) overdue(ctx context.Context, was exchange.Envelope) error {
	ring := r.ring(ctx, was)
	saved, err := r.Journal.Do(ctx, r.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		e, err := envelope(tx, was)
		if err != nil {
			return nil, err
		}
		out, err := exchange.Overdue(e, r.Device, tx.Now())
		if err != nil || len(out) == 0 {
			return nil, err
		}
		what := task.PhoneNoReceipt
		if _, sender := r.route(e); sender == nil {
			what = task.PhoneNoRoute
		}
		return r.withTask(tx, e, what, lateWords(e), ring, out)
	})
	if err == nil {
		r.Journal.WaitViews(ctx, saved, time.Second)
	}
	return err
}

// byPhone asks a person at once when no machine here can carry an envelope,
// and says when to look again.
func (r *running) byPhone(ctx context.Context, was exchange.Envelope) time.Duration {
	if r.asked[was.ID] {
		return lookAtMost
	}
	ring := r.ring(ctx, was)
	saved, err := r.Journal.Do(ctx, r.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		e, err := envelope(tx, was)
		if err != nil || e.Ended() {
			return nil, err
		}
		why := "Nothing can be sent to " + e.To.Name + " from here: ring them"
		if e.Unverified {
			why = "Not verified that this is to go to " + e.To.Name + ", and it is not sent: ring them"
		}
		if e.Carries != exchange.CarriesReferral {
			why = noRouteWords(e)
		}
		return r.withTask(tx, e, task.PhoneNoRoute, why, ring, nil)
	})
	if err != nil {
		r.Log.Error("a phone task could not be put down", "envelope", was.ID.Short(), "err", err)
		return time.Second
	}
	r.asked[was.ID] = true
	r.Journal.WaitViews(ctx, saved, time.Second)
	return lookAtMost
}

// withTask adds the phone task of an envelope, which is one whatever raised
// it.
func (r *running) withTask(tx *journal.Tx, e exchange.Envelope, what task.What, why string, ring codes.Phone, out []fact.Draft) ([]fact.Draft, error) {
	t, err := taskOf(tx, e)
	if err != nil {
		return nil, err
	}
	if e.Carries == exchange.CarriesAmbulance {
		what = task.Ambulance
	}
	more, err := task.Raise(t, r.Device, task.Raised{
		Timer: e.Timer(), What: what, List: listOf(e), Reason: why, About: e.About, Ring: ring, Due: fact.At(tx.Now()), Urgent: e.Carries == exchange.CarriesReferral || e.Carries == exchange.CarriesAmbulance,
	}, tx.Now())
	return append(out, more...), err
}

// withoutTask ends the phone task when the receipt came after all.
func (r *running) withoutTask(tx *journal.Tx, e exchange.Envelope, out []fact.Draft) ([]fact.Draft, error) {
	t, err := taskOf(tx, e)
	if err != nil || !t.Open() {
		return out, err
	}
	more, err := task.Finish(t, r.Device, task.Done{Outcome: task.NotNeeded, Note: "The receipt came after all."}, tx.Now())
	return append(out, more...), err
}

func taskOf(tx *journal.Tx, e exchange.Envelope) (task.Task, error) {
	about := task.SubjectOf(e.Timer())
	return journal.FoldIn(tx, about, task.Fold)
}

// ring finds the number of the other side, if it is known.
func (r *running) ring(ctx context.Context, e exchange.Envelope) codes.Phone {
	if r.Phone == nil {
		return codes.Phone{}
	}
	return r.Phone(ctx, e.To)
}

func envelope(tx *journal.Tx, was exchange.Envelope) (exchange.Envelope, error) {
	h, err := tx.History(was.About)
	if err != nil {
		return exchange.Envelope{}, err
	}
	e, ok, _ := exchange.FoldEnvelope(h, was.ID) // what else cannot be read is shown on the case
	if !ok {
		return e, refusal.New(refusal.Missing, "This envelope is not known here.")
	}
	return e, nil
}
