package urgentdb

import (
	"testing"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// What somebody has in hand is decided from facts. A list that is late is waited
// for, and one that can't be read makes it unknown, never "not theirs".
func TestWhatIsInHandIsNeverMissedForALateList(t *testing.T) {
	s, ctx := openSite(t), t.Context()
	says := func(by access.Caller, id fact.Subject, content ...fact.Content) { // nobody waits for the list
		t.Helper()
		_, err := s.Journal.Do(ctx, by.Author(), nil, func(*journal.Tx) (out []fact.Draft, err error) {
			for _, c := range content {
				out = append(out, fact.Say(id, c))
			}
			return out, nil
		})
		must(t, err)
	}
	for n := range byte(40) {
		id, rec := fact.Subject{100, n}, fact.Subject{101, n}
		says(handler, id, urgent.CallTaken{Number: "26-1", By: "R. Ashdown"}, urgent.PatientDescribed{Record: rec})
		if care := s.CareOf(ctx, handler, rec); !care.Mine || !care.InCall || !care.Working || care.Unknown {
			t.Fatalf("call %d: %+v", n, care)
		}
		says(nurse, id, urgent.Claimed{By: "P. Varma"})
		if care := s.CareOf(ctx, nurse, rec); !care.Mine || care.Unknown {
			t.Fatalf("claim %d: %+v", n, care)
		}
		if care := s.CareOf(ctx, handler, rec); !care.Mine {
			t.Fatalf("a call whose case a colleague claimed is taken from its taker: %+v", care)
		}
	}
	held, err := s.InHand(ctx, nurse.Person)
	must(t, err)
	if len(held) != 40 {
		t.Errorf("%d cases in hand", len(held))
	}
	mine, other := fact.Subject{100, 1}, fact.Subject{9, 9}
	if care := s.CareOf(ctx, nurse, other); care.Mine || care.Unknown {
		t.Errorf("nobody's record: %+v", care)
	}
	must(t, s.Journal.Views().Close())
	if care := s.CareOf(ctx, nurse, mine); !care.Mine {
		t.Errorf("their case, with no list to be read: %+v", care)
	}
	if care := s.CareOf(ctx, nurse, fact.Subject{101, 1}); !care.Unknown {
		t.Errorf("its record, with no list to be read: %+v", care)
	}
	if records, err := s.RecordsOf(ctx, mine); err != nil || len(records) != 1 {
		t.Errorf("whom a case is about, with no list to be read: %v %v", records, err)
	}
	if _, err := s.InHand(ctx, nurse.Person); err == nil {
		t.Error("an unreadable list is taken for an empty one")
	}
	if r := s.RelationTo(ctx, nurse, other); r != access.OnShift {
		t.Errorf("a list that fails keeps people out: %q", r)
	}
}
