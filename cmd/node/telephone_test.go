package node_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/sim/telephone"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// caller is a machine with a certificate at a node's message doors; nil: with
// none.
func caller(t *testing.T, n *node.Node, cert *tls.Certificate) *http.Client {
	t.Helper()
	raw, err := os.ReadFile(n.Authority.File())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	block, _ := pem.Decode(raw)
	if block == nil || !pool.AppendCertsFromPEM(raw) {
		t.Fatal("no authority")
	}
	c := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	if cert != nil {
		c.Certificates = []tls.Certificate{*cert}
	}
	h := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: c}}
	t.Cleanup(h.CloseIdleConnections)
	return h
}

func exchangeAt(t *testing.T, n *node.Node, direct string) *telephone.Exchange {
	t.Helper()
	cert, err := n.Authority.Telephone("aldermoor")
	if err != nil {
		t.Fatal(err)
	}
	return &telephone.Exchange{URL: strings.TrimSuffix(direct, "/direct") + "/telephone/events", Client: caller(t, n, &cert), Now: time.Now, Prefix: "t"}
}

// The telephone door opens to an exchange's certificate and to no other, and
// that certificate to no other door.
func TestTheTelephoneDoor(t *testing.T) {
	lib := library(t)
	n, direct := open(t, lib, found(t, lib, "Fellside 111", "ZZ111"))
	defer closed(t, n)
	n.Start()
	base := strings.TrimSuffix(direct, "/direct")
	x := exchangeAt(t, n, direct)
	if err := x.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct{ method, path string }{{"GET", "/bars/metadata"}, {"POST", "/direct"}, {"POST", "/itk"}, {"POST", "/bars/$process-message"}, {"GET", "/"}} {
		req, err := http.NewRequest(one.method, base+one.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := x.Client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("the exchange's certificate at %s: %d", one.path, res.StatusCode)
		}
	}
	for name, speaksFor := range map[string][]codes.ODS{"a partner": {"ZZ122"}, "a carrier": nil} {
		cert, err := n.Authority.Partner(name, speaksFor...)
		if err != nil {
			t.Fatal(err)
		}
		other := &telephone.Exchange{URL: x.URL, Client: caller(t, n, &cert), Now: time.Now}
		var refused *telephone.Refused
		if err := other.Beat(t.Context()); !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
			t.Errorf("%s speaks for the exchange: %v", name, err)
		}
	}
	stranger := &telephone.Exchange{URL: x.URL, Client: caller(t, n, nil), Now: time.Now}
	if err := stranger.Beat(t.Context()); err == nil {
		t.Error("somebody without a certificate speaks for the exchange")
	}
	c, err := x.Ring(t.Context(), "01632 960418")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Say(t.Context(), "answered", "2104"); err != nil {
		t.Fatal(err)
	}
	handler := access.Caller{Person: fact.Subject{9}, Name: "R. Ashdown", Role: access.CallHandler, ODS: "ZZ111"}
	call, err := n.Phone.Call(t.Context(), handler, n.Phone.CallOf("aldermoor", c.ID))
	if err != nil || call.From.National() != "01632960418" || len(call.On()) != 1 {
		t.Errorf("%+v %v", call, err)
	}
	state, err := node.StateOf(call.ID, history(t, n, call.ID))
	if err != nil || state == (fact.Hash{}) {
		t.Errorf("a call has no state of its own: %v", err)
	}
	// the end of the call marks its case
	id := n.Phone.CaseOf(call.ID)
	if _, err := n.Cases.Do(t.Context(), handler, access.TakeCall, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		out, err := urgent.TakeCall(c, handler, call.From, now)
		tie, err2 := urgent.TakeTelephoned(c, call, handler)
		return append(out, tie...), errors.Join(err, err2)
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.Say(t.Context(), "ended"); err != nil {
		t.Fatal(err)
	}
	until(t, "the case knows that the caller is gone", func() bool { return urgent.Fold(id, history(t, n, id)).GoneAt() != 0 })
}

