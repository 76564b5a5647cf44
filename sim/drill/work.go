package drill

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/exchange"
	"holdfast/exchange/exchangedb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// item is one thing that somebody must do.
type item struct {
	Kind    string       `json:"kind"`
	Subject fact.Subject `json:"subject"`
	On      bool         `json:"on"`     // it is on its list
	Marked  bool         `json:"marked"` // the list says that it is unverified
}

// worker writes work on a device that is at rest, as one person.
type worker struct {
	n     *node.Node
	by    access.Caller
	items []item
}

// openAtRest opens a whole node without serving.
func openAtRest(ctx context.Context, dir, clock string) (*node.Node, error) {
	lib, err := node.Shipped()
	if err != nil {
		return nil, err
	}
	place := node.Place{Dir: dir, Demo: true}
	if place.Clock, err = clockFrom(clock); err != nil {
		return nil, err
	}
	return node.Open(ctx, node.Config{Place: place, Library: lib, Host: "localhost", Version: "rehearsal"})
}

// helpWork writes one item of every kind of work and tells what it wrote.
func helpWork(ctx context.Context, args []string, out io.Writer) (err error) {
	f := flag.NewFlagSet("work", flag.ContinueOnError)
	dir, person, clock := f.String("data", "", ""), f.String("person", "", ""), f.String("clock", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	who, err := fact.ParseSubject(*person)
	if err != nil {
		return err
	}
	w := &worker{by: access.Caller{Person: who, Name: "S. Thorne", Role: access.Clinician}}
	if w.n, err = openAtRest(ctx, *dir, *clock); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.n.Close()) }()
	if w.n.Gate.Leases != nil { // as a desk at work does before anything else is written
		if err := w.n.Gate.Leases.Note(ctx); err != nil {
			return err
		}
	}
	if err := w.all(ctx); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(w.items)
}

// caseWork is what makes a case each kind of work, besides being on the
// worklist with a deadline.
func caseWork(by access.Caller, now time.Time) map[string]func(id fact.Subject) fact.Content {
	return map[string]func(id fact.Subject) fact.Content{
		"case":              func(fact.Subject) fact.Content { return urgent.PatientDescribed{} },
		"closed":            func(fact.Subject) fact.Content { return urgent.Closed{Why: "nothing to see", By: by.Name} },
		"ambulance request": func(fact.Subject) fact.Content { return urgent.AmbulanceRequested{Category: "category 2"} },
		"claim":             func(fact.Subject) fact.Content { return urgent.Claimed{By: by.Name} },
		"report due":        func(fact.Subject) fact.Content { return urgent.ReportMade{Due: fact.At(now)} },
		"envelope": func(id fact.Subject) fact.Content {
			return exchange.EnvelopePrepared{Envelope: exchange.EnvelopeID(id), To: exchange.Party{Name: "Tarn Valley"}, Due: fact.At(now.Add(time.Hour))}
		},
	}
}

func (w *worker) all(ctx context.Context) error {
	now := w.n.Journal.Health().Since
	for kind, more := range caseWork(w.by, now) {
		id, err := w.takeCase(ctx)
		if err == nil {
			err = w.say(ctx, kind, id, fact.Say(id, more(id)))
		}
		if err != nil {
			return err
		}
	}
	who, err := w.n.Cases.NewCase()
	if err != nil {
		return err
	}
	err = w.say(ctx, "alert", who, fact.Say(who, record.PersonRegistered{Identity: record.Identity{Name: record.Name{Family: "Tansley"}}}),
		fact.Say(who, record.AlertAdded{Kind: record.Allergy, Substance: "Penicillin"}))
	for _, list := range task.Lists() {
		s, subjectErr := w.n.Cases.NewCase()
		err = errors.Join(err, subjectErr, w.say(ctx, "task for "+string(list), s,
			fact.Say(s, task.Raised{What: task.RingBack, List: list, Reason: "ring back", Due: fact.At(now.Add(time.Hour))})))
	}
	return err
}

