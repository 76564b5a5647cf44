package urgent

import (
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Note adds a note in free words, also to a closed case.
func Note(c Case, by access.Caller, words string) ([]fact.Draft, error) {
	words = strings.TrimSpace(words)
	switch {
	case !c.Begun():
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	case words == "":
		return nil, refusal.Field("words", "Write the note.")
	case len(words) > MaxWords:
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Write it as two notes.", MaxWords)
	}
	return []fact.Draft{fact.Say(c.ID, Noted{Words: words, By: by.Says()})}, nil
}
