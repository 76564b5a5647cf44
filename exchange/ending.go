package exchange

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// EnvelopeWithdrawn says that an envelope is not to be sent any more: the
// patient has died, the report was about somebody else. What had left before
// has left; nobody is asked to ring.
type EnvelopeWithdrawn struct {
	Envelope EnvelopeID `cbor:"1,keyasint"`
	Why      string     `cbor:"2,keyasint"` // no patient data
}

// FactKind is kind 307.
func (EnvelopeWithdrawn) FactKind() fact.Kind {
	return kind(307, fact.Care, "envelope-withdrawn", fact.Grow)
}

// SendingAskedAgain says that a person wants an envelope sent once more: what
// failed before counts no more, and a receipt is due anew. It is the same
// envelope, so that arriving twice is harmless.
type SendingAskedAgain struct {
	Envelope EnvelopeID  `cbor:"1,keyasint"`
	Due      fact.Millis `cbor:"2,keyasint"`
	By       string      `cbor:"3,keyasint"`
}

// FactKind is kind 308.
func (SendingAskedAgain) FactKind() fact.Kind {
	return kind(308, fact.Care, "sending-asked-again", fact.Grow)
}

// EnvelopeGiven says that a person gave what an envelope holds by hand: they
// printed it and it is on its way, or said it on the phone.
type EnvelopeGiven struct {
	Envelope EnvelopeID `cbor:"1,keyasint"`
	Route    Route      `cbor:"2,keyasint"` // paper, phone
	By       string     `cbor:"3,keyasint"`
}

// FactKind is kind 309.
func (EnvelopeGiven) FactKind() fact.Kind { return kind(309, fact.Care, "envelope-given", fact.Grow) }

// The standings by which an envelope ends without a receipt.
const (
	Withdrawn Standing = "withdrawn: not sent any more"
	Given     Standing = "given by hand"
	PassedOn  Standing = "taken by the mail server; whether it was read is not known"
)

// Endings is how an envelope ended without a receipt, and since when it is
// tried anew.
type Endings struct {
	Withdrawn []string    `cbor:"1,keyasint,omitempty"` // why, each once, in order
	Given     []Route     `cbor:"2,keyasint,omitempty"` // how, each once, in order
	Again     int         `cbor:"3,keyasint,omitempty"` // how often a person asked for it again
	Fresh     int         `cbor:"4,keyasint,omitempty"` // attempts that nobody who asked again had seen
	Newest    fact.ID     `cbor:"5,keyasint,omitempty"` // the newest asking; its timer is of its own
	Last      fact.Millis `cbor:"6,keyasint,omitempty"` // when it was last asked for
}

// Ended tells whether nothing more is to be done about the envelope.
func (e Envelope) Ended() bool {
	switch e.Standing() {
	case Delivered, Withdrawn, Given, PassedOn:
		return true
	}
	return false
}

// ended gives the standing of an envelope that ended without a receipt. What
// was given by hand arrived, whatever was withdrawn since.
func (e Envelope) ended() (Standing, bool) {
	switch {
	case len(e.Endings.Given) > 0:
		return Given, true
	case len(e.Endings.Withdrawn) > 0:
		return Withdrawn, true
	case e.Carries == CarriesLetter && slices.ContainsFunc(e.Attempts, func(a Attempt) bool { return a.Route == ByEmail && a.Outcome == Handed }):
		return PassedOn, true
	}
	return "", false
}

// ByHand tells whether a person is to print it: no machine tries.
func (e Envelope) ByHand() bool { return len(e.Routes) > 0 && e.Routes[0] == ByPaper }

// Tries is how many attempts were made since somebody last asked for it.
func (e Envelope) Tries() int {
	if e.Endings.Again == 0 {
		return len(e.Attempts)
	}
	return e.Endings.Fresh
}

// Withdraw states that an envelope is not to be sent any more. One that has
// ended is left as it is.
func Withdraw(e Envelope, why string) []fact.Draft {
	if e.Ended() || strings.TrimSpace(why) == "" {
		return nil
	}
	return []fact.Draft{fact.Say(e.About, EnvelopeWithdrawn{Envelope: e.ID, Why: clip(strings.TrimSpace(why), 400)})}
}

