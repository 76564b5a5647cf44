package triage

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/content"
)

func TestNextAllocatesNothing(t *testing.T) {
	s := start(t, Years(30), Female, "chest-pain", "head-injury", "something-else")
	for range 5 {
		n := testing.AllocsPerRun(200, func() {
			g := s.Next()
			for i := range g.Len() {
				if g.At(i).Key == "" {
					t.Error("a question without a key")
				}
			}
		})
		if n != 0 {
			t.Fatalf("Next allocates %v times", n)
		}
		g := s.Next()
		say(t, s, g.At(0).Key, string(s.p.questions[s.p.index[g.At(0).Key]].answer(0)))
	}
}

// largeContent is as large as a call may get: 6 complaints of 40 rules over 15
// facts each, beside what ships.
func largeContent(t testing.TB) (*Content, []string) {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	fs := fstest.MapFS{}
	for _, f := range set.Under("") {
		fs[f.Path] = &fstest.MapFile{Data: f.Bytes}
	}
	r := rand.New(rand.NewPCG(5, 6))
	var ids []string
	for c := range 6 {
		id := fmt.Sprintf("large-%d", c)
		ids = append(ids, id)
		var b strings.Builder
		fmt.Fprintf(&b, "complaint: %s\nversion: 1\nstatus: draft\nowner: [test]\nsource: test\nimports: [core/abc]\nfacts:\n", id)
		for f := range 15 {
			fmt.Fprintf(&b, "  f%d: {type: yes_no_unsure, bad: [yes, unsure], group: g%d, seconds: %d, prior: %d}\n", f, f/3, 3+r.IntN(9), r.IntN(500))
		}
		b.WriteString("rules:\n")
		for n := range 40 {
			fmt.Fprintf(&b, "  - id: LRG-%d%02d\n    when: [f%d.bad, f%d.bad]\n    then: {level: L%d}\n", c, n, r.IntN(15), r.IntN(15), 1+r.IntN(8))
		}
		b.WriteString("floor: {level: L10}\noutside: {level: L2, skill: [clinician]}\n")
		fs["triage/"+id+".triage"] = &fstest.MapFile{Data: []byte(b.String())}
	}
	set, err = content.Load(fs)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(set)
	if err != nil {
		t.Fatal(err)
	}
	return c, ids
}

func TestManyRulesEndAndAllocateNothing(t *testing.T) {
	c, ids := largeContent(t)
	s, err := Start(permit(t, c), ids, Profile{Age: Years(40), Sex: Male, CallerWithPatient: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.p.rules) < 240 || len(s.p.questions) < 90 {
		t.Fatalf("only %d rules and %d facts", len(s.p.rules), len(s.p.questions))
	}
	if n := testing.AllocsPerRun(100, func() { s.Next() }); n != 0 {
		t.Fatalf("Next allocates %v times", n)
	}
	if asked := finish(t, s); len(asked) == 0 || s.Outcome().Unfinished || s.Outcome().Level != L10 {
		t.Fatalf("after %d questions: %+v", len(asked), s.Outcome())
	}
}

func TestGroupsAreThreeAtMostNeverForLifeThreatsOrInterpreters(t *testing.T) {
	for _, interpreter := range []bool{false, true} {
		s := start(t, Years(30), Male, "head-injury")
		who := s.Profile()
		who.Interpreter = interpreter
		if err := s.Learn(who, 1); err != nil {
			t.Fatal(err)
		}
		largest := 0
		for g := s.Next(); g.Len() > 0; g = s.Next() {
			largest = max(largest, g.Len())
			if g.Len() > 1 && (g.LifeThreat() || g.Tier() <= L1) {
				t.Fatalf("life threats asked together: %v", g.Tier())
			}
			for i := range g.Len() {
				if g.Len() > 1 && (g.At(i).Group != g.At(0).Group || g.At(i).Kind != YesNo) {
					t.Fatalf("%s does not belong with %s", g.At(i).Key, g.At(0).Key)
				}
			}
			for i := range g.Len() {
				key := g.At(i).Key
				say(t, s, key, string(s.p.questions[s.p.index[key]].answer(0)))
				if i == 0 && g.Len() > 1 {
					break // what is left of a group is offered again
				}
			}
		}
		if want := map[bool]int{false: 3, true: 1}[interpreter]; largest != want {
			t.Errorf("interpreter %v: groups of up to %d, expected %d", interpreter, largest, want)
		}
	}
}

func TestMostUrgentTierComesFirst(t *testing.T) {
	s := start(t, Years(30), Male, "chest-pain", "head-injury")
	last := L0
	for g := s.Next(); g.Len() > 0; g = s.Next() {
		if g.Tier() < last {
			t.Fatalf("%v after %v", g.Tier(), last)
		}
		last = g.Tier()
		say(t, s, g.At(0).Key, string(s.p.questions[s.p.index[g.At(0).Key]].answer(0)))
	}
}

// Any order of the same answers, and asking only what is needed, give one
// outcome (P4).
func TestOrderOfAnswersDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	c := shipped(t)
	for _, id := range c.Complaints() {
		for range 150 {
			who := Profile{Age: Months(r.IntN(80 * 12)), Sex: []Sex{Female, Male, SexUnknown}[r.IntN(3)], CallerWithPatient: true}
			first, err := Start(permit(t, c), []string{id}, who)
			if err != nil {
				t.Fatal(err)
			}
			second, _ := Start(permit(t, c), []string{id}, who)
			order := r.Perm(len(first.p.questions))
			answers := make([]string, len(order))
			for i := range order {
				q := &first.p.questions[i]
				step := 0
				if r.IntN(10) == 0 {
					step = r.IntN(q.n + 1)
				}
				answers[i] = string(q.answer(step))
				say(t, first, q.key, answers[i])
			}
			for _, i := range order {
				say(t, second, first.p.questions[i].key, answers[i])
			}
			a, b := first.Outcome(), second.Outcome()
			if a.Level != b.Level || a.Dx != b.Dx || a.SD != b.SD || a.Unfinished || b.Unfinished {
				t.Fatalf("%s: %v %v and %v %v", id, a.Level, a.Dx, b.Level, b.Dx)
			}
		}
	}
}

func BenchmarkNextQuestion(b *testing.B) {
	shippedContent := shipped(b)
	large, ids := largeContent(b)
	for _, bench := range []struct {
		name       string
		c          *Content
		complaints []string
	}{{"shipped", shippedContent, []string{"chest-pain", "head-injury"}}, {"250 rules 95 facts", large, ids}} {
		b.Run(bench.name, func(b *testing.B) {
			s, err := Start(permit(b, bench.c), bench.complaints, Profile{Age: Years(40), Sex: Male, CallerWithPatient: true})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			questions := 0
			for b.Loop() {
				s.s = state{held: nothingHeld()}
				for g := s.Next(); g.Len() > 0; g = s.Next() {
					for i := range g.Len() {
						s.p.put(&s.s, &s.p.questions[g.c.q[i]], 0)
					}
					questions++
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(questions), "ns/question")
		})
	}
}
