package entry

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"holdfast/access"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/record"
)

var (
	now    = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	ruth   = access.Caller{Person: fact.Subject{9}, Name: "R. Ashdown", Title: "nurse", Role: access.Clinician}
	boss   = access.Caller{Person: fact.Subject{8}, Name: "M. Holt", Role: access.Manager}
	home   = SubjectOf(fact.OrgID{1}, fact.Subject{5})
	person = record.Person{Subject: fact.Subject{5}, Registered: true}
	policy = Rules{Before: time.Hour, After: 2 * time.Hour, Shown: time.Minute, InAHour: 2, More: 1, Lasts: time.Hour, Listed: 24 * time.Hour}
	visit  = Relation{About: fact.Subject{3}, Number: "A-1", Visit: true, Mine: true, At: now}
)

// told is what one device has written so far.
type told struct {
	t     *testing.T
	desk  *facttest.Writer
	facts []fact.Fact
}

func tell(t *testing.T) *told {
	return &told{t: t, desk: facttest.NewWriter("desk", fact.At(now))}
}

func (h *told) says(by access.Caller, drafts []fact.Draft, err error) []fact.Fact {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	more := h.desk.State(h.t, by.Author(), fact.NewHistory(h.facts).Frontier(), drafts...)
	h.facts = append(h.facts, more...)
	return more
}

func (h *told) about(s fact.Subject) fact.History {
	var of []fact.Fact
	for _, f := range h.facts {
		if f.Header.Subject == s {
			of = append(of, f)
		}
	}
	return fact.NewHistory(of)
}

func (h *told) code() Code { return Fold(home, h.about(home)) }

func (h *told) days(by access.Caller) [2]Opener {
	today, before := OpenerOf(fact.OrgID{1}, by.Person, now), OpenerOf(fact.OrgID{1}, by.Person, now.AddDate(0, 0, -1))
	return [2]Opener{FoldOpener(today, h.about(today)), FoldOpener(before, h.about(before))}
}

// open opens the home as the page does.
func (h *told) open(by access.Caller, g Grounds, ask Asking) error {
	h.t.Helper()
	drafts, err := Open(h.code(), h.days(by), by, g, ask, policy, fact.Subject{77}, now)
	if err == nil {
		h.says(by, drafts, nil)
	}
	return err
}

func sealed(n byte) []byte { return []byte{n, n, n} }

func kept(t *testing.T) *told {
	h := tell(t)
	drafts, err := Keep(h.code(), person, ruth, Keeping{Sealed: sealed(1)}, now)
	h.says(ruth, drafts, err)
	if len(drafts) != 2 || drafts[0].Class != fact.ClassEntry || drafts[0].Subject != home || drafts[1].Content != (record.EntryKept{Code: home}) {
		t.Fatalf("%+v", drafts)
	}
	return h
}

func TestAPlainDoesNotPrintItself(t *testing.T) {
	p := Plain{Code: "4711", Where: "left of the porch"}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "p", p, "list", []Plain{p})
	j, err := json.Marshal(map[string]any{"p": p})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(p), fmt.Sprintf("%+v %#v %s %q %v", p, p, p, p, []Plain{p}), log.String(), string(j), fmt.Sprint(&p)} {
		if strings.Contains(s, "4711") || strings.Contains(s, "porch") {
			t.Error(s)
		}
	}
	short, err := p.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	p.Other = strings.Repeat("€", MostOther)
	p.Where, p.Alarm, p.Code = strings.Repeat("€", MostWhere), strings.Repeat("€", MostWhere), strings.Repeat("€", MostCode)
	long, err := p.Bytes()
	if err != nil || len(short) != len(long) || p.Check() != nil {
		t.Fatal("its length tells how much is kept", err)
	}
	if back, err := ReadPlain(long); err != nil || back != p {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"short": long[:10], "length": append([]byte{255, 255}, long[2:]...)} {
		if _, err := ReadPlain(b); err == nil {
			t.Error(name)
		}
	}
	p.Other += "€"
	if !refusal.Is(p.Check(), refusal.Invalid) || !refusal.Is(Plain{}.Check(), refusal.Invalid) {
		t.Error("too much, or nothing")
	}
}