// AskAgain states that an envelope is to be sent once more.
func AskAgain(e Envelope, by access.Caller, due, now time.Time) ([]fact.Draft, error) {
	act := access.Refer
	switch e.Carries {
	case CarriesReport:
		act = access.SendReport
	case CarriesLetter:
		act = access.WriteToPatient
	}
	if err := by.May(act); err != nil {
		return nil, err
	}
	if err := known(e); err != nil {
		return nil, err
	}
	switch s := e.Standing(); {
	case s == Delivered:
		return nil, refusal.New(refusal.Taken, "A receipt is back: they have it.")
	case s == Given || s == PassedOn:
		return nil, refusal.New(refusal.Taken, "It has gone already. Write it anew if it is wanted again.")
	case s == Withdrawn:
		return nil, refusal.New(refusal.Taken, "It was withdrawn, and is not sent any more.")
	case s == Waiting:
		return nil, nil // it is about to go already
	case !due.After(now):
		return nil, refusal.New(refusal.Invalid, "The time to wait for a receipt has passed already")
	}
	return []fact.Draft{fact.Say(e.About, SendingAskedAgain{Envelope: e.ID, Due: fact.At(due), By: by.Says()}).When(now)}, nil
}

// Give states that a person gave it by hand; said already, it says nothing.
func Give(e Envelope, by access.Caller, route Route, now time.Time) ([]fact.Draft, error) {
	act := access.SendReport
	if e.Carries == CarriesLetter {
		act = access.WriteToPatient
	}
	if err := by.May(act); err != nil {
		return nil, err
	}
	if err := known(e); err != nil {
		return nil, err
	}
	if route != ByPaper && route != ByPhone {
		return nil, refusal.New(refusal.Invalid, "By hand means on paper or by phone")
	}
	if slices.Contains(e.Endings.Given, route) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(e.About, EnvelopeGiven{Envelope: e.ID, Route: route, By: by.Says()}).When(now)}, nil
}

// again is one asking, by its place.
type again struct {
	place int
	id    fact.ID
	says  SendingAskedAgain
}

// more takes in the kinds of this file.
func (f *folding) more(i int, one fact.Fact) error {
	switch one.Body.Kind {
	case EnvelopeWithdrawn{}.FactKind().Number:
		v, err := fact.Read[EnvelopeWithdrawn](one)
		if err != nil {
			return err
		}
		e := f.of(one, v.Envelope)
		e.Endings.Withdrawn = once(e.Endings.Withdrawn, v.Why)
	case SendingAskedAgain{}.FactKind().Number:
		v, err := fact.Read[SendingAskedAgain](one)
		if err != nil {
			return err
		}
		f.of(one, v.Envelope)
		f.again[v.Envelope] = append(f.again[v.Envelope], again{i, one.ID, v})
	case EnvelopeGiven{}.FactKind().Number:
		v, err := fact.Read[EnvelopeGiven](one)
		if err != nil {
			return err
		}
		e := f.of(one, v.Envelope)
		e.Endings.Given = once(e.Endings.Given, v.Route)
	}
	return nil
}

func once[T ~string](all []T, v T) []T {
	if !slices.Contains(all, v) {
		all = append(all, v)
		slices.Sort(all)
	}
	return all
}

// renew lets what a person asked for again begin anew: attempts and overdue
// receipts that they had seen count no more. Of askings made apart the
// earlier time holds.
func (f *folding) renew(e *Envelope) {
	asked := f.again[e.ID]
	if len(asked) == 0 {
		return
	}
	seen := func(place int) bool {
		return slices.ContainsFunc(asked, func(a again) bool { return f.h.Before(place, a.place) })
	}
	e.Endings.Again, e.Endings.Fresh, e.Due = len(asked), 0, 0
	for _, a := range e.Attempts {
		if !seen(a.place) {
			e.Endings.Fresh++
		}
	}
	e.Overdue = slices.ContainsFunc(f.overdue[e.ID], func(place int) bool { return !seen(place) })
	e.Turned = f.turned(slices.DeleteFunc(slices.Clone(e.Attempts), func(a Attempt) bool { return seen(a.place) }))
	for _, a := range asked {
		if seen(a.place) {
			continue
		}
		if e.Due == 0 || a.says.Due < e.Due {
			e.Due = a.says.Due
		}
		if e.Endings.Newest == (fact.ID{}) || slices.Compare(a.id[:], e.Endings.Newest[:]) < 0 {
			e.Endings.Newest = a.id
		}
		e.Endings.Last = max(e.Endings.Last, f.h.Facts()[a.place].Body.Happened.From)
	}
}
