package directory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/codes"
)

// judgeOutcome looks at which outcomes and problems the service takes.
func (r *Ranked) judgeOutcome(need Need) {
	s := r.Service
	takes := slices.Contains(s.Dx, need.Dx) || slices.ContainsFunc(s.Takes, func(t Taking) bool {
		return t.Group == need.Group && (t.Mode == "" || t.Mode == need.Mode)
	})
	switch {
	case slices.Contains(s.NotDx, need.Dx):
		r.block("Does not take %s", need.Dx)
	case !takes:
		r.block("Does not take this outcome")
	default:
		r.skill = 1
	}
	switch {
	case need.Problem == "":
	case slices.Contains(s.Problems, need.Problem):
		r.skill++
		r.pro("Has the skills for this problem")
	case len(s.Problems) > 0:
		r.skill--
		r.against("Does not list this problem among its skills")
	}
}

// judgePerson looks at age, sex and registration. What is not known never
// blocks: it is said.
func (r *Ranked) judgePerson(need Need) {
	r.judgeAge(need)
	s := r.Service
	if len(s.Sexes) > 0 && !slices.Contains(s.Sexes, need.Sex) {
		only := s.Sexes[0].String()
		switch need.Sex {
		case codes.Male, codes.Female:
			r.block("Sees only %s patients", only)
		default:
			r.against("Sees only %s patients: sex is %s", only, need.Sex)
		}
	}
	if !s.OwnPatients {
		return
	}
	switch {
	case need.Practice == "":
		r.against("Only for its own patients: practice not known")
	case need.Practice != s.ODS:
		r.block("Only for its own patients")
	default:
		r.pro("Their own practice")
	}
}

func (r *Ranked) judgeAge(need Need) {
	ages := r.Service.Ages
	if ages == (Ages{}) {
		return
	}
	least, most, known := monthsAt(need.Born, need.At)
	switch {
	case !known:
		r.against("%s: age not known", ages)
	case most < ages.FromMonths, ages.UnderMonths > 0 && least >= ages.UnderMonths:
		r.block("%s", ages)
	case least < ages.FromMonths, ages.UnderMonths > 0 && most >= ages.UnderMonths:
		r.against("%s: exact age not known", ages)
	}
}

// monthsAt gives the least and the most whole months lived.
func monthsAt(born codes.Date, at time.Time) (least, most int, known bool) {
	if age, ok := born.AgeAt(at); ok {
		m := age.Years*12 + age.Months
		return m, m, true
	}
	lo, hi, ok := born.YearsAt(at)
	return lo * 12, hi*12 + 11, ok
}

// String says whom a service sees.
func (a Ages) String() string {
	say := func(m int) string {
		if m%12 == 0 {
			return fmt.Sprintf("%d years", m/12)
		}
		return fmt.Sprintf("%d months", m)
	}
	switch {
	case a.FromMonths > 0 && a.UnderMonths > 0:
		return fmt.Sprintf("Sees ages %s to under %s", say(a.FromMonths), say(a.UnderMonths))
	case a.FromMonths > 0:
		return "Sees ages from " + say(a.FromMonths)
	case a.UnderMonths > 0:
		return "Sees ages under " + say(a.UnderMonths)
	}
	return "Sees all ages"
}

// judgeArea looks at the district and the distance.
func (r *Ranked) judgeArea(need Need, here codes.Grid, localities []Locality) {
	s := r.Service
	if len(s.Districts) > 0 {
		district := codes.Postcode(need.Near.Postcode.District())
		switch {
		case district == "":
			r.against("Covers only %s: postcode not known", list(s.Districts))
		case !slices.Contains(s.Districts, district):
			r.block("Covers only %s", list(s.Districts))
		}
	}
	r.judgeTravel(need.Travel)
	if s.ComesToThem {
		r.Distance = true
		r.pro("Comes or rings: no travel")
		return
	}
	there, _ := Locate(localities, s.Place)
	if m, ok := here.Metres(there); ok {
		r.Metres, r.Distance = m, true
		r.pro("%s miles", codes.Miles(m))
		return
	}
	r.against("Distance not known")
}

