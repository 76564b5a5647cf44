package carrier_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/replicate"
	"holdfast/replicate/carrier"
	"holdfast/replicate/replicatetest"
)

// device is one running device: a listener and links.
type device struct {
	store   *replicatetest.Store
	manager *carrier.Manager
	address string
	took    chan struct{}
	stop    func()
	mu      sync.Mutex
	effects []replicate.Effect
}

// begin starts a device that dials the given addresses.
func begin(t testing.TB, store *replicatetest.Store, listen string, dial ...string) *device {
	t.Helper()
	d := &device{store: store, took: make(chan struct{}, 1)}
	var err error
	d.manager, err = carrier.New(carrier.Config{
		Store: store, Identity: store, Domain: store.Card().Name, Addresses: dial, Clock: time.Now, Random: rand.Reader,
		Tick: 50 * time.Millisecond, Retry: 20 * time.Millisecond, Longest: 200 * time.Millisecond, Silence: 5 * time.Second,
		Effect: func(_ replicate.Peer, e replicate.Effect) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.effects = append(d.effects, e)
		},
		Took: func() {
			select {
			case d.took <- struct{}{}:
			default:
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	d.address = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { d.manager.Run(ctx) })
	running.Go(func() {
		if err := d.manager.Serve(ctx, l); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	d.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(d.stop)
	return d
}

func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within 30 s: %s", what)
}

func same(a, b *device) bool {
	return replicate.VectorOf(a.store.Tips()) == replicate.VectorOf(b.store.Tips())
}

func (d *device) linked() (n int) {
	for _, p := range d.manager.Peers() {
		if p.Connected {
			n++
		}
	}
	return n
}

// noLeak checks that a test leaves no goroutine behind.
func noLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() { // registered first, so it runs last
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		stacks := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
	})
}

func TestTwentyThousandFactsWithKillsAndHeals(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(1)
	a := begin(t, o.Device("a", fact.SiteNode), "127.0.0.1:0")
	bStore := o.Device("b", fact.SiteNode)
	for range 2000 {
		s := o.NewSubject()
		a.store.Write(fact.Care, s, 5, 200)
		bStore.Write(fact.Looks, s, 5, 200)
	}
	kills := 0
	for total := 0; total < 10_000; kills++ {
		b := begin(t, bStore, "127.0.0.1:0", a.address)
		want := min(total+2500, 10_000)
		until(t, "more facts", func() bool { return len(bStore.IDs())-10_000 >= want })
		b.stop()
		total = len(bStore.IDs()) - 10_000
	}
	b := begin(t, bStore, "127.0.0.1:0", a.address)
	until(t, "equal tips", func() bool { return same(a, b) })
	until(t, "receipts", func() bool { return a.store.SafeUpTo(a.store.Own(fact.Care)) == 10_000 })
	until(t, "both to know it", func() bool {
		p := b.manager.Peers()
		return len(p) == 1 && p[0].Level && p[0].Name == "a" && p[0].Domain == "a" && p[0].Kind == fact.SiteNode
	})
	if kills < 2 {
		t.Errorf("only %d kills", kills)
	}
	for _, d := range []*device{a, b} {
		d.mu.Lock()
		for _, e := range d.effects {
			if _, healed := e.(replicate.Healed); !healed {
				t.Errorf("%T %+v", e, e)
			}
		}
		d.mu.Unlock()
	}
}

func TestANewFactIsThereAtOnce(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(1)
	a := begin(t, o.Device("a", fact.SiteNode), "127.0.0.1:0")
	b := begin(t, o.Device("b", fact.SiteNode), "127.0.0.1:0", a.address)
	until(t, "a link", func() bool { return a.linked() == 1 && b.linked() == 1 })
	var times []time.Duration
	for range 40 {
		s := o.NewSubject()
		began := time.Now()
		id := a.store.Write(fact.Care, s, 1, 100)[0]
		a.manager.Changed()
		for !b.store.IDs()[id] {
			select {
			case <-b.took:
			case <-time.After(5 * time.Second):
				t.Fatal("the fact did not come")
			}
		}
		times = append(times, time.Since(began))
	}
	most := times[0]
	for _, d := range times {
		most = max(most, d)
	}
	t.Logf("slowest of %d: %v", len(times), most)
	if most > time.Second {
		t.Errorf("a fact took %v", most)
	}
}

func TestTwoThatDialEachOtherKeepOneLink(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(1)
	hold, err := net.Listen("tcp", "127.0.0.1:0") // a port to know before it is used
	if err != nil {
		t.Fatal(err)
	}
	later := hold.Addr().String()
	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	a := begin(t, o.Device("a", fact.SiteNode), "127.0.0.1:0", later)
	b := begin(t, o.Device("b", fact.SiteNode), later, a.address)
	until(t, "a link", func() bool { return a.linked() == 1 && b.linked() == 1 })
	for range 60 {
		time.Sleep(5 * time.Millisecond)
		if a.linked() > 1 || b.linked() > 1 {
			t.Fatal("two links between the same devices")
		}
	}
	a.store.Write(fact.Care, o.NewSubject(), 3, 10)
	a.manager.Changed()
	until(t, "equal tips", func() bool { return same(a, b) })
}

func TestStrangersGetNothing(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(1)
	a := begin(t, o.Device("a", fact.SiteNode), "127.0.0.1:0")
	a.store.Write(fact.Care, o.NewSubject(), 3, 10)
	stranger := begin(t, replicatetest.NewOrg(2).Device("s", fact.SiteNode), "127.0.0.1:0", a.address)
	cutStore := o.Device("cut", fact.Desk)
	a.store.Cut(cutStore.Card().Device)
	cut := begin(t, cutStore, "127.0.0.1:0", a.address)
	for d, want := range map[*device]string{stranger: "another organisation", cut: "cut"} {
		until(t, want, func() bool {
			p := d.manager.Peers()
			return len(p) == 1 && !p[0].Connected && strings.Contains(p[0].Trouble, want)
		})
		if len(d.store.IDs()) != 0 {
			t.Error("facts went to a stranger")
		}
	}
	if a.linked() != 0 {
		t.Errorf("%+v", a.manager.Peers())
	}
}

// thief has a device's card and certificate, and another key.
type thief struct {
	*replicatetest.Store
	key ed25519.PrivateKey
}

func post(t *testing.T, address string, cert *tls.Certificate, body io.Reader) (*http.Response, error) {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}
	if cert != nil {
		cfg.Certificates = []tls.Certificate{*cert}
	}
	transport := &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Post("https://"+address+carrier.Path, "", body)
}

