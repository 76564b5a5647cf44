package urgentdb

import (
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
)

// notHere marks a case whose patient has another record that this device does
// not hold: what it says is unknown, never nothing.
const notHere = "Linked record not here"

// togetherIn gives the labels of what stands on a record and on all that are
// linked to it, as rows of the worklist show them. A linked record that can't be
// read is an error, one that is not held a mark of its own.
func togetherIn(r journal.Reader, p record.Person) ([]string, error) {
	var failed error
	linked, missed := record.Gather(p, func(s fact.Subject) (record.Person, error) {
		h, err := r.History(s)
		if err != nil {
			failed = err
			return record.Person{}, err
		}
		return record.Fold(s, h), nil
	})
	if failed != nil {
		return nil, failed
	}
	var out []string
	for _, a := range record.Together(p, linked).Standing() {
		out = append(out, a.Label())
	}
	if len(missed) > 0 {
		out = append(out, notHere)
	}
	return out, nil
}

// togetherWith lists a record and those that are linked to it: what is written
// in one is seen on the cases of all. Of one that can't be read here nothing is
// known but itself.
func togetherWith(r journal.Reader, about fact.Subject) []fact.Subject {
	out := []fact.Subject{about}
	h, err := r.History(about)
	if err != nil {
		return out
	}
	linked, missed := record.Gather(record.Fold(about, h), func(s fact.Subject) (record.Person, error) {
		h, err := r.History(s)
		return record.Fold(s, h), err
	})
	for _, j := range linked {
		out = append(out, j.Person.Subject)
	}
	return append(out, missed...)
}
