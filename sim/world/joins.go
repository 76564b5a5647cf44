package world

import (
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
)

// checkJoins looks whether what was written apart is all there, with rules of
// its own: nothing is decided by being later.
func (w *World) checkJoins(d *device, subject fact.Subject, h fact.History) {
	switch d.org.is[subject] {
	case aCase:
		c := urgent.Fold(subject, h)
		w.allShown(d, h, subject, "dispositions", len(newest[urgent.DispositionSet](h)), len(c.Dispositions))
		w.allShown(d, h, subject, "outcomes", len(newest[urgent.OutcomeSet](h)), len(c.Outcome.Values))
		w.allShown(d, h, subject, "patients", len(newest[urgent.PatientDescribed](h)), len(c.Patient.Values))
	case aPerson:
		p := record.Fold(subject, h)
		w.allShown(d, h, subject, "alerts", len(places[record.AlertAdded](h)), len(p.Alerts))
	}
}

// allShown compares what the facts that count say with what a fold shows. While
// a cut holds facts back, what they say may be shown besides, and never instead.
func (w *World) allShown(d *device, h fact.History, subject fact.Subject, what string, want, got int) {
	if got < want || got > want && len(h.Held()) == 0 {
		w.fail("device %d, subject %s: %d %s stand in the facts and the fold shows %d", d.number, subject, want, what, got)
	}
}

// places lists where facts of a kind stand.
func places[T fact.Content](h fact.History) []int {
	var none T
	var out []int
	for i, f := range h.Facts() {
		if f.Body.Kind == none.FactKind().Number {
			out = append(out, i)
		}
	}
	return out
}

// newest lists the facts of a kind that no other of that kind had seen.
func newest[T fact.Content](h fact.History) []int {
	var out []int
	all := places[T](h)
	for _, i := range all {
		over := false
		for _, j := range all {
			over = over || h.Before(i, j)
		}
		if !over {
			out = append(out, i)
		}
	}
	return out
}
