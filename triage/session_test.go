package triage

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

const (
	response  = "core/abc/response"
	breathing = "core/abc/breathing"
	airway    = "core/abc/airway"
)

func TestArrestIsRecognisedAndTalkingPeopleAreNot(t *testing.T) {
	for _, c := range []struct {
		response, breathing string
		level               Level
		cpr                 bool
	}{
		{"unresponsive", "failing", L0, true},
		{"unresponsive", "laboured", L0, true},
		{"unresponsive", "unsure", L0, true},
		{"unsure", "failing", L0, true},
		{"unresponsive", "normal", L1, false},
		{"normal", "failing", L1, false}, // a talking asthmatic
		{"drowsy", "failing", L1, false},
		{"fitting", "failing", L1, false},
		{"normal", "unsure", L1, false},
		{"normal", "laboured", L2, false},
	} {
		for _, complaint := range []string{"chest-pain", "fever-under-5", "head-injury", "something-else"} {
			age := Years(40)
			if complaint == "fever-under-5" {
				age = Years(3)
			}
			s := start(t, age, Male, complaint)
			say(t, s, response, c.response, breathing, c.breathing)
			finish(t, s)
			o := s.Outcome()
			cpr := slices.ContainsFunc(o.Advice, func(a string) bool { return strings.HasPrefix(a, "cpr-") })
			if o.Level != c.level || cpr != c.cpr || o.Unfinished {
				t.Errorf("%s %s %s: %v, CPR %v", complaint, c.response, c.breathing, o.Level, cpr)
			}
		}
	}
}

func TestInstructionsFitTheAgeAndAllAreShownWhenItIsUnknown(t *testing.T) {
	for _, c := range []struct {
		age  Age
		want []string
	}{{Years(40), []string{"cpr-adult"}}, {Years(17), []string{"cpr-child"}}, {Months(11), []string{"cpr-infant"}},
		{Age{}, []string{"cpr-adult", "cpr-child", "cpr-infant"}}} {
		s := start(t, c.age, SexUnknown, "something-else")
		say(t, s, response, "unresponsive", breathing, "failing")
		var got []string
		for _, a := range s.Outcome().Advice {
			if strings.HasPrefix(a, "cpr-") {
				got = append(got, a)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c.age, got)
		}
		in, err := s.c.Words(Welsh).Advice(got[0])
		if err != nil || in.Lang != Welsh || in.RatePerMinute != 110 || len(in.Steps) < 4 {
			t.Errorf("Welsh %s: %+v %v", got[0], in, err)
		}
	}
}

func TestUnsureIsBadUnlessNobodyIsWithThePatient(t *testing.T) {
	s := start(t, Years(78), Male, "something-else")
	who := s.Profile()
	who.CallerWithPatient = false
	if err := s.Learn(who, 1); err != nil {
		t.Fatal(err)
	}
	say(t, s, response, "unsure")
	u := s.Urgency()
	if u.Lo != L4 || u.Hi != L0 {
		t.Fatalf("not known must raise nothing and exclude nothing: %v to %v", u.Lo, u.Hi)
	}
	asked := finish(t, s)
	if slices.Contains(asked, response) {
		t.Fatal("asked again though nobody there can tell")
	}
	o := s.Outcome()
	if !o.Unfinished || o.Level != L1 || o.Lowest != L4 || !slices.Equal(o.Trace.FindOut, []string{response}) {
		t.Fatalf("breathing is normal, so arrest is excluded and L1 is not: %+v", o)
	}
	if u = s.Urgency(); len(u.Raise) == 0 || !slices.Equal(u.Raise[0].FindOut, []string{response}) {
		t.Fatalf("what would raise it must say what to find out: %+v", u.Raise)
	}
	who.CallerWithPatient = true
	if err := s.Learn(who, 2); err != nil {
		t.Fatal(err)
	}
	if g := s.Next(); g.Len() != 1 || g.At(0).Key != response {
		t.Fatal("somebody is with the patient now: ask again")
	}
	say(t, s, response, "unsure")
	if o = s.Outcome(); o.Level != L1 || o.Unfinished || o.Lowest != L1 {
		t.Fatalf("unsure beside the patient is bad: %v", o.Level)
	}
}

