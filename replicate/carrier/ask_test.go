package carrier_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/replicate/carrier"
	"holdfast/replicate/replicatetest"
)

// A question goes to a device that proved to be the one that may be asked, and
// to no other; the one asked knows whose key asks.
func TestAskingAnotherDevice(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(3)
	site, desk := o.Device("site", fact.SiteNode), o.Device("desk", fact.Desk)
	var heard atomic.Int32
	config := func(s *replicatetest.Store, dial ...string) carrier.Config {
		return carrier.Config{Store: s, Identity: s, Domain: "x", Addresses: dial, Clock: time.Now, Random: rand.Reader}
	}
	answering := config(site)
	answering.Answer = func(_ context.Context, key, question []byte) ([]byte, error) {
		heard.Add(1)
		if string(key) != string(desk.Card().Key) {
			return nil, errors.New("somebody else asks")
		}
		return append([]byte("to "), question...), nil
	}
	m, err := carrier.New(answering)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := m.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer stop()
	ask := func(s *replicatetest.Store, question string, trusted bool) (string, error) {
		from, err := carrier.New(config(s, l.Addr().String()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := from.Ask(ctx, []byte(question), func(key []byte) bool { return trusted && string(key) == string(site.Card().Key) })
		return string(b), err
	}
	if answer, err := ask(desk, "one", true); err != nil || answer != "to one" {
		t.Errorf("%q %v", answer, err)
	}
	if answer, err := ask(o.Device("other", fact.Desk), "two", true); err == nil {
		t.Errorf("answered %q to somebody else", answer)
	}
	before := heard.Load()
	if _, err := ask(desk, "three", false); err == nil || heard.Load() != before {
		t.Errorf("a question reached who may not be asked: %v", err)
	}
	if _, err := ask(desk, strings.Repeat("x", 1<<17), true); err == nil || heard.Load() != before {
		t.Errorf("a question of any length is read: %v", err)
	}
}
