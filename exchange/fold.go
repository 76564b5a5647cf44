package exchange

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"holdfast/fact"
)

// Envelope is the state of one envelope.
type Envelope struct {
	ID       EnvelopeID        `cbor:"1,keyasint"`
	About    fact.Subject      `cbor:"2,keyasint"`
	Carries  Carries           `cbor:"3,keyasint"`
	To       Party             `cbor:"4,keyasint"`
	Content  fact.Hash         `cbor:"5,keyasint"`
	Size     int               `cbor:"6,keyasint"`
	Due      fact.Millis       `cbor:"7,keyasint"`
	Routes   []Route           `cbor:"8,keyasint"`
	Prepared fact.ID           `cbor:"9,keyasint"` // zero while only its consequences are known here
	Kept     []fact.Attachment `cbor:"10,keyasint"`
	Attempts []Attempt         `cbor:"11,keyasint"`
	Receipts []Receipt         `cbor:"12,keyasint"`
	Overdue  bool              `cbor:"13,keyasint"` // it was said that no receipt came in time
	Turned   bool              `cbor:"14,keyasint"` // refused, and nobody who had seen that handed it over since

	Unverified bool `cbor:"20,keyasint,omitempty"` // only facts that a cut holds back say that it is to be sent

	Endings Endings `cbor:"21,keyasint,omitempty"` // how it ended without a receipt
}

// Attempt is one attempt to send, in causal order.
type Attempt struct {
	At      fact.Millis `cbor:"1,keyasint"`
	Route   Route       `cbor:"2,keyasint"`
	Outcome Outcome     `cbor:"3,keyasint"`
	Status  int         `cbor:"4,keyasint,omitempty"`
	Said    string      `cbor:"5,keyasint,omitempty"`
	place   int
}

// Standing says where an envelope stands.
type Standing string

// The standings.
const (
	Waiting   Standing = "about to be sent"
	UnderWay  Standing = "sent, no receipt yet"
	Refused   Standing = "refused by the other side"
	Late      Standing = "no receipt in time"
	Delivered Standing = "receipt received"
	Doubtful  Standing = "receipt does not fit what was sent"
)

// Standing tells where the envelope stands; a fitting receipt ends the matter
// whatever was said before.
func (e Envelope) Standing() Standing {
	for _, r := range e.Receipts {
		if r.Content == e.Content {
			return Delivered
		}
	}
	if s, ok := e.ended(); ok {
		return s
	}
	switch {
	case len(e.Receipts) > 0 && e.Prepared != fact.ID{}:
		return Doubtful
	case e.Turned:
		return Refused
	case e.Overdue:
		return Late
	case e.Tries() > 0:
		return UnderWay
	}
	return Waiting
}

// NeedsPerson tells whether somebody must ring the other side.
func (e Envelope) NeedsPerson() bool {
	s := e.Standing()
	return s == Refused || s == Late || s == Doubtful
}

// Timer is the id of the envelope's receipt timer: the same on every device
// that holds the case.
func (e Envelope) Timer() fact.Hash {
	if e.Endings.Again > 0 {
		return TimerID(e.About, ReceiptOverdue{}.FactKind().Number, e.Endings.Newest)
	}
	return TimerID(e.About, ReceiptOverdue{}.FactKind().Number, e.Prepared)
}

// TimerID is the hash of a subject, a kind and the fact that began the timer.
func TimerID(about fact.Subject, kind uint32, began fact.ID) fact.Hash {
	var k [4]byte
	binary.BigEndian.PutUint32(k[:], kind)
	return fact.Labelled("holdfast/timer/1", about[:], k[:], began[:])
}

// foldEnvelopes folds the facts that count.
func foldEnvelopes(h fact.History) ([]Envelope, error) {
	f := folding{h: h, at: map[EnvelopeID]int{}, again: map[EnvelopeID][]again{}, overdue: map[EnvelopeID][]int{}}
	var bad []error
	for i, one := range h.Facts() {
		if err := f.add(i, one); err != nil {
			bad = append(bad, fmt.Errorf("fact %s: %w", one.ID.Short(), err))
		}
	}
	for i := range f.all {
		f.all[i].Turned = f.turned(f.all[i].Attempts)
		f.renew(&f.all[i])
	}
	return f.all, errors.Join(bad...)
}

