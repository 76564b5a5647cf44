package task

import (
	"slices"

	"holdfast/fact"
)

// Fold gives the present state of a task. While a cut holds facts back it is
// the careful combination of what is verified and what is said.
func Fold(about fact.Subject, h fact.History) Task {
	verified := fold(about, h)
	if len(h.Held()) == 0 {
		return verified
	}
	done, released := Done{}.FactKind().Number, Released{}.FactKind().Number
	whole := fold(about, h.Admit(func(f fact.Fact) bool { return f.Body.Kind != done && f.Body.Kind != released }))
	t := Careful(verified, whole)
	all := fold(about, h.WithHeld())
	t.NotShown, t.Frontier, t.HeldFrom = all.NotShown, all.Frontier, h.HeldSince()
	return t
}

// Careful combines the verified state of a task with the state as it would be
// if what is held back were true, endings left out: open if open in either, due
// at the earlier time, urgent if either says so, with everybody who has it.
func Careful(verified, whole Task) Task {
	t := whole
	t.Says = fact.Both(verified.Says, whole.Says)
	if verified.Exists() && whole.Exists() {
		t.Says.Values[0].Value.Due = min(verified.What().Due, whole.What().Due)
		t.Says.Values[0].Value.Urgent = verified.What().Urgent || whole.What().Urgent
	}
	t.Holds = slices.Clone(verified.Holds)
	for _, held := range whole.Holds {
		if !slices.ContainsFunc(t.Holds, func(o Holding) bool { return o.Fact == held.Fact }) {
			t.Holds = append(t.Holds, held)
		}
	}
	t.Ends, t.Next = verified.Ends, verified.Next
	t.Tries = nil
	for _, try := range whole.Tries {
		if !slices.Contains(verified.Tries, try) {
			try.Says.Next = 0 // nobody's unverified word puts it off
			t.Tries = append(t.Tries, try)
		}
	}
	t.Tries = append(t.Tries, verified.Tries...)
	return t
}
