package drill

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/sim/faultfs"
)

func careDrill() Drill {
	return Drill{
		Number: 37, Name: "care", Hazard: "H-615",
		About:    "While every kind of work is open, a device is cut off, a person is cut off, two devices cut each other off, what was held counts again, the authority of a desk runs out, the disk is full and clocks are disputed.",
		Expected: "Nothing that somebody must do leaves a list. What is not verified says so, and stops saying so when it counts again. A device that was cut off goes on working for the people in front of it.",
		run:      rehearseCare,
	}
}

// care is two sites: work is written at the suspect and looked at from the
// other.
type care struct {
	*sites
	stage   *Stage
	ours    *site
	suspect *site
	person  fact.Subject
	items   []item
}

func rehearseCare(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	c := &care{sites: o, stage: s, ours: o.all[0], suspect: o.all[1]}
	if err := c.openWork(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{c.diskFull, c.leaseExpiry, c.cutDevice, c.cutPerson, c.cutEachOther, c.clocks} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.AtLeast("controls", 11)
	s.AtLeast("items", 11)
	s.Saw("%v kinds of work through %v controls: none left a list, and each was marked when it was unverified", s.Figure("items"), s.Figure("controls"))
	return nil
}

// openWork writes the work at the suspect and has it reach the other site.
func (c *care) openWork(ctx context.Context) error {
	var err error
	if c.person, err = fact.NewSubject(rand.Reader); err != nil {
		return err
	}
	// what each has written up to now is dated by the other before the clocks move
	if err := errors.Join(c.safe(ctx, c.ours), c.safe(ctx, c.suspect)); err != nil {
		return err
	}
	c.take(ctx, c.ours, "before the clocks move") // and with it what was dated is on the disk
	c.take(ctx, c.suspect, "before the clocks move")
	if err := errors.Join(c.rest(c.ours), c.rest(c.suspect)); err != nil {
		return err
	}
	c.ours.clock, c.suspect.clock = clockOf(later)+",x1", clockOf(later)+",x1"
	if err := c.stage.ask(ctx, &c.items, "work", "--data", c.suspect.dir, "--person", c.person.String(), "--clock", clockOf(later)); err != nil {
		return err
	}
	c.stage.Most("items", float64(len(c.items)))
	if err := errors.Join(c.start(ctx, c.ours), c.start(ctx, c.suspect)); err != nil {
		return err
	}
	if err := c.level(ctx, time.Minute); err != nil {
		return err
	}
	return c.look(ctx, "before anything", clockOf(later), false)
}

// later is when, by both clocks, the work is written: long after what the sites
// knew of each other before, so that a cut can fall between.
const later = 2 * time.Hour

func clockOf(from time.Duration) string { return time.Now().Add(from).UTC().Format(time.RFC3339) }

func (c *care) rest(one *site) error {
	if one.process == nil {
		return nil
	}
	err := one.process.stop()
	one.process = nil
	return err
}

// look reads our lists, at rest and as pages, and starts us again.
func (c *care) look(ctx context.Context, after, clock string, marked bool) error {
	if err := c.pages(ctx, after); err != nil {
		return err
	}
	if err := c.rest(c.ours); err != nil {
		return err
	}
	p, err := c.stage.helper(ctx, "lists", "--data", c.ours.dir, "--clock", clock, fmt.Sprintf("--marked=%v", marked))
	if err != nil {
		return err
	}
	var seen []item
	if err := errors.Join(p.tell(c.items), json.NewDecoder(p.out).Decode(&seen), p.wait()); err != nil {
		return fmt.Errorf("%s: %w", after, err)
	}
	for _, one := range seen {
		if one.Kind == "closed" && !marked { // verified: it is closed
			continue
		}
		if !one.On {
			c.stage.Wrong("%s: the %s left its list", after, one.Kind)
		}
		if one.Marked != marked {
			c.stage.Wrong("%s: the %s is marked as unverified: %v", after, one.Kind, one.Marked)
		}
		c.stage.Add("looked", 1)
	}
	c.stage.Add("controls", 1)
	return c.start(ctx, c.ours)
}

// pages signs a clinician in and looks at the worklist.
func (c *care) pages(ctx context.Context, after string) error {
	b, err := c.browserAs(ctx, c.ours, access.Clinician)
	if err != nil {
		return err
	}
	defer b.Close()
	return c.worklist(ctx, b, after)
}

// worklist looks for the cases on the page that a clinician sees.
func (c *care) worklist(ctx context.Context, b *browser, after string) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		status, page, err := b.Get(ctx, "/worklist")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("%s: the worklist: status %d: %w", after, status, err)
		}
		missing := ""
		for _, one := range c.items {
			if (one.Kind == "case" || one.Kind == "claim" || one.Kind == "ambulance request") && !strings.Contains(page, one.Subject.String()) {
				missing = one.Kind
			}
		}
		if missing == "" {
			return nil
		}
		if time.Now().After(end) {
			c.stage.Wrong("%s: the %s is not on the page of the worklist", after, missing)
			return nil
		}
	}
}

// clocks moves our clock ten years either way. It comes last: receipts that a
// wrong clock dates would say that the work was there before the cut.
func (c *care) clocks(ctx context.Context) error {
	for what, by := range map[string]time.Duration{"clock ten years ahead": 10 * 365 * 24 * time.Hour, "clock ten years behind": -10 * 365 * 24 * time.Hour} {
		at := clockOf(by)
		if err := c.rest(c.ours); err != nil {
			return err
		}
		c.ours.clock = at + ",x1"
		if err := c.start(ctx, c.ours); err != nil {
			return err
		}
		if err := c.look(ctx, what, at, true); err != nil {
			return err
		}
	}
	c.ours.clock = clockOf(later) + ",x1"
	return errors.Join(c.rest(c.ours), c.start(ctx, c.ours))
}

