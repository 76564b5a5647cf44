package fact

import (
	"reflect"
	"slices"
)

// OneFeed tells whether all facts stand in one feed: then nothing was written
// apart.
func (h History) OneFeed() bool { return h.before == nil }

// Apart tells whether facts i and j were written apart: neither writer could
// know of the other's.
func (h History) Apart(i, j int) bool { return i != j && !h.Before(i, j) && !h.Before(j, i) }

// Matter names what a disagreement is about, as the table of joins does: a
// kind of fact, and a part of it where parts have joins of their own.
type Matter struct {
	_    struct{} `cbor:",toarray"`
	Kind uint32
	Part string
}

// Value is one side of a disagreement: what was said, by whom, when, and in
// which device's feed. Choice is how a person says that this one stands; empty
// when it cannot be chosen by itself.
type Value struct {
	_      struct{} `cbor:",toarray"`
	Text   string
	Fact   ID
	Person Subject
	Role   string
	At     Millis
	Feed   FeedID
	Choice string
}

// Choice is an end of a disagreement that is none of its values alone: both
// stand, neither does.
type Choice struct {
	_    struct{} `cbor:",toarray"`
	Key  string
	Text string
}

// Disagreement is one thing about a subject of which values written apart
// wait for a person. It is reckoned from the facts by every device that holds
// them: nobody raises it, it cannot be lost or raised twice, and it is gone
// when somebody who has seen every value has said which stands.
type Disagreement struct {
	_       struct{} `cbor:",toarray"`
	Subject Subject
	Matter  Matter
	What    string // in plain words
	Values  []Value
	Also    []Choice
}

// Settling is a person's answer to a disagreement.
type Settling struct {
	Matter Matter
	Choice string // of a value, or of what else may be chosen
	Why    string
}

// Covers tells whether somebody whose page showed the facts of a frontier had
// seen a fact.
func (h History) Covers(frontier []ID, id ID) bool {
	place := func(id ID) int { return slices.IndexFunc(h.facts, func(f Fact) bool { return f.ID == id }) }
	at := place(id)
	return slices.ContainsFunc(frontier, func(f ID) bool {
		p := place(f)
		return f == id || at >= 0 && p >= 0 && h.Before(at, p)
	})
}

// Said gives one side of a disagreement, by the fact that says it.
func (h History) Said(id ID, text string) Value {
	v := Value{Text: text, Fact: id}
	for _, f := range h.facts {
		if f.ID == id {
			v.Person, v.Role, v.At, v.Feed = f.Body.Person, f.Body.Role, f.Body.Happened.From, f.Header.Feed
		}
	}
	return v
}

// Disputed lists a register's values as a disagreement, or nothing when they
// are one.
func Disputed[T any](h History, about Subject, m Matter, what string, r Register[T], say func(T) string) []Disagreement {
	if !r.Disputed() {
		return nil
	}
	d := Disagreement{Subject: about, Matter: m, What: what}
	for _, v := range r.Values {
		text := say(v.Value)
		if text == "" {
			text = "nothing"
		}
		said := h.Said(v.Fact, text)
		said.Choice = v.Fact.String()
		d.Values = append(d.Values, said)
	}
	return []Disagreement{d}
}

// Chosen gives the value that a person chose of a register.
func Chosen[T any](r Register[T], choice string) (T, bool) {
	for _, v := range r.Values {
		if v.Fact.String() == choice {
			return v.Value, true
		}
	}
	var none T
	return none, false
}

// one tells whether all values of a register say the same.
func (r Register[T]) one() bool {
	for i := 1; i < len(r.Values); i++ {
		if !reflect.DeepEqual(r.Values[0].Value, r.Values[i].Value) {
			return false
		}
	}
	return len(r.Values) > 0
}
