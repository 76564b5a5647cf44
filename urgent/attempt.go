package urgent

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
)

// Rung is what came of ringing somebody.
type Rung struct {
	For    RungFor
	Number codes.Phone
	How    RungHow
	Worse  YesNo    // on a comfort call: are they worse?
	Dx     codes.Dx // what is needed now that they are
	Note   string
}

// RecordAttempt writes down that somebody was rung. On a comfort call they are
// asked whether they are worse: then what is needed is raised, or the case is
// put first and a clinician is asked to look. It never makes a case less
// urgent: only a clinician does.
func RecordAttempt(c Case, by access.Caller, r *Rules, req Rung, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if err := by.May(access.WriteNote); err != nil {
		return nil, err
	}
	if err := req.check(c, by); err != nil {
		return nil, err
	}
	out := []fact.Draft{fact.Say(c.ID, ContactAttempted{For: req.For, Number: req.Number, How: req.How, Worse: req.Worse, Note: req.Note, By: by.Says()})}
	if req.Worse != Yes && req.Worse != Unsure {
		return out, nil
	}
	if req.Dx != "" {
		more, err := SetDisposition(c, by, r, req.Dx, joinSentences("Worse on a comfort call.", req.Note), now)
		return append(out, more...), err
	}
	return append(out, c.worse(by, now)...), nil
}

func (req *Rung) check(c Case, by access.Caller) error {
	if req.Note = strings.TrimSpace(req.Note); len(req.Note) > MaxWords {
		return refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	switch {
	case !slices.Contains([]RungFor{ForCallBack, ForComfort, ForTelling}, req.For):
		return refusal.Field("for", "Say why you rang.")
	case !slices.Contains([]RungHow{RungReached, RungNoAnswer, RungEngaged, RungVoicemail, RungWrong}, req.How):
		return refusal.Field("how", "Say what came of it.")
	case !req.Number.Present():
		return refusal.Field("number", "Choose the number that you rang, or type it.")
	case req.For == ForCallBack && len(c.Claims) > 0 && !c.HeldBy(by.Person):
		return takenBy(c.Claims[0])
	case req.For != ForComfort || req.How != RungReached:
		req.Worse, req.Dx = NotAsked, ""
	case req.Worse == NotAsked:
		return refusal.Field("worse", "Ask whether they are worse, and say so here.")
	case req.Worse == No && req.Dx != "":
		return refusal.Field("worse", "You chose something else that is needed: are they worse?")
	}
	if _, untold := c.ToTell(); req.For == ForTelling && !untold {
		return refusal.New(refusal.Taken, "There is nothing to tell them any more. Open the case again.")
	}
	return nil
}

// worse puts a case first and asks a clinician to look at it.
func (c Case) worse(by access.Caller, now time.Time) []fact.Draft {
	timer := task.TimerID(c.ID, "worse", last(c.Frontier))
	out := []fact.Draft{fact.Say(c.ID, OrderRaised{Before: fact.At(now), Why: "Worse on a comfort call", By: by.Says()})}
	more, err := task.Raise(task.Task{Subject: task.SubjectOf(timer)}, access.Caller{Role: access.Device}, task.Raised{
		Timer: timer, What: task.Other, List: task.Clinicians, About: c.ID, Due: fact.At(now), Urgent: true,
		Reason: "Speak to the patient of case " + c.Number + " now: worse on a comfort call.",
	}, now)
	if err != nil {
		return out // the case stands first all the same
	}
	return append(out, more...)
}

func last(all []fact.ID) fact.ID {
	if len(all) == 0 {
		return fact.ID{}
	}
	return all[len(all)-1]
}
