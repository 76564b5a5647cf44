package directory

import (
	"fmt"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// choiceEnded says that a service that was listed apart from its end has ended.
const choiceEnded = "ended"

// Disagreements lists what waits for an administrator on one entry: different
// entries, and a service that one person ended while another listed it. h is
// the history that e was folded from.
func (e Entry) Disagreements(h fact.History) []fact.Disagreement {
	if h.OneFeed() {
		return nil
	}
	out := fact.Disputed(h, e.Subject, fact.Matter{Kind: OrganisationListed{}.FactKind().Number}, "The organisation "+e.orgName(), e.Organisation, OrganisationListed.words)
	if e.Disputed() {
		d := fact.Disagreement{Subject: e.Subject, Matter: fact.Matter{Kind: ServiceListed{}.FactKind().Number}, What: "The service " + e.serviceName()}
		d.Values = e.listed(h)
		out = append(out, d)
	}
	if e.Apart {
		d := fact.Disagreement{
			Subject: e.Subject, Matter: fact.Matter{Kind: ServiceEnded{}.FactKind().Number}, What: "Whether " + e.serviceName() + " runs",
			Also: []fact.Choice{{Key: choiceEnded, Text: "It has ended"}},
		}
		d.Values = e.listed(h)
		for _, f := range h.Facts() {
			if c, err := fact.Read[ServiceEnded](f); err == nil {
				d.Values = append(d.Values, h.Said(f.ID, "Ended: "+c.Why))
			}
		}
		out = append(out, d)
	}
	return out
}

func (e Entry) listed(h fact.History) []fact.Value {
	var out []fact.Value
	for _, s := range e.Service.Values {
		v := h.Said(s.Fact, s.Value.words())
		v.Choice = s.Fact.String()
		out = append(out, v)
	}
	return out
}

func (e Entry) orgName() string {
	if len(e.Organisation.Values) == 0 {
		return ""
	}
	return e.Organisation.Values[0].Value.Name
}

func (e Entry) serviceName() string {
	s, _ := e.Current()
	return s.Name
}

func (o OrganisationListed) words() string {
	return said(o.Name, string(o.ODS), o.Type, o.Phone.Display(), o.Place.String())
}

func (s Service) words() string {
	opening := "open day and night"
	if !s.Always {
		opening = hoursWords(s.Hours)
	}
	var doors []string
	for _, d := range s.Doors {
		doors = append(doors, string(d.Route)+" "+d.Endpoint)
	}
	return said(s.Name, string(s.Type), s.Provider, s.Phone.Display(), s.Place.String(), opening, s.Ages.String(), strings.Join(doors, ", "), s.Note)
}

// hoursWords says a week's hours: "Mo Tu 08:00-18:30".
func hoursWords(all []Opening) string {
	var out []string
	for _, o := range all {
		days := ""
		for d := range 7 {
			if o.Days&(1<<d) != 0 {
				days += time.Weekday(d).String()[:2] + " "
			}
		}
		out = append(out, fmt.Sprintf("%s%02d:%02d-%02d:%02d", days, o.From/60, o.From%60, o.To/60, o.To%60))
	}
	return strings.Join(out, ", ")
}

func said(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "; ")
}

// Settle says which of the entries written apart stands, and why.
func Settle(e Entry, h fact.History, by access.Caller, req fact.Settling, _ time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepServices); err != nil {
		return nil, err
	}
	if req.Why = strings.TrimSpace(req.Why); req.Why == "" {
		return nil, refusal.Field("why", "Say why this one stands. The others stay readable in the history.")
	}
	for _, d := range e.Disagreements(h) {
		if d.Matter == req.Matter {
			return e.settle(req)
		}
	}
	return nil, refusal.New(refusal.Taken, "Nothing disagrees here any more: somebody has settled it. Look at what stands now.")
}

func (e Entry) settle(req fact.Settling) ([]fact.Draft, error) {
	if req.Matter.Kind == (OrganisationListed{}).FactKind().Number {
		if o, ok := fact.Chosen(e.Organisation, req.Choice); ok {
			o.Why = req.Why
			return []fact.Draft{fact.Say(e.Subject, o)}, nil
		}
	} else if s, ok := fact.Chosen(e.Service, req.Choice); ok {
		return []fact.Draft{fact.Say(e.Subject, ServiceListed{Service: s, Why: req.Why})}, nil
	}
	if req.Matter.Kind == (ServiceEnded{}).FactKind().Number && req.Choice == choiceEnded {
		return []fact.Draft{fact.Say(e.Subject, ServiceEnded{Why: req.Why})}, nil
	}
	return nil, refusal.Field("choice", "Choose which one stands.")
}
