// Package node puts one organisation's parts together on one device: journal,
// doors, pages, message doors, outbox.
//
// Its law: it wires and decides nothing. Every part is in the list of parts,
// with how it is started and stopped; nothing is global, so that several
// nodes run in one process.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/exchange/exchangedb"
	"holdfast/exchange/pds"
	"holdfast/fact"
	"holdfast/incident/incidentweb"
	"holdfast/journal"
	"holdfast/record/entrydb"
	"holdfast/record/recorddb"
	"holdfast/replicate"
	"holdfast/replicate/carrier"
	"holdfast/urgent/urgentdb"
	"holdfast/urgent/urgentweb"
	"holdfast/web"
)

// Config says how one organisation is opened on one device.
type Config struct {
	Place
	Library  *Library
	Log      *slog.Logger
	Version  string       // of this program
	Host     string       // name under which browsers and machines know it: "111.localhost"
	Domain   string       // relying party of passkeys; empty: Host
	Pages    net.Listener // where browsers knock
	Machines net.Listener // where other organisations' machines knock
	Devices  net.Listener // where the organisation's other devices knock; nil: they don't
	Sisters  []string     // host:port of other devices of the organisation
	Secure   bool         // pages over TLS: everywhere but on a demo's loopback
	Service  codes.DoSID  // our service that referrals are made from and to

	Askers map[exchange.National]exchange.Asker // national services that are connected here

	Moment func() access.Moment // this machine's clocks; nil: read from it

	SecurityContact string // a URI where weaknesses are reported (RFC 9116); empty: the organisation names none

	SecondChoice bool // password with an authenticator code may be used where a passkey can't
	ByProvider   bool // an account at an identity provider may be one of two factors
	Providers    []accessdb.Provider

	Index *pds.Client // the national index of people; nil: it is not asked
	Wires Wires       // for what is written to patients and practices
}

// Node is one organisation on one device.
type Node struct {
	Journal   *journal.Journal
	Gate      *accessdb.Gate
	Cases     *urgentdb.Cases
	Homes     *entrydb.Homes
	Phone     *urgentdb.Phone
	Records   *recorddb.Records
	Shell     *web.Shell
	Mux       *web.Mux
	App       *urgentweb.App
	Authority *Authority
	Device    access.Caller
	Us        exchange.Party

	config  Config
	clock   journal.Clock
	log     *slog.Logger
	demo    bool
	folded  *folded
	scope   *scope
	carrier *carrier.Manager
	found   findings
	leavers leavers
	judged  judged
	peers   *peers
	stated  replicate.Told // a desk's work, as site nodes say
	door    *accessweb.Pages
	outbox  *exchangedb.Outbox
	tracer  *pds.Tracer // nil: the national index is not asked
	parts   []part
	stop    context.CancelFunc
	running sync.WaitGroup
	trouble chan error
}

// part is something that runs until its context is done.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// Open opens the folder and puts everything together; nothing runs yet. On an
// error the listeners are closed.
func Open(ctx context.Context, c Config) (*Node, error) {
	n := &Node{config: c, clock: clockOf(c.Place), log: c.Log, peers: newPeers(), trouble: make(chan error, 8)}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if err := n.open(ctx); err != nil {
		err = errors.Join(err, closeListener(c.Pages), closeListener(c.Machines), closeListener(c.Devices))
		if n.Journal != nil {
			err = errors.Join(err, n.Journal.Close())
		}
		return nil, fmt.Errorf("%s: %w", c.Dir, err)
	}
	return n, nil
}

