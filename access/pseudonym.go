package access

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"io"

	"holdfast/fact"
)

// PseudonymKeyDrawn is the organisation's key for names that stand for people
// without saying who they are. Of keys drawn apart the lowest counts. It stands
// in the care lane, so that site nodes alone hold it.
type PseudonymKeyDrawn struct {
	Key []byte `cbor:"1,keyasint"` // 32 bytes
}

// FactKind is kind 49.
func (PseudonymKeyDrawn) FactKind() fact.Kind {
	return kind(49, fact.Care, "pseudonym-key-drawn", fact.Grow)
}

const pseudonymKeySize = 32

// PseudonymSubject is what an organisation's pseudonym key is about.
func PseudonymSubject(org fact.OrgID) fact.Subject {
	h := fact.Labelled("holdfast/pseudonyms/1", org[:])
	return fact.Subject(h[:len(fact.Subject{})])
}

// Pseudonyms is the fold of an organisation's pseudonym key.
type Pseudonyms struct {
	Key      []byte    `cbor:"1,keyasint"` // nil: none was drawn yet
	NotShown []fact.ID `cbor:"2,keyasint"`
}

// FoldPseudonyms folds the facts about an organisation's pseudonym key.
func FoldPseudonyms(h fact.History) Pseudonyms {
	var p Pseudonyms
	for _, f := range h.Facts() {
		if f.OfJournal() {
			continue
		}
		c, err := fact.Read[PseudonymKeyDrawn](f)
		if err != nil || len(c.Key) != pseudonymKeySize {
			p.NotShown = append(p.NotShown, f.ID)
			continue
		}
		if p.Key == nil || bytes.Compare(c.Key, p.Key) < 0 {
			p.Key = c.Key
		}
	}
	return p
}

// DrawPseudonymKey draws the key of an organisation that has none.
func DrawPseudonymKey(p Pseudonyms, about fact.Subject, random io.Reader) ([]fact.Draft, error) {
	if p.Key != nil {
		return nil, nil
	}
	key := make([]byte, pseudonymKeySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, err
	}
	return []fact.Draft{fact.Say(about, PseudonymKeyDrawn{Key: key})}, nil
}

// Of gives the name that stands for a person or a case: the same each time here,
// another in every organisation, and no way back without the key. Ten letters of
// HMAC-SHA-256 (RFC 2104).
func (p Pseudonyms) Of(s fact.Subject) string {
	m := hmac.New(sha256.New, p.Key)
	m.Write(s[:])
	return base32.StdEncoding.EncodeToString(m.Sum(nil))[:10]
}
