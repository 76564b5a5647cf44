package replicate_test

import (
	"context"
	"testing"

	"holdfast/fact"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

// caseload is the live work of desks, as a site node would know it.
type caseload struct {
	subjects []fact.Subject
	facts    map[fact.Subject][]fact.ID
	ended    []fact.Subject
}

func (c *caseload) Ended(context.Context, fact.Subject) ([]fact.Subject, error) { return c.ended, nil }

func (c *caseload) Subjects(context.Context, fact.Subject) ([]fact.Subject, error) {
	return append([]fact.Subject(nil), c.subjects...), nil
}

func (c *caseload) Facts(_ context.Context, s fact.Subject) ([]fact.ID, error) {
	return c.facts[s], nil
}

// ward is a site node with four cases, two of which a desk works on.
func ward(t *testing.T) (*replicatetest.Org, *world, *caseload, []fact.Subject) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, o.Device("site", fact.SiteNode), o.Device("desk", fact.Desk))
	cases := &caseload{facts: map[fact.Subject][]fact.ID{}}
	var subjects []fact.Subject
	for range 4 {
		s := o.NewSubject()
		subjects = append(subjects, s)
		cases.facts[s] = w.write(0, fact.Care, s, 5)
	}
	w.write(0, fact.Control, o.NewSubject(), 3)
	w.write(0, fact.Looks, o.NewSubject(), 4)
	cases.subjects = subjects[:2]
	w.nodes[0].scope = cases
	return o, w, cases, subjects
}

func (w *world) touched(l *line, subjects ...fact.Subject) {
	w.post(l, 0, l.ends[0].link.Touched(context.Background(), subjects, w.now))
	w.run()
}

func TestADeskGetsItsLiveWorkAndNoMore(t *testing.T) {
	_, w, cases, subjects := ward(t)
	desk := w.nodes[1].store
	w.write(1, fact.Care, subjects[0], 2) // written alone, before
	l := w.connect(0, 1)
	w.run()
	w.calm()
	held := desk.IDs()
	for i, s := range subjects {
		for _, id := range cases.facts[s] {
			if held[id] != (i < 2) {
				t.Fatalf("case %d: held %v", i, held[id])
			}
		}
	}
	if len(held) != 2+10+3 {
		t.Errorf("%d facts on the desk: its own 2, 10 of its work, 3 of the control lane", len(held))
	}
	if n := len(w.nodes[0].store.IDs()); n != 20+3+4+2 {
		t.Errorf("%d facts at the site", n)
	}
	if got := desk.SafeUpTo(desk.Own(fact.Care)); got != 2 {
		t.Errorf("the desk's own facts are safe up to %d", got)
	}
	for ref := range desk.Keyring() {
		if ref.Subject == subjects[2] || ref.Subject == subjects[3] {
			t.Error("a key on the desk opens what is not its work")
		}
	}
	for i, e := range l.ends {
		if !e.link.Level() {
			t.Errorf("end %d is not level: %+v", i, e.link.Progress())
		}
	}

	cases.facts[subjects[1]] = append(cases.facts[subjects[1]], w.write(0, fact.Care, subjects[1], 2)...)
	w.touched(l, subjects[1])
	cases.subjects = []fact.Subject{subjects[1], subjects[3]}
	w.touched(l)
	if n := len(desk.IDs()); n != 15+2+5 {
		t.Errorf("%d facts on the desk", n)
	}
	gone := effectsOf[replicate.LetGo](w.nodes[1])
	if len(gone) != 1 || len(gone[0].Subjects) != 1 || gone[0].Subjects[0] != subjects[0] {
		t.Errorf("let go: %+v", gone)
	}
	stated := effectsOf[replicate.Stated](w.nodes[1])
	if len(stated) != 3 || stated[2].Number != 3 {
		t.Errorf("stated: %+v", stated)
	}
	w.calm()
}

