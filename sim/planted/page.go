package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// say tells what became of one bug as soon as it is known.
func (b bench) say(r result) {
	if r.err != nil {
		fmt.Fprintf(b.out, "%02d %s: NOT CAUGHT: %v\n", r.number, r.name, r.err)
	} else {
		fmt.Fprintf(b.out, "%02d %s: caught (%.1f s)\n", r.number, r.name, r.took.Seconds())
	}
	if b.verbose && r.said != "" {
		fmt.Fprintln(b.out, r.said)
	}
}

// table prints bug, catcher and time.
func table(out io.Writer, all []result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nbug\tcatcher\thazard\tseconds")
	for _, r := range all {
		seconds := fmt.Sprintf("%.1f", r.took.Seconds())
		if r.err != nil {
			seconds = "NOT CAUGHT"
		}
		fmt.Fprintf(w, "%02d %s\t%s\t%s\t%s\n", r.number, r.name, r.by, r.hazard, seconds)
	}
	w.Flush()
}

const pageHead = `# Planted bugs

A test that cannot fail proves nothing. So bugs are planted on purpose, each of a kind that would lose, change or hide somebody's record, and each must be caught by the test that is named beside it: the test passes without the bug and fails with it. ` + "`make selftest`" + ` plants them all and writes this page; ` + "`go run ./sim/planted -only NAME -v`" + ` plants one and shows what its test says.

The bugs are patches in ` + "`sim/planted/`" + `. They are applied to copies, and the copies take the place of the real files in one build (` + "`go build -overlay`" + `): no file of the tree is changed and no switch ships. A patch that no longer applies, a bug that does not build, a test that is missing, hangs or crashes without failing: each of these fails the run, as does a bug that survives.

## To add one

1. Make the smallest change to one file that breaks one promise, and build. A bug that the compiler refuses, or that nobody could make, is none.
2. ` + "`git diff > sim/planted/NN-name.patch`" + ` with the next number, then ` + "`git checkout`" + ` the file.
3. Add its line to ` + "`sim/planted/planted.csv`" + `: number, name, the bug in plain words, package and test that catch it (or ` + "`drill`" + ` and a drill), the hazard it brings about (` + "`docs/safety/hazards.md`" + `).
4. ` + "`go run ./sim/planted -only name -v`" + `. If it survives, the missing test is the finding: write it, in the package whose promise it is.
5. ` + "`make selftest`" + `, and commit this page with the rest.

When a change of the program makes a patch not apply, plant the same bug anew in the new code and keep its number. ` + "`go test ./sim/planted`" + ` tells at once which patches do not apply.

## The bugs

| no. | the bug | in | caught by | hazard | seconds |
|---|---|---|---|---|---|
`

// page is docs/planted.md.
func page(all []result) []byte {
	var b bytes.Buffer
	b.WriteString(pageHead)
	for _, r := range all {
		fmt.Fprintf(&b, "| %02d | %s | %s | %s | %s | %.0f |\n",
			r.number, r.what, strings.Join(r.changes, ", "), r.by, r.hazard, max(1, r.took.Seconds()))
	}
	return b.Bytes()
}
