package directory

import (
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/fact"
)

// need is a two-hour "contact primary care" for a man of 78 in Coldwater on a
// Saturday evening.
func need() Need {
	return Need{
		Dx: "Dx05", Group: "primary-care", Mode: "contact", Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Sex: codes.Male,
		At: now, Deadline: now.Add(2 * time.Hour), Practice: "Y90101",
		Near: codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD", Grid: codes.Grid{East: 300000, North: 500000}},
	}
}

func entry(n byte, change func(*Service)) Entry {
	s := base()
	change(&s)
	e := Entry{Subject: fact.Subject{n}}
	e.Service.Values = []fact.Stated[Service]{{Value: s, Fact: fact.ID{n}}}
	return e
}

func TestSearchSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Service)
		need   func(*Need)
		pro    string
		con    string
		blocks bool
	}{
		"fits":             {pro: "2 h 00 to spare"},
		"bookable":         {pro: "Can be booked from here"},
		"near":             {pro: "0.6 miles"},
		"closed too late":  {change: weekdaysOnly, con: "Closed until Mon 08:00: too late for this outcome", blocks: true},
		"closed, no hurry": {change: weekdaysOnly, need: func(n *Need) { n.Deadline = time.Time{} }, con: "Closed until Mon 08:00"},
		"opens in time": {
			change: func(s *Service) { s.Hours = []Opening{{Days: Saturday, From: at(20, 30), To: at(23, 0)}} },
			con:    "Closed until 20:30", pro: "1 h 22 to spare",
		},
		"closes soon": {
			change: func(s *Service) { s.Hours = []Opening{{Days: Saturday, From: at(8, 0), To: at(22, 0)}} },
			con:    "Closes 22:00: late running would miss it",
		},
		"wait too long": {change: func(s *Service) { s.WaitMinutes = 130 }, con: "10 min late"},
		"never open": {change: func(s *Service) {
			s.Hours, s.Special = nil, []SpecialDay{{Date: codes.Date{Year: 2027, Month: 1, Day: 1}}}
		}, con: "Closed for the next two weeks", blocks: true},
		"wrong group":        {need: func(n *Need) { n.Group = "dental" }, con: "Does not take this outcome", blocks: true},
		"wrong mode":         {need: func(n *Need) { n.Mode = "speak" }, con: "Does not take this outcome", blocks: true},
		"single outcome":     {need: func(n *Need) { n.Dx, n.Group = "Dx75", "x" }, change: func(s *Service) { s.Dx = []codes.Dx{"Dx75"} }, pro: "to spare"},
		"excluded outcome":   {change: func(s *Service) { s.NotDx = []codes.Dx{"Dx05"} }, con: "Does not take Dx05", blocks: true},
		"skilled":            {change: func(s *Service) { s.Problems = []string{"SD4052"} }, need: func(n *Need) { n.Problem = "SD4052" }, pro: "skills for this problem"},
		"not skilled":        {change: func(s *Service) { s.Problems = []string{"SD1"} }, need: func(n *Need) { n.Problem = "SD4052" }, con: "Does not list this problem"},
		"too old":            {change: func(s *Service) { s.Ages.UnderMonths = 16 * 12 }, con: "Sees ages under 16 years", blocks: true},
		"too young":          {change: func(s *Service) { s.Ages.FromMonths = 6 }, need: func(n *Need) { n.Born = codes.Date{Year: 2026, Month: 7, Day: 1} }, con: "Sees ages from 6 months", blocks: true},
		"age not known":      {change: func(s *Service) { s.Ages.FromMonths = 60 }, need: func(n *Need) { n.Born = codes.Date{} }, con: "age not known"},
		"age about":          {change: func(s *Service) { s.Ages.FromMonths = 18 * 12 }, need: func(n *Need) { n.Born = codes.Date{Year: 2008} }, con: "exact age not known"},
		"women only":         {change: func(s *Service) { s.Sexes = []codes.Sex{codes.Female} }, con: "Sees only female patients", blocks: true},
		"sex not asked":      {change: func(s *Service) { s.Sexes = []codes.Sex{codes.Female} }, need: func(n *Need) { n.Sex = "" }, con: "sex is not asked"},
		"out of area":        {change: func(s *Service) { s.Districts = []codes.Postcode{"QX1", "QX2"} }, con: "Covers only QX1, QX2", blocks: true},
		"place not known":    {change: func(s *Service) { s.Districts = []codes.Postcode{"QX1"} }, need: func(n *Need) { n.Near = codes.Place{} }, con: "postcode not known"},
		"distance not known": {need: func(n *Need) { n.Near = codes.Place{} }, con: "Distance not known"},
		"comes to them":      {change: func(s *Service) { s.ComesToThem = true }, pro: "no travel"},
		"visits, can travel": {change: func(s *Service) { s.Housebound = true }, need: func(n *Need) { n.Travel = CanTravel }, con: "Only for people who cannot travel"},
		"visits, not asked":  {change: func(s *Service) { s.Housebound = true }, con: "cannot travel: not asked"},
		"cannot come":        {need: func(n *Need) { n.Travel = CannotTravel }, con: "They cannot travel there"},
		"other's patients":   {change: func(s *Service) { s.OwnPatients = true }, con: "Only for its own patients", blocks: true},
		"own patients":       {change: func(s *Service) { s.OwnPatients, s.ODS = true, "Y90101" }, pro: "Their own practice"},
		"practice not known": {change: func(s *Service) { s.OwnPatients = true }, need: func(n *Need) { n.Practice = "" }, con: "practice not known"},
		"phone only":         {change: func(s *Service) { s.Doors = nil }, con: "Ring first"},
		"no door":            {change: func(s *Service) { s.Doors, s.Phone = nil, codes.Phone{} }, con: "No way to refer", blocks: true},
		"always":             {change: func(s *Service) { s.Always, s.Hours = true, nil }, pro: "Open day and night"},
		"note":               {change: func(s *Service) { s.Note = "Nurse only" }, con: "Nurse only"},
	} {
		if c.change == nil {
			c.change = func(*Service) {}
		}
		n := need()
		if c.need != nil {
			c.need(&n)
		}
		got := Search([]Entry{entry(1, c.change)}, n)
		if len(got) != 1 {
			t.Errorf("%s: the service vanished", name)
			continue
		}
		r := got[0]
		if c.pro != "" && !says(r.For, c.pro) || c.con != "" && !says(r.Against, c.con) || r.Blocked() != c.blocks {
			t.Errorf("%s: for %v, against %v", name, r.For, r.Against)
		}
	}
}

