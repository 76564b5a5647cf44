package urgent

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
)

// queueFolding is what folding a case keeps of how it stands in the queue.
type queueFolding struct {
	releases []placed[ValidationReleased]
	answers  []placed[ValidationAnswered]
	ends     []placed[HandoverAnswered]
	timers   map[int]fact.Hash   // the timer by which the fact at a place was stated
	twins    map[fact.Hash][]int // places of the facts of one timer
	disposed []int               // places at which it was said what is needed
}

// placed is what a fact says, with where it stands.
type placed[T any] struct {
	place int
	at    fact.Millis
	by    fact.Subject
	what  T
}

// ofQueue tells whether a kind of fact belongs to the queue.
func ofQueue(kind uint32) bool { return kind >= 231 && kind <= 238 }

// worksInQueue tells whether a fact of the queue shows somebody at work.
func worksInQueue(kind uint32) bool { return kind == 233 || kind == 234 || kind == 238 }

// endsInQueue lists the kinds of the queue that end work, hand it on or put it
// off: they count only when they are verified.
func endsInQueue(kind uint32) bool { return kind == 233 || kind == 234 || kind == 237 || kind == 238 }

// twin remembers that the fact at a place was stated for a timer.
func (q *queueFolding) twin(i int, timer fact.Hash) {
	if timer == (fact.Hash{}) {
		return
	}
	if q.timers == nil {
		q.timers, q.twins = map[int]fact.Hash{}, map[fact.Hash][]int{}
	}
	q.timers[i] = timer
	q.twins[timer] = append(q.twins[timer], i)
}

// knewOf tells whether the writer of the fact at place knew of the news at n:
// of it, or of what another device stated for the same timer.
func (c *folding) knewOf(n, place int) bool {
	if c.h.Before(n, place) {
		return true
	}
	timer, ok := c.queue.timers[n]
	return ok && c.knewTwin(timer, place)
}

func (c *folding) knewTwin(timer fact.Hash, place int) bool {
	return slices.ContainsFunc(c.queue.twins[timer], func(t int) bool { return c.h.Before(t, place) })
}

func (c *folding) applyQueue(i int, f fact.Fact) error {
	at, by := f.Body.Happened.From, f.Body.Person
	switch f.Body.Kind {
	case 231:
		return take(f, func(v ValidationHeld) {
			c.Holds = append(c.Holds, Hold{Fact: f.ID, Place: i, At: at, What: v, Timer: validationTimer(c.ID, f.ID)})
		})
	case 232:
		return take(f, func(v ValidationReleased) {
			c.news = append(c.news, i)
			c.queue.twin(i, v.Timer)
			c.queue.releases = append(c.queue.releases, placed[ValidationReleased]{i, at, by, v})
			c.dispose(i, f, v.Set)
		})
	case 233:
		return take(f, func(v ValidationAnswered) {
			c.queue.answers = append(c.queue.answers, placed[ValidationAnswered]{i, at, by, v})
		})
	case 234:
		return take(f, func(v ContactAttempted) {
			c.Attempts = append(c.Attempts, Attempt{Fact: f.ID, Place: i, At: at, What: v})
		})
	case 235:
		return take(f, func(v OrderRaised) { c.Order.Set(c.h, i, v) })
	case 236:
		return take(f, func(v HandoverOffered) {
			c.Offers = append(c.Offers, Offer{Fact: f.ID, Place: i, At: at, From: by, What: v})
		})
	case 237:
		return take(f, func(v HandoverAnswered) {
			c.queue.ends = append(c.queue.ends, placed[HandoverAnswered]{i, at, by, v})
		})
	case 238:
		return take(f, func(v NoContactStep) {
			c.Steps = append(c.Steps, StepTaken{Fact: f.ID, Place: i, At: at, What: v})
		})
	}
	return fact.ErrNewer
}

// settleQueue finds what has become of what was held, and who still offers
// what.
func (c *folding) settleQueue() {
	orderAttempts(c.Attempts)
	slices.SortStableFunc(c.Steps, func(a, b StepTaken) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.What.Step, b.What.Step), strings.Compare(a.What.Why, b.What.Why), strings.Compare(a.What.By, b.What.By))
	})
	c.oneOfTwins()
	for i := range c.Holds {
		c.settleHold(&c.Holds[i])
	}
	c.Ambulances = onePerTimer(c.Ambulances)
	var open []Offer
	for _, o := range c.Offers {
		if c.stillOffered(o) {
			open = append(open, o)
		}
	}
	c.Offers = open
}

// oneOfTwins leaves out a disposition that a timer stated on one device when
// somebody has replaced what it stated on another, and knew all that this one
// knew; of the same said twice it keeps one.
func (c *folding) oneOfTwins() {
	if len(c.queue.twins) == 0 {
		return
	}
	var kept []Disposition
	for _, d := range c.Dispositions {
		timer, ofTimer := c.queue.timers[d.Place]
		again := ofTimer && slices.ContainsFunc(kept, func(k Disposition) bool { return c.queue.timers[k.Place] == timer && k.What == d.What })
		if !again && !(ofTimer && c.replacedTwin(d.Place, timer)) {
			kept = append(kept, d)
		}
	}
	c.Dispositions = kept
}

func (c *folding) replacedTwin(place int, timer fact.Hash) bool {
	return slices.ContainsFunc(c.queue.disposed, func(j int) bool {
		if c.queue.timers[j] == timer || !c.knewTwin(timer, j) {
			return false
		}
		return !slices.ContainsFunc(c.queue.disposed, func(e int) bool {
			return c.queue.timers[e] != timer && c.h.Before(e, place) && !c.h.Before(e, j)
		})
	})
}

