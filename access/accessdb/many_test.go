package accessdb

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact/refusal"
)

// A list that is cut says so, and gives what it has.
func TestAStaffListThatIsCutSaysSo(t *testing.T) {
	f := open(t)
	for i := range 2 {
		if _, err := f.AddStaff(t.Context(), f.device, access.PersonAdded{Name: fmt.Sprint("Q. Holt ", i)}, []access.Role{access.Clinician}); err != nil {
			t.Fatal(err)
		}
	}
	for range 500 {
		if _, _, behind := f.j.ViewsAt(); behind == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	all, err := f.firstOf(t.Context(), 3)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d of 3, %v", len(all), err)
	}
	all, err = f.firstOf(t.Context(), 2)
	if !errors.Is(err, ErrManyStaff) || !refusal.Is(err, refusal.Unavailable) || len(all) != 2 {
		t.Errorf("%d of 3 are taken for all: %v", len(all), err)
	}
}
