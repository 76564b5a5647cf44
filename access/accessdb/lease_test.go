package accessdb

import (
	"context"
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

// desk gives the fixture an authority that runs out.
func (f *fixture) desk(t *testing.T, dir string) *Leases {
	t.Helper()
	began := f.clock()
	l, err := f.OpenLeases(LeaseConfig{
		Rules: access.LeaseRules{Lasts: 12 * time.Hour, Warn: time.Hour, Codes: 3}, Dir: dir, Demo: true,
		Now: func() access.Moment { return access.Moment{Wall: f.clock(), Steady: f.clock().Sub(began), Boot: "one"} },
		Open: func(_ context.Context, _ access.Caller, about fact.Subject) (bool, error) {
			return about == record(1), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Leases = l
	f.Policy.Hashing = access.Hashing{MemoryKiB: 8, Passes: 1, Lanes: 1}
	return l
}

func (f *fixture) enrolled(t *testing.T, kind fact.DeviceKind, name string) fact.Subject {
	t.Helper()
	ask, err := journal.Ask(t.Context(), journal.Options{Dir: t.TempDir(), Demo: true}, kind, name, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.j.Enrol(t.Context(), fact.Author{Role: "administrator"}, ask); err != nil {
		t.Fatal(err)
	}
	for id, e := range f.j.House().Devices {
		if e.Card.Name == name {
			return id
		}
	}
	t.Fatal("not enrolled")
	return fact.Subject{}
}

func (f *fixture) renewals(t *testing.T) (lapsed int, ways []string) {
	t.Helper()
	h, err := f.j.History(t.Context(), f.j.OrgSubject())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range h.Facts() {
		if _, err := fact.Read[journal.AuthorityLapsed](one); err == nil {
			lapsed++
		}
		if r, err := fact.Read[journal.AuthorityRenewed](one); err == nil {
			ways = append(ways, r.Way)
		}
	}
	return lapsed, ways
}

// Without authority a desk opens what is open work and nothing else; what is
// written stands behind the fact that says so; no reason opens the rest.
func TestTheGateClosesWithoutAuthority(t *testing.T) {
	f, ctx := open(t), t.Context()
	l := f.desk(t, t.TempDir())
	f.Looking = laidDown()
	token, by := f.in(t)
	for _, act := range []access.Act{access.SeePerson, access.FindPerson} {
		if err := f.Enter(ctx, by, act, record(2)); err != nil {
			t.Fatalf("%s with authority: %v", act, err)
		}
	}
	f.forward(11*time.Hour + time.Minute)
	if s := l.Standing(); !s.Warn || s.Out {
		t.Errorf("an hour before: %+v", s)
	}
	f.forward(time.Hour)
	by = f.again(t, token)
	if err := f.Enter(ctx, by, access.SeePerson, record(1)); err != nil {
		t.Error("whom open work is about:", err)
	}
	if lapsed, _ := f.renewals(t); lapsed != 1 {
		t.Errorf("%d facts say that it ran out", lapsed)
	}
	for _, act := range []access.Act{access.TakeCall, access.SeeWorklist, access.CallEmergency} {
		if err := f.Enter(ctx, by, act, fact.Subject{}); err != nil {
			t.Errorf("%s: %v", act, err)
		}
	}
	for act, about := range map[access.Act]fact.Subject{access.SeePerson: record(2), access.FindPerson: {}, access.SeeCase: record(3), access.VouchFor: {}} {
		if err := f.Enter(ctx, by, act, about); !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "ran out at 19:00") {
			t.Errorf("%s: %v", act, err)
		}
	}
	if err := f.GiveReason(ctx, by, record(2), access.SeePerson, "She is known to be unwell"); err == nil {
		t.Error("a reason opens a record without authority")
	}
	if err := f.Enter(ctx, f.device, access.RunTimers, fact.Subject{}); err != nil {
		t.Error("the device itself:", err)
	}
}

// Glass that was broken while there was authority opens nothing once it has run
// out, but what open work is about.
func TestBrokenGlassOpensNothingWithoutAuthority(t *testing.T) {
	f, ctx := open(t), t.Context()
	f.Looking = laidDown()
	f.desk(t, t.TempDir())
	boss := f.with(t, "J. Threlkeld", access.Administrator)
	f.forward(11*time.Hour + 50*time.Minute)
	for _, about := range []fact.Subject{record(1), record(2)} {
		if err := f.GiveReason(ctx, boss, about, access.SeeCase, "the clinicians are gone"); err != nil {
			t.Fatal(err)
		}
	}
	h, err := f.j.History(ctx, boss.Session)
	if err != nil {
		t.Fatal(err)
	}
	boss.Reasons = access.FoldSession(boss.Session, h).Reasons
	f.forward(15 * time.Minute)
	if err := f.Enter(ctx, boss, access.SeeCase, record(2)); !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "ran out") {
		t.Errorf("another's case opens: %v", err)
	}
	if err := f.Enter(ctx, boss, access.SeeCase, record(1)); err != nil {
		t.Errorf("open work is closed: %v", err)
	}
}

// A site node that is not cut off renews; nobody else's word does.
func TestOnlyASiteNodeRenews(t *testing.T) {
	f, ctx := open(t), t.Context()
	site, desk, cut := f.enrolled(t, fact.SiteNode, "site b"), f.enrolled(t, fact.Desk, "desk 2"), f.enrolled(t, fact.SiteNode, "site c")
	if _, err := f.j.Do(ctx, fact.Author{Role: "administrator"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(f.j.OrgSubject(), journal.CutMade{Device: cut, Why: "stolen"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	l := f.desk(t, t.TempDir())
	f.forward(13 * time.Hour)
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	for what, one := range map[string]struct {
		id   fact.Subject
		kind fact.DeviceKind
	}{
		"a desk": {desk, fact.Desk}, "a desk that says it is a site node": {desk, fact.SiteNode}, "a site node that is cut off": {cut, fact.SiteNode},
	} {
		if l.Heard(one.id, one.kind, []byte("signed")); !l.Standing().Out {
			t.Fatalf("%s renewed the authority", what)
		}
	}
	l.Heard(site, fact.SiteNode, []byte("signed"))
	if s := l.Standing(); s.Out || s.Way != access.LeaseBySite || !slices.Equal(s.By, []fact.Subject{site}) {
		t.Errorf("%+v", s)
	}
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	if lapsed, ways := f.renewals(t); lapsed != 1 || !slices.Equal(ways, []string{"site"}) {
		t.Errorf("%d lapses, renewed by %v", lapsed, ways)
	}
	f.forward(time.Hour) // heard in time: no fact
	l.Heard(site, fact.SiteNode, nil)
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	if _, ways := f.renewals(t); len(ways) != 1 {
		t.Errorf("renewed by %v", ways)
	}
}

// What has passed is known after a restart; a file that somebody changed counts
// as run out, and without one the desk was renewed when it was admitted.
func TestALeaseOutlivesARestart(t *testing.T) {
	f, ctx := open(t), t.Context()
	dir := t.TempDir()
	l := f.desk(t, dir)
	f.forward(11 * time.Hour)
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	l = f.desk(t, dir)
	if left := l.now().Left(l.Rules); left != time.Hour {
		t.Errorf("%v left after a restart", left)
	}
	f.forward(2 * time.Hour)
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	l = f.desk(t, dir)
	if !l.Standing().Out {
		t.Error("a restart renews")
	}
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	if lapsed, _ := f.renewals(t); lapsed != 1 {
		t.Errorf("said %d times that it ran out", lapsed)
	}
	path := filepath.Join(dir, leaseFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := fact.Encode(access.NewLease(l.Now(), access.LeaseBySite, 0))
	if err != nil {
		t.Fatal(err)
	}
	forged, err := fact.Encode(signedLease{Lease: fresh, Sig: make([]byte, 64)})
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)/2] ^= 1
	for what, raw := range map[string][]byte{"forged": forged, "one bit": flipped, "empty": {}} {
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if !f.desk(t, dir).Standing().Out {
			t.Errorf("%s: a file that does not hold renews", what)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !f.desk(t, dir).Standing().Out {
		t.Error("without its file a desk that was admitted 13 hours ago has authority")
	}
	f.Leases.Heard(f.enrolled(t, fact.SiteNode, "site b"), fact.SiteNode, nil)
	if err := f.Leases.Note(ctx); err != nil {
		t.Fatal(err)
	}
	if open := f.Leases.openLapses(); len(open) != 0 || f.Leases.Standing().Out {
		t.Errorf("the file is lost, and %d times without authority never end: all that the desk writes is held", len(open))
	}
}

// A code of the sealed paper renews, once; a newer paper ends the older; used at
// two desks that could not know of each other it is listed.
func TestACodeOfTheSealedPaperWorksOnce(t *testing.T) {
	f, ctx := open(t), t.Context()
	f.desk(t, t.TempDir())
	admin := f.with(t, "A. Holt", access.Administrator)
	_, nurse := f.in(t)
	if _, err := f.PrintLeasePaper(ctx, admin, fact.Subject{}, 3); !refusal.Is(err, refusal.Missing) {
		t.Error("a desk prints papers:", err)
	}
	l := f.Leases
	print := func(desk fact.Subject) []string {
		t.Helper()
		f.Leases = nil // as a site node
		codes, err := f.PrintLeasePaper(ctx, admin, desk, 3)
		f.Leases = l
		if err != nil || len(codes) != 3 {
			t.Fatal(codes, err)
		}
		return codes
	}
	f.Leases = nil
	if _, err := f.PrintLeasePaper(ctx, nurse, fact.Subject{}, 3); !refusal.Is(err, refusal.Forbidden) {
		t.Error("a nurse prints papers:", err)
	}
	f.Leases = l
	old, codes := print(fact.Subject{}), print(fact.Subject{})
	other := print(f.enrolled(t, fact.Desk, "desk 2"))
	f.forward(13 * time.Hour)
	if err := f.RenewByPaper(ctx, nurse, old[0]); !refusal.Is(err, refusal.Forbidden) {
		t.Error("a code of the paper before:", err)
	}
	if err := f.RenewByPaper(ctx, nurse, other[0]); !refusal.Is(err, refusal.Forbidden) {
		t.Error("a code of another desk's paper:", err)
	}
	if err := f.RenewByPaper(ctx, nurse, codes[0][:len(codes[0])-1]+"?"); !refusal.Is(err, refusal.Invalid) {
		t.Error("no code at all:", err)
	}
	if !l.Standing().Out {
		t.Fatal("renewed by none of these")
	}
	if err := f.RenewByPaper(ctx, nurse, strings.ToLower(codes[0])); err != nil {
		t.Fatal(err)
	}
	if s := l.Standing(); s.Out || s.Way != access.LeaseByPaper {
		t.Errorf("%+v", s)
	}
	if err := f.RenewByPaper(ctx, nurse, codes[0]); !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "has been used") {
		t.Error("twice:", err)
	}
	if err := f.RenewByPaper(ctx, nurse, codes[1]); err != nil {
		t.Error("the next code:", err)
	}
	if lapsed, ways := f.renewals(t); lapsed != 1 || !slices.Equal(ways, []string{"paper", "paper"}) {
		t.Errorf("%d lapses, renewed by %v", lapsed, ways)
	}
	f.Leases = nil
	shown, err := f.LeasePapers(ctx, admin)
	if err != nil || len(shown.Papers) != 2 || len(shown.Twice) != 0 || len(shown.Lapses) != 1 || !slices.Contains(shown.Left, 1) || !slices.Contains(shown.Left, 3) {
		t.Errorf("%+v %v", shown, err)
	}
}

// A desk that knows that it is cut off is renewed by nobody there.
func TestADeskThatIsCutOffRenewsNothing(t *testing.T) {
	f, ctx := open(t), t.Context()
	l := f.desk(t, t.TempDir())
	admin := f.with(t, "A. Holt", access.Administrator)
	f.Leases = nil
	codes, err := f.PrintLeasePaper(ctx, admin, fact.Subject{}, 3)
	f.Leases = l
	if err != nil {
		t.Fatal(err)
	}
	second := f.with(t, "C. Ndlovu", access.CallHandler)
	if err := f.RenewByTwoInDemo(ctx, admin, admin.Person); !refusal.Is(err, refusal.Forbidden) {
		t.Error("one person twice:", err)
	}
	if err := f.RenewByTwoInDemo(ctx, admin, f.with(t, "G. Ives", access.InformationGovernance).Person); !refusal.Is(err, refusal.Forbidden) {
		t.Error("a role that may not:", err)
	}
	if err := f.RenewByTwoInDemo(ctx, admin, second.Person); err != nil {
		t.Fatal("two people:", err)
	}
	if _, err := f.j.Do(ctx, fact.Author{Role: "administrator"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(f.j.OrgSubject(), journal.CutMade{Device: l.desk(), Up: f.j.HowFar(ctx), Why: "stolen"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	f.forward(13 * time.Hour)
	if err := f.RenewByPaper(ctx, admin, codes[0]); !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "cut off") {
		t.Error("by paper:", err)
	}
	if err := f.RenewByTwoInDemo(ctx, admin, second.Person); !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "cut off") {
		t.Error("by two:", err)
	}
	if l.Heard(fact.Subject{78}, fact.SiteNode, nil); !l.Standing().Out {
		t.Error("it was renewed")
	}
}

// A desk that was cut off while it was away learns it from a site node that talks
// to it no more; after a restart too. Once a site node talks to it again it may be
// renewed.
func TestADeskThatASiteRefusesRenewsNothing(t *testing.T) {
	f, ctx := open(t), t.Context()
	dir := t.TempDir()
	l := f.desk(t, dir)
	site, other := f.enrolled(t, fact.SiteNode, "site b"), f.enrolled(t, fact.Desk, "desk 2")
	admin, second := f.with(t, "A. Holt", access.Administrator), f.with(t, "C. Ndlovu", access.CallHandler)
	l.Refused(other, fact.Desk)
	if err := f.RenewByTwoInDemo(ctx, admin, second.Person); err != nil {
		t.Fatal("a desk's word cuts another off:", err)
	}
	l.Refused(site, fact.SiteNode)
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.RenewByTwoInDemo(ctx, admin, second.Person); !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "cut off") {
			t.Error("renewed though a site refuses it:", err)
		}
		l = f.desk(t, dir)
	}
	l.Heard(site, fact.SiteNode, nil)
	if err := f.RenewByTwoInDemo(ctx, admin, second.Person); err != nil {
		t.Error("readmitted, and nobody renews it:", err)
	}
}
