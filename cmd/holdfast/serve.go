package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/journal"
)

// serveCommand runs a site node until it is told to stop.
func serveCommand(ctx context.Context, t term, args []string) error {
	f := flags("serve")
	var peers words
	f.Var(&peers, "peer", "")
	doors, devices := f.String("doors", "", ""), f.String("devices", "", "")
	dir, s, err := serveFlags(f, args)
	if err != nil {
		return err
	}
	s.Doors, s.Devices = orElse(*doors, s.Doors), orElse(*devices, s.Devices)
	s.Peers = append(s.Peers, peers...)
	usually := "0.0.0.0"
	if s.demo {
		usually = "127.0.0.1"
	}
	s.Listen, s.Doors, s.Devices = orElse(s.Listen, usually+":8443"), orElse(s.Doors, usually+":8444"), orElse(s.Devices, usually+":8445")
	return serve(ctx, t, dir, s)
}

// deskCommand runs a desk until it is told to stop. Its pages are for the
// browser of the same machine.
func deskCommand(ctx context.Context, t term, args []string) error {
	f := flags("desk")
	site := f.String("site", "", "")
	dir, s, err := serveFlags(f, args)
	if err != nil {
		return err
	}
	if *site != "" {
		s.Peers = append(s.Peers, *site)
	}
	if len(s.Peers) == 0 {
		return fmt.Errorf("%w: --site is needed", errUsage)
	}
	s.Listen = orElse(s.Listen, "127.0.0.1:8443")
	return serve(ctx, t, dir, s)
}

// serveFlags reads what a site node and a desk have in common.
func serveFlags(f *flag.FlagSet, args []string) (dir string, s settings, err error) {
	data, file := f.String("data", "", ""), f.String("config", "", "")
	pass, listen, name := f.String("passphrase-file", "", ""), f.String("listen", "", ""), f.String("name", "", "")
	demo, clock := f.Bool("demo", false, ""), f.String("clock", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return "", s, err
	}
	if err := needed(f, "data"); err != nil {
		return "", s, err
	}
	if s, err = readSettings(*file); err != nil {
		return "", s, err
	}
	s.Passphrase, s.Listen, s.Name = orElse(*pass, s.Passphrase), orElse(*listen, s.Listen), orElse(orElse(*name, s.Name), "localhost")
	s.demo, s.clock = *demo, *clock
	return *data, s, nil
}

