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

// Settle says which of the values written apart stands, by somebody who has
// seen them all and says why. The chosen value is stated anew, as any other
// fact of its kind: one that was written apart from the settling disagrees
// with it anew. Nothing settles by itself.
func Settle(c Case, h fact.History, by access.Caller, r *Rules, req fact.Settling, now time.Time) ([]fact.Draft, error) {
	req.Why = strings.TrimSpace(req.Why)
	if req.Why == "" {
		return nil, refusal.Field("why", "Say why this one stands. The others stay readable in the line.")
	}
	if len(req.Why) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	all := c.Disagreements(h, r)
	i := slices.IndexFunc(all, func(d fact.Disagreement) bool { return d.Matter == req.Matter })
	if i < 0 {
		return nil, refusal.New(refusal.Taken, "Nothing disagrees here any more: somebody has settled it. Look at what stands now.")
	}
	s := settling{Case: c, by: by, rules: r, req: req, now: now, about: all[i]}
	stated, err := s.state()
	if err != nil {
		return nil, err
	}
	return append(stated, fact.Say(c.ID, s.reason())), nil
}

type settling struct {
	Case
	by    access.Caller
	rules *Rules
	req   fact.Settling
	now   time.Time
	about fact.Disagreement
}

func (s settling) reason() Settled {
	out := Settled{Kind: s.req.Matter.Kind, What: s.about.What, Why: s.req.Why, By: s.by.Says()}
	for _, v := range s.about.Values {
		out.Seen = append(out.Seen, v.Fact)
		if v.Choice != "" && v.Choice == s.req.Choice {
			out.Stands = v.Text
		}
	}
	for _, also := range s.about.Also {
		if also.Key == s.req.Choice {
			out.Stands = also.Text
		}
	}
	return out
}

func (s settling) state() ([]fact.Draft, error) {
	switch s.req.Matter.Kind {
	case 201:
		return again(s, s.Caller, func(v CallerDescribed) fact.Content { return v })
	case 202:
		return again(s, s.Patient, func(v PatientDescribed) fact.Content { return v })
	case 203:
		return again(s, s.Place, func(v codes.Place) fact.Content { return PlaceStated{Place: v} })
	case 204:
		if s.req.Choice == choiceBoth {
			return []fact.Draft{fact.Say(s.ID, ReasonStated{Words: everyReason(s.Reason)})}, nil
		}
		return again(s, s.Reason, func(v string) fact.Content { return ReasonStated{Words: v} })
	case 205:
		return again(s, s.Contact, func(v ContactAgreed) fact.Content { return v })
	case 210:
		return s.disposition()
	case 211:
		return again(s, s.Service, func(v ServiceChosen) fact.Content { return v })
	case 212:
		return s.sent()
	case 215:
		return s.claims()
	case 249:
		return again(s, s.Outward.Death, func(v DeathRecorded) fact.Content { return v })
	case 219:
		return again(s, s.Outcome, func(v OutcomeSet) fact.Content { return v })
	}
	return nil, chooseOne()
}

func chooseOne() error { return refusal.Field("choice", "Choose which one stands.") }

// again states the chosen value of a register anew.
func again[T any](s settling, r fact.Register[T], say func(T) fact.Content) ([]fact.Draft, error) {
	v, ok := fact.Chosen(r, s.req.Choice)
	if !ok {
		return nil, chooseOne()
	}
	return []fact.Draft{fact.Say(s.ID, say(v))}, nil
}

func everyReason(r fact.Register[string]) string {
	var all []string
	for _, v := range r.Values {
		all = append(all, v.Value)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "\n")
}

// disposition sets the chosen one. What is less urgent than the one that
// counts now is chosen by a clinician, as any lowering is.
func (s settling) disposition() ([]fact.Draft, error) {
	for _, d := range s.Dispositions {
		if d.Fact.String() != s.req.Choice {
			continue
		}
		v, counts := d.What, s.mostUrgent()
		v.Lowered = counts.What.Level < v.Level || counts.What.Level == v.Level && earlier(counts.What.Due, v.Due)
		if v.Lowered {
			if err := s.by.May(access.LowerUrgency); err != nil {
				return nil, err
			}
		}
		v.Why = s.req.Why
		return []fact.Draft{fact.Say(s.ID, v)}, nil
	}
	return nil, chooseOne()
}

func (s settling) mostUrgent() Disposition {
	d, _ := s.Disposition()
	return d
}

// claims leaves the case with one person; the others give it back.
func (s settling) claims() ([]fact.Draft, error) {
	var out []fact.Draft
	for _, claim := range s.Claims {
		if claim.Fact.String() != s.req.Choice {
			out = append(out, fact.Say(s.ID, Released{Claim: claim.Fact, Why: s.req.Why}))
		}
	}
	if len(out) == len(s.Claims) {
		return nil, chooseOne()
	}
	return out, nil
}

// sent says who takes the patient on. Whoever does not was told otherwise by a
// message, so ringing them becomes a task in the same act.
func (s settling) sent() ([]fact.Draft, error) {
	var out []fact.Draft
	here, found := s.req.Choice == choiceHere, false
	for _, one := range s.SentNow() {
		if one.Fact.String() == s.req.Choice {
			found = true
			out = append(out, fact.Say(s.ID, one.What))
			continue
		}
		more, err := s.ringOff(one)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	if !found && !here {
		return nil, chooseOne()
	}
	if d, ok := s.Disposition(); here && ok {
		return append(out, fact.Say(s.ID, d.still())), nil // it waits here again, with its deadline
	}
	for _, claim := range s.Claims {
		out = append(out, fact.Say(s.ID, Released{Claim: claim.Fact, Why: s.req.Why}))
	}
	return out, nil
}

func (s settling) ringOff(one Sent) ([]fact.Draft, error) {
	timer := task.TimerID(s.ID, "not coming", one.Fact)
	return task.Raise(task.Task{Subject: task.SubjectOf(timer)}, s.by, task.Raised{
		Timer: timer, What: task.Other, List: task.Dispatch, About: s.ID, Ring: one.What.To.Phone, Due: fact.At(s.now), Urgent: true,
		Reason: "Ring " + one.What.To.Name + ": case " + s.Number + " does not come to them after all.",
	}, s.now)
}
