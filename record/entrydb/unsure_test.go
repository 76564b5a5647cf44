package entrydb_test

import (
	"testing"
	"time"

	"holdfast/record/entry"
)

// A staff list that can't be read is said to be so, and keeps nobody out.
func TestAnUnreadableStaffListKeepsNobodyOut(t *testing.T) {
	h := newHouse(t, 1)
	h.gone = entry.Gone{Unknown: true}
	home, err := h.Home(t.Context(), nurse, h.people[0], time.Now())
	if err != nil || !home.Unsure {
		t.Errorf("%+v %v", home, err)
	}
	all, err := h.Watch(t.Context(), boss, time.Now())
	if err != nil || !all.Unsure {
		t.Errorf("%+v %v", all, err)
	}
}
