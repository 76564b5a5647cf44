package urgentweb

import (
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/web"
)

// lateWords says how late something went by itself.
func lateWords(late fact.Millis) string {
	if late == 0 {
		return ""
	}
	return ", " + codes.Span(time.Duration(late)*time.Millisecond) + " late"
}

// goesWords says what goes by itself.
func goesWords(g urgent.Goes) string {
	if g == urgent.AmbulanceGoes {
		return "the ambulance goes by itself"
	}
	return "the patient is told to go to an emergency department"
}

// howWords says what came of ringing.
func howWords(h urgent.RungHow) string {
	switch h {
	case urgent.RungVoicemail:
		return "voicemail left"
	case urgent.RungReached, urgent.RungNoAnswer, urgent.RungEngaged, urgent.RungWrong:
		return string(h)
	}
	return orWords(string(h), "not said")
}

// rungWords says why somebody was rung.
func rungWords(f urgent.RungFor) string {
	switch f {
	case urgent.ForComfort:
		return "Comfort call"
	case urgent.ForTelling:
		return "Rung to tell them that they may go"
	}
	return "Rung back"
}

// tellQueue words what happens to a case in the queue.
func (a *App) tellQueue(t tellers, now time.Time, zone *time.Location) {
	on(t, func(v urgent.ValidationHeld) sentence {
		if v.Never != "" {
			return sentence{68, "Waits for a clinician, " + string(v.As) + ",", ended("and never goes by itself. " + v.Never), ""}
		}
		return sentence{68, "Waits for a clinician, " + string(v.As) + ".", "Without one " + goesWords(v.Goes) + " at " + web.ClockWords(v.Until.Time(), now, zone) + ".", ""}
	})
	on(t, func(v urgent.ValidationReleased) sentence {
		what := "Went by itself: "
		if v.By != "" {
			what = "Let go without validation: "
		}
		return sentence{98, what + string(v.Set.Dx) + ".", joined(" ", ended(v.Why), "It was due at "+web.ClockWords(v.Due.Time(), now, zone)+"."), "key"}
	})
	on(t, func(v urgent.ValidationAnswered) sentence {
		what := "Validated: it is " + string(v.Dx) + " instead."
		if v.Upheld {
			what = "Validated: " + string(v.Dx) + " stands."
		}
		return sentence{88, what, ended(v.Why), "key"}
	})
	on(t, func(v urgent.ContactAttempted) sentence {
		worse := ""
		if v.Worse != urgent.NotAsked {
			worse = "Worse: " + string(v.Worse) + "."
		}
		return sentence{57, rungWords(v.For) + ": " + howWords(v.How) + ".", joined(" ", ended(v.Number.Display()), worse, ended(v.Note)), ""}
	})
	on(t, func(v urgent.OrderRaised) sentence {
		if v.Before == 0 {
			return sentence{56, "Stands by its deadline again.", ended(v.Why), ""}
		}
		return sentence{56, "Put first.", ended(v.Why), ""}
	})
	on(t, func(v urgent.HandoverOffered) sentence {
		return sentence{36, "Offered to", joined(" ", ended(v.Name), ended(v.Note)), ""}
	})
	on(t, func(v urgent.HandoverAnswered) sentence {
		if v.Accepted {
			return sentence{36, "Took it over.", ended(v.Why), ""}
		}
		return sentence{36, "The offer to hand over ended.", ended(v.Why), ""}
	})
	on(t, func(v urgent.NoContactStep) sentence {
		row, _ := a.Cases.Rules.Step(v.Step)
		return sentence{59, "Nobody reached:", joined(" ", ended(orWords(row.Name, v.Step)), ended(v.Why)), ""}
	})
}

// otherNumber stands for a number that is not in the list.
const otherNumber = "other"

// numberOptions are the numbers to ring, and whether each was rung since the
// patient was last spoken to.
func numberOptions(c urgent.Case, untried []codes.Phone) []web.Option {
	fresh := map[string]bool{}
	for _, p := range untried {
		fresh[p.Dial()] = true
	}
	out := []web.Option{}
	for _, p := range c.Numbers() {
		words := shownNumber(c, p)
		if words != p.Display() {
			continue // they said no to ringing, and nobody gave a reason against it
		}
		if !fresh[p.Dial()] {
			words += ", rung"
		}
		out = append(out, web.Option{Value: p.Dial(), Text: words})
	}
	return append(out, web.Option{Value: otherNumber, Text: "Another number"})
}
