package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"holdfast/cmd/node"
)

// looksCommand says who looked at a record: from the device at work in the
// folder or, when none is, from the folder itself. The report is signed;
// holdfast-verify looked checks it anywhere.
func looksCommand(ctx context.Context, t term, args []string) error {
	f := flags("looks")
	dir, record, out := f.String("data", "", ""), f.String("record", "", ""), f.String("out", "", "")
	pass, asJSON := f.String("passphrase-file", "", ""), f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "record"); err != nil {
		return err
	}
	want := node.LooksWanted{Record: *record}
	got, err := node.Tell[node.LooksWanted, node.LooksGiven](ctx, *dir, "looks", want)
	if errors.Is(err, node.ErrNobody) {
		err = atRest(ctx, *dir, *pass, func(n *node.Node) (err error) {
			got, err = n.LooksReport(ctx, want)
			return err
		})
	}
	if err != nil {
		return err
	}
	if *out != "" {
		if err := os.WriteFile(*out, []byte(got.Report), 0o600); err != nil {
			return err
		}
	}
	switch {
	case *asJSON:
		return printJSON(t.out, got)
	case *out == "":
		_, err = fmt.Fprint(t.out, got.Report)
	default:
		_, err = fmt.Fprintf(t.out, "%d looks at record %s in %.2f s, signed, in %s.\n", got.Looks, got.Record, got.Seconds, *out)
		for _, m := range got.Missing {
			if err == nil {
				_, err = fmt.Fprintln(t.out, "  not complete: "+m)
			}
		}
	}
	return err
}
