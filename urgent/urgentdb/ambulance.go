package urgentdb

import (
	"context"
	"slices"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/urgent"
)

// withAmbulances adds, in the same act, what follows from a request for an
// ambulance: its envelope, and where no machine can be asked the task of
// ringing at once.
func (s *Cases) withAmbulances(ctx context.Context, tx *journal.Tx, by access.Caller, drafts []fact.Draft, c urgent.Case) ([]fact.Draft, error) {
	if !slices.ContainsFunc(drafts, func(d fact.Draft) bool { _, ok := d.Content.(urgent.AmbulanceRequested); return ok }) {
		return drafts, nil
	}
	var way urgent.AmbulanceRoute
	if s.Ambulance != nil {
		way = s.Ambulance(ctx)
	}
	with := urgent.Stated(c, drafts, tx.Now())
	for _, d := range slices.Clone(drafts) {
		req, ok := d.Content.(urgent.AmbulanceRequested)
		if !ok {
			continue
		}
		if req.Timer != (fact.Hash{}) { // let go by itself: asked for by several devices it is one task
			more, err := heldTask(tx, c, req)
			if err != nil {
				return nil, err
			}
			drafts = append(drafts, more...)
			continue
		}
		sent := urgent.SendAmbulance(with, by, s.Rules, req, way, s.Us, tx.Now())
		drafts = append(drafts, sent...)
		if byMachine(sent) {
			continue
		}
		more, err := ringControl(tx, c.ID, req)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, more...)
	}
	return drafts, nil
}

func byMachine(sent []fact.Draft) bool {
	return slices.ContainsFunc(sent, func(d fact.Draft) bool {
		v, ok := d.Content.(urgent.AmbulanceSent)
		return ok && v.Route != exchange.ByPhone
	})
}

// ringControl raises the task: whoever may ask for an ambulance is never
// refused for what follows.
func ringControl(tx *journal.Tx, about fact.Subject, req urgent.AmbulanceRequested) ([]fact.Draft, error) {
	id, err := tx.NewSubject()
	if err != nil {
		return nil, err
	}
	return task.Raise(task.Task{Subject: id}, access.Caller{Role: access.Device}, task.Raised{
		What: task.Ambulance, List: task.Dispatch, Reason: "Ring ambulance control for a " + req.Category + ". Read the case to them.",
		About: about, Urgent: true,
	}, tx.Now())
}
