package triage

import (
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"time"

	"holdfast/content"
	"holdfast/triage/sheet"
)

// Problem is one thing that does not hold.
type Problem struct {
	Property string `json:"property"` // P1 to P13, format, words, case or mutation
	Where    string `json:"where"`
	What     string `json:"what"`
}

// String gives the problem as one line.
func (p Problem) String() string { return p.Property + " " + p.Where + ": " + p.What }

// Report is what Check found.
type Report struct {
	Complaints int       `json:"complaints"`
	Rules      int       `json:"rules"`
	Unsigned   int       `json:"unsigned"` // files that no approval covers
	Failures   int       `json:"failures"`
	Seconds    float64   `json:"seconds"`
	Cases      int       `json:"cases"`     // worked cases that were run
	Mutations  int       `json:"mutations"` // broken rules that a case had to catch
	States     int       `json:"states"`    // question states that were walked
	Sampled    []string  `json:"sampled,omitempty"`
	Problems   []Problem `json:"problems,omitempty"`
}

// checker gathers problems.
type checker struct {
	c *Content
	r Report
}

func (k *checker) fail(property, where, format string, args ...any) {
	p := Problem{Property: property, Where: where, What: fmt.Sprintf(format, args...)}
	if !slices.Contains(k.r.Problems, p) {
		k.r.Problems = append(k.r.Problems, p)
	}
}

// Check lints and proves the triage content below the root of fsys, which
// holds the tables and the folder triage: canonical format, the properties P1
// to P3, P5 to P11 and P13 of the specification, wording, every worked case,
// and that every broken rule is caught by one. Small programs are walked
// whole; where a program is too large the report names it under Sampled. now
// is the clock that times the run.
func Check(fsys fs.FS, now func() time.Time) Report {
	began := now()
	k := &checker{}
	k.run(fsys)
	sort.SliceStable(k.r.Problems, func(i, j int) bool { return k.r.Problems[i].Where < k.r.Problems[j].Where })
	k.r.Failures = len(k.r.Problems)
	k.r.Seconds = now().Sub(began).Seconds()
	return k.r
}

func (k *checker) run(fsys fs.FS) {
	set, err := content.Load(fsys)
	if err != nil {
		k.fail("format", "content", "%v", err)
		return
	}
	k.formats(set)
	if k.c, err = Load(set); err != nil {
		k.fail("format", folder, "%v", err)
		return
	}
	decides, words := k.c.paths()
	k.r.Unsigned = set.Unsigned(append(decides, words...)...)
	k.r.Complaints = len(k.c.Complaints())
	if k.r.Complaints == 0 {
		k.fail("P1", folder, "there is no complaint to check")
	}
	for _, id := range k.c.names {
		k.r.Rules += len(k.c.modules[id].Rules)
	}
	k.static()
	if len(k.r.Problems) > 0 {
		return // the rest needs rules that compile
	}
	k.walks()
	k.cases()
}

func (k *checker) formats(set *content.Set) {
	for _, f := range set.Under(folder) {
		l := layout
		switch {
		case strings.HasPrefix(f.Path, langPath+"/"):
			l = langLayout
		case !strings.HasSuffix(f.Path, ending):
			continue
		}
		k.format(l, f)
	}
}

func (k *checker) format(l sheet.Layout, f content.File) {
	want, err := l.Format(f.Bytes)
	if err != nil {
		k.fail("format", f.Path, "%v", err)
		return
	}
	have, canon := strings.Split(string(f.Bytes), "\n"), strings.Split(string(want), "\n")
	for i := range canon {
		if i >= len(have) || have[i] != canon[i] {
			k.fail("format", f.Path, "line %d is not in canonical form; it should read: %s", i+1, canon[i])
			return
		}
	}
	if len(have) != len(canon) {
		k.fail("format", f.Path, "has lines left over after its end")
	}
}
