package carrier

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sort"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/replicate"
)

// Config says whom a device talks to and with what. A zero time takes its
// default.
type Config struct {
	Store     replicate.Store
	Identity  replicate.Identity
	Domain    string // failure domain of this device
	Program   string // version of this program, told to others for people to read
	Scope     replicate.Scope
	Folded    replicate.Folded
	Limits    replicate.Limits
	Addresses []string // host:port of other devices; a host is an IP address or stands in this machine's hosts file
	Clock     func() time.Time
	Random    io.Reader // crypto/rand in life: spreads attempts and names this run of the program
	Log       *slog.Logger

	Effect func(from replicate.Peer, e replicate.Effect) // called from the links' goroutines; must not block
	Took   func()                                        // facts were taken in; must not block
	// Answer answers a single question of the device that holds a key; nil: none is
	// answered. A refusal says that nothing was done, unless it is of kind Unknown.
	Answer func(ctx context.Context, key, question []byte) ([]byte, error)
	MayAsk func(key []byte) bool // whether the device that holds a key may ask; needed with Answer

	Tick    time.Duration // 1 s
	Silence time.Duration // a peer that is not heard for so long is given up: 20 s
	Retry   time.Duration // first pause between attempts, doubled each time: 200 ms
	Longest time.Duration // longest pause: 15 s
}

func (c Config) complete() (Config, error) {
	if c.Store == nil || c.Identity == nil || c.Clock == nil || c.Random == nil {
		return c, errors.New("a carrier needs a store, an identity, a clock and a source of chance")
	}
	if c.Answer != nil && c.MayAsk == nil {
		return c, errors.New("a carrier that answers must know who may ask")
	}
	set := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&c.Tick, time.Second)
	set(&c.Silence, 20*time.Second)
	set(&c.Retry, 200*time.Millisecond)
	set(&c.Longest, 15*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Effect == nil {
		c.Effect = func(from replicate.Peer, e replicate.Effect) { c.Log.Info("replicate", "peer", from.Name, "effect", e) }
	}
	if c.Took == nil {
		c.Took = func() {}
	}
	return c, nil
}

// PeerState is what the frame of every page shows of another device.
type PeerState struct {
	Address   string // that is dialled; empty: the other side dials
	Connected bool
	Trouble   string // why there is no link
	Device    fact.Subject
	Name      string
	Kind      fact.DeviceKind
	Domain    string
	Program   string    // version of its program; empty: it does not say
	Since     time.Time // of the link
	Heard     time.Time
	Level     bool // everything on offer has arrived, both ways
	Progress  replicate.Progress
}

// Manager keeps the links of one device: it dials the devices it was told of,
// and takes in those that dial it.
type Manager struct {
	cfg      Config
	cert     tls.Certificate
	board    *replicate.Board
	instance [16]byte
	random   sync.Mutex
	client   *http.Client
	asked    chan struct{} // one for each question that is being answered

	mu      sync.Mutex
	closed  bool
	conns   map[*conn]bool
	links   map[linkName]*conn
	trouble map[string]string // by address
	owing   map[string]bool   // addresses that left a question without an answer
	said    map[fact.Subject]string
	running sync.WaitGroup
}

// linksAtOnce bounds what strangers can take up before they have greeted.
const linksAtOnce = 512

// linkName names the other end of a link: one run of the program on one device.
type linkName struct {
	device   fact.Subject
	instance [16]byte
}

// New makes a manager; nothing is dialled before Run.
func New(cfg Config) (*Manager, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	m := &Manager{
		cfg: cfg, board: replicate.NewBoard(), conns: map[*conn]bool{}, links: map[linkName]*conn{}, trouble: map[string]string{}, said: map[fact.Subject]string{},
		asked: make(chan struct{}, askedAtOnce), owing: map[string]bool{},
	}
	if _, err := io.ReadFull(cfg.Random, m.instance[:]); err != nil {
		return nil, err
	}
	if m.cert, err = Certificate(cfg.Identity); err != nil {
		return nil, err
	}
	m.client = m.newClient()
	return m, nil
}

