package urgent

import (
	"cmp"
	"errors"
	"slices"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
)

// fold turns the facts that count into the state of one case.
func fold(id fact.Subject, h fact.History) Case {
	c := Case{ID: id, Gaps: h.Gaps(), Frontier: h.Frontier()}
	c.Envelopes, _ = exchange.FoldEnvelopes(h) // what it cannot read is listed below, one by one
	f := folding{Case: &c, h: h, released: map[fact.ID]bool{}, said: map[uint32][]int{}}
	for i, one := range h.Facts() {
		if err := f.apply(i, one); err != nil {
			c.NotShown = append(c.NotShown, one.ID)
		}
		c.Line = append(c.Line, Entry{
			Fact: one.ID, Kind: one.Body.Kind, Happened: one.Body.Happened.From, Recorded: one.Header.Recorded,
			Person: one.Body.Person, Role: one.Body.Role,
		})
	}
	f.settle()
	return c
}

type folding struct {
	*Case
	h        fact.History
	released map[fact.ID]bool
	said     map[uint32][]int // places of what was stated, by kind
	news     []int            // places of facts that say something new about the patient's state
	work     []int            // places of facts by which somebody works on the case
	done     []ReportDone
	gathered
	families []FamilyTold // of cancelled ambulances
	queue    queueFolding
	failed   []failedAt // where it was said that an envelope did not arrive
}

// take reads a fact's content and hands it on.
func take[T fact.Content](f fact.Fact, use func(T)) error {
	c, err := fact.Read[T](f)
	if err == nil {
		use(c)
	}
	return err
}

func (c *folding) apply(i int, f fact.Fact) error {
	at := f.Body.Happened.From
	if f.OfJournal() {
		return nil
	}
	c.failure(i, f)
	if works(f.Body.Kind) {
		c.work = append(c.work, i)
	}
	switch f.Body.Kind {
	case 107, 108:
		return c.applySupport(f)
	case 200:
		return take(f, func(v CallTaken) { c.taken(f, v) })
	case 201:
		return take(f, func(v CallerDescribed) { c.Caller.Set(c.h, i, v) })
	case 202:
		return take(f, func(v PatientDescribed) { c.state(202, i); c.Patient.Set(c.h, i, v) })
	case 203:
		return take(f, func(v PlaceStated) { c.state(203, i); c.Place.Set(c.h, i, v.Place) })
	case 204:
		return take(f, func(v ReasonStated) { c.state(204, i); c.Reason.Set(c.h, i, v.Words) })
	case 205:
		return take(f, func(v ContactAgreed) { c.state(205, i); c.Contact.Set(c.h, i, v) })
	case 206:
		return take(f, func(v FlagsRead) { c.FlagsRead = union(c.FlagsRead, v.Flags) })
	case 207:
		return take(f, func(v LifeThreatChecked) {
			c.LifeThreats = append(c.LifeThreats, v)
			c.Threat.Set(c.h, i, v)
		})
	case 208:
		return take(f, func(v AmbulanceRequested) {
			c.news = append(c.news, i)
			c.Ambulances = append(c.Ambulances, Ambulance{Fact: f.ID, At: at, What: v})
			c.queue.twin(i, v.Timer)
		})
	case 209:
		return take(f, func(v Triaged) {
			c.news = append(c.news, i)
			c.Triages = append(c.Triages, TriageDone{Fact: f.ID, At: at, By: f.Body.Person, What: v, Place: i})
		})
	case 210:
		return take(f, func(v DispositionSet) { c.news = append(c.news, i); c.dispose(i, f, v) })
	case 211:
		return take(f, func(v ServiceChosen) { c.Service.Set(c.h, i, v) })
	case 212:
		return take(f, func(v ReferralSent) { c.Sent = append(c.Sent, Sent{Fact: f.ID, Place: i, At: at, What: v}) })
	case 214:
		return take(f, func(v ReferralArrived) { c.arrive(i, f, v) })
	}
	return c.applyCare(i, f, at)
}

