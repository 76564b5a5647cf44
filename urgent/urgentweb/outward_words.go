package urgentweb

import (
	"time"

	"holdfast/exchange"
	"holdfast/urgent"
)

// tellOutward words what left for patients and practices, and the short forms.
func (a *App) tellOutward(t tellers, zone *time.Location) {
	on(t, func(v urgent.ReportNullified) sentence {
		return sentence{86, "A report to the GP no longer stands.", ended(v.Why), "key"}
	})
	on(t, func(v urgent.LetterWritten) sentence {
		return sentence{54, "Written to the patient: " + lowerFirst(ended(v.Title)), ended(joined(", ", routeWords(v.Route), v.To, languageWords(v.Language, v.Large))), "out"}
	})
	on(t, func(v urgent.FiledWrongly) sentence {
		return sentence{97, "Filed under the wrong patient until now.", joined(" ", "It stood under "+ended(v.Called), ended(v.Why)), "key"}
	})
	on(t, func(v urgent.DeathRecorded) sentence {
		switch {
		case v.InError:
			return sentence{99, "The patient lives: it was said in error.", ended(v.Why), "key"}
		case v.Verified:
			return sentence{98, "The patient has died, verified.", answerLine(v.Answers), "key"}
		}
		return sentence{98, "Said to have died, not verified: care goes on.", answerLine(v.Answers), "key"}
	})
	on(t, func(v urgent.FormAnswered) sentence {
		return sentence{74, ended(v.Name), answerLine(v.Answers), "key"}
	})
	on(t, func(v exchange.EnvelopeWithdrawn) sentence {
		return sentence{13, "Not sent any more:", ended(v.Why), "out"}
	})
	on(t, func(v exchange.SendingAskedAgain) sentence {
		return sentence{13, "Sent once more,", "asked for by " + ended(v.By), "out"}
	})
	on(t, func(v exchange.EnvelopeGiven) sentence {
		return sentence{31, "Given by hand:", ended(joined(", ", routeWords(v.Route), v.By)), "out"}
	})
}

func routeWords(r exchange.Route) string {
	switch r {
	case exchange.ByPaper:
		return "on paper"
	case exchange.ByPhone:
		return "by phone"
	case exchange.ByText:
		return "as a text"
	case exchange.ByEmail:
		return "by e-mail"
	}
	return "by " + string(r)
}

func answerLine(all []urgent.FormAnswer) string {
	out := ""
	for _, one := range all {
		out = joined(" ", out, one.Asked+": "+ended(one.Words))
	}
	return out
}