func certOf(t *testing.T, key ed25519.PrivateKey) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestACardWithoutItsKeyOpensNothing(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(1)
	a := begin(t, o.Device("a", fact.SiteNode), "127.0.0.1:0")
	a.store.Write(fact.Care, o.NewSubject(), 3, 10)
	if r, err := post(t, a.address, nil, strings.NewReader("")); err == nil {
		r.Body.Close()
		t.Fatal("a client without a certificate was answered")
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stolen := thief{o.Device("b", fact.SiteNode), key}
	link := replicate.NewLink(replicate.Config{
		Store: stolen.Store, Identity: stolen.Store, Board: replicate.NewBoard(), Instance: [16]byte{1},
	})
	out, err := link.Start(1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := post(t, a.address, certOf(t, stolen.key), bytes.NewReader(out.Send[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var last []byte
	for {
		f, err := replicate.ReadFrame(r.Body)
		if err != nil {
			break
		}
		last = f
	}
	if len(last) == 0 || last[4] != 2 || !bytes.Contains(last, []byte("another key")) {
		t.Errorf("the last message is %q", last)
	}
}

func TestGarbageEndsTheLinkAndNothingElse(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(1)
	a := begin(t, o.Device("a", fact.SiteNode), "127.0.0.1:0")
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x02\x07\xa0"} {
		r, err := post(t, a.address, certOf(t, key), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil && errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q keeps the link open", body)
		}
		r.Body.Close()
	}
	b := begin(t, o.Device("b", fact.SiteNode), "127.0.0.1:0", a.address)
	b.store.Write(fact.Care, o.NewSubject(), 3, 10)
	until(t, "equal tips", func() bool { return same(a, b) && len(a.store.IDs()) == 3 })
}

func TestNoNameServerIsAsked(t *testing.T) {
	noLeak(t)
	o := replicatetest.NewOrg(1)
	a := begin(t, o.Device("a", fact.SiteNode), "127.0.0.1:0", "site-two.example:8443")
	until(t, "a refusal", func() bool {
		p := a.manager.Peers()
		return len(p) == 1 && strings.Contains(p[0].Trouble, "no name server is asked")
	})
}

func BenchmarkCatchUp(b *testing.B) {
	const facts = 20_000
	o := replicatetest.NewOrg(1)
	full := o.Device("a", fact.SiteNode)
	for range facts / 5 {
		full.Write(fact.Care, o.NewSubject(), 5, 200)
	}
	a := begin(b, full, "127.0.0.1:0")
	for b.Loop() {
		d := begin(b, o.Device("b", fact.SiteNode), "127.0.0.1:0", a.address)
		until(b, "equal tips", func() bool { return same(a, d) })
		d.stop()
	}
	b.ReportMetric(float64(facts)*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
}