// diskFull has our disk fill up while we work.
func (c *care) diskFull(ctx context.Context) error {
	if err := c.rest(c.ours); err != nil {
		return err
	}
	err := c.stage.onCopy(ctx, c.ours.dir, "ours-full", nil, func(mount string, d *faultfs.Disk) error {
		full := *c.ours
		full.dir, full.browser = mount, nil
		if err := c.start(ctx, &full); err != nil {
			return err
		}
		defer c.kill(&full)
		clinician, err := c.browserAs(ctx, &full, access.Clinician)
		if err != nil {
			return err
		}
		defer clinician.Close()
		d.Limit(d.Used())
		refused := false
		for n := 0; n < 400 && !refused; n++ {
			path, page, err := full.browser.takeCall(ctx, "full")
			if err != nil {
				return err
			}
			refused = path == "" && page != ""
		}
		if !refused {
			c.stage.Wrong("the disk is full and calls are still answered as saved")
		}
		c.stage.Add("controls", 1)
		return errors.Join(c.worklist(ctx, clinician, "disk full"), c.openCase(ctx, clinician, "the disk is full"))
	})
	return errors.Join(err, c.start(ctx, c.ours))
}

// openCase opens one of the cases: on the full disk no look is refused because
// it can't be written down; without authority open work is open.
func (c *care) openCase(ctx context.Context, b *browser, when string) error {
	for _, one := range c.items {
		if one.Kind != "case" {
			continue
		}
		status, _, err := b.Get(ctx, "/case/"+one.Subject.String())
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			c.stage.Wrong("%s, and an open case can't be looked at: status %d", when, status)
		}
	}
	return nil
}

// hold has an administrator of one site hold back what somebody stated since
// before the work was written, and gives the page that shows it.
func (c *care) hold(ctx context.Context, at *site, whom string) (string, error) {
	b, err := c.browserAs(ctx, at, access.Administrator)
	if err != nil {
		return "", err
	}
	defer b.Close()
	since := time.Now().Add(later / 2).In(codes.London()).Format("2006-01-02 15:04")
	where, err := b.Post(ctx, "/held/cut", url.Values{"whom": {whom}, "since": {since}, "why": {"rehearsal of an attack"}})
	if err != nil {
		err = fmt.Errorf("hold back %s at %s: %w", whom, at.name, err)
	}
	return where, err
}

func (c *care) readmit(ctx context.Context, where string) error {
	b, err := c.browserAs(ctx, c.ours, access.Administrator)
	if err != nil {
		return err
	}
	defer b.Close()
	at, _ := url.Parse(where)
	_, err = b.Post(ctx, "/held/"+at.Query().Get("cut")+"/readmit", url.Values{"all": {"true"}, "back_why": {"looked at with the writer"}})
	return err
}

// deviceOf names a site's device.
func (c *care) deviceOf(ctx context.Context, one *site) (string, error) {
	st, err := node.Tell[struct{}, node.Status](ctx, one.dir, "status", struct{}{})
	return "device:" + st.Device, err
}

func (c *care) cutDevice(ctx context.Context) error {
	device, err := c.deviceOf(ctx, c.suspect)
	if err != nil {
		return err
	}
	where, err := c.hold(ctx, c.ours, device)
	if err != nil {
		return err
	}
	if err := c.look(ctx, "device cut off", clockOf(later), true); err != nil {
		return err
	}
	c.take(ctx, c.suspect, "in front of a device that was cut off")
	if err := c.readmit(ctx, where); err != nil {
		return err
	}
	return c.look(ctx, "device readmitted", clockOf(later), false)
}

func (c *care) cutPerson(ctx context.Context) error {
	where, err := c.hold(ctx, c.ours, "person:"+c.person.String())
	if err != nil {
		return err
	}
	if err := c.look(ctx, "person cut off", clockOf(later), true); err != nil {
		return err
	}
	if err := c.readmit(ctx, where); err != nil {
		return err
	}
	return c.look(ctx, "person readmitted", clockOf(later), false)
}

// cutEachOther parts the two, and each cuts the other off.
func (c *care) cutEachOther(ctx context.Context) error {
	ours, err := c.deviceOf(ctx, c.ours)
	if err != nil {
		return err
	}
	theirs, err := c.deviceOf(ctx, c.suspect)
	if err != nil {
		return err
	}
	if err := c.level(ctx, time.Minute); err != nil { // the other knows by then that it was readmitted
		return err
	}
	c.part(func(n int) bool { return n == 1 }, 1)
	for _, one := range []*site{c.ours, c.suspect} { // else the first cut may be there before the second is made
		if err := c.parted(ctx, one); err != nil {
			return err
		}
	}
	if _, err := c.hold(ctx, c.ours, theirs); err != nil {
		return err
	}
	if _, err := c.hold(ctx, c.suspect, ours); err != nil {
		return err
	}
	if err := errors.Join(c.rest(c.ours), c.rest(c.suspect)); err != nil {
		return err
	}
	if _, err := c.stage.carry(ctx, c.suspect, c.ours, "again", 1, 0); err != nil {
		return err
	}
	c.heal()
	if err := c.start(ctx, c.ours); err != nil {
		return err
	}
	return c.look(ctx, "two that cut each other off", clockOf(later), true)
}