// How work ended reaches the desk before the work leaves it, also when it ended
// while the desk was away; else it would be shown there as open for good.
func TestADeskIsToldHowWorkEnded(t *testing.T) {
	_, w, cases, subjects := ward(t)
	l := w.connect(0, 1)
	w.run()
	ends := func(s fact.Subject) fact.ID {
		id := w.write(0, fact.Care, s, 1)[0]
		cases.facts[s] = append(cases.facts[s], id)
		return id
	}
	first := ends(subjects[0])
	cases.subjects = subjects[1:2]
	w.touched(l, subjects[0])
	if !w.nodes[1].store.IDs()[first] {
		t.Fatal("the desk does not know how it ended")
	}
	for n := range 2 { // with how it ended, and after a while alone
		if gone := effectsOf[replicate.LetGo](w.nodes[1]); len(gone) != n+1 || gone[n].Subjects[0] != subjects[0] {
			t.Fatalf("let go: %+v", gone)
		}
		w.tick(70)
	}
	var told replicate.Told
	for _, e := range effectsOf[replicate.Stated](w.nodes[1]) {
		told.Hear(e)
	}
	if live := told.Subjects(); len(live) != 1 || live[0] != subjects[1] {
		t.Fatalf("live work: %v", live)
	}
	w.cut(l)
	second := ends(subjects[1])
	cases.subjects, cases.ended = nil, subjects[:2]
	w.connect(0, 1)
	w.tick(70)
	if !w.nodes[1].store.IDs()[second] {
		t.Error("the desk does not know how it ended while it was away")
	}
	if told := effectsOf[replicate.Omitted](w.nodes[1]); len(told) != 0 {
		t.Errorf("told %+v", told)
	}
}

// However much ended while a desk was away, each part of what it is told sums up:
// what is still to be told counts in none before it.
func TestMuchMayHaveEndedWhileADeskWasAway(t *testing.T) {
	_, w, cases, _ := ward(t)
	for n := range 5000 {
		cases.ended = append(cases.ended, fact.Subject{0xff, byte(n >> 8), byte(n)})
	}
	w.connect(0, 1)
	w.tick(20)
	if told := effectsOf[replicate.Omitted](w.nodes[1]); len(told) != 0 {
		t.Fatalf("told %+v", told[0])
	}
	for _, s := range cases.subjects {
		for _, id := range cases.facts[s] {
			if !w.nodes[1].store.IDs()[id] {
				t.Fatal("the desk lacks its live work")
			}
		}
	}
}

func TestAnOmissionShows(t *testing.T) {
	_, w, cases, subjects := ward(t)
	hidden := cases.facts[subjects[1]][3]
	w.nodes[0].store.Keep = func(id fact.ID) bool { return id == hidden }
	w.connect(0, 1)
	w.tick(10)
	told := effectsOf[replicate.Omitted](w.nodes[1])
	if len(told) != 1 || told[0].Fact != hidden || told[0].Subject != subjects[1] {
		t.Fatalf("told %+v", told)
	}
	if n := len(w.nodes[1].store.IDs()); n != 9+3 {
		t.Errorf("%d facts came; one is withheld", n)
	}
}

// What did not come at first, and was told, is taken in when it comes after all,
// over the same link.
func TestWhatWasOmittedMayComeAfterAll(t *testing.T) {
	_, w, cases, subjects := ward(t)
	late := cases.facts[subjects[1]][3]
	w.nodes[0].store.Keep = func(id fact.ID) bool { return id == late }
	w.connect(0, 1)
	w.tick(30)
	if told := effectsOf[replicate.Omitted](w.nodes[1]); len(told) != 1 {
		t.Fatalf("told %+v", told)
	}
	w.nodes[0].store.Keep = nil
	w.tick(60)
	if !w.nodes[1].store.IDs()[late] {
		t.Error("it is asked for no more")
	}
	if told := effectsOf[replicate.Omitted](w.nodes[1]); len(told) != 1 {
		t.Errorf("told again: %+v", told)
	}
}

// A statement that was altered on its way, or is for another desk, is refused.
func TestAStatementIsBelievedOnlyWhole(t *testing.T) {
	_, w, _, _ := ward(t)
	l := w.connect(0, 1)
	changed := false
	for range 1000 {
		for i, f := range l.ends[1].queue {
			if f[4] == 18 && !changed {
				changed = true
				l.ends[1].queue[i] = rewrite(t, f, func(m map[int]any) {
					b := m[1].([]byte)
					b[len(b)-1] ^= 1
				})
			}
		}
		w.step()
	}
	told := effectsOf[replicate.Omitted](w.nodes[1])
	if !changed || len(told) != 1 {
		t.Fatalf("told %+v", told)
	}
	w.tick(15) // it is stated once more
	if n := len(w.nodes[1].store.IDs()); n != 10+3 {
		t.Errorf("%d facts on the desk", n)
	}
}

