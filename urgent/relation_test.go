package urgent

import (
	"testing"

	"holdfast/access"
	"holdfast/fact"
)

func TestRelationTo(t *testing.T) {
	me, other := fact.Subject{1}, fact.Subject{2}
	closed := Case{Taken: &CallTaken{}, TakenBy: other, Closings: []Closing{{}}}
	live := closed
	live.Closings = nil
	mine := closed
	mine.Line = []Entry{{Person: other}, {Person: me}}
	reporting := closed
	reporting.Reports = []Report{{}}
	unread := closed
	unread.NotShown = []fact.ID{{}}
	gaps := closed
	gaps.Gaps = []fact.ID{{}}
	held := closed
	held.HeldBack = &HeldBack{}
	for name, one := range map[string]struct {
		c    Case
		open bool
		want access.Relation
	}{
		"live":                               {live, false, access.OnShift},
		"closed, nobody of mine":             {closed, false, access.Unlinked},
		"closed, the patient is here again":  {closed, true, access.OnShift},
		"closed, I took part":                {mine, false, access.OnCase},
		"closed, the GP is not told":         {reporting, false, access.OnShift},
		"something of it can't be read":      {unread, false, access.OnShift},
		"something of it is missing":         {gaps, false, access.OnShift},
		"something of it is held back":       {held, false, access.OnShift},
		"not begun, as far as we know":       {Case{}, false, access.OnShift},
		"nobody asks, and nobody took it up": {Case{Closings: []Closing{{}}}, false, access.Unlinked},
	} {
		who := me
		if name == "nobody asks, and nobody took it up" {
			who = fact.Subject{}
		}
		if got := RelationTo(one.c, who, one.open); got != one.want {
			t.Errorf("%s: %s, want %s", name, got, one.want)
		}
	}
}
