package record

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var (
	second = fact.Subject{2}
	owen   = access.Caller{Person: fact.Subject{10}, Name: "Owen Pritchard", Role: access.CallHandler}
)

// twoRecords is two records written on several devices.
type twoRecords struct {
	t       *testing.T
	all     []fact.Fact
	held    map[string][]fact.Fact
	writers map[string]*facttest.Writer
}

func two(t *testing.T, a, b Identity) *twoRecords {
	w := &twoRecords{t: t, held: map[string][]fact.Fact{}, writers: map[string]*facttest.Writer{}}
	for s, id := range map[fact.Subject]Identity{about: a, second: b} {
		d, err := Register(Person{Subject: s}, ruth, Registration{Identity: id, Source: FromCaller}, now)
		w.say("a", ruth, d, err)
	}
	w.sync()
	return w
}

func (w *twoRecords) of(device string, s fact.Subject) Person {
	var own []fact.Fact
	for _, f := range w.held[device] {
		if f.Header.Subject == s {
			own = append(own, f)
		}
	}
	return Fold(s, fact.NewHistory(own))
}

func (w *twoRecords) say(device string, by access.Caller, drafts []fact.Draft, err error) []fact.ID {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if w.writers[device] == nil {
		w.writers[device] = facttest.NewWriter(device, fact.At(now))
	}
	var ids []fact.ID
	for _, d := range drafts {
		made := w.writers[device].State(w.t, by.Author(), w.of(device, d.Subject).Frontier, d)
		w.held[device], w.all = append(w.held[device], made...), append(w.all, made...)
		ids = append(ids, made[0].ID)
	}
	return ids
}

func (w *twoRecords) sync() {
	w.t.Helper()
	for _, d := range []string{"a", "b"} {
		w.held[d] = slices.Clone(w.all)
	}
	for _, s := range []fact.Subject{about, second} {
		var own []fact.Fact
		for _, f := range w.all {
			if f.Header.Subject == s {
				own = append(own, f)
			}
		}
		facttest.SameInAnyOrder(w.t, own, func(h fact.History) Person { return Fold(s, h) })
	}
}

func (w *twoRecords) link(device string, by access.Caller, req Linking) {
	w.t.Helper()
	if req.Why == "" {
		req.Why = "Same daughter, same voice"
	}
	d, err := LinkIdentities(w.of(device, about), w.of(device, second), by, req)
	w.say(device, by, d, err)
}

func (w *twoRecords) unlink(device string, by access.Caller) {
	w.t.Helper()
	d, err := UnlinkIdentities(w.of(device, about), w.of(device, second), by, "Another person on the phone")
	w.say(device, by, d, err)
}

// together gives the record as pages read it.
func (w *twoRecords) together(device string) (Person, []Joined) {
	p := w.of(device, about)
	linked, missed := Gather(p, func(s fact.Subject) (Person, error) { return w.of(device, s), nil })
	if len(missed) > 0 {
		w.t.Fatal("missed", missed)
	}
	return Together(p, linked), linked
}

func (w *twoRecords) alert(device string, s fact.Subject, a AlertAdded) {
	w.t.Helper()
	d, err := AddAlert(w.of(device, s), doctor, a, now)
	w.say(device, doctor, d, err)
}

func unknownMan() Identity {
	return Identity{Age: AboutAge{Years: 40, On: codes.DateOf(now)}, Sex: codes.Male, Description: "man about 40, green coat"}
}

// bare is a record without what only says that it was linked and unlinked.
func bare(p Person) Person {
	p.Links, p.Frontier = nil, nil
	return p
}

// An unknown man turns out to be somebody who is known: while linked everything
// of both is shown, and unlinking restores each exactly.
func TestLinkedRecordsAreReadTogetherAndComeApartExactly(t *testing.T) {
	w := two(t, unknownMan(), wilfred())
	w.alert("a", second, AlertAdded{Kind: Allergy, Substance: "Penicillin", Reaction: "rash"})
	d, err := NoteContact(w.of("a", second), ruth, ContactNoted{Case: fact.Subject{5}, Complaint: "cough"}, now)
	w.say("a", ruth, d, err)
	w.sync()
	before := []Person{bare(w.of("a", about)), bare(w.of("a", second))}
	w.link("a", ruth, Linking{})
	p, linked := w.together("a")
	if len(linked) != 1 || !linked[0].Sure || len(p.StandingOf(Allergy)) != 1 || len(p.CasesSince(now.AddDate(0, 0, -1), fact.Subject{})) != 1 {
		t.Fatalf("%+v %+v", linked, p.Standing())
	}
	if a := p.StandingOf(Allergy)[0]; a.Maybe || !strings.Contains(a.Sentence(), "On the record of TANSLEY") {
		t.Errorf("%q, maybe: %v", a.Sentence(), a.Maybe)
	}
	if p.Subject != about || p.Called() != "UNKNOWN, man about 40, green coat" {
		t.Errorf("its identity is another's: %s", p.Called())
	}
	w.unlink("a", owen)
	for i, s := range []fact.Subject{about, second} {
		if after := bare(w.of("a", s)); !reflect.DeepEqual(before[i], after) {
			t.Errorf("not restored:\n%+v\n%+v", before[i], after)
		}
	}
	if p, linked := w.together("a"); len(linked) != 0 || len(p.Standing()) != 0 {
		t.Errorf("still together: %+v", linked)
	}
	w.link("a", ruth, Linking{})
	if _, linked := w.together("a"); len(linked) != 1 {
		t.Error("cannot be linked again")
	}
}

