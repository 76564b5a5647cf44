package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"time"

	"holdfast/access"
	"holdfast/content"
	"holdfast/record/entry"
	"holdfast/triage"
)

func contentCommand(_ context.Context, t term, args []string) error {
	f := flags("content check")
	asJSON := f.Bool("json", false, "")
	words, err := parse(f, args, 0, 1)
	if err != nil {
		return err
	}
	files, err := contentFiles(words)
	if err != nil {
		return err
	}
	p := newProgress(t.err)
	p.doingNow("walking every question of every complaint")
	r := triage.Check(files, time.Now)
	checkJoins(files, &r)
	checkPermissions(&r)
	p.done()
	if *asJSON {
		err = printContentJSON(t, r)
	} else {
		err = printContent(t, r)
	}
	if err == nil && r.Failures > 0 {
		return errNotHold
	}
	return err
}

// checkJoins adds what is wrong with the table of joins, and with the policy on
// homes, to the report.
func checkJoins(files fs.FS, r *triage.Report) {
	set, err := content.Load(files)
	if err != nil {
		return // said already
	}
	if _, err := content.LoadJoins(set); err != nil {
		r.Problems = append(r.Problems, triage.Problem{Property: "joins", Where: "joins.csv", What: err.Error()})
		r.Failures++
	}
	if _, err := content.LoadDisclosure(set); err != nil {
		r.Problems = append(r.Problems, triage.Problem{Property: "disclosure", Where: "disclosure.csv", What: err.Error()})
		r.Failures++
	}
	if _, err := content.LoadDesk(set); err != nil {
		r.Problems = append(r.Problems, triage.Problem{Property: "desks", Where: "desk.csv", What: err.Error()})
		r.Failures++
	}
	if _, err := entry.LoadRules(set); err != nil {
		r.Problems = append(r.Problems, triage.Problem{Property: "homes", Where: "entry.csv", What: err.Error()})
		r.Failures++
	}
}

// checkPermissions adds what is wrong with the permission table, which is part
// of the program and of no folder.
func checkPermissions(r *triage.Report) {
	if _, err := access.InForce(); err != nil {
		r.Problems = append(r.Problems, triage.Problem{Property: "permissions", Where: "access/permissions.csv", What: err.Error()})
		r.Failures++
	}
}

// contentFiles gives the folder that was named, or what the program carries.
func contentFiles(words []string) (fs.FS, error) {
	if len(words) == 1 {
		if info, err := os.Stat(words[0]); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%w: %s is no folder", errUsage, words[0])
		}
		return os.DirFS(words[0]), nil
	}
	return content.ShippedFiles(), nil
}

// printContentJSON prints each problem as a line, and the sums as the last.
func printContentJSON(t term, r triage.Report) error {
	for _, p := range r.Problems {
		if err := printJSON(t.out, p); err != nil {
			return err
		}
	}
	r.Problems = nil
	return printJSON(t.out, r)
}

func printContent(t term, r triage.Report) error {
	for _, p := range r.Problems {
		if _, err := fmt.Fprintln(t.out, p); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(t.out, "%d complaints, %d rules, %d worked cases, %d broken rules caught, %d question states walked in %.1f s: %d failures; %d files are not signed\n",
		r.Complaints, r.Rules, r.Cases, r.Mutations, r.States, r.Seconds, r.Failures, r.Unsigned)
	return err
}
