package urgentweb

import (
	"time"

	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/web"
)

// unverifiedWords mark work that rests on entries which a cut holds back; the
// clocks run on.
func unverifiedWords(since fact.Millis, now time.Time, zone *time.Location) string {
	if since == 0 {
		return ""
	}
	return "Unverified since " + web.ClockWords(since.Time(), now, zone) + ", ring back"
}

// rowAsks lists what a row of the worklist asks for, what is unverified first.
func rowAsks(row *urgent.Row, now time.Time, zone *time.Location) []string {
	words := unverifiedWords(row.HeldFrom, now, zone)
	if words == "" {
		return append(queueAsks(row, now), row.Asks...)
	}
	out := []string{words}
	if row.Rests {
		out = append(out, "Rests on entries that are held back")
	}
	return append(append(out, queueAsks(row, now)...), row.Asks...)
}

// heldAsks says on the case what is held back of it, what rests on that, and
// what to do.
func heldAsks(c urgent.Case, now time.Time, zone *time.Location) []caseAsk {
	held := c.HeldBack
	if held == nil {
		return nil
	}
	ask := caseAsk{Title: unverifiedWords(held.Since, now, zone)}
	ask.More = upperFirst(count(len(held.Facts), "entry is", "entries are")) +
		" held back until an administrator has looked at them; they are marked below. Nothing here was ended by them: the clocks run, urgency is the higher of both. Ring back and work as usual."
	if held.Alone {
		ask.More = "This whole case is not verified: all of it was entered where entries are held back. It stays on the list and its clocks run. Ring back to find out what is true, and work as usual."
	}
	out := []caseAsk{ask}
	if n := len(held.Resting); n > 0 {
		out = append(out, caseAsk{Title: "Rests on entries that are held back", More: upperFirst(count(n, "entry was", "entries were")) +
			" written by somebody who had seen the held ones. They count; look at whether they still hold."})
	}
	return out
}

// markHeld says on the line which acts are held back and which rest on such.
func markHeld(m web.Moment, one act, held, resting map[fact.ID]bool) web.Moment {
	for _, f := range one.facts {
		switch {
		case held[f.ID]:
			m.Mark, m.By = "gap", append(m.By, "held back: not verified")
			return m
		case resting[f.ID]:
			m.By = append(m.By, "rests on entries that are held back")
			return m
		}
	}
	return m
}

// sameRecord gives the patient when what is held back and what is verified speak
// of one record: its alerts are shown while the rest waits for a person.
func sameRecord(c urgent.Case) (urgent.PatientDescribed, bool) {
	first := c.Patient.Values[0].Value
	for _, v := range c.Patient.Values {
		if v.Value.Record != first.Record || v.Value.MayLook != first.MayLook {
			return urgent.PatientDescribed{}, false
		}
	}
	return first, true
}
