// Package people makes up a district: its people, cases, staff and services.
//
// Its law: the same seed gives the same district, on every machine. Nobody in
// it is real: NHS numbers lie in the 999 range, which is never issued, phone
// numbers in the ranges that Ofcom keeps for drama, postcodes in an area that
// does not exist, and organisation codes begin with ZZ. It is data only;
// whoever uses it turns it into verbs.
package people

import (
	"math/rand/v2"
	"time"

	"holdfast/codes"
	"holdfast/directory"
	"holdfast/record"
)

// The organisations of the district.
const (
	FellsideODS    codes.ODS   = "ZZ111"
	TarnValleyODS  codes.ODS   = "ZZ122"
	FellsideDoS    codes.DoSID = "9990000111" // clinician call-back at Fellside 111
	TarnValleyDoS  codes.DoSID = "9990000122" // GP out of hours, the door for referrals
	FellsideName               = "Fellside 111"
	TarnValleyName             = "Tarn Valley Out of Hours"
	peopleCount                = 2000
	casesCount                 = 120
)

// Person is a made-up person with what their record says.
type Person struct {
	Identity record.Identity
	Alerts   []record.AlertAdded
	Answers  []record.AlertAnswered
	Contacts []Contact // earlier ones, outside any open case
}

// Contact is an earlier contact.
type Contact struct {
	Before    time.Duration // how long before the start it was
	Complaint string
	Dx        codes.Dx
	Outcome   string
}

// District is everything made up.
type District struct {
	People     []Person
	Cases      []Case
	Staff      []Staff
	Services   []directory.Service
	Practices  []directory.OrganisationListed
	Localities []directory.Locality
}

// Make makes a district. now fixes ages and birth dates; it is read in whole
// days, so that a day's restarts give the same people.
func Make(seed uint64, now time.Time) District {
	today := codes.DateOf(now)
	m := maker{random: rand.New(rand.NewPCG(seed, 0x486f6c64)), today: today}
	d := District{Staff: staff(), Services: services(), Practices: practices(), Localities: localities()}
	d.People = append(d.People, m.tansleys()...)
	for len(d.People) < peopleCount {
		d.People = append(d.People, m.person(len(d.People)))
	}
	d.Cases = m.cases(d.People)
	return d
}

type maker struct {
	random *rand.Rand
	today  codes.Date
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// chance is true in so many of a hundred cases.
func (m maker) chance(percent float64) bool { return m.random.Float64()*100 < percent }

// nhsNumber gives the nth sound number of the 999 range.
func nhsNumber(n int) codes.NHSNumber {
	for body := 412000 + n*7; ; body++ {
		digits := [10]byte{'9', '9', '9'}
		for i, v := 8, body; i >= 3; i, v = i-1, v/10 {
			digits[i] = byte('0' + v%10)
		}
		for check := byte('0'); check <= '9'; check++ {
			digits[9] = check
			if out := codes.ReceiveNHSNumber(string(digits[:])); out.Matchable() {
				return out
			}
		}
	}
}

// tansleys are the two people of the reference pages: one born on 3 Feb 1948
// in Coldwater, one with nearly his name and birthday.
func (m maker) tansleys() []Person {
	wilfred := record.Identity{
		Name: record.Name{Given: "Wilfred", Family: "Tansley"}, Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Sex: codes.Male,
		NHS: nhsNumber(0).Traced(), Address: address("11 Tenter Row", coldwater, "7TD"), Practice: practiceOf(coldwater, 0),
		Lines: []record.Line{
			{Phone: codes.ReceivePhone("01632 960418"), Use: "home"},
			{Phone: codes.ReceivePhone("07700 900512"), Use: "emergency contact", Of: "Moira Tansley, daughter"},
		},
		Communication: "Deaf in the left ear. Speak slowly, no background noise. Ring appointments, do not text.",
	}
	wilfrid := record.Identity{
		Name: record.Name{Given: "Wilfrid J", Family: "Tansley"}, Born: codes.Date{Year: 1946, Month: 2, Day: 3}, Sex: codes.Male,
		NHS: nhsNumber(1).Traced(), Address: address("4 Weir Cottages", dunsett, "2BJ"), Practice: practiceOf(dunsett, 0),
		Lines: []record.Line{{Phone: codes.ReceivePhone("01632 960419"), Use: "home"}},
	}
	return []Person{
		{
			Identity: wilfred,
			Alerts: []record.AlertAdded{
				{
					Kind: record.Resuscitation, Decision: record.DoNotAttempt, Author: "Dr P. Whitlock", Signed: m.today.Add(-68),
					Review: m.today.Add(113), Source: record.FromRecord, Kept: "on the fridge",
					Text: "Still wants treatment for infection and breathlessness, hospital if needed",
				},
				{Kind: record.Allergy, Substance: "Penicillin", Reaction: "rash", Source: record.FromRecord},
				{Kind: record.Steroids, Text: "Prednisolone 5 mg every day for 3 years", Source: record.FromRecord},
				{Kind: record.KeySafe, Text: "Key safe by the side door", Source: record.FromRecord},
				{Kind: record.Adjustment, Text: "Deaf in the left ear. Ring appointments, do not text", Source: record.FromCaller},
				{Kind: record.Condition, Text: "Severe COPD", Source: record.FromRecord},
			},
			Contacts: []Contact{{Before: 46 * time.Hour, Complaint: "Cough for two days", Dx: "Dx08", Outcome: "Own GP within 24 h"}},
		},
		{Identity: wilfrid, Answers: []record.AlertAnswered{{Kind: record.Allergy, Answer: record.NoneKnown, Source: record.FromRecord}}},
	}
}
