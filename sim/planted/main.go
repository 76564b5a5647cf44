// Command planted proves that the tests bite. It plants known bugs one by one
// in copies of the program's files, builds with those copies in place of the
// real ones (go build -overlay), and expects the test named for each bug to
// fail; without the bug the same test must pass.
//
// Its law: no file of the tree is changed and no switch ships. A patch that no
// longer applies, a bug that does not build, a test that is not there, hangs
// or crashes without failing: each is an error, never a catch.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with everything given: 0 all are caught, 1 not all, 2 unusable
// arguments.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("planted", flag.ContinueOnError)
	flags.SetOutput(errs)
	only := flags.String("only", "", "plant this bug alone, by name or number")
	verbose := flags.Bool("v", false, "show what each test said")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	tree, err := findTree(".")
	if err == nil {
		err = tree.selftest(ctx, *only, *verbose, out)
	}
	if errors.Is(err, errNoSuchBug) {
		fmt.Fprintln(errs, err)
		return 2
	}
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

// selftest plants all bugs, or one, and says what became of them. After a
// whole run in which all were caught the page in docs is written anew.
func (t tree) selftest(ctx context.Context, only string, verbose bool, out io.Writer) error {
	all, err := t.bugs()
	if err != nil {
		return err
	}
	chosen, err := choose(all, only)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "planted-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	results := bench{tree: t, temp: temp, out: out, verbose: verbose}.all(ctx, chosen)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("stopped: nothing is said of the bugs: %w", err)
	}
	missed := 0
	for _, r := range results {
		if r.err != nil {
			missed++
		}
	}
	table(out, results)
	if missed > 0 {
		return fmt.Errorf("%d of %d planted bugs are not caught", missed, len(results))
	}
	if only == "" {
		return os.WriteFile(filepath.Join(t.root, "docs", "planted.md"), page(results), 0o644)
	}
	return nil
}