// A desk that asks for what it was not told to hold gets no byte of it,
// neither fact by fact nor as a range of the site's feed.
func TestADeskGetsNothingThatWasNotStated(t *testing.T) {
	_, w, cases, subjects := ward(t)
	l := w.connect(0, 1)
	w.run()
	site := l.ends[0].link
	ask := func(kind byte, v any) (facts int) {
		out := site.Take(context.Background(), message(t, kind, v), w.now)
		sent := out.Send
		for site.Pending() {
			sent = append(sent, site.Next(context.Background(), w.now).Send...)
		}
		for _, f := range sent {
			if f[4] == 20 || f[4] == 7 {
				facts += len(f) / 600 // less is a message without a fact
			}
		}
		return facts
	}
	if ask(19, map[int]any{1: 4242, 2: []any{[]any{subjects[0], cases.facts[subjects[0]]}}}) == 0 {
		t.Fatal("the desk does not get its own work when it asks for it")
	}
	if n := ask(19, map[int]any{1: 4243, 2: []any{[]any{subjects[3], cases.facts[subjects[3]]}}}); n > 0 {
		t.Errorf("the desk got some %d facts of another's work", n)
	}
	for _, tip := range w.nodes[0].store.Tips() {
		wanted := map[int]any{1: 4244, 2: tip.Place(), 3: 0, 4: 1 << 20}
		if n := ask(6, wanted); (n > 0) != (tip.Lane == fact.Control) {
			t.Errorf("of the site's lane %d the desk got some %d facts", tip.Lane, n)
		}
	}
}

// A statement that its site signed and that does not sum up to what was stated
// is not believed: something was left out on the way to the signature.
func TestAStatementSumsUp(t *testing.T) {
	_, w, _, _ := ward(t)
	l := w.connect(0, 1)
	changed := false
	for range 1000 {
		for i, f := range l.ends[1].queue {
			if f[4] == 18 && !changed {
				changed = true
				l.ends[1].queue[i] = rewrite(t, f, func(m map[int]any) { m[1], m[2] = oneLess(t, w.nodes[0].store, m[1].([]byte)) })
			}
		}
		w.step()
	}
	told := effectsOf[replicate.Omitted](w.nodes[1])
	if !changed || len(told) != 1 {
		t.Fatalf("told %+v", told)
	}
}

// oneLess leaves a fact out of a statement and signs it anew.
func oneLess(t *testing.T, site *replicatetest.Store, statement []byte) (raw, signature []byte) {
	t.Helper()
	var st replicate.Statement
	if err := fact.Decode(statement, &st); err != nil {
		t.Fatal(err)
	}
	st.Parts[0].Add = st.Parts[0].Add[1:]
	raw, err := fact.Encode(st)
	if err != nil {
		t.Fatal(err)
	}
	return raw, site.Sign(replicate.StatementLabel, raw)
}

func TestARestoredDeskGetsItsOwnBack(t *testing.T) {
	_, w, _, subjects := ward(t)
	w.write(1, fact.Care, subjects[0], 2)
	backup := w.nodes[1].store.Copy()
	w.write(1, fact.Care, subjects[0], 3)
	w.connect(0, 1)
	w.run()
	w.cutAll()
	w.nodes[1].store = backup
	w.nodes[1].effects = nil
	w.connect(0, 1)
	w.run()
	told := effectsOf[replicate.Reincarnated](w.nodes[1])
	if len(told) != 1 || told[0].Why != "restored" || told[0].At != 2 {
		t.Fatalf("told %+v", told)
	}
	if n := len(backup.IDs()); n != 5+10+3 {
		t.Errorf("%d facts on the restored desk", n)
	}
}

func TestStatementsSurviveLoss(t *testing.T) {
	o, w, cases, subjects := ward(t)
	cases.subjects = subjects
	w.lose, w.twice, w.shuffle = 0.3, 0.2, 0.2
	l := w.connect(0, 1)
	for range 20 {
		s := o.NewSubject()
		cases.facts[s] = w.write(0, fact.Care, s, 3)
		cases.subjects = append(cases.subjects, s)
		w.touched(l, s)
		w.tick(1)
	}
	w.lose, w.shuffle = 0, 0
	w.tick(60)
	if n := len(w.nodes[1].store.IDs()); n != 20+60+3 {
		t.Errorf("%d facts on the desk", n)
	}
}

// folded is the states of a device, as far as these tests need them.
type folded struct {
	store *replicatetest.Store
	wrong fact.Subject
	held  fact.Hash
}

func (f *folded) subjects() []replicate.SubjectDigest {
	out := []replicate.SubjectDigest{}
	for i := range byte(40) {
		s := fact.Subject{i / 10, i + 1}
		d := replicate.SubjectDigest{Subject: s, Digest: fact.Hash{i}}
		if s == f.wrong {
			d.Digest = fact.Hash{99}
		}
		out = append(out, d)
	}
	return out
}

