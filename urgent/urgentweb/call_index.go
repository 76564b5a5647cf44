package urgentweb

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// callIndexed is what the national index says beside our own list.
type callIndexed struct {
	State  record.TraceState
	People []callIndexedPerson
}

type callIndexedPerson struct {
	NHS, Called, About, Place, Fit string
	Tags                           []web.Tag
	Differ                         []web.Pair
}

// question is what the index is asked: never where the patient is now, which
// need not be where they live.
func (f callForm) question(h callHeard) record.TraceQuestion {
	q := record.TraceQuestion{NHS: h.NHS, Given: f.First, Family: f.Last, Born: h.Born}
	if s := codes.Sex(f.Sex); s == codes.Male || s == codes.Female {
		q.Sex = s
	}
	return q
}

// callIndex says how the question to the national index stands. It never waits.
func (a *App) callIndex(by web.Caller, f callForm, h callHeard, now time.Time) callIndexed {
	if a.Trace == nil || f.Look == string(urgent.No) || by.May(access.FindPerson) != nil {
		return callIndexed{}
	}
	out := callIndexed{State: a.Trace.Look(f.question(h))}
	for _, p := range out.State.People {
		id := p.Identity
		one := callIndexedPerson{
			NHS: id.NHS.Text, Called: id.Called(), About: joined(" · ", id.Born.Display(), id.AgeWords(now), id.Sex.String(), id.NHS.Format()),
			Place: joined(" · ", id.Address.String(), joined(" ", id.Practice.Name, string(id.Practice.ODS))),
		}
		if p.Score != 0 {
			one.Fit = strconv.Itoa(int(p.Score)) + " %"
		}
		if id.Restricted {
			one.Place = "Where they can be found is protected"
			one.Tags = append(one.Tags, web.Tag{Text: "Protected", Tone: "fill"})
		}
		if id.Death.Dead == record.Yes {
			one.Tags = append(one.Tags, web.Tag{Text: upperFirst(id.Death.String()), Tone: "ask"})
		}
		said := f.identity(h, &web.Form{})
		for _, d := range record.Differences(said, id) {
			if d.Here != "" {
				one.Differ = append(one.Differ, web.Pair{Name: upperFirst(d.Field.String()), Value: d.Here + " typed, " + d.There + " in the index"})
			}
		}
		out.People = append(out.People, one)
	}
	return out
}

// callThem takes the person whom the index described as the patient: what was
// typed is saved first, the answer is kept on their record, and the case is
// linked to it. Nothing that was stated is overwritten.
func (a *App) callThem(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	f, form, id, err := a.callArrived(r)
	if err != nil {
		return err
	}
	if err := a.Cases.Refuses(r.Context(), by, access.TakeCall); err != nil {
		return err
	}
	ctx, now := r.Context(), a.Shell.Now()
	h := f.hear(form, false, now)
	save := func() error {
		person := a.callPerson(ctx, by, h.Record, f.Look)
		_, err := a.Cases.Do(ctx, by, access.TakeCall, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return f.save(c, by, a.Cases.Rules, h, form, person, now)
		})
		return err
	}
	if err := save(); err != nil && !form.Take(err) {
		return err
	}
	if rec, err := a.judgedThem(ctx, by, f, h); err != nil {
		if !form.Take(err) {
			return err
		}
	} else {
		h.Record, f.Record = rec, rec.String()
		r.PostForm.Set("record", f.Record)
		if err := save(); err != nil && !form.Take(err) {
			return err
		}
	}
	f.Do = "them"
	return a.callSaved(w, r, by, id, f, form)
}

// judgedThem keeps the index's answer on the record that is meant: the chosen
// one, the only one here with the same number, else a new one.
func (a *App) judgedThem(ctx context.Context, by web.Caller, f callForm, h callHeard) (fact.Subject, error) {
	if a.Trace == nil || a.Records == nil || f.Look == string(urgent.No) {
		return fact.Subject{}, refusal.Field("nhs", "The national index is not asked here")
	}
	answer, ok := a.Trace.Look(f.question(h)).Person(f.Them)
	if !ok {
		return fact.Subject{}, refusal.Field("nhs", "The index’s answer is not here any more: look again")
	}
	about := h.Record
	if about.Zero() {
		all, err := a.People.Find(ctx, by, record.Query{Number: f.Them})
		if err != nil {
			return about, err
		}
		for _, m := range all {
			switch {
			case m.NHS.Text != f.Them:
			case !about.Zero():
				return about, refusal.Field("nhs", "Several records here have this number: choose one in the list first")
			default:
				about = m.Person
			}
		}
	}
	if about.Zero() {
		var err error
		if about, err = a.Cases.NewCase(); err != nil { // a random name, as every subject has
			return about, err
		}
	}
	return about, a.Records.Do(ctx, by, about, nil, func(p record.Person, now time.Time) ([]fact.Draft, error) {
		return record.JudgeTrace(p, by, record.Judging{Answer: answer, Them: record.Yes}, now)
	})
}

// title says how many the index lists.
func (c callIndexed) title() string {
	if c.State.More {
		return "many people"
	}
	return count(len(c.People), "person", "people")
}

// onRecord tells whether the chosen record keeps this answer as theirs.
func (p callPage) onRecord(nhs string) bool {
	if p.Know.Person == nil {
		return false
	}
	t, ok := p.Know.Person.Traced()
	return ok && t.Says.Identity.NHS.Text == nhs
}
