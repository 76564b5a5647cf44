package replicate_test

import (
	"context"
	"errors"
	"testing"

	"holdfast/fact"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

// unread is a device whose file about its enrolment can't be read.
type unread struct {
	*replicatetest.Store
	asked *int
}

func (u unread) Introduction() ([]byte, error) {
	*u.asked++
	return nil, errors.New("the disk does not give it")
}

// What a device was enrolled by helps those who have lost it. A link does without
// it, says so once, and does not read it again.
func TestALinkNeedsNoIntroduction(t *testing.T) {
	o := replicatetest.NewOrg(1)
	w := newWorld(t, sites(o, "a", "b")...)
	asked := 0
	l := w.connectWith(0, 1, func(c *replicate.Config) {
		c.Identity = unread{c.Store.(*replicatetest.Store), &asked}
	})
	w.run()
	ids := w.write(0, fact.Care, o.NewSubject(), 3)
	w.run()
	if held := w.nodes[1].store.IDs(); !held[ids[2]] {
		t.Error("nothing moves over a link whose device can't read what it was enrolled by")
	}
	for range 5 {
		l.ends[0].link.Changed(context.Background(), w.now)
	}
	if asked != 2 {
		t.Errorf("read %d times by two links", asked)
	}
	if told := effectsOf[replicate.Trouble](w.nodes[0]); len(told) != 1 {
		t.Errorf("told %+v", told)
	}
}
