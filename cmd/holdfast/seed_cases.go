package main

import (
	"context"
	"crypto/rand"
	"io"
	"sort"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/sim/people"
	"holdfast/urgent"
)

func randomness() io.Reader { return rand.Reader }

// opening is one made-up case on its way to being facts.
type opening struct {
	people.Case
	id      fact.Subject
	handler access.Caller
	taker   *access.Caller // who has it
}

func (o opening) began(start time.Time) time.Time { return start.Add(-o.Call) }
func (o opening) set(start time.Time) time.Time   { return start.Add(-o.Outcome) }

// openCases opens the cases of this organisation: those of a 111 provider by
// taking their calls, those of others as referrals that arrived.
func (s *seeder) openCases(ctx context.Context) error {
	all, err := s.openings()
	if err != nil {
		return err
	}
	if s.n.Us.ODS == people.FellsideODS {
		err = s.takeCalls(ctx, all)
	} else {
		err = s.receive(ctx, all)
	}
	if err != nil {
		return err
	}
	return s.workOn(ctx, all)
}

func (s *seeder) openings() ([]opening, error) {
	var handlers []access.Caller
	for _, by := range s.staff {
		if by.Role == access.CallHandler {
			handlers = append(handlers, by)
		}
	}
	sort.Slice(handlers, func(i, j int) bool { return handlers[i].Name < handlers[j].Name })
	var out []opening
	for _, c := range s.d.Cases {
		if !s.ours(c) {
			continue
		}
		id, err := fact.NewSubject(randomness())
		if err != nil {
			return nil, err
		}
		o := opening{Case: c, id: id, handler: handlers[len(out)%len(handlers)]}
		if by, ok := s.staff[c.Taken]; ok {
			o.taker = &by
		}
		out = append(out, o)
	}
	return out, nil
}

