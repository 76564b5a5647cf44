package speed

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/sim/people"
	"holdfast/urgent"
)

// town turns made-up districts into facts by the verbs that people use, from
// the call to the report to the GP.
type town struct {
	j        *journal.Journal
	rules    *urgent.Rules
	us       exchange.Party
	now      time.Time
	handler  access.Caller
	doctor   access.Caller
	together int // cases that share an act
}

// verb is what somebody does with a case, and what they looked at to do it.
type verb struct {
	by   access.Caller
	look access.Act
	do   func(c urgent.Case, p people.Case) ([]fact.Draft, error)
}

// newTown adds two members of staff.
func newTown(ctx context.Context, j *journal.Journal, lib *node.Library, together int) (*town, error) {
	t := &town{j: j, rules: lib.Rules, us: exchange.Party{ODS: people.FellsideODS, Name: people.FellsideName}, now: time.Now(), together: together}
	for _, one := range []struct {
		into *access.Caller
		name string
		role access.Role
	}{{&t.handler, "Ruth Ashdown", access.CallHandler}, {&t.doctor, "Kemi Adeyemi", access.Clinician}} {
		var person fact.Subject
		saved, err := j.Do(ctx, fact.Author{Role: "device"}, nil, func(tx *journal.Tx) (_ []fact.Draft, err error) {
			if person, err = tx.NewSubject(); err != nil {
				return nil, err
			}
			return access.AddPerson(access.Staff{Person: person}, access.PersonAdded{Name: one.name}, []access.Role{one.role})
		})
		if err != nil {
			return nil, err
		}
		*one.into = access.Caller{
			Person: person, Name: one.name, Role: one.role, Org: t.us.Name, ODS: string(t.us.ODS), Desk: "Desk 4", Grants: []fact.ID{saved[1].ID},
		}
	}
	return t, nil
}

// fill writes districts, several at a time, until the journal holds so many
// facts.
func (t *town) fill(ctx context.Context, facts int) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var working sync.WaitGroup
	seeds := make(chan uint64)
	for range 4 {
		working.Go(func() {
			for seed := range seeds {
				if err := t.district(ctx, seed, facts); err != nil {
					stop(err)
				}
			}
		})
	}
	for seed := uint64(1); ctx.Err() == nil && held(t.j) < facts; seed++ {
		select {
		case seeds <- seed:
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
			seed--
		}
	}
	close(seeds)
	working.Wait()
	return context.Cause(ctx)
}

// held counts the facts that a journal holds.
func held(j *journal.Journal) int {
	n := 0
	for _, t := range j.Tips() {
		n += int(t.Size)
	}
	return n
}

// registered is how many people of a district the organisation knows.
const registered = 500

// district writes one district: its people with their alerts, then their
// cases, until there are facts enough.
func (t *town) district(ctx context.Context, seed uint64, most int) error {
	d := people.Make(seed, t.now)
	d.People = d.People[:registered]
	at := make([]fact.Subject, len(d.People))
	for first := 0; first < len(d.People); first += 60 {
		if err := t.register(ctx, d.People[first:min(first+60, len(d.People))], at[first:]); err != nil {
			return err
		}
	}
	for round := 0; held(t.j) < most && round < 30; round++ { // each person rings now and then
		for first := 0; first < len(d.Cases) && held(t.j) < most; first += t.together {
			if err := t.cases(ctx, d, d.Cases[first:min(first+t.together, len(d.Cases))], at, round); err != nil {
				return err
			}
		}
	}
	return nil
}

