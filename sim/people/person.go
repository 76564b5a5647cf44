package people

import (
	"fmt"

	"holdfast/codes"
	"holdfast/record"
)

// person makes the nth person.
func (m maker) person(n int) Person {
	years := m.years()
	sex := codes.Female
	if m.chance(48) {
		sex = codes.Male
	}
	if m.chance(0.5) {
		sex = codes.OtherSex
	}
	town := pick(m.random, []place{fellside, fellside, fellside, aldermoor, aldermoor, brackenby, coldwater, coldwater, dunsett})
	id := record.Identity{
		Name: m.name(sex, years), Born: m.born(years), Sex: sex, NHS: nhsNumber(n).Traced(),
		Address: m.address(town), Practice: practiceOf(town, m.random.IntN(2)),
		Lines: m.lines(n, years),
	}
	m.language(&id)
	switch {
	case m.chance(2.5):
		id.NHS = codes.NHSNumber{} // visitors and people nobody has traced
	case m.chance(3):
		id.NHS.Status = codes.Unverified
	case m.chance(0.3):
		last := '0' + (id.NHS.Text[9]-'0'+1)%10 // as a message may carry it: the check digit is wrong
		id.NHS = codes.ReceiveNHSNumber(id.NHS.Text[:9] + string(last))
	}
	p := Person{Identity: id}
	m.alerts(&p, years)
	return p
}

// years draws an age that is like England's.
func (m maker) years() int {
	bands := []struct{ share, from, to int }{
		{6, 0, 5}, {12, 5, 16}, {9, 16, 25}, {27, 25, 45}, {26, 45, 65}, {10, 65, 75}, {7, 75, 85}, {3, 85, 101},
	}
	roll := m.random.IntN(100)
	for _, b := range bands {
		if roll -= b.share; roll < 0 {
			return b.from + m.random.IntN(b.to-b.from)
		}
	}
	return 40
}

func (m maker) born(years int) codes.Date {
	return m.today.Add(-(years*365 + years/4 + 1 + m.random.IntN(364)))
}

func (m maker) name(sex codes.Sex, years int) record.Name {
	given := pick(m.random, givenNames(sex, years))
	if m.chance(25) {
		given += " " + string(pick(m.random, []rune("ABCDEFGHJKLMNPRSTW")))
	}
	family := pick(m.random, families())
	if m.chance(3) {
		family += "-" + pick(m.random, families())
	}
	return record.Name{Given: given, Family: family}
}

func (m maker) address(town place) codes.Place {
	street := pick(m.random, streets())
	unit := fmt.Sprintf("%d%c%c", 1+m.random.IntN(9), pick(m.random, []rune("ABDEFG")), pick(m.random, []rune("HJLNPQRSTU")))
	return address(fmt.Sprintf("%d %s", 1+m.random.IntN(120), street), town, unit)
}

func address(line string, town place, unit string) codes.Place {
	return codes.Place{Text: line + ", " + town.name, Postcode: codes.Postcode(string(town.district) + " " + unit)}
}

// lines gives phone numbers from the ranges kept for drama: 01632 960000 to
// 960999 and 07700 900000 to 900999 (Ofcom, numbers for use in TV and radio
// drama).
func (m maker) lines(n, years int) []record.Line {
	fixed := codes.ReceivePhone(fmt.Sprintf("01632 960%03d", n%1000))
	mobile := codes.ReceivePhone(fmt.Sprintf("07700 900%03d", (n*7)%1000))
	switch {
	case years < 16:
		parent := pick(m.random, []string{"mother", "father", "grandmother"})
		return []record.Line{{Phone: mobile, Use: "mobile", Of: pick(m.random, givenNames(codes.Female, 35)) + ", " + parent}}
	case years >= 75:
		return []record.Line{{Phone: fixed, Use: "home"}}
	case m.chance(40):
		return []record.Line{{Phone: mobile, Use: "mobile"}, {Phone: fixed, Use: "home"}}
	}
	return []record.Line{{Phone: mobile, Use: "mobile"}}
}