// What speaks against it needs a second person; until then, and while nobody is
// sure, the allergies of either are shown and no decision counts.
func TestWhatDiffersNeedsASecondPerson(t *testing.T) {
	other := wilfred()
	other.NHS, other.Born = codes.ReceiveNHSNumber("9434765919"), codes.Date{Year: 1946, Month: 2, Day: 3}
	w := two(t, wilfred(), other)
	w.alert("a", second, AlertAdded{Kind: Allergy, Substance: "Latex"})
	w.alert("a", second, dnacpr())
	w.link("a", ruth, Linking{})
	l, _ := w.of("a", about).LinkTo(second)
	if l.State != MayBeSame || !l.Asks || len(l.Differ) != 2 {
		t.Fatalf("%+v", l)
	}
	p, _ := w.together("a")
	if d, disputed := p.Resuscitation(); d != NoDecision || !disputed {
		t.Errorf("a decision that may be another's counts: %v %v", d, disputed)
	}
	if a := p.StandingOf(Allergy); len(a) != 1 || !a[0].Maybe || a[0].Ask == "" || !strings.Contains(a[0].Label(), "Latex?") {
		t.Errorf("%+v", a)
	}
	d, err := ConfirmLink(w.of("a", about), w.of("a", second), ruth, "I am sure")
	refused(t, refusal.Forbidden, d, err)
	d, err = ConfirmLink(w.of("a", about), w.of("a", second), owen, "")
	refused(t, refusal.Invalid, d, err)
	d, err = ConfirmLink(w.of("a", about), w.of("a", second), owen, "Seen the passport")
	w.say("a", owen, d, err)
	w.sync()
	p, linked := w.together("a")
	if got, disputed := p.Resuscitation(); got != DoNotAttempt || disputed || !linked[0].Sure {
		t.Errorf("%v %v %+v", got, disputed, linked)
	}
	d, err = ConfirmLink(w.of("a", about), w.of("a", second), owen, "Again")
	refused(t, refusal.Taken, d, err)
	w.link("a", doctor, Linking{Maybe: true, Why: "Not so sure"})
	if l, _ := w.of("a", second).LinkTo(about); l.State != MayBeSame || l.Asks {
		t.Errorf("doubt does not count: %+v", l)
	}
}

// One writer cannot agree with themselves by a forged fact either.
func TestNobodyAgreesWithThemselves(t *testing.T) {
	other := wilfred()
	other.NHS = codes.ReceiveNHSNumber("9434765919")
	w := two(t, wilfred(), other)
	w.link("a", ruth, Linking{})
	l, _ := w.of("a", about).LinkTo(second)
	w.say("a", ruth, []fact.Draft{fact.Say(about, IdentitiesLinked{Other: second, Confirms: l.Fact, Why: "me again"})}, nil)
	if l, _ := w.of("a", about).LinkTo(second); l.State != MayBeSame || !l.Asks {
		t.Errorf("%+v", l)
	}
}