func history(t *testing.T, n *node.Node, id fact.Subject) fact.History {
	t.Helper()
	h, err := n.Journal.History(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// listControl puts an ambulance service into a node's directory.
func listControl(t *testing.T, n *node.Node, them exchange.Party) {
	t.Helper()
	saved, err := n.Journal.Do(t.Context(), n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		id, err := tx.NewSubject()
		return []fact.Draft{fact.Say(id, directory.ServiceListed{Service: directory.Service{
			Name: them.Name, Type: directory.Ambulance, DoS: "9990000901", ODS: them.ODS, Always: true, Phone: codes.ReceivePhone("01632 960999"),
			Doors: []directory.Door{{Route: directory.RouteDirect}, {Route: directory.RoutePhone}},
		}})}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the directory", func() bool { return n.Journal.WaitViews(t.Context(), saved, time.Second) })
}

// emergency asks for an ambulance at a node.
func emergency(t *testing.T, n *node.Node) fact.Subject {
	t.Helper()
	by := access.Caller{Person: fact.Subject{9}, Name: "R. Ashdown", Role: access.CallHandler, ODS: string(n.Us.ODS)}
	id, err := n.Cases.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Cases.Do(t.Context(), by, access.CallEmergency, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.CallAmbulance(c, by, n.Cases.Rules, urgent.Emergency{Calling: codes.ReceivePhone("01632 960377"), Place: codes.Place{Text: "Fell gate ///filled.count.soap"}}, now)
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

// way says how the ambulance of a case is asked for, and whether dispatch has
// a task to ring.
func way(t *testing.T, n *node.Node, id fact.Subject) (route exchange.Route, standing exchange.Standing, rings int) {
	t.Helper()
	c := urgent.Fold(id, history(t, n, id))
	w, ok := c.Way(c.Ambulances[0])
	if !ok {
		t.Fatal("no way is on record")
	}
	until(t, "lists that are level with the journal", func() bool { _, _, behind := n.Journal.ViewsAt(); return behind == 0 })
	tasks, err := taskdb.Open(t.Context(), n.Journal.Views(), access.Caller{Role: access.Dispatcher}, task.Dispatch)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range tasks {
		if w := one.What(); w.About == id && w.Urgent && w.What == task.Ambulance {
			rings++
		}
	}
	if w.Route == exchange.ByPhone {
		return w.Route, "", rings
	}
	return w.Route, c.Envelope(w.Envelope).Standing(), rings
}

// A request goes as an envelope where the ambulance service can be reached, and
// is done with its receipt; refused, unknown or silent, dispatch rings.
func TestAnAmbulanceByMessage(t *testing.T) {
	lib := library(t)
	now := newClock()
	place := found(t, lib, "Fellside 111", "ZZ111")
	place.Clock = now.read
	a, fromA := open(t, lib, place)
	defer closed(t, a)
	b, toB := open(t, lib, found(t, lib, "Northmoor Ambulance", "ZZ133"))
	running := true
	defer func() {
		if running {
			closed(t, b)
		}
	}()
	a.Start()
	b.Start()

	none := emergency(t, a)
	if route, _, rings := way(t, a, none); route != exchange.ByPhone || rings != 1 {
		t.Errorf("no service known: by %s, %d tasks", route, rings)
	}
	listControl(t, a, b.Us)
	none = emergency(t, a)
	if route, _, rings := way(t, a, none); route != exchange.ByPhone || rings != 1 {
		t.Errorf("no way to the service: by %s, %d tasks", route, rings)
	}

	meet(t, a, b, toB)
	refused := emergency(t, a) // b does not know us
	until(t, "a task after the refusal", func() bool {
		_, standing, rings := way(t, a, refused)
		return standing == exchange.Refused && rings == 1
	})

	meet(t, b, a, fromA)
	received := emergency(t, a)
	until(t, "the receipt", func() bool { _, standing, _ := way(t, a, received); return standing == exchange.Delivered })
	if route, _, rings := way(t, a, received); route != exchange.ByDirect || rings != 0 {
		t.Errorf("received: by %s, %d tasks", route, rings)
	}
	rows := listed(t, b)
	if len(rows) != 1 || rows[0].From111 != "Fellside 111" || rows[0].Dx != "Dx011" {
		t.Errorf("at the ambulance service: %+v", rows)
	}

	closed(t, b)
	running = false
	silent := emergency(t, a)
	until(t, "an attempt", func() bool { return len(attempts(t, a, silent)) > 0 })
	if _, _, rings := way(t, a, silent); rings != 0 {
		t.Errorf("before the minute is over %d tasks", rings)
	}
	now.later(lib.Rules.Phone.Receipt + time.Second)
	until(t, "a task when no receipt came", func() bool { _, _, rings := way(t, a, silent); return rings == 1 })
	if c := urgent.Fold(silent, history(t, a, silent)); !c.OnList() || c.Stage() != urgent.Waiting {
		t.Errorf("the case stands as %s", c.Stage())
	}
}

// A call is offered at the desk as at the site node, and a desk that is cut off
// says that it hears nothing of the exchange. One that hears no site node raises the
// task of an ambulance at once; one that does sends by it, and runs the timer of the receipt itself.
func TestADeskAsksForAnAmbulance(t *testing.T) {
	lib := library(t)
	doors := listen(t)
	site, err := node.Open(t.Context(), node.Config{Place: found(t, lib, "Fellside 111", "ZZ111"), Library: lib, Host: "a.localhost", Pages: listen(t), Machines: doors, Devices: listen(t), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	running := true
	defer func() {
		if running {
			closed(t, site)
		}
	}()
	listControl(t, site, exchange.Party{ODS: "ZZ133", Name: "Northmoor Ambulance"})
	ask, dir := journal.Request{}, t.TempDir()
	if ask, err = journal.Ask(t.Context(), journal.Options{Dir: dir, Demo: true}, fact.Desk, "Desk 6", "floor"); err != nil {
		t.Fatal(err)
	}
	admission, err := site.Journal.Enrol(t.Context(), boss.Author(), ask)
	if err == nil {
		err = journal.Join(t.Context(), journal.Options{Dir: dir, Demo: true}, admission)
	}
	if err != nil {
		t.Fatal(err)
	}
	now := newClock()
	desk, err := node.Open(t.Context(), node.Config{Place: node.Place{Dir: dir, Demo: true, Clock: now.read}, Library: lib, Host: "a.localhost", Pages: listen(t), Machines: listen(t), Sisters: []string{site.DeviceAddress()}, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, desk)
	site.Start()
	desk.Start()
	c, err := exchangeAt(t, site, "https://"+doors.Addr().String()+"/direct").Ring(t.Context(), "01632 960418")
	if err == nil {
		err = c.Say(t.Context(), "answered", "2104")
	}
	if err != nil {
		t.Fatal(err)
	}
	handler := access.Caller{Person: fact.Subject{9}, Name: "R. Ashdown", Role: access.CallHandler, ODS: "ZZ111"}
	if err := desk.Phone.Sit(t.Context(), handler, "2104"); err != nil {
		t.Fatal(err)
	}
	until(t, "the call is offered at the desk", func() bool {
		mine, err := desk.Phone.Mine(t.Context(), handler)
		return err == nil && len(mine) == 1
	})
	standing := func() urgentdb.Standing {
		t.Helper()
		s, err := desk.Phone.Standing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	until(t, "the exchange is known at the desk", func() bool { s := standing(); return s.Known && !s.Silent })
	var linked fact.Subject
	until(t, "a request by the site node", func() bool {
		linked = emergency(t, desk)
		route, _, _ := way(t, desk, linked)
		return route == exchange.ByDirect
	})
	if _, _, rings := way(t, desk, linked); rings != 0 {
		t.Errorf("%d tasks at once", rings)
	}
	now.later(lib.Rules.Phone.Receipt + time.Second) // at the desk alone: the site node's minute goes on
	emergency(t, desk)                               // wakes it
	until(t, "the desk's own timer", func() bool { _, _, rings := way(t, desk, linked); return rings == 1 })
	closed(t, site)
	running = false
	until(t, "the desk says that it hears nothing of the exchange", func() bool { s := standing(); return s.Silent && !s.Since.IsZero() })
	until(t, "a task at once, cut off", func() bool {
		id := emergency(t, desk)
		route, _, rings := way(t, desk, id)
		return route == exchange.ByPhone && rings == 1
	})
}

// handClock is a clock that a test sets forward.
type handClock struct {
	mu   sync.Mutex
	more time.Duration
}

func newClock() *handClock { return &handClock{} }

func (c *handClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.more)
}

func (c *handClock) later(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more += by
}
