package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/journal"
)

// serveCommand runs a site node until it is told to stop.
func serveCommand(ctx context.Context, t term, args []string) error {
	f := flags("serve")
	dir, file := f.String("data", "", ""), f.String("config", "", "")
	pass, listen := f.String("passphrase-file", "", ""), f.String("listen", "", "")
	doors, name := f.String("doors", "", ""), f.String("name", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data"); err != nil {
		return err
	}
	s, err := readSettings(*file)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		into        *string
		flag, usual string
	}{
		{&s.Passphrase, *pass, ""}, {&s.Listen, *listen, "0.0.0.0:8443"}, {&s.Doors, *doors, "0.0.0.0:8444"}, {&s.Name, *name, "localhost"},
	} {
		if one.flag != "" {
			*one.into = one.flag
		}
		if *one.into == "" {
			*one.into = one.usual
		}
	}
	return serve(ctx, t, *dir, s)
}

func serve(ctx context.Context, t term, dir string, s settings) error {
	log := slog.New(slog.NewJSONHandler(t.err, nil))
	if err := fitToServe(dir, s); err != nil {
		return err
	}
	n, err := openSite(ctx, dir, s, log)
	if err != nil {
		return err
	}
	if err := n.MayAsk(content.CallHandler); err != nil {
		log.Warn("triage does not run here: cases go to a clinician", "why", err.Error())
	}
	n.Start()
	fmt.Fprintf(t.out, "%s: %s, message doors %s, authority %s\n", n.Us.Name, n.URL(), n.MachineURL(), n.Authority.File())
	select {
	case <-ctx.Done():
		log.Info("stopping")
		return n.Close()
	case err := <-n.Trouble():
		return errors.Join(err, n.Close())
	}
}

// fitToServe refuses a demo folder, whose keys lie open, and a disk that
// nobody answers for.
func fitToServe(dir string, s settings) error {
	if !journal.Here(dir) {
		return fmt.Errorf("there is no organisation in %s: found one with holdfast org create", dir)
	}
	demo, err := journal.IsDemo(dir)
	if err != nil {
		return err
	}
	if demo {
		return fmt.Errorf("%s was founded as a demo: start it with holdfast demo, and never use it for care", dir)
	}
	if s.Volume == encryptedByHost {
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

func openSite(ctx context.Context, dir string, s settings, log *slog.Logger) (*node.Node, error) {
	secret, err := passphrase(s.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	pages, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return nil, err
	}
	doors, err := net.Listen("tcp", s.Doors)
	if err != nil {
		return nil, errors.Join(err, pages.Close())
	}
	place := node.Place{Dir: dir, Passphrase: secret}
	lib, err := siteLibrary(ctx, place, s)
	if err != nil {
		return nil, errors.Join(err, pages.Close(), doors.Close())
	}
	return node.Open(ctx, node.Config{
		Place: place, Library: lib, Log: log, Version: version(), Host: s.Name, Domain: s.Domain,
		Pages: pages, Machines: doors, Secure: true, Service: codes.ReceiveDoSID(s.Service),
	})
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
