package urgent

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/task"
)

// FiledWrongly says that the case stood under the wrong patient until now.
type FiledWrongly struct {
	Was    fact.Subject `cbor:"1,keyasint"` // the record; zero when none was linked
	Called string       `cbor:"2,keyasint"` // whom it was filed under, as shown
	Why    string       `cbor:"3,keyasint"`
	By     string       `cbor:"4,keyasint"`
	Told   int          `cbor:"5,keyasint"` // reports that had left
}

// FactKind is kind 248.
func (FiledWrongly) FactKind() fact.Kind { return kind(248, "filed-wrongly", fact.Grow) }

// RightPatient is who the case is really about.
type RightPatient struct {
	Identity record.Identity
	Record   fact.Subject // zero: not traced yet
	Why      string
}

// MoveToPatient moves one case from the wrong patient to the right one. Reports
// that may have been read are taken back, the right practice is told, and the
// breach becomes a task of information governance, all in one act. It names
// neither patient to the practice of the other.
func MoveToPatient(c Case, by access.Caller, r *Rules, from exchange.Party, to RightPatient, now time.Time) ([]fact.Draft, error) {
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	if err := by.May(access.WriteNote); err != nil {
		return nil, err
	}
	to.Why = strings.TrimSpace(to.Why)
	was, ok := c.Patient.Get()
	switch {
	case c.Patient.Disputed():
		return nil, refusal.New(refusal.Taken, "Two patients are stated on this case. Settle which one it is: that needs no move.")
	case !ok:
		return nil, refusal.New(refusal.Invalid, "No patient is stated on this case yet: there is nothing to move. Say who it is.")
	case to.Why == "":
		return nil, refusal.Field("why", "Say how it came to be filed wrongly, and how you know who it is")
	case to.Identity.Name.IsZero() && to.Identity.Description == "":
		return nil, refusal.Field("last", "Say who the case is really about")
	case to.Record == was.Record && !to.Record.Zero(), to.Record.Zero() && sameIdentity(to.Identity, was.Identity):
		return nil, refusal.Field("last", "This is the patient that the case is filed under already")
	}
	moved := PatientDescribed{Identity: to.Identity, Record: to.Record, MayLook: NotAsked}
	said := FiledWrongly{Was: was.Record, Called: was.Identity.Called(), Why: to.Why, By: by.Says()}
	var notices []fact.Draft
	live := false
	for _, one := range c.Reports {
		if c.nullified(one.Fact) || one.What.Report.Takes != "" {
			continue
		}
		live = live || one.What.Suppressed == "" || one.What.Report.To == (exchange.Party{})
		notices = append(notices, c.takeBack(one, by, "It was about somebody else.")...)
		if c.mayHaveLeft(one) {
			said.Told++
			notices = append(notices, fact.Say(c.ID, noticeOf(one, r, by, "It was about somebody else.", now)))
		}
	}
	out := append([]fact.Draft{fact.Say(c.ID, said), fact.Say(c.ID, moved)}, notices...)
	out = append(out, c.withdrawLetters("The case was filed under somebody else.")...)
	if live {
		right := c
		right.Patient = fact.Register[PatientDescribed]{Values: []fact.Stated[PatientDescribed]{{Value: moved}}}
		made, err := makeReport(right, by, r, from, now)
		if err != nil {
			return nil, err
		}
		out = append(out, fact.Say(c.ID, made))
	}
	timer := task.TimerID(c.ID, "filed under the wrong patient "+to.Identity.Called(), c.newestReportFact())
	more, err := task.Raise(task.Task{Subject: task.SubjectOf(timer)}, access.Caller{Role: access.Device}, task.Raised{
		Timer: timer, What: task.Other, List: task.InformationGovernance, About: c.ID, Due: fact.At(now.Add(r.Letters.Breach)), Urgent: said.Told > 0,
		Reason: "Case " + c.Number + " stood under the wrong patient" + toldWords(said.Told) + ": assess the breach, and what was written in the wrong record.",
	}, now)
	return append(out, more...), err
}

func toldWords(n int) string {
	switch n {
	case 0:
		return "; nothing had left"
	case 1:
		return "; one report had left"
	}
	return "; several reports had left"
}

func (c Case) newestReportFact() fact.ID {
	if n := len(c.Outward.Moved); n > 0 {
		return c.Outward.Moved[n-1].Fact
	}
	return fact.ID{}
}

func sameIdentity(a, b record.Identity) bool {
	return a.Name == b.Name && a.Born == b.Born && a.NHS == b.NHS
}