// takeCase writes a case that waits for a clinician.
func (w *worker) takeCase(ctx context.Context) (fact.Subject, error) {
	id, err := w.n.Cases.NewCase()
	if err != nil {
		return id, err
	}
	err = w.state(ctx, fact.Say(id, urgent.CallTaken{Number: "26-" + id.String()[:5], By: w.by.Name}), fact.Say(id, urgent.PatientDescribed{}))
	if err != nil {
		return id, err
	}
	_, err = w.n.Cases.Do(ctx, w.by, access.TakeCall, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.SetDisposition(c, w.by, w.n.Cases.Rules, "Dx012", "", now)
	})
	return id, err
}

func (w *worker) state(ctx context.Context, drafts ...fact.Draft) error {
	_, err := w.n.Journal.Do(ctx, w.by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) { return drafts, nil })
	return err
}

func (w *worker) say(ctx context.Context, kind string, s fact.Subject, drafts ...fact.Draft) error {
	w.items = append(w.items, item{Kind: kind, Subject: s})
	return w.state(ctx, drafts...)
}

// helpLists waits a while for what is expected, and tells, of the items that it is given, which ones a device's lists
// hold and whether they are marked.
func helpLists(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	f := flag.NewFlagSet("lists", flag.ContinueOnError)
	dir, clock, marked := f.String("data", "", ""), f.String("clock", "", ""), f.Bool("marked", false, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	var items []item
	if err := json.NewDecoder(in).Decode(&items); err != nil {
		return err
	}
	n, err := openAtRest(ctx, *dir, *clock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		level := true
		for i := range items {
			if items[i].On, items[i].Marked, err = onList(ctx, n, items[i]); err != nil {
				return err
			}
			as := items[i].On && items[i].Marked == *marked
			level = level && (as || items[i].Kind == "closed" && !*marked) // verified: it is closed
		}
		if level || time.Now().After(end) {
			break
		}
	}
	return json.NewEncoder(out).Encode(items)
}

// onList looks where a person would.
func onList(ctx context.Context, n *node.Node, one item) (on, marked bool, err error) {
	switch one.Kind {
	case "ambulance request":
		c, err := journal.Fold(ctx, n.Journal, one.Subject, urgent.Fold)
		return len(c.Ambulances) == 1 && c.Due() != 0, c.HeldBack != nil, err
	case "report due":
		list, err := n.Cases.Glance(ctx, access.Caller{Role: access.Clinician}, urgentdb.Show{})
		if err != nil {
			return false, false, err
		}
		c, err := journal.Fold(ctx, n.Journal, one.Subject, urgent.Fold)
		return list.Waiting > 0, c.HeldBack != nil, err
	case "envelope":
		all, err := exchangedb.Pending(ctx, n.Journal)
		at := slices.IndexFunc(all, func(e exchange.Envelope) bool { return e.About == one.Subject })
		return at >= 0, at >= 0 && all[at].Unverified, err
	case "alert":
		p, err := journal.Fold(ctx, n.Journal, one.Subject, record.Fold)
		return len(p.Standing()) == 1, p.HeldFrom != 0, err
	case "case", "closed", "claim":
		row, on, err := n.Cases.Row(ctx, one.Subject)
		if refusal.Is(err, refusal.Missing) {
			err = nil
		}
		return on && (one.Kind != "claim" || len(row.Holders) == 1), row.HeldFrom != 0, err
	}
	for _, list := range task.Lists() {
		if one.Kind == "task for "+string(list) {
			all, err := taskdb.Open(ctx, n.Journal.Views(), access.Caller{Role: access.Device}, list)
			at := slices.IndexFunc(all, func(t task.Task) bool { return t.Subject == one.Subject })
			return at >= 0, at >= 0 && all[at].HeldFrom != 0, err
		}
	}
	return false, false, errors.New("nobody looks for " + one.Kind)
}
