package record

import (
	"slices"
	"strings"

	"holdfast/fact"
)

// judgeAlerts says of every alert whether it stands and what speaks against
// it. An alert that one person ended and another confirmed apart stands and
// is asked about, as does one that "none known" was written against.
func (f *folding) judgeAlerts() {
	for n := range f.p.Alerts {
		a := &f.p.Alerts[n]
		f.judgeEndings(a)
		f.judgeReplaced(a)
	}
	for n := range f.p.Alerts {
		a := &f.p.Alerts[n]
		if !a.Stands {
			continue
		}
		f.judgeDecision(a)
		if a.Ask == "" && slices.ContainsFunc(f.p.Answers, func(o Answered) bool { return o.Kind == a.Says.Kind && o.Answer == NoneKnown }) {
			a.Ask = "Somebody else was told that none is known"
		}
	}
}

// judgeEndings ends an alert that was ended by somebody who had seen whatever
// was said for it; an ending written apart from a confirmation is asked about.
func (f *folding) judgeEndings(a *Alert) {
	var ended, doubted []string
	for _, e := range f.endings {
		if e.value.Alert != a.Fact {
			continue
		}
		contradicted, decided := false, false
		for _, c := range f.confirms {
			if c.value.Alert == a.Fact && !f.h.Before(c.at, e.at) {
				contradicted = true
				decided = decided || f.h.Before(e.at, c.at)
			}
		}
		switch {
		case !contradicted:
			ended = append(ended, e.value.Why)
		case !decided:
			doubted = append(doubted, e.value.Why)
		}
	}
	switch {
	case len(ended) > 0:
		a.Stands, a.Why = false, everyReason(ended)
	case len(doubted) > 0:
		a.Ask = "Ended by one person and confirmed by another: " + everyReason(doubted)
	}
}

// everyReason puts reasons given apart side by side, in an order of their own.
func everyReason(whys []string) string {
	slices.Sort(whys)
	return strings.Join(slices.Compact(whys), "; ")
}

// judgeReplaced ends a resuscitation decision that the writer of a later one
// had seen: there is one decision, not a list. One that somebody confirmed
// apart from its replacement stands and is asked about.
func (f *folding) judgeReplaced(a *Alert) {
	if a.Says.Kind != Resuscitation || !a.Stands {
		return
	}
	for _, later := range f.p.Alerts {
		if later.Says.Kind != Resuscitation || !f.h.Before(a.place, later.place) {
			continue
		}
		if !f.confirmedApart(*a, later.place) {
			a.Stands, a.Why, a.Ask = false, "Replaced by a later decision", ""
			return
		}
		a.Ask = "Replaced by one person and confirmed by another"
	}
}

func (f *folding) confirmedApart(a Alert, from int) bool {
	return slices.ContainsFunc(f.confirms, func(c placed[AlertConfirmed]) bool {
		return c.value.Alert == a.Fact && !f.h.Before(c.at, from)
	})
}

// judgeDecision marks a resuscitation decision that another, or a withdrawal,
// written apart speaks against: then neither is a decision.
func (f *folding) judgeDecision(a *Alert) {
	if a.Says.Kind != Resuscitation {
		return
	}
	switch {
	case f.otherDecision(*a):
		a.Disputed, a.Ask = true, "Another decision is on record, written apart"
	case len(f.withdrawnApart(*a)) > 0:
		a.Disputed, a.Ask = true, "The decision before it was withdrawn by somebody else, written apart"
	case strings.HasPrefix(a.Ask, "Ended by"):
		a.Disputed = true
	}
}

func (f *folding) otherDecision(a Alert) bool {
	for _, o := range f.p.StandingOf(Resuscitation) {
		if o.Fact != a.Fact && !sameDecision(o.Says, a.Says) {
			return true
		}
	}
	return false
}

// sameDecision tells whether two records say the same about resuscitation. Of
// two that say "read the form" only the same form does.
func sameDecision(a, b AlertAdded) bool {
	if a.Decision != b.Decision {
		return false
	}
	return a.Decision != SeeForm || a.Author == b.Author && a.Signed == b.Signed && a.Text == b.Text
}

// withdrawnApart lists the endings of a decision that a replaced, by people
// who could not know of a.
func (f *folding) withdrawnApart(a Alert) (out []fact.ID) {
	for _, e := range f.endings {
		was, ok := f.p.AlertOf(e.value.Alert)
		if ok && was.Says.Kind == Resuscitation && f.h.Before(was.place, a.place) && f.h.Apart(e.at, a.place) {
			out = append(out, f.h.Facts()[e.at].ID)
		}
	}
	return out
}
