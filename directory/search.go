package directory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/codes"
)

// Need is what a patient needs.
type Need struct {
	Dx       codes.Dx
	Group    string // the outcome's group and mode in the table of dispositions
	Mode     string
	Problem  string     // symptom discriminator (SD), if there is one
	Born     codes.Date // partial or zero when it is not known
	Sex      codes.Sex
	At       time.Time   // now
	Deadline time.Time   // by when the outcome asks to be met; zero: none
	Near     codes.Place // where the patient is
	Practice codes.ODS   // where they are registered
	Travel   Travel      // whether they can come
}

// Travel says whether a patient can travel.
type Travel uint8

// The answers; not asked is not "can".
const (
	TravelNotAsked Travel = 0
	CanTravel      Travel = 1
	CannotTravel   Travel = 2
)

// Reason is one thing for or against a service, as pages show it.
type Reason struct {
	Text   string
	Blocks bool // with it the service cannot be chosen
}

// Ranked is one service with its place in the list explained.
type Ranked struct {
	Entry     Entry
	Service   Service
	Earliest  time.Time     // when the patient can be met there; zero: not within two weeks
	InTime    bool          // before the deadline
	ToSpare   time.Duration // till the deadline; negative is late; 0 without deadline
	Metres    int
	Distance  bool // Metres is known
	Door      Door // the best way to refer
	For       []Reason
	Against   []Reason
	skill     int
	reachable int
}

// Blocked tells whether something stands against choosing the service.
func (r Ranked) Blocked() bool {
	return slices.ContainsFunc(r.Against, func(x Reason) bool { return x.Blocks })
}

// Search ranks every service for a need: first those that can be chosen, then
// in time, right skill, reachable without a call, nearest, and by name. None
// is left out: what does not fit comes last, with the reason.
func Search(entries []Entry, need Need) []Ranked {
	var localities []Locality
	for _, e := range entries {
		localities = append(localities, e.Localities...)
	}
	here, _ := Locate(localities, need.Near)
	var out []Ranked
	for _, e := range entries {
		if !e.Service.Empty() {
			out = append(out, rank(e, need, here, localities))
		}
	}
	slices.SortFunc(out, better)
	return out
}

func better(a, b Ranked) int {
	for _, by := range []int{
		first(!a.Blocked(), !b.Blocked()), first(a.InTime, b.InTime), b.skill - a.skill, b.reachable - a.reachable,
		first(a.Distance, b.Distance), a.Metres - b.Metres, a.Earliest.Compare(b.Earliest),
		strings.Compare(a.Service.Name, b.Service.Name), strings.Compare(a.Entry.Subject.String(), b.Entry.Subject.String()),
	} {
		if by != 0 {
			return by
		}
	}
	return 0
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func rank(e Entry, need Need, here codes.Grid, localities []Locality) Ranked {
	s, _ := e.Current()
	r := Ranked{Entry: e, Service: s}
	if e.Ended != "" {
		r.block("No longer runs: %s", e.Ended)
	}
	if e.Disputed() {
		r.against("Two entries about this service disagree: ring first")
	}
	if e.Apart {
		r.against("One person ended this service while another listed it: ring first")
	}
	if len(e.NotShown) > 0 {
		r.against("Something about this service cannot be shown here: ring first")
	}
	r.judgeOutcome(need)
	r.judgePerson(need)
	r.judgeArea(need, here, localities)
	r.judgeTime(need)
	r.judgeDoor()
	if s.Note != "" {
		r.against("%s", s.Note)
	}
	return r
}

func (r *Ranked) pro(format string, args ...any) {
	r.For = append(r.For, Reason{Text: fmt.Sprintf(format, args...)})
}

func (r *Ranked) against(format string, args ...any) {
	r.Against = append(r.Against, Reason{Text: fmt.Sprintf(format, args...)})
}

func (r *Ranked) block(format string, args ...any) {
	r.Against = append(r.Against, Reason{Text: fmt.Sprintf(format, args...), Blocks: true})
}
