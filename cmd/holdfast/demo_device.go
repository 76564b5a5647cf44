package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/cmd/node"
	"holdfast/fact"
)

func (d demoFlags) kind() string {
	if d.desk {
		return string(fact.Desk)
	}
	return string(fact.SiteNode)
}

// deviceDoor is the file in a demo's folder that says where its device door is.
const deviceDoor = "devices.address"

// printedDevice is the one line of --json of a further device.
type printedDevice struct {
	Version string            `json:"version"`
	Data    string            `json:"data"`
	Kind    string            `json:"kind"`
	Name    string            `json:"name"`
	URL     string            `json:"url"`
	Devices string            `json:"devices"`
	SignIn  map[string]string `json:"signin"`
}

// demoDevice runs another device of a running demo's organisation: it joins
// the first time, catches up, and prints sign-in links.
func demoDevice(ctx context.Context, t term, d demoFlags) error {
	log := slog.New(slog.DiscardHandler)
	if d.log {
		log = slog.New(slog.NewJSONHandler(t.err, nil))
	}
	p := newProgress(t.err)
	p.doingNow("joining the organisation of " + d.join)
	n, err := openDemoDevice(ctx, d, log)
	if err != nil {
		p.done()
		return err
	}
	n.Start()
	p.doingNow("catching up")
	untilLevel(ctx, n, time.Minute)
	p.done()
	err = printDemoDevice(ctx, t, d, n)
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-n.Trouble():
		}
	}
	return errors.Join(err, n.Close())
}

func openDemoDevice(ctx context.Context, d demoFlags, log *slog.Logger) (*node.Node, error) {
	door, err := os.ReadFile(filepath.Join(d.join, deviceDoor))
	if err != nil {
		return nil, fmt.Errorf("%w: --join wants the folder of one organisation of a demo that runs: %w", errUsage, err)
	}
	name := "Aldermoor second server"
	if d.desk {
		name = "Desk 7"
	}
	if err := joinDemo(ctx, d.join, d.data, fact.DeviceKind(d.kind()), name); err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(d.listen)
	if err != nil {
		return nil, fmt.Errorf("%w: --listen: %w", errUsage, err)
	}
	s := settings{demo: true, clock: d.clock, Listen: d.listen, Name: d.kind() + ".localhost", Peers: strings.Fields(string(door))}
	if !d.desk {
		s.Doors, s.Devices = net.JoinHostPort(host, "0"), net.JoinHostPort(host, "0")
	}
	if d.listen == usualListen {
		s.Listen = net.JoinHostPort(host, "0")
	}
	if err := fitToServe(d.data, s); err != nil {
		return nil, err
	}
	return openDevice(ctx, d.data, s, log)
}

func printDemoDevice(ctx context.Context, t term, d demoFlags, n *node.Node) error {
	card := n.Journal.Device().Card()
	out := printedDevice{
		Version: version(), Data: d.data, Kind: string(card.Kind), Name: card.Name, URL: n.URL(), Devices: n.DeviceAddress(), SignIn: map[string]string{},
	}
	if out.Devices != "" {
		if err := os.WriteFile(filepath.Join(d.data, deviceDoor), []byte(out.Devices+"\n"), 0o600); err != nil {
			return err
		}
	}
	for _, role := range signInRoles() {
		link, err := n.Link(ctx, role)
		if err != nil {
			return err
		}
		out.SignIn[string(role)] = link
	}
	if d.json {
		return printJSON(t.out, out)
	}
	fmt.Fprintf(t.out, "%s, a %s of %s. Everybody here is made up: never use it for care.\n", out.Name, out.Kind, n.Us.Name)
	for _, role := range signInRoles() {
		fmt.Fprintf(t.out, "  %-22s %s\n", role, out.SignIn[string(role)])
	}
	_, err := fmt.Fprintf(t.out, "Data: %s. Cut it off, stop it, kill it: work goes on at every device, and they find each other again.\n", out.Data)
	return err
}
