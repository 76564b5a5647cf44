package urgent

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/task"
)

// Queue is how a case stands in the queue: what is held for validation, who
// was rung, and what colleagues have arranged about it.
type Queue struct {
	Holds    []Hold                     `cbor:"50,keyasint"`
	Attempts []Attempt                  `cbor:"51,keyasint"` // oldest first
	Order    fact.Register[OrderRaised] `cbor:"52,keyasint"`
	Offers   []Offer                    `cbor:"53,keyasint"` // open ones
	Steps    []StepTaken                `cbor:"54,keyasint"`
}

// Hold is one outcome that waits, or waited, for a clinician.
type Hold struct {
	Fact    fact.ID              `cbor:"1,keyasint"`
	Place   int                  `cbor:"2,keyasint"`
	At      fact.Millis          `cbor:"3,keyasint"`
	What    ValidationHeld       `cbor:"4,keyasint"`
	Timer   fact.Hash            `cbor:"5,keyasint"`
	Went    fact.Millis          `cbor:"6,keyasint,omitempty"`  // when it was let go; 0: it was not
	Release ValidationReleased   `cbor:"7,keyasint"`            // how
	Answers []ValidationAnswered `cbor:"8,keyasint"`            // by clinicians
	Over    bool                 `cbor:"9,keyasint,omitempty"`  // an ambulance, a clinician or a newer hold has taken its place
	Crossed bool                 `cbor:"10,keyasint,omitempty"` // it went while a clinician who could not know said otherwise
	Told    bool                 `cbor:"11,keyasint,omitempty"` // the patient knows that they may go
}

// Attempt is one time that somebody was rung.
type Attempt struct {
	Fact  fact.ID          `cbor:"1,keyasint"`
	Place int              `cbor:"2,keyasint"`
	At    fact.Millis      `cbor:"3,keyasint"`
	What  ContactAttempted `cbor:"4,keyasint"`
}

// Offer is a claim that somebody wants to hand over.
type Offer struct {
	Fact  fact.ID         `cbor:"1,keyasint"`
	Place int             `cbor:"2,keyasint"`
	At    fact.Millis     `cbor:"3,keyasint"`
	From  fact.Subject    `cbor:"4,keyasint"`
	What  HandoverOffered `cbor:"5,keyasint"`
}

// StepTaken is one step of the policy for those whom nobody can reach.
type StepTaken struct {
	Fact  fact.ID       `cbor:"1,keyasint"`
	Place int           `cbor:"2,keyasint"`
	At    fact.Millis   `cbor:"3,keyasint"`
	What  NoContactStep `cbor:"4,keyasint"`
}

// validationTimer names the timer by which a held outcome goes by itself.
func validationTimer(about fact.Subject, began fact.ID) fact.Hash {
	return task.TimerID(about, "validation", began)
}

// waits tells whether nothing has ended the hold yet.
func (h Hold) waits() bool { return h.Went == 0 && len(h.Answers) == 0 && !h.Over }

// Late says how late it went: an hour when the devices that held it were off.
// It is 0 while a device may only have waited for its turn.
func (h Hold) Late() time.Duration {
	late := h.Went.Time().Sub(h.Release.Due.Time())
	if h.Went == 0 || h.Release.By != "" || late < lateAfter {
		return 0
	}
	return late
}

// lateAfter is how long after its time something that goes by itself counts as
// late.
const lateAfter = time.Minute

// Held gives what waits for a clinician's validation now, of several what goes
// first.
func (c Case) Held() (Hold, bool) {
	if c.Closed() || c.Decided || c.Stage() == HandedOn || c.Died() {
		return Hold{}, false
	}
	var first Hold
	found := false
	for _, h := range c.Holds {
		if h.waits() && (!found || h.What.Until < first.What.Until) {
			first, found = h, true
		}
	}
	return first, found
}

// ToTell gives the outcome that was let go and of which the patient does not
// know yet.
func (c Case) ToTell() (Hold, bool) {
	for _, h := range c.Holds {
		if h.What.Goes == PatientGoes && h.Went != 0 && !h.Told && !c.Closed() && !c.Died() {
			return h, true
		}
	}
	return Hold{}, false
}

// Crossed gives what went by itself while a clinician who could not know said
// otherwise, until a clinician who knows of both has spoken.
func (c Case) Crossed() (Hold, bool) {
	for _, h := range c.Holds {
		if h.Crossed && !c.Closed() {
			return h, true
		}
	}
	return Hold{}, false
}

// First gives by when the case is put before others in the queue; 0: nobody
// has put it forward. Of what was said apart the earliest counts.
func (c Case) First() fact.Millis {
	var out fact.Millis
	for _, v := range c.Order.Values {
		if b := v.Value.Before; b != 0 && (out == 0 || b < out) {
			out = b
		}
	}
	return out
}

// OfferTo gives the open offer to somebody, the newest of several.
func (c Case) OfferTo(person fact.Subject) (Offer, bool) {
	for _, o := range slices.Backward(c.Offers) {
		if o.What.To == person {
			return o, true
		}
	}
	return Offer{}, false
}

