package accessweb

import (
	"net/http"
	"strconv"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// rosterView is a staff file, before and after it was looked at.
type rosterView struct {
	Frame    web.Frame
	Form     *web.Form
	Text     string // as it was sent
	Looked   bool   // the steps below say what would happen
	Moved    bool   // the staff list changed since it was looked at
	Done     bool   // the steps below were done
	Changes  int
	Digest   string
	Steps    []rosterStep
	Problems []access.Problem
	Columns  string
	Roles    string
}

type rosterStep struct {
	Line int
	Name string
	Says []string
	Do   bool
}

type rosterForm struct {
	Rows   string `form:"rows" label:"Rows" max:"60000" lines:"yes" need:"Put in the rows, with the names of the columns first"`
	Step   string `form:"step" of:"look do"`
	Digest string `form:"digest" max:"64"`
}

// roster is the page to put a staff file in.
func (p *Pages) roster(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.ManageStaff, fact.Subject{}); err != nil {
		return err
	}
	return p.showRoster(w, r, by, http.StatusOK, rosterView{})
}

// rosterSent looks at a staff file and says what it would do, line by line; or
// does what was looked at, all or nothing.
func (p *Pages) rosterSent(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.ManageStaff, fact.Subject{}); err != nil {
		return err
	}
	var in rosterForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	v := rosterView{Form: f, Text: f.Value("rows")}
	if !f.OK() {
		return p.showRoster(w, r, by, http.StatusUnprocessableEntity, v)
	}
	rows := access.ReadRoster(v.Text, p.Shell.Zone())
	if in.Step != "do" {
		plan, err := p.Gate.PlanRoster(r.Context(), by, rows)
		if err != nil {
			return err
		}
		v.took(plan)
		v.Looked = true
		return p.showRoster(w, r, by, statusOf(v), v)
	}
	plan, err := p.Gate.TakeRoster(r.Context(), by, rows, in.Digest)
	if v.Moved = refusal.Is(err, refusal.Taken); err != nil && !v.Moved {
		return err
	}
	v.took(plan)
	v.Looked, v.Done = true, !v.Moved && len(plan.Problems) == 0
	return p.showRoster(w, r, by, statusOf(v), v)
}

func statusOf(v rosterView) int {
	switch {
	case len(v.Problems) > 0:
		return http.StatusUnprocessableEntity
	case v.Moved:
		return http.StatusConflict
	}
	return http.StatusOK
}

func (v *rosterView) took(plan access.RosterPlan) {
	v.Changes, v.Problems, v.Digest = plan.Changes, plan.Problems, plan.Digest().String()
	for _, s := range plan.Steps {
		v.Steps = append(v.Steps, rosterStep{Line: s.Line, Name: s.Name, Says: s.Says, Do: s.Do})
	}
}

func (p *Pages) showRoster(w http.ResponseWriter, r *http.Request, by web.Caller, status int, v rosterView) error {
	v.Frame = p.Shell.Frame(r, by, "Staff from a file")
	v.Frame.Here, v.Frame.ErrorsIn = "/staff", !v.Form.OK() || len(v.Problems) > 0
	v.Columns, v.Roles = strings.Join(access.RosterColumns(), ", "), access.RosterRoles()
	return web.Render(w, r, status, rosterPage(v))
}

// can tells whether what was looked at may be done.
func (v rosterView) can() bool {
	return v.Looked && !v.Done && len(v.Problems) == 0 && v.Changes > 0
}

func (v rosterView) sums() string {
	switch {
	case len(v.Problems) > 0:
		return "nothing is done while there is a mistake"
	case v.Done:
		return web.Plural(v.Changes, "entry", "entries") + " saved"
	case v.Changes == 0:
		return "nothing to do: all of it is so already"
	}
	return web.Plural(v.Changes, "entry", "entries") + " would be saved, all or none"
}

func place(p access.Problem) string {
	if p.Line == 0 {
		return "The whole file"
	}
	return "Line " + strconv.Itoa(p.Line)
}
