package journal

import (
	"slices"
	"testing"
	"time"

	"holdfast/fact"
)

// TestAMoveIsSeenByViews: the facts with which a new incarnation begins after
// a disk error reach views and histories that were in memory.
func TestAMoveIsSeenByViews(t *testing.T) {
	o := testOptions(t)
	faults := faulty(t, o.Dir)
	o.Store = faults
	j := newJournal(t, o)
	before, err := j.History(t.Context(), j.OrgSubject())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan fact.Fact, 10)
	defer j.Watch(func(all []fact.Fact) {
		for _, f := range all {
			if !slices.ContainsFunc(before.Facts(), func(was fact.Fact) bool { return was.ID == f.ID }) {
				seen <- f
			}
		}
	})()
	faults.Arm(failing(1, false, false))
	talk(t, j, newSubject(t, j), 1)
	settled(t, j, faults)
	faults.Disarm()
	select {
	case f := <-seen:
		if f.Body.Kind != (IncarnationBegan{}).FactKind().Number {
			t.Errorf("the views saw a fact of kind %d", f.Body.Kind)
		}
	case <-time.After(5 * time.Second):
		t.Error("the views never see the fact with which the incarnation began")
	}
	if after, err := j.History(t.Context(), j.OrgSubject()); err != nil || after.Len() != before.Len()+1 {
		t.Errorf("the organisation has %d facts, before the move it had %d, %v", after.Len(), before.Len(), err)
	}
}
