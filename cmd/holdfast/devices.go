package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// orgRequestCommand makes the keys of a new device in an empty folder and
// writes what a site node needs to enrol it. The file holds no secret.
func orgRequestCommand(ctx context.Context, t term, args []string) error {
	f := flags("org request")
	dir, kind, name, domain := f.String("data", "", ""), f.String("kind", "site", ""), f.String("name", "", ""), f.String("domain", "", "")
	pass, out, demo := f.String("passphrase-file", "", ""), f.String("out", "", ""), f.Bool("demo", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "name", "domain", "out"); err != nil {
		return err
	}
	secret, err := deviceSecret(*pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	r, err := journal.Ask(ctx, journal.Options{Dir: *dir, Demo: *demo, Passphrase: secret}, fact.DeviceKind(*kind), *name, *domain)
	if err != nil {
		return err
	}
	if err := writeFile(*out, r); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "The keys of %s are made. Take %s to a site node of the organisation:\n  holdfast org enrol --data DIR --request %s --out admission.json\n", *name, *out, *out)
	return err
}

// orgEnrolCommand admits a device, through the device at work in the folder or,
// when none is, by itself.
func orgEnrolCommand(ctx context.Context, t term, args []string) error {
	f := flags("org enrol")
	dir, request, out, pass := f.String("data", "", ""), f.String("request", "", ""), f.String("out", "", ""), f.String("passphrase-file", "", "")
	card, keys := f.String("card", "", ""), files{}
	f.Var(&keys, "key", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "request", "out"); err != nil {
		return err
	}
	var r journal.Request
	if err := readFile(*request, &r); err != nil {
		return err
	}
	a, err := enrolBy(ctx, t, enrolment{dir: *dir, pass: *pass, card: *card, keys: keys}, r)
	if err != nil {
		return err
	}
	if err := writeFile(*out, a); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%s is enrolled. Take %s back to it, by hand:\n  holdfast org join --data DIR --admission %s\n", r.Name, *out, *out)
	return err
}

func enrol(ctx context.Context, dir, pass string, r journal.Request) (journal.Admission, error) {
	a, err := node.Tell[journal.Request, journal.Admission](ctx, dir, "enrol", r)
	if !errors.Is(err, node.ErrNobody) {
		return a, err
	}
	var out journal.Admission
	err = atRest(ctx, dir, pass, func(n *node.Node) error {
		out, err = n.Journal.Enrol(ctx, n.Device.Author(), r)
		return err
	})
	return out, err
}

// atRest opens a folder that no device is at work in.
func atRest(ctx context.Context, dir, pass string, do func(n *node.Node) error) error {
	secret, err := deviceSecret(pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	lib, err := node.Shipped()
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, node.Config{Place: node.Place{Dir: dir, Passphrase: secret}, Library: lib, Host: "localhost", Version: version()})
	if err != nil {
		return err
	}
	return errors.Join(do(n), n.Close())
}

// orgJoinCommand completes a new device's folder with what the organisation
// answered.
func orgJoinCommand(ctx context.Context, t term, args []string) error {
	f := flags("org join")
	dir, admission, pass := f.String("data", "", ""), f.String("admission", "", ""), f.String("passphrase-file", "", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "admission"); err != nil {
		return err
	}
	secret, err := deviceSecret(*pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	var a journal.Admission
	if err := readFile(*admission, &a); err != nil {
		return err
	}
	if err := journal.Join(ctx, journal.Options{Dir: *dir, Passphrase: secret}, a); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "This device belongs to the organisation now. Start it and name another of its devices:\n  holdfast serve --data %s --peer HOST:PORT\n", *dir)
	return err
}

// orgStatusCommand says how a device stands.
func orgStatusCommand(ctx context.Context, t term, args []string) error {
	f := flags("org status")
	dir, pass, asJSON := f.String("data", "", ""), f.String("passphrase-file", "", ""), f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data"); err != nil {
		return err
	}
	s, err := node.Tell[struct{}, node.Status](ctx, *dir, "status", struct{}{})
	if errors.Is(err, node.ErrNobody) {
		err = atRest(ctx, *dir, *pass, func(n *node.Node) (err error) {
			if err = n.FoldAll(ctx); err == nil {
				s, err = n.Status(ctx)
			}
			return err
		})
	}
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(t.out, s)
	}
	return printStatus(t, s)
}

func printStatus(t term, s node.Status) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%s, in %s), incarnation %d\n", s.Organisation, s.Name, s.Kind, s.Domain, s.Incarnation)
	switch {
	case !s.Saving:
		fmt.Fprintf(&b, "  NOT SAVING: %s\n", s.Sentence)
	case s.Others == 0:
		fmt.Fprintf(&b, "  saving; no other place keeps copies yet\n")
	case s.Unsafe == 0:
		fmt.Fprintf(&b, "  all saved, and safe in another place\n")
	default:
		fmt.Fprintf(&b, "  saving; %d facts are not in another place yet\n", s.Unsafe)
	}
	if s.HeldByOne {
		fmt.Fprintf(&b, "  HELD BY ONE: the organisation's root key lies on one device; if it is lost, no device can be admitted\n")
	}
	fmt.Fprintf(&b, "  %d facts in whole feeds; %d damaged or missing; %d keys or attachments on their way\n", s.Facts, s.Lost, s.Waiting)
	for _, d := range s.Devices {
		link := "not linked"
		for _, p := range s.Sisters {
			if p.Device == d.Device {
				link = fmt.Sprintf("linked, %d behind, %d ahead", p.Behind, p.Ahead)
			}
		}
		if d.Device == s.Device {
			link = "this device"
		}
		if d.CutOff {
			link = "CUT OFF, " + link
		}
		if d.Program != "" {
			link += ", runs " + d.Program
		}
		fmt.Fprintf(&b, "  %-5s %s, in %s: %s\n", d.Kind, d.Name, d.Domain, link)
	}
	for _, one := range s.Forks {
		fmt.Fprintf(&b, "  feed %s has two histories from fact %d on\n", one.Feed[:8], one.Seq)
	}
	for _, one := range s.Found {
		fmt.Fprintf(&b, "  noticed: %s\n", one)
	}
	_, err := fmt.Fprint(t.out, b.String())
	return err
}

// writeFile writes a structure as indented JSON, readable by its owner alone.
func writeFile(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}

func readFile(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%w: %s: %w", errUsage, path, err)
	}
	return nil
}

// joinDemo makes a folder another device of a demo's organisation: request,
// enrolment and joining in one. It does nothing for one that has joined.
func joinDemo(ctx context.Context, of, dir string, kind fact.DeviceKind, name string) error {
	if journal.Here(dir) {
		return nil
	}
	demo, err := journal.IsDemo(of)
	if err != nil {
		return err
	}
	if !demo {
		return refusal.New(refusal.Forbidden, "This folder is no demo's. Enrol devices with org request, org enrol and org join.")
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	r, err := journal.Ask(ctx, journal.Options{Dir: dir, Demo: true}, kind, name, name+", another building")
	if err != nil {
		return err
	}
	a, err := enrol(ctx, of, "", r)
	if err != nil {
		return err
	}
	return journal.Join(ctx, journal.Options{Dir: dir}, a)
}

// untilLevel waits until a device that has just joined knows what its link
// knows, for a time; it goes on all the same.
func untilLevel(ctx context.Context, n *node.Node, most time.Duration) {
	end := time.Now().Add(most)
	for time.Now().Before(end) && ctx.Err() == nil && !n.Level() {
		time.Sleep(20 * time.Millisecond)
	}
}
