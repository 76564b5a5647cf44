package access

import (
	"errors"
	"slices"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

func rules() Looking {
	return Looking{
		Roles:      map[Role]RoleLooking{Clinician: {Records: 3, Glass: true}, Administrator: {Records: 2, Glass: true}, Manager: {Records: 3}},
		Proof:      map[Act]time.Duration{ManageStaff: 15 * time.Minute},
		GlassLasts: 30 * time.Minute, GlassHour: 2, InCall: 2, LiftMost: 12 * time.Hour,
	}
}

func TestNoCareIsEverAskedForAPasskey(t *testing.T) {
	care := []Act{ // at the heart of an emergency
		TakeCall, CallEmergency, SeeWorklist, SeeCase, SeePerson, FindPerson, WritePerson, Triage, Dispose, Refer, Claim, Consult,
		LowerUrgency, SetOutcome, Close, SendReport, WriteNote, SeeServices, SeeTasks, DoTask, SeeBoard, SeeOwnSessions, GiveReason, OpenEntry,
	}
	for _, r := range inForceOrDie(t).Rows {
		if slices.Contains(r.Purposes, DirectCare) {
			care = append(care, r.Act)
		}
	}
	for _, a := range care {
		if err := (Looking{Proof: map[Act]time.Duration{a: time.Minute}}).Check(); err == nil {
			t.Errorf("%q may ask for a passkey", a)
		}
	}
	if err := (Looking{Proof: map[Act]time.Duration{"something new": time.Minute}}).Check(); err == nil {
		t.Error("an act that is not in the table")
	}
	if err := rules().Check(); err != nil {
		t.Error(err)
	}
}

func TestADangerousActAsksAgain(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	by := Caller{Role: Administrator, Session: fact.Subject{1}, Proved: now.Add(-16 * time.Minute)}
	err := by.ProofFor(rules(), ManageStaff, now)
	if !errors.Is(err, ErrProve) || refusal.KindOf(err) != refusal.Forbidden {
		t.Errorf("not asked: %v", err)
	}
	by.Proved = now.Add(-14 * time.Minute)
	if err := by.ProofFor(rules(), ManageStaff, now); err != nil {
		t.Error(err)
	}
	if err := (Caller{Role: Device}).ProofFor(rules(), ManageStaff, now); err != nil {
		t.Error("the device itself is asked:", err)
	}
}

func TestTheCapNeverFreezesWhatSomebodyHasInHand(t *testing.T) {
	by := Caller{Role: Clinician}
	for _, c := range []struct {
		what   string
		n      Counted
		care   Care
		lifted bool
		asks   bool
	}{
		{"below it", Counted{Records: 2}, Care{}, false, false},
		{"at it", Counted{Records: 3}, Care{}, false, true},
		{"seen before", Counted{Records: 3, Seen: true}, Care{}, false, false},
		{"their own case", Counted{Records: 300}, Care{Mine: true}, false, false},
		{"in a call", Counted{Records: 4}, Care{InCall: true}, false, false},
		{"in a call, far beyond", Counted{Records: 5}, Care{InCall: true}, false, true},
		{"it can't be told whether it is theirs", Counted{Records: 300}, Care{Unknown: true}, false, false},
		{"lifted", Counted{Records: 300}, Care{}, true, false},
	} {
		err := by.Cap(rules(), c.n, c.care, c.lifted)
		if (err != nil) != c.asks || err != nil && !errors.Is(err, ErrProve) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// A session with nothing in hand that opened a canary is held until its person
// shows who they are, in the words of the cap; one with open work never is, nor
// when that can't be told.
func TestACanaryHoldsWhoHasNothingInHand(t *testing.T) {
	opened := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	by := Caller{Role: Clinician, Proved: opened.Add(-time.Hour)}
	held := by.AfterCanary(rules(), opened, Care{})
	if !errors.Is(held, ErrProve) || held.Error() != by.Cap(rules(), Counted{Records: 3}, Care{}, false).Error() {
		t.Error("not held, or it tells the two apart:", held)
	}
	for what, c := range map[string]Care{"open work": {Working: true}, "their own": {Mine: true}, "a call": {InCall: true}, "not known": {Unknown: true}} {
		if err := by.AfterCanary(rules(), opened, c); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	by.Proved = opened.Add(time.Second)
	if err := by.AfterCanary(rules(), opened, Care{}); err != nil {
		t.Error("the proof opens nothing:", err)
	}
	if err := by.AfterCanary(rules(), time.Time{}, Care{}); err != nil {
		t.Error("no canary:", err)
	}
}

func TestAReasonOpensOneRecordForAWhile(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	by := Caller{Role: Administrator, Session: fact.Subject{1}, Proved: now.Add(-time.Hour)}
	req := ReasonGiven{About: fact.Subject{7}, Act: SeeCase, Why: "The manager is ill"}
	drafts, err := GiveReasonFor(rules(), by, req, 0, now)
	if err != nil || len(drafts) != 1 {
		t.Fatal(drafts, err)
	}
	given := drafts[0].Content.(ReasonGiven)
	if !given.Glass || !given.Until.Time().Equal(now.Add(30*time.Minute)) {
		t.Errorf("%+v", given)
	}
	by.Reasons = []ReasonGiven{given}
	if _, ok := by.ReasonFor(now.Add(29*time.Minute), fact.Subject{7}); !ok {
		t.Error("it does not open it")
	}
	if _, ok := by.ReasonFor(now.Add(31*time.Minute), fact.Subject{7}); ok {
		t.Error("it opens it for ever")
	}
	if _, ok := by.ReasonFor(now, fact.Subject{8}); ok {
		t.Error("it opens another record")
	}
	if _, err := GiveReasonFor(rules(), by, req, 2, now); !errors.Is(err, ErrProve) {
		t.Error("no passkey after several:", err)
	}
	req.Why = "x"
	if _, err := GiveReasonFor(rules(), by, req, 0, now); len(refusal.Fields(err)) != 1 {
		t.Error("no word is a reason:", err)
	}
	req.Why = "Somebody asked me"
	if _, err := GiveReasonFor(rules(), Caller{Role: Partner, Session: fact.Subject{1}}, req, 0, now); err == nil {
		t.Error("a machine gives reasons")
	}
}

func TestWhoNeedsCareIsNoCanary(t *testing.T) {
	by := Caller{Role: InformationGovernance}
	org, record := fact.Subject{9}, fact.Subject{7}
	req := RecordMarked{About: record, Mark: MarkCanary, Why: "laid out in November"}
	if _, err := SetMark(Watched{}, org, by, req, 1); len(refusal.Fields(err)) != 1 {
		t.Error("an open case was made a canary:", err)
	}
	if drafts, err := SetMark(Watched{}, org, by, req, 0); err != nil || len(drafts) != 1 || drafts[0].Subject != org {
		t.Error(drafts, err)
	}
	if drafts, err := SetMark(Watched{record: {{Mark: MarkCanary}}}, org, by, req, 0); err != nil || len(drafts) != 0 {
		t.Error("marked twice:", drafts, err)
	}
	if _, err := SetMark(Watched{}, org, Caller{Role: Administrator}, req, 0); refusal.KindOf(err) != refusal.Forbidden {
		t.Error("an administrator marks:", err)
	}
	w := Watched{record: {{Mark: MarkCanary}}}
	if w.Sensitive(record) || !w.Canary(record) {
		t.Error("a canary asks for a reason: it could be noticed")
	}
}

func TestUnusual(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	u := UnusualRules{Hour: 3, Shift: 12 * time.Hour, Rules: []UnusualRule{
		{"own-record", "Own", 3}, {"colleague", "Colleague", 3}, {"same-surname", "Surname", 2}, {"same-address", "Address", 2},
		{"many", "Many", 1}, {"out-of-shift", "Shift", 1}, {"no-relationship", "Nothing", 1},
	}}
	me, other, rec := fact.Subject{1}, fact.Subject{2}, func(n byte) fact.Subject { return fact.Subject{100, n} }
	id := func(n byte) fact.ID { return fact.ID{n} }
	look := func(n byte, record fact.Subject) LookKnown {
		return LookKnown{Fact: id(n), Person: me, Name: "P. Varma", Record: record, At: now, Opened: now.Add(-time.Hour), Linked: true}
	}
	with := func(l LookKnown, change func(*LookKnown)) LookKnown { change(&l); return l }
	marks := Watched{rec(1): {{Mark: MarkStaff, Staff: me}}, rec(2): {{Mark: MarkStaff, Staff: other}}}
	homes := map[fact.Subject]string{me: "1 High Street, Kendal"}
	for _, c := range []struct {
		look LookKnown
		want string
	}{
		{look(1, rec(1)), "Own"},
		{look(1, rec(2)), "Colleague"},
		{with(look(1, rec(3)), func(l *LookKnown) { l.Family, l.Linked = "VARMA", false }), "Surname"},
		{with(look(1, rec(3)), func(l *LookKnown) { l.Address = "1 high street,  Kendal" }), "Address"},
		{with(look(1, rec(3)), func(l *LookKnown) { l.Opened = now.Add(-13 * time.Hour) }), "Shift"},
		{with(look(1, rec(3)), func(l *LookKnown) { l.Linked = false }), "Nothing"},
		{look(1, rec(3)), ""},
	} {
		got := u.Judge([]LookKnown{c.look}, marks, homes)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0].Rules[0] != c.want || got[0].Looks[0] != id(1)) {
			t.Errorf("want %q, got %+v", c.want, got)
		}
	}
	var many []LookKnown
	for n := byte(10); n < 14; n++ {
		many = append(many, with(look(n, rec(n)), func(l *LookKnown) { l.At = now.Add(time.Duration(n) * 10 * time.Minute) }))
	}
	got := u.Judge(many, nil, nil)
	if len(got) != 1 || got[0].Rules[0] != "Many" || len(got[0].Looks) != 4 || !got[0].Record.Zero() {
		t.Errorf("%+v", got)
	}
	many[3].At, many[3].Opened = now.Add(20*time.Hour), now.Add(20*time.Hour)
	if got := u.Judge(many, nil, nil); len(got) != 0 {
		t.Errorf("not within an hour: %+v", got)
	}
}
