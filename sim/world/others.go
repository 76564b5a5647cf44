package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/task"
)

// onPerson writes in somebody's record.
func (w *World) onPerson(d *device, random *rand.Rand) (deed, error) {
	id, h, err := d.some(aPerson, random, 20)
	if err != nil {
		return deed{}, err
	}
	p := record.Fold(id, h)
	by := d.org.pick(random, access.Clinician)
	on := func(name string, verb func(p record.Person, now time.Time) ([]fact.Draft, error)) deed {
		return deed{name, by, id, func(h fact.History, now time.Time) ([]fact.Draft, error) { return verb(record.Fold(id, h), now) }}
	}
	who := record.Identity{Name: record.Name{Given: given(random), Family: family(random)}}
	if !p.Registered {
		return on("register", func(p record.Person, now time.Time) ([]fact.Draft, error) {
			return record.Register(p, by, record.Registration{Identity: who, Source: record.FromCaller}, now)
		}), nil
	}
	substance := []string{"penicillin", "latex", "eggs", "morphine"}[random.IntN(4)]
	switch random.IntN(5) {
	case 0:
		return on("no known allergies", func(p record.Person, now time.Time) ([]fact.Draft, error) {
			return record.RecordNoKnownAllergies(p, by, record.FromCaller, now)
		}), nil
	case 1:
		return on("amend", func(p record.Person, now time.Time) ([]fact.Draft, error) {
			return record.Amend(p, by, record.Amendment{Identity: who, Fields: record.Fields(), Source: record.FromCaller, Why: "misheard"}, now)
		}), nil
	case 2:
		if len(p.Alerts) > 0 {
			return w.onAlert(on, by, p, random), nil
		}
	}
	return on("add allergy", func(p record.Person, now time.Time) ([]fact.Draft, error) {
		return record.AddAllergy(p, by, record.AllergyHeard{Substance: substance, Reaction: "rash", Source: record.FromCaller}, now)
	}), nil
}

// onAlert ends an alert or says that it stands.
func (w *World) onAlert(on func(string, func(record.Person, time.Time) ([]fact.Draft, error)) deed, by access.Caller, p record.Person, random *rand.Rand) deed {
	alert := p.Alerts[random.IntN(len(p.Alerts))].Fact
	if random.IntN(2) == 0 {
		return on("confirm alert", func(p record.Person, now time.Time) ([]fact.Draft, error) {
			return record.ConfirmAlert(p, by, record.AlertConfirmed{Alert: alert, Why: "asked again"}, now)
		})
	}
	return on("end alert", func(p record.Person, now time.Time) ([]fact.Draft, error) {
		return record.EndAlert(p, by, record.AlertEnded{Alert: alert, Why: "tested, not allergic"}, now)
	})
}

// timer raises the task that a timer of a case asks for, whose subject every
// device works out alike: raised apart, it is one.
func (d *device) timer(by access.Caller, about fact.Subject) deed {
	timer := task.TimerID(about, "comfort call", fact.ID{})
	id := task.SubjectOf(timer)
	d.learn(id, aTask)
	return deed{"timer", by, id, func(h fact.History, now time.Time) ([]fact.Draft, error) {
		return task.Raise(task.Fold(id, h), by, task.Raised{Timer: timer, What: task.RingBack, List: task.Handlers, Reason: "Comfort call", About: about}, now)
	}}
}

// onTask raises a task or works on one.
func (w *World) onTask(d *device, random *rand.Rand) (deed, error) {
	by := d.org.pick(random, access.CallHandler, access.Clinician, access.Manager)
	about, _, err := d.some(aCase, random, 0)
	if err != nil {
		return deed{}, err
	}
	id, h, err := d.some(aTask, random, 40)
	if err != nil {
		return deed{}, err
	}
	if random.IntN(4) == 0 {
		return d.timer(by, about), nil
	}
	on := func(name string, verb func(t task.Task, now time.Time) ([]fact.Draft, error)) (deed, error) {
		return deed{name, by, id, func(h fact.History, now time.Time) ([]fact.Draft, error) { return verb(task.Fold(id, h), now) }}, nil
	}
	if !task.Fold(id, h).Exists() {
		return on("raise task", func(t task.Task, now time.Time) ([]fact.Draft, error) {
			return task.Raise(t, by, task.Raised{What: task.RingBack, List: task.Handlers, Reason: "Ring back", About: about}, now)
		})
	}
	switch random.IntN(4) {
	case 0:
		return on("take task", func(t task.Task, now time.Time) ([]fact.Draft, error) {
			return task.Take(t, by, "for a colleague", now)
		})
	case 1:
		return on("try task", func(t task.Task, now time.Time) ([]fact.Draft, error) {
			return task.TryInVain(t, by, task.Tried{Note: fmt.Sprintf("no answer at %d", now.Minute())}, now)
		})
	case 2:
		return on("release task", func(t task.Task, now time.Time) ([]fact.Draft, error) { return task.Release(t, by, "shift over", now) })
	}
	return on("finish task", func(t task.Task, now time.Time) ([]fact.Draft, error) {
		return task.Finish(t, by, task.Done{Outcome: task.Reached}, now)
	})
}

// onStaff gives or takes a role.
func (w *World) onStaff(d *device, random *rand.Rand) (deed, error) {
	all := d.org.subjects[aStaff]
	id := all[random.IntN(len(all))]
	by := d.org.pick(random, access.Manager)
	give := random.IntN(2) == 0
	return deed{"staff", by, id, func(h fact.History, now time.Time) ([]fact.Draft, error) {
		s := access.FoldStaff(id, h)
		if give {
			return access.GrantRole(s, access.Dispatcher, time.Time{})
		}
		return access.EndRole(s, access.Dispatcher, "shift over", now)
	}}, nil
}
