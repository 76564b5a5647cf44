package urgent

import (
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

// contacts is a person who was in contact so long ago each, in so many ways.
func contacts(ways ...string) record.Person {
	p := record.Person{Subject: fact.Subject{7}, Registered: true}
	for i, way := range ways {
		p.Contacts = append(p.Contacts, record.Contact{
			Fact: fact.ID{byte(i + 1)}, At: fact.At(evening.Add(-time.Duration(i+1) * 20 * time.Hour)),
			Says: record.ContactNoted{Case: fact.Subject{byte(i + 1)}, Way: way, Complaint: "cough", Dx: "Dx05"},
		})
	}
	return p
}

func TestWhatCountsAsAContact(t *testing.T) {
	r := rules(t).Repeat
	for name, one := range map[string]struct {
		p        record.Person
		contacts int
		reached  bool
	}{
		"first":                          {contacts(), 1, false},
		"second":                         {contacts("call"), 2, false},
		"third":                          {contacts("call", "call"), 3, true},
		"third and fourth":               {contacts("call", "call", "online"), 4, true},
		"chasers and comfort calls":      {contacts("call", "chaser", "comfort"), 2, false},
		"one beyond the window":          {contacts("call", "chaser", "chaser", "chaser", "call"), 2, false},
		"a way nobody named counts":      {contacts("", ""), 3, true},
		"a way of a newer program":       {contacts("video", "call"), 3, true},
		"two days of our own calls back": {contacts("comfort", "comfort", "comfort"), 1, false},
	} {
		got, reached := r.Reached(r.EarlierContacts(one.p, fact.Subject{99}, evening))
		if got != one.contacts || reached != one.reached {
			t.Errorf("%s: %d contacts, reached %v", name, got, reached)
		}
	}
	// noted once as a chaser and once as a call, the same case counts
	p := contacts("chaser", "call")
	p.Contacts = append(p.Contacts, record.Contact{Fact: fact.ID{9}, At: p.Contacts[0].At, Says: record.ContactNoted{Case: fact.Subject{1}, Way: "call"}})
	if n, _ := r.Reached(r.EarlierContacts(p, fact.Subject{99}, evening)); n != 3 {
		t.Errorf("a chaser that turned out worse is %d contacts", n)
	}
	all := r.OfHousehold(r.EarlierContacts(contacts("call", "call"), fact.Subject{99}, evening), "wife")
	if _, reached := r.Reached(all); reached || all[0].Household != "wife" {
		t.Errorf("the household is shown, and by the rule in force not counted: %+v", all[0])
	}
	r.Household = true
	if _, reached := r.Reached(r.OfHousehold(r.EarlierContacts(contacts("call", "call"), fact.Subject{99}, evening), "")); !reached {
		t.Error("where the rule says count, the household counts")
	}
}

// The third contact goes to a clinician by itself, with the earlier outcomes;
// asking the questions never makes it less urgent, and only a clinician does.
func TestTheThirdContactGoesToAClinician(t *testing.T) {
	s := begin(t)
	c := s.taken()
	judge := func(by access.Caller, c Case) Case {
		drafts, err := JudgeRepeat(c, by, s.rules, s.rules.Repeat.EarlierContacts(contacts("call", "call"), c.ID, s.now), "our records", s.now)
		return s.says(by, drafts, err)
	}
	c = judge(handler, c)
	f, ok := c.Repeat()
	d, has := c.Disposition()
	if !ok || f.Says.Contacts != 3 || len(f.Says.Earlier) != 2 || f.Says.Earlier[0].Dx != "Dx05" || !has || d.What.Dx != s.rules.Repeat.Dx {
		t.Fatalf("%+v %+v", f, d.What)
	}
	if row := RowOf(c, s.rules, nil); row.Needs == "" || c.Stage() != Waiting || !c.OnList() {
		t.Errorf("it waits for a clinician: %v %+v", c.Stage(), row)
	}
	if again := judge(handler, c); len(again.Repeats) != 1 {
		t.Error("found twice is found once")
	}
	drafts, err := RecordTriage(c, handler, s.rules, triageTo("Dx15", 7), s.now)
	c = s.says(handler, drafts, err)
	if d, _ := c.Disposition(); d.What.Dx != s.rules.Repeat.Dx {
		t.Errorf("questions lowered it to %s", d.What.Dx)
	}
	_, err = SetDisposition(c, handler, s.rules, "Dx15", "not a repeat", s.now)
	wantRefusal(t, err, refusal.Forbidden)
	_, err = OverrideRepeat(c, handler, "", nil, s.now)
	wantRefusal(t, err, refusal.Invalid)
	drafts, err = OverrideRepeat(c, handler, "Both calls before were about the prescription", nil, s.now)
	c = s.says(handler, drafts, err)
	if _, ok := c.Repeat(); ok || c.Repeats[0].By != handler.Says() {
		t.Error("overridden, it still stands")
	}
	if d, _ := c.Disposition(); d.What.Dx != s.rules.Repeat.Dx {
		t.Error("an override lowers nothing")
	}
	drafts, err = SetDisposition(c, nurse, s.rules, "Dx15", "Seen twice already, prescription only", s.now)
	if c = s.says(nurse, drafts, err); func() codes.Dx { d, _ := c.Disposition(); return d.What.Dx }() != "Dx15" {
		t.Error("a clinician lowers it with a reason")
	}
}

func triageTo(dx codes.Dx, level int) TriageRequest {
	var req TriageRequest
	req.Outcome.Dx, req.Outcome.Level = dx, triageLevel(level)
	return req
}

func TestARepeatNeverLowers(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx010")
	drafts, err := JudgeRepeat(c, handler, s.rules, s.rules.Repeat.EarlierContacts(contacts("call", "call"), c.ID, s.now), "our records", s.now)
	c = s.says(handler, drafts, err)
	if d, _ := c.Disposition(); d.What.Dx != "Dx010" || len(c.Repeats) != 1 {
		t.Errorf("an ambulance became %s", d.What.Dx)
	}
}

func TestAChaserIsNoRepeatUnlessItIsWorse(t *testing.T) {
	s := begin(t)
	c := s.taken()
	drafts, err := SortContact(c, handler, SortChaser)
	c = s.says(handler, drafts, err)
	all := s.rules.Repeat.EarlierContacts(contacts("call", "call"), c.ID, s.now)
	if drafts, err := JudgeRepeat(c, handler, s.rules, all, "our records", s.now); err != nil || len(drafts) != 0 {
		t.Errorf("%v %v", drafts, err)
	}
	drafts, err = SortContact(c, handler, SortNew)
	c = s.says(handler, drafts, err)
	if drafts, err := JudgeRepeat(c, handler, s.rules, all, "our records", s.now); err != nil || len(drafts) != 2 {
		t.Errorf("worse after all: %v %v", drafts, err)
	}
	_, err = SortContact(c, handler, "nuisance")
	wantRefusal(t, err, refusal.Invalid)
}

// The agreed plan of somebody who rings often is a reason to go on, until its
// review has passed.
func TestAnAgreedPlanIsAReason(t *testing.T) {
	s := begin(t)
	c := s.taken()
	drafts, err := JudgeRepeat(c, handler, s.rules, s.rules.Repeat.EarlierContacts(contacts("call", "call"), c.ID, s.now), "our records", s.now)
	c = s.says(handler, drafts, err)
	plan := record.Alert{Fact: fact.ID{3}, Stands: true, Says: record.AlertAdded{Author: "Dr P. Whitlock", Review: codes.Date{Year: 2026, Month: 11, Day: 1}}, Plan: &record.Plan{Key: record.FrequentCalls}}
	_, err = OverrideRepeat(c, handler, "", &plan, s.now)
	wantRefusal(t, err, refusal.Invalid)
	plan.Says.Review = codes.Date{Year: 2027, Month: 1, Day: 1}
	drafts, err = OverrideRepeat(c, handler, "", &plan, s.now)
	c = s.says(handler, drafts, err)
	if _, ok := c.Repeat(); ok || !strings.Contains(c.Repeats[0].Overridden, "Dr P. Whitlock") {
		t.Errorf("%+v", c.Repeats)
	}
}
