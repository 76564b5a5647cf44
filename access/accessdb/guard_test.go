package accessdb

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func laidDown() access.Looking {
	return access.Looking{
		Roles: map[access.Role]access.RoleLooking{access.Clinician: {Records: 3, Glass: true, Lock: time.Minute}, access.Administrator: {Records: 3, Glass: true}},
		Proof: map[access.Act]time.Duration{access.ManageStaff: 15 * time.Minute}, GlassLasts: 30 * time.Minute, GlassHour: 3, CapOver: time.Hour, LiftMost: 12 * time.Hour,
	}
}

// in signs the fixture's person in and gives who they are and their token.
func (f *fixture) in(t *testing.T) (string, access.Caller) {
	t.Helper()
	token, by, err := f.UseLink(context.Background(), f.link(t), f.browser(t), "desk 6")
	if err != nil {
		t.Fatal(err)
	}
	return token, by
}

func (f *fixture) again(t *testing.T, token string) access.Caller {
	t.Helper()
	by, err := f.Caller(context.Background(), token)
	if err != nil {
		t.Fatal(err)
	}
	return by
}

func (f *fixture) with(t *testing.T, name string, role access.Role) access.Caller {
	t.Helper()
	ctx := context.Background()
	person, err := f.AddStaff(ctx, f.device, access.PersonAdded{Name: name}, []access.Role{role})
	if err != nil {
		t.Fatal(err)
	}
	link, err := f.MakeLink(ctx, f.device, person, role, access.ForSignIn, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, by, err := f.UseLink(ctx, link, f.browser(t), "office")
	if err != nil {
		t.Fatal(err)
	}
	return by
}

func (f *fixture) forward(d time.Duration) { f.now.Add(d.Milliseconds()) }

func record(n byte) fact.Subject { return fact.Subject{200, n} }

func TestTheCapAsksForThePasskeyAndThenGoesOn(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	mine := record(90)
	f.Care = func(_ context.Context, _ access.Caller, about fact.Subject) access.Care {
		return access.Care{Mine: about == mine}
	}
	token, by := f.in(t)
	for n := byte(1); n <= 3; n++ {
		if err := f.Enter(ctx, by, access.SeeCase, record(n)); err != nil {
			t.Fatal(n, err)
		}
	}
	if err := f.Enter(ctx, by, access.SeeCase, record(4)); !errors.Is(err, access.ErrProve) {
		t.Fatal("the fourth opens:", err)
	}
	if err := f.Enter(ctx, by, access.SeeCase, record(2)); err != nil {
		t.Error("one that was open before is closed:", err)
	}
	if err := f.Enter(ctx, by, access.SeeCase, mine); err != nil {
		t.Error("their own open case is closed:", err)
	}
	if err := f.Enter(ctx, by, access.TakeCall, fact.Subject{}); err != nil {
		t.Error("a new call waits:", err)
	}
	// another gate, as after a start, knows the same from the looks on record,
	// which a start has taken in by then
	for range 500 {
		if _, _, behind := f.j.ViewsAt(); behind == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	other := NewGate(f.j, f.clock)
	other.Looking, other.Policy = f.Looking, f.Policy
	if err := other.Enter(ctx, by, access.SeeCase, record(5)); !errors.Is(err, access.ErrProve) {
		t.Error("a start forgets what was opened:", err)
	}
	f.forward(time.Second)
	if err := f.ProveInDemo(ctx, by, "records"); err != nil {
		t.Fatal(err)
	}
	if err := f.Enter(ctx, f.again(t, token), access.SeeCase, record(4)); err != nil {
		t.Error("the passkey opens nothing:", err)
	}
	f.forward(61 * time.Minute)
	for n := byte(10); n < 13; n++ {
		if err := f.Enter(ctx, by, access.SeeCase, record(n)); err != nil {
			t.Error("an hour later it still counts:", err)
		}
	}
}

func TestAManagerLiftsACapWithAnEnd(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	_, by := f.in(t)
	boss := f.with(t, "R. Quill", access.Manager)
	until := fact.At(f.clock().Add(2 * time.Hour))
	if err := f.LiftCap(ctx, by, access.CapLifted{Role: access.Clinician, Until: until, Why: "flood"}); refusal.KindOf(err) != refusal.Forbidden {
		t.Fatal("a clinician lifts a cap:", err)
	}
	if err := f.LiftCap(ctx, boss, access.CapLifted{Role: access.Clinician, Until: fact.At(f.clock().Add(13 * time.Hour)), Why: "flood"}); refusal.KindOf(err) != refusal.Invalid {
		t.Fatal("without an end:", err)
	}
	if err := f.LiftCap(ctx, boss, access.CapLifted{Role: access.Clinician, Until: until, Why: "flood"}); err != nil {
		t.Fatal(err)
	}
	for n := byte(1); n <= 9; n++ {
		if err := f.Enter(ctx, by, access.SeeCase, record(n)); err != nil {
			t.Fatal(n, err)
		}
	}
	f.forward(2*time.Hour + time.Minute)
	for n := byte(11); n <= 13; n++ {
		if err := f.Enter(ctx, by, access.SeeCase, record(n)); err != nil {
			t.Fatal(n, err)
		}
	}
	if err := f.Enter(ctx, by, access.SeeCase, record(14)); !errors.Is(err, access.ErrProve) {
		t.Error("it has no end:", err)
	}
}

func TestADangerousActAsksAndIsRecorded(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	boss := f.with(t, "J. Threlkeld", access.Administrator)
	if _, err := f.StaffList(ctx, boss); err != nil {
		t.Fatal(err)
	}
	f.forward(16 * time.Minute)
	if _, err := f.StaffList(ctx, boss); !errors.Is(err, access.ErrProve) {
		t.Fatal("not asked:", err)
	}
	if err := f.ProveInDemo(ctx, boss, "/staff"); err != nil {
		t.Fatal(err)
	}
	h, err := f.j.History(ctx, boss.Session)
	if err != nil {
		t.Fatal(err)
	}
	s := access.FoldSession(boss.Session, h)
	if len(s.Proved) != 2 || s.Proved[1].For != "/staff" || !s.LastProof().Equal(f.clock()) {
		t.Errorf("%+v", s.Proved)
	}
}

func TestASensitiveRecordAsksWhyAndNeverDelaysCare(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	aCase, theirs, rec := record(1), record(2), record(9)
	f.Records = func(_ context.Context, about fact.Subject) ([]fact.Subject, error) {
		if about == aCase || about == theirs {
			return []fact.Subject{rec}, nil
		}
		return nil, nil
	}
	f.Care = func(_ context.Context, _ access.Caller, about fact.Subject) access.Care {
		return access.Care{Mine: about == theirs}
	}
	token, by := f.in(t)
	gov := f.with(t, "E. Wardle", access.InformationGovernance)
	none := func(context.Context, fact.Subject) ([]fact.Subject, int, error) { return nil, 0, nil }
	if err := f.MarkRecord(ctx, gov, access.RecordMarked{About: rec, Mark: access.MarkPublic, Why: "in the papers"}, none); err != nil {
		t.Fatal(err)
	}
	var why *access.NeedsReason
	err := f.Enter(ctx, by, access.SeeCase, aCase)
	if !errors.As(err, &why) || why.About != aCase || why.Act != access.SeeCase {
		t.Fatal("no reason is asked for:", err)
	}
	if err := f.Enter(ctx, by, access.SeeCase, theirs); err != nil {
		t.Error("somebody with the patient before them waits:", err)
	}
	if err := f.GiveReason(ctx, by, aCase, access.SeeCase, "she rang back"); err != nil {
		t.Fatal(err)
	}
	by = f.again(t, token)
	for s, act := range map[fact.Subject]access.Act{aCase: access.SeeCase, rec: access.SeePerson} {
		if err := f.Enter(ctx, by, act, s); err != nil {
			t.Error("the reason does not open it:", err)
		}
	}
	f.forward(31 * time.Minute)
	if err := f.Enter(ctx, by, access.SeeCase, aCase); !errors.Is(err, access.ErrSayWhy) {
		t.Error("a reason lasts for ever:", err)
	}
}

func TestGlassIsBrokenWithAReasonOnRecord(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	boss := f.with(t, "J. Threlkeld", access.Administrator)
	if err := f.Enter(ctx, boss, access.SeeCase, record(1)); !errors.Is(err, access.ErrSayWhy) {
		t.Fatal("the table is no wall, or has no glass:", err)
	}
	if err := f.GiveReason(ctx, boss, record(1), access.SeeCase, "the clinicians are gone"); err != nil {
		t.Fatal(err)
	}
	h, err := f.j.History(ctx, boss.Session)
	if err != nil {
		t.Fatal(err)
	}
	boss.Reasons = access.FoldSession(boss.Session, h).Reasons
	if err := f.Enter(ctx, boss, access.SeeCase, record(1)); err != nil {
		t.Fatal(err)
	}
	if err := f.Enter(ctx, boss, access.SeeCase, record(2)); !errors.Is(err, access.ErrSayWhy) {
		t.Error("one reason opens all:", err)
	}
	if err := f.Enter(ctx, boss, access.Consult, record(1)); refusal.KindOf(err) != refusal.Forbidden {
		t.Error("glass opens more than looking:", err)
	}
	h, err = f.j.History(ctx, boss.Session)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, one := range h.Facts() {
		if c, err := fact.Read[access.Looked](one); err == nil && c.About == record(1) {
			said = c.Why
		}
	}
	if said != "the clinicians are gone" {
		t.Errorf("the look says %q", said)
	}
}

func TestALockedScreenOpensToItsPersonAlone(t *testing.T) {
	f, ctx := open(t), context.Background()
	token, by := f.in(t)
	if err := f.Lock(ctx, by, "idle"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Caller(ctx, token); !errors.Is(err, access.ErrLocked) {
		t.Fatal("it is open:", err)
	}
	behind, err := f.CallerBehindLock(ctx, token)
	if err != nil || behind.Session != by.Session || !behind.Locked {
		t.Fatal(behind, err)
	}
	if err := f.ProveInDemo(ctx, behind, "screen"); err != nil {
		t.Fatal(err)
	}
	if now := f.again(t, token); now.Session != by.Session {
		t.Error("another session")
	}
}

func TestWhoLookedIsCompleteOrSaysWhatIsMissing(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	_, by := f.in(t)
	if err := f.Enter(ctx, by, access.SeePerson, record(1)); err != nil {
		t.Fatal(err)
	}
	gov := f.with(t, "E. Wardle", access.InformationGovernance)
	whole := func(context.Context, fact.Subject) ([]fact.Subject, int, error) {
		return []fact.Subject{record(1)}, 0, nil
	}
	level := func(fact.Subject) bool { return false }
	deadline := time.Now().Add(5 * time.Second)
	for {
		w, err := f.WhoLookedAt(ctx, gov, record(1), whole, level, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(w.Looks, func(l Seen) bool { return l.Act == access.SeePerson })
		if at >= 0 {
			l := w.Looks[at]
			if l.Name != "P. Varma" || l.Role != access.Clinician || l.Desk != "desk 6" || l.Device != f.j.Device().Card().Device {
				t.Errorf("%+v", l)
			}
			if len(w.Missing) > 0 {
				t.Errorf("a device that stands alone misses %q", w.Missing)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d looks, none of them the one that was made", len(w.Looks))
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := f.WhoLookedAt(ctx, by, record(1), whole, level, time.UTC); refusal.KindOf(err) != refusal.Forbidden {
		t.Error("a clinician sees who looked:", err)
	}
}

// Lists that can't be read, as while they are built anew, keep nobody from a
// case: what can't be counted or looked up holds nobody up, and the look is
// recorded all the same.
func TestListsThatCannotBeReadKeepNobodyOut(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	broken := errors.New("the lists are built anew")
	f.Records = func(context.Context, fact.Subject) ([]fact.Subject, error) { return nil, broken }
	f.Care = func(context.Context, access.Caller, fact.Subject) access.Care { return access.Care{Unknown: true} }
	token, by := f.in(t)
	for n := byte(1); n <= 6; n++ {
		if err := f.Enter(ctx, by, access.SeeCase, record(n)); err != nil {
			t.Fatalf("case %d: %v", n, err)
		}
	}
	h, err := f.j.History(ctx, by.Session)
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	for _, one := range h.Facts() {
		if _, err := fact.Read[access.Looked](one); err == nil {
			looks++
		}
	}
	if looks != 6 {
		t.Errorf("%d looks are on record of 6", looks)
	}
	if err := f.GiveReason(ctx, by, record(9), access.SeeCase, "she rang back"); err != nil {
		t.Error("nobody can say why:", err)
	}
	if r := f.again(t, token).Reasons; len(r) != 1 || r[0].About != record(9) {
		t.Errorf("%+v", r)
	}
}
