package triage

import (
	"testing"

	"holdfast/content"
)

func shipped(t testing.TB) *Content {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(set)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func permit(t testing.TB, c *Content) Permit {
	t.Helper()
	p, err := c.MayRun(content.CallHandler, content.England, true)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start begins a session with a caller who is with the patient.
func start(t testing.TB, age Age, sex Sex, complaints ...string) *Session {
	t.Helper()
	c := shipped(t)
	s, err := Start(permit(t, c), complaints, Profile{Age: age, Sex: sex, CallerWithPatient: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func say(t testing.TB, s *Session, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := s.Answer(Reply{Fact: pairs[i], Answer: Answer(pairs[i+1])}); err != nil {
			t.Fatal(err)
		}
	}
}

// finish answers everything that is asked with the best answer.
func finish(t testing.TB, s *Session) (asked []string) {
	t.Helper()
	for g := s.Next(); g.Len() > 0; g = s.Next() {
		for i := range g.Len() {
			key := g.At(i).Key
			asked = append(asked, key)
			say(t, s, key, string(s.p.questions[s.p.index[key]].answer(0)))
		}
	}
	return asked
}
