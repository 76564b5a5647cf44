package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/journal"
)

// lettingEvery is how often a desk looks what it may let go of.
const lettingEvery = 5 * time.Minute

// lettingGo has a desk let go of what has left its live work, until the end.
func (n *Node) lettingGo(ctx context.Context) error {
	for {
		if err := n.LetGo(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("not all that left this desk's work can be let go of now: tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lettingEvery):
		}
	}
}

// LetGo lets go of what left this desk's live work long enough ago, as far as it
// is safe at a site node and nobody here is at it; and says so. Whatever can't
// be told is kept.
func (n *Node) LetGo(ctx context.Context) error {
	at, _, behind := n.Journal.ViewsAt()
	if behind > 0 {
		return nil // the lists don't say yet what is work
	}
	live, err := n.deskWork(ctx)
	if err != nil {
		return err
	}
	past, err := n.deskKnows(ctx)
	if err != nil {
		return err
	}
	if err := n.Journal.NoteWork(ctx, live, past); err != nil {
		return err
	}
	now := n.clock()
	keep := n.config.Library.Desk
	due := journal.Keeping{For: keep.Keep, Most: keep.Most}.Due(n.Journal.PastWork(), now)
	idle := max(keep.Keep, 24*time.Hour) // a form that nobody touched so long is not in use
	if due, err = n.nobodyIsAt(ctx, due, now, idle); err != nil {
		return err
	}
	failed := n.letGoOf(ctx, due, at)
	return errors.Join(failed, n.Journal.SayLetGo(ctx, idle))
}

// letGoOf lets go of cases and tasks first, and then of the records of which no
// case is held here any more: no case is shown without what its record warns of.
func (n *Node) letGoOf(ctx context.Context, due []fact.Subject, at int64) error {
	var first, records []fact.Subject
	cases := map[fact.Subject][]fact.Subject{}
	for _, s := range due {
		with, err := subjectRows(ctx, n.Journal.Views(), `SELECT id FROM urgent_about WHERE record = ?2 LIMIT ?1`, s[:])
		if err != nil {
			return err
		}
		if cases[s] = with; len(with) == 0 {
			first = append(first, s)
		} else {
			records = append(records, s)
		}
	}
	failed := n.letGoInParts(ctx, first, at)
	records = slices.DeleteFunc(records, func(r fact.Subject) bool {
		return slices.ContainsFunc(cases[r], func(c fact.Subject) bool { _, gone := n.Journal.LetGoAt(c); return !gone })
	})
	return errors.Join(failed, n.letGoInParts(ctx, records, at))
}

func (n *Node) letGoInParts(ctx context.Context, subjects []fact.Subject, at int64) (failed error) {
	for part := range slices.Chunk(subjects, 1000) {
		_, err := n.Journal.LetGo(ctx, part, at)
		failed = errors.Join(failed, err)
	}
	return failed
}

// deskWork lists what is live work: as site nodes state it, as this desk's own
// lists have it, and what either owes somebody.
func (n *Node) deskWork(ctx context.Context) ([]fact.Subject, error) {
	out, err := n.scope.Subjects(ctx, n.Device.Person)
	if err != nil {
		return nil, err
	}
	out = append(out, n.stated.Subjects()...)
	for _, query := range []string{
		`SELECT a.record FROM urgent_about a JOIN urgent_case c ON c.id = a.id WHERE c.onlist = 1 LIMIT ?`,
		`SELECT about FROM task_open LIMIT ?`,
		`SELECT a.record FROM urgent_about a JOIN task_open t ON t.about = a.id LIMIT ?`,
		`SELECT id FROM urgent_report LIMIT ?`,
		`SELECT a.record FROM urgent_about a JOIN urgent_report r ON r.id = a.id LIMIT ?`,
		`SELECT about FROM exchange_pending LIMIT ?`,
		`SELECT a.record FROM urgent_about a JOIN exchange_pending e ON e.about = a.id LIMIT ?`,
	} {
		more, err := subjectRows(ctx, n.Journal.Views(), query)
		if err == nil && len(more) >= mostScoped { // what is not named would count as having left
			err = fmt.Errorf("more than %d subjects are live work: nothing is let go of", mostScoped)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return slices.DeleteFunc(out, fact.Subject.Zero), nil
}

// deskKnows lists the cases and records that this desk holds and its lists know:
// it may have taken and ended them before anybody said that they were its work.
func (n *Node) deskKnows(ctx context.Context) (out []fact.Subject, err error) {
	for _, query := range []string{`SELECT id FROM urgent_case LIMIT ?`, `SELECT DISTINCT record FROM urgent_about LIMIT ?`} {
		more, err := subjectRows(ctx, n.Journal.Views(), query)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// nobodyIsAt leaves out what somebody at this desk has open, holds, or has a
// half-typed form about, and the cases and records that go with it.
func (n *Node) nobodyIsAt(ctx context.Context, due []fact.Subject, now time.Time, idle time.Duration) ([]fact.Subject, error) {
	if len(due) == 0 {
		return nil, nil
	}
	since := now.Add(-n.Gate.Policy.TokenLasts()) // no session is older
	busy, err := n.Gate.OpenHere(ctx, since)
	if err != nil {
		return nil, err
	}
	people, err := n.Gate.PeopleHere(ctx, since)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		held, _, err := n.openWork(ctx, p)
		if err != nil {
			return nil, err
		}
		busy = append(busy, held...)
	}
	drafts, err := n.Journal.InDrafts(ctx, due, now.Add(-idle))
	if err != nil {
		return nil, err
	}
	busy = append(busy, drafts...)
	is := map[fact.Subject]bool{}
	for _, s := range busy {
		is[s] = true
		with, err := n.goesWith(ctx, s)
		if err != nil {
			return nil, err
		}
		for _, one := range with {
			is[one] = true
		}
	}
	return slices.DeleteFunc(due, func(s fact.Subject) bool { return is[s] }), nil
}

// goesWith lists the records that a case shows, or the cases that a record shows.
func (n *Node) goesWith(ctx context.Context, s fact.Subject) ([]fact.Subject, error) {
	return subjectRows(ctx, n.Journal.Views(), `SELECT record FROM urgent_about WHERE id = ?2 UNION SELECT id FROM urgent_about WHERE record = ?2 LIMIT ?1`, s[:])
}
