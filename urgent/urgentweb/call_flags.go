package urgentweb

import (
	"context"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// callKnow is what to know of the chosen person before asking.
type callKnow struct {
	Person    *record.Person
	Interrupt []callInterrupt // resuscitation decision, scene danger
	Flags     []web.Flag      // all others
	IDs       []string        // facts behind all of them, for the one acknowledgement
	Unread    int
	Trouble   string // why nothing is shown, which is never "nothing"
	Known     knownView
}

// callInterrupt is one of the two things that may stand before everything.
type callInterrupt struct {
	ID    string // of its drawer
	What  string
	Whole string
	Parts []record.PlanPart // of the plan that it is
}

// callKnows reads what to know of the chosen record.
func (a *App) callKnows(ctx context.Context, by web.Caller, c *urgent.Case, f callForm, h callHeard, now time.Time) callKnow {
	if h.Record.Zero() {
		return callKnow{}
	}
	if !mayView(c, f.Look) {
		return callKnow{Trouble: "The patient does not want their record looked at. Ask about allergies, medicines and decisions aloud."}
	}
	p, err := a.People.Person(ctx, by, h.Record)
	if err != nil {
		return callKnow{Trouble: "The record cannot be shown: " + sayOf(err) + " Ask about allergies and decisions aloud: unknown is not none."}
	}
	self := fact.Subject{}
	if c != nil {
		self = c.ID
	}
	k := knowOf(p, self, a.Call.Repeat, now, a.Shell.Zone())
	about := urgent.Case{}
	if c != nil {
		about = *c
	}
	k.Known = a.known(ctx, by, about, p, now)
	k.Flags, k.IDs = append(k.Known.Flags, k.Flags...), append(k.IDs, k.Known.IDs...)
	k.Flags = append(a.identityFlags(p), k.Flags...)
	if c != nil {
		for _, id := range flagIDs(k.IDs) {
			if !hasID(c.FlagsRead, id) {
				k.Unread++
			}
		}
	} else {
		k.Unread = len(k.IDs)
	}
	return k
}

// knowOf sorts a record's alerts into what interrupts and what one key
// acknowledges.
func knowOf(p record.Person, self fact.Subject, repeat time.Duration, now time.Time, zone *time.Location) callKnow {
	k := callKnow{Person: &p}
	n := 0
	for _, contact := range p.CasesSince(now.Add(-repeat), self) {
		k.IDs = append(k.IDs, contact.Fact.String())
		tag := [...]string{"Second call", "Third call", "Often"}[min(n, 2)]
		switch contact.Says.Way {
		case urgent.SortChaser:
			tag = "Chaser"
		case urgent.SortComfort:
			tag = "Comfort call"
		default:
			n++
		}
		k.Flags = append(k.Flags, web.Flag{
			Tag:  web.Tag{Text: tag, Tone: "amb"},
			What: "Rang " + web.ClockWords(contact.At.Time(), now, zone) + joinedBefore(", ", firstWords(contact.Says.Complaint)) + ".",
			More: contactOutcome(contact),
		})
	}
	for _, alert := range p.Standing() {
		k.IDs = append(k.IDs, alert.Fact.String())
		if alert.Interrupts() {
			k.Interrupt = append(k.Interrupt, interruptOf(alert))
			continue
		}
		k.Flags = append(k.Flags, web.Flag{Tag: web.Tag{Text: alert.Label(), Tone: "amb"}, What: ended(alert.Sentence()), More: alertMore(alert, now)})
	}
	for _, d := range p.Disputes() {
		k.Flags = append(k.Flags, web.Flag{Tag: web.Tag{Text: "Two values", Tone: "ask"}, What: upperFirst(d.Field.String()) + ": " + joined(" or ", d.Values...) + ".", More: "Ask which is right."})
	}
	if n := len(p.NotShown) + len(p.Gaps); n > 0 {
		k.Flags = append(k.Flags, web.Flag{Tag: web.Tag{Text: "Not shown", Tone: "ask"}, What: count(n, "entry is", "entries are") + " not shown.", More: "Treat what it says as unknown, not as nothing."})
	}
	return k
}

func joinedBefore(with, s string) string {
	if s == "" {
		return ""
	}
	return with + s
}

func firstWords(s string) string { return clipped(firstOf(s), 80) }

func firstOf(s string) string {
	for i, r := range s {
		if r == '\n' {
			return s[:i]
		}
	}
	return s
}

func contactOutcome(c record.Contact) string {
	if c.Says.Outcome == "" {
		return "What came of it is not known here."
	}
	return "Outcome: " + c.Says.Outcome + "."
}

func interruptOf(a record.Alert) callInterrupt {
	out := callInterrupt{ID: "read-" + a.Fact.Short(), Whole: ended(a.Sentence())}
	if a.Plan != nil {
		out.Parts = a.Plan.Parts
	}
	switch a.Says.Kind {
	case record.Resuscitation:
		if a.Disputed {
			out.What = "Resuscitation: the records disagree, none counts as a decision. A clinician looks now"
			break
		}
		out.What = "Resuscitation decision on record: " + a.Says.Decision.String()
		out.Whole = strings.TrimPrefix(out.Whole, "Resuscitation: "+a.Says.Decision.String()+". ")
	default:
		out.What = "Danger where the patient is"
	}
	return out
}

func alertMore(a record.Alert, now time.Time) string {
	switch {
	case a.Ask != "":
		return a.Ask + " Ask which."
	case a.ReviewDue(now):
		return "Its review date has passed, " + a.NextReview().Display() + "; it stands."
	case a.Says.Kind == record.Steroids || a.Says.Kind == record.Anticoagulant:
		return "Confirm aloud once."
	case a.Says.Kind == record.KeySafe:
		return "The code is opened one at a time, and they are told."
	}
	return ""
}

// resuscitation says what decision stands on a person's record, "" for none.
// Two that disagree are said as such.
func resuscitation(p *record.Person) string {
	if p == nil || len(p.StandingOf(record.Resuscitation)) == 0 {
		return ""
	}
	d, disputed := p.Resuscitation()
	switch {
	case disputed:
		return "Two resuscitation decisions that disagree are on record."
	case d == record.DoNotAttempt:
		signed := p.StandingOf(record.Resuscitation)[0].Says.Signed
		return "Do not attempt CPR is on record" + joinedBefore(", ", signedWords(signed)) + "."
	case d == record.SeeForm:
		return "A resuscitation form is on record that must be read."
	}
	return ""
}

func signedWords(d codes.Date) string { return d.Display() }
