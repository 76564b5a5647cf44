package urgentdb

import (
	"context"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/task"
	"holdfast/urgent"
)

var wilf = fact.Subject{77}

// agreed is a case about one person to whom texts are safe.
func (s *Cases) agreed(t testing.TB) fact.Subject {
	t.Helper()
	id := s.waiting(t, "Dx34")
	s.do(t, handler, access.WriteNote, id, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Describe(c, handler, urgent.Description{
			Patient: &urgent.PatientDescribed{Identity: record.Identity{Name: record.Name{Family: "Tansley"}}, Record: wilf}, Contact: &urgent.ContactAgreed{Text: urgent.Yes},
		})
	})
	s.settled(t)
	return id
}

func (s *Cases) do(t testing.TB, by access.Caller, act access.Act, id fact.Subject, verb Verb) {
	t.Helper()
	if _, err := s.Do(context.Background(), by, act, id, nil, verb); err != nil {
		t.Fatal(err)
	}
}

func aText(filling string) urgent.Writing {
	return urgent.Writing{Route: exchange.ByText, Key: "worse", Language: "en", Phone: codes.ReceivePhone("07700900518"), Filling: filling}
}

func (s *Cases) dies(t testing.TB, id fact.Subject) {
	t.Helper()
	s.do(t, nurse, access.WriteNote, id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.FillForm(c, nurse, s.Rules, urgent.Filled{Form: urgent.FormDeath, Filling: "d", Values: map[string][]string{"by": {"doctor"}, "expected": {"expected"}}}, now)
	})
	s.settled(t)
}

// A death on one case stops what another case about the same person has on its
// way.
func TestADeathStopsLettersOfEveryCase(t *testing.T) {
	s := open(t)
	one, other := s.agreed(t), s.agreed(t)
	if _, err := s.Write(t.Context(), nurse, one, nil, aText("a"), exchange.Party{Name: "Fellside 111"}); err != nil {
		t.Fatal(err)
	}
	c, err := s.Case(t.Context(), nurse, one)
	if err != nil {
		t.Fatal(err)
	}
	e := c.Envelope(c.Outward.Letters[0].What.Envelope)
	if why, err := s.Stops(t.Context(), e); err != nil || why != "" {
		t.Fatal(why, err)
	}
	s.dies(t, other)
	if why, err := s.Stops(t.Context(), e); err != nil || why == "" {
		t.Fatal("a text goes to somebody whom another case says to be dead", err)
	}
	_, err = s.Write(t.Context(), nurse, one, nil, aText("b"), exchange.Party{})
	if f := refusal.Fields(err); len(f) != 1 || f[0].Field != "route" {
		t.Fatal(err)
	}
}

// So many a day to one person, whichever case writes.
func TestLettersAreCountedByPerson(t *testing.T) {
	s := open(t)
	most := s.Rules.Letters.ADay[exchange.ByText]
	for i := range most {
		if _, err := s.Write(t.Context(), nurse, s.agreed(t), nil, aText(string(rune('a'+i))), exchange.Party{Name: "Fellside 111"}); err != nil {
			t.Fatal(err)
		}
		s.settled(t)
	}
	if _, err := s.Write(t.Context(), nurse, s.agreed(t), nil, aText("z"), exchange.Party{Name: "Fellside 111"}); refusal.KindOf(err) != refusal.Taken {
		t.Fatal("one more than a day may have", err)
	}
}

// A death ends the phone task about a text in the same act: nobody rings.
func TestADeathEndsWhatWasToBeRungAbout(t *testing.T) {
	s := open(t)
	id := s.agreed(t)
	if _, err := s.Write(t.Context(), nurse, id, nil, aText("a"), exchange.Party{Name: "Fellside 111"}); err != nil {
		t.Fatal(err)
	}
	c, err := s.Case(t.Context(), nurse, id)
	if err != nil {
		t.Fatal(err)
	}
	timer := c.Envelopes[0].Timer()
	about := task.SubjectOf(timer)
	_, err = s.Journal.Do(t.Context(), s.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		return task.Raise(task.Task{Subject: about}, s.Device, task.Raised{Timer: timer, What: task.PhoneNoReceipt, List: task.Dispatch, About: id, Reason: "x"}, tx.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	s.dies(t, id)
	h, err := s.Journal.History(t.Context(), about)
	if err != nil || task.Fold(about, h).Open() {
		t.Fatal("somebody is still asked to ring", err)
	}
}
