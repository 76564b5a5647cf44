package urgent

import (
	"cmp"
	"slices"

	"holdfast/codes"
	"holdfast/fact"
)

// Call is the present state of one telephone call.
type Call struct {
	ID         fact.Subject     `cbor:"1,keyasint"`
	Exchange   string           `cbor:"2,keyasint"`
	Number     string           `cbor:"3,keyasint"` // the exchange's
	From       codes.Phone      `cbor:"4,keyasint"`
	Dialled    string           `cbor:"5,keyasint"`
	Events     []CallEvent      `cbor:"6,keyasint"` // each once, as they happened
	Recordings []string         `cbor:"7,keyasint"`
	Cases      []TelephoneTaken `cbor:"8,keyasint"` // under which it is taken
	Heard      fact.Millis      `cbor:"9,keyasint"` // when we last heard of it
	NotShown   []fact.ID        `cbor:"10,keyasint"`
}

// CallEvent is one event of a call. At is by our clock, as well as that can be
// told; Theirs is what the exchange's clock said.
type CallEvent struct {
	Event     string      `cbor:"1,keyasint"`
	What      Moment      `cbor:"2,keyasint"`
	At        fact.Millis `cbor:"3,keyasint"`
	Theirs    fact.Millis `cbor:"4,keyasint"`
	Behind    int64       `cbor:"5,keyasint"`
	Extension string      `cbor:"6,keyasint"`
	To        string      `cbor:"7,keyasint"`
}

// oneClock is how far offsets may lie apart, in ms, within a call whose events
// the exchange dated by one clock: what more there is is a clock that was set.
const oneClock = 5000

// FoldCall turns the facts of one call into its state: the same whatever the
// order in which events came, and whether they came once or twice.
func FoldCall(id fact.Subject, h fact.History) Call {
	c := Call{ID: id}
	events := map[string]TelephoneEvent{}
	for _, f := range h.Facts() {
		if f.OfJournal() {
			continue
		}
		if err := c.take(f, events); err != nil {
			c.NotShown = append(c.NotShown, f.ID)
		}
	}
	c.order(events)
	slices.SortFunc(c.Cases, func(a, b TelephoneTaken) int {
		return cmp.Or(slices.Compare(a.Case[:], b.Case[:]), cmp.Compare(a.By, b.By))
	})
	c.Cases = slices.CompactFunc(c.Cases, func(a, b TelephoneTaken) bool { return a.Case == b.Case })
	slices.Sort(c.Recordings)
	c.Recordings = slices.Compact(c.Recordings)
	return c
}

func (c *Call) take(f fact.Fact, events map[string]TelephoneEvent) error {
	switch f.Body.Kind {
	case 600:
		return take(f, func(v TelephoneEvent) {
			c.Heard = max(c.Heard, f.Body.Happened.From)
			if was, twice := events[v.Event]; !twice || less(v, was) {
				events[v.Event] = v
			}
		})
	case 601:
		return take(f, func(v TelephoneTaken) { c.Cases = append(c.Cases, v) })
	}
	return fact.ErrNewer
}

// less orders two tellings of one event: that which was longer on its way, or
// says something else, gives way.
func less(a, b TelephoneEvent) bool {
	return cmp.Or(cmp.Compare(a.Behind, b.Behind), cmp.Compare(a.At, b.At), cmp.Compare(a.What, b.What), cmp.Compare(a.Extension, b.Extension),
		cmp.Compare(a.To, b.To), cmp.Compare(a.From.Number, b.From.Number), cmp.Compare(a.Recording, b.Recording)) < 0
}

// order dates the events by our clock and puts them in order. The way here
// only ever adds to an offset, so the smallest of one clock is nearest to it;
// offsets that lie far apart are of a clock that was set in the middle of the
// call, and each event goes by its own.
func (c *Call) order(events map[string]TelephoneEvent) {
	least, most := int64(0), int64(0)
	first := true
	for _, v := range events {
		if first {
			least, most, first = v.Behind, v.Behind, false
		}
		least, most = min(least, v.Behind), max(most, v.Behind)
	}
	var all []TelephoneEvent
	for _, v := range events {
		behind := least
		if most-least > oneClock {
			behind = v.Behind
		}
		all = append(all, v)
		c.Events = append(c.Events, CallEvent{
			Event: v.Event, What: v.What, At: v.At + fact.Millis(behind), Theirs: v.At, Behind: v.Behind, Extension: v.Extension, To: v.To,
		})
	}
	slices.SortFunc(c.Events, func(a, b CallEvent) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(rankOf(a.What), rankOf(b.What)), cmp.Compare(a.Event, b.Event))
	})
	slices.SortFunc(all, func(a, b TelephoneEvent) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(rankOf(a.What), rankOf(b.What)), cmp.Compare(a.Event, b.Event))
	})
	for _, v := range all {
		c.Exchange, c.Number = cmp.Or(c.Exchange, v.Exchange), cmp.Or(c.Number, v.Call)
		c.Dialled = cmp.Or(c.Dialled, v.Dialled)
		if !c.From.Present() && (v.From.Present() || v.From.Kind == codes.Withheld) {
			c.From = v.From
		}
		if v.Recording != "" {
			c.Recordings = append(c.Recordings, v.Recording)
		}
	}
}

