package urgent

import (
	"cmp"
	"slices"

	"holdfast/access"
	"holdfast/fact"
)

// Exchange is how a telephone exchange stands to us.
type Exchange struct {
	ID     fact.Subject `cbor:"1,keyasint"`
	Name   string       `cbor:"2,keyasint"`
	Silent bool         `cbor:"3,keyasint"`
	Since  fact.Millis  `cbor:"4,keyasint"` // silent: when it was last heard
	By     fact.Subject `cbor:"5,keyasint"` // the device that says so
}

// FoldExchange turns the facts of one exchange into how it stands: as the one
// says that was true last. Heard by one device and silent at another it is
// heard: events come in.
func FoldExchange(id fact.Subject, h fact.History) Exchange {
	x := Exchange{ID: id}
	first := true
	for _, f := range h.Facts() {
		v, err := fact.Read[ExchangeHeard](f)
		if err != nil {
			continue
		}
		x.Name = v.Exchange
		by := f.Body.Person
		c := cmp.Or(cmp.Compare(v.Since, x.Since), cmp.Compare(loud(v.Silent), loud(x.Silent)), slices.Compare(by[:], x.By[:]))
		if first || c > 0 {
			x.Silent, x.Since, x.By, first = v.Silent, v.Since, by, false
		}
	}
	return x
}

func loud(silent bool) int {
	if silent {
		return 0
	}
	return 1
}

// SayHeard says that an exchange is heard again, or is silent since a time.
// What stands already is not said again, and silence since before it was heard
// is none.
func SayHeard(x Exchange, by access.Caller, name string, silent bool, since fact.Millis) ([]fact.Draft, error) {
	if err := by.May(access.HearTelephone); err != nil {
		return nil, err
	}
	known := x.Since != 0
	if known && (x.Silent == silent || since < x.Since) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(x.ID, ExchangeHeard{Exchange: name, Silent: silent, Since: since})}, nil
}
