package urgent

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Telephoned is what a case knows of the calls by which it came, and of the
// ways its ambulance was asked for.
type Telephoned struct {
	Ties       []TelephoneTied `cbor:"60,keyasint,omitempty"` // each call once
	Gone       []CallerGone    `cbor:"61,keyasint,omitempty"` // each call once, the earliest
	Recordings []RecordingKept `cbor:"62,keyasint,omitempty"`
	Ways       []AmbulanceSent `cbor:"63,keyasint,omitempty"`
	Cancelled  []Cancelled     `cbor:"64,keyasint,omitempty"`
}

// Cancelled is an ambulance that was cancelled after it was asked for.
type Cancelled struct {
	Fact fact.ID            `cbor:"1,keyasint"`
	At   fact.Millis        `cbor:"2,keyasint"`
	What AmbulanceCancelled `cbor:"3,keyasint"`
	Told *FamilyTold        `cbor:"4,keyasint"` // nil: nobody has told them yet
}

// applyTelephone takes in a fact of 260 to 269. told keeps what was said of
// cancellations, which may stand before them.
func (c *folding) applyTelephone(i int, f fact.Fact, at fact.Millis) error {
	switch f.Body.Kind {
	case 260:
		return take(f, func(v TelephoneTied) {
			c.Ties = keepFirst(c.Ties, v, func(t TelephoneTied) fact.Subject { return t.Call }, tieOrder)
		})
	case 261:
		return take(f, func(v CallerGone) {
			c.Gone = keepFirst(c.Gone, v, func(g CallerGone) fact.Subject { return g.Call }, func(a, b CallerGone) int { return cmp.Compare(a.At, b.At) })
		})
	case 262:
		return take(f, func(v RecordingKept) {
			c.Recordings = keepFirst(c.Recordings, v, func(r RecordingKept) string { return r.Recording }, func(a, b RecordingKept) int {
				return slices.Compare(a.Call[:], b.Call[:])
			})
		})
	case 263:
		return take(f, func(v AmbulanceSent) { c.Ways = append(c.Ways, v) })
	case 264:
		return take(f, func(v AmbulanceCancelled) {
			c.news = append(c.news, i)
			c.Cancelled = append(c.Cancelled, Cancelled{Fact: f.ID, At: at, What: v})
		})
	case 265:
		return take(f, func(v FamilyTold) { c.families = append(c.families, v) })
	}
	return fact.ErrNewer
}

func tieOrder(a, b TelephoneTied) int {
	return cmp.Or(cmp.Compare(a.Answered, b.Answered), cmp.Compare(a.Offered, b.Offered), cmp.Compare(a.Extension, b.Extension))
}

// keepFirst keeps one value of each key, in the order of keys' first coming;
// of two the one that order puts first.
func keepFirst[T any, K comparable](all []T, v T, key func(T) K, order func(a, b T) int) []T {
	for i, was := range all {
		if key(was) == key(v) {
			if order(v, was) < 0 {
				all[i] = v
			}
			return all
		}
	}
	return append(all, v)
}

// settleTelephone puts what was said of the telephone in an order that does
// not hang on ids, and says which cancellations are told.
func (c *folding) settleTelephone() {
	slices.SortFunc(c.Ties, func(a, b TelephoneTied) int { return cmp.Or(tieOrder(a, b), slices.Compare(a.Call[:], b.Call[:])) })
	slices.SortFunc(c.Gone, func(a, b CallerGone) int {
		return cmp.Or(cmp.Compare(a.At, b.At), slices.Compare(a.Call[:], b.Call[:]))
	})
	slices.SortFunc(c.Recordings, func(a, b RecordingKept) int { return cmp.Compare(a.Recording, b.Recording) })
	for i := range c.Cancelled {
		for _, told := range c.families {
			if was := c.Cancelled[i].Told; told.Cancelled == c.Cancelled[i].Fact && (was == nil || cmp.Or(cmp.Compare(told.Whom, was.Whom), cmp.Compare(told.Plan, was.Plan), cmp.Compare(told.By, was.By)) < 0) {
				c.Cancelled[i].Told = &told
			}
		}
	}
}

// HasCall tells whether the case came by this telephone call.
func (t Telephoned) HasCall(call fact.Subject) bool {
	return slices.ContainsFunc(t.Ties, func(x TelephoneTied) bool { return x.Call == call })
}

