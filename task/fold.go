package task

import "holdfast/fact"

// fold gives the state of a task from the facts that count.
func fold(about fact.Subject, h fact.History) Task {
	t := Task{Subject: about}
	for i, f := range h.Facts() {
		if f.OfJournal() {
			continue
		}
		if err := t.apply(h, i, f); err != nil {
			t.NotShown = append(t.NotShown, f.ID)
		}
	}
	t.Frontier = h.Frontier()
	return t
}

func (t *Task) apply(h fact.History, i int, f fact.Fact) error {
	by, at := f.Body.Person, f.Body.Happened.From
	switch f.Body.Kind {
	case Raised{}.FactKind().Number:
		c, err := fact.Read[Raised](f)
		if err == nil {
			t.raise(h, i, c, at)
		}
		return err
	case Taken{}.FactKind().Number:
		c, err := fact.Read[Taken](f)
		if err == nil {
			t.Holder.Set(h, i, Holding{Person: by, Says: c.Says, Since: at})
		}
		return err
	case Released{}.FactKind().Number:
		_, err := fact.Read[Released](f)
		if err == nil {
			t.Holder.Set(h, i, Holding{})
		}
		return err
	case Tried{}.FactKind().Number:
		c, err := fact.Read[Tried](f)
		if err == nil {
			t.Tries = append(t.Tries, Try{By: by, At: at, Says: c})
		}
		return err
	case Done{}.FactKind().Number:
		c, err := fact.Read[Done](f)
		if err == nil {
			t.Ends = append(t.Ends, End{By: by, At: at, Says: c})
		}
		return err
	}
	return fact.ErrNewer
}

// raise keeps what was raised; the same timer raised apart is one task, which
// is due at the earliest of the times.
func (t *Task) raise(h fact.History, i int, c Raised, at fact.Millis) {
	for n, v := range t.Says.Values {
		if v.Value.Timer == c.Timer {
			t.Says.Values[n].Value.Due = min(v.Value.Due, c.Due)
			t.Says.Values[n].Value.Urgent = v.Value.Urgent || c.Urgent
			t.RaisedAt = min(t.RaisedAt, at)
			return
		}
	}
	if t.Says.Empty() {
		t.RaisedAt = at
	}
	t.Says.Set(h, i, c)
}
