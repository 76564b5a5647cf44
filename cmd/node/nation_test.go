package node_test

import (
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/sim/national"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// A site node asks CP-IS about a child by itself, and its pages know which
// services are connected; the household is found by address and as stated, the
// look at it is recorded, and whoever is restricted is not in it.
func TestWhatIsKnownOfAChildAndItsHousehold(t *testing.T) {
	lib := library(t)
	place := found(t, lib, "Fellside 111", "ZZ111")
	peer := &national.Peer{Plans: []national.Plan{{NHS: "9994120735", Words: []string{"Child protection plan"}}}}
	n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "111.localhost", Askers: map[exchange.National]exchange.Asker{exchange.ChildProtection: peer}})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, n)
	ctx := t.Context()
	home := codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}
	maja := record.Identity{Name: record.Name{Given: "Maja", Family: "Lindqvist"}, Born: codes.Date{Year: 2021, Month: 5, Day: 4}, NHS: codes.ReceiveNHSNumber("9994120735").Traced(), Address: home}
	register := func(id record.Identity) (who fact.Subject) {
		t.Helper()
		saved, err := n.Journal.Do(ctx, n.Device.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
			if who, err = tx.NewSubject(); err != nil {
				return nil, err
			}
			return record.Register(record.Person{Subject: who}, n.Device, record.Registration{Identity: id, Source: record.FromTrace}, tx.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		n.Journal.WaitViews(ctx, saved, 5*time.Second)
		return who
	}
	child := register(maja)
	mother := register(record.Identity{Name: record.Name{Given: "Anna", Family: "Lindqvist"}, Address: home})
	register(record.Identity{Name: record.Name{Given: "Erik", Family: "Hidden"}, Address: home, Restricted: true})
	who, err := n.Gate.AddStaff(ctx, n.Device, access.PersonAdded{Name: "Ruth Ashdown"}, []access.Role{access.CallHandler})
	if err != nil {
		t.Fatal(err)
	}
	by := access.Caller{Person: who, Name: "Ruth Ashdown", Role: access.CallHandler, ODS: "ZZ111"}
	p, err := journal.Fold(ctx, n.Journal, child, record.Fold)
	if err != nil {
		t.Fatal(err)
	}
	looks := by
	looks.Session = fact.Subject{0x5e}
	lives, err := n.App.Household(ctx, looks, p, n.Now().Add(-96*time.Hour))
	if err != nil || len(lives.People) != 1 || lives.People[0].Person != mother || lives.People[0].Called != "LINDQVIST, Anna" {
		t.Fatalf("%+v %v", lives, err)
	}
	if !n.Gate.FoundLately(looks, mother) {
		t.Error("the look at the household is not recorded")
	}
	id, err := n.Cases.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []urgentdb.Verb{
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.TakeCall(c, by, codes.Phone{}, now)
		},
		func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.Describe(c, by, urgent.Description{Patient: &urgent.PatientDescribed{Identity: maja, Record: child}})
		},
	} {
		if _, err := n.Cases.Do(ctx, by, access.TakeCall, id, nil, verb); err != nil {
			t.Fatal(err)
		}
	}
	n.Start()
	for range 2000 {
		c, err := journal.Fold(ctx, n.Journal, id, urgent.Fold)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Questions) == 1 && len(c.Questions[0].Replies) == 1 {
			if a, ok := c.Questions[0].Answer(); !ok || a.Says.Told != exchange.ToldYes {
				t.Errorf("%+v", c.Questions)
			}
			if q := peer.Asked(); len(q) != 1 || q[0].NHS != "9994120735" || q[0].Family != "" {
				t.Errorf("with a traced number nothing else leaves: %+v", q)
			}
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("CP-IS was never asked")
}
