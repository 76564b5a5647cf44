package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"holdfast/sim/proxy"
)

func lossDrill() Drill {
	return Drill{
		Number: 8, Name: "loss", Hazard: "H-533",
		About:    "A site node takes a call while it is cut off; later its whole disk is lost while it works, and a new machine is enrolled in its place.",
		Expected: "Nothing counts as safe that stands on one site alone; everything that was safe is at the other sites and reaches the new machine; work goes on meanwhile.",
		run:      rehearseLoss,
	}
}

func rehearseLoss(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 3)
	if err != nil {
		return err
	}
	lost := o.all[2]
	if err := o.unsafeAlone(ctx, lost, 2); err != nil {
		return err
	}
	for range 10 {
		o.take(ctx, lost, "before the loss")
	}
	if err := o.safe(ctx, lost); err != nil {
		return err
	}
	o.kill(lost)
	if err := os.RemoveAll(lost.dir); err != nil {
		return err
	}
	o.take(ctx, o.all[0], "after the loss")
	o.take(ctx, o.all[1], "after the loss")
	o.all = o.all[:2]
	o.kill(o.all[0]) // enrolled at rest, as the others were
	fresh, err := o.add(ctx, 3, o.all[0].dir)
	if err != nil {
		return err
	}
	o.all = append(o.all, fresh)
	for _, one := range []*site{o.all[0], fresh} {
		if err := o.start(ctx, one); err != nil {
			return err
		}
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("calls_answered", 12)
	s.Saw("a disk lost with %v calls, all of them safe before; all are at the other sites and at the new machine", s.Figure("calls_answered"))
	return nil
}

// unsafeAlone cuts the n-th site off, takes a call there, and looks that the
// site does not call it safe.
func (o *sites) unsafeAlone(ctx context.Context, one *site, n int) error {
	o.part(func(i int) bool { return i == n }, proxy.Cut)
	defer o.heal()
	o.take(ctx, one, "cut off")
	st, err := o.status(ctx, one)
	if err != nil {
		return err
	}
	if st.Unsafe == 0 {
		o.stage.Wrong("%s counted a call as safe while it was cut off from all others", one.name)
	}
	return nil
}

// safe waits until everything of a site is safe elsewhere.
func (o *sites) safe(ctx context.Context, one *site) error {
	begun := time.Now()
	for time.Since(begun) < 30*time.Second && ctx.Err() == nil {
		s, err := o.status(ctx, one)
		if err != nil {
			return err
		}
		if s.Unsafe == 0 && s.Others > 0 {
			o.stage.Most("slowest_safe_s", time.Since(begun).Seconds())
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.Join(ctx.Err(), fmt.Errorf("what %s saved did not become safe", one.name))
}

func backupDrill() Drill {
	return Drill{
		Number: 9, Name: "backup", Hazard: "H-005, H-533, H-761",
		About:    "A site node is put back from an old backup, on an empty disk and over the files that are there, and goes on writing.",
		Expected: "It begins a new incarnation and takes up what the others know of it; both histories are kept everywhere; nothing is lost.",
		run:      rehearseBackup,
	}
}

func rehearseBackup(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	for _, keep := range []bool{false, true} {
		if err := o.putBack(ctx, o.all[1], keep); err != nil {
			return err
		}
	}
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("calls_answered", 24)
	s.Saw("put back twice from a backup that was 8 calls old, on an empty disk and over what was there: incarnation %v, all %v calls at both sites", s.Figure("incarnation"), s.Figure("calls_answered"))
	return nil
}

// putBack makes a backup of a site, has it go on writing, puts the backup back
// and has it write again. What is marked not to be copied is lost with the disk,
// or kept as it stands when files are put back over those that are there.
func (o *sites) putBack(ctx context.Context, old *site, keep bool) error {
	before, err := o.status(ctx, old)
	if err != nil {
		return err
	}
	o.take(ctx, old, "before the backup")
	o.kill(old)
	copied := filepath.Join(o.stage.dir, "backup")
	if err := o.backup(old, copied); err != nil {
		return err
	}
	if err := o.start(ctx, old); err != nil {
		return err
	}
	for range 8 {
		o.take(ctx, old, "after the backup")
	}
	if err := o.safe(ctx, old); err != nil {
		return err
	}
	o.kill(old)
	if keep {
		err = os.Rename(filepath.Join(old.dir, "start"), filepath.Join(copied, "start"))
	}
	if err := errors.Join(err, os.RemoveAll(old.dir), os.Rename(copied, old.dir)); err != nil {
		return err
	}
	if err := o.start(ctx, old); err != nil {
		return err
	}
	for range 3 {
		o.take(ctx, old, "after the restore")
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	now, err := o.status(ctx, old)
	if err != nil {
		return err
	}
	if now.Incarnation <= before.Incarnation {
		o.stage.Wrong("put back from a backup, the site goes on as incarnation %d", now.Incarnation)
	}
	o.stage.Most("incarnation", float64(now.Incarnation))
	return nil
}

func cloneDrill() Drill {
	return Drill{
		Number: 10, Name: "clone", Hazard: "H-005, H-013",
		About:    "A virtual machine is cloned with everything in it, and both copies go on writing under one key.",
		Expected: "The fork is noticed and named at the others; both branches are kept everywhere; nothing is lost.",
		run:      rehearseClone,
	}
}

func rehearseClone(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	one := o.all[1]
	o.take(ctx, one, "before the clone")
	if err := o.safe(ctx, one); err != nil {
		return err
	}
	o.kill(one)
	twin := *one
	twin.name, twin.dir, twin.process, twin.browser = "the clone", filepath.Join(s.dir, "clone"), nil, nil
	if twin.address, err = freeAddress(); err != nil {
		return err
	}
	if err := copyFolder(one.dir, twin.dir); err != nil {
		return err
	}
	for _, half := range []*site{one, &twin} { // one after the other, so that neither sees what the other writes
		o.part(func(n int) bool { return n == 1 }, proxy.Cut)
		if err := o.start(ctx, half); err != nil {
			return err
		}
		for range 3 {
			o.take(ctx, half, half.name)
		}
		o.heal()
		if err := o.reach(ctx, half); err != nil {
			return err
		}
		o.kill(half)
	}
	st, err := o.status(ctx, o.all[0])
	if err != nil {
		return err
	}
	s.Add("forks_named", float64(len(st.Forks)))
	if len(st.Forks) == 0 {
		s.Wrong("two copies of one key wrote apart, and site 1 names no fork")
	}
	if err := o.checkCalls(ctx, o.all[0]); err != nil {
		return err
	}
	s.AtLeast("calls_answered", 7)
	s.Saw("%v forks named by feed and sequence; all %v calls of both copies are at site 1", s.Figure("forks_named"), s.Figure("calls_answered"))
	return nil
}

// reach waits until what a copy wrote has reached the first site.
func (o *sites) reach(ctx context.Context, one *site) error {
	begun := time.Now()
	for time.Since(begun) < 30*time.Second && ctx.Err() == nil {
		here, err := o.status(ctx, one)
		if err != nil {
			return err
		}
		if here.Unsafe == 0 {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	o.stage.Wrong("what %s wrote did not reach the first site in 30 s", one.name)
	return ctx.Err()
}
