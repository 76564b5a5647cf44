package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
)

// onCase does the next thing for a case, as its stage wants it.
func (w *World) onCase(d *device, random *rand.Rand) (deed, error) {
	id, h, err := d.some(aCase, random, 25)
	if err != nil {
		return deed{}, err
	}
	c := urgent.Fold(id, h)
	if !c.Begun() {
		return w.onCall(d, id, random), nil
	}
	all := []func(*device, urgent.Case, *rand.Rand) deed{w.describes, w.disposes, w.notes, w.worsens, w.claims, w.claims, w.finishes, w.finishes, w.ends, w.ends}
	return all[random.IntN(len(all))](d, c, random), nil
}

// folded makes a verb on a case into one on its history.
func folded(id fact.Subject, verb func(c urgent.Case, now time.Time) ([]fact.Draft, error)) func(fact.History, time.Time) ([]fact.Draft, error) {
	return func(h fact.History, now time.Time) ([]fact.Draft, error) { return verb(urgent.Fold(id, h), now) }
}

func (w *World) onCall(d *device, id fact.Subject, random *rand.Rand) deed {
	by := d.org.pick(random, access.CallHandler)
	return deed{"take call", by, id, folded(id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.TakeCall(c, by, codes.ReceivePhone("01632960418"), now)
	})}
}

func (w *World) describes(d *device, c urgent.Case, random *rand.Rand) deed {
	by := d.org.pick(random, access.CallHandler)
	reason := fmt.Sprintf("Pain since %d o'clock", random.IntN(12)+1)
	said := urgent.Description{Reason: &reason}
	if random.IntN(2) == 0 {
		who := record.Identity{Name: record.Name{Given: given(random), Family: family(random)}}
		said.Patient = &urgent.PatientDescribed{Identity: who, MayLook: urgent.Yes}
		said.Contact = &urgent.ContactAgreed{Ring: urgent.Yes, Text: urgent.NotAsked}
	}
	return deed{"describe", by, c.ID, folded(c.ID, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Describe(c, by, said)
	})}
}

func (w *World) disposes(d *device, c urgent.Case, random *rand.Rand) deed {
	by := d.org.pick(random, access.CallHandler, access.Clinician)
	all := w.rules.Triage.Dispositions().All()
	dx := all[random.IntN(len(all))].Dx
	return deed{"set disposition", by, c.ID, folded(c.ID, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.SetDisposition(c, by, w.rules, dx, "as told on the phone", now)
	})}
}

func (w *World) notes(d *device, c urgent.Case, random *rand.Rand) deed {
	by := d.org.pick(random, access.CallHandler, access.Clinician, access.Manager)
	words := fmt.Sprintf("Rang, attempt %d.", random.IntN(1000))
	scan := random.IntN(4) == 0
	return deed{"note", by, c.ID, folded(c.ID, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		drafts, err := urgent.Note(c, by, words)
		if scan && len(drafts) > 0 {
			drafts[0] = drafts[0].With(fact.Blob{Media: "text/plain", Bytes: []byte("letter: " + words)})
		}
		return drafts, err
	})}
}

// worsens is news of the patient that takes back whatever ended the case.
func (w *World) worsens(d *device, c urgent.Case, random *rand.Rand) deed {
	if random.IntN(4) > 0 {
		return w.notes(d, c, random)
	}
	by := d.org.pick(random, access.CallHandler)
	return deed{"call ambulance", by, c.ID, folded(c.ID, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.CallAmbulance(c, by, w.rules, urgent.Emergency{Threat: "breathing"}, now)
	})}
}

func (w *World) claims(d *device, c urgent.Case, random *rand.Rand) deed {
	by := d.org.pick(random, access.Clinician)
	take := random.IntN(3)
	return deed{"start consultation", by, c.ID, folded(c.ID, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		switch {
		case take == 0 && len(c.Claims) > 0:
			return urgent.TakeOver(c, by, "colleague called away", now)
		case take == 1:
			return urgent.Claim(c, by)
		}
		return urgent.StartConsultation(c, by, "phone")
	})}
}

// holder is somebody who has the case, or else any clinician.
func holder(o *org, c urgent.Case, random *rand.Rand) access.Caller {
	for _, by := range o.staff[access.Clinician] {
		if c.HeldBy(by.Person) {
			return by
		}
	}
	return o.pick(random, access.Clinician)
}

func (w *World) finishes(d *device, c urgent.Case, random *rand.Rand) deed {
	by := holder(d.org, c, random)
	f := urgent.Finish{
		Consulted: urgent.Consulted{
			Mode: "phone", History: "No worse since the first call.", Plan: "Rest and fluids.",
			Net: urgent.SafetyNet{Expect: "Better within two days.", Worse: "Ring 111 if it gets worse.", SaidBack: "the patient"},
		},
		Outcome: "advice",
	}
	return deed{"finish", by, c.ID, folded(c.ID, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.FinishConsultation(c, by, w.rules, f, now)
	})}
}

// ends writes the report, closes, or gives the case back.
func (w *World) ends(d *device, c urgent.Case, random *rand.Rand) deed {
	by := holder(d.org, c, random)
	us := exchange.Party{ODS: codes.ODS(d.org.name), Name: d.org.name}
	if _, set := c.Outcome.Get(); set && len(c.Reports) == 0 {
		return deed{"report", by, c.ID, folded(c.ID, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.MakeReport(c, by, w.rules, us, now)
		})}
	}
	if random.IntN(4) == 0 && c.HeldBy(by.Person) {
		return deed{"release", by, c.ID, folded(c.ID, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.Release(c, by, "called away")
		})}
	}
	return deed{"close", by, c.ID, folded(c.ID, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Close(c, by, "")
	})}
}

func given(random *rand.Rand) string {
	return []string{"Wilfred", "Ayesha", "Marek", "Siân", "Oluchi"}[random.IntN(5)]
}

func family(random *rand.Rand) string {
	return []string{"Postle", "Rahman", "Nowak", "Pugh", "Eze"}[random.IntN(5)]
}
