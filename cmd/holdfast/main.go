// Command holdfast is the whole program: site nodes, the demo, and the tools
// that check data and content.
//
// Its law: it wires, it never decides. Exit status 0 is success, 1 that the
// thing checked does not hold or failed, 2 that the arguments are unusable.
// With --json, standard output holds JSON and nothing else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"holdfast/sim/drill"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // whoever read what it says may go away: the device goes on
	if err := leaveNoCore(); err != nil {
		fmt.Fprintln(os.Stderr, "holdfast: a crash may leave this program's memory on the disk:", err)
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit statuses.
const (
	success  = 0
	failed   = 1
	unusable = 2
)

// Errors that say how a command ended.
var (
	errUsage   = errors.New("unusable arguments")
	errNotHold = errors.New("it does not hold")
)

// command is one word, two or three, after the program's name.
type command struct {
	name string
	args string
	help string
	run  func(ctx context.Context, t term, args []string) error
}

// term is where a command writes: what was asked for, and how it goes.
type term struct{ out, err io.Writer }

func commands() []command {
	return []command{
		{"demo", "[--data DIR] [--listen HOST:PORT] [--json] [--still] [--seed N] [--clock START,xN] [--providers FILE] [--join DIR [--desk]]", "a 111 provider and an out-of-hours provider, everybody made up", demoCommand},
		{"serve", "--data DIR [--config FILE] [--passphrase-file FILE] [--listen HOST:PORT] [--doors HOST:PORT] [--devices HOST:PORT] [--peer HOST:PORT]... [--name HOST] [--demo] [--clock START,xN]", "a site node", serveCommand},
		{"desk", "--data DIR --site HOST:PORT [--config FILE] [--passphrase-file FILE] [--listen HOST:PORT] [--name HOST] [--demo] [--clock START,xN]", "a desk", deskCommand},
		{"org create", "--data DIR --name NAME --ods CODE --device NAME --admin NAME --passphrase-file FILE [--domain BUILDING] [--person NAME]... [--paper PLACE]... [--guardian NAME]... [--threshold N] [--pages FOLDER] [--json]", "founds an organisation with its first device and administrator", orgCreateCommand},
		{"org request", "--data DIR --kind site|desk --name NAME --domain PLACE --passphrase-file FILE --out FILE", "makes a new device's keys and asks to be enrolled", orgRequestCommand},
		{"org enrol", "--data DIR --request FILE --out FILE [--card FILE | --key FILE...] [--passphrase-file FILE]", "admits a device to the organisation", orgEnrolCommand},
		{"org card", "--data DIR --request FILE --out FILE [--passphrase-file FILE]", "writes the card of a new device, for the organisation's holders to sign apart", orgCardCommand},
		{"org sign", "--card FILE [--key FILE]", "adds a holder's signature to a card, on any machine", orgSignCommand},
		{"org holders list", "--data DIR [--passphrase-file FILE] [--json]", "says which pages stand, who holds them and since when", orgHoldersListCommand},
		{"org holders exchange", "--data DIR --out FILE --pages FOLDER [--person NAME]... [--paper PLACE]... [--guardian NAME]... [--threshold N] [--key FILE]... [--passphrase-file FILE]", "draws new pages that are to replace those that stand, or the first ones of an organisation held by one", orgHoldersExchangeCommand},
		{"org holders sign", "--exchange FILE [--key FILE]...", "adds the signature of an old or a new page to an exchange, on any machine", orgHoldersSignCommand},
		{"org holders adopt", "--data DIR --exchange FILE [--passphrase-file FILE] [--json]", "brings an exchange into force that enough of the old and the new pages signed", orgHoldersAdoptCommand},
		{"org manifest", "--data DIR --device NAME [--at TIME] [--passphrase-file FILE] [--json]", "lists which records could be read on a desk at a moment", orgManifestCommand},
		{"org recover", "--from FOLDER --data DIR --name NAME --domain PLACE --admin NAME --passphrase-file FILE [--key FILE]... [--unproved] [--json]", "brings the organisation back from its holders' pages and a copy of a journal", orgRecoverCommand},
		{"org join", "--data DIR --admission FILE [--passphrase-file FILE]", "makes a folder a device of the organisation", orgJoinCommand},
		{"org status", "--data DIR [--passphrase-file FILE] [--json]", "says how a device and its links stand", orgStatusCommand},
		{"org export", "--data DIR --out FOLDER [--passphrase-file FILE] [--with-keys PASSPHRASE-FILE] [--json]", "writes the whole record in the open form that holdfast-verify checks", orgExportCommand},
		{"looks", "--data DIR --record NUMBER|ID [--out FILE] [--passphrase-file FILE] [--json]", "who looked at a record, as a signed report", looksCommand},
		{"verify", "DIR [--passphrase-file FILE] [--json]", "re-reads every journal there", verifyCommand},
		{"views rebuild", "DIR [--passphrase-file FILE]", "throws views away and folds them anew", viewsCommand},
		{"content check", "[PATH] [--json]", "lints and proves triage content", contentCommand},
		{"routes", "[--json]", "lists every way in with its door", routesCommand},
		{"sbom", "", "lists what this program was built from (CycloneDX JSON)", sbomCommand},
		{"drill", "list | NAME... | --all [--seed N] [--record DIR] [--temp DIR] [--json]", "rehearses faults on this very program", drillCommand},
		{"load", "--calls N | --rate CALLS/S --for DURATION [--data DIR] [--target URL] [--seed N] [--settle DURATION] [--json]", "works a made-up day at a demo that is running, by its front door, and accounts for every call", loadCommand},
		{drill.Helper, "", "", drillHelperCommand},
		{"version", "[--json]", "says which program this is", versionCommand},
	}
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	t := term{out, errOut}
	if (helpAsked(args) || len(args) > 0 && args[0] == "help") && help(args, out) {
		return success
	}
	c, rest, ok := find(args)
	if !ok {
		if len(args) == 0 || !help(args[:1], errOut) {
			usage(errOut)
		}
		return unusable
	}
	err := c.run(ctx, t, rest)
	switch {
	case err == nil:
		return success
	case errors.Is(err, errUsage):
		fmt.Fprintf(errOut, "%v\nusage: holdfast %s %s\n", err, c.name, c.args)
		return unusable
	case errors.Is(err, errNotHold):
		return failed
	}
	fmt.Fprintf(errOut, "holdfast %s: %v\n", c.name, err)
	return failed
}

func find(args []string) (command, []string, bool) {
	for _, c := range commands() {
		for n := 1; n <= 3 && n <= len(args); n++ {
			if joined(args[:n]) == c.name {
				return c, args[n:], true
			}
		}
	}
	return command{}, nil, false
}

func joined(words []string) string {
	out := words[0]
	for _, w := range words[1:] {
		out += " " + w
	}
	return out
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Holdfast keeps urgent care working when its host is lost.")
	for _, c := range commands() {
		if c.help == "" {
			continue // not for people
		}
		fmt.Fprintf(w, "  holdfast %s %s\n      %s\n", c.name, c.args, c.help)
	}
}
