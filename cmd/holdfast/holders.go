package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/root"
	"holdfast/journal"
)

// ask asks the device at work in a folder, or opens the folder when none is.
func ask[In, Out any](ctx context.Context, dir, pass, what string, in In, do func(n *node.Node, in In) (Out, error)) (Out, error) {
	out, err := node.Tell[In, Out](ctx, dir, what, in)
	if !errors.Is(err, node.ErrNobody) {
		return out, err
	}
	err = atRest(ctx, dir, pass, func(n *node.Node) (err error) {
		out, err = do(n, in)
		return err
	})
	return out, err
}

// orgHoldersListCommand says which pages stand.
func orgHoldersListCommand(ctx context.Context, t term, args []string) error {
	f := flags("org holders list")
	dir, pass, asJSON := f.String("data", "", ""), f.String("passphrase-file", "", ""), f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data"); err != nil {
		return err
	}
	all, err := ask(ctx, *dir, *pass, "holders", struct{}{}, func(n *node.Node, _ struct{}) ([]node.HeldPages, error) { return n.Holders(ctx) })
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(t.out, all)
	}
	_, err = fmt.Fprint(t.out, pagesSaid(all))
	return err
}

func pagesSaid(all []node.HeldPages) string {
	var b strings.Builder
	if len(all) > 1 {
		fmt.Fprintf(&b, "EXCHANGED APART: %d exchanges were made from the same pages. None is in force: no device is admitted until as many as must agree of each have signed one that names all of them (holdfast org holders exchange).\n", len(all))
	}
	for _, p := range all {
		made := "founding"
		if p.Number > 0 {
			made = fmt.Sprintf("exchange %d", p.Number)
		}
		fmt.Fprintf(&b, "%s, pages of %s, since %s: any %d of %d\n", made, p.Day, p.Since.UTC().Format("2006-01-02 15:04 UTC"), p.Needed, p.Of)
		switch {
		case p.Unknown && p.Number == 0 && p.Of == 1:
			fmt.Fprintf(&b, "  HELD BY ONE: the root key lies on the machine where the organisation was founded\n")
		case p.Unknown:
			fmt.Fprintf(&b, "  who holds them is not known here yet\n")
		}
		for _, h := range p.Holders {
			fmt.Fprintf(&b, "  %2d  %-8s %s\n", h.Number, h.Sort, h.Name)
		}
	}
	return b.String()
}

// orgHoldersExchangeCommand draws new pages. Nothing changes until they are
// adopted.
func orgHoldersExchangeCommand(ctx context.Context, t term, args []string) error {
	f := flags("org holders exchange")
	dir, out, pass := f.String("data", "", ""), f.String("out", "", ""), f.String("passphrase-file", "", "")
	held, keys := holdersOf(f), files{}
	f.Var(&keys, "key", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "out", "pages"); err != nil {
		return err
	}
	pages, err := held.make()
	if err != nil {
		return err
	}
	if len(pages) == 0 {
		return fmt.Errorf("%w: name who is to hold the new pages: --person, --paper, --guardian", errUsage)
	}
	w := journal.Wanted{Keys: held.made.Publics(), Threshold: uint32(held.made.Threshold), Recovery: held.made.Recovery, Holders: held.all}
	x, err := ask(ctx, *dir, *pass, "exchange", w, func(n *node.Node, w journal.Wanted) (journal.Exchange, error) { return n.DrawExchange(ctx, w) })
	if err != nil {
		return fmt.Errorf("no pages were exchanged; what lies in %s is void, destroy it: %w", *held.pages, err)
	}
	d, err := x.Open()
	if err != nil {
		return err
	}
	if err := held.layOut(d.Signers[0].Set); err != nil {
		return err
	}
	for _, path := range keys {
		s, err := heldIn(path)
		if err == nil {
			err = signExchange(t, &x, s)
		}
		if err != nil {
			return err
		}
	}
	if err := writeFile(*out, x); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%d pages are drawn, any %d of which are to agree. Nothing has changed yet: the pages before stay in force.\n"+
		"1. Print each page in %s, hand it to its holder, and destroy that folder.\n"+
		"2. Holders of the pages before and of the new ones sign in turn, on any machine, reading the words off their paper:\n     holdfast org holders sign --exchange %s\n"+
		"3. Then: holdfast org holders adopt --data DIR --exchange %s\n%s", len(pages), held.made.Threshold, *held.pages, *out, *out, lacking(x))
	return err
}