func (c *folding) applyCare(i int, f fact.Fact, at fact.Millis) error {
	if ofQueue(f.Body.Kind) {
		return c.applyQueue(i, f)
	}
	switch f.Body.Kind {
	case 215:
		return take(f, func(v Claimed) { c.claim(i, f, v) })
	case 216:
		return take(f, func(v Released) { c.release(v.Claim) })
	case 217:
		return take(f, func(v ConsultationStarted) {
			c.Started = append(c.Started, Started{Fact: f.ID, At: at, Person: f.Body.Person, By: v.By, Mode: v.Mode})
		})
	case 218:
		return take(f, func(v Consulted) {
			c.Consultations = append(c.Consultations, Consultation{Fact: f.ID, At: at, Person: f.Body.Person, What: v})
		})
	case 219:
		return take(f, func(v OutcomeSet) { c.Outcome.Set(c.h, i, v) })
	case 220:
		return take(f, func(v Closed) {
			c.Closings = append(c.Closings, Closing{Fact: f.ID, Place: i, At: at, What: v})
		})
	case 221:
		return take(f, func(v Noted) { c.Notes = append(c.Notes, NoteMade{Fact: f.ID, At: at, What: v}) })
	case 222:
		return take(f, func(v ReportMade) { c.Reports = append(c.Reports, Report{Fact: f.ID, At: at, What: v}) })
	case 223:
		return take(f, func(v ReportDone) { c.done = append(c.done, v) })
	case 246, 247, 248, 249, 250:
		return c.outward(i, f, at)
	case 230:
		return take(f, func(v Settled) { c.Settled = append(c.Settled, SettlingMade{Fact: f.ID, At: at, What: v}) })
	}
	if ours, err := c.applyKnown(i, f); ours {
		return err
	}
	if f.Body.Kind >= 260 && f.Body.Kind < 270 {
		return c.applyTelephone(i, f, at)
	}
	if err := c.foldPaper(f); !errors.Is(err, fact.ErrNewer) {
		return err
	}
	return c.applyExchange(f, at)
}

// applyExchange passes over the facts of envelopes, which are folded by the
// exchange, and keeps what arrived.
func (c *folding) applyExchange(f fact.Fact, at fact.Millis) error {
	for _, k := range exchange.Kinds() {
		if k.Number != f.Body.Kind {
			continue
		}
		if f.Body.Kind != (exchange.MessageArrived{}).FactKind().Number {
			_, err := exchange.FoldEnvelopes(fact.NewHistory([]fact.Fact{f}))
			return err
		}
		return take(f, func(v exchange.MessageArrived) {
			c.Messages = append(c.Messages, Message{Fact: f.ID, At: at, What: v, Original: f.Body.Attachments})
		})
	}
	return fact.ErrNewer
}

// works tells whether a fact of this kind shows somebody at work on the case:
// a closing whose writer could not know of it does not end that work.
func works(kind uint32) bool {
	switch kind {
	case 201, 202, 203, 204, 205, 207, 215, 217, 218, 219, 221:
		return true
	}
	return worksInQueue(kind)
}

// taken keeps the call; said twice it is one call, the first by its own words.
func (c *folding) taken(f fact.Fact, v CallTaken) {
	if c.begin(v.Number, f.Body.Happened.From) || c.Taken == nil {
		c.Taken, c.TakenBy = &v, f.Body.Person
	}
}

// begin keeps the earliest beginning; of two at the same moment, the number
// that comes first in the alphabet.
func (c *folding) begin(number string, at fact.Millis) bool {
	if c.Number != "" && (at > c.Began || at == c.Began && number >= c.Number) {
		return false
	}
	c.Number, c.Began = number, at
	return true
}

// state remembers that something was stated, and where.
func (c *folding) state(kind uint32, i int) { c.said[kind] = append(c.said[kind], i) }

// knew tells whether the writer of fact i had seen anything stated of a kind.
func (c *folding) knew(kind uint32, i int) bool {
	return slices.ContainsFunc(c.said[kind], func(j int) bool { return c.h.Before(j, i) })
}

// dispose keeps what was written apart beside the new one; a disposition that
// its writer had seen is replaced.
func (c *folding) dispose(i int, f fact.Fact, v DispositionSet) {
	c.queue.disposed = append(c.queue.disposed, i)
	kept := c.Dispositions[:0:0]
	for _, d := range c.Dispositions {
		if !c.h.Before(d.Place, i) {
			kept = append(kept, d)
		}
	}
	c.Dispositions = append(kept, Disposition{Fact: f.ID, Place: i, By: f.Body.Person, Role: f.Body.Role, What: v})
}