// each runs one verb for many cases, those of one author together.
func (s *seeder) each(ctx context.Context, all []opening, by func(opening) (access.Caller, bool), at func(opening) time.Time, verb func(opening, access.Caller, urgent.Case) ([]fact.Draft, error)) error {
	var order []fact.Subject
	steps, authors := map[fact.Subject][]step{}, map[fact.Subject]access.Caller{}
	for _, o := range all {
		who, ok := by(o)
		if !ok {
			continue
		}
		if _, known := authors[who.Person]; !known {
			authors[who.Person] = who
			order = append(order, who.Person)
		}
		steps[who.Person] = append(steps[who.Person], step{at: at(o), verb: func(tx *journal.Tx) ([]fact.Draft, error) {
			h, err := tx.History(o.id)
			if err != nil {
				return nil, err
			}
			return verb(o, who, urgent.Fold(o.id, h))
		}})
	}
	for _, person := range order {
		if err := s.act(ctx, authors[person].Author(), steps[person]); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) takeCalls(ctx context.Context, all []opening) error {
	handler := func(o opening) (access.Caller, bool) { return o.handler, true }
	began := func(o opening) time.Time { return o.began(s.start) }
	err := s.each(ctx, all, handler, began, func(o opening, by access.Caller, c urgent.Case) ([]fact.Draft, error) {
		return urgent.TakeCall(c, by, o.RingBack, began(o))
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, all, handler, began, func(o opening, by access.Caller, c urgent.Case) ([]fact.Draft, error) {
		return urgent.Describe(c, by, s.description(o.Case))
	})
	if err != nil {
		return err
	}
	set := func(o opening) time.Time { return o.set(s.start) }
	return s.each(ctx, all, handler, set, func(o opening, by access.Caller, c urgent.Case) ([]fact.Draft, error) {
		return urgent.SetDisposition(c, by, s.n.Cases.Rules, o.Dx, "", set(o))
	})
}

// description is what the caller said.
func (s *seeder) description(c people.Case) urgent.Description {
	patient := urgent.PatientDescribed{Identity: c.Unknown, MayLook: urgent.Yes}
	if c.Person >= 0 {
		patient.Identity, patient.Record = s.d.People[c.Person].Identity, s.person[c.Person]
	}
	words := c.Complaint
	return urgent.Description{
		Caller: &urgent.CallerDescribed{
			Is: urgent.CallerIs(c.Caller.Is), Name: c.Caller.Name, Relation: c.Caller.Relation, WithPatient: yesNo(c.Caller.WithPatient),
			RingBack: c.RingBack, Interpreter: yesNo(patient.Identity.Interpreter), Language: patient.Identity.Language,
		},
		Patient: &patient, Place: &c.Place, Reason: &words,
		Contact: &urgent.ContactAgreed{Ring: urgent.Yes, Text: urgent.Yes},
	}
}

func yesNo(a record.Answer) urgent.YesNo {
	switch a {
	case record.Yes:
		return urgent.Yes
	case record.No:
		return urgent.No
	case record.Unsure:
		return urgent.Unsure
	}
	return urgent.NotAsked
}

// receive opens cases as referrals that the 111 provider sent.
func (s *seeder) receive(ctx context.Context, all []opening) error {
	device := func(opening) (access.Caller, bool) { return s.n.Device, true }
	set := func(o opening) time.Time { return o.set(s.start) }
	return s.each(ctx, all, device, set, func(o opening, by access.Caller, c urgent.Case) ([]fact.Draft, error) {
		ref := s.referral(o)
		content, err := fact.Encode(ref)
		if err != nil {
			return nil, err
		}
		arrival := exchange.Arrival{
			Route: exchange.ByDirect, Partner: exchange.Partner{Name: people.FellsideName, SpeaksFor: []codes.ODS{people.FellsideODS}},
			Sender: people.FellsideODS, Keys: []string{"direct/" + ref.ID}, Original: content, Media: exchange.ReferralMedia, At: fact.At(set(o)),
		}
		return urgent.ReceiveReferral(c, by, s.n.Cases.Rules, ref, arrival, set(o))
	})
}

func (s *seeder) referral(o opening) exchange.Referral {
	r := exchange.Referral{
		ID: o.id.String(), Purpose: exchange.ForReferral, From: exchange.Party{ODS: people.FellsideODS, Name: people.FellsideName, Service: people.FellsideDoS},
		To: s.n.Us, Patient: o.Unknown, Location: o.Place, Callback: o.RingBack, Reason: o.Complaint,
		Dx: codes.ReceivedDx{Code: o.Dx, Original: string(o.Dx)}, Assessed: fact.At(o.set(s.start)), Sent: fact.At(o.set(s.start)),
		Sections: []exchange.Section{{Title: "Why they rang", Text: o.Complaint}},
		Contacts: []exchange.Contact{{
			Rank: 1, Relation: o.Caller.Relation, Name: o.Caller.Name, Phones: []codes.Phone{o.RingBack}, Caller: o.Caller.Is != "patient", Self: o.Caller.Is == "patient",
		}},
	}
	if row, ok := s.n.Cases.Rules.Code(o.Dx); ok {
		r.DxName = row.Name
	}
	if o.Person >= 0 {
		r.Patient = s.d.People[o.Person].Identity
	}
	return r
}

// workOn brings the cases to where they stand: taken, rung in vain.
func (s *seeder) workOn(ctx context.Context, all []opening) error {
	taker := func(o opening) (access.Caller, bool) {
		if o.taker == nil {
			return access.Caller{}, false
		}
		return *o.taker, true
	}
	// Two in three of those who are known here have been recognised by a person.
	known := func(o opening) (access.Caller, bool) {
		return o.handler, o.Person >= 0 && o.Person%3 != 0 && !s.person[o.Person].Zero()
	}
	err := s.each(ctx, all, known, func(o opening) time.Time { return o.set(s.start) }, func(o opening, by access.Caller, c urgent.Case) ([]fact.Draft, error) {
		return urgent.LinkRecord(c, by, s.person[o.Person])
	})
	if err != nil {
		return err
	}
	takenAt := func(o opening) time.Time { return s.start.Add(-o.TakenAt) }
	err = s.each(ctx, all, taker, takenAt, func(_ opening, by access.Caller, c urgent.Case) ([]fact.Draft, error) {
		return urgent.Claim(c, by)
	})
	if err != nil {
		return err
	}
	rang := func(o opening) (access.Caller, bool) { return o.handler, o.Tries > 0 }
	when := func(o opening) time.Time { return o.set(s.start).Add(o.Outcome / 2) }
	return s.each(ctx, all, rang, when, func(o opening, by access.Caller, c urgent.Case) ([]fact.Draft, error) {
		words := "Rang, no answer. Message not left."
		if o.Tries > 1 {
			words = "Rang twice, no answer. Message not left."
		}
		return urgent.Note(c, by, words)
	})
}
