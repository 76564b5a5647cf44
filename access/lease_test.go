package access

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/fact"
)

func leaseRules() LeaseRules { return LeaseRules{Lasts: 12 * time.Hour, Warn: time.Hour, Codes: 8} }

// A lease counts what has passed. Each line is a desk that was renewed at 08:00
// and what its clocks say afterwards.
func TestClocksNeitherExtendNorEndALease(t *testing.T) {
	const year = 365 * 24 * time.Hour
	eight := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	start := Moment{Wall: eight, Steady: 5 * time.Hour, Boot: "one"}
	at := func(wall, steady time.Duration, boot string) Moment {
		return Moment{Wall: eight.Add(wall), Steady: steady, Boot: boot}
	}
	for what, one := range map[string]struct {
		seen []Moment
		want time.Duration
	}{
		"eleven hours":                                {[]Moment{at(11*time.Hour, 16*time.Hour, "one")}, 11 * time.Hour},
		"thirteen hours":                              {[]Moment{at(13*time.Hour, 18*time.Hour, "one")}, 13 * time.Hour},
		"clock set back a year while it runs":         {[]Moment{at(13*time.Hour-year, 18*time.Hour, "one")}, 13 * time.Hour},
		"clock set forward a year while it runs":      {[]Moment{at(year, 6*time.Hour, "one")}, time.Hour},
		"set forward and back again":                  {[]Moment{at(year, 6*time.Hour, "one"), at(2*time.Hour, 7*time.Hour, "one")}, 2 * time.Hour},
		"the program begins anew":                     {[]Moment{at(time.Hour, 6*time.Hour, "one"), at(3*time.Hour, 8*time.Hour, "one")}, 3 * time.Hour},
		"off for ten hours":                           {[]Moment{at(time.Hour, 6*time.Hour, "one"), at(11*time.Hour, time.Minute, "two")}, 11 * time.Hour},
		"off for a day":                               {[]Moment{at(time.Hour, 6*time.Hour, "one"), at(25*time.Hour, time.Minute, "two")}, 25 * time.Hour},
		"clock set back over a start":                 {[]Moment{at(11*time.Hour, 16*time.Hour, "one"), at(-year, time.Minute, "two")}, 11 * time.Hour},
		"set back over a start, then two hours":       {[]Moment{at(11*time.Hour, 16*time.Hour, "one"), at(-year, time.Minute, "two"), at(-year+2*time.Hour, 2*time.Hour+time.Minute, "two")}, 13 * time.Hour},
		"set forward while it ran, still so after":    {[]Moment{at(year, 6*time.Hour, "one"), at(year+2*time.Hour, time.Minute, "two")}, 3 * time.Hour},
		"set forward while it ran, mended at a start": {[]Moment{at(year, 6*time.Hour, "one"), at(3*time.Hour, time.Minute, "two")}, 3 * time.Hour},
		"set back while it ran, mended at a start":    {[]Moment{at(-year, 6*time.Hour, "one"), at(3*time.Hour, time.Minute, "two")}, 3 * time.Hour},
		"a reading from before the last":              {[]Moment{at(time.Hour, 6*time.Hour, "one"), at(time.Hour, 5*time.Hour, "one")}, time.Hour},
	} {
		l := NewLease(start, LeaseBySite, 0, fact.Subject{1})
		for _, m := range one.seen {
			l = l.To(m)
		}
		if l.Spent != one.want {
			t.Errorf("%s: %v passed, want %v", what, l.Spent, one.want)
		}
		if l.Out(leaseRules()) != (one.want >= 12*time.Hour) {
			t.Errorf("%s: run out: %v", what, l.Out(leaseRules()))
		}
	}
}

func TestALeaseRunsOutAtItsHour(t *testing.T) {
	m := Moment{Wall: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC), Boot: "one"}
	l := NewLease(m, LeaseByTwo, 0, fact.Subject{1}, fact.Subject{2})
	if got := l.Ends(leaseRules()); !got.Equal(m.Wall.Add(12 * time.Hour)) {
		t.Errorf("ends at %v", got)
	}
	m.Wall, m.Steady = m.Wall.Add(14*time.Hour), 14*time.Hour
	if got := l.To(m).Ends(leaseRules()); !got.Equal(m.Wall.Add(-2 * time.Hour)) {
		t.Errorf("ran out at %v", got)
	}
	if got := NewLease(m, LeaseJoined, -time.Hour); got.Spent != 0 {
		t.Errorf("a desk that was admitted in the future has spent %v", got.Spent)
	}
}

// What goes on without authority is a list; every other act is refused, and says
// who opens it again. Care about open work is never among those.
func TestWhatGoesOnWithoutAuthority(t *testing.T) {
	care := []Act{TakeCall, CallEmergency, SeeWorklist, SeeCase, SeePerson, WritePerson, Triage, Dispose, Refer, Claim, Consult, LowerUrgency,
		SetOutcome, Close, SendReport, WriteNote, SeeTasks, DoTask, SeeBoard, SeeServices, UseForm, OpenEntry, SettleApart, SeeOwnSessions, RenewLease}
	closed := []Act{FindPerson, ManageStaff, SeeFigures, SeeLooks, CutTrust, ReviewHeld, AskErasure, PrintLease, VouchFor, AdmitShift, MarkRecord, KeepOwnWays}
	for _, r := range Table() {
		err := WithoutAuthority(r.Act, true, "14:05")
		if slices.Contains(care, r.Act) && err != nil {
			t.Errorf("%s about open work: %v", r.Act, err)
		}
		if slices.Contains(closed, r.Act) && err == nil {
			t.Errorf("%s goes on without authority", r.Act)
		}
		if err != nil && (!strings.Contains(err.Error(), "14:05") || !strings.Contains(err.Error(), "Two people") || !strings.Contains(err.Error(), "sealed paper")) {
			t.Errorf("%s: the refusal does not say since when and who opens it: %v", r.Act, err)
		}
	}
	for _, a := range []Act{SeeCase, SeePerson, WritePerson, DoTask, GiveReason, SeeEntry} {
		if WithoutAuthority(a, false, "14:05") == nil {
			t.Errorf("%s opens what is no open work", a)
		}
	}
	for _, a := range []Act{TakeCall, CallEmergency, SeeWorklist} {
		if err := WithoutAuthority(a, false, "14:05"); err != nil {
			t.Errorf("%s waits for authority: %v", a, err)
		}
	}
}