func closeListener(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

func (n *Node) open(ctx context.Context) error {
	if _, err := access.InForce(); err != nil {
		return err // nobody could do anything
	}
	if err := checkContact(n.config.SecurityContact); err != nil {
		return err
	}
	var err error
	o := n.config.options(n.config.Library)
	o.Log = n.log
	if n.demo, err = journal.IsDemo(n.config.Dir); err != nil {
		return err
	}
	o.Demo = n.demo
	if n.Journal, err = journal.Open(ctx, o); err != nil {
		return err
	}
	n.Device = deviceOf(n.Journal)
	g := n.Journal.Genesis()
	n.Us = exchange.Party{ODS: codes.ODS(g.ODS), Name: g.Name, Service: n.config.Service}
	if n.Authority, err = openAuthority(n.config.Dir, n.Journal.Device(), g.Name, n.clock); err != nil {
		return err
	}
	n.Gate = accessdb.NewGate(n.Journal, n.clock)
	n.signIn()
	n.Cases = &urgentdb.Cases{Journal: n.Journal, Gate: n.Gate, Rules: n.config.Library.Rules, Clock: n.clock, Device: n.Device}
	n.putPhone()
	n.Gate.OpenWork = n.openWork
	n.scope = &scope{n.Journal, n.clock}
	n.putLooking()
	if err := n.putLeases(); err != nil {
		return err
	}
	if err := n.putSisters(); err != nil {
		return err
	}
	if err := n.putPages(); err != nil {
		return err
	}
	return n.putParts()
}

// putPages makes the shell and registers every page.
func (n *Node) putPages() error {
	token, err := operatorToken(n.config.Dir)
	if err != nil {
		return err
	}
	n.Shell, err = web.NewShell(web.Config{
		Organisation: n.Us.Name, Zone: codes.London(), Now: n.clock, Session: accessweb.Sessions(n.Gate), Operator: newOperators(token),
		Places: places, State: n.state, Log: n.log,
		Ask: func(w http.ResponseWriter, r *http.Request, by *web.Caller, err error) bool {
			return n.door.Ask(w, r, by, err)
		},
		Idle: n.idle,
	})
	if err != nil {
		return err
	}
	n.Mux = web.NewMux(n.Shell)
	passkeys, err := accessdb.NewPasskeys(n.Gate, n.domain(), []string{n.URL()})
	if err != nil {
		return err
	}
	providers, err := n.providers()
	if err != nil {
		return err
	}
	n.door = &accessweb.Pages{
		Shell: n.Shell, Gate: n.Gate, Passkeys: passkeys, Organisation: n.Us.Name, Desk: n.Device.Name, Links: n.demo,
		Here: n.here, Tonight: n.tonight, Trust: n.trust(), Devices: n.devicesShown, Evidence: n.evidence, Readable: n.readable,
		HeldBy:  inHand{n},
		Looking: n.looking(), Providers: providers, Authority: n.authorityShown(),
	}
	n.door.Register(n.Mux)
	incidentweb.Pages{Shell: n.Shell, Rehearsals: n.rehearsals}.Register(n.Mux)
	n.App = &urgentweb.App{
		Shell: n.Shell, Cases: n.Cases, People: people{n}, Services: services{n}, Tasks: tasks{n},
		Content: n.config.Library.Set, Triage: n.config.Library.Triage, Call: n.config.Library.Call, Drafts: n.Journal, Name: n.name, Us: n.Us, Demo: n.demo,
		Keeping: urgentweb.Keeping{Others: func() bool { return !n.alone() || !n.site() }, Safe: n.Journal.Safe, Silent: silentFor},
	}
	n.App.Colleagues = n.colleagues
	n.App.Disclosure = n.config.Library.Tell
	n.App.Household, n.App.Connected = people{n}.household, slices.Sorted(maps.Keys(n.config.Askers))
	n.App.Phone = n.Phone
	n.App.Wired = n.wired
	if n.site() {
		n.App.Pseudonyms = n.Gate.Pseudonyms
	}
	n.App.Routes(n.Mux)
	n.putHomes()
	n.putRecords()
	n.Mux.Add(web.Route{Door: web.Public, Method: http.MethodGet, Pattern: "/healthz", AtOnce: true}, n.healthz)
	n.Mux.Handle(web.Operator, http.MethodGet, "/metrics", n.metrics)
	n.Mux.Add(web.Route{Door: web.Public, Method: http.MethodGet, Pattern: "/.well-known/security.txt", AtOnce: true}, n.securityTxt)
	return nil
}

func (n *Node) putParts() error {
	forms := n.putForms()
	pages, err := n.pageServer()
	if err != nil {
		return err
	}
	n.parts = []part{
		forms,
		{"pages", serving(pages, n.config.Pages)},
		{"live pages", n.listen},
		{"other devices", n.keepTogether},
		{"control", n.control},
		{"alarms", n.alarms},
		{"validation timers", n.letGo},
	}
	if n.tracer != nil {
		n.parts = append(n.parts, part{"national index", n.tracer.Run})
	}
	if n.config.Devices != nil {
		n.parts = append(n.parts, part{"device door", func(ctx context.Context) error { return n.carrier.Serve(ctx, n.config.Devices) }})
	}
	if n.Gate.Leases != nil {
		n.parts = append(n.parts, part{"authority", n.Gate.Leases.Run})
	}
	if !n.site() {
		n.parts = append(n.parts, part{"letting go", n.lettingGo})
		n.parts = append(n.parts, part{"ambulance timers", n.ambulanceTimers})
		return nil // what is sent to and arrives from other organisations is a site node's
	}
	return n.putDoors()
}

func (n *Node) pageServer() (*http.Server, error) {
	pages := n.Mux.Server()
	pages.ErrorLog = n.serverLog()
	if !n.config.Secure {
		return pages, nil
	}
	var err error
	pages.TLSConfig, err = n.doorTLS()
	return pages, err
}

// putDoors adds what only a site node runs: the doors of other organisations'
// machines, and the outbox.
func (n *Node) putDoors() error {
	machines, err := n.machineServer()
	if err != nil {
		return err
	}
	senders, err := n.senders()
	if err != nil {
		return err
	}
	if err := n.readPeers(); err != nil {
		return err
	}
	n.outbox = &exchangedb.Outbox{
		Journal: n.Journal, Clock: n.clock, Device: n.Device, Senders: senders, Phone: n.phone, Log: n.log,
		Turn: n.turn, Alone: n.alone, Stops: n.stops, Most: n.most,
	}
	n.config.Wires.add(senders)
	n.parts = append(n.parts,
		part{"national services", n.nation().Run},
		part{"erasure", n.erase},
		part{"telephone", n.followCalls},
		part{"message doors", serving(machines, n.config.Machines)},
		part{"outbox", func(ctx context.Context) error { n.outbox.Run(ctx); return nil }})
	return nil
}

// listen tells open pages what has changed, until the end.
func (n *Node) listen(ctx context.Context) error {
	stop := n.App.Listen()
	defer stop()
	<-ctx.Done()
	return nil
}

// Start starts every part. A part that fails later is told by Trouble.
func (n *Node) Start() {
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	for _, p := range n.parts {
		n.running.Go(func() {
			if err := p.run(ctx); err != nil {
				n.trouble <- fmt.Errorf("%s: %s: %w", n.Us.Name, p.name, err)
			}
		})
	}
}

// Now is this device's time.
func (n *Node) Now() time.Time { return n.clock() }

// Trouble gives the errors of parts that stopped by themselves.
func (n *Node) Trouble() <-chan error { return n.trouble }

// Close stops every part, waits for them, and closes the journal.
func (n *Node) Close() error {
	var err error
	if n.stop != nil {
		n.stop()
		n.running.Wait()
	} else {
		err = errors.Join(closeListener(n.config.Pages), closeListener(n.config.Machines), closeListener(n.config.Devices))
	}
	return errors.Join(err, n.Journal.Close())
}

// leaving is how long open pages have to finish when a node stops.
const leaving = time.Second

// serving answers requests until the context is done. What is under way may
// finish for a second; streams, which never do, are ended then.
func serving(s *http.Server, l net.Listener) func(context.Context) error {
	return func(ctx context.Context) error {
		if l == nil {
			return nil
		}
		base, end := context.WithCancel(context.Background())
		defer end()
		s.BaseContext = func(net.Listener) context.Context { return base }
		done := make(chan error, 1)
		go func() {
			if s.TLSConfig != nil {
				done <- s.ServeTLS(l, "", "")
				return
			}
			done <- s.Serve(l)
		}()
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
		}
		grace, cancel := context.WithTimeout(context.Background(), leaving)
		defer cancel()
		if err := s.Shutdown(grace); err != nil {
			end()
			err = s.Close()
			<-done
			return err
		}
		<-done
		return nil
	}
}

