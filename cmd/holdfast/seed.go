package main

import (
	"context"
	"fmt"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/directory/directorydb"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/sim/people"
)

// seeder turns a made-up district into facts of one organisation, by the same
// verbs that people use, many in one act.
type seeder struct {
	n      *node.Node
	d      people.District
	start  time.Time // the moment the district's cases are told from
	person []fact.Subject
	staff  map[string]access.Caller
}

// step is one verb, said to have happened at a time.
type step struct {
	at   time.Time
	verb func(tx *journal.Tx) ([]fact.Draft, error)
}

// mostInAct leaves room for the last verb of an act (an act holds 256 facts).
const mostInAct = 220

// act runs steps of one author in as few acts as they fit into.
func (s *seeder) act(ctx context.Context, by fact.Author, steps []step) error {
	for done := 0; done < len(steps); {
		var next int
		_, err := s.n.Journal.Do(ctx, by, nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
			for next = done; next < len(steps) && len(out) < mostInAct; next++ {
				more, err := steps[next].verb(tx)
				if err != nil {
					return nil, err
				}
				for _, d := range more {
					if d.Happened == (fact.Span{}) && !steps[next].at.IsZero() {
						d = d.When(steps[next].at)
					}
					out = append(out, d)
				}
			}
			return out, nil
		})
		if err != nil {
			return err
		}
		done = next
	}
	return nil
}

// seed writes everything made up into a new organisation.
func seed(ctx context.Context, n *node.Node, d people.District, start time.Time) error {
	s := &seeder{n: n, d: d, start: start, person: make([]fact.Subject, len(d.People))}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"staff", s.addStaff}, {"directory", s.listServices}, {"notices", s.postNotices}, {"people", s.registerPeople}, {"alerts", s.addAlerts}, {"cases", s.openCases}, {"forms", s.receiveForms}, {"homes", s.keepHomes},
	} {
		if err := level(ctx, n.Journal); err != nil { // some parts decide by the lists
			return err
		}
		if err := part.do(ctx); err != nil {
			return fmt.Errorf("seeding %s: %w", part.name, err)
		}
	}
	return level(ctx, n.Journal)
}

