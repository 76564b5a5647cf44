package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"holdfast/cmd/node"
	"holdfast/journal"
	"holdfast/web"
)

// routesCommand lists the routes of a node that was founded for it and is
// thrown away: what is listed is what would answer.
func routesCommand(ctx context.Context, t term, args []string) error {
	f := flags("routes")
	asJSON := f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	p := newProgress(t.err)
	p.doingNow("putting a node together")
	all, err := routes(ctx)
	p.done()
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(t.out, all)
	}
	for _, r := range all {
		if _, err := fmt.Fprintf(t.out, "%-9s %-5s %s\n", r.Door, r.Method, r.Pattern); err != nil {
			return err
		}
	}
	return nil
}

func routes(ctx context.Context) (_ []web.Route, err error) {
	dir, err := os.MkdirTemp("", "holdfast-routes-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	lib, err := node.Shipped()
	if err != nil {
		return nil, err
	}
	place := node.Place{Dir: dir, Demo: true}
	if err := node.Found(ctx, place, journal.Founding{Name: "Routes", ODS: "ZZ000", DeviceName: "routes"}, lib); err != nil {
		return nil, err
	}
	n, err := node.Open(ctx, node.Config{Place: place, Library: lib, Host: "localhost", Version: version()})
	if err != nil {
		return nil, err
	}
	return n.Routes(), n.Close()
}