func (f *folded) State(context.Context) (replicate.StateDigest, error) {
	s := replicate.StateDigest{Vector: replicate.VectorOf(f.store.Tips()), Fold: "1", Held: f.held}
	for _, d := range f.subjects() {
		s.Buckets[d.Subject[0]] = fact.Labelled("t", s.Buckets[d.Subject[0]][:], d.Subject[:], d.Digest[:])
	}
	for i := range s.Buckets {
		s.Whole = fact.Labelled("t", s.Whole[:], s.Buckets[i][:])
	}
	return s, nil
}

func (f *folded) Bucket(_ context.Context, b byte) ([]replicate.SubjectDigest, error) {
	var out []replicate.SubjectDigest
	for _, d := range f.subjects() {
		if d.Subject[0] == b {
			out = append(out, d)
		}
	}
	return out, nil
}

func TestStatesFoldedApartAreNamed(t *testing.T) {
	wrong := fact.Subject{2, 26}
	for name, c := range map[string]struct {
		wrong fact.Subject
		held  fact.Hash
		told  int
	}{"equal": {}, "one differs": {wrong: wrong, told: 1}, "another held set": {wrong: wrong, held: fact.Hash{1}}} {
		t.Run(name, func(t *testing.T) {
			o := replicatetest.NewOrg(1)
			w := newWorld(t, sites(o, "a", "b")...)
			w.write(0, fact.Care, o.NewSubject(), 3)
			w.nodes[0].folded = &folded{store: w.nodes[0].store}
			w.nodes[1].folded = &folded{store: w.nodes[1].store, wrong: c.wrong, held: c.held}
			w.connect(0, 1)
			w.run() // compared after the healing
			for _, n := range w.nodes {
				told := effectsOf[replicate.Disagree](n)
				if (len(told) > 0) != (c.told > 0) {
					t.Fatalf("told %+v", told)
				}
				for _, d := range told {
					if len(d.Subjects) != 1 || d.Subjects[0] != wrong {
						t.Errorf("named %v", d.Subjects)
					}
				}
				n.effects = nil
			}
			w.tick(59)
			w.tick(2) // and every minute
			if (len(effectsOf[replicate.Disagree](w.nodes[0])) > 0) != (c.told > 0) {
				t.Errorf("after a minute: %+v", w.nodes[0].effects)
			}
		})
	}
}

// A site node states now and then that nothing has changed, signed and dated: that
// renews the desk's authority. It says nothing new, and a desk that is cut off is
// told so instead.
func TestASiteStatesThoughNothingChanges(t *testing.T) {
	_, w, _, _ := ward(t)
	w.connect(0, 1)
	w.tick(10)
	before := effectsOf[replicate.Stated](w.nodes[1])
	facts := len(w.nodes[1].store.IDs())
	w.tick(130)
	after := effectsOf[replicate.Stated](w.nodes[1])
	if n := len(after) - len(before); n < 2 || n > 3 {
		t.Errorf("stated %d times in 130 s", n)
	}
	if last := after[len(after)-1]; last.Digest != before[len(before)-1].Digest || len(last.Statement) > 1024 {
		t.Errorf("a statement of nothing new: %d bytes, digest %s", len(last.Statement), last.Digest)
	}
	if n := len(w.nodes[1].store.IDs()); n != facts {
		t.Errorf("%d facts, and %d before", n, facts)
	}
	w.calm()
}

// A desk that was cut off, while it was linked or away, is told so by the site node
// that talks to it no more.
func TestADeskThatIsCutOffIsTold(t *testing.T) {
	for _, linked := range []bool{true, false} {
		o := replicatetest.NewOrg(1)
		site, desk := o.Device("site", fact.SiteNode), o.Device("desk", fact.Desk)
		w := newWorld(t, site, desk)
		w.nodes[0].scope = &caseload{facts: map[fact.Subject][]fact.ID{}}
		if linked {
			w.connect(0, 1)
			w.tick(2)
			w.calm()
		}
		site.Cut(desk.Card().Device)
		if !linked {
			w.connect(0, 1)
		}
		w.tick(10)
		if told := effectsOf[replicate.CutOff](w.nodes[1]); len(told) == 0 || told[0].Peer != site.Card().Device {
			t.Errorf("linked %v: told %+v", linked, told)
		}
		if told := effectsOf[replicate.CutOff](w.nodes[0]); len(told) > 0 {
			t.Errorf("the site is told: %+v", told)
		}
	}
}
