package urgentweb

import (
	"strings"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
)

// seenOf is what a page of the case has seen, for the hidden field of its
// forms.
func seenOf(c urgent.Case) string {
	out := make([]string, 0, len(c.Frontier))
	for _, id := range c.Frontier {
		out = append(out, id.String())
	}
	return strings.Join(out, " ")
}

// seenIn reads that field; nil when the form had none.
func seenIn(text string) ([]fact.ID, error) {
	var out []fact.ID
	for _, one := range strings.Fields(text) {
		id, err := fact.ParseID(one)
		if err != nil {
			return nil, refusal.New(refusal.Invalid, "The form did not arrive whole. Open the case again and send it from there.").Because(err)
		}
		out = append(out, id)
	}
	return out, nil
}
