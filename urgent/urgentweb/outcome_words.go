package urgentweb

import "holdfast/web"

// sendPath is where the one form of the page goes.
func (p outcomePage) sendPath() string {
	if p.Stand.Kind == "self-care" {
		return p.path() + "/close"
	}
	return "/call/" + p.Case.ID.String() + "/refer"
}

func (p outcomePage) columns() string {
	if p.mayChoose() {
		return "cols svc-cols"
	}
	return "cols"
}

func (p outcomePage) foundWords() string {
	words := count(p.Found, "service", "services") + " looked at"
	if p.Near != "" {
		words += " for " + p.Near
	}
	return words + ", checked " + p.Drawn.In(p.Frame.Zone).Format("15:04") + ", best first"
}

func (p outcomePage) reasonOptions() []web.Option {
	out := []web.Option{{Value: "", Text: "Choose a reason"}}
	for _, r := range p.Reasons {
		out = append(out, web.Option{Value: r, Text: r})
	}
	return out
}

func standClass(s outcomeStand) string {
	if s.What == "" {
		return "standing none"
	}
	return "panel in standing"
}
