package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

func library(t *testing.T) *node.Library {
	t.Helper()
	lib, err := node.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func found(t *testing.T, lib *node.Library, name string, ods codes.ODS) node.Place {
	t.Helper()
	place := node.Place{Dir: t.TempDir(), Demo: true}
	if err := node.Found(t.Context(), place, journal.Founding{Name: name, ODS: string(ods), DeviceName: name + " node"}, lib); err != nil {
		t.Fatal(err)
	}
	return place
}

func open(t *testing.T, lib *node.Library, place node.Place) (*node.Node, string) {
	t.Helper()
	doors := listen(t)
	n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "a.localhost", Pages: listen(t), Machines: doors, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return n, "https://" + doors.Addr().String() + "/direct"
}

func closed(t *testing.T, n *node.Node) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-n.Trouble():
		t.Error(err)
	default:
	}
}

// meet makes b's door known to a.
func meet(t *testing.T, a, b *node.Node, address string) {
	t.Helper()
	file, err := b.Invite(a.Us.Name, a.Us.ODS, address)
	if err == nil {
		err = a.Know(file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type noTexts struct{}

func (noTexts) Answers(triage.Record) []exchange.Answer { return nil }
func (noTexts) Reasons(triage.Record) []string          { return nil }

// referred takes a call at a node and refers it to another.
func referred(t *testing.T, n *node.Node, to exchange.Party) fact.Subject {
	t.Helper()
	id, err := n.Cases.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	by := access.Caller{Person: fact.Subject{9}, Name: "R. Ashdown", Role: access.CallHandler, ODS: string(n.Us.ODS)}
	phone, words := codes.ReceivePhone("01632 960377"), "Wants a doctor"
	who := urgent.PatientDescribed{Identity: record.Identity{Name: record.Name{Given: "Wilfred", Family: "Tansley"}}}
	for _, verb := range []urgentdb.Verb{
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) { return urgent.TakeCall(c, by, phone, now) },
		func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.Describe(c, by, urgent.Description{Patient: &who, Reason: &words})
		},
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.SetDisposition(c, by, n.Cases.Rules, "Dx06", "", now)
		},
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.Refer(c, by, n.Cases.Rules, urgent.ReferralOf(c, by, n.Us, to, noTexts{}, now), []exchange.Route{exchange.ByDirect}, now)
		},
	} {
		if _, err := n.Cases.Do(t.Context(), by, access.TakeCall, id, nil, verb); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

func stage(t *testing.T, n *node.Node, id fact.Subject) urgent.Stage {
	t.Helper()
	h, err := n.Journal.History(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return urgent.Fold(id, h).Stage()
}

func listed(t *testing.T, n *node.Node) []urgent.Row {
	t.Helper()
	until(t, "lists that are level with the journal", func() bool { _, _, behind := n.Journal.ViewsAt(); return behind == 0 })
	list, err := n.Cases.Glance(t.Context(), access.Caller{Role: access.Clinician}, urgentdb.Show{})
	if err != nil {
		t.Fatal(err)
	}
	return list.Rows
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestReferralReachesTheOtherNode(t *testing.T) {
	lib := library(t)
	a, fromA := open(t, lib, found(t, lib, "Fellside 111", "ZZ111"))
	defer closed(t, a)
	b, toB := open(t, lib, found(t, lib, "Tarn Valley", "ZZ122"))
	defer closed(t, b)
	meet(t, a, b, toB)
	meet(t, b, a, fromA)
	a.Start()
	b.Start()
	id := referred(t, a, b.Us)
	until(t, "the receipt", func() bool { return stage(t, a, id) == urgent.HandedOn })
	rows := listed(t, b)
	if len(rows) != 1 || rows[0].Patient != "TANSLEY, Wilfred" || rows[0].Dx != "Dx06" || rows[0].From111 != "Fellside 111" || len(listed(t, a)) != 0 {
		t.Errorf("%+v", rows)
	}
}

// While the other side is away the case stays on the list; when it comes
// back, and we were restarted meanwhile, the envelope still arrives, once.
func TestReferralArrivesAfterBothWereAway(t *testing.T) {
	lib := library(t)
	atA, atB := found(t, lib, "Fellside 111", "ZZ111"), found(t, lib, "Tarn Valley", "ZZ122")
	a, _ := open(t, lib, atA)
	b, _ := open(t, lib, atB)
	us := b.Us
	closed(t, b)
	a.Start()
	id := referred(t, a, us)
	until(t, "an attempt", func() bool { return stage(t, a, id) != urgent.Waiting && len(attempts(t, a, id)) > 0 })
	if len(listed(t, a)) != 1 {
		t.Error("a case that has not arrived has left the list")
	}
	closed(t, a)
	a, fromA := open(t, lib, atA)
	defer closed(t, a)
	b, toB := open(t, lib, atB)
	defer closed(t, b)
	meet(t, a, b, toB)
	meet(t, b, a, fromA)
	b.Start()
	a.Start()
	until(t, "the receipt", func() bool { return stage(t, a, id) == urgent.HandedOn })
	if n := len(listed(t, b)); n != 1 {
		t.Errorf("%d cases arrived", n)
	}
}

func attempts(t *testing.T, n *node.Node, id fact.Subject) []exchange.Attempt {
	t.Helper()
	h, err := n.Journal.History(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	all, err := exchange.FoldEnvelopes(h)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d envelopes, %v", len(all), err)
	}
	return all[0].Attempts
}

// A partner that the receiver does not know is turned away, and a person is
// told to ring.
func TestUnknownSenderIsRefusedAndAPersonRings(t *testing.T) {
	lib := library(t)
	a, _ := open(t, lib, found(t, lib, "Fellside 111", "ZZ111"))
	defer closed(t, a)
	b, toB := open(t, lib, found(t, lib, "Tarn Valley", "ZZ122"))
	defer closed(t, b)
	meet(t, a, b, toB) // but b does not know a
	a.Start()
	b.Start()
	id := referred(t, a, b.Us)
	until(t, "the refusal", func() bool { return stage(t, a, id) == urgent.SendFailed })
	until(t, "lists that are level with the journal", func() bool { _, _, behind := a.Journal.ViewsAt(); return behind == 0 })
	tasks, err := a.App.Tasks.Open(t.Context(), access.Caller{Role: access.Dispatcher})
	if err != nil || len(tasks) != 1 || tasks[0].About != id || !tasks[0].First {
		t.Fatalf("%+v %v", tasks, err)
	}
	if len(listed(t, b)) != 0 {
		t.Error("a stranger's referral was filed")
	}
	nurse := access.Caller{Person: fact.Subject{8}, Name: "K. Adeyemi", Role: access.Clinician}
	if err := a.App.Tasks.Take(t.Context(), nurse, tasks[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	if tasks, err = a.App.Tasks.Open(t.Context(), nurse); err != nil || tasks[0].Who != "K. Adeyemi" {
		t.Errorf("%+v %v", tasks, err)
	}
	if err := a.App.Tasks.Done(t.Context(), nurse, tasks[0].ID, "reached", ""); err != nil {
		t.Fatal(err)
	}
	if tasks, err = a.App.Tasks.Open(t.Context(), nurse); err != nil || len(tasks) != 0 {
		t.Errorf("%+v %v", tasks, err)
	}
}

func TestPeopleAndServicesStandBehindTheGate(t *testing.T) {
	lib := library(t)
	n, _ := open(t, lib, found(t, lib, "Fellside 111", "ZZ111"))
	defer closed(t, n)
	admin := access.Caller{Role: access.Administrator}
	if _, err := n.App.People.Find(t.Context(), admin, record.Query{Family: "Tansley"}); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("%v", err)
	}
	if _, err := n.App.People.Person(t.Context(), admin, fact.Subject{1}); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("%v", err)
	}
	if _, err := n.App.People.Person(t.Context(), access.Caller{Role: access.Clinician}, fact.Subject{1}); !errors.Is(err, access.ErrSayWhy) {
		t.Fatal("whether there is such a record is told to somebody whom nothing links to it:", err)
	}
	if _, err := n.App.People.Person(t.Context(), access.Caller{Role: access.ClinicalGovernance}, fact.Subject{1}); !refusal.Is(err, refusal.Missing) {
		t.Errorf("%v", err)
	}
	if _, err := n.App.Services.All(t.Context(), access.Caller{Role: access.Partner}); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("%v", err)
	}
	if _, err := n.App.Tasks.Open(t.Context(), admin); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("%v", err)
	}
}

func TestUnsignedTriageRunsInADemoOnly(t *testing.T) {
	lib := library(t)
	n, _ := open(t, lib, found(t, lib, "Fellside 111", "ZZ111"))
	defer closed(t, n)
	if err := n.MayAsk("call-handler"); err != nil || !n.App.Demo {
		t.Errorf("%v", err)
	}
	place := node.Place{Dir: t.TempDir(), Passphrase: []byte("a long passphrase")}
	if err := node.Found(t.Context(), place, journal.Founding{Name: "Real", ODS: "ZZ900", DeviceName: "node"}, lib); err != nil {
		t.Fatal(err)
	}
	real, _ := open(t, lib, place)
	defer closed(t, real)
	if err := real.MayAsk("call-handler"); !refusal.Is(err, refusal.Forbidden) || real.App.Demo {
		t.Errorf("unsigned content runs outside a demo: %v", err)
	}
	w := httptest.NewRecorder()
	real.Mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/in/"+strings.Repeat("A", 43), nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("one-time sign-in links have a door outside a demo: %d", w.Code)
	}
	if _, err := node.Open(t.Context(), node.Config{Place: node.Place{Dir: place.Dir, Passphrase: []byte("another passphrase")}, Library: lib, Host: "x"}); err == nil {
		t.Error("a wrong passphrase opens the folder")
	}
}

