package urgent

import (
	"time"

	"holdfast/fact"
)

// What the worklist says of these.
const (
	NeedsRingBack = "Ring back: caller gone"
	NeedsTelling  = "Tell them: no ambulance comes"
)

// telephone puts what the telephone and the ambulance service said into the
// row. It only ever makes a row more urgent, and due earlier.
func (row *Row) telephone(c Case, r *Rules) {
	within := fact.Millis(r.Phone.RingBack / time.Millisecond)
	if c.CallerLost() {
		row.Needs, row.Filter, row.Priority, row.From = NeedsRingBack, "speak", "P1", c.GoneAt()
		row.Marks = append(row.Marks, "Caller gone")
		row.dueBy(c.GoneAt() + within)
		if len(c.Claims) == 0 {
			row.Holders = nil // nobody has the caller any more: anybody rings
		}
	}
	for i := range row.Holders {
		if row.Holders[i].Doing == DoingCall && c.GoneAt() != 0 {
			row.Holders[i].Doing = "caller gone"
		}
	}
	untold := c.Untold()
	if len(untold) == 0 || c.Stage() == Over {
		return
	}
	row.Needs, row.Filter, row.Priority = NeedsTelling, "speak", "P1"
	row.Marks = append(row.Marks, "Ambulance cancelled")
	row.dueBy(untold[0].At + within)
}

func (row *Row) dueBy(at fact.Millis) {
	if row.Due == 0 || at < row.Due {
		row.Due = at
	}
}
