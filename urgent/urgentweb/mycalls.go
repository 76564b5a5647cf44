package urgentweb

import (
	"net/http"
	"time"

	"holdfast/urgent"
	"holdfast/web"
)

// myCallsPage is a call handler's own calls of today.
type myCallsPage struct {
	Frame web.Frame
	Rows  []myCall
	Phone phoneLine
	Half  string // where a half-typed call waits; empty: none
}

// myCall is one call with where it stands.
type myCall struct {
	At, Number, Name, Age, Why, Needs, Stands, Who string
	Due                                            time.Time
	Href                                           string
	Marks                                          []string
}

// myCalls lists the calls that this person took today.
func (a *App) myCalls(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	now, zone := a.Shell.Now(), a.Shell.Zone()
	day := now.In(zone)
	since := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	if early := now.Add(-12 * time.Hour); early.Before(since) {
		since = early // a night shift began yesterday
	}
	rows, err := a.Cases.TakenBy(r.Context(), by, since)
	if err != nil {
		return err
	}
	p := myCallsPage{Frame: a.Shell.Frame(r, by, "My calls")}
	p.Phone = a.phoneOn(r, by, &p.Frame, phoneAbout{})
	for _, row := range rows {
		p.Rows = append(p.Rows, myCallOf(row, by, now, zone))
	}
	if _, at, ok, err := a.draftValues(r.Context(), by, newCallDraft); err != nil {
		return err
	} else if ok {
		p.Half = web.ClockWords(at, now, zone)
	}
	return web.Render(w, r, http.StatusOK, myCallsView(p))
}

func myCallOf(row urgent.Row, by web.Caller, now time.Time, zone *time.Location) myCall {
	who, _ := whoHas(&row, by, now, zone)
	c := myCall{
		At: web.ClockWords(row.From.Time(), now, zone), Number: row.Number, Name: row.Patient, Age: ageSex(row.Born, row.Sex, now), Why: row.Why,
		Needs: joined(" ", row.Needs, string(row.Dx)), Stands: upperFirst(string(row.Stage)), Who: who, Due: timeOf(row.Due),
		Href: "/case/" + row.Case.String(), Marks: row.Marks,
	}
	if row.Stage == urgent.OnCall {
		c.Href = "/call/" + row.Case.String()
	}
	if row.Stage == urgent.Over || row.Stage == urgent.HandedOn {
		c.Due = time.Time{}
	}
	return c
}
