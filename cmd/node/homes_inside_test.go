package node

import (
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
)

func openInside(t *testing.T) *Node {
	t.Helper()
	lib, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	place := Place{Dir: t.TempDir(), Demo: true}
	if err := Found(t.Context(), place, journal.Founding{Name: "Fellside 111", ODS: "ZZ111", DeviceName: "site"}, lib); err != nil {
		t.Fatal(err)
	}
	n, err := Open(t.Context(), Config{Place: place, Library: lib, Host: "a.localhost"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func (n *Node) caughtUp(t *testing.T) {
	t.Helper()
	for range 1000 {
		if _, _, behind := n.Journal.ViewsAt(); behind == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the views never caught up")
}

// Whoever erases a person erases how to get into their home: its keys are among
// those that are destroyed.
func TestAWayInIsErasedWithThePerson(t *testing.T) {
	n := openInside(t)
	var who fact.Subject
	_, err := n.Journal.Do(t.Context(), n.Device.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if who, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return record.Register(record.Person{Subject: who}, n.Device, record.Registration{
			Identity: record.Identity{Name: record.Name{Given: "Wilfred", Family: "Tansley"}}, Source: record.FromMadeUp,
		}, tx.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	by := access.Caller{Person: fact.Subject{9}, Name: "P. Varma", Role: access.Clinician}
	if err := n.Homes.Keep(t.Context(), by, who, nil, entry.Plain{Code: "x"}, ""); err != nil {
		t.Fatal(err)
	}
	n.caughtUp(t)
	whole, _, err := n.wholePerson(t.Context(), who)
	if err != nil || !slices.Contains(whole, who) || !slices.Contains(whole, n.Homes.CodeOf(who)) {
		t.Fatalf("%v %v", whole, err)
	}
	other := fact.Subject{44} // a fact that points to somebody else's destroys nothing of theirs
	if _, err := n.Journal.Do(t.Context(), by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(who, record.EntryKept{Code: other})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	n.caughtUp(t)
	if whole, _, err = n.wholePerson(t.Context(), who); err != nil || slices.Contains(whole, other) || !slices.Contains(whole, n.Homes.CodeOf(who)) {
		t.Errorf("%v would be destroyed, %v", whole, err)
	}
}

// Somebody has left when every role was ended, or ran out some days ago; not
// when a shift of theirs is over, and not while they hold another role.
func TestWhoHasLeft(t *testing.T) {
	n := openInside(t)
	ctx, now := t.Context(), n.clock()
	days := n.config.Library.Entry.GoneAfter
	add := func(name string, roles ...access.Role) fact.Subject {
		t.Helper()
		id, err := n.Gate.AddStaff(ctx, n.Device, access.PersonAdded{Name: name}, roles)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	do := func(who fact.Subject, verb func(access.Staff) ([]fact.Draft, error)) {
		t.Helper()
		_, err := n.Journal.Do(ctx, n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
			s, err := journal.FoldIn(tx, who, access.FoldStaff)
			if err != nil {
				return nil, err
			}
			return verb(s)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	end := func(who fact.Subject, r access.Role) {
		do(who, func(s access.Staff) ([]fact.Draft, error) { return access.EndRole(s, r, "left", now) })
	}
	until := func(who fact.Subject, at time.Time) {
		do(who, func(s access.Staff) ([]fact.Draft, error) {
			return []fact.Draft{fact.Say(who, access.RoleGranted{Role: access.Clinician, Until: fact.At(at)})}, nil
		})
	}
	stays, left, half := add("Stays", access.Clinician), add("Left", access.Clinician, access.Manager), add("Half", access.Clinician, access.Manager)
	agency, long, never := add("Agency"), add("Long gone"), add("Never had a role")
	end(left, access.Clinician)
	end(left, access.Manager)
	end(half, access.Manager)
	until(agency, now.Add(-time.Hour))
	until(long, now.Add(-days-time.Hour))
	n.caughtUp(t)
	gone := n.gone(ctx)
	if gone.Unknown {
		t.Fatal("it can't be told who has left")
	}
	for who, want := range map[fact.Subject]bool{stays: false, left: true, half: false, agency: false, long: true, never: false} {
		if _, is := gone.People[who]; is != want {
			t.Errorf("%s: %v, want %v", n.name(who), is, want)
		}
	}
	if l := gone.People[left]; l.Says != "Left" || l.Since < fact.At(now.Add(-time.Minute)) || gone.People[long].Since != fact.At(now.Add(-days-time.Hour)) {
		t.Errorf("%+v %+v", l, gone.People[long])
	}
	// reckoned once, and anew when the staff list moves
	if n.leavers.at.IsZero() {
		t.Error("every look at a home folds all staff")
	}
	end(half, access.Clinician)
	n.caughtUp(t)
	if _, is := n.gone(ctx).People[half]; !is {
		t.Error("who leaves now is not known to have left")
	}
	n.leavers.forget() // a list that can't be read is not known, and refuses nothing
	if err := n.Journal.Views().Close(); err != nil {
		t.Fatal(err)
	}
	if !n.gone(ctx).Unknown {
		t.Error("an unreadable staff list is taken for one that nobody has left")
	}
}
