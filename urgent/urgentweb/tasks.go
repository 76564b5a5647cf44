package urgentweb

import (
	"net/http"

	"holdfast/access"
	"holdfast/fact/refusal"
	"holdfast/task"
	"holdfast/web"
)

// tasksPage lists what falls to people because something did not go by
// itself.
type tasksPage struct {
	Frame web.Frame
	Tasks []TaskLine
	Apart []apartView // these two disagree
	May   bool
	Me    string
}

// tasks shows the open tasks, urgent ones first.
func (a *App) tasks(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	all, err := a.Tasks.Open(r.Context(), by)
	if err != nil {
		return err
	}
	f := a.Shell.Frame(r, by, "Tasks")
	f.Keys = []web.Key{web.K("J K", "Row"), web.K("Enter", "Open"), web.K("C", "Take this")}
	p := tasksPage{Frame: f, Tasks: all, May: by.May(access.DoTask) == nil, Me: by.Says()}
	waiting, err := a.Cases.Apart(r.Context(), by)
	if err != nil {
		return err
	}
	if p.Apart, err = a.apartViews(r, by, waiting, nil, ""); err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, tasksView(p))
}

// taskTake takes a task.
func (a *App) taskTake(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in taskTaken
	if _, err := web.ReadForm(r, &in); err != nil {
		return err
	}
	if err := a.Tasks.Take(r.Context(), by, id, in.Why); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/tasks")
}

// taskTaken says why a task is taken from somebody else.
type taskTaken struct {
	Why string `form:"why" max:"1000"`
}

// taskEnd is how a task ended.
type taskEnd struct {
	Outcome string `form:"outcome" max:"40"`
	Note    string `form:"note" max:"1000"`
}

// taskDone ends a task with its outcome.
func (a *App) taskDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.DoTask); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in taskEnd
	if _, err := web.ReadForm(r, &in); err != nil {
		return err
	}
	if in.Outcome == "" {
		return refusal.New(refusal.Invalid, "Choose how the task ended, then press again. Nothing was saved.")
	}
	if err := a.Tasks.Done(r.Context(), by, id, in.Outcome, in.Note); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/tasks")
}

// taskEnds are the ends that need no more words.
func taskEnds() []web.Button {
	return []web.Button{
		{Text: "Reached, they have it", Name: "outcome", Value: string(task.Reached)},
		{Text: "Not needed any more", Name: "outcome", Value: string(task.NotNeeded)},
	}
}

// taskNoted are the ends that need a line or two.
func taskNoted() []web.Option {
	return []web.Option{
		{Value: string(task.PassedOn), Text: "Passed on: to whom?"},
		{Value: string(task.GivenUp), Text: "Given up: why?"},
	}
}