func lacking(x journal.Exchange) string {
	d, err := x.Open()
	if err != nil {
		return ""
	}
	if l := d.Lacking(); l != "" {
		return "Must sign: " + l + ".\n"
	}
	return "The exchange is complete: it can be adopted.\n"
}

// signExchange adds a page's signature and says which page it was.
func signExchange(t term, x *journal.Exchange, s root.Secret) error {
	d, err := x.Open()
	if err != nil {
		return err
	}
	for i, g := range d.Signers {
		if s.Fits(g.Set) != nil {
			continue
		}
		which := "new page"
		if i > 0 {
			which = "page of " + g.Set.Day()
		}
		fmt.Fprintf(t.err, "holdfast: %s %d signs\n", which, s.Number)
		return x.Sign(s.Key())
	}
	for _, g := range d.Signers[1:] {
		if err := belongs(s, g.Set, d.Chain); err != nil {
			return err
		}
	}
	return refusal.Newf(refusal.Invalid, "Page %d has no part in this exchange.", s.Number)
}

// orgHoldersSignCommand adds signatures. It asks for the words of one page unless
// files hold them.
func orgHoldersSignCommand(_ context.Context, t term, args []string) error {
	f := flags("org holders sign")
	path, keys := f.String("exchange", "", ""), files{}
	f.Var(&keys, "key", "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "exchange"); err != nil {
		return err
	}
	var x journal.Exchange
	if err := readFile(*path, &x); err != nil {
		return err
	}
	d, err := x.Open()
	if err != nil {
		return err
	}
	fmt.Fprint(t.err, exchangeSaid(d, x.Held))
	var held []root.Secret
	for _, one := range keys {
		s, err := heldIn(one)
		if err != nil {
			return err
		}
		held = append(held, s)
	}
	if len(keys) == 0 {
		s, err := typed(t, bufio.NewReader(os.Stdin))
		if err != nil {
			return err
		}
		held = append(held, s)
	}
	for _, s := range held {
		if err := signExchange(t, &x, s); err != nil {
			return err
		}
	}
	if err := writeFile(*path, x); err != nil {
		return err
	}
	_, err = fmt.Fprint(t.out, lacking(x))
	return err
}

// exchangeSaid tells a holder what they sign.
func exchangeSaid(d journal.Drawn, held journal.RootHeld) string {
	var b strings.Builder
	fmt.Fprintf(&b, "You sign that the keys of %s (%s; compare it with your page) pass to these, any %d of whom agree:\n", d.Genesis.Name, d.Roots.Org.String()[:16], d.Roots.Threshold)
	for _, h := range held.Holders {
		fmt.Fprintf(&b, "  %2d  %-8s %s\n", h.Number, h.Sort, h.Name)
	}
	fmt.Fprintf(&b, "and that these devices stay, and no other (%d):\n", len(d.Stay))
	for _, c := range d.Stay {
		kind := "desk"
		if c.Kind == fact.SiteNode {
			kind = "site"
		}
		fmt.Fprintf(&b, "      %-8s %s\n", kind, c.Name)
	}
	return b.String()
}

// orgHoldersAdoptCommand brings an exchange into force.
func orgHoldersAdoptCommand(ctx context.Context, t term, args []string) error {
	f := flags("org holders adopt")
	dir, path, pass, asJSON := f.String("data", "", ""), f.String("exchange", "", ""), f.String("passphrase-file", "", ""), f.Bool("json", false, "")
	if _, err := parse(f, args, 0, 0); err != nil {
		return err
	}
	if err := needed(f, "data", "exchange"); err != nil {
		return err
	}
	var x journal.Exchange
	if err := readFile(*path, &x); err != nil {
		return err
	}
	all, err := ask(ctx, *dir, *pass, "adopt", x, func(n *node.Node, x journal.Exchange) ([]node.HeldPages, error) { return n.AdoptRoots(ctx, x) })
	if err != nil {
		return err
	}
	if *asJSON {
		return printJSON(t.out, all)
	}
	_, err = fmt.Fprint(t.out, "The new pages are in force.\n"+pagesSaid(all)+
		"Now destroy every page before, each holder their own: they admit nobody and open no copy made from now on, but they still open copies that were made before.\n"+
		"Make a new backup, and destroy the ones before when you can.\n")
	return err
}
