package urgentweb

import (
	"context"
	"net/http"
	"strconv"

	"holdfast/access"
	"holdfast/fact/refusal"
	"holdfast/urgent"
	"holdfast/web"
)

// PseudonymsOf gives the names that stand for people; it refuses on a device
// that does not hold their key.
type PseudonymsOf func(ctx context.Context, by web.Caller) (access.Pseudonyms, error)

type figuresPage struct {
	Frame     web.Frame
	Needs     []string
	Figures   urgent.Figures
	Threshold string
	Round     string
	Band      string
}

// figures shows counts and cases without names: for commissioners and Local
// Health Boards.
func (a *App) figures(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	now, zone := a.Shell.Now(), a.Shell.Zone()
	rows, err := a.Cases.FiguresRows(r.Context(), by, urgent.FiguresSince(a.Disclosure, now, zone))
	if err != nil {
		return err
	}
	if a.Pseudonyms == nil {
		return refusal.New(refusal.Unavailable, "This machine does not hold what names are hidden with. Use a site node.")
	}
	names, err := a.Pseudonyms(r.Context(), by)
	if err != nil {
		return err
	}
	p := figuresPage{
		Frame: a.Shell.Frame(r, by, "Figures"), Needs: urgent.FiguresNeeds(), Figures: urgent.FiguresOf(rows, names, a.Disclosure, now, zone),
		Threshold: strconv.Itoa(a.Disclosure.Threshold), Round: strconv.Itoa(a.Disclosure.Round), Band: strconv.Itoa(a.Disclosure.Band),
	}
	p.Frame.Here = "/figures"
	return web.Render(w, r, http.StatusOK, figuresView(p))
}