func TestItOpensForAVisitThatIsNear(t *testing.T) {
	for name, one := range map[string]struct {
		g    Grounds
		kind refusal.Kind // 0: it opens
	}{
		"near":                  {g: Grounds{Relations: []Relation{visit}}},
		"no relation":           {Grounds{}, refusal.Forbidden},
		"not read":              {Grounds{Unknown: true}, refusal.Forbidden},
		"an hour before":        {g: Grounds{Relations: []Relation{at(visit, now.Add(time.Hour))}}},
		"more than an hour":     {Grounds{Relations: []Relation{at(visit, now.Add(61*time.Minute))}}, refusal.Forbidden},
		"two hours after":       {g: Grounds{Relations: []Relation{at(visit, now.Add(-2*time.Hour))}}},
		"more than two":         {Grounds{Relations: []Relation{at(visit, now.Add(-121*time.Minute))}}, refusal.Forbidden},
		"another's visit":       {Grounds{Relations: []Relation{{About: visit.About, Visit: true, At: now}}}, refusal.Forbidden},
		"own case, no visit":    {Grounds{Relations: []Relation{{About: visit.About, Mine: true, At: now}}}, refusal.Forbidden},
		"an ambulance, unasked": {Grounds{Relations: []Relation{{About: visit.About, Emergency: true}}}, refusal.Forbidden},
		"one of two":            {g: Grounds{Relations: []Relation{at(visit, now.Add(9*time.Hour)), visit}}},
		"no time":               {g: Grounds{Relations: []Relation{at(visit, time.Time{})}}},
	} {
		h := kept(t)
		err := h.open(ruth, one.g, Asking{})
		if refusal.KindOf(err) != one.kind || one.kind == 0 && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c := h.code(); (len(c.Openings) == 1) != (err == nil) {
			t.Errorf("%s: %d openings", name, len(c.Openings))
		}
	}
	h := kept(t)
	if err := h.open(ruth, Grounds{Relations: []Relation{visit}}, Asking{}); err != nil {
		t.Fatal(err)
	}
	o := h.code().Openings[0]
	if o.By != ruth.Person || o.What.Ground != ForVisit || o.What.About != visit.About || o.What.Until != fact.At(now.Add(policy.Shown)) ||
		o.What.Device != (fact.Subject{77}) || len(o.What.Values) != 1 || o.What.Alarming() || !o.Current {
		t.Errorf("%+v", o)
	}
	admin := access.Caller{Person: fact.Subject{1}, Role: access.Administrator}
	if err := h.open(admin, Grounds{Relations: []Relation{visit}}, Asking{Emergency: true, Reason: "x"}); !refusal.Is(err, refusal.Forbidden) {
		t.Error("an administrator opens homes:", err)
	}
}

func at(v Relation, when time.Time) Relation {
	v.At = when
	return v
}