func orElse(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// words is a flag that may be given several times.
type words []string

// String joins them.
func (w *words) String() string { return strings.Join(*w, " ") }

// Set adds one.
func (w *words) Set(s string) error {
	*w = append(*w, s)
	return nil
}

func serve(ctx context.Context, t term, dir string, s settings) error {
	log := slog.New(slog.NewJSONHandler(t.err, nil))
	if err := fitToServe(dir, s); err != nil {
		return err
	}
	n, err := openDevice(ctx, dir, s, log)
	if err != nil {
		return err
	}
	if err := n.MayAsk(content.CallHandler); err != nil {
		log.Warn("triage does not run here: cases go to a clinician", "why", err.Error())
	}
	n.Start()
	fmt.Fprintf(t.out, "%s: %s, %s, message doors %s, devices %s, authority %s\n", n.Us.Name, n.Journal.Device().Card().Name, n.URL(), n.MachineURL(), n.DeviceAddress(), n.Authority.File())
	select {
	case <-ctx.Done():
		log.Info("stopping")
		return n.Close()
	case err := <-n.Trouble():
		return errors.Join(err, n.Close())
	}
}

// fitToServe refuses a demo folder, whose keys lie open, unless it was asked
// for; and a disk that nobody answers for.
func fitToServe(dir string, s settings) error {
	if !journal.Here(dir) {
		return fmt.Errorf("there is no organisation in %s: found one with holdfast org create, or join one with holdfast org request", dir)
	}
	demo, err := journal.IsDemo(dir)
	if err != nil {
		return err
	}
	switch {
	case demo && s.demo:
		return onlyLoopback(s.Listen, s.Doors, s.Devices)
	case demo:
		return fmt.Errorf("%s was founded as a demo: start it with holdfast demo, or say --demo, and never use it for care", dir)
	case s.demo || s.clock != "":
		return fmt.Errorf("%s holds real work: it can't be opened as a demo, and its clock can't be changed", dir)
	case s.Volume == encryptedByHost:
		return nil
	}
	safe, err := encrypted(dir)
	if err != nil {
		return err
	}
	if !safe {
		return fmt.Errorf("%s does not lie on an encrypted disk: move it to one, or say volume: %s in the configuration if the host encrypts it", dir, encryptedByHost)
	}
	return nil
}

// onlyLoopback keeps a demo, which speaks plain HTTP and whose keys lie open,
// to this machine. Its device door may be elsewhere: it has mutual TLS.
func onlyLoopback(pages, doors, _ string) error {
	for _, address := range []string{pages, doors} {
		if address == "" {
			continue
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%w: a demo answers this machine alone: use 127.0.0.1", errUsage)
		}
	}
	return nil
}

// rehearsalClock reads START,xN: the clock begins at START and runs N times as
// fast. START is a moment (RFC 3339) or "now".
func rehearsalClock(s string) (journal.Clock, error) {
	if s == "" {
		return nil, nil
	}
	start, rate, ok := strings.Cut(s, ",x")
	n, err := 1.0, error(nil)
	if ok {
		n, err = strconv.ParseFloat(rate, 64)
	}
	began := time.Now()
	from := began
	if start != "now" && err == nil {
		from, err = time.Parse(time.RFC3339, start)
	}
	if err != nil || n < 0 || n > 10_000 {
		return nil, fmt.Errorf("%w: --clock wants START,xN: a moment like 2026-01-02T03:04:05Z or now, and how many times as fast", errUsage)
	}
	return func() time.Time { return from.Add(time.Duration(float64(time.Since(began)) * n)) }, nil
}

func openDevice(ctx context.Context, dir string, s settings, log *slog.Logger) (_ *node.Node, err error) {
	secret, err := deviceSecret(s.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	clock, err := rehearsalClock(s.clock)
	if err != nil {
		return nil, err
	}
	place := node.Place{Dir: dir, Passphrase: secret, Clock: clock}
	lib, err := siteLibrary(ctx, place, s)
	if err != nil {
		return nil, err
	}
	providers, err := s.providers()
	if err != nil {
		return nil, err
	}
	var open []net.Listener
	defer func() {
		if err != nil {
			for _, l := range open {
				err = errors.Join(err, l.Close())
			}
		}
	}()
	listen := func(address string) (net.Listener, error) {
		if address == "" {
			return nil, nil
		}
		l, err := net.Listen("tcp", address)
		if err == nil {
			open = append(open, l)
		}
		return l, err
	}
	c := node.Config{
		Place: place, Library: lib, Log: log, Version: version(), Host: s.Name, Domain: s.Domain,
		Secure: !s.demo, Service: codes.ReceiveDoSID(s.Service), Sisters: s.Peers, SecondChoice: s.SecondChoice, SecurityContact: s.Security,
		ByProvider: s.ByProvider, Providers: providers,
	}
	if c.Index, err = s.Index.client(s.dir, lib); err != nil {
		return nil, err
	}
	if c.Wires, err = s.wires(place.Clock); err != nil {
		return nil, err
	}
	if c.Pages, err = listen(s.Listen); err != nil {
		return nil, err
	}
	if c.Machines, err = listen(s.Doors); err != nil {
		return nil, err
	}
	if c.Devices, err = listen(s.Devices); err != nil {
		return nil, err
	}
	n, err := node.Open(ctx, c)
	if err != nil {
		open = nil // Open has closed them
		return n, err
	}
	if s.Telephone != "" && c.Machines != nil {
		if _, err := n.Authority.WriteTelephone(s.Telephone); err != nil {
			open = nil // closed with the node
			return nil, errors.Join(err, n.Close())
		}
	}
	return n, nil
}

// siteLibrary reads the content with what the safety officer of this
// organisation has signed.
func siteLibrary(ctx context.Context, place node.Place, s settings) (*node.Library, error) {
	if len(s.Approvals) == 0 {
		return node.Shipped()
	}
	g, err := node.Genesis(ctx, place)
	if err != nil {
		return nil, err
	}
	signed, err := s.approvals(codes.ODS(g.ODS))
	if err != nil {
		return nil, err
	}
	return node.Shipped(signed...)
}
