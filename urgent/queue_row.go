package urgent

import (
	"cmp"

	"holdfast/codes"
	"holdfast/fact"
)

// QueueRow is what a line of the worklist shows of the queue.
type QueueRow struct {
	Goes     Goes        `cbor:"50,keyasint,omitempty"` // what is held for validation; empty: nothing is
	GoesAt   fact.Millis `cbor:"51,keyasint,omitempty"` // when it goes by itself, or is late
	Never    bool        `cbor:"52,keyasint,omitempty"` // it never goes by itself
	Went     fact.Millis `cbor:"53,keyasint,omitempty"` // it went without validation; of the newest
	Tell     bool        `cbor:"54,keyasint,omitempty"` // the patient does not know yet that they may go
	Tried    int         `cbor:"55,keyasint,omitempty"`
	Of       int         `cbor:"56,keyasint,omitempty"`
	NextTry  fact.Millis `cbor:"57,keyasint,omitempty"`
	Spent    bool        `cbor:"58,keyasint,omitempty"` // every attempt was made
	Comfort  fact.Millis `cbor:"59,keyasint,omitempty"` // when they are rung next because they wait; 0: not
	Before   fact.Millis `cbor:"60,keyasint,omitempty"` // somebody has put it first
	Original codes.Dx    `cbor:"61,keyasint,omitempty"` // what is held
	OfferTo  []OfferedTo `cbor:"62,keyasint,omitempty"`
	LastStep string      `cbor:"63,keyasint,omitempty"` // of the policy when nobody is reached
	LateBy   fact.Millis `cbor:"64,keyasint,omitempty"` // how late it went by itself, in milliseconds; 0: in time
}

// OfferedTo is to whom a case is offered.
type OfferedTo struct {
	Person fact.Subject `cbor:"1,keyasint"`
	Name   string       `cbor:"2,keyasint"`
}

// Stands gives by when a row is put in order: by its deadline, or sooner when
// it goes by itself or somebody has put it first. 0: no time of its own.
func (row *Row) Stands() fact.Millis {
	due := row.Due
	if row.Before != 0 && (due == 0 || row.Before < due) {
		due = row.Before
	}
	return due
}

// ComfortNow tells whether somebody who waits is to be rung now: nobody has the
// case, or it is late all the same.
func (row *Row) ComfortNow(now fact.Millis) bool {
	return row.Comfort != 0 && row.Comfort <= now && (len(row.Holders) == 0 || row.Due <= now)
}

// fillQueue says how a case stands in the queue. What is held is shown under
// the code of its validation, and is due when it goes.
func (row *Row) fillQueue(c Case, r *Rules) {
	if d, ok := c.Disposition(); ok {
		row.Due = r.CallBackBy(d.What)
	}
	if h, ok := c.Held(); ok && c.Stage() != SendFailed {
		row.Goes, row.GoesAt, row.Never, row.Original = h.What.Goes, h.What.Until, h.What.Never != "", h.What.Original
		row.Dx = h.What.As
		row.Needs, row.Filter = r.Need(row.Dx)
		if h.What.Goes == AmbulanceGoes {
			row.Needs += " ambulance"
		} else {
			row.Needs += " ED"
		}
		row.Priority = r.Urgent[0].Priority
		if row.Due == 0 || h.What.Until < row.Due {
			row.Due = h.What.Until
		}
	}
	for _, h := range c.Holds {
		if h.Went > row.Went {
			row.Went, row.LateBy = h.Went, fact.Millis(h.Late().Milliseconds())
		}
	}
	if h, ok := c.ToTell(); ok {
		row.Tell, row.Needs, row.Filter, row.Priority = true, "Tell the patient", "speak", r.Urgent[0].Priority
		if row.Due == 0 || h.Went < row.Due {
			row.Due = h.Went
		}
	}
	t := c.Tries(r)
	if t.Made > 0 {
		row.Tried, row.Of, row.NextTry, row.Spent = t.Made, t.Of, t.Next, t.Spent()
	}
	row.Comfort, row.Before = c.ComfortDue(r), c.First()
	for _, o := range c.Offers {
		row.OfferTo = append(row.OfferTo, OfferedTo{o.What.To, o.What.Name})
	}
	if n := len(c.Steps); n > 0 {
		row.LastStep = cmp.Or(stepName(r, c.Steps[n-1].What.Step), c.Steps[n-1].What.Step)
	}
}

func stepName(r *Rules, key string) string {
	s, _ := r.Step(key)
	return s.Name
}

// queueAsks lists what of the queue waits for a person's decision.
func (c Case) queueAsks() []string {
	h, ok := c.Crossed()
	switch {
	case !ok:
		return nil
	case h.What.Goes == AmbulanceGoes:
		return []string{"The ambulance went by itself while a clinician said otherwise: decide, and ring control"}
	}
	return []string{"The patient may be told to go while a clinician said otherwise: decide, and ring them"}
}