func TestHangingUpEarlyKeepsTheUpperBound(t *testing.T) {
	s := start(t, Years(58), Male, "chest-pain")
	if o := s.Outcome(); !o.Unfinished || o.Level != L0 || o.Dx != "Dx010" {
		t.Fatalf("nothing asked: %v %v", o.Level, o.Dx)
	}
	say(t, s, response, "normal", breathing, "normal", airway, "no", "core/abc/bleeding", "no", "core/abc/allergic", "no")
	if err := s.End(9); err != nil {
		t.Fatal(err)
	}
	o := s.Outcome()
	if s.Next().Len() != 0 || !o.Unfinished || o.Level != L1 || o.Lowest != L7 || o.Dx != "Dx0112" {
		t.Fatalf("a heart attack is not excluded: %v, at least %v, %v", o.Level, o.Lowest, o.Dx)
	}
	say(t, s, "chest-pain/pain", "over-72h")
	if s.Next().Len() == 0 {
		t.Fatal("the caller is back, and so are the questions")
	}
}

func TestNotAskedIsNeverNo(t *testing.T) {
	s := start(t, Years(58), Male, "chest-pain")
	say(t, s, airway, "no")
	before := s.Outcome()
	say(t, s, airway, "")
	if len(before.Trace.Excluded) != 1 || len(s.Outcome().Trace.Excluded) != 0 {
		t.Fatal("an answer taken back must exclude nothing")
	}
	if got := s.Answers(); len(got) != 1 || got[0].Answer != NotAsked || len(got[0].Before) != 1 {
		t.Fatalf("%+v", got)
	}
	if w := s.c.Words(English); w.Answer(airway, NotAsked) != "Not asked" || w.Answer(airway, No) != "No" {
		t.Fatal("not asked must not read as no")
	}
}

func TestChangedAnswersDoNotLower(t *testing.T) {
	s := start(t, Years(58), Male, "chest-pain")
	say(t, s, "core/abc/allergic", "yes", "core/abc/allergic", "no")
	finish(t, s)
	o := s.Outcome()
	if o.Level != L1 || o.Dx != "Dx0113" || !o.Trace.Held || len(o.Trace.Fired) == 0 || o.Trace.Fired[0].Rule != "ABC-040" {
		t.Fatalf("%+v", o)
	}
	if u := s.Urgency(); u.Lo != L1 || !u.Held {
		t.Fatalf("%+v", u)
	}
}