func TestAuthorityOutlivesARestartAndRefusesStrangers(t *testing.T) {
	lib := library(t)
	place := found(t, lib, "Fellside 111", "ZZ111")
	n, _ := open(t, lib, place)
	first, err := n.Authority.WritePartner("p")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(first.Cert)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(place.Dir, "doors", "ca.key"))
	if err != nil || strings.Contains(string(key), "PRIVATE KEY") {
		t.Errorf("the authority's key lies open: %v", err)
	}
	closed(t, n)
	n, _ = open(t, lib, place)
	again, err := n.Authority.WritePartner("p")
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(again.Cert); err != nil || string(after) != string(before) {
		t.Errorf("the partner's certificate was issued anew: %v", err)
	}
	closed(t, n)
	key[len(key)-1] ^= 1
	if err := os.WriteFile(filepath.Join(place.Dir, "doors", "ca.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "x"}); err == nil {
		t.Error("a damaged key was taken")
	}
}

func TestPartnerFilesAreReadAtStart(t *testing.T) {
	lib := library(t)
	atA := found(t, lib, "Fellside 111", "ZZ111")
	b, toB := open(t, lib, found(t, lib, "Tarn Valley", "ZZ122"))
	defer closed(t, b)
	file, err := b.Invite("Fellside 111", "ZZ111", toB)
	if err != nil {
		t.Fatal(err)
	}
	write := func(p node.Peer) {
		t.Helper()
		raw, err := json.Marshal(p)
		dir := filepath.Join(atA.Dir, "peers")
		if err = errors.Join(err, os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "b.json"), raw, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write(file)
	a, fromA := open(t, lib, atA)
	meet(t, b, a, fromA)
	a.Start()
	b.Start()
	id := referred(t, a, b.Us)
	until(t, "the receipt", func() bool { return stage(t, a, id) == urgent.HandedOn })
	closed(t, a)
	file.Address = "http://127.0.0.1/direct"
	write(file)
	if n, err := node.Open(t.Context(), node.Config{Place: atA, Library: lib, Host: "x"}); err == nil {
		t.Errorf("a partner without TLS was taken: %v", n.Close())
	}
}
