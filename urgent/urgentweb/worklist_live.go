package urgentweb

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// Topics and keys of what changes.
const (
	casesTopic = "cases"   // its keys are cases, or personKey and a person
	personKey  = "person/" // before a person whose record changed
)

// Listen tells open pages what the journal takes in, until stop is called. It
// is called once, when the pages are opened.
func (a *App) Listen() (stop func()) {
	return a.Cases.Journal.Watch(func(committed []fact.Fact) {
		a.tellPhone(committed)
		if keys := changed(committed); len(keys) > 0 {
			a.Shell.Live().Publish(casesTopic, keys...)
			for _, k := range keys {
				a.Shell.Live().Publish(caseTopic(k), k)
			}
		}
	})
}

func caseTopic(key string) string { return "case/" + key }

// changed lists the cases and people that facts are about, once each.
func changed(facts []fact.Fact) []string {
	var out []string
	last := ""
	for _, f := range facts {
		key := ""
		switch {
		case urgentdb.IsCase(f):
			key = f.Header.Subject.String()
		case f.Body.Kind >= 100 && f.Body.Kind < 200:
			key = personKey + f.Header.Subject.String()
		}
		if key != "" && key != last {
			out = append(out, key)
			last = key
		}
	}
	return out
}

// worklistRows is the stream of an open worklist.
func (a *App) worklistRows(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.SeeWorklist); err != nil {
		return err
	}
	var filter listFilter
	if _, err := web.ReadForm(r, &filter); err != nil {
		return err
	}
	return a.Shell.Watch(w, r, by, web.Watch{
		Topics: append([]string{casesTopic}, a.listPhoneTopics(r.Context(), by)...),
		Draw: func(ctx context.Context, by web.Caller, changes []web.Change) ([]web.Fragment, error) {
			rows, err := a.drawRows(ctx, by, filter, changes)
			return append(rows, a.listPhone(ctx, by, changes)...), err
		},
	})
}

// drawRows draws the rows that changed, the headings and the numbers.
func (a *App) drawRows(ctx context.Context, by web.Caller, filter listFilter, changes []web.Change) ([]web.Fragment, error) {
	page, err := a.listOf(ctx, by, filter, a.Cases.Glance)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, c := range changes {
		wanted[c.Key] = true
	}
	now := a.Shell.Now()
	var out []web.Fragment
	for _, g := range page.Groups {
		out = append(out, web.Fragment{ID: "grp-" + string(g.Head.Kind), HTML: web.WorkGroup(g.Head)})
		for _, row := range g.Rows {
			id := row.about.String()
			if wanted[id] || wanted[personKey+row.record.String()] {
				delete(wanted, id)
				out = append(out, web.Fragment{ID: row.ID, Into: "cases", Order: row.Order, HTML: listRowView(*row, now)})
			}
		}
	}
	gone, err := a.goneRows(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return append(append(out, gone...),
		web.Fragment{ID: "wl-total", HTML: listTotal(page)},
		web.Fragment{ID: "wl-sum", HTML: listSumView(page.Sum)},
		web.Fragment{ID: "wl-queue", HTML: listQueue(page)},
		web.Fragment{ID: "wl-who", HTML: listNextView(page.Next, now)}), nil
}

// goneRows says of cases that are not on this list why they left it.
func (a *App) goneRows(ctx context.Context, wanted map[string]bool) ([]web.Fragment, error) {
	var out []web.Fragment
	for key := range wanted {
		id, err := fact.ParseSubject(key)
		if strings.HasPrefix(key, personKey) || err != nil {
			continue
		}
		row, on, err := a.Cases.Row(ctx, id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		why := upperFirst(string(row.Stage))
		if on && row.Stage != urgent.Over {
			why = "No longer in this filter"
		}
		out = append(out, web.Fragment{ID: "c-" + key, Gone: why})
	}
	return out, nil
}
