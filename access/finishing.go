package access

import (
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// finishLasts is how long after its end a session may serve to finish what was
// in hand: as long as a browser keeps its token.
const finishLasts = TokenLasts - SessionLasts

// aboutCase lists the acts on a case; finishing lists all that somebody may do
// whose role or session has run out while they have work in hand. To call an
// ambulance is among them whatever it is about.
func aboutCase() []Act {
	return []Act{SeeCase, Triage, Dispose, Refer, Consult, LowerUrgency, SetOutcome, Close, SendReport, WriteNote}
}

func finishing() []Act {
	return append(aboutCase(), CallEmergency, SeeWorklist, SeePerson, WritePerson, SeeTasks, DoTask, UseForm, SeeApart, SettleApart,
		SeeEntry, OpenEntry)
}

// inTime refuses new work, and all that is no care, to somebody whose role or
// session has run out while they had work in hand.
func (c Caller) inTime(r Row) error {
	if c.Lapsed.IsZero() || r.Audit == NotAPerson || slices.Contains(finishing(), r.Act) && slices.Contains(r.Purposes, DirectCare) {
		return nil
	}
	return ranOut()
}

// InHand refuses somebody who only finishes what they have what is not of that:
// an act outside the list, or a case that they do not hold. No reason opens it.
func (c Caller) InHand(a Act, about fact.Subject) error {
	if c.Lapsed.IsZero() {
		return nil
	}
	if r, err := c.row(a); err != nil && r.Act != "" {
		return err
	}
	if len(c.Finishing) > 0 && !about.Zero() && slices.Contains(aboutCase(), a) && !slices.Contains(c.Finishing, about) {
		return ranOut()
	}
	return nil
}

func ranOut() error {
	return refusal.New(refusal.Forbidden, "Your role or your shift has run out. Finish what you have; a colleague takes what is new.")
}

// finishes tells whether a session that ended by the clock is young enough to
// finish something in.
func (o SessionOpened) finishes(now time.Time) bool {
	return now.Before(o.Until.Time().Add(finishLasts))
}
