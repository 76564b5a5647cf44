package people

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/directory"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/record"
)

var now = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)

func TestSameSeedSameDistrict(t *testing.T) {
	text := func(seed uint64, at time.Time) string {
		b, err := json.Marshal(Make(seed, at))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if text(1, now) != text(1, now.Add(time.Hour)) {
		t.Error("the same seed on the same day gave another district")
	}
	if text(1, now) == text(2, now) {
		t.Error("another seed gave the same district")
	}
}

func TestNobodyIsReal(t *testing.T) {
	d := Make(1, now)
	if len(d.People) != peopleCount {
		t.Errorf("%d people", len(d.People))
	}
	drama := regexp.MustCompile(`^(01632960|07700900)\d{3}$`)
	seen := map[string]bool{}
	phone := func(p codes.Phone) {
		if p.Present() && !drama.MatchString(p.National()) {
			t.Errorf("%s is no number for drama", p.National())
		}
	}
	unsound, none := 0, 0
	for _, p := range d.People {
		n := p.Identity.NHS
		switch {
		case !n.Present():
			none++
		case !strings.HasPrefix(n.Text, "999"):
			t.Errorf("%s is outside the 999 range", n.Text)
		case !n.Sound():
			unsound++
		case seen[n.Text]:
			t.Errorf("%s belongs to two people", n.Text)
		}
		seen[n.Text] = true
		for _, l := range p.Identity.Lines {
			phone(l.Phone)
		}
		if pc := p.Identity.Address.Postcode; !pc.Full() || !strings.HasPrefix(string(pc), "QX") {
			t.Errorf("postcode %s", pc)
		}
	}
	if none == 0 || none > 100 || unsound == 0 || unsound > 30 {
		t.Errorf("%d without number, %d with an unsound one", none, unsound)
	}
	for _, s := range d.Services {
		phone(s.Phone)
		if !strings.HasPrefix(string(s.ODS), "ZZ") {
			t.Errorf("%s has code %s", s.Name, s.ODS)
		}
	}
	for _, p := range d.Practices {
		phone(p.Phone)
	}
	for _, c := range d.Cases {
		phone(c.RingBack)
	}
}

// Every person, alert and answer must pass the verbs that the demo runs.
func TestPeoplePassTheVerbs(t *testing.T) {
	device := access.Caller{Role: access.Device}
	alerts, answers := 0, 0
	for i, p := range Make(1, now).People {
		s := fact.Subject{byte(i), byte(i >> 8), 1}
		w := facttest.NewWriter("a", fact.At(now))
		var facts []fact.Fact
		state := func() record.Person { return record.Fold(s, fact.NewHistory(facts)) }
		say := func(d []fact.Draft, err error) {
			t.Helper()
			if err != nil || len(d) != 1 {
				t.Fatalf("person %d: %d facts, %v", i, len(d), err)
			}
			facts = append(facts, w.State(t, device.Author(), nil, d...)...)
		}
		say(record.Register(state(), device, record.Registration{Identity: p.Identity, Source: record.FromTrace}, now))
		for _, a := range p.Alerts {
			alerts++
			say(record.AddAlert(state(), device, a, now))
		}
		for _, a := range p.Answers {
			answers++
			say(record.AnswerAlert(state(), device, a, now))
		}
		if asks := state().ToAsk(); len(asks) != 0 {
			t.Errorf("person %d contradicts itself: %+v", i, asks)
		}
	}
	if alerts < 300 || answers < 500 {
		t.Errorf("%d alerts, %d answers: too few to look real", alerts, answers)
	}
}

func TestCasesFitTheirPeople(t *testing.T) {
	d := Make(1, now)
	if len(d.Cases) != casesCount {
		t.Fatalf("%d cases", len(d.Cases))
	}
	table := dispositions(t)
	late, soon, taken, words := 0, 0, 0, map[string]bool{}
	used := map[int]bool{}
	for _, c := range d.Cases {
		row, ok := table[string(c.Dx)]
		if !ok {
			t.Errorf("%s is not in the table of dispositions", c.Dx)
		}
		want, err := strconv.Atoi(row["timeframe_value"])
		if err != nil || row["timeframe_kind"] != "minutes" || c.Timeframe != time.Duration(max(want, 20))*time.Minute {
			t.Errorf("%s takes %v, the table says %s %s", c.Dx, c.Timeframe, row["timeframe_value"], row["timeframe_kind"])
		}
		if c.Person >= 0 && used[c.Person] {
			t.Errorf("person %d has two open cases", c.Person)
		}
		used[c.Person], words[c.Complaint] = true, true
		if c.Call <= c.Outcome || c.Outcome < 0 || c.TakenAt > c.Outcome || c.Priority < 1 || c.Priority > 3 {
			t.Errorf("times or priority do not fit: %+v", c)
		}
		switch left := c.Left(); {
		case left < 0:
			late++
		case left < 30*time.Minute:
			soon++
		}
		if c.Taken != "" {
			taken++
		}
	}
	if late < 2 || late > 8 || soon < 15 || taken < 8 || len(words) < 110 {
		t.Errorf("%d late, %d soon, %d taken, %d different complaints", late, soon, taken, len(words))
	}
	if c := d.Cases[0]; d.People[c.Person].Identity.Name.Family != "Tansley" || c.Left() != 22*time.Minute {
		t.Errorf("%+v", c)
	}
}

// Every outcome that patients are sent somewhere with finds a service that is
// open in time, day and night.
func TestEveryOutcomeFindsAService(t *testing.T) {
	d := Make(1, now)
	var entries []directory.Entry
	for i, s := range d.Services {
		e := directory.Entry{Subject: fact.Subject{byte(i), 1}}
		drafts, err := directory.ListService(e, access.Caller{Role: access.Administrator}, s, now)
		if err != nil || len(drafts) != 1 {
			t.Fatalf("%s: %v", s.Name, err)
		}
		entries = append(entries, directory.Fold(e.Subject, fact.NewHistory(facttest.NewWriter(s.Name, 1).State(t, fact.Author{}, nil, drafts...))))
	}
	entries = append(entries, directory.Entry{Subject: fact.Subject{0xff}, Localities: d.Localities})
	who := d.People[0].Identity
	nowhere := []string{"self-care", "info", "covid-retired"}
	for dx, row := range dispositions(t) {
		if slices.Contains(nowhere, row["group"]) || row["mode"] == "police" {
			continue
		}
		need := directory.Need{
			Dx: codes.Dx(dx), Group: row["group"], Mode: row["mode"], Born: who.Born, Sex: who.Sex, At: now, Near: who.Address, Practice: who.Practice.ODS,
		}
		if row["group"] == "maternity" {
			need.Sex, need.Born = codes.Female, codes.Date{Year: 1995, Month: 5, Day: 5}
		}
		ranked := directory.Search(entries, need)
		if len(ranked) != len(d.Services) {
			t.Fatalf("%s: %d services of %d are listed", dx, len(ranked), len(d.Services))
		}
		if ranked[0].Blocked() {
			t.Errorf("%s (%s, %s): no service; first is %s: %v", dx, row["group"], row["mode"], ranked[0].Service.Name, ranked[0].Against)
		}
	}
	need := directory.Need{
		Dx: "Dx05", Group: "primary-care", Mode: "contact", Born: who.Born, Sex: who.Sex, At: now, Deadline: now.Add(2 * time.Hour), Near: who.Address, Practice: who.Practice.ODS,
	}
	if first := directory.Search(entries, need)[0].Service; first.ODS != TarnValleyODS {
		t.Errorf("a two-hour contact on a Saturday night goes first to %s", first.Name)
	}
}

func TestStaffHaveEveryRole(t *testing.T) {
	has := map[string]bool{}
	for _, s := range Make(1, now).Staff {
		for _, r := range s.Roles {
			has[s.Org+" "+string(r)] = true
		}
	}
	for _, org := range []codes.ODS{FellsideODS, TarnValleyODS} {
		for _, r := range access.Roles() {
			if !has[string(org)+" "+string(r)] {
				t.Errorf("%s has no %s", org, r)
			}
		}
	}
}

func dispositions(t *testing.T) map[string]map[string]string {
	t.Helper()
	set, err := content.Load(os.DirFS("../../content"))
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"dx", "mode", "group", "timeframe_kind", "timeframe_value"}
	table, err := set.Table("dispositions.csv", columns...)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for i := range table.Len() {
		row := map[string]string{}
		for _, c := range columns {
			row[c] = table.Cell(i, c)
		}
		out[row["dx"]] = row
	}
	return out
}