// level waits until the lists show everything that was saved.
func level(ctx context.Context, j *journal.Journal) error {
	for {
		if _, _, behind := j.ViewsAt(); behind == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *seeder) addStaff(ctx context.Context) error {
	for _, one := range s.d.Staff {
		if one.Org != string(s.n.Us.ODS) {
			continue
		}
		if _, err := s.n.Gate.AddStaff(ctx, s.n.Device, access.PersonAdded{Name: one.Name, Title: one.Title}, one.Roles); err != nil {
			return err
		}
	}
	var err error
	s.staff, err = staffOf(ctx, s.n)
	return err
}

// staffOf gives everybody on the staff by name, as callers in the first role
// that they hold.
func staffOf(ctx context.Context, n *node.Node) (map[string]access.Caller, error) {
	facts, err := n.Gate.StaffList(ctx, n.Device)
	if err != nil {
		return nil, err
	}
	out := map[string]access.Caller{}
	now := n.Now()
	for _, p := range facts {
		details, _ := p.Staff.Details.Get()
		for _, role := range access.Roles() {
			if grants := p.Staff.Holds(role, now); len(grants) > 0 {
				out[details.Name] = access.Caller{
					Person: p.Person, Name: details.Name, Title: details.Title, Role: role, Org: n.Us.Name, ODS: string(n.Us.ODS),
					Desk: n.Device.Desk, Grants: grants,
				}
				break
			}
		}
	}
	return out, nil
}

// listServices fills the directory; services of the demo's own organisations
// are reached straight.
func (s *seeder) listServices(ctx context.Context) error {
	var steps []step
	list := func(verb func(e directory.Entry) ([]fact.Draft, error)) {
		steps = append(steps, step{verb: func(tx *journal.Tx) ([]fact.Draft, error) {
			about, err := tx.NewSubject()
			if err != nil {
				return nil, err
			}
			return verb(directory.Entry{Subject: about})
		}})
	}
	by := s.n.Device
	list(func(e directory.Entry) ([]fact.Draft, error) {
		return directory.ListLocalities(e, by, s.d.Localities, s.start)
	})
	for _, one := range s.d.Services {
		list(func(e directory.Entry) ([]fact.Draft, error) { return directory.ListService(e, by, one, s.start) })
	}
	for _, one := range s.d.Practices {
		list(func(e directory.Entry) ([]fact.Draft, error) {
			return directory.ListOrganisation(e, by, one, s.start)
		})
	}
	return s.act(ctx, by.Author(), steps)
}

// postNotices says what staff are to know tonight.
func (s *seeder) postNotices(ctx context.Context) error {
	if err := level(ctx, s.n.Journal); err != nil {
		return err
	}
	all, err := directorydb.Entries(ctx, s.n.Journal.Views(), s.n.Device)
	if err != nil {
		return err
	}
	var steps []step
	for _, e := range all {
		if service, ok := e.Current(); ok && service.Name == "Brackenby base" {
			notice := directory.NoticePosted{
				From: fact.At(s.start), Until: fact.At(s.start.Add(12 * time.Hour)), Text: "Doctor off sick: nurse appointments only. Say so before you offer it.",
			}
			steps = append(steps, step{verb: func(*journal.Tx) ([]fact.Draft, error) { return directory.PostNotice(e, s.n.Device, notice, s.start) }})
		}
	}
	return s.act(ctx, s.n.Device.Author(), steps)
}

// ours tells whether a case is on this organisation's worklist.
func (s *seeder) ours(c people.Case) bool { return c.Org == codes.ODS(s.n.Us.ODS) }

// known lists the people whom this organisation has records of: a 111
// provider everybody in its district, others whom they were sent.
func (s *seeder) known() []int {
	var out []int
	if s.n.Us.ODS == people.FellsideODS {
		for i := range s.d.People {
			out = append(out, i)
		}
		return out
	}
	for _, c := range s.d.Cases {
		if s.ours(c) && c.Person >= 0 {
			out = append(out, c.Person)
		}
	}
	return out
}

func (s *seeder) registerPeople(ctx context.Context) error {
	var steps []step
	for _, i := range s.known() {
		p := s.d.People[i]
		steps = append(steps, step{verb: func(tx *journal.Tx) (out []fact.Draft, err error) {
			if s.person[i], err = tx.NewSubject(); err != nil {
				return nil, err
			}
			return record.Register(record.Person{Subject: s.person[i]}, s.n.Device, record.Registration{Identity: p.Identity, Source: record.FromTrace}, s.start)
		}})
	}
	return s.act(ctx, s.n.Device.Author(), steps)
}

func (s *seeder) addAlerts(ctx context.Context) error {
	var steps []step
	by := s.n.Device
	for _, i := range s.known() {
		p := s.d.People[i]
		about := s.person[i]
		add := func(at time.Time, verb func(record.Person) ([]fact.Draft, error)) {
			steps = append(steps, step{at: at, verb: func(tx *journal.Tx) ([]fact.Draft, error) {
				h, err := tx.History(about)
				if err != nil {
					return nil, err
				}
				return verb(record.Fold(about, h))
			}})
		}
		for _, a := range p.Alerts {
			add(time.Time{}, func(r record.Person) ([]fact.Draft, error) { return record.AddAlert(r, by, a, s.start) })
		}
		for _, a := range p.Answers {
			add(time.Time{}, func(r record.Person) ([]fact.Draft, error) { return record.AnswerAlert(r, by, a, s.start) })
		}
		for _, c := range p.Contacts {
			at := s.start.Add(-c.Before)
			add(at, func(r record.Person) ([]fact.Draft, error) {
				earlier, err := fact.NewSubject(randomness())
				if err != nil {
					return nil, err
				}
				return record.NoteContact(r, by, record.ContactNoted{Case: earlier, Way: "call", Complaint: c.Complaint, Dx: c.Dx, Outcome: c.Outcome}, at)
			})
		}
	}
	return s.act(ctx, by.Author(), steps)
}
