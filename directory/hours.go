package directory

import (
	"slices"
	"time"

	"holdfast/codes"
)

// The days of the week as bits of Opening.Days.
const (
	Sunday    uint8 = 1 << time.Sunday
	Monday    uint8 = 1 << time.Monday
	Tuesday   uint8 = 1 << time.Tuesday
	Wednesday uint8 = 1 << time.Wednesday
	Thursday  uint8 = 1 << time.Thursday
	Friday    uint8 = 1 << time.Friday
	Saturday  uint8 = 1 << time.Saturday
	Weekdays        = Monday | Tuesday | Wednesday | Thursday | Friday
	Weekend         = Saturday | Sunday
	EveryDay        = Weekdays | Weekend
)

// horizonDays is how far ahead openings are looked for.
const horizonDays = 15

// stretch is a span of opening in moments; to is not in it.
type stretch struct{ from, to time.Time }

// stretches lists when the service is open from the day before at, in order,
// joined where one follows on another, without what notices close.
func (s Service) stretches(at time.Time, notices []Notice) []stretch {
	first := codes.DateOf(at).Add(-1)
	var out []stretch
	if s.Always {
		out = []stretch{{codes.LondonTime(first, 0, false), codes.LondonTime(first.Add(horizonDays), 0, false)}}
	} else {
		for n := range horizonDays {
			day := first.Add(n)
			for _, o := range s.hoursOn(day) {
				out = append(out, o.on(day))
			}
		}
	}
	for _, n := range notices {
		if n.Says.Closed {
			out = without(out, stretch{n.Says.From.Time(), n.Says.Until.Time()})
		}
	}
	return joined(out)
}

func (s Service) hoursOn(day codes.Date) []Opening {
	for _, special := range s.Special {
		if special.Date == day {
			return special.Hours
		}
	}
	var out []Opening
	for _, o := range s.Hours {
		if o.Days&(1<<day.Weekday()) != 0 {
			out = append(out, o)
		}
	}
	return out
}

// on gives the moments of an opening that begins on a day. Where clocks make
// it unsure, the service counts as closed: it opens at the later reading and
// closes at the earlier.
func (o Opening) on(day codes.Date) stretch {
	to := o.To
	if to <= o.From {
		to += 24 * 60
	}
	return stretch{codes.LondonTime(day, o.From, true), codes.LondonTime(day, to, false)}
}

func without(all []stretch, gap stretch) []stretch {
	var out []stretch
	for _, s := range all {
		if !gap.from.Before(s.to) || !gap.to.After(s.from) {
			out = append(out, s)
			continue
		}
		if s.from.Before(gap.from) {
			out = append(out, stretch{s.from, gap.from})
		}
		if gap.to.Before(s.to) {
			out = append(out, stretch{gap.to, s.to})
		}
	}
	return out
}

func joined(all []stretch) []stretch {
	slices.SortFunc(all, func(a, b stretch) int { return a.from.Compare(b.from) })
	var out []stretch
	for _, s := range all {
		if !s.from.Before(s.to) {
			continue
		}
		if n := len(out); n > 0 && !s.from.After(out[n-1].to) {
			if s.to.After(out[n-1].to) {
				out[n-1].to = s.to
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// Opening state at one moment.
type openState struct {
	open  bool
	until time.Time // when open: closes then; zero when it does not close within the horizon
	next  time.Time // when closed: opens then; zero when it does not open within the horizon
}

func (s Service) stateAt(at time.Time, notices []Notice) openState {
	end := codes.LondonTime(codes.DateOf(at).Add(horizonDays-1), 0, false)
	for _, x := range s.stretches(at, notices) {
		switch {
		case x.from.After(at):
			return openState{next: x.from}
		case at.Before(x.to):
			st := openState{open: true}
			if x.to.Before(end) {
				st.until = x.to
			}
			return st
		}
	}
	return openState{}
}

// OpenAt tells whether the service is open at a moment, and until when; until
// is zero when it does not close within two weeks.
func (e Entry) OpenAt(at time.Time) (open bool, until time.Time) {
	s, ok := e.Current()
	if !ok || e.Ended != "" {
		return false, time.Time{}
	}
	st := s.stateAt(at, e.Notices)
	return st.open, st.until
}

// NextOpen gives when the service is next open: at itself when it is open
// then. ok is false when it does not open within two weeks.
func (e Entry) NextOpen(at time.Time) (opens time.Time, ok bool) {
	s, known := e.Current()
	if !known || e.Ended != "" {
		return time.Time{}, false
	}
	st := s.stateAt(at, e.Notices)
	if st.open {
		return at, true
	}
	return st.next, !st.next.IsZero()
}