// Numbers lists every number by which somebody may be reached about the case,
// the one to ring first, each once.
func (c Case) Numbers() []codes.Phone {
	var out []codes.Phone
	add := func(p codes.Phone) {
		if p.Present() && p.Dial() != "" && !slices.ContainsFunc(out, func(o codes.Phone) bool { return o.Dial() == p.Dial() }) {
			out = append(out, p)
		}
	}
	add(c.RingBack())
	var more []codes.Phone
	for _, v := range c.Caller.Values {
		more = append(more, v.Value.RingBack)
	}
	if c.Taken != nil {
		more = append(more, c.Taken.Calling)
	}
	for _, a := range c.Arrived {
		more = append(more, a.What.Referral.Callback)
		for _, one := range a.What.Referral.Contacts {
			more = append(more, one.Phones...)
		}
	}
	for _, p := range c.Patient.Values {
		for _, l := range p.Value.Identity.Lines {
			more = append(more, l.Phone)
		}
	}
	slices.SortStableFunc(more, func(a, b codes.Phone) int { return strings.Compare(a.Dial(), b.Dial()) })
	for _, p := range more {
		add(p)
	}
	return out
}

// lastReached gives when somebody was last spoken to: on the phone, or in a
// consultation.
func (c Case) lastReached() fact.Millis {
	var out fact.Millis
	for _, a := range c.Attempts {
		if a.What.How == RungReached {
			out = max(out, a.At)
		}
	}
	for _, one := range c.Consultations {
		out = max(out, one.At)
	}
	return out
}

// Tries says how often somebody was rung in vain since they were last spoken
// to.
type Tries struct {
	Made, Of int
	Next     fact.Millis // the next attempt; 0: now
	Untried  []codes.Phone
}

// Spent tells whether every attempt was made, on every number that is known.
func (t Tries) Spent() bool { return t.Made >= t.Of && len(t.Untried) == 0 }

// Tries counts the attempts to reach somebody. Rung again too soon is the same
// attempt: they are to be spread out.
func (c Case) Tries(r *Rules) Tries {
	since := c.lastReached()
	t := Tries{Of: len(r.Queue.Tries)}
	var last fact.Millis
	tried := map[string]bool{}
	for _, a := range c.Attempts {
		if a.What.How == RungReached || a.At <= since {
			continue
		}
		tried[a.What.Number.Dial()] = true
		if t.Made == 0 || t.Made < t.Of && a.At >= last+fact.Millis(r.Queue.Tries[t.Made].Milliseconds()) {
			t.Made++
			last = a.At
		}
	}
	if t.Made > 0 && t.Made < t.Of {
		t.Next = last + fact.Millis(r.Queue.Tries[t.Made].Milliseconds())
	}
	for _, p := range c.Numbers() {
		if !tried[p.Dial()] {
			t.Untried = append(t.Untried, p)
		}
	}
	return t
}

// CallBackBy gives by when the patient is rung back: immediate codes have
// their own time, all others that of the code. 0: no time of its own.
func (r *Rules) CallBackBy(d DispositionSet) fact.Millis {
	within, immediate := r.Queue.CallBacks[d.Dx]
	if !immediate {
		return d.Due
	}
	by := d.From + fact.Millis(within.Milliseconds())
	if d.Due > d.From && d.Due < by {
		return d.Due
	}
	return by
}

// ComfortDue gives when somebody who waits is rung next to ask how they are:
// before the deadline, then again and again. 0: not now.
func (c Case) ComfortDue(r *Rules) fact.Millis {
	d, ok := c.Disposition()
	stage := c.Stage()
	if !ok || stage != Waiting && stage != SendFailed {
		return 0
	}
	due := r.CallBackBy(d.What)
	if due == 0 || len(c.Ambulances) > 0 || c.Died() {
		return 0
	}
	if h, held := c.Held(); held && h.What.Never == "" {
		return 0 // it goes before it is late
	}
	if _, untold := c.ToTell(); untold {
		return 0 // they are rung anyhow
	}
	row := r.Queue.Comfort[r.Priority(d.What)]
	from := d.What.From
	first := max(due-fact.Millis(row.Before.Milliseconds()), from+(due-from)/2)
	reached := c.lastReached()
	if reached <= from || reached < first-fact.Millis(row.Every.Milliseconds()) {
		return first
	}
	return max(first, reached+fact.Millis(row.Every.Milliseconds()))
}

// ambulanceOnTheLine tells whether an ambulance was asked for with the caller on
// the line, and not by a timer or a validation after they had rung off.
func (c Case) ambulanceOnTheLine() bool {
	return slices.ContainsFunc(c.Ambulances, func(a Ambulance) bool {
		return !slices.ContainsFunc(c.Holds, func(h Hold) bool {
			return h.Timer == a.What.Timer && (h.Went != 0 || len(h.Answers) > 0)
		})
	})
}

// orderAttempts puts attempts in the order in which they were made.
func orderAttempts(all []Attempt) {
	slices.SortStableFunc(all, func(a, b Attempt) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(string(a.What.How), string(b.What.How)), strings.Compare(a.What.Number.Dial(), b.What.Number.Dial()),
			strings.Compare(string(a.What.For), string(b.What.For)), strings.Compare(string(a.What.Worse), string(b.What.Worse)),
			strings.Compare(a.What.By, b.What.By), strings.Compare(a.What.Note, b.What.Note))
	})
}
