package drill

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

func revokeDrill() Drill {
	return Drill{
		Number: 25, Name: "revoke", Hazard: "H-731 H-732 H-736 H-779",
		About:    "Devices that nobody of the organisation signed for ask to come in; then a site node is revoked at another while all are connected, and goes on writing; then everything that another holds is put into its folder by hand; then a desk is revoked, and everything that was written since is put into its folder.",
		Expected: "No card without enough signatures of the organisation admits anybody. A revoked device is refused by every other within 60 s; it goes on recording for those in front of it, what it writes is kept, comes when it is readmitted, and nothing is lost. What others write after the revocation, about old subjects and new ones, opens with none of its keys, nor with those that lie on a revoked desk.",
		run:      rehearseRevoke,
	}
}

// revokedWithin is how soon connected devices refuse a revoked one (S12).
const revokedWithin = 60 * time.Second

func rehearseRevoke(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 3)
	if err != nil {
		return err
	}
	c := &care{sites: o, stage: s, ours: o.all[0], suspect: o.all[2]}
	if err := c.strangers(ctx); err != nil {
		return err
	}
	c.take(ctx, c.suspect, "before")
	if err := c.level(ctx, time.Minute); err != nil {
		return err
	}
	where, err := c.revoke(ctx)
	if err != nil {
		return err
	}
	c.take(ctx, c.suspect, "after it was revoked")
	if err := c.keptOut(ctx); err != nil {
		return err
	}
	if err := c.closedToIt(ctx); err != nil {
		return err
	}
	deskAt, err := c.revokeDesk(ctx)
	if err != nil {
		return err
	}
	for _, cut := range []string{where, deskAt} {
		if err := c.readmit(ctx, cut); err != nil {
			return err
		}
	}
	if err := c.level(ctx, time.Minute); err != nil {
		return err
	}
	for _, one := range o.all {
		if err := o.checkCalls(ctx, one); err != nil {
			return err
		}
	}
	s.AtLeast("cards_refused", 4)
	s.AtLeast("refused_by", 2)
	s.AtLeast("calls_answered", 3)
	s.AtLeast("closed_about_new", 1)
	s.AtLeast("closed_about_old", 1)
	s.AtLeast("open_to_the_desk", 1)
	s.AtLeast("closed_to_the_desk", 1)
	s.Saw("%v cards refused; the revoked site was refused by both others within %.1f s, went on taking calls, and none was lost; %v entries written after lay in its folder and none opened; nor did any of %v on a revoked desk that still reads %v from before", s.Figure("cards_refused"), s.Figure("seconds_to_refusal"), s.Figure("closed_about_new")+s.Figure("closed_about_old"), s.Figure("closed_to_the_desk"), s.Figure("open_to_the_desk"))
	return nil
}

// strangers asks with cards that too few, others or nobody signed, at the
// device at work.
func (c *care) strangers(ctx context.Context) error {
	dir, err := c.stage.Folder("stranger")
	if err != nil {
		return err
	}
	r, err := journal.Ask(ctx, journal.Options{Dir: filepath.Join(dir, "device"), Demo: true}, fact.SiteNode, "stranger", "elsewhere")
	if err != nil {
		return err
	}
	offer, err := node.Tell[journal.Request, node.Offer](ctx, c.ours.dir, "card", r)
	if err != nil {
		return err
	}
	forged := map[string]fact.Signed{"a card that nobody signed": offer.Card}
	other := fact.Signed{Bytes: offer.Card.Bytes, Sigs: [][]byte{make([]byte, 64)}}
	forged["a card with a made-up signature"] = other
	forged["a card with no place for signatures"] = fact.Signed{Bytes: offer.Card.Bytes}
	own, err := c.ownCard()
	if err != nil {
		return err
	}
	forged["the signature of another device's card"] = fact.Signed{Bytes: offer.Card.Bytes, Sigs: own.Sigs}
	forged["another device's card"] = own
	before, err := c.status(ctx, c.ours)
	if err != nil {
		return err
	}
	for what, card := range forged {
		offer.Card = card
		if _, err := node.Tell[node.Offer, journal.Admission](ctx, c.ours.dir, "enrol-signed", offer); err == nil {
			c.stage.Wrong("%s admits a stranger", what)
		} else if !refusal.Is(err, refusal.Invalid) {
			return err // it was not asked
		}
		c.stage.Add("cards_refused", 1)
	}
	after, err := c.status(ctx, c.ours)
	if err == nil && len(after.Devices) != len(before.Devices) {
		c.stage.Wrong("there are %d devices and were %d", len(after.Devices), len(before.Devices))
	}
	return err
}

// ownCard reads a real card of the organisation: the suspect's, from the answer
// that admitted it.
func (c *care) ownCard() (fact.Signed, error) {
	var a journal.Admission
	raw, err := os.ReadFile(c.suspect.dir + "-admission.json")
	if err == nil {
		err = json.Unmarshal(raw, &a)
	}
	return a.Card, err
}

// revoke cuts the suspect off at ours and times how long each other goes on
// being linked to it.
func (c *care) revoke(ctx context.Context) (string, error) {
	device, err := c.deviceOf(ctx, c.suspect)
	if err != nil {
		return "", err
	}
	begun := time.Now()
	where, err := c.cutAtOurs(ctx, device)
	if err != nil {
		return "", err
	}
	for _, one := range c.all[:2] {
		for {
			linked, known, err := c.linkedTo(ctx, one, device[len("device:"):])
			if err != nil {
				return "", err
			}
			if known && !linked {
				c.stage.Add("refused_by", 1)
				c.stage.Most("seconds_to_refusal", time.Since(begun).Seconds())
				break
			}
			if time.Since(begun) > revokedWithin {
				c.stage.Wrong("%s is still linked to a device revoked %.0f s ago (it knows of the revocation: %v)", one.name, time.Since(begun).Seconds(), known)
				break
			}
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return where, nil
}

// linkedTo tells whether a site is linked to a device, and whether it knows
// that it was cut off.
func (c *care) linkedTo(ctx context.Context, one *site, device string) (linked, known bool, err error) {
	st, err := c.status(ctx, one)
	for _, s := range st.Sisters {
		linked = linked || s.Device == device && s.Connected
	}
	for _, d := range st.Devices {
		known = known || d.Device == device && d.CutOff
	}
	return linked, known, err
}

// keptOut looks for a while: the suspect stays refused, and what it writes
// stays with it.
func (c *care) keptOut(ctx context.Context) error {
	suspect, err := c.status(ctx, c.suspect)
	if err != nil {
		return err
	}
	if !suspect.Saving {
		c.stage.Wrong("the revoked device does not save any more")
	}
	for range 30 {
		for _, one := range c.all[:2] {
			linked, _, err := c.linkedTo(ctx, one, suspect.Device)
			if err != nil {
				return err
			}
			if linked {
				c.stage.Wrong("%s took the revoked device in again", one.name)
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return ctx.Err()
}
