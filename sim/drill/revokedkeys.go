package drill

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"holdfast/fact"
	"holdfast/journal"
)

// closedToIt writes at the device at work, then puts into a copy of the revoked
// device's folder all that the other one holds: every range and every key wrap
// on its disk. Nothing that was written since the new epoch opens there.
func (c *care) closedToIt(ctx context.Context) (err error) {
	c.take(ctx, c.ours, "at the others after it was revoked")
	if err := c.goOn(ctx); err != nil {
		return err
	}
	dir, err := c.stage.Folder("copies")
	if err != nil {
		return err
	}
	var open []*journal.Journal
	defer func() {
		for _, j := range open {
			err = errors.Join(err, j.Close())
		}
	}()
	for _, one := range []*site{c.ours, c.suspect} {
		c.kill(one)
		to := filepath.Join(dir, filepath.Base(one.dir))
		if err := copyFolder(one.dir, to); err != nil {
			return err
		}
		if err := c.start(ctx, one); err != nil {
			return err
		}
		j, err := journal.Open(ctx, smallOptions(to))
		if err != nil {
			return err
		}
		open = append(open, j)
	}
	from, by := open[0], open[1]
	if err := handOver(ctx, from, by); err != nil {
		return err
	}
	return c.stage.opens(ctx, from, by)
}

// goOn writes something about a case that the revoked device had.
func (c *care) goOn(ctx context.Context) error {
	for path, place := range c.calls.places {
		if !strings.HasPrefix(place, "before") {
			continue
		}
		return c.say(ctx, path, place+", round the back")
	}
	return errors.New("no call was taken before")
}

// say writes another place into a call at the device at work.
func (c *care) say(ctx context.Context, path, place string) error {
	_, page, err := c.ours.browser.Get(ctx, path)
	if err != nil {
		return err
	}
	if _, err := c.ours.browser.Post(ctx, path, url.Values{"place": {place}, "seen": {hidden(page, "seen")}}); err != nil {
		return err
	}
	c.calls.add(path, place)
	return nil
}

// handOver puts what one journal holds into another, as it would travel to a
// site node that is not revoked, and every key wrap with it.
func handOver(ctx context.Context, from, by *journal.Journal) error {
	cards, certificates := from.Papers()
	if err := by.AdmitPapers(ctx, cards, certificates); err != nil {
		return err
	}
	self := from.Device().Card().Device
	for _, tip := range from.Tips() {
		for first := uint64(0); first < tip.Size; {
			r, err := from.ReadRange(ctx, self, tip.Place(), first, 256<<10)
			if err != nil {
				return err
			}
			if err := by.Receive(ctx, r); errors.Is(err, journal.ErrOwn) {
				break
			} else if err != nil {
				return err
			}
			first += uint64(len(r.Headers))
		}
	}
	for bucket := range 256 {
		refs, err := from.KeyringList(ctx, byte(bucket))
		if err != nil {
			return err
		}
		wraps, err := from.Wraps(ctx, self, refs)
		if err != nil {
			return err
		}
		if err := by.TakeWraps(ctx, wraps); err != nil {
			return err
		}
	}
	return nil
}

// opens looks what of the facts since the last epoch began can be read by the
// other.
func (s *Stage) opens(ctx context.Context, from, by *journal.Journal) error {
	about, err := from.History(ctx, from.OrgSubject())
	if err != nil {
		return err
	}
	epochs := from.House().Epochs
	var began fact.Millis
	for _, f := range about.Facts() {
		if len(epochs) > 1 && f.ID == epochs[len(epochs)-1].Fact {
			began = f.Header.Recorded
		}
	}
	if began == 0 {
		s.Wrong("no new epoch began when a site node was revoked")
		return nil
	}
	subjects, err := from.Subjects(ctx)
	if err != nil {
		return err
	}
	for _, subject := range subjects {
		ours, err := from.History(ctx, subject)
		if err != nil {
			return err
		}
		theirs, err := by.History(ctx, subject)
		if err != nil {
			return err
		}
		there := map[fact.ID]fact.Fact{}
		for _, f := range append(theirs.WithHeld().Facts(), theirs.Held()...) {
			there[f.ID] = f
		}
		first := ours.Len() > 0 && ours.Facts()[0].Header.Recorded > began
		for _, f := range ours.Facts() {
			got, came := there[f.ID]
			if f.Header.Recorded <= began || f.OfJournal() || !came {
				continue
			}
			switch {
			case got.Body.Kind != 0:
				s.Wrong("the revoked device reads a fact of kind %d that was written after", got.Body.Kind)
			case first:
				s.Add("closed_about_new", 1)
			default:
				s.Add("closed_about_old", 1)
			}
		}
	}
	return nil
}
