package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
)

// tooLong is when, by the desk's clock, its authority has run out: longer than any
// policy allows after it was admitted.
const tooLong = later + 73*time.Hour

// leaseExpiry has the authority of a desk that hears no site run out while every
// kind of work is written there: first at the desk itself, then at the site.
func (c *care) leaseExpiry(ctx context.Context) error {
	before := c.items
	defer func() { c.items = before }()
	desk := &site{name: "the desk", dir: filepath.Join(c.stage.dir, "care-desk")}
	if err := errors.Join(c.rest(c.ours), c.rest(c.suspect)); err != nil {
		return err
	}
	if err := c.stage.joinDesk(ctx, c.ours, desk); err != nil {
		return err
	}
	// It takes over who works here and all that is open, while it has authority.
	if err := c.start(ctx, c.ours); err != nil {
		return err
	}
	desk.clock = clockOf(later) + ",x1"
	if err := c.stage.startDesk(ctx, c.sites, desk); err != nil {
		return err
	}
	if err := errors.Join(c.rest(desk), c.rest(c.ours)); err != nil {
		return err
	}
	var mine []item
	if err := c.stage.ask(ctx, &mine, "work", "--data", desk.dir, "--person", c.person.String(), "--clock", clockOf(tooLong)); err != nil {
		return err
	}
	c.items = mine
	desk.clock = clockOf(tooLong) + ",x1"
	if err := c.alone(ctx, desk); err != nil {
		return err
	}
	// A site is heard again: everything comes, marked, until somebody has looked.
	if err := c.start(ctx, c.ours); err != nil {
		return err
	}
	if err := c.stage.startDesk(ctx, c.sites, desk); err != nil {
		return err
	}
	where, err := c.lapseAt(ctx)
	if err != nil {
		return err
	}
	if err := c.rest(desk); err != nil {
		return err
	}
	if err := c.look(ctx, "authority ran out", clockOf(later), true); err != nil {
		return err
	}
	if err := c.readmit(ctx, where); err != nil {
		return err
	}
	return errors.Join(c.look(ctx, "what was written without authority was looked through", clockOf(later), false), c.start(ctx, c.suspect))
}

// alone works at a desk that hears no site and has no authority.
func (c *care) alone(ctx context.Context, desk *site) error {
	if err := c.stage.startDesk(ctx, c.sites, desk); err != nil {
		return err
	}
	b, err := c.browserAs(ctx, desk, access.Clinician)
	if err != nil {
		return err
	}
	defer b.Close()
	status, page, err := b.Get(ctx, "/worklist")
	if err != nil || status != http.StatusOK || !strings.Contains(page, "authority ran out at") {
		c.stage.Wrong("without authority the worklist does not say so: status %d, %v", status, err)
	}
	if err := c.worklist(ctx, b, "authority ran out, at the desk"); err != nil {
		return err
	}
	if err := c.openCase(ctx, b, "the desk’s authority ran out"); err != nil {
		return err
	}
	c.take(ctx, desk, "at a desk without authority")
	admin, err := c.browserAs(ctx, desk, access.Administrator)
	if err != nil {
		return err
	}
	defer admin.Close()
	if status, _, err := admin.Get(ctx, "/staff"); err != nil || status != http.StatusForbidden {
		c.stage.Wrong("without authority the staff list opens: status %d, %v", status, err)
	}
	c.stage.Add("controls", 1)
	return c.rest(desk)
}

// lapseAt waits until the site knows that the desk's authority was renewed, and
// gives the page on which what it wrote is looked through.
func (c *care) lapseAt(ctx context.Context) (string, error) {
	b, err := c.browserAs(ctx, c.ours, access.Administrator)
	if err != nil {
		return "", err
	}
	defer b.Close()
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		status, page, err := b.Get(ctx, "/authority")
		if err != nil || status != http.StatusOK {
			return "", fmt.Errorf("the page of desks' authority: status %d: %w", status, err)
		}
		_, rest, found := strings.Cut(page, "/held?cut=")
		here, err := c.arrived(ctx)
		if err != nil {
			return "", err
		}
		if found && here && !strings.Contains(page, "It still has none") {
			id, _, _ := strings.Cut(rest, `"`)
			return "/held?" + url.Values{"cut": {id}}.Encode(), nil
		}
		if time.Now().After(end) {
			return "", errors.New("what the desk wrote without authority did not arrive")
		}
	}
}

// arrived tells whether everything that the desk wrote is at the site.
func (c *care) arrived(ctx context.Context) (bool, error) {
	st, err := node.Tell[struct{}, node.Status](ctx, c.ours.dir, "status", struct{}{})
	for _, s := range st.Sisters {
		if s.Name == "the desk" {
			return s.Connected && s.Behind == 0, err
		}
	}
	return false, err
}
