package urgentweb

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// worklistPage is everything that the worklist shows.
type worklistPage struct {
	Phone    phoneLine
	Frame    web.Frame
	Filter   listFilter
	Total    int
	Counts   filterCounts
	Sum      listSum
	Next     nextCase
	Groups   []listGroup
	Beyond   int // rows that the list cannot hold
	Reports  int // reports to GPs still to go
	Apart    int // disagreements to settle
	Queue    urgentdb.QueueCounts
	MayClaim bool
}

// listFilter is what somebody wants to see, as the address says it.
type listFilter struct {
	Show string `form:"show" of:"speak validate see other comfort going tell offered"`
	Free bool   `form:"free"`
	Mine bool   `form:"mine"`
	Find string `form:"find" max:"100"`
}

func (f listFilter) show() urgentdb.Show {
	return urgentdb.Show{Filter: f.Show, Free: f.Free, Mine: f.Mine, Words: f.Find}
}

// query is the filter as an address carries it, "" for everything.
func (f listFilter) query() string {
	v := url.Values{}
	for _, one := range []struct {
		name, value string
		given       bool
	}{{"show", f.Show, f.Show != ""}, {"free", "yes", f.Free}, {"mine", "yes", f.Mine}, {"find", f.Find, f.Find != ""}} {
		if one.given {
			v.Set(one.name, one.value)
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// filterCounts says how many cases stand under each filter.
type filterCounts struct{ Speak, Validate, See, Other int }

// listSum are the numbers at the head, of the whole list whatever the filter.
type listSum struct{ Late, Due, Free, Mine int }

// nextCase is what "take next" would take now; another may be quicker.
type nextCase struct {
	There bool
	Who   string // "KAUR-ELLIS, Simran, 34 F"
	Needs string
	Due   time.Time
}

// listGroup is one heading with its rows.
type listGroup struct {
	Head web.Group
	Rows []*listRow
}

// listRow is one line, ready to be written.
type listRow struct {
	ID, Href, Order, Class string
	From, Due              time.Time
	OnCall                 bool // From is when the call began
	By                     string
	Priority               int
	Needs, Dx              string
	Name, Age              string
	Marks, Asks            []string
	Why, Where, Who        string
	Free                   bool
	Claim                  string   // where claiming is sent; empty: it cannot be claimed
	Notes                  []string // of the queue: "Goes by itself 19:58"
	Tried                  string   // "Tried 1 of 3, next 20:05"
	kind                   web.BreachKind
	about                  fact.Subject // the case
	record                 fact.Subject // the person's record, if one is linked
}

// worklist shows the list.
func (a *App) worklist(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var filter listFilter
	form, err := web.ReadForm(r, &filter)
	if err != nil {
		return err
	}
	if !form.OK() {
		filter = listFilter{}
	}
	page, err := a.listOf(r.Context(), by, filter, a.Cases.List)
	if err != nil {
		return err
	}
	page.Frame = a.listFrame(r, by, filter, page)
	live := page.Frame.Live
	page.Phone = a.phoneOn(r, by, &page.Frame, phoneAbout{})
	page.Frame.Live = live
	return web.Render(w, r, http.StatusOK, worklistView(page))
}

// reading is List, which records the look, or Glance for a page that is open.
type reading func(context.Context, access.Caller, urgentdb.Show) (urgentdb.List, error)

func (a *App) listOf(ctx context.Context, by web.Caller, filter listFilter, read reading) (worklistPage, error) {
	list, err := read(ctx, by, filter.show())
	if err != nil {
		return worklistPage{}, err
	}
	all := list
	if filter != (listFilter{}) {
		if all, err = a.Cases.Glance(ctx, by, urgentdb.Show{}); err != nil {
			return worklistPage{}, err
		}
	}
	now := a.Shell.Now()
	page := worklistPage{
		Filter: filter, Total: all.Total, Beyond: list.Beyond, Reports: list.Waiting, Apart: list.Apart, MayClaim: by.May(access.Claim) == nil,
		Counts: filterCounts{all.Counts["speak"], all.Counts["validate"], all.Counts["see"], all.Counts["other"]},
		Sum:    sumOf(all, by, now), Next: a.nextOf(all.Rows, by, now), Queue: all.Queue,
	}
	page.Groups = groupsOf(a.rowsOf(list.Rows, by, now))
	return page, nil
}

func (a *App) listFrame(r *http.Request, by web.Caller, filter listFilter, page worklistPage) web.Frame {
	f := a.Shell.Frame(r, by, "Worklist")
	f.Live = "/worklist/rows" + filter.query()
	f.Here = "/worklist"
	f.Keys = []web.Key{web.K("J K", "Row"), web.K("Enter", "Open")}
	if page.MayClaim {
		f.Keys = append(f.Keys, web.K("T", "Take next"), web.K("C", "Claim this"))
	}
	f.Keys = append(f.Keys, web.K("/", "Find"), web.K("F", "Free only"), web.K("M", "Mine"), web.K(".", "Show changes"))
	return f
}

func sumOf(all urgentdb.List, by web.Caller, now time.Time) listSum {
	s := listSum{Free: all.Free}
	for i := range all.Rows {
		row := &all.Rows[i]
		switch web.KindOfBreach(timeOf(row.Due), now) {
		case web.Late:
			s.Late++
		case web.Due:
			s.Due++
		}
		if heldBy(row, by) {
			s.Mine++
		}
	}
	return s
}

func heldBy(row *urgent.Row, by web.Caller) bool {
	for _, h := range row.Holders {
		if h.Person == by.Person {
			return true
		}
	}
	return false
}

// nextOf previews what TakeNext takes: the first that waits, is free, and is
// given to the caller's role.
func (a *App) nextOf(rows []urgent.Row, by web.Caller, now time.Time) nextCase {
	row, ok := a.Cases.Next(rows, by)
	if !ok {
		return nextCase{}
	}
	who := row.Patient
	if age := ageSex(row.Born, row.Sex, now); age != "" {
		who += ", " + age
	}
	return nextCase{There: true, Who: who, Needs: row.Needs, Due: timeOf(row.Due)}
}

// timeOf gives a time of a fact, zero when there is none.
func timeOf(m fact.Millis) time.Time {
	if m == 0 {
		return time.Time{}
	}
	return m.Time()
}
