package urgentweb

import (
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/web"
)

// sentence is one fact in plain words. Of one act the highest rank is said
// first, in bold.
type sentence struct {
	Rank       int
	What, More string
	Mark       string
}

// tellers word each kind of fact.
type tellers map[uint32]func(fact.Fact) (sentence, error)

// on adds how one kind is worded.
func on[T fact.Content](t tellers, use func(T) sentence) {
	var kind T
	t[kind.FactKind().Number] = func(f fact.Fact) (sentence, error) {
		c, err := fact.Read[T](f)
		if err != nil {
			return sentence{}, err
		}
		return use(c), nil
	}
}

// say words a fact; the journal's own kinds say nothing about the patient.
func (t tellers) say(f fact.Fact) (sentence, error) {
	if tell := t[f.Body.Kind]; tell != nil {
		return tell(f)
	}
	if f.Body.Kind > 0 && f.Body.Kind < 20 {
		return sentence{}, nil
	}
	return sentence{}, fact.ErrNewer
}

func (a *App) tellers(now time.Time, zone *time.Location) tellers {
	t := tellers{}
	a.tellCall(t, now, zone)
	a.tellCare(t, now, zone)
	a.tellEnd(t, now, zone)
	a.tellKnown(t)
	a.tellQueue(t, now, zone)
	tellExchange(t)
	a.tellTelephone(t, now, zone)
	a.tellPaper(t)
	tellSupport(t)
	a.tellOutward(t, zone)
	return t
}

func (a *App) tellCall(t tellers, now time.Time, zone *time.Location) {
	on(t, func(v urgent.CallTaken) sentence {
		return sentence{60, "Call taken.", "Line: " + orWords(v.Calling.Display(), "number not known") + ".", ""}
	})
	on(t, func(v urgent.CallerDescribed) sentence {
		more := callerWords(v)
		if v.RingBack.Present() {
			more += ", ring back " + v.RingBack.Display()
		}
		return sentence{20, "Caller:", ended(more), ""}
	})
	on(t, func(v urgent.PatientDescribed) sentence {
		id := v.Identity.Shown()
		return sentence{30, "Patient:", ended(joined(", ", id.Called(), bornWords(id, now), numberWords(id))), ""}
	})
	on(t, func(v urgent.PlaceStated) sentence {
		return sentence{25, "Patient is at:", ended(v.Place.String()), ""}
	})
	on(t, func(v urgent.ReasonStated) sentence { return sentence{40, "Why they rang:", ended(v.Words), ""} })
	on(t, func(v urgent.ContactAgreed) sentence { return sentence{15, "Safe to contact:", ended(v.String()), ""} })
	on(t, func(v urgent.FlagsRead) sentence {
		return sentence{10, "Read " + count(len(v.Flags), "flag", "flags") + ".", "", ""}
	})
	on(t, func(v urgent.LifeThreatChecked) sentence {
		return sentence{50, "Life threat checked.", "Awake and talking: " + yesNo(v.Awake) + ". Breathing normally: " + yesNo(v.Breathing) + ". Heavy bleeding: " + yesNo(v.Bleeding) + ".", ""}
	})
	on(t, func(v urgent.AmbulanceRequested) sentence {
		return sentence{100, "Ambulance needed now, " + v.Category + ".", joined(" ", ended(v.Why), ended(v.Place.String())), "key"}
	})
}

func yesNo(v urgent.YesNo) string { return orWords(string(v), "not asked") }

