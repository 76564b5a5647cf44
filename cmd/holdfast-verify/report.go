package main

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// finding is one thing and its place in the export.
type finding struct {
	Place string `json:"place"`
	What  string `json:"what"`
}

// mostFindings bounds each list; More counts the rest.
const mostFindings = 1000

type findings struct {
	List []finding `json:"list"`
	More int       `json:"more"`
}

func (f *findings) add(place, what string, args ...any) {
	if len(f.List) >= mostFindings {
		f.More++
		return
	}
	f.List = append(f.List, finding{place, fmt.Sprintf(what, args...)})
}

func (f *findings) count() int { return len(f.List) + f.More }

// report is what an inspection found. Failures and Missing decide whether it
// holds. Evidence speaks about devices (a fork that both branches' signatures
// prove), not about the export. NotOpened was looked at from outside only.
type report struct {
	Export       string   `json:"export"`
	Holds        bool     `json:"holds"`
	Organisation string   `json:"organisation"`
	Name         string   `json:"name"`
	Taken        int64    `json:"taken"`
	Facts        int      `json:"facts"`
	Opened       int      `json:"opened"`
	Branches     int      `json:"branches"`
	Heads        int      `json:"heads"`
	Papers       int      `json:"papers"`
	Wraps        int      `json:"wraps"`
	Receipts     int      `json:"receipts"`
	Attachments  int      `json:"attachments"`
	Failures     findings `json:"failures"`
	Missing      findings `json:"missing"`
	Evidence     findings `json:"evidence"`
	NotOpened    findings `json:"notOpened"`
}

func (r *report) fail(place, what string, args ...any) { r.Failures.add(place, what, args...) }

func (r *report) holds() bool { return r.Failures.count() == 0 && r.Missing.count() == 0 }

func (r *report) print(w io.Writer, asJSON bool) error {
	r.Holds = r.holds()
	if asJSON {
		for _, f := range []*findings{&r.Failures, &r.Missing, &r.Evidence, &r.NotOpened} {
			if f.List == nil {
				f.List = []finding{}
			}
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", line)
		return err
	}
	return r.printText(w)
}

func (r *report) printText(w io.Writer) error {
	verdict := "all holds"
	if !r.Holds {
		verdict = "NOT all holds"
	}
	_, err := fmt.Fprintf(w, "%s: %s\norganisation %s %s\n%d facts (%d opened), %d branches, %d heads, %d papers, %d key wraps, %d receipts, %d attachments\n",
		r.Export, verdict, r.Organisation, clean(r.Name), r.Facts, r.Opened, r.Branches, r.Heads, r.Papers, r.Wraps, r.Receipts, r.Attachments)
	for _, part := range []struct {
		title string
		of    findings
	}{{"does not hold", r.Failures}, {"missing", r.Missing}, {"evidence", r.Evidence}, {"not opened", r.NotOpened}} {
		for _, f := range part.of.List {
			if err == nil {
				_, err = fmt.Fprintf(w, "%s: %s: %s\n", part.title, f.Place, f.What)
			}
		}
		if part.of.More > 0 && err == nil {
			_, err = fmt.Fprintf(w, "%s: and %d more\n", part.title, part.of.More)
		}
	}
	return err
}

// clean keeps a name from the export from steering the terminal.
func clean(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == utf8.RuneError {
			r = '?'
		}
		out = append(out, r)
	}
	return string(out)
}

// appendText writes text as JSON.
func appendText(out []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // text is always JSON
	}
	return append(out, b...)
}