// settle: something new about the patient's state takes back whatever ended
// the work before its writer could know, so that nobody is lost between two
// people who worked apart. A closing ends nothing that somebody worked on
// apart, a referral takes the case from nobody who claimed it apart.
func (c *folding) settle() {
	sortArrived(c.Arrived)
	c.Closings = slices.DeleteFunc(c.Closings, func(closing Closing) bool {
		return !c.knewAll(closing.Place) || slices.ContainsFunc(c.work, func(w int) bool { return c.h.Apart(w, closing.Place) })
	})
	for i, s := range c.Sent {
		c.Sent[i].Current = c.knewAll(s.Place)
		c.Sent[i].Over = slices.ContainsFunc(c.Sent, func(o Sent) bool { return c.h.Before(s.Place, o.Place) })
		c.Sent[i].Apart = slices.ContainsFunc(c.Claims, func(h Holding) bool { return c.h.Apart(h.Place, s.Place) })
	}
	c.Closings = slices.DeleteFunc(c.Closings, func(closing Closing) bool { return c.unaware(closing.Place) })
	for i, t := range c.Triages {
		c.Triages[i].Over = slices.ContainsFunc(c.Triages, func(o TriageDone) bool { return c.h.Before(t.Place, o.Place) })
	}
	for _, o := range c.Outcome.Values {
		c.Decided = c.Decided || c.knewAll(o.Place) && !c.unaware(o.Place)
	}
	for _, d := range c.done {
		c.reportDone(d)
	}
	c.settleKnown()
	c.settleQueue()
	c.settleTelephone()
}

// sortArrived puts the versions of one document in order, where the first of
// them stands; what is to be shown stands last of them.
func sortArrived(all []Arrival) {
	series := func(a Arrival) string {
		if a.What.Set == "" {
			return a.Fact.String()
		}
		return a.What.Set
	}
	first := map[string]int{}
	for i, a := range all {
		if _, ok := first[series(a)]; !ok {
			first[series(a)] = i
		}
	}
	slices.SortStableFunc(all, func(a, b Arrival) int {
		return cmp.Or(cmp.Compare(first[series(a)], first[series(b)]), cmp.Compare(a.What.Version, b.What.Version))
	})
}

func (c *folding) knewAll(place int) bool {
	return !slices.ContainsFunc(c.news, func(n int) bool { return !c.knewOf(n, place) })
}

// arrive takes in a referral; what it says fills what its arrival had not
// seen stated by anybody. What was stated apart from it stands beside it.
func (c *folding) arrive(i int, f fact.Fact, v ReferralArrived) {
	c.begin(v.Number, f.Body.Happened.From)
	c.news = append(c.news, i)
	c.Arrived = append(c.Arrived, Arrival{Fact: f.ID, At: f.Body.Happened.From, What: v, Whole: f.Body.Attachments})
	r := v.Referral
	if !c.knew(202, i) {
		c.state(202, i)
		c.Patient.Set(c.h, i, PatientDescribed{Identity: r.Patient})
	}
	if place := placeOf(r); !c.knew(203, i) && !place.IsZero() {
		c.state(203, i)
		c.Place.Set(c.h, i, place)
	}
	if !c.knew(205, i) && r.Reach != (exchange.Reach{}) {
		c.state(205, i)
		c.Contact.Set(c.h, i, ContactAgreed{Ring: YesNo(r.Reach.Ring), Text: YesNo(r.Reach.Text), Voicemail: YesNo(r.Reach.Voicemail), MayTell: r.Reach.MayTell})
	}
	if !c.knew(204, i) && r.Reason != "" {
		c.state(204, i)
		c.Reason.Set(c.h, i, r.Reason)
	}
}

func placeOf(r exchange.Referral) codes.Place {
	if !r.Location.IsZero() {
		return r.Location
	}
	return r.Patient.Address
}

func (c *folding) claim(i int, f fact.Fact, v Claimed) {
	kept := c.Claims[:0:0]
	for _, old := range c.Claims {
		if !c.h.Before(old.Place, i) {
			kept = append(kept, old) // claimed apart: both are shown
		}
	}
	if c.released[f.ID] {
		c.Claims = kept
		return
	}
	c.Claims = append(kept, Holding{Fact: f.ID, Place: i, At: f.Body.Happened.From, Person: f.Body.Person, By: v.By})
}

func (c *folding) release(claim fact.ID) {
	c.released[claim] = true
	kept := c.Claims[:0:0]
	for _, old := range c.Claims {
		if old.Fact != claim {
			kept = append(kept, old)
		}
	}
	c.Claims = kept
}

func (c *folding) reportDone(v ReportDone) {
	for i := range c.Reports {
		if c.Reports[i].Fact == v.Report && !slices.Contains(c.Reports[i].Done, v.Route) {
			c.Reports[i].Done = append(c.Reports[i].Done, v.Route)
			slices.Sort(c.Reports[i].Done)
		}
	}
}

func union(a, b []fact.ID) []fact.ID {
	for _, id := range b {
		if !slices.Contains(a, id) {
			a = append(a, id)
		}
	}
	return a
}