func TestRecordRaisesAndIsNeverNo(t *testing.T) {
	c := shipped(t)
	begin := func(held ...Held) *Session {
		s, err := Start(permit(t, c), []string{"something-else"}, Profile{Age: Years(60), Sex: Male, CallerWithPatient: true, FromRecord: held})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := begin(Held{FactSteroids, "takes"}, Held{FactImmunosuppression, No})
	if u := s.Urgency(); u.Lo != L3 || u.Because[0].Rule != "STE-002" {
		t.Fatalf("daily steroids: %+v", u)
	}
	if q := s.ToConfirm(); len(q) != 1 || q[0].Key != FactSteroids || q[0].Record != "takes" {
		t.Fatalf("to say aloud: %+v", q)
	}
	asked := finish(t, s)
	if !slices.Contains(asked, FactSteroids) {
		t.Fatal("the record cannot know whether they are being sick: ask")
	}
	o, answers := s.Outcome(), s.Answers()
	i := slices.IndexFunc(answers, func(g Given) bool { return g.Key == FactSteroids })
	if o.Level != L3 || !answers[i].Disputed {
		t.Fatalf("the caller's no must not lower what the record says: %v %+v", o.Level, answers[i])
	}
	s = begin(Held{FactImmunosuppression, No}, Held{FactSteroids, "none"})
	if asked := finish(t, s); !slices.Contains(asked, FactImmunosuppression) || !slices.Contains(asked, FactSteroids) {
		t.Fatal("absent from the record is never no")
	}
	if _, err := Start(permit(t, c), []string{"something-else"}, Profile{FromRecord: []Held{{airway, Yes}}}); !refusal.Is(err, refusal.Invalid) {
		t.Fatalf("a record cannot say this: %v", err)
	}
}

func TestOutsideTheScopeAClinicianDecides(t *testing.T) {
	c := shipped(t)
	for _, age := range []Age{Years(8), {}} {
		s := start(t, age, Male, "fever-under-5")
		finish(t, s)
		o := s.Outcome()
		if o.Level != L2 || o.Skill != "clinician" || !slices.Equal(o.Trace.Outside, []string{"fever-under-5"}) || c.Suits("fever-under-5", age, Male) {
			t.Errorf("%+v: %+v", age, o)
		}
		if _, asked := s.Find("fever-under-5/neck"); asked {
			t.Error("asked the questions of another age")
		}
	}
	for _, c := range []struct {
		complaint string
		age       Age
	}{{"something-else", Years(40)}, {"something-else", Months(3)}, {"chest-pain", Years(12)}} {
		s := start(t, c.age, Male, c.complaint)
		finish(t, s)
		if o := s.Outcome(); o.Level > L4 || o.Disposition.Mode == ModeSelfCare {
			t.Errorf("%+v ends at %v", c, o.Level)
		}
	}
}

func TestAnotherSymptomMergesAndKeepsAnswers(t *testing.T) {
	s := start(t, Years(30), Male, "head-injury")
	finish(t, s)
	if err := s.AddComplaint("chest-pain", 5); err != nil {
		t.Fatal(err)
	}
	if o := s.Outcome(); !o.Unfinished || o.Level != L1 {
		t.Fatalf("chest pain is open: %v", o.Level)
	}
	asked := finish(t, s)
	if slices.Contains(asked, airway) || !slices.Contains(asked, "chest-pain/pain") {
		t.Fatalf("asked %v", asked)
	}
	if o := s.Outcome(); o.Level != L7 || o.SG != 1110 || !slices.Equal(s.Complaints(), []string{"head-injury", "chest-pain"}) {
		t.Fatalf("%v %v", o.Level, o.SG)
	}
	if err := s.AddComplaint("flying", 6); !refusal.Is(err, refusal.Missing) || s.Outcome().Level != L7 {
		t.Fatalf("a refused complaint must change nothing: %v", err)
	}
}

func TestRefusedAnswersChangeNothing(t *testing.T) {
	s := start(t, Years(30), Male, "head-injury")
	before := s.Record()
	for _, r := range []Reply{{Fact: "head-injury/nose", Answer: No}, {Fact: airway, Answer: "maybe"}, {Fact: "", Answer: Yes},
		{Fact: airway, Answer: No, Note: strings.Repeat("x", maxNote+1)}, {Fact: response, Answer: Yes}, {Fact: "", Answer: ""}} {
		if err := s.Answer(r); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%+.40v: %v", r, err)
		}
	}
	if !reflect.DeepEqual(before, s.Record()) {
		t.Fatal("a refusal left something behind")
	}
}

