package drill

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// stranger hands over what another organisation's device holds: papers, feeds,
// keys and receipts. None of it is for this one.
func (c *carrying) stranger(ctx context.Context) error {
	if err := c.papers(ctx); err == nil {
		cards, _ := c.to.Papers()
		for _, ours := range cards {
			for _, theirs := range c.cards() {
				if string(ours.Bytes) == string(theirs.Bytes) {
					c.result.Believed = append(c.result.Believed, "another organisation's device card")
				}
			}
		}
	}
	all, err := c.pieces(ctx, 64<<10)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := c.to.Receive(ctx, r); err == nil {
			c.result.Believed = append(c.result.Believed, "another organisation's facts")
			continue
		}
		c.result.Refused++
	}
	receipts, err := c.from.Receipts(ctx)
	if err != nil {
		return err
	}
	for _, one := range receipts {
		if c.to.TakeReceipt(ctx, one) == nil {
			c.result.Believed = append(c.result.Believed, "another organisation's receipt")
		}
	}
	_, card, _ := c.from.Device().Enrolment()
	if c.to.Admits(ctx, card) == nil {
		c.result.Believed = append(c.result.Believed, "another organisation's device at the door")
	}
	return nil
}

func (c *carrying) cards() []fact.Signed {
	cards, _ := c.from.Papers()
	return cards
}

// note states one act about a new case.
func note(ctx context.Context, j *journal.Journal, s fact.Subject, words string) error {
	_, err := j.Do(ctx, fact.Author{Role: "device"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, urgent.Noted{Words: words, By: "rehearsal"})}, nil
	})
	return err
}

// receipts has the receiver's facts receipted twice over, and hands the older
// receipts over again: what is safe stays safe, and nothing more is.
func (c *carrying) receipts(ctx context.Context) error {
	if err := c.papers(ctx); err != nil {
		return err
	}
	back := &carrying{from: c.to, to: c.from, random: c.random, times: 1}
	if err := back.again(ctx); err != nil {
		return err
	}
	old, err := c.from.Receipts(ctx)
	if err != nil {
		return err
	}
	s, err := fact.NewSubject(rand.Reader)
	if err != nil {
		return err
	}
	if err := note(ctx, c.to, s, "after the first receipts"); err != nil {
		return err
	}
	take := func(all [][]byte) (uint64, error) {
		for _, one := range all {
			if err := c.to.TakeReceipt(ctx, one); err != nil && !errors.Is(err, journal.ErrPaper) {
				return 0, err
			}
			c.result.Taken++
		}
		return safeCare(c.to), nil
	}
	between, err := take(old)
	if err != nil {
		return err
	}
	if between >= ownCare(c.to) {
		c.result.Believed = append(c.result.Believed, "a receipt for what it does not cover")
	}
	if err := back.again(ctx); err != nil {
		return err
	}
	fresh, err := c.from.Receipts(ctx)
	if err != nil {
		return err
	}
	safe, err := take(fresh)
	if err != nil {
		return err
	}
	for range c.times {
		after, err := take(old)
		if err != nil {
			return err
		}
		if after != safe {
			c.result.Believed = append(c.result.Believed, fmt.Sprintf("an old receipt: safe up to %d became %d", safe, after))
		}
	}
	if safe < ownCare(c.to) {
		return errors.New("what was saved did not become safe")
	}
	return nil
}

// safeCare is how many facts of care that a device wrote are safe.
func safeCare(j *journal.Journal) (n uint64) {
	for _, tip := range j.Tips() {
		if whose, _ := j.DeviceOf(tip.Feed); tip.Lane == fact.Care && whose == j.Device().Card().Device {
			n += min(tip.Size, j.SafeUpTo(tip.Feed))
		}
	}
	return n
}

// afterCut cuts the other device off where it stands, has it write on, and
// hands over what it wrote again and again: it is kept, held, and not counted.
func (c *carrying) afterCut(ctx context.Context) error {
	if err := c.again(ctx); err != nil {
		return err
	}
	device := c.from.Device().Card().Device
	cut := journal.CutMade{Device: device, Since: fact.At(time.Now()), Why: "rehearsal"}
	for _, tip := range c.from.Tips() {
		if whose, _ := c.from.DeviceOf(tip.Feed); whose == device {
			cut.Up = append(cut.Up, fact.After{Feed: tip.Feed, Size: tip.Size, Root: tip.Root})
		}
	}
	_, err := c.to.Do(ctx, fact.Author{Role: "device"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(c.to.OrgSubject(), cut)}, nil
	})
	if err != nil {
		return err
	}
	s, err := fact.NewSubject(rand.Reader)
	if err != nil {
		return err
	}
	if err := note(ctx, c.from, s, "after the cut"); err != nil {
		return err
	}
	if err := c.again(ctx); err != nil {
		return err
	}
	h, err := c.to.History(ctx, s)
	if err != nil {
		return err
	}
	if h.Len() != 0 {
		c.result.Believed = append(c.result.Believed, "what a device wrote after it was cut off")
	}
	if len(h.Held()) != 1 {
		return fmt.Errorf("what was written after the cut is there %d times", len(h.Held()))
	}
	_, card, _ := c.from.Device().Enrolment()
	if c.to.Admits(ctx, card) == nil {
		c.result.Believed = append(c.result.Believed, "a device at the door that was cut off")
	}
	return nil
}
