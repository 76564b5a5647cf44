package urgent

import (
	"fmt"
	"strings"
	"unicode/utf8"

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
	case utf8.RuneCountInString(words) > MaxWords:
		return nil, refusal.Field("words", fmt.Sprintf("That is longer than %d characters. Write it as two notes.", MaxWords))
	}
	return []fact.Draft{fact.Say(c.ID, Noted{Words: words, By: by.Says()})}, nil
}
