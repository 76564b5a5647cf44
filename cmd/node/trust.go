package node

import (
	"context"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent"
)

// eraseEvery is how often a node looks for erasures whose time has come.
const eraseEvery = time.Minute

// erase carries out what is due, until the end. Every site node does it; said
// twice it is said once. A desk has nothing to carry out but its own copy.
func (n *Node) erase(ctx context.Context) error {
	moved := make(chan struct{}, 1)
	stop := n.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if f.Header.Subject == n.Journal.OrgSubject() {
				select {
				case moved <- struct{}{}:
				default:
				}
				return
			}
		}
	})
	defer stop()
	for {
		if err := n.Gate.CarryOut(ctx, n.Device); err != nil && ctx.Err() == nil {
			n.log.Error("what is due to be erased could not be", "err", err)
		}
		timer := time.NewTimer(eraseEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-moved:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// cutSince tells since when this device's entries are held back.
func (n *Node) cutSince() (time.Time, bool) {
	for _, c := range n.Journal.House().Cuts {
		if c.Lapse == nil && !c.Over && c.Says.Device == n.Device.Person {
			return c.Says.Since.Time(), true
		}
	}
	return time.Time{}, false
}

// wholePerson lists a record and every case about that person, and how many of
// those still need somebody: open cases and tasks, envelopes and reports that
// have not arrived.
func (n *Node) wholePerson(ctx context.Context, about fact.Subject) (subjects []fact.Subject, open int, err error) {
	p, err := journal.Fold(ctx, n.Journal, about, record.Fold)
	if err != nil || !p.Registered {
		return nil, 0, err
	}
	cases, err := n.Cases.AllOf(ctx, about)
	if err != nil {
		return nil, 0, err
	}
	subjects = append([]fact.Subject{about}, cases...)
	if code := n.Homes.CodeOf(about); slices.Contains(p.Entry, code) {
		subjects = append(subjects, code) // what else the record points to is nobody's home, or another's
	}
	for _, one := range subjects {
		tasks, err := taskdb.About(ctx, n.Journal.Views(), n.Device, one)
		if err != nil {
			return nil, 0, err
		}
		open += len(tasks)
	}
	for _, one := range cases {
		c, err := journal.Fold(ctx, n.Journal, one, urgent.Fold)
		if err != nil {
			return nil, 0, err
		}
		open += stillToDo(c)
		calls, err := n.callsOf(ctx, c, cases)
		if err != nil {
			return nil, 0, err
		}
		subjects = append(subjects, calls...)
	}
	return subjects, open, nil
}

// stillToDo counts what of a case still needs somebody.
func stillToDo(c urgent.Case) (open int) {
	if c.OnList() {
		open++
	}
	for _, e := range c.Envelopes {
		if !e.Ended() {
			open++
		}
	}
	return open + len(c.ReportsOut())
}

// openAmong lists the open cases among some subjects by their numbers: no
// administrator sees whose they are.
func (n *Node) openAmong(ctx context.Context, subjects []fact.Subject) (out []string, err error) {
	for _, s := range subjects {
		row, on, err := n.Cases.Row(ctx, s)
		if err == nil && on {
			out = append(out, "Case "+row.Number+", "+string(row.Stage))
		}
	}
	return out, ctx.Err()
}

// kindWords names a kind of fact in plain words.
func kindWords(number uint32) string {
	for _, kinds := range [][]fact.Kind{
		journal.Kinds(), access.Kinds(), record.Kinds(), entry.Kinds(), urgent.Kinds(), exchange.Kinds(), task.Kinds(), directory.Kinds(),
	} {
		for _, k := range kinds {
			if k.Number == number {
				return strings.ReplaceAll(k.Name, "-", " ")
			}
		}
	}
	return "of a newer kind"
}

// trust is what the pages about trust and erasure need to know of the rest.
func (n *Node) trust() *accessweb.Trust {
	t := &accessweb.Trust{Open: n.openAmong, Kind: kindWords, Name: n.name, Whole: n.wholePerson, Record: n.Cases.RecordOf, Review: n.dueForReview}
	t.Days, t.Vault = n.config.Library.Erase.Delay, n.config.Library.Erase.Vault
	for _, r := range n.keptBy() {
		t.Rules = append(t.Rules, r.Name)
	}
	return t
}

// keptBy lists the retention rules of the organisation's nation.
func (n *Node) keptBy() []content.RetentionRule {
	return slices.DeleteFunc(slices.Clone(n.config.Library.Keep), func(r content.RetentionRule) bool {
		return r.Nation != string(n.config.Library.Rules.Nation)
	})
}

// mostProposed bounds the list of records due for review.
const mostProposed = 100

// dueForReview lists the records that the rules for adults and children no
// longer keep, and about which nothing is open. It proposes; it erases nothing.
func (n *Node) dueForReview(ctx context.Context) ([]accessweb.Proposal, error) {
	now := n.clock()
	shortest := 100
	for _, r := range n.keptBy() {
		shortest = min(shortest, r.Years)
	}
	quiet, err := n.Cases.QuietSince(ctx, now.AddDate(-shortest, 0, 0))
	if err != nil {
		return nil, err
	}
	var out []accessweb.Proposal
	watched := n.Gate.Watched(ctx)
	for _, q := range quiet {
		if watched.Canary(q.Record) {
			continue // nobody's record: it counts nowhere
		}
		p, err := journal.Fold(ctx, n.Journal, q.Record, record.Fold)
		if err != nil {
			return nil, err
		}
		if due, ok := n.reviewOf(p.Identity().Born, q.Last); ok && now.After(due.Since) && len(out) < mostProposed {
			due.Record = q.Record
			out = append(out, due)
		}
	}
	return out, nil
}

// reviewOf takes the longer of the rules for adults and children; false when
// the birth date that it needs is not known.
func (n *Node) reviewOf(born codes.Date, last time.Time) (out accessweb.Proposal, ok bool) {
	out.Last = last
	for _, r := range n.keptBy() {
		if r.Kind != "adult" && r.Kind != "child" {
			continue
		}
		until, known := r.Until(born, last)
		if !known {
			return out, false
		}
		if until.After(out.Since) {
			out.Rule, out.Since = r.Name, until
		}
	}
	return out, out.Rule != ""
}