// randomSession walks a call with everything that may happen in one.
func randomSession(t *testing.T, c *Content, r *rand.Rand) *Session {
	t.Helper()
	who := Profile{Age: Months(r.IntN(80 * 12)), Sex: Female, CallerWithPatient: r.IntN(2) == 0}
	if r.IntN(2) == 0 {
		who.FromRecord = []Held{{FactContacts, "second"}, {FactSteroids, "takes"}}
	}
	ids := c.Complaints()
	s, err := Start(permit(t, c), []string{ids[r.IntN(len(ids))]}, who)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		switch r.IntN(12) {
		case 0:
			who.CallerWithPatient = !who.CallerWithPatient
			err = s.Learn(who, fact.Millis(n))
		case 1:
			err = s.AddComplaint(ids[r.IntN(len(ids))], fact.Millis(n))
		case 2:
			err = s.End(fact.Millis(n))
		default:
			q := &s.p.questions[r.IntN(len(s.p.questions))]
			options := []Answer{Unsure, NotAsked, q.answer(0), q.answer(q.n)}
			err = s.Answer(Reply{Fact: q.key, Answer: options[r.IntN(4)], By: "Moira", At: fact.Millis(n)})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestReplayGivesTheSameBits(t *testing.T) {
	c := shipped(t)
	r := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		s := randomSession(t, c, r)
		bytes, err := fact.Encode(s.Record())
		if err != nil {
			t.Fatal(err)
		}
		var rec Record
		if err := fact.Decode(bytes, &rec); err != nil {
			t.Fatal(err)
		}
		again, err := Replay(c, rec)
		if err != nil {
			t.Fatal(err)
		}
		if s.s != again.s || !reflect.DeepEqual(s.Outcome(), again.Outcome()) || !reflect.DeepEqual(s.Urgency(), again.Urgency()) {
			t.Fatalf("replay differs:\n%+v\n%+v", s.Outcome(), again.Outcome())
		}
		back, err := fact.Encode(again.Record())
		if err != nil || string(back) != string(bytes) {
			t.Fatalf("the record changed by being replayed: %v", err)
		}
		carried, lost, err := Carry(permit(t, c), rec)
		if err != nil || len(lost) > 0 || carried.s != s.s {
			t.Fatalf("carrying over to the same content changes nothing: %v %v", lost, err)
		}
	}
}

func TestOtherContentIsNotReplayedButCarried(t *testing.T) {
	old := start(t, Years(58), Male, "chest-pain")
	say(t, old, airway, "yes", "chest-pain/lasts", "yes")
	large, _ := largeContent(t)
	if _, err := Replay(large, old.Record()); !refusal.Is(err, refusal.Unavailable) {
		t.Fatalf("other content must not judge old answers: %v", err)
	}
	r := old.Record()
	r.Engine++
	if _, err := Replay(old.c, r); !refusal.Is(err, refusal.Unavailable) {
		t.Fatalf("another engine must not: %v", err)
	}
	r = old.Record()
	r.Entries = append(r.Entries, Entry{Fact: "chest-pain/gone", Answer: Yes})
	s, lost, err := Carry(permit(t, large), r)
	if err != nil || s.Outcome().Level != L0 || !slices.Equal(lost, []string{"chest-pain/gone"}) || s.Record().Content != large.Hash() {
		t.Fatalf("%v %v %v", s.Outcome().Level, lost, err)
	}
}

func TestOnlySignedContentRunsForRealPatients(t *testing.T) {
	c := shipped(t)
	if _, err := Start(Permit{}, []string{"chest-pain"}, Profile{}); !refusal.Is(err, refusal.Forbidden) {
		t.Fatalf("a permit is needed: %v", err)
	}
	if _, _, err := Carry(Permit{}, Record{}); !refusal.Is(err, refusal.Forbidden) {
		t.Fatalf("a permit is needed: %v", err)
	}
	_, err := c.MayRun(content.CallHandler, content.England, false)
	if !refusal.Is(err, refusal.Forbidden) || !strings.Contains(err.Error(), "not signed") {
		t.Fatalf("unsigned content must not run: %v", err)
	}
	decides, words := c.paths()
	var files []content.Entry
	for _, e := range c.set.Manifest() {
		if slices.Contains(append(decides, words...), e.Path) {
			files = append(files, e)
		}
	}
	approved := func(files []content.Entry) *Content {
		copied := *c
		copied.set = c.set.WithApprovals(content.Approval{Audience: content.CallHandler, Nation: content.England, Files: files})
		return &copied
	}
	if _, err := approved(files).MayRun(content.CallHandler, content.England, false); err != nil {
		t.Fatal(err)
	}
	if _, err := approved(files).MayRun(content.Public, content.England, false); err == nil {
		t.Fatal("signed for call handlers is not signed for the public")
	}
	for i := range files {
		if _, err := approved(slices.Delete(slices.Clone(files), i, i+1)).MayRun(content.CallHandler, content.England, false); err == nil {
			t.Fatalf("%s is not signed and runs", files[i].Path)
		}
	}
}

func TestTraceNamesSourcesAndWhatExcludedRedFlags(t *testing.T) {
	s := start(t, Years(58), Male, "chest-pain")
	say(t, s, "chest-pain/pain", "now", "chest-pain/lasts", "no", "chest-pain/features", "no")
	finish(t, s)
	o := s.Outcome()
	if o.Level != L2 || o.Dx != "Dx34" || o.Trace.Engine != EngineVersion || o.Trace.Content != s.c.Hash() {
		t.Fatalf("%+v", o)
	}
	if f := o.Trace.Fired; len(f) == 0 || f[0].Rule != "CHP-010" || f[0].Cite.Source != "NICE CG95" || !slices.Equal(f[0].Facts, []string{"chest-pain/pain"}) {
		t.Fatalf("%+v", f)
	}
	i := slices.IndexFunc(o.Trace.Excluded, func(r Reason) bool { return r.Rule == "CHP-001" })
	if i < 0 || !slices.Equal(o.Trace.Excluded[i].Facts, []string{"chest-pain/lasts"}) {
		t.Fatalf("%+v", o.Trace.Excluded)
	}
	tiers := s.Urgency().Tiers
	if !tiers[0].Ruled || !tiers[1].Ruled || !tiers[2].Reached || tiers[3].Reached {
		t.Fatalf("%+v", tiers)
	}
	for _, id := range o.SafetyNet {
		if s.c.Words(English).Worse(id) == "" {
			t.Errorf("%s has no words for the patient", id)
		}
	}
}
