package urgent

import (
	"testing"
	"time"

	"holdfast/fact"
)

// What a cut holds back ends no hold, tells nobody, and is no attempt: it still
// goes by itself.
func TestWhatIsHeldBackEndsNoHold(t *testing.T) {
	for name, end := range map[string]func(s *story, c Case) []fact.Draft{
		"validated": func(s *story, c Case) []fact.Draft {
			return drafts(Validate(c, nurse, s.rules, Validation{Dx: "Dx15", Why: "walks about"}, s.now))
		},
		"lowered": func(s *story, c Case) []fact.Draft {
			return drafts(SetDisposition(c, nurse, s.rules, "Dx15", "walks about", s.now))
		},
		"closed": func(s *story, c Case) []fact.Draft { return drafts(Close(c, nurse, "rang off")) },
		"rung": func(s *story, c Case) []fact.Draft {
			return drafts(RecordAttempt(c, nurse, s.rules, Rung{For: ForCallBack, How: RungNoAnswer, Number: c.RingBack()}, s.now))
		},
	} {
		s := begin(t)
		c := s.disposed("Dx012")
		n := len(s.facts)
		s.says(nurse, end(s, c), nil)
		s.facts = hold(s.facts, func(i int) bool { return i >= n })
		c = s.at()
		if _, waits := c.Held(); !waits || c.Tries(s.rules).Made != 0 {
			t.Errorf("%s: by an entry that is held back nothing goes by itself any more", name)
		}
		out, err := LetGoOverdue(c, device, s.rules, s.now.Add(time.Hour))
		if err != nil || len(out) == 0 {
			t.Errorf("%s: it does not go: %v", name, err)
		}
	}
}

// Entries held back may let go: more care, never less.
func TestWhatIsHeldBackMayLetGo(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx012")
	n := len(s.facts)
	s.says(device, drafts(LetGoOverdue(c, device, s.rules, s.now.Add(time.Hour))), nil)
	s.facts = hold(s.facts, func(i int) bool { return i >= n })
	if c = s.at(); len(c.Ambulances) != 1 || !c.OnList() {
		t.Fatalf("%+v", c.Ambulances)
	}
}
