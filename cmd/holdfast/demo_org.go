package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/journal"
	"holdfast/sim/people"
)

// demoOrg is one organisation of the demo.
type demoOrg struct {
	kind    string
	name    string
	ods     codes.ODS
	service codes.DoSID
	device  string

	node     *node.Node
	district people.District
	partner  node.PartnerFiles
	pages    net.Listener
	doors    net.Listener
	devices  net.Listener
}

// signInRoles are the roles for which the demo prints links.
func signInRoles() []access.Role {
	return []access.Role{
		access.CallHandler, access.Clinician, access.Receptionist, access.Manager, access.Administrator, access.ClinicalGovernance,
		access.InformationGovernance, access.Commissioner, access.HostOperator,
	}
}

// openDemo opens every organisation, founding and seeding those that are not
// there yet, makes them known to each other and starts them.
func openDemo(ctx context.Context, d demoFlags, lib *node.Library, log *slog.Logger, p *progress) (running, error) {
	var all running
	for _, o := range demoOrgs() {
		all = append(all, &o)
	}
	if err := all.listen(d.listen); err != nil {
		return all, err
	}
	p.doingNow("opening " + d.data)
	clock, err := rehearsalClock(d.clock)
	if err != nil {
		return all, err
	}
	now := time.Now()
	if clock != nil {
		now = clock()
	}
	district := people.Make(d.seed, now)
	var wait sync.WaitGroup
	errs := make([]error, len(all))
	for i, o := range all {
		o.district = district
		wait.Go(func() { errs[i] = o.open(ctx, d, lib, log, now, clock) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return all, err
	}
	for _, o := range all {
		for _, other := range all {
			if err := o.meet(other); err != nil {
				return all, err
			}
		}
	}
	for _, o := range all {
		o.node.Start()
	}
	return all, nil
}

// listen takes the address that was asked for, for the first pages, and the
// next free ports for the rest; port 0 means any.
func (all running) listen(address string) error {
	host, first, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: --listen: %w", errUsage, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("%w: --listen: a demo speaks plain HTTP and answers this machine alone: use 127.0.0.1", errUsage)
	}
	port, err := strconv.Atoi(first)
	if err != nil || port < 0 || port > 65535 {
		return fmt.Errorf("%w: --listen: %q is no port", errUsage, first)
	}
	next := func() (net.Listener, error) {
		for tries := 0; ; tries++ {
			l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
			if port > 0 {
				port++
			}
			if err == nil || port == 0 || tries == 100 {
				return l, err
			}
		}
	}
	for i, o := range all {
		if i == 0 { // exactly this one
			o.pages, err = net.Listen("tcp", net.JoinHostPort(host, first))
			if port > 0 {
				port++
			}
		} else {
			o.pages, err = next()
		}
		if err == nil {
			o.doors, err = next()
		}
		if err == nil {
			o.devices, err = next()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// peerDoor is where the demo's ambulance service takes messages in.
func peerDoor() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// unfinished stands in a folder until it is seeded whole.
const unfinished = "seeding"

// open opens the organisation's folder. One whose seeding was cut short is
// founded anew: nobody has worked in it.
func (o *demoOrg) open(ctx context.Context, d demoFlags, lib *node.Library, log *slog.Logger, now time.Time, clock journal.Clock) error {
	dir := filepath.Join(d.data, o.kind)
	marker := filepath.Join(dir, unfinished)
	if _, err := os.Stat(marker); err == nil {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	place := node.Place{Dir: dir, Demo: true, Clock: clock}
	isNew := !journal.Here(dir)
	if isNew {
		if err := o.found(ctx, place, marker, lib); err != nil {
			return err
		}
	}
	providers, err := readProviders(d.ids)
	if err != nil {
		return err
	}
	o.node, err = node.Open(ctx, node.Config{
		Place: place, Library: lib, Log: log, Version: version(), Host: o.kind + ".localhost", Pages: o.pages, Machines: o.doors, Devices: o.devices, Service: o.service,
		Providers: providers, Askers: demoAskers(o.kind, o.district, now), Index: demoIndex(o.district, lib, place.Clock),
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, deviceDoor), []byte(o.devices.Addr().String()+"\n"), 0o600); err != nil {
		return err
	}
	if o.partner, err = o.node.Authority.WritePartner("demo-partner"); err != nil || !isNew {
		return err
	}
	if err := seed(ctx, o.node, o.district, now); err != nil {
		return err
	}
	return os.Remove(marker)
}

func (o *demoOrg) found(ctx context.Context, place node.Place, marker string, lib *node.Library) error {
	if err := os.MkdirAll(place.Dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(marker, nil, 0o600); err != nil {
		return err
	}
	return node.Found(ctx, place, journal.Founding{Name: o.name, ODS: string(o.ods), DeviceName: o.device, Domain: o.device}, lib)
}

// meet makes another organisation of the demo known to this one.
func (o *demoOrg) meet(other *demoOrg) error {
	if o == other {
		return nil
	}
	file, err := other.node.Invite(o.name, o.ods, other.doorURL()+"/direct")
	if err != nil {
		return err
	}
	return o.node.Know(file)
}

// doorURL is where machines find the message doors: by number, because not
// every machine's resolver knows names below localhost.
func (o *demoOrg) doorURL() string { return "https://" + o.doors.Addr().String() }

func (o *demoOrg) printed(ctx context.Context) (printedOrg, error) {
	out := printedOrg{
		Kind: o.kind, Name: o.name, ODS: string(o.ods), Service: string(o.service), URL: o.node.URL(),
		BaRS: o.doorURL() + "/bars", ITK: o.doorURL() + "/itk", Partner: o.partner, SignIn: map[string]string{},
	}
	var err error
	if out.Telephone, err = o.telephoned(); err != nil {
		return out, err
	}
	for _, role := range signInRoles() {
		link, err := o.node.Link(ctx, role)
		if err != nil {
			return out, err
		}
		out.SignIn[string(role)] = link
	}
	return out, nil
}
