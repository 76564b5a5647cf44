package access

import (
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// FinishingOf says who is asking through a session whose time is over, or whose
// role was for a shift that has ended, while they hold open cases: they may
// finish these and begin nothing. Protection never takes care away. A role that
// was ended by name, and a session that was signed out of, give nothing.
func FinishingOf(session Session, s Staff, g fact.Genesis, open []fact.Subject, now time.Time) (Caller, error) {
	no := refusal.New(refusal.Forbidden, "Your session has ended. Sign in to go on; what you typed is kept.")
	if session.Ended || len(session.Opened) != 1 || session.Opened[0].Person != s.Person || len(open) == 0 {
		return Caller{}, no
	}
	o := session.Opened[0]
	var grants []fact.ID
	for _, g := range s.Grants {
		if g.Role == o.Role && !g.Ended {
			grants = append(grants, g.Fact)
		}
	}
	if len(grants) == 0 {
		return Caller{}, no
	}
	details, _ := s.Details.Get()
	return Caller{
		Person: s.Person, Name: s.Name(), Title: details.Title, Role: o.Role, Org: g.Name, ODS: g.ODS,
		Desk: o.Desk, Session: session.ID, Grants: grants, Until: o.Until.Time(), Finishing: open,
	}, nil
}

// aboutCase lists the acts on a case; finishing lists what else somebody may do
// whose shift is over and who holds an open case.
func aboutCase() []Act {
	return []Act{SeeCase, Triage, Dispose, Refer, Consult, LowerUrgency, SetOutcome, Close, SendReport, WriteNote, CallEmergency}
}

func finishing() []Act {
	return append(aboutCase(), SeeWorklist, SeePerson, WritePerson, SeeServices, SeeTasks, DoTask, SeeOwnSessions)
}

// MayAbout checks the table, and for somebody who only finishes what they hold,
// whether this is one of those cases.
func (c Caller) MayAbout(a Act, about fact.Subject) error {
	if err := c.May(a); err != nil {
		return err
	}
	if len(c.Finishing) > 0 && !about.Zero() && slices.Contains(aboutCase(), a) && !slices.Contains(c.Finishing, about) {
		return overNow()
	}
	return nil
}

func overNow() error {
	return refusal.New(refusal.Forbidden, "Your shift is over. Finish the cases you hold; a colleague takes what is new.")
}