// An emergency that stands on a case opens at once, whoever has the case,
// whatever was opened before and whatever is written as its reason; one that
// does not, opens and is told as unusual, up to the usual number.
func TestAnEmergencyIsNeverRefused(t *testing.T) {
	ambulance := Grounds{Relations: []Relation{{About: visit.About, Number: "A-1", Emergency: true}}}
	ask := Asking{Emergency: true, Reason: "Not answering, crew at the door"}
	h := kept(t)
	for i := range 20 {
		if err := h.open(ruth, ambulance, ask); err != nil {
			t.Fatalf("opening %d: %v", i, err)
		}
	}
	if o := h.code().Openings[19].What; !o.Alarming() || o.Reason != ask.Reason || len(o.Unusual) == 0 {
		t.Errorf("%+v", o)
	}
	for _, reason := range []string{"key code 4711", strings.Repeat("x", 2000)} {
		if err := h.open(ruth, ambulance, Asking{Emergency: true, Reason: reason}); err != nil {
			t.Error(err)
		}
	}
	for _, o := range h.code().Openings {
		if strings.Contains(o.What.Reason, "4711") {
			t.Error("a code stands in a reason")
		}
	}
	for _, one := range []struct{ says, keeps string }{
		{"Collapsed, 999 called", "Collapsed, 999 called"},
		{"111 rang back, 112 and 101 as well", "111 rang back, 112 and 101 as well"},
		{"Collapsed, the code 4711 does not open, 9991 neither", "Collapsed, the code **** does not open, **** neither"},
		{"Collapsed\u202e 47110", "Collapsed  *****"},
		{strings.Repeat("é", MostOther+7), strings.Repeat("é", MostOther-1) + "…"},
	} {
		if err := h.open(ruth, ambulance, Asking{Emergency: true, Reason: one.says}); err != nil {
			t.Error(err)
		}
		if all := h.code().Openings; all[len(all)-1].What.Reason != one.keeps {
			t.Errorf("%q is kept as %q", one.says, all[len(all)-1].What.Reason)
		}
	}
	if err := h.open(ruth, ambulance, Asking{Emergency: true, Reason: "  "}); len(refusal.Fields(err)) != 1 {
		t.Error("with a reason of nothing:", err)
	}
	if err := h.open(ruth, ambulance, Asking{Emergency: true}); len(refusal.Fields(err)) != 1 {
		t.Error("without a reason:", err)
	}
	h = kept(t)
	if err := h.open(ruth, Grounds{Unknown: true}, ask); err != nil {
		t.Error("a case that could not be read is taken for none:", err)
	}
	part := Grounds{Relations: []Relation{{About: visit.About}}, Unknown: true}
	for i := range policy.InAHour + 2 {
		if err := h.open(ruth, part, ask); err != nil {
			t.Errorf("opening %d, of a person one of whose cases can't be read: %v", i, err)
		}
	}
	h = kept(t)
	if err := h.open(ruth, Grounds{}, ask); !refusal.Is(err, refusal.Forbidden) {
		t.Error("without any case:", err)
	}
	plain := Grounds{Relations: []Relation{{About: visit.About}}}
	for i := range 3 {
		err := h.open(ruth, plain, ask)
		if (err == nil) != (i < policy.InAHour) {
			t.Errorf("opening %d with no emergency on the case: %v", i, err)
		}
	}
	if u := h.code().Openings[0].What.Unusual; len(u) != 1 || u[0] != NoEmergency {
		t.Errorf("%v", u)
	}
}

func TestOneAtATimeAndASecondPersonForMore(t *testing.T) {
	h := kept(t)
	g := Grounds{Relations: []Relation{visit}}
	other := SubjectOf(fact.OrgID{1}, fact.Subject{6})
	if other == home || SubjectOf(fact.OrgID{2}, fact.Subject{5}) == home {
		t.Fatal("two homes are one subject")
	}
	day := OpenerOf(fact.OrgID{1}, ruth.Person, now)
	h.says(ruth, []fact.Draft{entry(day, Counted{Code: other, Until: fact.At(now.Add(time.Minute))})}, nil)
	if err := h.open(ruth, g, Asking{}); !refusal.Is(err, refusal.Taken) {
		t.Error("two homes are open:", err)
	}
	cover, err := Cover(h.days(ruth), ruth, other, now)
	h.says(ruth, cover, err)
	if err := h.open(ruth, g, Asking{}); err != nil {
		t.Error("after covering the other:", err)
	}
	if err := h.open(ruth, g, Asking{}); !refusal.Is(err, refusal.Forbidden) {
		t.Error("beyond the number of an hour:", err)
	}
	asked, err := AskForMore(h.days(ruth)[0], ruth, "Two rounds tonight", now)
	wish := h.says(ruth, asked, err)[0].ID
	if _, err := AgreeToMore(h.days(ruth)[0], ruth, wish, policy, now); !refusal.Is(err, refusal.Forbidden) {
		t.Error("agreed to her own wish:", err)
	}
	if _, err := AgreeToMore(h.days(ruth)[0], boss, wish, policy, now.Add(2*time.Hour)); !refusal.Is(err, refusal.Taken) {
		t.Error("agreed to an old wish:", err)
	}
	// her own word in the second person's form
	h.says(ruth, []fact.Draft{entry(day, MoreAgreed{Asked: wish, More: 9, Until: fact.At(now.Add(time.Hour))})}, nil)
	if err := h.open(ruth, g, Asking{}); !refusal.Is(err, refusal.Forbidden) {
		t.Error("her own word lets her open more:", err)
	}
	agreed, err := AgreeToMore(h.days(ruth)[0], boss, wish, policy, now)
	h.says(boss, agreed, err)
	if _, err := AgreeToMore(h.days(ruth)[0], boss, wish, policy, now); !refusal.Is(err, refusal.Taken) {
		t.Error("agreed twice:", err)
	}
	if err := h.open(ruth, g, Asking{}); err != nil {
		t.Error("after a second person agreed:", err)
	}
	if u := h.code().Openings[1].What.Unusual; len(u) != 1 || u[0] != ManyInAnHour {
		t.Errorf("%v", u)
	}
	if err := h.open(ruth, g, Asking{}); !refusal.Is(err, refusal.Forbidden) {
		t.Error("beyond what was agreed:", err)
	}
}