func weekdaysOnly(s *Service) {
	s.Hours = []Opening{{Days: Weekdays, From: at(8, 0), To: at(18, 30)}}
}

func TestSearchOrder(t *testing.T) {
	all := []Entry{
		entry(1, func(s *Service) { s.Name = "shut"; weekdaysOnly(s) }),
		entry(2, func(s *Service) { s.Name = "late"; s.WaitMinutes = 200 }),
		entry(3, func(s *Service) { s.Name = "far"; s.Place.Grid.East = 340000 }),
		entry(4, func(s *Service) { s.Name = "near" }),
		entry(5, func(s *Service) { s.Name = "by phone"; s.Doors = nil }),
		entry(6, func(s *Service) { s.Name = "skilled"; s.Problems = []string{"SD4052"}; s.Place.Grid.East = 390000 }),
		{Subject: fact.Subject{7}, Localities: []Locality{{Name: "Coldwater", Grid: codes.Grid{East: 1, North: 1}}}},
	}
	n := need()
	n.Problem = "SD4052"
	var names []string
	for _, r := range Search(all, n) {
		names = append(names, r.Service.Name)
	}
	if got := strings.Join(names, ", "); got != "skilled, near, far, by phone, late, shut" {
		t.Errorf("%s", got)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	var again []string
	for _, r := range Search(all, n) {
		again = append(again, r.Service.Name)
	}
	if strings.Join(again, ", ") != strings.Join(names, ", ") {
		t.Errorf("another order of entries ranks otherwise: %v", again)
	}
}

func TestTravelDecidesBetweenBaseAndVisit(t *testing.T) {
	all := []Entry{
		entry(1, func(s *Service) { s.Name = "base" }),
		entry(2, func(s *Service) { s.Name, s.ComesToThem, s.Housebound = "visit", true, true }),
	}
	for travel, want := range map[Travel]string{TravelNotAsked: "base", CanTravel: "base", CannotTravel: "visit"} {
		n := need()
		n.Travel = travel
		if got := Search(all, n)[0].Service.Name; got != want {
			t.Errorf("travel %d: %s first, want %s", travel, got, want)
		}
	}
}

func TestOpeningHours(t *testing.T) {
	night := func(s *Service) { s.Hours = []Opening{{Days: Saturday, From: at(22, 0), To: at(6, 0)}} }
	early := func(s *Service) { s.Hours = []Opening{{Days: Sunday, From: at(1, 30), To: at(5, 0)}} }
	for name, c := range map[string]struct {
		change func(*Service)
		at     time.Time
		open   bool
		until  time.Time
		next   time.Time
	}{
		"long weekend":       {func(*Service) {}, now, true, utc(11, 23, 8, 0), time.Time{}},
		"weekday day":        {func(*Service) {}, utc(11, 23, 12, 0), false, time.Time{}, utc(11, 23, 18, 30)},
		"opening minute":     {func(*Service) {}, utc(11, 23, 18, 30), true, utc(11, 24, 8, 0), time.Time{}},
		"closing minute":     {func(*Service) {}, utc(11, 24, 8, 0), false, time.Time{}, utc(11, 24, 18, 30)},
		"after midnight":     {night, utc(11, 22, 3, 0), true, utc(11, 22, 6, 0), time.Time{}},
		"summer":             {night, utc(7, 4, 21, 0), true, utc(7, 5, 5, 0), time.Time{}},
		"clocks go back":     {night, utc(10, 25, 1, 30), true, utc(10, 25, 6, 0), time.Time{}},
		"first 01:30, shut":  {early, utc(10, 25, 0, 45), false, time.Time{}, utc(10, 25, 1, 30)},
		"clocks go forward":  {night, utc(3, 29, 2, 0), true, utc(3, 29, 5, 0), time.Time{}},
		"01:30 that is not":  {early, utc(3, 29, 0, 59), false, time.Time{}, utc(3, 29, 1, 0)},
		"02:30 on that day":  {early, utc(3, 29, 1, 30), true, utc(3, 29, 4, 0), time.Time{}},
		"bank holiday":       {christmas, utc(12, 25, 12, 0), true, utc(12, 25, 16, 0), time.Time{}},
		"bank holiday, shut": {christmas, utc(12, 26, 12, 0), false, time.Time{}, utc(12, 28, 8, 0)},
	} {
		e := entry(1, c.change)
		open, until := e.OpenAt(c.at)
		if open != c.open || !until.Equal(c.until) {
			t.Errorf("%s: open %v until %v, want %v until %v", name, open, until, c.open, c.until)
		}
		want := c.next
		if c.open {
			want = c.at
		}
		if next, ok := e.NextOpen(c.at); !ok || !next.Equal(want) {
			t.Errorf("%s: next open %v, want %v", name, next, want)
		}
	}
}

func utc(month, day, hour, minute int) time.Time {
	return time.Date(2026, time.Month(month), day, hour, minute, 0, 0, time.UTC)
}

func christmas(s *Service) {
	weekdaysOnly(s)
	s.Special = []SpecialDay{
		{Date: codes.Date{Year: 2026, Month: 12, Day: 25}, Hours: []Opening{{From: at(10, 0), To: at(16, 0)}}},
		{Date: codes.Date{Year: 2026, Month: 12, Day: 26}},
	}
}

func TestLocate(t *testing.T) {
	places := []Locality{
		{Postcode: "QX4", Grid: codes.Grid{East: 4, North: 1}}, {Postcode: "QX4 7", Grid: codes.Grid{East: 47, North: 1}},
		{Name: "Coldwater", Grid: codes.Grid{East: 5, North: 1}},
	}
	for _, c := range []struct {
		place codes.Place
		east  int
	}{
		{codes.Place{Grid: codes.Grid{East: 9, North: 9}, Postcode: "QX4 7TD"}, 9}, {codes.Place{Postcode: "QX4 7TD"}, 47},
		{codes.Place{Postcode: "QX4 1AA"}, 4}, {codes.Place{Text: "lay-by near Coldwater"}, 5},
		{codes.Place{Text: "Coldwatering Lane"}, 0}, {codes.Place{}, 0},
	} {
		got, ok := Locate(places, c.place)
		if got.East != c.east || ok != (c.east != 0) {
			t.Errorf("%+v: %+v", c.place, got)
		}
	}
}
