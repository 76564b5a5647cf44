package urgentweb

import (
	"context"
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// caseMaybe lists the records here that the patient of an unlinked case may
// have, for a person to compare. trouble says why none could be looked for:
// that is not the same as none.
func (a *App) caseMaybe(ctx context.Context, by web.Caller, c urgent.Case) (found []callMatch, trouble string) {
	p, ok := c.Patient.Get()
	if !ok || !p.Record.Zero() || !c.MayView() || c.Closed() || by.May(access.FindPerson) != nil {
		return nil, ""
	}
	id := p.Identity
	q := record.Query{Given: id.Name.Given, Family: id.Name.Family, Born: id.Born, Postcode: id.Address.Postcode}
	if id.NHS.Matchable() {
		q.Number = id.NHS.Text
	}
	if q.Number == "" && (q.Family == "" || q.Born.IsZero()) {
		return nil, ""
	}
	all, err := a.People.Find(ctx, by, q)
	if err != nil {
		return nil, upperFirst(sayOf(err))
	}
	for i, m := range all[:min(len(all), mostFound)] {
		found = append(found, matchOf(i, m))
	}
	return found, ""
}

// caseLink links the record that a person has chosen.
func (a *App) caseLink(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.WritePerson, "", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		person, err := fact.ParseSubject(f.Record)
		if err != nil {
			return nil, refusal.Field("record", "Choose which of these people it is.")
		}
		return urgent.LinkRecord(c, by, person)
	})
}
