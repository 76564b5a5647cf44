package node

import (
	"context"

	"holdfast/access"
	"holdfast/exchange/pds"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/recorddb"
	"holdfast/record/recordweb"
)

// linked reads the records that are linked to one that the caller was let into,
// each as a look of its own. What they are not let into, or this device does not
// hold, is missed and said to be.
func (s people) linked(ctx context.Context, by access.Caller, q access.Ask, p record.Person) ([]record.Joined, []fact.Subject) {
	return record.Gather(p, func(id fact.Subject) (record.Person, error) {
		if err := s.Gate.EnterAs(ctx, by, q, id); err != nil {
			return record.Person{}, err
		}
		return journal.Fold(ctx, s.Journal, id, record.Fold)
	})
}

// Alone reads one record and those that are linked to it, not yet together: for
// the page that links and unlinks.
func (s people) Alone(ctx context.Context, by access.Caller, id fact.Subject) (record.Person, []record.Joined, []fact.Subject, error) {
	p, err := journal.Fold(ctx, s.Journal, id, record.Fold)
	if err != nil {
		return p, nil, nil, err
	}
	if !p.Registered && len(p.NotShown) == 0 {
		return p, nil, nil, s.Journal.Gone(id, refusal.New(refusal.Missing, "There is no such record here."))
	}
	if _, err := s.Person(ctx, by, id); err != nil {
		return record.Person{}, nil, nil, err
	}
	linked, missed := s.linked(ctx, by, access.Ask{Act: access.SeePerson, Relation: s.relation(ctx, by, id)}, p)
	return p, linked, missed, nil
}

// putRecords makes what writes in records, the question to the national index,
// and the page of a record.
func (n *Node) putRecords() {
	n.Records = &recorddb.Records{Journal: n.Journal, Gate: n.Gate}
	if c := n.config.Index; c != nil {
		n.tracer = &pds.Tracer{Ask: c.Ask, Rules: n.config.Library.Who, Now: n.clock, Told: func(reached bool) {
			n.log.Info("national index", "reached", reached)
		}}
		n.App.Trace = n.tracer
	}
	n.App.Records, n.App.Who = n.Records, n.config.Library.Who
	pages := &recordweb.Pages{Shell: n.Shell, People: people{n}, Records: n.Records, Rules: n.config.Library.Who, Name: n.name, Refuses: n.Cases.Refuses}
	pages.Register(n.Mux)
}

// LiveWork lists the subjects that every desk is given: open cases, the records
// of their patients and those that are linked to them, open tasks, the directory.
func (n *Node) LiveWork(ctx context.Context) ([]fact.Subject, error) {
	return n.scope.Subjects(ctx, fact.Subject{})
}
