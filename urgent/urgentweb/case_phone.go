package urgentweb

import (
	"context"
	"net/http"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/web"
)

// casePhone is what the page of a case says of its calls and its ambulance.
type casePhone struct {
	Calls      []caseCall
	Ways       []caseWay
	Untold     []caseUntold
	Told       []string
	MayCancel  bool
	RingBackBy string // a caller who is gone without an outcome is rung by then
}

// caseCall is one telephone call by which the case came.
type caseCall struct {
	Title string
	Pairs []web.Pair
}

// caseWay is one request for an ambulance, and how it went.
type caseWay struct {
	What, How, After string
	Late, Bad        bool
}

// caseUntold is a cancelled ambulance of which somebody must still tell.
type caseUntold struct{ ID, Says, Tell string }

func (a *App) casePhoneOf(ctx context.Context, by web.Caller, c urgent.Case, now time.Time, zone *time.Location) casePhone {
	var out casePhone
	for _, tie := range c.Ties {
		out.Calls = append(out.Calls, a.caseCallOf(ctx, by, c, tie, now, zone))
	}
	for _, amb := range c.Ambulances {
		out.Ways = append(out.Ways, caseWayOf(c, amb, a.Cases.Rules.Phone, now, zone))
	}
	for _, x := range c.Cancelled {
		says := "Ambulance cancelled " + web.ClockWords(x.At.Time(), now, zone) + " by " + x.What.Who + ": " + x.What.Why
		if x.Told == nil {
			out.Untold = append(out.Untold, caseUntold{ID: x.Fact.String(), Says: says, Tell: x.What.Tell})
			continue
		}
		out.Told = append(out.Told, ended(says)+" "+x.Told.By+" told "+x.Told.Whom+". Instead: "+ended(x.Told.Plan))
	}
	out.MayCancel = len(c.Ambulances) > 0 && by.May(access.CallEmergency) == nil
	if c.CallerLost() {
		out.RingBackBy = web.ClockWords(c.GoneAt().Time().Add(a.Cases.Rules.Phone.RingBack), now, zone)
	}
	return out
}

// caseWayOf says in words how a request went: by which way, whether it was
// received, or who rings.
func caseWayOf(c urgent.Case, amb urgent.Ambulance, r urgent.PhoneRules, now time.Time, zone *time.Location) caseWay {
	w := caseWay{What: amb.What.Category + " asked for " + web.ClockWords(amb.At.Time(), now, zone)}
	if after, ok := c.AfterAnswer(amb); ok {
		w.After, w.Late = secondsWords(max(0, after))+" after the answer", after > r.AmbulanceLate
		if way, sent := c.Way(amb); sent && !way.Call {
			w.After = secondsWords(max(0, after)) + " after the call was taken"
		}
	} else {
		w.After = "time from the answer not known"
	}
	way, sent := c.Way(amb)
	if !sent || way.Route == exchange.ByPhone {
		w.How = "No machine can be asked from here: a task for dispatch to ring ambulance control."
		return w
	}
	e := c.Envelope(way.Envelope)
	switch {
	case e.Standing() == exchange.Delivered:
		w.How = "Received by " + partyName(way.To) + "."
	case e.NeedsPerson():
		w.How, w.Bad = "Not received by "+partyName(way.To)+": a task for dispatch to ring them.", true
	default:
		w.How = "Sent to " + partyName(way.To) + ", no receipt yet. Dispatch rings at " + web.ClockWords(e.Due.Time(), now, zone) + " if none comes."
	}
	return w
}