// GoneAt is when the last call by which the case came was over; 0: one of them
// goes on, or the case came by none that the exchange told of.
func (t Telephoned) GoneAt() fact.Millis {
	var last fact.Millis
	for _, tie := range t.Ties {
		i := slices.IndexFunc(t.Gone, func(g CallerGone) bool { return g.Call == tie.Call })
		if i < 0 {
			return 0
		}
		last = max(last, t.Gone[i].At)
	}
	return last
}

// CallerLost tells whether the caller is gone before anybody could say what is
// needed: somebody rings back.
func (c Case) CallerLost() bool {
	_, disposed := c.Disposition()
	return c.Stage() == OnCall && !disposed && c.GoneAt() != 0
}

// Untold lists cancelled ambulances of which nobody has told the family.
func (c Case) Untold() []Cancelled {
	return slices.DeleteFunc(slices.Clone(c.Cancelled), func(x Cancelled) bool { return x.Told != nil })
}

// TakeTelephoned says that a case is taken by a telephone call. Stated already
// it states nothing. It goes beside CallTaken, or is added to a case later.
func TakeTelephoned(c Case, call Call, by access.Caller) ([]fact.Draft, error) {
	if len(call.Events) == 0 {
		return nil, refusal.New(refusal.Missing, "This telephone call is not known here. Go on: the call is taken by hand.")
	}
	var out []fact.Draft
	if !c.HasCall(call.ID) {
		tie := TelephoneTied{Call: call.ID, Exchange: call.Exchange, Number: call.Number, Offered: call.OfferedAt(), Answered: call.AnsweredAt()}
		if on := call.LastOn(); len(on) > 0 {
			tie.Extension = on[0]
		}
		out = append(out, fact.Say(c.ID, tie))
	}
	if !slices.ContainsFunc(call.Cases, func(t TelephoneTaken) bool { return t.Case == c.ID }) {
		out = append(out, fact.Say(call.ID, TelephoneTaken{Case: c.ID, By: by.Says()}))
	}
	return out, nil
}

// Follow says on a case what became of a call by which it came: that the caller
// is gone, and where the recording lies. It says nothing twice.
func Follow(c Case, call Call) []fact.Draft {
	if !c.Begun() || !slices.ContainsFunc(call.Cases, func(t TelephoneTaken) bool { return t.Case == c.ID }) && !c.HasCall(call.ID) {
		return nil
	}
	var out []fact.Draft
	if over := call.OverAt(); over != 0 && !slices.ContainsFunc(c.Gone, func(g CallerGone) bool { return g.Call == call.ID }) {
		out = append(out, fact.Say(c.ID, CallerGone{Call: call.ID, At: over}))
	}
	for _, ref := range call.Recordings {
		if !slices.ContainsFunc(c.Recordings, func(r RecordingKept) bool { return r.Recording == ref }) {
			out = append(out, fact.Say(c.ID, RecordingKept{Call: call.ID, Recording: ref}))
		}
	}
	return out
}

// AnsweredBefore gives when somebody answered the caller of what was done at a
// time: the last answer before it, else when the call was taken. call tells
// that it is the exchange's word.
func (c Case) AnsweredBefore(at fact.Millis) (answered fact.Millis, call bool) {
	for _, tie := range c.Ties {
		if tie.Answered != 0 && tie.Answered <= at && tie.Answered > answered {
			answered, call = tie.Answered, true
		}
	}
	if !call && c.Taken != nil && c.Began <= at {
		answered = c.Began
	}
	return answered, call
}

// RequestID names a request for an ambulance by what it says.
func RequestID(v AmbulanceRequested) ([16]byte, error) {
	b, err := fact.Encode(v)
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16]), err
}

// Way gives the way by which a request went; ok is false for one of which none
// is on record.
func (c Case) Way(a Ambulance) (way AmbulanceSent, ok bool) {
	id, err := RequestID(a.What)
	if err != nil {
		return way, false
	}
	for _, w := range c.Ways {
		if w.Request == id && (!ok || w.Requested < way.Requested) {
			way, ok = w, true
		}
	}
	return way, ok
}

// AfterAnswer is how long after the answer the ambulance was asked for; ok is
// false when that is not known.
func (c Case) AfterAnswer(a Ambulance) (after time.Duration, ok bool) {
	if way, sent := c.Way(a); sent && way.Answered != 0 {
		return span(way.Answered, way.Requested), true
	}
	answered, _ := c.AnsweredBefore(a.At)
	if answered == 0 {
		return 0, false
	}
	return span(answered, a.At), true
}
