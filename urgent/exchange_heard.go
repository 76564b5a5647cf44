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

// heardBy is one word on an exchange, and whose it is.
type heardBy struct {
	said ExchangeHeard
	by   fact.Subject
}

// FoldExchange turns the facts of one exchange into how it stands: as whoever
// had seen the rest said last. Of words written apart heard counts: events come
// in somewhere.
func FoldExchange(id fact.Subject, h fact.History) Exchange {
	var r fact.Register[heardBy]
	for i, f := range h.Facts() {
		if v, err := fact.Read[ExchangeHeard](f); err == nil {
			r.Set(h, i, heardBy{v, f.Body.Person})
		}
	}
	x := Exchange{ID: id}
	for i, v := range r.Values {
		said, by := v.Value.said, v.Value.by
		c := cmp.Or(cmp.Compare(loud(said.Silent), loud(x.Silent)), cmp.Compare(said.Since, x.Since), slices.Compare(by[:], x.By[:]))
		if i == 0 || c > 0 {
			x.Name, x.Silent, x.Since, x.By = said.Exchange, said.Silent, said.Since, by
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