// A code that was changed is gone from what is opened, and its doubts and
// openings with it; the history keeps who knew it.
func TestKeepAndChange(t *testing.T) {
	h := kept(t)
	first := h.code().Standing()[0].Fact
	if err := h.open(ruth, Grounds{Relations: []Relation{visit}}, Asking{}); err != nil {
		t.Fatal(err)
	}
	doubt, err := DoubtIt(h.code(), boss, "The note lay in a stolen bag", now)
	h.says(boss, doubt, err)
	chase, err := ChaseIt(h.code(), boss, "The daughter is told", now)
	h.says(boss, chase, err)
	c := h.code()
	if why := c.MustChange(Gone{}); len(why) != 1 || !strings.Contains(why[0], "stolen bag") || !c.Chases[0].Current {
		t.Fatalf("%v", why)
	}
	gone := Gone{People: map[fact.Subject]Left{ruth.Person: {"R. Ashdown", fact.At(now)}}, Devices: map[fact.Subject]Left{{77}: {"Car 2", fact.At(now)}}}
	if why := c.MustChange(gone); len(why) != 4 {
		t.Fatalf("%q", why)
	}
	if p := Progress([]Code{c}, gone); len(p) != 2 || p[0] != (Cause{"Car 2 is cut off", 1, 0}) || p[1] != (Cause{"R. Ashdown has left", 1, 0}) {
		t.Fatalf("%+v", p)
	}
	again, err := Keep(c, withEntry(), boss, Keeping{Sealed: sealed(2)}, now)
	if len(again) != 1 {
		t.Fatalf("%+v", again)
	}
	h.says(boss, again, err)
	c = h.code()
	if s := c.Standing(); len(s) != 1 || s[0].Fact == first || len(c.MustChange(gone)) != 0 || c.Openings[0].Current || c.Chases[0].Current || len(c.Values) != 2 {
		t.Fatalf("%+v", c)
	}
	if p := Progress([]Code{c}, gone); len(p) != 2 || p[0].Changed != 1 || p[1].Changed != 1 {
		t.Fatalf("%+v", p)
	}
	if p := Progress([]Code{c}, Gone{People: map[fact.Subject]Left{ruth.Person: {"R. Ashdown", fact.At(now.Add(time.Hour))}}}); len(p) != 0 {
		t.Fatalf("what was changed before she left is counted: %+v", p)
	}
	none, err := Keep(c, withEntry(), boss, Keeping{None: true, Why: "Moved house"}, now)
	h.says(boss, none, err)
	if c = h.code(); c.Kept() || c.Apart() {
		t.Fatalf("%+v", c)
	}
	if err := h.open(ruth, Grounds{Relations: []Relation{visit}}, Asking{}); !refusal.Is(err, refusal.Missing) {
		t.Error(err)
	}
	facttest.SameInAnyOrder(t, h.about(home).Facts(), func(x fact.History) Code { return Fold(home, x) })
}

func withEntry() record.Person {
	p := person
	p.Entry = []fact.Subject{home}
	return p
}

