package node

import (
	"context"
	"slices"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/access/accessweb"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// judged is what was found unusual, so that looking at the page twice does not
// judge every look twice.
type judged struct {
	mu   sync.Mutex
	upTo accessdb.LookPlace
	at   time.Time // zero: nothing is judged yet
	is   accessweb.Judged
}

// judgedFresh is how long what was found serves while no look is made: what is
// known of records and who wrote in them moves slowly.
const judgedFresh = time.Minute

// unusual lets the caller in and finds what is unusual lately among the newest
// looks, and how many older ones were not judged.
func (n *Node) unusual(ctx context.Context, by access.Caller) (accessweb.Judged, error) {
	if err := n.Gate.Enter(ctx, by, access.SeeLooks, fact.Subject{}); err != nil {
		return accessweb.Judged{}, err
	}
	j := &n.judged
	j.mu.Lock()
	defer j.mu.Unlock()
	upTo, err := n.Gate.LooksNow(ctx)
	if err != nil {
		return accessweb.Judged{}, err
	}
	now := n.clock()
	if age := now.Sub(j.at); !j.at.IsZero() && j.upTo == upTo && age >= 0 && age < judgedFresh {
		return j.is, nil
	}
	is, err := n.judge(ctx, now)
	if err != nil {
		return accessweb.Judged{}, err
	}
	j.upTo, j.at, j.is = upTo, now, is
	return is, nil
}

func (n *Node) judge(ctx context.Context, now time.Time) (is accessweb.Judged, err error) {
	rules := n.config.Library.Look.Unusual
	is.Days = rules.Days
	looks, beyond, err := n.Gate.LooksSince(ctx, now.AddDate(0, 0, -rules.Days), n.config.Library.Look.Judged)
	if err != nil {
		return is, err
	}
	is.Looks, is.Beyond = len(looks), beyond
	watched, err := n.Gate.Marked(ctx)
	if err != nil { // looks at marked records would pass for usual ones
		return is, err
	}
	read := reading{records: n.Cases.RecordsOf, known: n.knownOf, have: map[fact.Subject]recordKnown{}, unread: map[fact.Subject]bool{}}
	homes := map[fact.Subject]string{}
	for s, made := range watched {
		for _, m := range made {
			if m.Mark == access.MarkStaff && !m.Staff.Zero() {
				if k, ok := read.of(ctx, s); ok {
					homes[m.Staff] = k.address
				}
			}
		}
	}
	is.Unusual = rules.Judge(read.looks(ctx, looks, rules.Linked), watched, homes)
	is.Unread = len(read.unread)
	return is, ctx.Err()
}

// reading reads records once each for judging looks at them. One that can't be
// read is counted, and keeps nobody from seeing what is unusual elsewhere.
type reading struct {
	records func(context.Context, fact.Subject) ([]fact.Subject, error)
	known   func(context.Context, fact.Subject) (recordKnown, error)
	have    map[fact.Subject]recordKnown
	unread  map[fact.Subject]bool
}

func (r reading) of(ctx context.Context, record fact.Subject) (recordKnown, bool) {
	k, ok := r.have[record]
	if ok || r.unread[record] {
		return k, ok
	}
	k, err := r.known(ctx, record)
	if err != nil {
		r.unread[record] = true
		return k, false
	}
	r.have[record] = k
	return k, true
}

func (r reading) looks(ctx context.Context, looks []accessdb.Seen, linked time.Duration) (out []access.LookKnown) {
	for _, l := range looks {
		if l.Reason {
			continue
		}
		records, err := r.records(ctx, l.About)
		if err != nil {
			r.unread[l.About] = true
			continue
		}
		record := l.About
		if len(records) > 0 {
			record = records[0]
		}
		if k, ok := r.of(ctx, record); ok {
			out = append(out, access.LookKnown{
				Fact: l.Fact, Person: l.Person, Name: l.Name, Record: record, Family: k.family, Address: k.address, At: l.At, Opened: l.Opened,
				Linked: k.wroteNear(l.Person, l.At, linked),
			})
		}
	}
	return out
}

// recordKnown is what is known of a record for judging looks at it.
type recordKnown struct {
	family, address string
	wrote           map[fact.Subject][]time.Time // who wrote in it or its cases
}

func (k recordKnown) wroteNear(person fact.Subject, at time.Time, near time.Duration) bool {
	return slices.ContainsFunc(k.wrote[person], func(t time.Time) bool { return t.Sub(at).Abs() <= near })
}

func (n *Node) knownOf(ctx context.Context, s fact.Subject) (recordKnown, error) {
	k := recordKnown{wrote: map[fact.Subject][]time.Time{}}
	cases, err := n.Cases.AllOf(ctx, s)
	if err != nil {
		return k, err
	}
	for _, one := range append([]fact.Subject{s}, cases...) {
		h, err := n.Journal.History(ctx, one)
		if err != nil {
			return k, err
		}
		for _, f := range h.Facts() {
			k.wrote[f.Body.Person] = append(k.wrote[f.Body.Person], f.Body.Happened.From.Time())
		}
	}
	p, err := journal.Fold(ctx, n.Journal, s, record.Fold)
	if err != nil {
		return k, err
	}
	if p.Registered {
		id := p.Identity()
		k.family, k.address = id.Name.Family, id.Address.String()
		return k, nil
	}
	c, err := journal.Fold(ctx, n.Journal, s, urgent.Fold)
	if err == nil && len(c.Patient.Values) > 0 {
		k.family = c.Patient.Values[0].Value.Identity.Name.Family
	}
	return k, err
}