// FoldEnvelope gives one envelope of a subject; ok is false when nothing is
// known of it.
func FoldEnvelope(h fact.History, id EnvelopeID) (e Envelope, ok bool, err error) {
	all, err := FoldEnvelopes(h)
	for _, e := range all {
		if e.ID == id {
			return e, true, err
		}
	}
	return Envelope{ID: id}, false, err
}

// turned tells whether an attempt was refused and nobody who had seen that
// handed the envelope over since. Handed over and refused apart counts as
// refused: somebody rings.
func (f *folding) turned(all []Attempt) bool {
	return slices.ContainsFunc(all, func(a Attempt) bool {
		return a.Outcome == Turned && !slices.ContainsFunc(all, func(o Attempt) bool {
			return o.Outcome == Handed && f.h.Before(a.place, o.place)
		})
	})
}

type folding struct {
	h   fact.History
	all []Envelope
	at  map[EnvelopeID]int

	again   map[EnvelopeID][]again
	overdue map[EnvelopeID][]int // places
}

func (f *folding) of(one fact.Fact, id EnvelopeID) *Envelope {
	i, ok := f.at[id]
	if !ok {
		i = len(f.all)
		f.at[id] = i
		f.all = append(f.all, Envelope{ID: id, About: one.Header.Subject})
	}
	return &f.all[i]
}

func (f *folding) add(i int, one fact.Fact) error {
	switch one.Body.Kind {
	case EnvelopePrepared{}.FactKind().Number:
		v, err := fact.Read[EnvelopePrepared](one)
		if err != nil {
			return err
		}
		f.of(one, v.Envelope).prepared(one, v)
	case EnvelopeAttempted{}.FactKind().Number:
		v, err := fact.Read[EnvelopeAttempted](one)
		if err != nil {
			return err
		}
		e := f.of(one, v.Envelope)
		e.Attempts = append(e.Attempts, Attempt{At: one.Body.Happened.From, Route: v.Route, Outcome: v.Outcome, Status: v.Status, Said: v.Said, place: i})
	case ReceiptReceived{}.FactKind().Number:
		v, err := fact.Read[ReceiptReceived](one)
		if err != nil {
			return err
		}
		f.of(one, v.Receipt.Envelope).receipt(v.Receipt)
	case ReceiptOverdue{}.FactKind().Number:
		v, err := fact.Read[ReceiptOverdue](one)
		if err != nil {
			return err
		}
		f.of(one, v.Envelope).Overdue = true
		f.overdue[v.Envelope] = append(f.overdue[v.Envelope], i)
	}
	return f.more(i, one)
}

// prepared keeps the statement; a second one of the same number carries the
// same content. Prepared apart it is due at the earlier time, and may go by
// every route that either names.
func (e *Envelope) prepared(one fact.Fact, v EnvelopePrepared) {
	if e.Prepared == (fact.ID{}) {
		e.Prepared, e.Kept = one.ID, one.Body.Attachments
		e.Carries, e.To, e.Content, e.Size, e.Due, e.Routes = v.Carries, v.To, v.Content, v.Size, v.Due, v.Routes
		return
	}
	if e.Content != v.Content {
		return
	}
	if v.Due != 0 && (e.Due == 0 || v.Due < e.Due) {
		e.Due = v.Due
	}
	for _, r := range v.Routes {
		if !slices.Contains(e.Routes, r) {
			e.Routes = append(slices.Clip(e.Routes), r)
		}
	}
}

func (e *Envelope) receipt(r Receipt) {
	for _, old := range e.Receipts {
		if old.Content == r.Content && old.By == r.By {
			return
		}
	}
	e.Receipts = append(e.Receipts, r)
}