// judgeTravel puts a service that does not suit how they can travel behind
// those that do; it never blocks one.
func (r *Ranked) judgeTravel(can Travel) {
	switch s := r.Service; {
	case s.Housebound && can == CanTravel:
		r.skill--
		r.against("Only for people who cannot travel")
	case s.Housebound && can == TravelNotAsked:
		r.skill--
		r.against("Only for people who cannot travel: not asked")
	case !s.ComesToThem && can == CannotTravel:
		r.skill--
		r.against("They cannot travel there")
	}
}

func list(districts []codes.Postcode) string {
	var out []string
	for _, d := range districts {
		out = append(out, string(d))
	}
	return strings.Join(out, ", ")
}

// closingSoon is when a closing time is said as a reason against.
const closingSoon = 3 * time.Hour

// judgeTime looks at opening hours, notices, waiting and the deadline.
func (r *Ranked) judgeTime(need Need) {
	s := r.Service
	for _, n := range r.Entry.Notices {
		if n.Says.From.Time().Before(laterOf(need.At, need.Deadline)) && need.At.Before(n.Says.Until.Time()) {
			r.against("%s (until %s)", n.Says.Text, codes.ClockDay(n.Says.Until.Time(), need.At))
		}
	}
	if r.Entry.Ended != "" {
		return
	}
	st := s.stateAt(need.At, r.Entry.Notices)
	r.Earliest = need.At
	if !st.open {
		r.Earliest = st.next
	}
	if r.Earliest.IsZero() {
		r.block("Closed for the next two weeks")
		return
	}
	opens := r.Earliest
	r.Earliest = r.Earliest.Add(time.Duration(s.WaitMinutes) * time.Minute)
	r.InTime = need.Deadline.IsZero() || !r.Earliest.After(need.Deadline)
	if !need.Deadline.IsZero() {
		r.ToSpare = need.Deadline.Sub(r.Earliest)
	}
	r.sayTime(need, st, opens)
}

func (r *Ranked) sayTime(need Need, st openState, opens time.Time) {
	switch {
	case st.open && st.until.IsZero():
		r.pro("Open day and night")
	case st.open:
		r.pro("Open until %s", codes.ClockDay(st.until, need.At))
		if st.until.Sub(need.At) <= closingSoon {
			r.against("Closes %s: late running would miss it", codes.ClockDay(st.until, need.At))
		}
		if r.Earliest.After(st.until) {
			r.against("The wait is longer than it stays open")
		}
	case !need.Deadline.IsZero() && opens.After(need.Deadline):
		r.block("Closed until %s: too late for this outcome", codes.ClockDay(opens, need.At))
		return
	default:
		r.against("Closed until %s", codes.ClockDay(opens, need.At))
	}
	switch {
	case need.Deadline.IsZero():
	case r.InTime:
		r.pro("%s to spare", codes.Span(r.ToSpare))
	default:
		r.against("%s late", codes.Span(r.ToSpare))
	}
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// judgeDoor looks at how a referral can reach the service.
func (r *Ranked) judgeDoor() {
	for _, d := range r.Service.Doors {
		n := map[Route]int{RouteDirect: 3, RouteBaRS: 3, RouteITK: 3, RoutePhone: 1}[d.Route]
		if d.Books && n > 0 {
			n++
		}
		if n > r.reachable {
			r.reachable, r.Door = n, d
		}
	}
	switch {
	case r.reachable == 0 && !r.Service.Phone.Present():
		r.block("No way to refer to it is known")
	case r.reachable <= 1:
		if r.reachable == 0 {
			r.reachable, r.Door = 1, Door{Route: RoutePhone, Endpoint: r.Service.Phone.Dial()}
		}
		r.against("Ring first")
	case r.Door.Books:
		r.pro("Can be booked from here")
	}
}

// containsWord tells whether name stands in text as words of their own.
func containsWord(text, name string) bool {
	t, n := strings.ToLower(text), strings.ToLower(name)
	for from := 0; ; {
		i := strings.Index(t[from:], n)
		if i < 0 {
			return false
		}
		i += from
		before := i == 0 || !letter(t[i-1])
		after := i+len(n) == len(t) || !letter(t[i+len(n)])
		if before && after {
			return true
		}
		from = i + 1
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 0x80 }
