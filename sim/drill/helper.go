package drill

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"holdfast/journal"
)

// RunHelper does a drill's work in a process of its own: what stands behind
// the hidden word Helper.
func RunHelper(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("a helper needs to be told what to do")
	}
	switch args[0] {
	case "found":
		return helpFound(ctx, args[1:])
	case "write":
		return helpWrite(ctx, args[1:], out)
	case "look":
		return helpLook(ctx, in, out)
	case "views":
		return helpViews(ctx, in, out)
	case "talk":
		return helpTalk(ctx, args[1:], out)
	case "carry":
		return helpCarry(ctx, args[1:], out)
	case "future":
		return helpFuture(ctx, args[1:])
	case "wire":
		return helpWire(ctx, args[1:], out)
	case "work":
		return helpWork(ctx, args[1:], out)
	case "watched":
		return helpWatched(ctx, args[1:], out)
	case "lists":
		return helpLists(ctx, args[1:], in, out)
	case "crowd":
		return helpCrowd(ctx, args[1:], in, out)
	}
	return fmt.Errorf("no helper is called %q", args[0])
}

// smallOptions are those of a small journal without views.
func smallOptions(dir string) journal.Options {
	return journal.Options{Dir: dir, Demo: true, Reserve: -1}
}

// helpFound founds a small organisation and says so in the ledger.
func helpFound(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("found", flag.ContinueOnError)
	dir, ledger := f.String("data", "", ""), f.String("ledger", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := foundSmall(ctx, *dir); err != nil {
		return err
	}
	if *ledger == "" {
		return nil
	}
	l, err := openLedger(*ledger)
	if err != nil {
		return err
	}
	return errors.Join(l.add(entry{Founded: true}), l.close())
}

func foundSmall(ctx context.Context, dir string) error {
	return journal.Found(ctx, smallOptions(dir), journal.Founding{
		Name: "Rehearsal", ODS: "ZZ999", DeviceName: "rehearsal", Domain: "rehearsal",
	})
}

// clockFrom is a clock that starts at a time and runs from there.
func clockFrom(start string) (journal.Clock, error) {
	if start == "" {
		return time.Now, nil
	}
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	return func() time.Time { return at.Add(time.Since(begun)) }, nil
}

func openLedger(path string) (*ledgerFile, error) {
	if path == "-" {
		return &ledgerFile{to: os.Stdout}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &ledgerFile{to: f}, nil
}