func (a *App) tellCare(t tellers, now time.Time, zone *time.Location) {
	on(t, func(v urgent.Triaged) sentence {
		what := "Questions asked."
		if v.Again {
			what = "Asked again, because of a change."
		}
		answered := 0
		for _, e := range v.Record.Entries {
			if e.Fact != "" && e.Answer != triage.NotAsked {
				answered++
			}
		}
		more := count(answered, "answer", "answers") + "."
		if v.Outcome.Unfinished {
			more += " Not finished: something more urgent was not ruled out."
		}
		if v.Words != "" {
			more += " “" + v.Words + "”"
		}
		return sentence{70, what, more, ""}
	})
	on(t, func(v urgent.DispositionSet) sentence {
		more := "No deadline."
		if v.Due != 0 {
			more = "By " + web.ClockWords(v.Due.Time(), now, zone) + "."
		}
		if v.Lowered {
			more += " Less urgent than before:"
		}
		return sentence{80, ended("Needs " + a.dxWords(v)), joined(" ", more, ended(v.Why)), "key"}
	})
	on(t, func(v urgent.ServiceChosen) sentence {
		more := ""
		if v.PassedOver != "" {
			more = "Not the first offered: " + ended(v.PassedOver)
		}
		return sentence{45, "Service chosen:", joined(" ", ended(v.Name), more), ""}
	})
	on(t, func(v urgent.Claimed) sentence { return sentence{35, "Taken by", ended(v.By), ""} })
	on(t, func(v urgent.Released) sentence { return sentence{34, "Given back.", ended(v.Why), ""} })
	on(t, func(v urgent.ConsultationStarted) sentence {
		return sentence{65, "Consultation begun,", ended(modeWords(v.Mode)), "key"}
	})
	on(t, func(v urgent.Consulted) sentence {
		news := ""
		if v.NEWS2 != nil {
			news = newsWords(*v.NEWS2) + "."
		}
		return sentence{75, "Consultation.", joined(" ", ended(orWords(v.Diagnosis, v.History)), news, ended(v.Plan)), "key"}
	})
	on(t, func(v urgent.Noted) sentence { return sentence{55, "Note:", v.Words, ""} })
}

func (a *App) tellEnd(t tellers, now time.Time, zone *time.Location) {
	on(t, func(v urgent.OutcomeSet) sentence {
		more := ""
		if v.Action != "" {
			more = "GP asked: " + ended(v.Action)
		}
		if v.Action != "" && v.By != 0 {
			more += " By " + dayWords(v.By.Time(), zone) + "."
		}
		return sentence{85, ended("Outcome: " + a.outcomeWords(v)), more, "key"}
	})
	on(t, func(v urgent.Closed) sentence { return sentence{90, "Closed.", ended(v.Why), "key"} })
	on(t, func(v urgent.ReportMade) sentence {
		if v.Suppressed != "" {
			return sentence{52, "No report to the GP:", ended(v.Suppressed), ""}
		}
		return sentence{52, "Report to the GP written,", "for " + ended(orWords(partyName(v.Report.To), "the practice")), ""}
	})
	on(t, func(v urgent.ReportDone) sentence { return sentence{53, "Report on its way:", ended(v.Route), "out"} })
	on(t, func(v urgent.Settled) sentence {
		return sentence{58, "Settled: " + lowerFirst(v.What) + ".", joined(" ", ended(v.Stands), ended(v.Why)), "key"}
	})
	on(t, func(v urgent.ReferralSent) sentence {
		return sentence{72, "Sent to " + partyName(v.To) + ",", "by " + string(v.Route) + ".", "out"}
	})
	on(t, func(v urgent.ReferralArrived) sentence {
		return sentence{95, "Came from " + partyName(v.Referral.From) + ".", joined(" ", ended(receivedDx(v.Referral, a.Cases.Rules)), ended(v.Referral.Reason)), "other"}
	})
}

// tellExchange words what envelopes did.
func tellExchange(t tellers) {
	on(t, func(v exchange.EnvelopePrepared) sentence {
		return sentence{12, "About to send the " + v.Carries.String() + " to " + partyName(v.To) + ".", "", "out"}
	})
	on(t, func(v exchange.EnvelopeAttempted) sentence {
		return sentence{12, "Sending by " + string(v.Route) + ":", ended(joined(", ", v.Outcome.String(), v.Said)), "out"}
	})
	on(t, func(v exchange.ReceiptReceived) sentence {
		more := ""
		if v.Receipt.Case != "" {
			more = "Their number is " + v.Receipt.Case + "."
		}
		return sentence{30, "Receipt from " + orWords(string(v.Receipt.By), "the other side") + ".", more, "out"}
	})
	on(t, func(exchange.ReceiptOverdue) sentence {
		return sentence{60, "No receipt in time.", "Somebody rings them.", "out"}
	})
	on(t, func(v exchange.MessageArrived) sentence {
		return sentence{11, "Message by " + string(v.Route) + ",", sizeWords(v.Size) + ".", ""}
	})
	on(t, func(v exchange.ReportSent) sentence {
		return sentence{53, "Report told to " + partyName(v.To) + ",", "by " + string(v.Route) + ".", "out"}
	})
}

// dayWords gives a day: "Mon 23 Nov".
func dayWords(t time.Time, zone *time.Location) string { return t.In(zone).Format("Mon 2 Jan") }

func modeWords(mode string) string {
	switch mode {
	case "phone":
		return "by phone"
	case "video":
		return "by video"
	case "base":
		return "at a base"
	case "home":
		return "at home"
	}
	return orWords(mode, "way not said")
}
