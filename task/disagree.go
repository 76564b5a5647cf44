package task

import "holdfast/fact"

// Disagreements lists what waits for a person on a task: two who have it, and
// an end that somebody who took it apart could not know of. They are settled
// by what can be done with any task: one takes it over with a reason, gives it
// back, or ends it. h is the history that t was folded from.
func (t Task) Disagreements(h fact.History) []fact.Disagreement {
	if h.OneFeed() || !t.Open() {
		return nil
	}
	var out []fact.Disagreement
	if len(t.Holds) > 1 {
		d := fact.Disagreement{Subject: t.Subject, Matter: fact.Matter{Kind: Taken{}.FactKind().Number}, What: "Who does the task"}
		for _, one := range t.Holds {
			d.Values = append(d.Values, h.Said(one.Fact, one.Says))
		}
		out = append(out, d)
	}
	if len(t.Ends) > 0 {
		d := fact.Disagreement{Subject: t.Subject, Matter: fact.Matter{Kind: Done{}.FactKind().Number}, What: "Whether the task is done"}
		for _, e := range t.Ends {
			d.Values = append(d.Values, h.Said(e.Fact, string(e.Says.Outcome)+": "+e.Says.Note))
		}
		for _, one := range t.Holds {
			d.Values = append(d.Values, h.Said(one.Fact, "Taken by "+one.Says))
		}
		out = append(out, d)
	}
	return out
}
