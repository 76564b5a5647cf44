package directory

import (
	"slices"

	"holdfast/fact"
)

// Fold gives the present state of an entry. While a cut holds facts back it is
// the careful combination of what is verified and what is said.
func Fold(about fact.Subject, h fact.History) Entry {
	verified := fold(about, h)
	if len(h.Held()) == 0 {
		return verified
	}
	ended, taken := ServiceEnded{}.FactKind().Number, NoticeEnded{}.FactKind().Number
	e := Careful(verified, fold(about, h.Admit(func(f fact.Fact) bool { return f.Body.Kind != ended && f.Body.Kind != taken })))
	all := fold(about, h.WithHeld())
	e.NotShown, e.Frontier, e.HeldFrom = all.NotShown, all.Frontier, h.HeldSince()
	return e
}

// Careful combines the verified entry with the one that held facts speak of:
// what is verified stands first, a service ends only when that is verified, and
// a notice that is not verified is shown as such and closes nothing.
func Careful(verified, whole Entry) Entry {
	e := whole
	e.Organisation, e.Service = fact.Both(verified.Organisation, whole.Organisation), fact.Both(verified.Service, whole.Service)
	e.Ended = verified.Ended
	e.Notices = slices.Clone(whole.Notices)
	for i, n := range e.Notices {
		if !slices.ContainsFunc(verified.Notices, func(v Notice) bool { return v.Fact == n.Fact }) {
			e.Notices[i].Says.Closed = false
			e.Notices[i].Says.Text = "Not verified, ring to ask: " + n.Says.Text
		}
	}
	return e
}
