package access

import (
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// EnrolmentWitnessed says that a colleague who knows the person and has them in
// front of them lets them enrol a new passkey. Its subject is the person; its
// author is the colleague, who confirmed it with their own passkey.
type EnrolmentWitnessed struct {
	Link      fact.Hash   `cbor:"1,keyasint"` // the enrolment link that was made
	Passkey   []byte      `cbor:"2,keyasint"` // of the colleague: its id
	Assertion []byte      `cbor:"3,keyasint"` // its answer, whose challenge is WitnessChallenge
	At        fact.Millis `cbor:"4,keyasint"` // by the clock of the device
}

// FactKind is kind 39.
func (EnrolmentWitnessed) FactKind() fact.Kind {
	return kind(39, fact.Control, "enrolment-witnessed", fact.Grow)
}

// WitnessChallenge is what a witness's passkey signs: for whom, and for which
// link.
func WitnessChallenge(person fact.Subject, link fact.Hash) fact.Hash {
	return fact.Labelled("holdfast/witness/1", append(append([]byte{}, person[:]...), link[:]...))
}

// Witness lets a person enrol a passkey on a colleague's word. Nobody vouches for
// themselves, nor for somebody who may do what they may not: their word would
// open more than they hold.
func Witness(s, colleague Staff, by Caller, w EnrolmentWitnessed, p Policy, now time.Time) ([]fact.Draft, error) {
	if err := MayWitness(s, colleague, by, now); err != nil {
		return nil, err
	}
	if len(w.Assertion) == 0 || w.Link == (fact.Hash{}) {
		return nil, refusal.New(refusal.Forbidden, "Confirm it with your own passkey.")
	}
	role, _ := s.FirstRole(now)
	out, err := MakeLink(s, LinkMade{Token: w.Link, Role: role, For: ForPasskey, Until: fact.At(now.Add(p.WitnessLink))}, now)
	if err != nil {
		return nil, err
	}
	w.At = fact.At(now)
	return append(out, fact.Say(s.Person, w)), nil
}

// MayWitness tells whether a colleague may vouch for a person.
func MayWitness(s, colleague Staff, by Caller, now time.Time) error {
	if err := by.May(VouchFor); err != nil {
		return err
	}
	if s.Person == by.Person || colleague.Person != by.Person {
		return refusal.New(refusal.Forbidden, "Nobody vouches for themselves. Ask a colleague.")
	}
	if _, ok := s.FirstRole(now); !ok {
		return refusal.New(refusal.Forbidden, "This person holds no role now. An administrator gives them one first.")
	}
	for _, r := range Roles() {
		if len(s.Holds(r, now)) > 0 && len(colleague.Holds(r, now)) == 0 && !vouchesForAll(colleague, r, now) {
			return refusal.Newf(refusal.Forbidden, "They may work as %s and you may not. Ask somebody who may, or an administrator.", r.Title())
		}
	}
	return nil
}

// vouchesForAll: a shift manager knows everybody on the floor; only an
// administrator vouches for one.
func vouchesForAll(colleague Staff, r Role, now time.Time) bool {
	if len(colleague.Holds(Administrator, now)) > 0 {
		return true
	}
	return r != Administrator && len(colleague.Holds(Manager, now)) > 0
}
