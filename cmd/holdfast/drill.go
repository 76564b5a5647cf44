package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast/incident"
	"holdfast/journal"
	"holdfast/sim/drill"
)

// drillCommand lists drills, or rehearses those that are named.
func drillCommand(ctx context.Context, t term, args []string) error {
	f := flags("drill")
	all, asJSON, seed := f.Bool("all", false, ""), f.Bool("json", false, ""), f.Uint64("seed", 1, "")
	record, temp := f.String("record", "", ""), f.String("temp", "", "")
	words, err := parse(f, args, 0, len(drill.Drills())+1)
	if err != nil {
		return err
	}
	if len(words) == 1 && words[0] == "list" {
		return listDrills(t, *asJSON)
	}
	if *all == (len(words) > 0) {
		return fmt.Errorf("%w: name drills, or say --all", errUsage)
	}
	chosen := drill.Drills()
	if !*all {
		if chosen, err = drill.Find(words); err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
	}
	p, err := thisProgram()
	if err != nil {
		return err
	}
	return rehearse(ctx, t, chosen, p, drillRun{seed: *seed, json: *asJSON, record: *record, temp: *temp})
}

// drillRun is how drills are rehearsed.
type drillRun struct {
	seed   uint64
	json   bool
	record string
	temp   string
}

func thisProgram() (drill.Program, error) {
	exe, err := os.Executable()
	return drill.Program{Path: exe}, err
}

func listDrills(t term, asJSON bool) error {
	for _, d := range drill.Drills() {
		var err error
		if asJSON {
			err = printJSON(t.out, struct {
				Number   int    `json:"number"`
				Drill    string `json:"drill"`
				About    string `json:"about"`
				Hazard   string `json:"hazard"`
				Expected string `json:"expected"`
			}{d.Number, d.Name, d.About, d.Hazard, d.Expected})
		} else {
			_, err = fmt.Fprintf(t.out, "%2d  %-10s %s\n", d.Number, d.Name, d.About)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rehearse runs the drills one after another. It goes on after one that does
// not pass, and fails at the end.
func rehearse(ctx context.Context, t term, all []drill.Drill, p drill.Program, r drillRun) error {
	if r.record != "" && !journal.Here(r.record) {
		return fmt.Errorf("%w: --record: there is no journal in %s", errUsage, r.record)
	}
	var results []drill.Result
	passed := true
	for _, d := range all {
		fmt.Fprintf(t.err, "drill %d, %s: %s\n", d.Number, d.Name, d.About)
		one := drill.Rehearse(ctx, d, p, r.seed, r.temp)
		if ctx.Err() != nil {
			return ctx.Err() // stopped by a person: nothing is said of it
		}
		results = append(results, one)
		passed = passed && one.Pass
		if r.json {
			if err := printJSON(t.out, one); err != nil {
				return err
			}
		}
		if r.record != "" {
			if err := recordDrill(r.record, d, one, time.Now()); err != nil {
				return err
			}
		}
	}
	if !r.json {
		if err := drillTable(t, results); err != nil {
			return err
		}
	}
	if !passed {
		return errNotHold
	}
	return nil
}

func drillTable(t term, all []drill.Result) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "drill\tpassed\tseconds\tseen")
	for _, r := range all {
		verdict := "yes"
		if !r.Pass {
			verdict = "NO"
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%s\n", r.Drill, verdict, r.Seconds, strings.ReplaceAll(r.Seen, "\n", " "))
	}
	return w.Flush()
}

// recordDrill puts one result among the last ones of a data folder, where the
// page of rehearsals reads them.
func recordDrill(dir string, d drill.Drill, r drill.Result, at time.Time) error {
	path := filepath.Join(dir, incident.RehearsalsFile)
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all, err := incident.ReadRehearsals(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	all = incident.Latest(all, incident.Rehearsal{
		Number: d.Number, Name: d.Name, About: d.About, Hazard: d.Hazard, Expected: r.Expected, At: at.UTC(),
		Seed: r.Seed, Pass: r.Pass, Seen: r.Seen, Seconds: r.Seconds, Figures: r.Figures,
	})
	raw, err = json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return (journal.Disk{}).Replace(path, append(raw, '\n'))
}

// drillHelperCommand is a part of a drill in a process of its own.
func drillHelperCommand(ctx context.Context, t term, args []string) error {
	return drill.RunHelper(ctx, args, os.Stdin, t.out)
}