// Run dials until the context ends, and returns when every link it had, those
// that others dialled included, has ended.
func (m *Manager) Run(ctx context.Context) {
	var dialling sync.WaitGroup
	for _, address := range m.cfg.Addresses {
		dialling.Go(func() { m.keepDialling(ctx, address) })
	}
	<-ctx.Done()
	dialling.Wait()
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.running.Wait()
	m.client.CloseIdleConnections()
}

// Changed tells every link that facts were saved here. It never blocks.
func (m *Manager) Changed() { m.signal(nil, nil) }

// Touched tells the links to desks that these subjects, or the live work of
// desks, have changed. It never blocks.
func (m *Manager) Touched(subjects ...fact.Subject) { m.signal(nil, subjects) }

// took passes on that a link has taken something in.
func (m *Manager) took(from *conn) {
	m.cfg.Took()
	m.signal(from, nil)
}

func (m *Manager) signal(except *conn, touched []fact.Subject) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		if c != except {
			c.signal(touched)
		}
	}
}

// serve runs one link until it ends.
func (m *Manager) serve(ctx context.Context, s stream) error {
	c := &conn{m: m, s: s, began: m.cfg.Clock(), wake: make(chan struct{}, 1)}
	c.link = replicate.NewLink(replicate.Config{
		Store: m.cfg.Store, Identity: m.cfg.Identity, Board: m.board, Domain: m.cfg.Domain, Instance: m.instance, Program: m.cfg.Program,
		PeerKey: s.key, Scope: m.cfg.Scope, Folded: m.cfg.Folded, Limits: m.cfg.Limits,
	})
	m.mu.Lock()
	if m.closed || ctx.Err() != nil || len(m.conns) >= linksAtOnce {
		m.mu.Unlock()
		s.close()
		return errors.New("no more links are taken in")
	}
	m.conns[c] = true
	m.running.Add(1)
	m.mu.Unlock()
	defer m.running.Done()
	err := c.run(ctx)
	m.forget(c)
	m.cfg.Log.Info("link ended", "address", s.address, "reason", err)
	return err
}

// admit notes a link whose peer has greeted. Of two between the same two
// devices the older stays; when both are new, each side having dialled the
// other, the one that the smaller device id dialled.
func (m *Manager) admit(c *conn, peer replicate.Peer) bool {
	name := linkName{peer.Device, peer.Instance}
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.links[name]
	if old != nil {
		young := c.began.Sub(old.began) < 5*time.Second
		if !young || old.dialled() == c.dialled() || m.dialledBySmaller(old, peer) {
			return false
		}
		old.s.close()
	}
	m.links[name] = c
	m.said[peer.Device] = peer.Program
	delete(m.trouble, c.s.address)
	return true
}

func (c *conn) dialled() bool { return c.s.address != "" }

func (m *Manager) dialledBySmaller(c *conn, peer replicate.Peer) bool {
	_, signed, _ := m.cfg.Identity.Enrolment()
	var card fact.DeviceCard
	if err := fact.Decode(signed.Bytes, &card); err != nil {
		return true
	}
	return (string(card.Device[:]) < string(peer.Device[:])) == c.dialled()
}

func (m *Manager) forget(c *conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.conns, c)
	for name, held := range m.links {
		if held == c {
			delete(m.links, name)
		}
	}
}

// Program gives the version of the program that a device said last, when it was
// linked to this one since this program began; empty when it was and said none.
func (m *Manager) Program(device fact.Subject) (version string, linked bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	version, linked = m.said[device]
	return version, linked
}

// Peers lists the devices that are linked, and the addresses that are dialled
// without success, by name and address.
func (m *Manager) Peers() []PeerState {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []PeerState
	for _, c := range m.links {
		if s := c.peerState(); s.Connected {
			out = append(out, s)
		}
	}
	for address, why := range m.trouble {
		out = append(out, PeerState{Address: address, Trouble: why})
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		return a.Address < b.Address
	})
	return out
}

func (m *Manager) now() fact.Millis { return fact.At(m.cfg.Clock()) }