// caseCallOf says what the exchange told of a call. What can't be read is said
// to be so; what the case itself knows stays.
func (a *App) caseCallOf(ctx context.Context, by web.Caller, c urgent.Case, tie urgent.TelephoneTied, now time.Time, zone *time.Location) caseCall {
	out := caseCall{Title: "Call " + tie.Number}
	add := func(name string, at fact.Millis) {
		if at != 0 {
			out.Pairs = append(out.Pairs, web.Pair{Name: name, Value: at.Time().In(zone).Format("15:04:05"), Num: true})
		}
	}
	add("Offered", tie.Offered)
	add("Answered", tie.Answered)
	for _, g := range c.Gone {
		if g.Call == tie.Call {
			add("Ended", g.At)
		}
	}
	if tie.Extension != "" {
		out.Pairs = append(out.Pairs, web.Pair{Name: "Extension", Value: tie.Extension})
	}
	for _, ref := range c.Recordings {
		if ref.Call == tie.Call {
			out.Pairs = append(out.Pairs, web.Pair{Name: "Recording", Value: ref.Recording})
		}
	}
	if a.Phone == nil {
		return out
	}
	call, err := a.Phone.Call(ctx, by, tie.Call)
	if err != nil {
		out.Pairs = append(out.Pairs, web.Pair{Name: "Not shown", Value: "What else the exchange said can’t be read here"})
		return out
	}
	if behind := time.Duration(call.Clock()) * time.Millisecond; behind.Abs() > a.Cases.Rules.Phone.ClockWrong {
		word := " behind ours"
		if behind < 0 {
			word = " ahead of ours"
		}
		out.Pairs = append(out.Pairs, web.Pair{Name: "Exchange’s clock", Value: codes.Span(behind.Abs()) + word + "; times here are ours"})
	}
	if on := call.LastOn(); len(on) > 1 {
		out.Pairs = append(out.Pairs, web.Pair{Name: "Telephones", Value: strings.Join(on, ", ")})
	}
	return out
}

// caseCancelled says that an ambulance does not come.
func (a *App) caseCancelled(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.CallEmergency, "cancel_why", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.CancelAmbulance(c, by, urgent.Cancellation{Who: f.CancelWho, Why: f.CancelWhy, Tell: f.CancelTell})
	})
}

// caseTold says that the patient or family know.
func (a *App) caseTold(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.CallEmergency, "told_plan", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		id, err := fact.ParseID(f.Cancelled)
		if err != nil {
			id = fact.ID{}
		}
		return urgent.TellFamily(c, by, id, f.ToldWhom, f.ToldPlan)
	})
}

// tellTelephone words the facts of the telephone and the ambulance.
func (a *App) tellTelephone(t tellers, now time.Time, zone *time.Location) {
	on(t, func(v urgent.TelephoneTied) sentence {
		more := "Extension " + orWords(v.Extension, "not known") + "."
		if v.Answered != 0 {
			more = "Answered " + web.ClockWords(v.Answered.Time(), now, zone) + ". " + more
		}
		return sentence{14, "Came by telephone call " + v.Number + ".", more, ""}
	})
	on(t, func(v urgent.CallerGone) sentence {
		return sentence{55, "Caller gone " + web.ClockWords(v.At.Time(), now, zone) + ".", "The case stays as it is.", ""}
	})
	on(t, func(v urgent.RecordingKept) sentence { return sentence{9, "Recording kept:", ended(v.Recording), ""} })
	on(t, func(v urgent.AmbulanceSent) sentence {
		more := "By phone: somebody rings at once."
		if v.Route != exchange.ByPhone {
			more = "By message to " + partyName(v.To) + "."
		}
		if v.Answered != 0 {
			more += " " + secondsWords(max(0, v.Requested.Time().Sub(v.Answered.Time()))) + " after the answer."
		}
		return sentence{13, "How the ambulance is asked for:", more, "out"}
	})
	on(t, func(v urgent.AmbulanceCancelled) sentence {
		return sentence{99, "Ambulance cancelled by " + v.Who + ".", joined(" ", ended(v.Why), "To tell them: "+ended(v.Tell)), "key"}
	})
	on(t, func(v urgent.FamilyTold) sentence {
		return sentence{65, "Told that no ambulance comes: " + v.Whom + ".", "Instead: " + ended(v.Plan), ""}
	})
}