func TestTwoDifferentPeopleWhoMayRenew(t *testing.T) {
	now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	holds := func(n byte, r Role) Staff {
		return Staff{Person: fact.Subject{n}, Grants: []Grant{{Fact: fact.ID{n}, Role: r}}}
	}
	nurse, other, governance, gone := holds(1, Clinician), holds(2, CallHandler), holds(3, InformationGovernance), Staff{Person: fact.Subject{4}}
	both := [2][]byte{{1}, {2}}
	for what, one := range map[string]struct {
		a, b   Staff
		proofs [2][]byte
		demo   bool
		ok     bool
	}{
		"two": {nurse, other, both, false, true}, "twice the same": {nurse, nurse, both, false, false},
		"one whose role may not": {nurse, governance, both, false, false}, "one without a role": {gone, other, both, false, false},
		"no answer of the second": {nurse, other, [2][]byte{{1}, nil}, false, false}, "no answer of the first": {nurse, other, [2][]byte{nil, {1}}, false, false},
		"a demo": {nurse, other, [2][]byte{}, true, true}, "a demo with one": {nurse, nurse, [2][]byte{}, true, false},
	} {
		if err := TwoRenew(one.a, one.b, one.proofs, one.demo, now); (err == nil) != one.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestACodeIsGoodOnceAndForItsDesk(t *testing.T) {
	desk, other := fact.Subject{1}, fact.Subject{2}
	paper := LeasePaper{LeasePaperMade: LeasePaperMade{Set: []byte("K7Q2M0XA"), Codes: Hashed{Sums: [][]byte{{1}, {2}}}, Desk: desk}}
	sum, err := UseLeaseCode(paper, desk, 1, nil)
	if err != nil || len(sum) != 1 || sum[0] != 2 {
		t.Fatal(sum, err)
	}
	used := []CodeUsed{{Set: paper.Set, Sum: []byte{2}, Desk: desk, At: 1}}
	if _, err := UseLeaseCode(paper, desk, 1, used); err == nil {
		t.Error("a code works twice")
	}
	if _, err := UseLeaseCode(paper, desk, 0, used); err != nil {
		t.Error("the next code:", err)
	}
	for _, which := range []int{-1, 2} {
		if _, err := UseLeaseCode(paper, desk, which, nil); err == nil {
			t.Errorf("code %d is not on the paper", which)
		}
	}
	if _, err := UseLeaseCode(paper, other, 0, nil); err == nil {
		t.Error("a paper of another desk works")
	}
	paper.Desk = fact.Subject{}
	if _, err := UseLeaseCode(paper, other, 0, nil); err != nil {
		t.Error("a paper for every desk:", err)
	}
	used = append(used, CodeUsed{Set: paper.Set, Sum: []byte{1}, Desk: desk}, CodeUsed{Set: paper.Set, Sum: []byte{2}, Desk: other, At: 2})
	if twice := UsedTwice(used); len(twice) != 1 || len(twice[0]) != 2 || twice[0][1].Desk != other {
		t.Errorf("used twice: %+v", twice)
	}
}

func TestOnlyAnAdministratorPrintsAPaper(t *testing.T) {
	made := LeasePaperMade{Set: []byte("K7Q2M0XA"), Codes: Hashed{Salt: make([]byte, saltSize), Sums: [][]byte{{1}}, MemoryKiB: 8, Passes: 1, Lanes: 1}}
	admin := Caller{Person: fact.Subject{5}, Role: Administrator}
	if out, err := PrintLeasePaper(fact.Subject{9}, admin, made); err != nil || len(out) != 1 {
		t.Error(out, err)
	}
	if _, err := PrintLeasePaper(fact.Subject{9}, Caller{Person: fact.Subject{6}, Role: Clinician}, made); err == nil {
		t.Error("a clinician prints")
	}
	if _, err := PrintLeasePaper(fact.Subject{9}, admin, LeasePaperMade{Set: []byte("K7Q2M0XA")}); err == nil {
		t.Error("a paper without codes")
	}
}

// What was read is bound by what the record says: how long the desk went on
// writing, and that a time without authority stands open in it.
func TestALeaseIsBoundByTheRecord(t *testing.T) {
	r := LeaseRules{Lasts: 12 * time.Hour}
	at := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	read := NewLease(Moment{Wall: at, Boot: "one"}, LeaseBySite, time.Hour)
	for _, one := range []struct {
		what  string
		wrote time.Time
		open  bool
		left  time.Duration
	}{
		{"nothing was written since", time.Time{}, false, 11 * time.Hour},
		{"before it", at.Add(-time.Hour), false, 11 * time.Hour},
		{"for five hours after it", at.Add(5 * time.Hour), false, 6 * time.Hour},
		{"it ran out on record", time.Time{}, true, 0},
	} {
		if l := read.Bound(r, read, one.wrote, one.open); l.Left(r) != one.left {
			t.Errorf("%s: %v left, want %v", one.what, l.Left(r), one.left)
		}
	}
}