func TestWhatIsRefused(t *testing.T) {
	h := kept(t)
	c := h.code()
	drafts := func(_ []fact.Draft, err error) error { return err }
	for name, err := range map[string]error{
		"nothing to keep":       drafts(Keep(c, withEntry(), ruth, Keeping{}, now)),
		"both":                  drafts(Keep(c, withEntry(), ruth, Keeping{Sealed: sealed(1), None: true, Why: "x"}, now)),
		"a code in the reason":  drafts(Keep(c, withEntry(), ruth, Keeping{Sealed: sealed(1), Why: "was 4711"}, now)),
		"none without a reason": drafts(Keep(c, withEntry(), ruth, Keeping{None: true}, now)),
		"doubt without reason":  drafts(DoubtIt(c, ruth, " ", now)),
		"a code in a doubt":     drafts(DoubtIt(c, ruth, "4711 is known", now)),
		"a note with a code":    drafts(ChaseIt(c, boss, "new: 0815", now)),
	} {
		if !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{ // the fields of the pages: a mistake in another is shown nowhere
		"none_why":  drafts(Keep(c, withEntry(), ruth, Keeping{None: true, Why: "it was 471"}, now)),
		"doubt_why": drafts(DoubtIt(c, ruth, "he knows 471", now)),
		"why":       drafts(Keep(c, withEntry(), ruth, Keeping{Sealed: sealed(1), Why: "it was 471"}, now)),
		"note":      drafts(ChaseIt(c, boss, "it was 471", now)),
	} {
		if f := refusal.Fields(err); len(f) != 1 || f[0].Field != name {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if err := drafts(Keep(Code{Subject: home}, record.Person{}, ruth, Keeping{Sealed: sealed(1)}, now)); !refusal.Is(err, refusal.Missing) {
		t.Error("kept for nobody:", err)
	}
	if err := h.open(ruth, Grounds{Relations: []Relation{visit}}, Asking{}); err != nil {
		t.Fatal(err)
	}
	o := h.code().Openings[0].Fact
	mine := ruth
	mine.Role = access.Manager
	if err := drafts(TakeNote(h.code(), mine, o, now)); !refusal.Is(err, refusal.Forbidden) {
		t.Error("took note of her own opening:", err)
	}
	seen, err := TakeNote(h.code(), boss, o, now)
	h.says(boss, seen, err)
	if s := h.code().Openings[0].SeenBy; len(s) != 1 || s[0] != "M. Holt" {
		t.Errorf("%v", s)
	}
}

func TestThePolicyThatShips(t *testing.T) {
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	r, err := LoadRules(set)
	if err != nil || r.Before != time.Hour || r.After != 2*time.Hour || r.Shown != 90*time.Second || r.InAHour != 6 || r.More != 4 {
		t.Fatalf("%+v %v", r, err)
	}
}

// A policy that opens homes at any time, shows a code all day or leaves something
// out is refused.
func TestAPolicyThatCannotBe(t *testing.T) {
	files := content.ShippedFiles()
	raw, err := fs.ReadFile(files, rulesPath)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"a visit all day":  {"before-visit,60,", "before-visit,1440,"},
		"shown for ever":   {"shown,90,", "shown,86400,"},
		"no number":        {"in-an-hour,6,", "in-an-hour,many,"},
		"bulk":             {"in-an-hour,6,", "in-an-hour,890,"},
		"none at all":      {"in-an-hour,6,", "in-an-hour,0,"},
		"another unit":     {"more-lasts,60,minutes", "more-lasts,60,hours"},
		"twice":            {"listed,31,", "shown,31,"},
		"an unknown one":   {"listed,31,", "listing,31,"},
		"another too many": {"listed,31,", "extra,1,days,x\nlisted,31,"},
	} {
		changed := strings.Replace(string(raw), change[0], change[1], 1)
		if changed == string(raw) {
			t.Fatalf("%s changes nothing", name)
		}
		set, err := content.Load(fstest.MapFS{rulesPath: {Data: []byte(changed)}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r, err := LoadRules(set); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}
