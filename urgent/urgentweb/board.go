package urgentweb

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// boardPage is what the shift manager sees at a glance.
type boardPage struct {
	Frame   web.Frame
	Now     time.Time
	Zone    *time.Location
	Rows    [3]boardRow // P1 to P3; an ambulance counts with P1
	Total   int
	Late    int
	Free    int
	FreeP1  int
	Oldest  time.Time // the free case that has waited longest; zero: none is free
	Unsent  int       // sent, no receipt yet
	Failed  int       // not received: somebody must ring
	OnCall  int
	Reports int
	Tasks   int
	TaskDue int // of those, past their time
	Risk    []listRow
	Beyond  int
	Phone   boardPhone
	Queue   urgentdb.QueueCounts
}

// boardRow is one priority by how near its deadlines are.
type boardRow struct{ Late, Due, Soon, Later int }

// All counts the row.
func (r boardRow) All() int { return r.Late + r.Due + r.Soon + r.Later }

// mostAtRisk is how many cases the board names.
const mostAtRisk = 6

// board shows it.
func (a *App) board(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Gate.Enter(r.Context(), by, access.SeeBoard, fact.Subject{}); err != nil {
		return err
	}
	page, err := a.boardOf(r.Context(), by)
	if err != nil {
		return err
	}
	tasks, err := a.Tasks.Open(r.Context(), by)
	if err != nil {
		return err
	}
	page.countTasks(tasks)
	f := a.Shell.Frame(r, by, "Board")
	f.Live = "/board/live"
	page.Frame = f
	return web.Render(w, r, http.StatusOK, boardView(page))
}

// boardLive keeps an open board true.
func (a *App) boardLive(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.SeeBoard); err != nil {
		return err
	}
	return a.Shell.Watch(w, r, by, web.Watch{
		Topics: []string{casesTopic, phoneBoard, phoneTopic},
		Draw: func(ctx context.Context, by web.Caller, _ []web.Change) ([]web.Fragment, error) {
			page, err := a.boardOf(ctx, by)
			if err != nil {
				return nil, err
			}
			return []web.Fragment{
				{ID: "b-queue", HTML: boardQueue(page)}, {ID: "b-free", HTML: boardFree(page)},
				{ID: "b-out", HTML: boardOut(page)}, {ID: "b-risk", HTML: boardRisk(page)}, {ID: "b-val", HTML: boardValidation(page)},
				{ID: "b-phone", HTML: boardPhoneView(page.Phone)},
			}, nil
		},
	})
}

func (a *App) boardOf(ctx context.Context, by web.Caller) (boardPage, error) {
	list, err := a.Cases.Glance(ctx, by, urgentdb.Show{})
	if err != nil {
		return boardPage{}, err
	}
	now, zone := a.Shell.Now(), a.Shell.Zone()
	p := boardPage{Now: now, Zone: zone, Total: list.Total, Reports: list.Waiting, Beyond: list.Beyond, Queue: list.Queue}
	for i := range list.Rows {
		row := &list.Rows[i]
		p.add(row, now)
		if len(p.Risk) < mostAtRisk && row.Due != 0 {
			p.Risk = append(p.Risk, rowOf(row, by, false, now, zone))
		}
	}
	p.Phone = a.boardPhoneOf(ctx, by, list, now, zone)
	return p, nil
}

func (p *boardPage) add(row *urgent.Row, now time.Time) {
	switch row.Stage {
	case urgent.OnCall:
		p.OnCall++
		return
	case urgent.Sending:
		p.Unsent++
	case urgent.SendFailed:
		p.Failed++
	}
	at := &p.Rows[max(1, priorityOf(row.Priority))-1]
	switch web.KindOfBreach(timeOf(row.Due), now) {
	case web.Late:
		at.Late++
		p.Late++
	case web.Due:
		at.Due++
	case web.Soon:
		at.Soon++
	default:
		at.Later++
	}
	if len(row.Holders) > 0 || (row.Stage != urgent.Waiting && row.Stage != urgent.SendFailed) {
		return
	}
	p.Free++
	if priorityOf(row.Priority) <= 1 {
		p.FreeP1++
	}
	if from := timeOf(row.From); p.Oldest.IsZero() || from.Before(p.Oldest) {
		p.Oldest = from
	}
}

func (p *boardPage) countTasks(tasks []TaskLine) {
	p.Tasks = len(tasks)
	for _, t := range tasks {
		if t.Due.Before(p.Now) {
			p.TaskDue++
		}
	}
}

// bar is one piece of the chart.
type bar struct {
	Class, Text    string
	X, Width, Mid  string
	Label, LabelX  string
	Y, TextY, Next string
}

// The chart's measures, in units of its own.
const (
	chartLeft, chartWide = 34, 400
	chartStep, chartTall = 73, 56
)

// bars draws the rows to one scale.
func (p boardPage) bars() []bar {
	most := 1
	for _, r := range p.Rows {
		most = max(most, r.All())
	}
	var out []bar
	for i, r := range p.Rows {
		x, y := chartLeft, 6+i*chartStep
		for _, piece := range []struct {
			class, text string
			n           int
		}{{"c-late", "on", r.Late}, {"c-due", "onb", r.Due}, {"c-soon", "onb", r.Soon}, {"c-ok", "onb", r.Later}} {
			if piece.n == 0 {
				continue
			}
			wide := max(18, piece.n*chartWide/most-3)
			out = append(out, bar{
				Class: piece.class, Text: piece.text, X: strconv.Itoa(x), Width: strconv.Itoa(wide), Mid: strconv.Itoa(x + wide/2),
				Label: strconv.Itoa(piece.n), Y: strconv.Itoa(y), TextY: strconv.Itoa(y + 34),
			})
			x += wide + 3
		}
		out = append(out, bar{Next: strconv.Itoa(r.All()), LabelX: strconv.Itoa(x + 8), TextY: strconv.Itoa(y + 34), Label: "P" + strconv.Itoa(i+1)})
	}
	return out
}

// waited says how long the oldest free case has waited.
func (p boardPage) waited() string {
	if p.Oldest.IsZero() || p.Now.Before(p.Oldest) {
		return "nobody waits"
	}
	return codes.Span(p.Now.Sub(p.Oldest))
}
