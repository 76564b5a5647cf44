package urgent

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"holdfast/fact"
)

// Filed reads the history of a message's number: the cases it was filed
// under, each once, by their numbers. It is one, unless the message reached
// two devices that could not see each other and nobody has said yet which case
// goes on.
func Filed(h fact.History) []ArrivalFiled {
	var out []ArrivalFiled
	for _, v := range filings(h).Values {
		if !slices.ContainsFunc(out, func(o ArrivalFiled) bool { return o.Case == v.Value.Case }) {
			out = append(out, v.Value)
		}
	}
	slices.SortFunc(out, func(a, b ArrivalFiled) int {
		return cmp.Or(strings.Compare(a.Number, b.Number), bytes.Compare(a.Case[:], b.Case[:]))
	})
	return out
}

func filings(h fact.History) fact.Register[ArrivalFiled] {
	var r fact.Register[ArrivalFiled]
	for i, f := range h.Facts() {
		if v, err := fact.Read[ArrivalFiled](f); err == nil {
			r.Set(h, i, v)
		}
	}
	return r
}

// FiledTwice gives the cases under which one message stands, when they are
// several.
func FiledTwice(key fact.Subject, h fact.History) []fact.Disagreement {
	return fact.Disputed(h, key, fact.Matter{Kind: ArrivalFiled{}.FactKind().Number}, "One message, two cases", filings(h), func(v ArrivalFiled) string {
		return "Case " + v.Number
	})
}

// FiledUnder gives the case that a person chose of those, and the others.
func FiledUnder(h fact.History, choice string) (chosen ArrivalFiled, others []ArrivalFiled, ok bool) {
	chosen, ok = fact.Chosen(filings(h), choice)
	for _, v := range Filed(h) {
		if v.Case != chosen.Case {
			others = append(others, v)
		}
	}
	return chosen, others, ok
}
