package drill

import (
	"context"
	"time"
)

func clockDrill() Drill {
	return Drill{
		Number: 11, Name: "clock", Hazard: "H-012, H-537",
		About:    "One site's clock is ten years ahead and another's ten years behind; then both jump.",
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
		s.Most("rounds", float64(round+1))
	}
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("jumps", 6)
	s.AtLeast("calls_answered", 9)
	s.Saw("%v jumps of up to ten years either way; %v calls taken, all at all three sites, states equal", s.Figure("jumps"), s.Figure("calls_answered"))
	return nil
}
