package drill

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"
)

func clockDrill() Drill {
	return Drill{
		Number: 11, Name: "clock", Hazard: "H-012, H-537, H-764",
		About:    "One site's clock is ten years ahead and another's ten years behind; then both jump. A call taken at the one ahead is corrected at the one behind.",
		Expected: "All sites go on working, hold the same facts and fold the same states; no call is lost and none is put before another by a clock.",
		run:      rehearseClock,
	}
}

func rehearseClock(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 3)
	if err != nil {
		return err
	}
	const years = 10 * 365 * 24 * time.Hour
	for round, shift := range [][2]time.Duration{{years, -years}, {-years, years}, {-time.Hour, 25 * time.Hour}} {
		for n, by := range shift {
			one := o.all[n+1]
			o.kill(one)
			one.clock = time.Now().Add(by).UTC().Format(time.RFC3339) + ",x1"
			if err := o.start(ctx, one); err != nil {
				return err
			}
			s.Add("jumps", 1)
		}
		for _, one := range o.all {
			o.take(ctx, one, "disputed clocks")
		}
		if err := o.level(ctx, time.Minute); err != nil {
			return err
		}
		ahead, behind := o.all[1], o.all[2]
		if shift[0] < shift[1] {
			ahead, behind = behind, ahead
		}
		if err := o.correct(ctx, ahead, behind); err != nil {
			return err
		}
		s.Most("rounds", float64(round+1))
	}
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("jumps", 6)
	s.AtLeast("corrected", 9)
	s.AtLeast("calls_answered", 9)
	s.Saw("%v jumps of up to ten years either way; %v calls taken, all at all three sites, states equal; what was corrected by a clock years behind stands corrected", s.Figure("jumps"), s.Figure("calls_answered"))
	return nil
}

// correct has the place of a call corrected at a site whose clock says that this
// was before the call was taken; every site must show the place as corrected.
func (o *sites) correct(ctx context.Context, ahead, behind *site) error {
	const first, then = "Mill Lane, wrongly heard", "Weir Cottages, put right"
	path, _, err := ahead.browser.takeCall(ctx, first)
	if err != nil {
		return err
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	_, page, err := behind.browser.Get(ctx, path)
	if err != nil {
		return err
	}
	if _, err := behind.browser.Post(ctx, path, url.Values{"place": {then}, "seen": {hidden(page, "seen")}}); err != nil {
		return err
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	for _, one := range o.all {
		_, page, err := one.browser.Get(ctx, path)
		if err != nil {
			return err
		}
		if !strings.Contains(page, then) || strings.Contains(page, first) {
			o.stage.Wrong("%s puts a place that was corrected before its correction, by a clock", one.name)
		}
		o.stage.Add("corrected", 1)
	}
	return nil
}

// hidden reads a hidden field of a page's form.
func hidden(page, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}
