package drill

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

func orderDrill() Drill {
	return Drill{
		Number: 16, Name: "order", Hazard: "H-611",
		About:    "Facts reach devices in any order: feeds cut into small pieces and shuffled, what follows before what it follows, a case before its patient.",
		Expected: "Whatever the order, all devices end with the same facts and the same folded states; what came too early is refused or shown as incomplete, never dropped.",
		run:      rehearseOrder,
	}
}

const orders = 4 // each to a device of its own

func rehearseOrder(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	for range 4 {
		o.take(ctx, o.all[0], "ordered")
		o.take(ctx, o.all[1], "ordered")
	}
	a, b := o.all[0], o.all[1]
	path, _, err := a.browser.takeCall(ctx, "the patient comes later")
	if err != nil || path == "" {
		return fmt.Errorf("a call could not be taken: %w", err)
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	o.kill(a)
	o.kill(b)
	var fresh []*site
	for n := range orders {
		one, err := o.add(ctx, 2+n, a.dir)
		if err != nil {
			return err
		}
		fresh = append(fresh, one)
	}
	if err := s.childFirst(ctx, a, b, fresh[0], filepath.Base(path)); err != nil {
		return err
	}
	if err := s.inAnyOrder(ctx, a, b, fresh); err != nil {
		return err
	}
	o.all = append(o.all, fresh...)
	for _, one := range o.all {
		if err := o.start(ctx, one); err != nil {
			return err
		}
	}
	if err := o.level(ctx, 90*time.Second); err != nil {
		return err
	}
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("pieces", 60)
	s.AtLeast("too_early", 50)
	s.Saw("%v pieces in %d orders to %d devices, %v of them too early; then all hold the same facts and fold the same states; notes that came before their case were kept and said to stand on something missing",
		s.Figure("pieces"), orders, orders, s.Figure("too_early"))
	return nil
}

// inAnyOrder carries everything to each new site in an order of its own: half
// of them from one old site, half from the other.
func (s *Stage) inAnyOrder(ctx context.Context, a, b *site, fresh []*site) error {
	var first uint64
	for n, to := range fresh {
		from := []*site{a, b}[n%2]
		if n%2 == 1 { // both hold the same
			if _, err := s.carry(ctx, a, b, "again", 1, 0); err != nil {
				return err
			}
		}
		c, err := s.carry(ctx, from, to, "shuffled", 1, int(s.seed)*orders+n)
		if err != nil {
			return err
		}
		s.Add("pieces", float64(c.Pieces))
		s.Add("too_early", float64(c.Late))
		if first == 0 {
			first = c.After
		}
		if c.After < first || c.Blobs > 0 {
			s.Wrong("in order %d only %d facts arrived, and %d attachments did not", n, c.After, c.Blobs)
		}
	}
	return nil
}

// childFirst writes notes about a case at another site than the one that took
// it, and has them reach a new site before the case does.
func (s *Stage) childFirst(ctx context.Context, a, b, fresh *site, subject string) error {
	if err := s.run(ctx, "future", "--data", b.dir, "--case", subject, "--large", "2"); err != nil {
		return err
	}
	var c carried
	err := s.ask(ctx, &c, "carry", "--from", b.dir, "--to", fresh.dir, "--how", "child", "--case", subject)
	for _, what := range c.Believed {
		s.Wrong("child before patient: %s", what)
	}
	s.Add("orphans_shown", float64(c.Late))
	if err != nil {
		return err
	}
	_, err = s.carry(ctx, b, a, "again", 1, 0)
	return err
}
