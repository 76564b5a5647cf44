package urgentweb

import (
	"strconv"
	"strings"

	"holdfast/exchange"
	"holdfast/urgent"
)

// tellKnown words repeat callers, national services and numbers rung against a
// no.
func (a *App) tellKnown(t tellers) {
	on(t, func(v urgent.ContactSorted) sentence {
		what := map[string]string{urgent.SortNew: "new or worse", urgent.SortChaser: "only asks when somebody comes", urgent.SortComfort: "our comfort call"}[v.Sort]
		return sentence{22, "This contact:", ended(orWords(what, v.Sort)), ""}
	})
	on(t, func(v urgent.RepeatFound) sentence {
		return sentence{86, "Repeat caller: contact " + strconv.Itoa(v.Contacts) + " in " + strconv.Itoa(v.Hours) + " hours.", "To a clinician. By " + ended(v.From), "key"}
	})
	on(t, func(v urgent.RepeatOverridden) sentence {
		return sentence{84, "Questions asked although a repeat caller:", ended(v.Why), "key"}
	})
	on(t, func(v urgent.QuestionPut) sentence {
		return sentence{12, "About to ask: " + lowerFirst(v.Query.Service.String()) + ".", "", "out"}
	})
	on(t, func(v urgent.QuestionAnswered) sentence {
		if v.Told == exchange.ToldNothing {
			return sentence{24, v.Service.String() + " did not answer:", ended(v.Failed) + " Unknown, not none.", "out"}
		}
		told := map[exchange.Told]string{exchange.ToldNone: "it holds nothing", exchange.ToldMaybe: "perhaps, some details match", exchange.ToldYes: "yes"}[v.Told]
		return sentence{48, v.Service.String() + " answered: " + told + ".", joined(" ", strings.Join(v.Words, ". "), reportsWords(len(v.Reports)+v.Left)), "out"}
	})
	on(t, func(v urgent.ContactOverridden) sentence {
		return sentence{74, "Rung although they said no:", ended(v.Why), "key"}
	})
}

func reportsWords(n int) string {
	if n == 0 {
		return ""
	}
	return count(n, "earlier report.", "earlier reports.")
}
