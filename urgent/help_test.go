package urgent

import (
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/triage"
)

var (
	evening = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)
	handler = access.Caller{Person: fact.Subject{1}, Name: "Ruth Ashdown", Role: access.CallHandler, Org: "Fellside 111", ODS: "FEL01"}
	nurse   = access.Caller{Person: fact.Subject{2}, Name: "P. Varma", Title: "nurse", Role: access.Clinician, ODS: "FEL01"}
	doctor  = access.Caller{Person: fact.Subject{3}, Name: "Dr A. Okonjo", Title: "GP", Role: access.Clinician, ODS: "TVO01"}
)

func rules(t testing.TB) *Rules {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	questions, err := triage.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	r, err := LoadRules(set, questions)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// story plays verbs on one case as one device saves them.
type story struct {
	t     testing.TB
	rules *Rules
	desk  *facttest.Writer
	facts []fact.Fact
	now   time.Time
}

func begin(t testing.TB) *story {
	return &story{t: t, rules: rules(t), desk: facttest.NewWriter("desk", fact.At(evening)), now: evening}
}

func (s *story) at() Case {
	s.t.Helper()
	facttest.SameInAnyOrder(s.t, s.facts, func(h fact.History) Case { return Fold(fact.Subject{9}, h) })
	return Fold(fact.Subject{9}, fact.NewHistory(s.facts))
}

func (s *story) says(by access.Caller, drafts []fact.Draft, err error) Case {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	s.facts = append(s.facts, s.desk.State(s.t, by.Author(), fact.NewHistory(s.facts).Frontier(), drafts...)...)
	s.now = s.now.Add(time.Minute)
	return s.at()
}

func (s *story) taken() Case {
	s.t.Helper()
	c := s.at()
	drafts, err := TakeCall(c, handler, codes.ReceivePhone("01632960418"), s.now)
	return s.says(handler, drafts, err)
}

// disposed is a call that was taken and given a disposition.
func (s *story) disposed(dx codes.Dx) Case {
	s.t.Helper()
	c := s.taken()
	drafts, err := SetDisposition(c, handler, s.rules, dx, "", s.now)
	return s.says(handler, drafts, err)
}

func wantRefusal(t testing.TB, err error, kind refusal.Kind) {
	t.Helper()
	if refusal.KindOf(err) != kind {
		t.Fatalf("want a refusal of kind %s, got %v", kind, err)
	}
}

func wantStage(t testing.TB, c Case, stage Stage) {
	t.Helper()
	if c.Stage() != stage {
		t.Fatalf("stage %q, want %q", c.Stage(), stage)
	}
}
