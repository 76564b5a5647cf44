package drill

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
)

// revokeDesk has a desk revoked at the device at work, goes on with a call that
// the desk took, and then puts everything written into a copy of the desk's
// folder. It gives the page of the cut.
func (c *care) revokeDesk(ctx context.Context) (where string, err error) {
	desk := &site{name: "the desk", dir: filepath.Join(c.stage.dir, "desk")}
	if err := c.stage.joinDesk(ctx, c.ours, desk); err != nil {
		return "", err
	}
	if err := c.stage.startDesk(ctx, c.sites, desk); err != nil {
		return "", err
	}
	path, place, err := c.callAtDesk(ctx, desk)
	if err != nil {
		return "", err
	}
	device, err := c.deviceOf(ctx, desk)
	if err != nil {
		return "", err
	}
	if where, err = c.cutAtOurs(ctx, device); err != nil {
		return "", err
	}
	if err := c.outOfReach(ctx, device[len("device:"):]); err != nil {
		return "", err
	}
	if err := c.say(ctx, path, place+", at the side"); err != nil {
		return "", err
	}
	c.kill(desk)
	c.kill(c.ours)
	dir, err := c.stage.Folder("copies of the desk")
	if err != nil {
		return "", err
	}
	var open []*journal.Journal
	defer func() {
		for _, j := range open {
			err = errors.Join(err, j.Close())
		}
	}()
	for _, one := range []*site{c.ours, desk} {
		to := filepath.Join(dir, filepath.Base(one.dir))
		if err := copyFolder(one.dir, to); err != nil {
			return "", err
		}
		j, err := journal.Open(ctx, smallOptions(to))
		if err != nil {
			return "", err
		}
		open = append(open, j)
	}
	if err := c.start(ctx, c.ours); err != nil {
		return "", err
	}
	return where, c.stage.closedToDesk(ctx, open[0], open[1])
}

// callAtDesk takes a call at a desk and waits until the device at work has it.
func (c *care) callAtDesk(ctx context.Context, desk *site) (path, place string, err error) {
	place = "2 Weir Cottages, taken at the desk"
	if path, _, err = desk.browser.takeCall(ctx, place); err != nil {
		return "", "", err
	}
	c.calls.add(path, place)
	c.stage.Add("calls_answered", 1)
	end := time.Now().Add(time.Minute)
	for {
		status, _, err := c.ours.browser.Get(ctx, path)
		if err != nil || status < 300 {
			return path, place, err
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return "", "", errors.New("a call that a desk took does not come to its site node")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// cutAtOurs holds a device back at the device at work.
func (c *care) cutAtOurs(ctx context.Context, device string) (string, error) {
	b, err := c.browserAs(ctx, c.ours, access.Administrator)
	if err != nil {
		return "", err
	}
	defer b.Close()
	return b.Post(ctx, "/held/cut", url.Values{
		"whom": {device}, "since": {time.Now().In(codes.London()).Format("2006-01-02 15:04")}, "why": {"this machine was stolen"},
	})
}

// outOfReach waits until the device at work is linked to a revoked one no more.
func (c *care) outOfReach(ctx context.Context, device string) error {
	end := time.Now().Add(revokedWithin)
	for {
		linked, known, err := c.linkedTo(ctx, c.ours, device)
		if err != nil || known && !linked {
			return err
		}
		if time.Now().After(end) || ctx.Err() != nil {
			c.stage.Wrong("a revoked desk is still linked after %.0f s", revokedWithin.Seconds())
			return ctx.Err()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// closedToDesk looks that of all that was written since fresh keys began nothing
// opens with what a stolen desk has.
func (s *Stage) closedToDesk(ctx context.Context, from, by *journal.Journal) error {
	about, err := from.History(ctx, from.OrgSubject())
	if err != nil {
		return err
	}
	var began fact.Millis
	for _, f := range about.Facts() {
		if _, err := fact.Read[journal.KeysFresh](f); err == nil {
			began = max(began, f.Header.Recorded)
		}
	}
	if began == 0 {
		s.Wrong("no fresh keys began when a desk was revoked")
		return nil
	}
	if err := handOver(ctx, from, by); err != nil {
		return err
	}
	self := from.Device().Card().Device
	subjects, err := from.Subjects(ctx)
	if err != nil {
		return err
	}
	for _, subject := range subjects {
		ids, err := from.FactIDs(ctx, subject)
		if err != nil {
			return err
		}
		p, err := from.Proved(ctx, self, subject, ids)
		if err != nil {
			return err
		}
		if err := by.ReceiveProved(ctx, p); err != nil && !errors.Is(err, journal.ErrOwn) {
			return err
		}
		h, err := by.History(ctx, subject)
		if err != nil {
			return err
		}
		for _, f := range append(h.WithHeld().Facts(), h.Held()...) {
			switch own, _ := by.DeviceOf(f.Header.Feed); {
			case f.OfJournal() || own == by.Device().Card().Device:
			case f.Header.Recorded <= began && f.Body.Kind != 0:
				s.Add("open_to_the_desk", 1)
			case f.Header.Recorded > began && f.Body.Kind != 0:
				s.Wrong("the revoked desk reads a fact of kind %d that was written after", f.Body.Kind)
			case f.Header.Recorded > began:
				s.Add("closed_to_the_desk", 1)
			}
		}
	}
	return nil
}