func (m maker) language(id *record.Identity) {
	switch {
	case m.chance(4):
		id.Language = pick(m.random, []string{"Polish", "Urdu", "Romanian", "Arabic", "Ukrainian", "Punjabi", "Portuguese"})
		id.Interpreter = record.Yes
	case m.chance(2):
		id.Language, id.Interpreter = "Cymraeg", record.No
	case m.chance(1):
		id.Language, id.Interpreter = "British Sign Language", record.Yes
		id.Communication = "Deaf. Rings through Relay UK. Text first, then ring."
	}
}

func (m maker) alerts(p *Person, years int) {
	add := func(a record.AlertAdded) {
		a.Source = record.FromRecord
		p.Alerts = append(p.Alerts, a)
	}
	switch {
	case m.chance(16):
		a := pick(m.random, allergies())
		add(record.AlertAdded{Kind: record.Allergy, Substance: a[0], Reaction: a[1]})
	case m.chance(50):
		p.Answers = append(p.Answers, record.AlertAnswered{Kind: record.Allergy, Answer: record.NoneKnown, Source: record.FromRecord})
	case m.chance(5):
		p.Answers = append(p.Answers, record.AlertAnswered{Kind: record.Allergy, Answer: record.NotKnown, Source: record.FromCaller})
	}
	if years >= 80 && m.chance(18) {
		add(record.AlertAdded{
			Kind: record.Resuscitation, Decision: pick(m.random, []record.Decision{record.DoNotAttempt, record.DoNotAttempt, record.DoNotAttempt, record.SeeForm}),
			Author: pick(m.random, doctors()), Signed: m.today.Add(-30 - m.random.IntN(500)), Review: m.today.Add(m.random.IntN(300) - 60),
			Kept: pick(m.random, []string{"on the fridge", "in the hall drawer", "with the care home"}),
		})
	}
	if years >= 65 && m.chance(14) {
		add(record.AlertAdded{Kind: record.Anticoagulant, Text: pick(m.random, []string{"Warfarin", "Apixaban", "Rivaroxaban", "Edoxaban"}) + " every day"})
	}
	if years >= 16 && m.chance(2.5) {
		add(record.AlertAdded{Kind: record.Steroids, Text: "Prednisolone every day. Do not stop suddenly"})
	}
	if years >= 78 && m.chance(12) {
		add(record.AlertAdded{Kind: record.KeySafe, Text: pick(m.random, []string{"Key safe by the front door", "Key safe behind the water butt", "Key safe in the porch"})})
	}
	m.rareAlerts(add, years)
}

func (m maker) rareAlerts(add func(record.AlertAdded), years int) {
	if years >= 16 && m.chance(3) {
		add(record.AlertAdded{Kind: record.Condition, Text: pick(m.random, []string{
			"Addison’s disease", "Severe COPD", "Epilepsy", "Sickle cell disease", "Kidney transplant, immunosuppressed", "Type 1 diabetes",
		})})
	}
	if m.chance(3) {
		add(record.AlertAdded{Kind: record.Adjustment, Text: pick(m.random, []string{
			"Autistic. One question at a time, say what happens next", "Hard of hearing. Speak slowly", "Large print letters", "Cannot climb stairs",
		})})
	}
	if years >= 60 && m.chance(2) {
		add(record.AlertAdded{Kind: record.CarePlan, Text: "Palliative. Medicines at home. Wants to stay at home", Author: pick(m.random, doctors()), Review: m.today.Add(30 + m.random.IntN(90))})
	}
	if m.chance(0.6) {
		add(record.AlertAdded{Kind: record.SceneDanger, Text: pick(m.random, []string{"Dog bites. Ask for it to be shut away", "Two people to attend. Earlier violence at this address"}), Author: "Shift manager"})
	}
	if m.chance(0.6) {
		add(record.AlertAdded{Kind: record.SpecialNote, Text: "Rings often when lonely. Take every call as new. Befriending service rings on Fridays", Author: pick(m.random, doctors()), Review: m.today.Add(60)})
	}
	if years >= 18 && m.chance(0.3) {
		add(record.AlertAdded{Kind: record.AbuseMarker, Text: "Threats towards staff on two calls. Two staff on the call", Author: "Shift manager", Review: m.today.Add(90)})
	}
}