func rankOf(m Moment) int { return slices.Index(Moments(), m) }

// first gives when one of these happened first; 0: not known.
func (c Call) first(of ...Moment) fact.Millis {
	for _, e := range c.Events {
		if slices.Contains(of, e.What) {
			return e.At
		}
	}
	return 0
}

// OfferedAt is when the call reached the exchange, by our clock; 0: not known.
func (c Call) OfferedAt() fact.Millis { return c.first(Offered) }

// AnsweredAt is when somebody first had the caller; 0: nobody has, as far as
// is known.
func (c Call) AnsweredAt() fact.Millis { return c.first(Answered) }

// OverAt is when the call ended, however it did; 0: it goes on.
func (c Call) OverAt() fact.Millis { return c.first(Terminated, Abandoned, Ended) }

// WaitsFrom is when the caller began to wait for a person: the end of the
// message; of a call without one when it was offered. 0: still in the message,
// or not known.
func (c Call) WaitsFrom() fact.Millis {
	if at := c.first(Queued); at != 0 || c.first(InMessage) != 0 {
		return at
	}
	return c.OfferedAt()
}

// Began is the first that is known of the call.
func (c Call) Began() fact.Millis {
	for _, e := range c.Events {
		if e.What != Recorded {
			return e.At
		}
	}
	return c.Heard
}

// Waiting tells whether the caller is with nobody, in the message or queued:
// never answered, or put back into the queue since.
func (c Call) Waiting() bool {
	if c.OverAt() != 0 || len(c.Events) == 0 {
		return false
	}
	waits := false
	for _, e := range c.Events {
		switch e.What {
		case Queued, InMessage, Offered:
			waits = true
		case Answered, Joined, Held, Resumed, Transferred:
			waits = false
		}
	}
	return waits
}

// WaitingSince is when the wait that goes on now began.
func (c Call) WaitingSince() fact.Millis {
	since := c.Began()
	for _, e := range c.Events {
		if e.What == Queued {
			since = e.At
		}
	}
	return since
}

// On lists the extensions that have the caller now, whoever answered first
// first. Two that answered one call are both listed.
func (c Call) On() []string {
	if c.OverAt() != 0 {
		return nil
	}
	return c.parties()
}

// LastOn lists the extensions that have the caller, or had when it ended.
func (c Call) LastOn() []string { return c.parties() }

func (c Call) parties() []string {
	var on []string
	add := func(e string) {
		if e != "" && !slices.Contains(on, e) {
			on = append(on, e)
		}
	}
	for _, e := range c.Events {
		switch e.What {
		case Answered, Joined:
			add(e.Extension)
		case Left:
			on = slices.DeleteFunc(on, func(x string) bool { return x == e.Extension })
		case Transferred:
			on = slices.DeleteFunc(on, func(x string) bool { return x == e.Extension })
			add(e.To)
		case Queued:
			on = nil
		}
	}
	return on
}

// HeldSince is since when the caller is on hold; 0: they are not.
func (c Call) HeldSince() fact.Millis {
	var since fact.Millis
	for _, e := range c.Events {
		switch e.What {
		case Held:
			since = e.At
		case Resumed, Answered, Transferred:
			since = 0
		}
	}
	if c.OverAt() != 0 {
		return 0
	}
	return since
}

// Clock gives how far the exchange's clock stood behind ours at the last
// event, in ms; negative: ahead.
func (c Call) Clock() int64 {
	if len(c.Events) == 0 {
		return 0
	}
	least := c.Events[0].Behind
	for _, e := range c.Events {
		least = min(least, e.Behind)
	}
	return least
}