func (n *Node) domain() string {
	if n.config.Domain != "" {
		return n.config.Domain
	}
	return n.config.Host
}

// URL is where browsers find the pages.
func (n *Node) URL() string {
	scheme := "http"
	if n.config.Secure {
		scheme = "https"
	}
	return scheme + "://" + hostPort(n.config.Host, n.config.Pages)
}

// DeviceAddress is where the organisation's other devices find this one; empty
// when they can't.
func (n *Node) DeviceAddress() string {
	if n.config.Devices == nil {
		return ""
	}
	return n.config.Devices.Addr().String()
}

// MachineURL is where other organisations' machines find the doors.
func (n *Node) MachineURL() string { return "https://" + hostPort(n.config.Host, n.config.Machines) }

func hostPort(host string, l net.Listener) string {
	if l == nil {
		return host
	}
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return net.JoinHostPort(host, strconv.Itoa(a.Port))
	}
	return host
}

// name gives a member of staff's name, or this device's.
func (n *Node) name(person fact.Subject) string {
	if person.Zero() || person == n.Device.Person {
		return n.Device.Name
	}
	h, err := n.Journal.History(context.Background(), person)
	if err != nil {
		n.log.Error("a member of staff can't be read", "err", err)
		return "somebody whose name can't be read"
	}
	return access.FoldStaff(person, h).Name()
}
