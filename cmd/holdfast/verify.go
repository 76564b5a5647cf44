package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"holdfast/cmd/node"
	"holdfast/journal"
)

// journals finds the data folders at and directly below a folder.
func journals(dir string) ([]string, error) {
	if journal.Here(dir) {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	var out []string
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); e.IsDir() && journal.Here(path) {
			out = append(out, path)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: there is no journal in %s", errUsage, dir)
	}
	return out, nil
}

type verified struct {
	Dir         string            `json:"dir"`
	Holds       bool              `json:"holds"`
	Facts       int               `json:"facts"`
	Feeds       int               `json:"feeds"`
	Heads       int               `json:"heads"`
	Wraps       int               `json:"wraps"`
	Attachments int               `json:"attachments"`
	Failures    []verifiedFailure `json:"failures"`
}

type verifiedFailure struct {
	Place string `json:"place"`
	What  string `json:"what"`
}

func verifyCommand(ctx context.Context, t term, args []string) error {
	f := flags("verify")
	asJSON, pass := f.Bool("json", false, ""), f.String("passphrase-file", "", "")
	words, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	secret, err := deviceSecret(*pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	dirs, err := journals(words[0])
	if err != nil {
		return err
	}
	p := newProgress(t.err)
	defer p.done()
	holds := true
	for _, dir := range dirs {
		p.doingNow("verifying " + dir)
		v, err := verify(ctx, dir, secret)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		holds = holds && v.Holds
		if err := v.print(t, *asJSON); err != nil {
			return err
		}
	}
	if !holds {
		return errNotHold
	}
	return nil
}

func verify(ctx context.Context, dir string, secret []byte) (verified, error) {
	demo, err := journal.IsDemo(dir)
	if err != nil {
		return verified{}, err
	}
	r, err := journal.Verify(ctx, dir, journal.Options{Dir: dir, Demo: demo, Passphrase: secret})
	v := verified{
		Dir: dir, Holds: len(r.Failures) == 0, Facts: r.Facts, Feeds: r.Feeds, Heads: r.Heads, Wraps: r.Wraps,
		Attachments: r.Attachments, Failures: []verifiedFailure{},
	}
	for _, one := range r.Failures {
		v.Failures = append(v.Failures, verifiedFailure{one.Place, one.What})
	}
	return v, err
}

func (v verified) print(t term, asJSON bool) error {
	if asJSON {
		return printJSON(t.out, v)
	}
	verdict := "all holds"
	if !v.Holds {
		verdict = fmt.Sprintf("%d things do not hold", len(v.Failures))
	}
	_, err := fmt.Fprintf(t.out, "%s: %s (%d facts, %d feeds, %d heads, %d key wraps, %d attachments)\n",
		v.Dir, verdict, v.Facts, v.Feeds, v.Heads, v.Wraps, v.Attachments)
	for _, one := range v.Failures {
		if err == nil {
			_, err = fmt.Fprintf(t.out, "  %s: %s\n", one.Place, one.What)
		}
	}
	return err
}

func viewsCommand(ctx context.Context, t term, args []string) error {
	f := flags("views rebuild")
	pass := f.String("passphrase-file", "", "")
	words, err := parse(f, args, 1, 1)
	if err != nil {
		return err
	}
	secret, err := deviceSecret(*pass)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	dirs, err := journals(words[0])
	if err != nil {
		return err
	}
	lib, err := node.Shipped()
	if err != nil {
		return err
	}
	p := newProgress(t.err)
	defer p.done()
	for _, dir := range dirs {
		p.doingNow("rebuilding the views of " + dir)
		demo, err := journal.IsDemo(dir)
		if err != nil {
			return err
		}
		if err := journal.RebuildViews(ctx, dir, journal.Options{Dir: dir, Demo: demo, Passphrase: secret, Views: node.Views(lib.Rules)}); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if _, err := fmt.Fprintf(t.out, "%s: views rebuilt\n", dir); err != nil {
			return err
		}
	}
	return nil
}
