package urgent

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdfast/content"
	"holdfast/fact"
)

// PhoneRules is content/urgent/telephone.csv: how calls are counted, and what
// follows from them.
type PhoneRules struct {
	First         time.Duration // rung off within it of being offered: terminated
	Split         time.Duration // answered or abandoned within it: soon
	ClockWrong    time.Duration // an exchange's clock beyond it is said to be wrong
	Silent        time.Duration // nothing heard for it: by hand
	Lost          time.Duration // a waiting call that was not heard of for it is not known
	Window        time.Duration // what the board sums up
	Mean          time.Duration // target of the mean time to answer
	Centile       time.Duration // target of its 95th centile
	Abandoned     int           // target, percent of calls offered
	RingBack      time.Duration // a caller who is gone without an outcome is rung within it
	Receipt       time.Duration // of an ambulance request: then somebody rings
	AmbulanceLate time.Duration // from the answer to the request
}

func (r *Rules) loadTelephone(set *content.Set) error {
	t, err := set.Table("urgent/telephone.csv", "setting", "value", "note")
	if err != nil {
		return err
	}
	p := &r.Phone
	spans := map[string]*time.Duration{
		"first_seconds": &p.First, "split": &p.Split, "clock_wrong": &p.ClockWrong, "silent_after": &p.Silent, "lost_after": &p.Lost,
		"window": &p.Window, "target_mean": &p.Mean, "target_95": &p.Centile, "ring_back_within": &p.RingBack,
		"ambulance_receipt": &p.Receipt, "ambulance_late": &p.AmbulanceLate,
	}
	seen := map[string]bool{}
	for i := range t.Len() {
		name, value := t.Cell(i, "setting"), t.Cell(i, "value")
		if seen[name] {
			return fmt.Errorf("telephone: %q stands twice", name)
		}
		seen[name] = true
		if name == "target_abandoned" {
			if p.Abandoned, err = strconv.Atoi(value); err != nil || p.Abandoned < 0 || p.Abandoned > 100 {
				return fmt.Errorf("telephone: target_abandoned is a percentage, not %q", value)
			}
			continue
		}
		to, known := spans[name]
		if !known {
			return fmt.Errorf("telephone: %q is no setting", name)
		}
		if *to, err = time.ParseDuration(value); err != nil || *to <= 0 || *to > 24*time.Hour {
			return fmt.Errorf("telephone: %s is a span of at most a day, not %q", name, value)
		}
	}
	for name := range spans {
		if !seen[name] {
			return fmt.Errorf("telephone: %s is needed", name)
		}
	}
	if !seen["target_abandoned"] {
		return fmt.Errorf("telephone: target_abandoned is needed")
	}
	return nil
}

// Split is how a call counts in the monthly return of Wales: calls offered are
// these five together.
type Split string

// The ways in which a call counts.
const (
	GoesOn        Split = ""               // not ended and not answered yet
	SplitTerm     Split = "terminated"     // rung off in the message or the first seconds
	AbandonedSoon Split = "abandoned soon" // within the split after the message
	AbandonedLate Split = "abandoned late"
	AnsweredSoon  Split = "answered soon"
	AnsweredLate  Split = "answered late"
)

// SplitOf says how a call counts, from its times and not from the exchange's
// word for it; where the times are not known the word counts, and the later
// half.
func (p PhoneRules) SplitOf(c Call) Split {
	from := c.WaitsFrom()
	if at := c.AnsweredAt(); at != 0 {
		if from != 0 && span(from, at) <= p.Split {
			return AnsweredSoon
		}
		return AnsweredLate
	}
	over := c.OverAt()
	if over == 0 {
		return GoesOn
	}
	offered := c.OfferedAt()
	switch {
	case offered == 0 && from == 0:
		if c.first(Abandoned) != 0 {
			return AbandonedLate
		}
		return SplitTerm
	case from == 0, offered != 0 && span(offered, over) <= p.First:
		return SplitTerm
	case span(from, over) <= p.Split:
		return AbandonedSoon
	}
	return AbandonedLate
}

// WaitOf is how long the caller waited for a person after the message; ok is
// false when that is not known, or nobody answered.
func (p PhoneRules) WaitOf(c Call) (wait time.Duration, ok bool) {
	from, at := c.WaitsFrom(), c.AnsweredAt()
	if from == 0 || at == 0 {
		return 0, false
	}
	return max(0, span(from, at)), true
}

func span(from, to fact.Millis) time.Duration { return time.Duration(to-from) * time.Millisecond }

// PhoneFigures sums calls up.
type PhoneFigures struct {
	Offered   int
	Counts    map[Split]int
	Mean      time.Duration // to answer; of calls answered whose wait is known
	Centile   time.Duration // the 95th, by nearest rank
	Known     int           // calls of which the wait is known
	Waiting   int
	Oldest    fact.Millis // since when the one waits who has waited longest; 0: nobody waits
	LostSight int         // calls that waited when they were last heard of, long ago: not known
}

// Figures sums up calls that were offered since a time, and those that wait
// now whenever they began.
func (p PhoneRules) Figures(calls []Call, since, now time.Time) PhoneFigures {
	out := PhoneFigures{Counts: map[Split]int{}}
	var waits []time.Duration
	for _, c := range calls {
		if c.Waiting() {
			if now.Sub(c.Heard.Time()) > p.Lost {
				out.LostSight++
			} else {
				out.Waiting++
				if at := c.WaitingSince(); out.Oldest == 0 || at < out.Oldest {
					out.Oldest = at
				}
			}
		}
		if c.Began().Time().Before(since) {
			continue
		}
		out.Offered++
		out.Counts[p.SplitOf(c)]++
		if wait, ok := p.WaitOf(c); ok {
			waits = append(waits, wait)
		}
	}
	if out.Known = len(waits); out.Known == 0 {
		return out
	}
	var sum time.Duration
	for _, w := range waits {
		sum += w
	}
	slices.Sort(waits)
	out.Mean, out.Centile = sum/time.Duration(len(waits)), waits[(95*len(waits)+99)/100-1]
	return out
}

// Answered counts calls that were answered.
func (f PhoneFigures) Answered() int { return f.Counts[AnsweredSoon] + f.Counts[AnsweredLate] }

// Abandoned counts calls that were abandoned, not those terminated.
func (f PhoneFigures) Abandoned() int { return f.Counts[AbandonedSoon] + f.Counts[AbandonedLate] }

// AbandonedTenths gives abandoned calls in tenths of a percent of those offered.
func (f PhoneFigures) AbandonedTenths() int {
	if f.Offered == 0 {
		return 0
	}
	return (f.Abandoned()*1000 + f.Offered/2) / f.Offered
}
