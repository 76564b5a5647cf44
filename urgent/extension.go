package urgent

import (
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Extension is who sits at one telephone: one person, nobody, or several who
// chose it apart.
type Extension struct {
	ID     fact.Subject                   `cbor:"1,keyasint"`
	Name   string                         `cbor:"2,keyasint"`
	Seated fact.Register[ExtensionChosen] `cbor:"3,keyasint"`
}

// FoldExtension turns the facts of one extension into its state.
func FoldExtension(id fact.Subject, h fact.History) Extension {
	x := Extension{ID: id}
	for i, f := range h.Facts() {
		if v, err := fact.Read[ExtensionChosen](f); err == nil {
			x.Name = v.Extension
			x.Seated.Set(h, i, v)
		}
	}
	return x
}

// People lists who sits there.
func (x Extension) People() []fact.Subject {
	var out []fact.Subject
	for _, v := range x.Seated.Values {
		if !v.Value.Person.Zero() && !slices.Contains(out, v.Value.Person) {
			out = append(out, v.Value.Person)
		}
	}
	slices.SortFunc(out, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	return out
}

// ReadExtension tidies an extension as a person types it.
func ReadExtension(typed string) (string, error) {
	s := strings.Join(strings.Fields(typed), "")
	if s == "" {
		return "", refusal.Field("extension", "Type the number of the telephone in front of you")
	}
	if len(s) > MaxExtension || strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
	}) {
		return "", refusal.Field("extension", "An extension is figures and letters, as 2104")
	}
	return s, nil
}

// Sit says that the caller sits at an extension; whoever sat there before them
// sits there no more. left is the extension where they sat until now, zero
// when that was none or this one.
func Sit(x, left Extension, by access.Caller, name string) ([]fact.Draft, error) {
	if err := by.May(access.TakeCall); err != nil {
		return nil, err
	}
	var out []fact.Draft
	if !left.ID.Zero() && left.ID != x.ID && slices.Contains(left.People(), by.Person) {
		out = append(out, fact.Say(left.ID, ExtensionChosen{Extension: left.Name}))
	}
	if people := x.People(); len(people) == 1 && people[0] == by.Person {
		return out, nil
	}
	return append(out, fact.Say(x.ID, ExtensionChosen{Extension: name, Person: by.Person, By: by.Says(), Session: by.Session})), nil
}
