// Command holdfast-verify reads an open export of Holdfast and says what
// holds.
//
// Its law: it is a second pair of eyes. It uses the standard library alone and
// shares no code with the program that writes exports; docs/export.md and
// docs/format.md are all that it was written from. It changes nothing. Exit
// status 0 is that all holds, 1 that something does not, each named to its
// place, 2 that the arguments are unusable.
package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const (
	allHolds = 0
	notHolds = 1
	unusable = 2
)

const usage = `usage: holdfast-verify [flags] EXPORT
  --org ID                 the organisation that it must be of (64 hex digits; without it
                           compare the id printed with one that you have from elsewhere)
  --older OLD              an older export: nothing may have been removed or altered since
  --keys FILE              the key file, to open the bodies
  --passphrase-file FILE   its passphrase, on the first line
  --print SUBJECT          with keys: what is known about a subject, one JSON object a line
  --entry-codes            with --print: entry codes of homes too
  --json                   the report as one line of JSON
or:    holdfast-verify looked [--org ID] REPORT
                           a signed report of who looked at a record
`

// wishes are the arguments.
type wishes struct {
	dir, older, org, keys, passphrase, subject string
	entry, asJSON                              bool
}

func readArgs(args []string) (wishes, error) {
	var w wishes
	f := flag.NewFlagSet("holdfast-verify", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&w.org, "org", "", "")
	f.StringVar(&w.older, "older", "", "")
	f.StringVar(&w.keys, "keys", "", "")
	f.StringVar(&w.passphrase, "passphrase-file", "", "")
	f.StringVar(&w.subject, "print", "", "")
	f.BoolVar(&w.entry, "entry-codes", false, "")
	f.BoolVar(&w.asJSON, "json", false, "")
	if err := f.Parse(args); err != nil {
		return w, err
	}
	switch {
	case f.NArg() != 1:
		return w, errors.New("one export is wanted, behind the flags")
	case (w.keys == "") != (w.passphrase == ""):
		return w, errors.New("--keys and --passphrase-file go together")
	case w.subject != "" && w.keys == "":
		return w, errors.New("--print needs keys")
	}
	w.dir = f.Arg(0)
	return w, nil
}

func run(args []string, out, errOut io.Writer) int {
	if len(args) > 0 && args[0] == "looked" {
		return runLooked(args[1:], out, errOut)
	}
	w, err := readArgs(args)
	if err == nil {
		var r *report
		if r, err = w.do(out); err == nil {
			return w.tell(r, out, errOut)
		}
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(errOut, "holdfast-verify: %v\n", err)
	}
	fmt.Fprint(errOut, usage)
	return unusable
}

// tell prints the report, beside a timeline to the other output.
func (w wishes) tell(r *report, out, errOut io.Writer) int {
	if w.subject != "" {
		out = errOut
	}
	if err := r.print(out, w.asJSON); err != nil {
		fmt.Fprintf(errOut, "holdfast-verify: %v\n", err)
		return notHolds
	}
	if !r.Holds {
		return notHolds
	}
	return allHolds
}

// do inspects. Its errors are about the arguments; what does not hold is in
// the report.
func (w wishes) do(out io.Writer) (*report, error) {
	in, err := newInspection(w.dir)
	if err != nil {
		return nil, err
	}
	defer in.root.Close()
	if err := w.giveKeys(in); err != nil {
		return nil, err
	}
	if w.older != "" {
		old, err := newInspection(w.older)
		if err != nil {
			return nil, err
		}
		defer old.root.Close()
		old.inspect()
		in.follow(old)
	}
	if w.org != "" {
		org, ok := parseHash(w.org)
		if !ok {
			return nil, errors.New("--org wants 64 hex digits")
		}
		in.wanted = &org
	}
	in.inspect()
	if in.timeline != nil {
		return in.r, in.timeline.print(out)
	}
	return in.r, nil
}

func (w wishes) giveKeys(in *inspection) error {
	if w.keys == "" {
		return nil
	}
	sealed, err := os.ReadFile(w.keys)
	if err != nil {
		return err
	}
	passphrase, err := os.ReadFile(w.passphrase)
	if err != nil {
		return err
	}
	passphrase, _, _ = bytes.Cut(passphrase, []byte("\n"))
	org, wrappers, err := openKeys(sealed, bytes.TrimRight(passphrase, "\r"))
	if err != nil {
		return err
	}
	in.openers = &openers{wrappers: wrappers, subjects: map[keyName]subjectKey{}}
	in.keysOf = org
	if w.subject == "" {
		return nil
	}
	in.timeline = &timeline{entry: w.entry}
	if n, err := hex.Decode(in.timeline.subject[:], []byte(w.subject[:min(len(w.subject), 32)])); err != nil || n != 16 || len(w.subject) != 32 {
		return errors.New("--print wants a subject of 32 hex digits")
	}
	return nil
}
