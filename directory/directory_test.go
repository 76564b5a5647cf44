package directory

import (
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var (
	now     = time.Date(2026, 11, 21, 19, 52, 0, 0, time.UTC) // a Saturday
	keeper  = access.Caller{Person: fact.Subject{1}, Role: access.Administrator}
	manager = access.Caller{Person: fact.Subject{2}, Role: access.Manager}
	handler = access.Caller{Person: fact.Subject{3}, Role: access.CallHandler}
	about   = fact.Subject{9}
)

func at(hour, minute int) int { return hour*60 + minute }

func base() Service {
	return Service{
		Name: "Aldermoor base", Type: TreatmentCentre, ODS: "Y90002", DoS: "2000000002", Phone: codes.ReceivePhone("01632 960500"),
		Place: codes.Place{Text: "Aldermoor", Grid: codes.Grid{East: 301000, North: 500000}},
		Hours: []Opening{{Days: Weekdays, From: at(18, 30), To: at(8, 0)}, {Days: Weekend, From: 0, To: at(24, 0)}, {Days: Monday, From: 0, To: at(8, 0)}},
		Takes: []Taking{{Group: "primary-care", Mode: "contact"}},
		Doors: []Door{{Route: RouteDirect, Endpoint: "https://hours.localhost", Books: true}},
	}
}

type desk struct {
	t     *testing.T
	facts []fact.Fact
	w     map[string]*facttest.Writer
	held  map[string][]fact.Fact
}

func newDesk(t *testing.T) *desk {
	return &desk{t: t, w: map[string]*facttest.Writer{}, held: map[string][]fact.Fact{}}
}

func (d *desk) on(device string) Entry { return Fold(about, fact.NewHistory(d.held[device])) }

func (d *desk) say(device string, by access.Caller, drafts []fact.Draft, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	if d.w[device] == nil {
		d.w[device] = facttest.NewWriter(device, fact.At(now))
	}
	made := d.w[device].State(d.t, by.Author(), fact.NewHistory(d.held[device]).Frontier(), drafts...)
	d.held[device], d.facts = append(d.held[device], made...), append(d.facts, made...)
}

func (d *desk) sync(devices ...string) Entry {
	d.t.Helper()
	for _, x := range devices {
		d.held[x] = append([]fact.Fact(nil), d.facts...)
	}
	facttest.SameInAnyOrder(d.t, d.facts, func(h fact.History) Entry { return Fold(about, h) })
	return Fold(about, fact.NewHistory(d.facts))
}

func listed(t *testing.T, s Service) *desk {
	t.Helper()
	d := newDesk(t)
	drafts, err := ListService(d.on("a"), keeper, s, now)
	d.say("a", keeper, drafts, err)
	d.sync("a", "b")
	return d
}

func refused(t *testing.T, kind refusal.Kind, drafts []fact.Draft, err error) {
	t.Helper()
	got := refusal.KindOf(err)
	if len(refusal.Fields(err)) > 0 {
		got = refusal.Fields(err)[0].Kind
	}
	if got != kind || len(drafts) != 0 {
		t.Errorf("want a refusal of kind %v, got %d facts and %v", kind, len(drafts), err)
	}
}

func TestListService(t *testing.T) {
	d := listed(t, base())
	e := d.sync("a")
	if s, ok := e.Current(); !ok || !same(s, base()) {
		t.Fatalf("%+v %v", s, ok)
	}
	drafts, err := ListService(e, keeper, base(), now)
	if len(drafts) != 0 || err != nil {
		t.Errorf("the same service twice: %v %v", drafts, err)
	}
	for _, change := range []func(*Service){
		func(s *Service) { s.Name = " " }, func(s *Service) { s.ODS = "?" }, func(s *Service) { s.Takes = nil },
		func(s *Service) { s.Hours = nil }, func(s *Service) { s.Hours[0].To = at(25, 0) },
		func(s *Service) { s.Ages = Ages{FromMonths: 60, UnderMonths: 60} }, func(s *Service) { s.WaitMinutes = -1 },
		func(s *Service) { s.Special = []SpecialDay{{Date: codes.Date{Year: 2026}}} },
		func(s *Service) { s.Problems = make([]string, MaxList+1) },
	} {
		s := base()
		change(&s)
		drafts, err := ListService(e, keeper, s, now)
		refused(t, refusal.Invalid, drafts, err)
	}
	drafts, err = ListService(e, handler, base(), now)
	refused(t, refusal.Forbidden, drafts, err)
}

// Two people change a service apart: it stays, and says that entries disagree.
func TestServiceWrittenApart(t *testing.T) {
	d := listed(t, base())
	for device, name := range map[string]string{"a": "Aldermoor", "b": "Aldermoor centre"} {
		s := base()
		s.Name = name
		drafts, err := ListService(d.on(device), keeper, s, now)
		d.say(device, keeper, drafts, err)
	}
	e := d.sync("a", "b")
	if !e.Disputed() {
		t.Fatal("two entries became one silently")
	}
	ranked := Search([]Entry{e}, need())
	if len(ranked) != 1 || !says(ranked[0].Against, "disagree") {
		t.Errorf("%+v", ranked)
	}
	drafts, err := ListService(e, keeper, base(), now)
	d.say("a", keeper, drafts, err)
	if d.sync("b").Disputed() {
		t.Error("still disputed after somebody who had seen both decided")
	}
}

func TestEndService(t *testing.T) {
	d := listed(t, base())
	drafts, err := EndService(d.on("a"), keeper, "", now)
	refused(t, refusal.Invalid, drafts, err)
	drafts, err = EndService(Entry{}, keeper, "x", now)
	refused(t, refusal.Missing, drafts, err)
	drafts, err = EndService(d.on("a"), handler, "x", now)
	refused(t, refusal.Forbidden, drafts, err)
	drafts, err = EndService(d.on("a"), keeper, "moved to Dunsett", now)
	d.say("a", keeper, drafts, err)
	e := d.sync("b")
	ranked := Search([]Entry{e}, need())
	if e.Ended == "" || len(ranked) != 1 || !ranked[0].Blocked() || !says(ranked[0].Against, "moved to Dunsett") {
		t.Errorf("%+v", ranked)
	}
	if open, _ := e.OpenAt(now); open {
		t.Error("a service that no longer runs is open")
	}
	drafts, err = EndService(e, keeper, "again", now)
	if len(drafts) != 0 || err != nil {
		t.Errorf("ended twice: %v %v", drafts, err)
	}
	drafts, err = ListService(e, keeper, base(), now)
	d.say("b", keeper, drafts, err)
	if d.sync("a").Ended != "" {
		t.Error("listed again, and still ended")
	}
}

func TestNotices(t *testing.T) {
	d := listed(t, base())
	closed := NoticePosted{From: fact.At(now), Until: fact.At(now.Add(6 * time.Hour)), Closed: true, Text: "Doctor off sick"}
	drafts, err := PostNotice(d.on("a"), manager, closed, now)
	d.say("a", manager, drafts, err)
	e := d.sync("a")
	if open, _ := e.OpenAt(now); open {
		t.Error("open in spite of the notice")
	}
	if opens, ok := e.NextOpen(now); !ok || !opens.Equal(now.Add(6*time.Hour)) {
		t.Errorf("opens %v %v", opens, ok)
	}
	drafts, err = PostNotice(e, manager, closed, now)
	if len(drafts) != 0 || err != nil {
		t.Errorf("the same notice twice: %v %v", drafts, err)
	}
	ranked := Search([]Entry{e}, need())
	if !ranked[0].Blocked() || !says(ranked[0].Against, "Doctor off sick (until Sun 01:52)") {
		t.Errorf("%+v", ranked[0].Against)
	}
	drafts, err = EndNotice(e, manager, e.Notices[0].Fact, now)
	d.say("a", manager, drafts, err)
	if open, _ := d.sync("b").OpenAt(now); !open {
		t.Error("closed after the notice was taken back")
	}
	for _, bad := range []NoticePosted{
		{From: closed.From, Until: closed.Until}, {From: closed.Until, Until: closed.From, Text: "x"}, {From: 0, Until: 1, Text: "x"},
	} {
		drafts, err := PostNotice(e, manager, bad, now)
		refused(t, refusal.Invalid, drafts, err)
	}
	drafts, err = PostNotice(e, handler, closed, now)
	refused(t, refusal.Forbidden, drafts, err)
	drafts, err = EndNotice(e, handler, fact.ID{}, now)
	refused(t, refusal.Forbidden, drafts, err)
	drafts, err = PostNotice(Entry{}, manager, closed, now)
	refused(t, refusal.Missing, drafts, err)
}

func TestOrganisationsAndLocalities(t *testing.T) {
	d := newDesk(t)
	org := OrganisationListed{ODS: "Y90002", Name: "Tarn Valley Out of Hours"}
	drafts, err := ListOrganisation(d.on("a"), keeper, org, now)
	d.say("a", keeper, drafts, err)
	places := []Locality{{Name: "Coldwater", Postcode: "QX4", Grid: codes.Grid{East: 300000, North: 500000}}}
	drafts, err = ListLocalities(d.on("a"), keeper, append(places, places...), now)
	d.say("a", keeper, drafts, err)
	e := d.sync("a")
	if o, ok := e.Organisation.Get(); !ok || o != org || len(e.Localities) != 1 {
		t.Errorf("%+v", e)
	}
	if drafts, err := ListLocalities(e, keeper, places, now); len(drafts) != 0 || err != nil {
		t.Errorf("localities twice: %v %v", drafts, err)
	}
	if drafts, err := ListOrganisation(e, keeper, org, now); len(drafts) != 0 || err != nil {
		t.Errorf("organisation twice: %v %v", drafts, err)
	}
	drafts, err = ListLocalities(e, keeper, []Locality{{Name: "Nowhere"}}, now)
	refused(t, refusal.Invalid, drafts, err)
	drafts, err = ListOrganisation(e, keeper, OrganisationListed{Name: "x"}, now)
	refused(t, refusal.Invalid, drafts, err)
	drafts, err = ListOrganisation(e, keeper, OrganisationListed{ODS: "Y90002"}, now)
	refused(t, refusal.Invalid, drafts, err)
	drafts, err = ListOrganisation(e, handler, org, now)
	refused(t, refusal.Forbidden, drafts, err)
	drafts, err = ListLocalities(e, handler, places, now)
	refused(t, refusal.Forbidden, drafts, err)
	many := make([]Locality, 1000)
	for i := range many {
		many[i] = Locality{Name: strings.Repeat("x", i%7+1), Postcode: "QX4", Grid: codes.Grid{East: i + 1, North: 1}}
	}
	if drafts, err := ListLocalities(e, keeper, many, now); len(drafts) != 3 || err != nil {
		t.Errorf("a long list: %d facts, %v", len(drafts), err)
	}
}

func TestKinds(t *testing.T) {
	numbers := map[uint32]bool{}
	for _, k := range Kinds() {
		if k.Number < 500 || k.Number > 599 || numbers[k.Number] || k.Name == "" || k.Join == "" {
			t.Errorf("%+v", k)
		}
		numbers[k.Number] = true
	}
}

func says(reasons []Reason, text string) bool {
	for _, r := range reasons {
		if strings.Contains(r.Text, text) {
			return true
		}
	}
	return false
}