// register adds people, then the alerts in their records.
func (t *town) register(ctx context.Context, all []people.Person, at []fact.Subject) error {
	by := t.handler
	_, err := t.j.Do(ctx, by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		for i, p := range all {
			if at[i], err = tx.NewSubject(); err != nil {
				return nil, err
			}
			drafts, err := record.Register(record.Person{Subject: at[i]}, by, record.Registration{Identity: p.Identity, Source: record.FromTrace}, t.now)
			if err != nil {
				return nil, err
			}
			out = append(out, drafts...)
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	by = t.doctor
	_, err = t.j.Do(ctx, by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		for i, p := range all {
			h, err := tx.History(at[i])
			if err != nil {
				return nil, err
			}
			for _, a := range p.Alerts {
				drafts, err := record.AddAlert(record.Fold(at[i], h), by, a, t.now)
				if err != nil {
					return nil, err
				}
				out = append(out, drafts...)
			}
		}
		return out, nil
	})
	return err
}

// cases takes a few cases from the call to the report, verb by verb.
func (t *town) cases(ctx context.Context, d people.District, some []people.Case, at []fact.Subject, round int) error {
	var session fact.Subject
	ids := make([]fact.Subject, len(some))
	_, err := t.j.Do(ctx, t.handler.Author(), nil, func(tx *journal.Tx) (_ []fact.Draft, err error) {
		if session, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		for i := range ids {
			if ids[i], err = tx.NewSubject(); err != nil {
				return nil, err
			}
		}
		opened := access.SessionOpened{Person: t.handler.Person, Role: t.handler.Role, Until: fact.At(t.now.Add(12 * time.Hour)), Way: "passkey"}
		if _, err := rand.Read(opened.Token[:]); err != nil {
			return nil, err
		}
		return []fact.Draft{fact.Say(session, opened)}, nil
	})
	if err != nil {
		return err
	}
	who := func(p people.Case) int { // another person each round
		if p.Person < 0 {
			return -1
		}
		return (p.Person + 97*round) % len(d.People)
	}
	for _, v := range t.verbs(d, at, who) {
		v.by.Session = session
		if err := t.do(ctx, v, some, ids); err != nil {
			return err
		}
	}
	return nil
}

// do runs one verb on a few cases as one act.
func (t *town) do(ctx context.Context, v verb, some []people.Case, ids []fact.Subject) error {
	_, err := t.j.Do(ctx, v.by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		for i, p := range some {
			h, err := tx.History(ids[i])
			if err != nil {
				return nil, err
			}
			drafts, err := v.do(urgent.Fold(ids[i], h), p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.look, err)
			}
			if out = append(out, drafts...); v.look != "" {
				out = append(out, fact.Say(v.by.Session, access.Looked{Act: v.look, About: ids[i]}))
			}
		}
		return out, nil
	})
	return err
}

// verbs is a case's way through the service.
func (t *town) verbs(d people.District, at []fact.Subject, who func(people.Case) int) []verb {
	return []verb{
		{t.handler, access.TakeCall, func(c urgent.Case, p people.Case) ([]fact.Draft, error) {
			return urgent.TakeCall(c, t.handler, p.RingBack, t.now)
		}},
		{t.handler, "", func(c urgent.Case, p people.Case) ([]fact.Draft, error) {
			return urgent.Describe(c, t.handler, description(d, at, p, who(p)))
		}},
		{t.handler, "", func(c urgent.Case, p people.Case) ([]fact.Draft, error) {
			return urgent.SetDisposition(c, t.handler, t.rules, p.Dx, "", t.now)
		}},
		{t.handler, access.SeePerson, func(c urgent.Case, p people.Case) ([]fact.Draft, error) {
			if i := who(p); i >= 0 {
				return urgent.LinkRecord(c, t.handler, at[i])
			}
			return urgent.Note(c, t.handler, "Would not give a name. Rings from a car park; said she would wait by the phone.")
		}},
		{t.doctor, access.SeeCase, func(c urgent.Case, _ people.Case) ([]fact.Draft, error) {
			return urgent.StartConsultation(c, t.doctor, "phone")
		}},
		{t.doctor, "", func(c urgent.Case, p people.Case) ([]fact.Draft, error) {
			return urgent.FinishConsultation(c, t.doctor, t.rules, t.finish(p), t.now)
		}},
		{t.doctor, "", func(c urgent.Case, _ people.Case) ([]fact.Draft, error) {
			return urgent.MakeReport(c, t.doctor, t.rules, t.us, t.now)
		}},
		{t.doctor, access.SeeCase, func(c urgent.Case, _ people.Case) ([]fact.Draft, error) {
			return urgent.Close(c, t.doctor, "")
		}},
	}
}

func description(d people.District, at []fact.Subject, p people.Case, who int) urgent.Description {
	patient := urgent.PatientDescribed{Identity: p.Unknown, MayLook: urgent.Yes}
	if who >= 0 {
		patient.Identity, patient.Record = d.People[who].Identity, at[who]
	}
	words := p.Complaint
	return urgent.Description{
		Caller:  &urgent.CallerDescribed{Is: urgent.CallerIs(p.Caller.Is), Name: p.Caller.Name, Relation: p.Caller.Relation, RingBack: p.RingBack},
		Patient: &patient, Place: &p.Place, Reason: &words, Contact: &urgent.ContactAgreed{Ring: urgent.Yes, Text: urgent.Yes},
	}
}

func (t *town) finish(p people.Case) urgent.Finish {
	return urgent.Finish{
		Outcome: "gp-in-hours", Action: "Please see the patient.", ActionBy: t.now.Add(48 * time.Hour),
		Consulted: urgent.Consulted{
			Mode:        "phone",
			History:     p.Complaint + ". Began this morning, not worse since. Eats and drinks. No known allergies. Takes what the surgery gives, no change of late.",
			Examination: "Speaks in full sentences, no distress heard on the phone.",
			Diagnosis:   "Likely viral, to be seen by the practice.",
			Plan:        "Rest, fluids, paracetamol as the packet says. Own surgery to see in hours.",
			Net:         urgent.SafetyNet{Expect: "Better within three days", Worse: "Short of breath, chest pain or confusion: ring 999", SaidBack: "patient"},
		},
	}
}
