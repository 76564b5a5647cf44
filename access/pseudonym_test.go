package access

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/facttest"
)

func TestPseudonymKeysDrawnApart(t *testing.T) {
	about := PseudonymSubject(fact.OrgID{1})
	facttest.CheckJoins(t, facttest.Subject[Pseudonyms]{
		Moves: []facttest.Move{func(r *rand.Rand, _ []fact.Fact) (fact.Author, []fact.Draft) {
			key := bytes.Repeat([]byte{byte(r.IntN(5))}, 32-r.IntN(2))
			return fact.Author{}, []fact.Draft{fact.Say(about, PseudonymKeyDrawn{Key: key})}
		}},
		Fold: func(h fact.History) Pseudonyms { return FoldPseudonyms(h) },
		Sum:  func(p Pseudonyms, _ fact.History) []string { return []string{fmt.Sprintf("%x", p.Key)} },
	})
}

func TestPseudonyms(t *testing.T) {
	one, other := Pseudonyms{Key: bytes.Repeat([]byte{1}, 32)}, Pseudonyms{Key: bytes.Repeat([]byte{2}, 32)}
	a, b := fact.Subject{1}, fact.Subject{2}
	again := Pseudonyms{Key: bytes.Repeat([]byte{1}, 32)}
	if one.Of(a) != again.Of(a) || one.Of(a) == one.Of(b) || one.Of(a) == other.Of(a) || len(one.Of(a)) != 10 {
		t.Error(one.Of(a), one.Of(b), other.Of(a))
	}
	if PseudonymSubject(fact.OrgID{1}) == PseudonymSubject(fact.OrgID{2}) {
		t.Error("two organisations share a key")
	}
	drafts, err := DrawPseudonymKey(Pseudonyms{}, a, strings.NewReader(strings.Repeat("k", 32)))
	if err != nil || len(drafts) != 1 {
		t.Fatal(drafts, err)
	}
	if again, err := DrawPseudonymKey(one, a, strings.NewReader("")); err != nil || len(again) != 0 {
		t.Error("a second key was drawn", again, err)
	}
	if _, err := DrawPseudonymKey(Pseudonyms{}, a, strings.NewReader("short")); err == nil {
		t.Error("a short key was drawn")
	}
}
