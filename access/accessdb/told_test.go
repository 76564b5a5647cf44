package accessdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// caughtUp waits until the lists have taken in what is on record.
func (f *fixture) caughtUp(t *testing.T) {
	t.Helper()
	for range 2000 {
		if _, _, behind := f.j.ViewsAt(); behind == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the lists never caught up")
}

func (f *fixture) plan(t *testing.T, query string, args ...any) (out string) {
	t.Helper()
	rows, err := f.j.Views().Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a, b, c int
		var text string
		if err := rows.Scan(&a, &b, &c, &text); err != nil {
			t.Fatal(err)
		}
		out += text + "\n"
	}
	return out
}

func canary(t *testing.T, f *fixture, s fact.Subject) {
	t.Helper()
	gov := f.with(t, "E. Wardle", access.InformationGovernance)
	none := func(context.Context, fact.Subject) ([]fact.Subject, int, error) { return nil, 0, nil }
	if err := f.MarkRecord(context.Background(), gov, access.RecordMarked{About: s, Mark: access.MarkCanary, Why: "laid out"}, none); err != nil {
		t.Fatal(err)
	}
}

// A session that opened a canary is asked before another record, also after a
// start; with open work in hand it never is, and the proof opens it.
func TestACanaryHoldsASessionWithNothingInHand(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	working := access.Care{}
	f.Care = func(context.Context, access.Caller, fact.Subject) access.Care { return working }
	canary(t, f, record(9))
	token, by := f.in(t)
	for _, s := range []fact.Subject{record(1), record(9)} {
		if err := f.Enter(ctx, by, access.SeeCase, s); err != nil {
			t.Fatal("asked before or at the canary itself:", err)
		}
	}
	if err := f.Enter(ctx, by, access.SeeCase, record(2)); !errors.Is(err, access.ErrProve) {
		t.Error("another record opens:", err)
	}
	for _, c := range []access.Care{{Working: true}, {Unknown: true}} {
		working = c
		if err := f.Enter(ctx, by, access.SeePerson, record(2)); err != nil {
			t.Errorf("%+v is frozen: %v", c, err)
		}
	}
	working = access.Care{}
	if err := f.Enter(ctx, by, access.SeeCase, record(1)); err != nil {
		t.Error("one that was open before is closed:", err)
	}
	for _, a := range []access.Act{access.TakeCall, access.SeeWorklist, access.CallEmergency} {
		if err := f.Enter(ctx, by, a, fact.Subject{}); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	f.caughtUp(t)
	other := NewGate(f.j, f.clock)
	other.Looking, other.Policy, other.Care = f.Looking, f.Policy, f.Care
	if err := other.Enter(ctx, by, access.SeeCase, record(3)); !errors.Is(err, access.ErrProve) {
		t.Error("a start forgets it:", err)
	}
	f.forward(time.Second)
	if err := f.ProveInDemo(ctx, by, "records"); err != nil {
		t.Fatal(err)
	}
	if err := f.Enter(ctx, f.again(t, token), access.SeeCase, record(3)); err != nil {
		t.Error("the passkey opens nothing:", err)
	}
}

// What people are told of is found from where it was last read, and what was
// made before a record was watched is found for that record alone: no round
// reads the looks of months.
func TestAlarmsReadNoLookTwice(t *testing.T) {
	f, ctx := open(t), context.Background()
	_, by := f.in(t)
	look := func(n byte) {
		t.Helper()
		if err := f.Enter(ctx, by, access.SeeCase, record(n)); err != nil {
			t.Fatal(err)
		}
	}
	now := func() LookPlace {
		t.Helper()
		f.caughtUp(t)
		p, err := f.LooksNow(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	about := func(all []Seen, err error) (out []fact.Subject) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			out = append(out, s.About)
		}
		return out
	}
	look(1)
	look(2)
	first := now()
	watched := func(s fact.Subject) bool { return s == record(1) || s == record(3) }
	long := f.clock().AddDate(0, 0, -90)
	if got := about(f.AlarmingBefore(ctx, first, long, []fact.Subject{record(1)}, true)); !slices.Equal(got, []fact.Subject{record(1)}) {
		t.Errorf("at the start: %v", got)
	}
	look(3)
	look(4)
	second := now()
	if second.Made != first.Made || second.Place != first.Place+2 {
		t.Errorf("%+v after %+v", second, first)
	}
	if got := about(f.Alarming(ctx, first, second, watched)); !slices.Equal(got, []fact.Subject{record(3)}) {
		t.Errorf("since then: %v", got)
	}
	if got := about(f.Alarming(ctx, second, second, watched)); len(got) != 0 {
		t.Errorf("read twice: %v", got)
	}
	if got := about(f.AlarmingBefore(ctx, second, long, []fact.Subject{record(2)}, false)); !slices.Equal(got, []fact.Subject{record(2)}) {
		t.Errorf("marked later: %v", got)
	}
	for query, index := range map[string]string{
		`SELECT fact FROM access_look l WHERE l.place > 3 AND l.place <= 9`:                 "access_look_place",
		`SELECT fact FROM access_look l WHERE l.sort = 2 AND l.at >= 1 AND l.place <= 9`:    "access_look_glass",
		`SELECT session FROM access_session s WHERE s.person = x'00' ORDER BY s.session`:    "access_session_person",
		`SELECT fact FROM access_look l WHERE l.about = x'00' AND l.at >= 1 AND l.sort = 0`: "PRIMARY KEY",
	} {
		if plan := f.plan(t, query); !strings.Contains(plan, index) || strings.Contains(plan, "SCAN") {
			t.Errorf("%s reads more than it needs:\n%s", query, plan)
		}
	}
}

// A list that is cut short says how much it leaves out.
func TestLooksSinceSaysWhatIsBeyond(t *testing.T) {
	f, ctx := open(t), context.Background()
	_, by := f.in(t)
	for n := byte(1); n <= 5; n++ {
		f.forward(time.Second)
		if err := f.Enter(ctx, by, access.SeeCase, record(n)); err != nil {
			t.Fatal(err)
		}
	}
	f.caughtUp(t)
	for most, want := range map[int][2]int{2: {2, 3}, 5: {5, 0}, 9: {5, 0}} {
		looks, beyond, err := f.LooksSince(ctx, f.clock().Add(-time.Hour), most)
		if err != nil || len(looks) != want[0] || beyond != want[1] {
			t.Errorf("at most %d: %d looks, %d beyond, %v", most, len(looks), beyond, err)
		}
	}
}

// Erasure reaches what somebody said of a patient as their reason, and where an
// erased member of staff sat; who looked stays. Lists that are made anew bring
// none of it back.
func TestErasureReachesReasonsAndDesks(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	whole := func(_ context.Context, s fact.Subject) ([]fact.Subject, int, error) { return []fact.Subject{s}, 0, nil }
	one, two := f.with(t, "J. Threlkeld", access.Administrator), f.with(t, "A. Holt", access.Administrator)
	token, by := f.in(t)
	said := fact.Subject{77}
	if _, err := f.j.Do(ctx, f.device.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		said, err = tx.NewSubject()
		return []fact.Draft{fact.Say(said, access.RoleEnding{Why: "stands for a record"})}, err
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.GiveReason(ctx, by, said, access.SeeCase, "Nora Quillfeather rang back"); err != nil {
		t.Fatal(err)
	}
	if err := f.EnterAs(ctx, f.again(t, token), access.Ask{Act: access.SeeCase, Relation: access.Unlinked}, said); err != nil {
		t.Fatal(err)
	}
	for _, s := range []fact.Subject{said, by.Person} {
		if err := f.AskForErasure(ctx, one, s, access.ErasureAsked{Rule: "a rule", Days: 90}, whole); err != nil {
			t.Fatal(err)
		}
	}
	h, err := f.j.History(ctx, f.j.OrgSubject())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range access.FoldErasures(h).Requests {
		if err := f.ApproveErasure(ctx, two, r.Fact); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (reasons, looks, desks int) {
		t.Helper()
		f.caughtUp(t)
		err := f.j.Views().QueryRow(`SELECT (SELECT count(*) FROM access_look WHERE why <> ''), (SELECT count(*) FROM access_look WHERE about = ?),
			(SELECT count(*) FROM access_desk WHERE session = ?)`, said[:], by.Session[:]).Scan(&reasons, &looks, &desks)
		if err != nil {
			t.Fatal(err)
		}
		return reasons, looks, desks
	}
	if reasons, looks, desks := left(); reasons != 2 || looks != 2 || desks != 1 {
		t.Fatalf("before: %d reasons, %d looks, %d desks", reasons, looks, desks)
	}
	f.forward(91 * 24 * time.Hour)
	if err := f.CarryOut(ctx, f.device); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if f.j.Buried(said) && f.j.Buried(by.Person) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if reasons, _, desks := left(); reasons != 0 || desks != 0 {
		t.Errorf("erased, and there are %d reasons and %d desks", reasons, desks)
	}
	dir := f.options.Dir
	if err := f.j.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "views.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if f.j, err = journal.Open(ctx, f.options); err != nil {
		t.Fatal(err)
	}
	if reasons, _, _ := left(); reasons != 0 {
		t.Errorf("lists made anew bring %d reasons back", reasons)
	}
}

// Two administrators leave at the same moment: one of them stays.
func TestTheLastAdministratorStays(t *testing.T) {
	f, ctx := open(t), context.Background()
	one, two := f.with(t, "J. Threlkeld", access.Administrator), f.with(t, "A. Holt", access.Administrator)
	first := true
	err := f.move(ctx, f.device, one.Person, func(s access.Staff, now time.Time) ([]fact.Draft, error) {
		if first { // the other one goes while this is decided
			first = false
			if err := f.Leave(ctx, f.device, two.Person, time.Time{}, "left"); err != nil {
				t.Error(err)
			}
		}
		return access.Leave(s, time.Time{}, "left", now)
	}, true)
	if !refusal.Is(err, refusal.Taken) {
		t.Error("nobody manages people and roles any more:", err)
	}
}

// The sessions of somebody are listed the newest first, so that a bound leaves
// out the oldest.
func TestOpenSessionsNewestFirst(t *testing.T) {
	f, ctx := open(t), context.Background()
	var want []fact.Subject
	for range 6 {
		f.forward(time.Second)
		_, by := f.in(t)
		want = append([]fact.Subject{by.Session}, want...)
	}
	_, open, err := f.Member(ctx, f.device, f.person)
	if err != nil {
		t.Fatal(err)
	}
	var got []fact.Subject
	for _, one := range open {
		got = append(got, one.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Two people at one desk do not take each other's link, nor the authenticator
// that is being enrolled.
func TestWhatIsShownOnceHasASlotOfItsOwn(t *testing.T) {
	s, now, session := newSigning().shown, time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), fact.Subject{5}
	put := func(at slot, k kept) {
		t.Helper()
		if err := s.put(at, k, now); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	put(slot{session: session}, kept{secret: []byte("secret")})
	put(slot{session, fact.Hash{1}}, kept{link: "for Ann"})
	put(slot{session, fact.Hash{2}}, kept{link: "for Ben"})
	put(slot{session, fact.Hash{1}}, kept{link: "for Ann", name: "Ann"})
	put(slot{session, fact.Hash{2}}, kept{link: "for Ben", name: "Ben"})
	if k, ok := s.get(slot{session: session}, now); !ok || string(k.secret) != "secret" {
		t.Error("the authenticator is gone")
	}
	for _, want := range []string{"Ann", "Ben"} {
		at, k, ok := s.next(session, "", now)
		if !ok || k.name != want || k.link != "for "+want {
			t.Errorf("%+v, want %s", k, want)
		}
		s.drop(at)
	}
	if _, k, ok := s.next(session, "", now); ok {
		t.Errorf("shown again: %+v", k)
	}
}

// A mark that is set while the marks are being read is not forgotten.
func TestMarksAreNotKeptPastAChange(t *testing.T) {
	f, ctx := open(t), context.Background()
	if len(f.Watched(ctx)) != 0 {
		t.Fatal("marked before")
	}
	f.marks.mu.Lock()
	turn := f.marks.turn
	f.marks.mu.Unlock()
	canary(t, f, record(9))
	f.marks.keep(turn, access.Watched{}) // what somebody read before the mark was set
	if !f.Watched(ctx).Canary(record(9)) {
		t.Error("the mark is not seen")
	}
}