func (c *folding) settleHold(h *Hold) {
	var went, otherwise []int
	for _, r := range c.queue.releases {
		if r.what.Timer != h.Timer {
			continue
		}
		went = append(went, r.place)
		if h.Went == 0 || r.at < h.Went || r.at == h.Went && r.what.before(h.Release) {
			h.Went, h.Release = r.at, r.what
		}
	}
	for _, a := range c.queue.answers {
		if !slices.Contains(a.what.Held, h.Fact) {
			continue
		}
		h.Answers = append(h.Answers, a.what)
		if !a.what.Upheld {
			otherwise = append(otherwise, a.place)
		}
	}
	slices.SortStableFunc(h.Answers, func(a, b ValidationAnswered) int {
		return cmp.Or(strings.Compare(string(a.Dx), string(b.Dx)), strings.Compare(a.By, b.By), strings.Compare(a.Why, b.Why))
	})
	h.Over = c.overtaken(*h)
	h.Told = h.Went != 0 && c.told(h.Timer)
	for _, r := range went {
		for _, a := range otherwise {
			h.Crossed = h.Crossed || c.h.Apart(r, a) && !c.spokenSince(h.Timer, a)
		}
	}
}

// before gives one of two releases of one timer, by what they say alone.
func (v ValidationReleased) before(o ValidationReleased) bool {
	return cmp.Or(strings.Compare(v.By, o.By), strings.Compare(v.Why, o.Why), cmp.Compare(v.Due, o.Due)) < 0
}

// overtaken tells whether something else has taken the place of a hold: an
// ambulance that its writer did not know of, a clinician who knew of it, or
// another hold after it.
func (c *folding) overtaken(h Hold) bool {
	for i, f := range c.h.Facts() {
		switch f.Body.Kind {
		case 208:
			if !c.h.Before(i, h.Place) {
				return true
			}
		case 210:
			if access.Role(f.Body.Role) == access.Clinician && c.h.Before(h.Place, i) {
				return true
			}
		case 219, 231:
			if c.h.Before(h.Place, i) {
				return true
			}
		}
	}
	return false
}

// told tells whether the patient was spoken to by somebody who knew that they
// may go.
func (c *folding) told(timer fact.Hash) bool {
	for i, f := range c.h.Facts() {
		if !c.knewTwin(timer, i) {
			continue
		}
		switch f.Body.Kind {
		case 208, 218:
			return true
		case 234:
			if v, err := fact.Read[ContactAttempted](f); err == nil && v.For == ForTelling && v.How == RungReached {
				return true
			}
		}
	}
	return false
}

// spokenSince tells whether a clinician who knew of both has said what is
// needed.
func (c *folding) spokenSince(timer fact.Hash, answer int) bool {
	for i, f := range c.h.Facts() {
		if k := f.Body.Kind; k != 210 && k != 218 && k != 230 {
			continue
		}
		if access.Role(f.Body.Role) == access.Clinician && c.knewTwin(timer, i) && c.h.Before(answer, i) {
			return true
		}
	}
	return false
}

// onePerTimer makes one request of those that one timer, or the clinician who
// was quicker, asked for: the most urgent, at the earliest time.
func onePerTimer(all []Ambulance) []Ambulance {
	var out []Ambulance
	for _, a := range all {
		i := slices.IndexFunc(out, func(o Ambulance) bool { return a.What.Timer != (fact.Hash{}) && o.What.Timer == a.What.Timer })
		if i < 0 {
			out = append(out, a)
			continue
		}
		at := min(a.At, out[i].At)
		if a.before(out[i]) {
			out[i] = a
		}
		out[i].At = at
	}
	return out
}

// before gives one of two requests by what they say alone.
func (a Ambulance) before(o Ambulance) bool {
	return cmp.Or(strings.Compare(a.What.Category, o.What.Category), strings.Compare(a.What.Place.String(), o.What.Place.String()),
		strings.Compare(a.What.Number.Dial(), o.What.Number.Dial()), strings.Compare(a.What.Why, o.What.Why), compareDx(a.What.Dx, o.What.Dx)) < 0
}

func compareDx(a, b codes.Dx) int { return strings.Compare(string(a), string(b)) }

// stillOffered tells whether an offer waits for its answer: whoever made it
// still has the case, has offered it to nobody since, and nobody has answered.
func (c *folding) stillOffered(o Offer) bool {
	if !slices.ContainsFunc(c.Claims, func(h Holding) bool { return h.Fact == o.What.Claim }) {
		return false
	}
	if slices.ContainsFunc(c.Offers, func(p Offer) bool { return p.What.Claim == o.What.Claim && c.h.Before(o.Place, p.Place) }) {
		return false
	}
	return !slices.ContainsFunc(c.queue.ends, func(e placed[HandoverAnswered]) bool { return e.what.Offer == o.Fact })
}

// carefulHolds keeps a hold going that waits by what is verified: what nobody
// has verified ends it for nobody. That it went counts all the same.
func carefulHolds(verified, whole []Hold) []Hold {
	out := slices.Clone(whole)
	for i, h := range out {
		for _, v := range verified {
			if v.Fact == h.Fact {
				out[i].Over, out[i].Answers, out[i].Told = v.Over, v.Answers, v.Told
			}
		}
	}
	return out
}
