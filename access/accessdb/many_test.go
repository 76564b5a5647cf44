package accessdb

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
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

// Of more people than can be tried who chose one name at the door nobody is left
// out unseen: it is said; and people whose it was are no hindrance.
func TestOfManyWhoChoseOneNameNobodyIsLeftOutUnseen(t *testing.T) {
	f, ctx := open(t), t.Context()
	chose := func(n int, login string) fact.Subject {
		t.Helper()
		person, err := f.AddStaff(ctx, f.device, access.PersonAdded{Name: fmt.Sprint("Q. Holt ", n)}, []access.Role{access.Clinician})
		if err != nil {
			t.Fatal(err)
		}
		f.chooses(t, person, login)
		return person
	}
	for n := range 14 {
		f.chooses(t, chose(n, "one"), fmt.Sprint("another ", n))
	}
	var mine []fact.Subject
	for n := range mostAlike {
		mine = append(mine, chose(100+n, "one"))
	}
	got, err := f.logins(ctx, "one")
	if err != nil || len(got) != mostAlike || !slices.Contains(got, mine[0]) || !slices.Contains(got, mine[mostAlike-1]) {
		t.Errorf("%d of %d people are found behind fourteen whose name it was: %v", len(got), mostAlike, err)
	}
	chose(200, "one")
	if _, err := f.logins(ctx, "one"); !errors.Is(err, errManyAlike) {
		t.Errorf("one more than can be tried: %v", err)
	}
}

// chooses has a person choose a name at the door.
func (f *fixture) chooses(t *testing.T, person fact.Subject, login string) {
	t.Helper()
	saved, err := f.j.Do(t.Context(), fact.Author{Person: person, Role: string(access.Clinician)}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(person, access.AuthenticatorEnrolled{Login: login, Secret: make([]byte, access.SecretSize)})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.j.WaitViews(t.Context(), saved, 5*time.Second)
}
