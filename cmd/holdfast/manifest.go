package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/cmd/node"
)

// orgManifestCommand answers what was on a laptop that is gone.
func orgManifestCommand(ctx context.Context, t term, args []string) error {
	f := flags("org manifest")
	dir, device, at := f.String("data", "", ""), f.String("device", "", ""), f.String("at", "", "")
	pass, asJSON := f.String("passphrase-file", "", ""), f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "device"); err != nil {
		return err
	}
	want := node.ManifestWanted{Device: *device}
	if *at != "" {
		var err error
		if want.At, err = time.Parse(time.RFC3339, *at); err != nil {
			return fmt.Errorf("%w: --at wants a moment like 2026-11-25T14:00:00Z", errUsage)
		}
	}
	m, err := node.Tell[node.ManifestWanted, node.Manifest](ctx, *dir, "manifest", want)
	if errors.Is(err, node.ErrNobody) {
		err = atRest(ctx, *dir, *pass, func(n *node.Node) (err error) {
			m, err = n.Manifest(ctx, want)
			return err
		})
	}
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(t.out, m)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "What could be read on %s at %s (UTC): %d cases, %d patients' records, %d other subjects.\n", m.Name, m.At.Format("2 January 2006 15:04"), m.Cases, m.Records, m.Others)
	if !m.CutOff {
		b.WriteString("It is not cut off. If it is lost: page Devices, Hold entries back.\n")
	}
	if m.LetGo > 0 {
		fmt.Fprintf(&b, "%d others it had let go of, as it says itself.\n", m.LetGo)
	}
	if m.Heard.IsZero() {
		b.WriteString("Nothing that it says itself has come here: it counts as holding all that it was ever given.\n")
	} else {
		fmt.Fprintf(&b, "What it says itself is here until %s (its clock). What it has not said here counts as held.\n", m.Heard.UTC().Format("2 January 2006 15:04"))
	}
	for _, l := range m.Lines {
		from := "given"
		if l.Written {
			from = "written there"
		}
		if l.Again != nil {
			from += ", given anew " + l.Again.UTC().Format(time.RFC3339)
		}
		if l.LetGo != nil {
			from += ", let go, as it says itself, " + l.LetGo.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(&b, "%-7s %s  %s  %s\n", l.Sort, l.Subject, l.Since.UTC().Format(time.RFC3339), from)
	}
	_, err = fmt.Fprint(t.out, b.String())
	return err
}
