package urgent

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// AmbulanceRoute is how the ambulance service is reached from this device. No
// route at all: somebody rings.
type AmbulanceRoute struct {
	To     exchange.Party
	Routes []exchange.Route
}

// SendAmbulance prepares the envelope of a request and says by which way it
// goes. c is the case with what is stated in the same act. Without a route, or
// where no envelope can be made, the way is the phone and nothing is refused:
// whoever states the request raises the task.
func SendAmbulance(c Case, by access.Caller, r *Rules, req AmbulanceRequested, way AmbulanceRoute, us exchange.Party, now time.Time) []fact.Draft {
	id, err := RequestID(req)
	if err != nil {
		return nil // it was encoded to be stated: that fails first
	}
	sent := AmbulanceSent{Request: id, Route: exchange.ByPhone, To: way.To, Requested: fact.At(now)}
	sent.Answered, sent.Call = c.AnsweredBefore(sent.Requested)
	if len(way.Routes) == 0 {
		return []fact.Draft{fact.Say(c.ID, sent)}
	}
	ref := ambulanceReferral(c, by, req, us, way.To, now)
	out, err := exchange.Prepare(by, exchange.ToSend{
		About: c.ID, Referral: &ref, To: way.To, Due: now.Add(r.Phone.Receipt), Routes: way.Routes,
	}, now)
	if err != nil {
		return []fact.Draft{fact.Say(c.ID, sent)}
	}
	for _, d := range out {
		if p, ok := d.Content.(exchange.EnvelopePrepared); ok {
			sent.Route, sent.Envelope = way.Routes[0], p.Envelope
		}
	}
	return append(out, fact.Say(c.ID, sent))
}

// ambulanceReferral writes the request: who is not known is left out and never
// keeps it back.
func ambulanceReferral(c Case, by access.Caller, req AmbulanceRequested, us, to exchange.Party, now time.Time) exchange.Referral {
	us.Person = by.Says()
	id, _ := RequestID(req)
	out := exchange.Referral{
		ID: c.ID.String() + "/ambulance/" + hex.EncodeToString(id[:]), Purpose: exchange.ForAmbulance, From: us, To: to,
		Callback: req.Number, Location: req.Place, Spot: exchange.Spot{ThreeWords: codes.ThreeWordsIn(req.Place.Text)}, Reason: req.Why,
		Dx: codes.ReceivedDx{Code: req.Dx, Original: string(req.Dx)}, Priority: exchange.Code{Code: req.Category, Name: "Category " + strings.TrimPrefix(req.Category, "C")},
		Assessed: fact.At(now), Sent: fact.At(now), Cases: []exchange.CaseNumber{{System: "holdfast/" + by.ODS, Number: c.Number}},
		Notes: c.Asks(),
	}
	if p, ok := c.Patient.Get(); ok {
		out.Patient = p.Identity
	}
	if caller, ok := c.Caller.Get(); ok {
		out.Contacts = []exchange.Contact{contactOf(caller, out.Patient.Name.Spoken())}
	}
	if words := c.Reason.Or(""); words != "" {
		out.Sections = append(out.Sections, exchange.Section{Title: "Why they rang", Text: words})
	}
	if l, asked := c.LifeThreat(); asked {
		out.Answers = lifeAnswers(l)
	}
	return out
}

// lifeAnswers says the three first answers; what was not asked is left out.
func lifeAnswers(l LifeThreatChecked) []exchange.Answer {
	var out []exchange.Answer
	for _, one := range []struct {
		question string
		answer   YesNo
	}{{"Awake and talking", l.Awake}, {"Breathing normally", l.Breathing}, {"Heavy bleeding", l.Bleeding}, {"Caller is with the patient", l.WithPatient}} {
		if one.answer != NotAsked {
			out = append(out, exchange.Answer{Question: one.question, Answer: string(one.answer)})
		}
	}
	return out
}

// Cancellation is what is known of an ambulance that does not come.
type Cancellation struct{ Who, Why, Tell string }

// CancelAmbulance says that an ambulance was cancelled after we asked for it.
// The case is open again, whatever had ended it.
func CancelAmbulance(c Case, by access.Caller, v Cancellation) ([]fact.Draft, error) {
	if err := by.May(access.CallEmergency); err != nil {
		return nil, err
	}
	v.Who, v.Why, v.Tell = strings.TrimSpace(v.Who), strings.TrimSpace(v.Why), strings.TrimSpace(v.Tell)
	switch {
	case len(c.Ambulances) == 0:
		return nil, refusal.New(refusal.Missing, "No ambulance was asked for on this case.")
	case v.Who == "":
		return nil, refusal.Field("cancel_who", "Say who cancelled it: the control room and the name")
	case v.Why == "":
		return nil, refusal.Field("cancel_why", "Say why they cancelled it")
	case v.Tell == "":
		return nil, refusal.Field("cancel_tell", "Say who tells the patient or family")
	case len(v.Who)+len(v.Why)+len(v.Tell) > MaxWords:
		return nil, refusal.Field("cancel_why", "That is too long: keep the rest for a note")
	}
	return []fact.Draft{fact.Say(c.ID, AmbulanceCancelled{Why: v.Why, Who: v.Who, Tell: v.Tell, By: by.Says()})}, nil
}

// TellFamily says that the patient or family know, and what happens instead.
func TellFamily(c Case, by access.Caller, cancelled fact.ID, whom, plan string) ([]fact.Draft, error) {
	whom, plan = strings.TrimSpace(whom), strings.TrimSpace(plan)
	for _, x := range c.Cancelled {
		if x.Fact != cancelled {
			continue
		}
		switch {
		case x.Told != nil:
			return nil, nil
		case whom == "":
			return nil, refusal.Field("told_whom", "Say whom you spoke to")
		case plan == "":
			return nil, refusal.Field("told_plan", "Say what happens instead")
		case len(whom)+len(plan) > MaxWords:
			return nil, refusal.Field("told_plan", "That is too long: keep the rest for a note")
		}
		return []fact.Draft{fact.Say(c.ID, FamilyTold{Cancelled: cancelled, Whom: whom, Plan: plan, By: by.Says()})}, nil
	}
	return nil, refusal.New(refusal.Missing, "There is no such cancellation on this case.")
}

// Stated gives a case as it will be once these drafts about it are saved, as
// far as a request for an ambulance reads it.
func Stated(c Case, drafts []fact.Draft, now time.Time) Case {
	for _, d := range drafts {
		if d.Subject != c.ID {
			continue
		}
		switch v := d.Content.(type) {
		case CallTaken:
			c.Taken, c.Number, c.Began = &v, v.Number, fact.At(now)
		case TelephoneTied:
			c.Ties = append(slices.Clip(c.Ties), v)
		case CallerDescribed:
			c.Caller = only(v)
		case PatientDescribed:
			c.Patient = only(v)
		case PlaceStated:
			c.Place = only(v.Place)
		case ReasonStated:
			c.Reason = only(v.Words)
		case LifeThreatChecked:
			c.Threat = only(v)
		}
	}
	return c
}

func only[T any](v T) fact.Register[T] {
	return fact.Register[T]{Values: []fact.Stated[T]{{Value: v}}}
}
