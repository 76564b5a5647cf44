package exchange

import (
	"context"
	"crypto/sha256"

	"holdfast/codes"
	"holdfast/fact"
)

// Partner is who holds a connection to a machine door, as its certificate
// says.
type Partner struct {
	Name      string
	SpeaksFor []codes.ODS // empty: a carrier such as the BaRS proxy, which speaks for all
}

// MaySpeakFor tells whether a message in the name of this organisation may
// come from this partner. A message that names no sender may come only from a
// carrier or from a partner with one name.
func (p Partner) MaySpeakFor(o codes.ODS) bool {
	if len(p.SpeaksFor) == 0 {
		return true
	}
	if o == "" {
		return len(p.SpeaksFor) == 1
	}
	for _, mine := range p.SpeaksFor {
		if mine == o {
			return true
		}
	}
	return false
}

// Arrival is how a message came.
type Arrival struct {
	Route    Route
	Partner  Partner
	Sender   codes.ODS // as the message claims, allowed to the partner
	Keys     []string  // any of them seen again is the same message
	Original []byte    // as it came, unpacked
	Media    string
	At       fact.Millis
}

// Hash is the SHA-256 of the bytes as they came.
func (a Arrival) Hash() fact.Hash { return sha256.Sum256(a.Original) }

// Fact is the arrival as it stands beside the case it is about.
func (a Arrival) Fact() MessageArrived {
	return MessageArrived{
		Route: a.Route, Keys: a.Keys, Sender: soundODS(a.Sender), Partner: clip(a.Partner.Name, 100),
		Media: a.Media, Hash: a.Hash(), Size: len(a.Original),
	}
}

// Blob is the original as an attachment.
func (a Arrival) Blob() fact.Blob { return fact.Blob{Media: a.Media, Bytes: a.Original} }

// Filed says where a message was filed.
type Filed struct {
	About fact.Subject // the case
	Case  string       // its number as people say it
	At    fact.Millis  // when it was saved
	Again bool         // one of its keys had been seen: nothing was filed anew
}

// Receiver files messages from outside. The subject that works on them
// implements it, and cmd plugs it in.
//
// Receive and Report answer only after everything is saved, the original
// bytes included. A message of which any key was seen before is not filed
// again; Filed.Again is then set and the first filing is given. Errors: a
// refusal of kind Forbidden or Invalid when the message can never be filed,
// Unavailable when nothing was saved, Unknown when that cannot be told.
//
// Refuse writes the audit of a message that was turned away.
type Receiver interface {
	Receive(ctx context.Context, from Arrival, r Referral) (Filed, error)
	Report(ctx context.Context, from Arrival, r Report) (Filed, error)
	Refuse(ctx context.Context, m MessageRefused) error
}

// RefusedMessage makes the audit of a message that was turned away; what is
// not a plain code or sentence of ours is left out.
func RefusedMessage(route Route, p Partner, sender codes.ODS, status int, code, sentence string, body []byte) MessageRefused {
	return MessageRefused{
		Route: route, Partner: clip(p.Name, 100), Sender: soundODS(sender), Status: status,
		Code: clip(code, 80), Sentence: clip(sentence, 400), Hash: sha256.Sum256(body), Size: len(body),
	}
}
