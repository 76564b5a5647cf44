package people

import (
	"time"

	"holdfast/codes"
	"holdfast/record"
)

// Case is an open case as it stands when the demo starts. All times are told
// as how long before the start they were.
type Case struct {
	Org       codes.ODS // whose worklist it is on
	Person    int       // index in District.People; -1 for somebody not traced
	Unknown   record.Identity
	Caller    Caller
	RingBack  codes.Phone
	Place     codes.Place
	Complaint string
	Dx        codes.Dx
	Timeframe time.Duration // from the outcome to its deadline
	Call      time.Duration // when the call began
	Outcome   time.Duration // when the outcome was set
	Priority  int           // 1 to 3, as the reference worklist shows them
	Taken     string        // name of the clinician who has it; empty: free
	TakenAt   time.Duration
	Tries     int // rung in vain so often
}

// Left gives the time to the deadline at the start; negative is late.
func (c Case) Left() time.Duration { return c.Timeframe - c.Outcome }

// Caller is who rang.
type Caller struct {
	Is          string // patient, someone-else, professional
	Name        string
	Relation    string
	WithPatient record.Answer
}

// timeframe gives the time that an outcome allows, as in the table of
// dispositions; where that says "immediately", the 20 minutes that KPI 5a
// tests (spec: urgent care, section 6). A test holds it against the table.
func timeframe(dx codes.Dx) time.Duration {
	minutes := map[codes.Dx]int{
		"Dx05": 120, "Dx06": 360, "Dx07": 720, "Dx08": 1440, "Dx11": 60, "Dx12": 120, "Dx13": 360, "Dx14": 720, "Dx15": 1440,
		"Dx17": 60, "Dx18": 120, "Dx34": 30, "Dx35": 120, "Dx325": 20, "Dx327": 20, "Dx333": 30, "Dx334": 30, "Dx337": 30,
		"Dx80": 360, "Dx85": 120, "Dx86": 720, "Dx87": 1440, "Dx116": 360, "Dx117": 60,
	}
	return time.Duration(minutes[dx]) * time.Minute
}

// cases makes the open cases: about a third at the 111 provider, a few of
// them late, most of the urgent ones nearly due.
func (m maker) cases(people []Person) []Case {
	used := map[int]bool{}
	first := m.fixedCase(people)
	out := []Case{first}
	used[first.Person] = true
	for _, side := range []struct {
		org     codes.ODS
		reasons []reason
		count   int
	}{
		{FellsideODS, atFellside()[1:], 43}, {TarnValleyODS, append(atTarnValley(), atTarnValleyLater()...), casesCount - 44},
	} {
		for n := range side.count {
			c := m.oneCase(people, used, side.org, side.reasons[n%len(side.reasons)], n)
			out = append(out, c)
		}
	}
	return out
}

// fixedCase is Wilfred Tansley's, as on the reference pages.
func (m maker) fixedCase(people []Person) Case {
	p := people[0].Identity
	r := atFellside()[0]
	return Case{
		Org: FellsideODS, Person: 0, Caller: Caller{Is: "someone-else", Name: "Moira Tansley", Relation: "daughter", WithPatient: record.Yes},
		RingBack: p.Lines[1].Phone, Place: p.Address, Complaint: r.words, Dx: r.dx, Timeframe: timeframe(r.dx),
		Call: 14 * time.Minute, Outcome: 8 * time.Minute, Priority: 1, Taken: "K. Adeyemi", TakenAt: 5 * time.Minute,
	}
}

func (m maker) oneCase(people []Person, used map[int]bool, org codes.ODS, r reason, n int) Case {
	c := Case{Org: org, Person: m.fitting(people, used, r), Complaint: r.words, Dx: r.dx, Timeframe: timeframe(r.dx)}
	c.Outcome = m.since(c.Timeframe, n)
	c.Call = c.Outcome + time.Duration(5+m.random.IntN(12))*time.Minute
	c.Priority = priority(c.Timeframe)
	if r.words == "Caller in a car park, tearful, would not give a name" {
		m.unknown(&c)
	} else {
		m.known(&c, people[c.Person].Identity)
	}
	m.progress(&c)
	return c
}

// since says how long ago the outcome was set: for two in a hundred so long
// that the case is late, else anywhere in its time, early and late alike.
func (m maker) since(frame time.Duration, n int) time.Duration {
	part := m.random.Float64()*0.97 + 0.02
	if n%29 == 5 {
		part = 1.05 + m.random.Float64()*0.4
	}
	return (time.Duration(part * float64(frame))).Truncate(time.Minute)
}

func priority(frame time.Duration) int {
	switch {
	case frame <= time.Hour:
		return 1
	case frame <= 2*time.Hour:
		return 2
	}
	return 3
}

// fitting draws somebody of the reason's age and sex who has no open case.
func (m maker) fitting(people []Person, used map[int]bool, r reason) int {
	for from := 2 + m.random.IntN(len(people)-2); ; from++ {
		i := 2 + (from-2)%(len(people)-2)
		id := people[i].Identity
		least, _, _ := id.Born.YearsAt(time.Date(m.today.Year, time.Month(m.today.Month), m.today.Day, 12, 0, 0, 0, time.UTC))
		if !used[i] && least >= r.from && least < r.to && (r.sex == codes.SexNotAsked || r.sex == id.Sex) {
			used[i] = true
			return i
		}
	}
}

func (m maker) known(c *Case, id record.Identity) {
	c.Place, c.RingBack = id.Address, id.Lines[0].Phone
	least, _, _ := id.Born.YearsAt(time.Date(m.today.Year, time.Month(m.today.Month), m.today.Day, 12, 0, 0, 0, time.UTC))
	switch {
	case least < 16:
		c.Caller = Caller{Is: "someone-else", Name: pick(m.random, givenNames(codes.Female, 35)) + " " + id.Name.Family, Relation: "mother", WithPatient: record.Yes}
	case least >= 85 && m.chance(50):
		c.Caller = Caller{Is: "professional", Name: pick(m.random, givenNames(codes.Female, 40)), Relation: "care home", WithPatient: record.Yes}
	case least >= 70 && m.chance(35):
		c.Caller = Caller{Is: "someone-else", Name: pick(m.random, givenNames(codes.Female, 50)) + " " + id.Name.Family, Relation: "daughter", WithPatient: pick(m.random, []record.Answer{record.Yes, record.No})}
	default:
		c.Caller = Caller{Is: "patient", Name: id.Name.Spoken(), WithPatient: record.Yes}
	}
}

// unknown makes the case one of somebody who gave no name.
func (m maker) unknown(c *Case) {
	c.Person = -1
	c.Unknown = record.Identity{Description: "woman about 40", Age: record.AboutAge{Years: 40, On: m.today}, Sex: codes.Female}
	c.Caller = Caller{Is: "patient", WithPatient: record.Yes}
	c.Place = codes.Place{Text: "In a car, car park by the weir, Coldwater"}
	c.RingBack = codes.ReceivePhone("07700 900733")
}

// progress says who has taken the case and how often it was rung in vain.
func (m maker) progress(c *Case) {
	var names []string
	for _, s := range staff() {
		if s.Org == string(c.Org) && s.Roles[0] == "clinician" {
			names = append(names, s.Name)
		}
	}
	if c.Outcome > 4*time.Minute && m.chance(18) {
		c.Taken = pick(m.random, names)
		c.TakenAt = time.Duration(1+m.random.IntN(min(14, int(c.Outcome/time.Minute)-1))) * time.Minute
	}
	if c.Outcome > 25*time.Minute && m.chance(12) {
		c.Tries = 1 + m.random.IntN(2)
	}
}