// Linked here, unlinked there: it stands as a disagreement on both records,
// everything stays shown, and a person settles it.
func TestLinkedHereAndUnlinkedThereDisagrees(t *testing.T) {
	w := two(t, wilfred(), unknownMan())
	w.alert("a", second, AlertAdded{Kind: Allergy, Substance: "Latex"})
	w.link("a", ruth, Linking{Maybe: true})
	w.sync()
	w.link("a", ruth, Linking{Why: "The wallet was found"})
	w.unlink("b", owen)
	if _, ok := w.of("b", about).LinkTo(second); ok {
		t.Fatal("b does not see its own unlinking")
	}
	w.sync()
	for _, s := range []fact.Subject{about, second} {
		p := w.of("a", s)
		if len(p.Links) != 1 || p.Links[0].State != InDispute {
			t.Fatalf("%+v", p.Links)
		}
	}
	if p, linked := w.together("a"); len(linked) != 1 || linked[0].Sure || len(p.StandingOf(Allergy)) != 1 {
		t.Errorf("in dispute, and the allergy is hidden: %+v", linked)
	}
	var own []fact.Fact
	for _, f := range w.all {
		if f.Header.Subject == about {
			own = append(own, f)
		}
	}
	h := fact.NewHistory(own)
	all := w.of("a", about).Disagreements(h)
	if len(all) != 1 || all[0].Matter != (fact.Matter{Kind: 103, Part: PartLink}) || len(all[0].Values) != 2 {
		t.Fatalf("%+v", all)
	}
	d, err := Settle(w.of("a", about), doctor, fact.Settling{Matter: all[0].Matter, Choice: "?", Why: "x"}, now)
	refused(t, refusal.Invalid, d, err)
	d, err = Settle(w.of("a", about), doctor, fact.Settling{Matter: all[0].Matter, Choice: all[0].Values[1].Choice, Why: "Two men, both seen"}, now)
	w.say("a", doctor, d, err)
	for _, s := range []fact.Subject{about, second} {
		if p := w.of("a", s); len(p.Links) != 0 {
			t.Errorf("settled, and still linked: %+v", p.Links)
		}
	}
	d, err = Settle(w.of("a", about), doctor, fact.Settling{Matter: all[0].Matter, Choice: all[0].Values[1].Choice, Why: "x"}, now)
	refused(t, refusal.Taken, d, err)
}

func TestTwinsAreWarnedOf(t *testing.T) {
	twin := wilfred()
	twin.Name.Given, twin.NHS = "Hubert", codes.NHSNumber{}
	w := two(t, wilfred(), twin)
	if !slices.ContainsFunc(SpeaksAgainst(w.of("a", about), w.of("a", second)), func(s string) bool { return strings.Contains(s, "twins") }) {
		t.Error("twins are not warned of")
	}
	w.link("a", ruth, Linking{})
	if l, _ := w.of("a", about).LinkTo(second); l.State != MayBeSame || !l.Asks {
		t.Errorf("one person alone linked twins: %+v", l)
	}
	if Twins(wilfred(), wilfred()) || Twins(wilfred(), unknownMan()) {
		t.Error("a warning of nothing")
	}
}

func TestLinkingIsRefusedWithASentence(t *testing.T) {
	w := two(t, wilfred(), unknownMan())
	a, b := w.of("a", about), w.of("a", second)
	for _, c := range []struct {
		kind refusal.Kind
		do   func() ([]fact.Draft, error)
	}{
		{refusal.Invalid, func() ([]fact.Draft, error) { return LinkIdentities(a, a, ruth, Linking{Why: "x"}) }},
		{refusal.Invalid, func() ([]fact.Draft, error) { return LinkIdentities(a, b, ruth, Linking{Why: "  "}) }},
		{refusal.Forbidden, func() ([]fact.Draft, error) { return LinkIdentities(a, b, admin, Linking{Why: "x"}) }},
		{refusal.Missing, func() ([]fact.Draft, error) {
			return LinkIdentities(a, Person{Subject: fact.Subject{3}}, ruth, Linking{Why: "x"})
		}},
		{refusal.Taken, func() ([]fact.Draft, error) { return UnlinkIdentities(a, b, ruth, "x") }},
		{refusal.Taken, func() ([]fact.Draft, error) { return ConfirmLink(a, b, ruth, "x") }},
	} {
		d, err := c.do()
		refused(t, c.kind, d, err)
	}
	w.link("a", ruth, Linking{})
	d, err := LinkIdentities(w.of("a", about), w.of("a", second), owen, Linking{Why: "x"})
	refused(t, refusal.Taken, d, err)
}

// A linked record that can't be read is missed, never left out silently, and a
// circle of links ends.
func TestARecordThatCannotBeReadIsMissed(t *testing.T) {
	a := Person{Subject: about, Registered: true, Traits: Traits{Links: []Link{{Other: second, State: Same}, {Other: fact.Subject{9}, State: Same}}}}
	b := Person{Subject: second, Registered: true, Traits: Traits{Links: []Link{{Other: about, State: Same}}}}
	linked, missed := Gather(a, func(s fact.Subject) (Person, error) {
		if s == second {
			return b, nil
		}
		return Person{}, refusal.New(refusal.Forbidden, "no")
	})
	if len(linked) != 1 || !linked[0].Sure || !slices.Equal(missed, []fact.Subject{{9}}) {
		t.Errorf("%+v %v", linked, missed)
	}
	b.Links = nil // only one of the two knows of it yet
	if linked, _ := Gather(a, func(fact.Subject) (Person, error) { return b, nil }); linked[0].Sure {
		t.Error("sure, although the other record does not say so")
	}
}
