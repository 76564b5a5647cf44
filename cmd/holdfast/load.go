package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/fact/refusal"
	"holdfast/sim/front"
	"holdfast/sim/load"
	"holdfast/sim/people"
)

// mostCrew bounds the people of one role who work the day.
const mostCrew = 12

// loadCommand works a made-up day at a demo that is running, through its front
// door, and accounts for every call.
func loadCommand(ctx context.Context, t term, args []string) error {
	f := flags("load")
	data, target, asJSON := f.String("data", "", ""), f.String("target", "", ""), f.Bool("json", false, "")
	calls, rate, lasts := f.Int("calls", 0, ""), f.Float64("rate", 0, ""), f.Duration("for", time.Minute, "")
	seed, settle := f.Uint64("seed", 1, ""), f.Duration("settle", 15*time.Second, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	day := load.Day{Seed: *seed, Calls: *calls, Settle: *settle}
	if *rate > 0 {
		day.Every = time.Duration(float64(time.Second) / *rate)
	}
	switch {
	case *calls < 0 || *rate < 0 || *lasts <= 0 || *settle <= 0:
		return fmt.Errorf("%w: --calls, --rate, --for and --settle are not below nothing", errUsage)
	case *calls == 0 && *rate == 0:
		return fmt.Errorf("%w: say --calls N, or --rate CALLS/S and --for DURATION", errUsage)
	case *calls == 0:
		day.Calls = int(*rate * lasts.Seconds())
	}
	if *data == "" {
		home, err := usualFolder()
		if err != nil {
			return err
		}
		*data = home
	}
	p := newProgress(t.err)
	p.doingNow("signing in")
	for i, kind := range []string{"111", "hours"} {
		house, err := crewOf(ctx, filepath.Join(*data, kind), kind, i == 0, *target)
		if errors.Is(err, node.ErrNobody) || errors.Is(err, errNoFolder) {
			return fmt.Errorf("no demo is running on %s: start `holdfast demo --still --data %s` first", *data, *data)
		}
		if err != nil {
			return err
		}
		defer closeAll(house)
		day.Houses = append(day.Houses, house)
	}
	lib, err := node.Shipped()
	if err != nil {
		return err
	}
	day.Questions = lib.Triage
	day.District = people.Make(*seed, time.Now())
	day.Say = p.doingNow
	out, err := load.Run(ctx, day)
	p.done()
	if err != nil {
		return err
	}
	if err := printLoad(t, out, *asJSON); err != nil {
		return err
	}
	if out.Nowhere > 0 || out.Failed > 0 || out.Calls != day.Calls {
		return fmt.Errorf("%w: of %d calls %d are accounted for, %d are nowhere; %d answers were faults of the program", errNotHold, day.Calls, out.Calls, out.Nowhere, out.Failed)
	}
	return nil
}

// crewOf signs in everybody who works the day at one organisation of the demo.
func crewOf(ctx context.Context, dir, kind string, takesCalls bool, target string) (load.House, error) {
	house := load.House{Name: kind}
	var err error
	if takesCalls {
		if house.Handlers, err = signedIn(ctx, dir, access.CallHandler, target); err != nil {
			return house, err
		}
	}
	house.Clinicians, err = signedIn(ctx, dir, access.Clinician, "")
	return house, err
}

var errNoFolder = errors.New("there is no such folder")

func signedIn(ctx context.Context, dir string, role access.Role, target string) ([]*front.Browser, error) {
	var out []*front.Browser
	for n := range mostCrew {
		b, err := front.New(nil)
		if err != nil {
			return out, err
		}
		signIn := func(ctx context.Context) error {
			link, err := node.Tell[node.LinkWanted, node.LinkGiven](ctx, dir, "link", node.LinkWanted{Role: role, Nth: n})
			if err != nil {
				return err
			}
			at, err := url.Parse(link.URL)
			if err != nil {
				return err
			}
			if b.Base = at.Scheme + "://" + at.Host; target != "" {
				b.Base = target
			}
			status, _, err := b.Get(ctx, at.Path)
			if err == nil && status >= 400 {
				err = fmt.Errorf("signing in as %s: status %d", role, status)
			}
			return err
		}
		switch err := signIn(ctx); {
		case refusal.Is(err, refusal.Invalid) && n > 0: // there are no more of them
			return out, nil
		case errors.Is(err, fs.ErrNotExist):
			return out, errNoFolder
		case err != nil:
			return out, err
		}
		b.SignIn = signIn
		out = append(out, b)
	}
	return out, nil
}

func closeAll(h load.House) {
	for _, b := range slices.Concat(h.Handlers, h.Clinicians) {
		b.Close()
	}
}

func printLoad(t term, out load.Result, asJSON bool) error {
	if asJSON {
		return printJSON(t.out, out)
	}
	fmt.Fprintf(t.out, "%d calls in %.0f s, %.1f a second; %d requests, median %.1f ms, 99 of 100 within %.1f ms, slowest %.0f ms\n",
		out.Calls, out.Seconds, out.PerSecond, out.Requests, out.Median, out.P99, out.Slowest)
	for _, part := range []struct {
		name string
		of   map[string]int
	}{{"how they went", out.Kinds}, {"where they stand", out.Ended}, {"refused", out.Refused}} {
		fmt.Fprintf(t.out, "%s:\n", part.name)
		for _, k := range slices.Sorted(maps.Keys(part.of)) {
			fmt.Fprintf(t.out, "  %5d  %s\n", part.of[k], k)
		}
	}
	_, err := fmt.Fprintf(t.out, "nowhere: %d\n", out.Nowhere)
	return err
}
