package triage

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// static checks what can be seen without running a rule.
func (k *checker) static() {
	seen := map[string]string{}
	used := map[string]bool{}
	for _, id := range k.c.names {
		m := k.c.modules[id]
		for _, from := range m.Imports {
			used[from] = true
			if k.c.modules[from] == nil || k.c.modules[from].Complaint {
				k.fail("P2", id, "imports %s, which is not a module", from)
			}
		}
		for i := range m.Facts {
			k.bands(id, &m.Facts[i])
		}
		for i := range m.Rules {
			r := &m.Rules[i]
			if seen[r.ID] != "" || r.ID == "" {
				k.fail("P9", id, "rule id %q is missing, or used in %s too", r.ID, seen[r.ID])
			}
			seen[r.ID] = id
			k.ruleStatic(m, r)
		}
		if m.Complaint {
			k.codes(id, m.SG, 0)
			if !slices.Contains(m.Imports, lifeThreats) {
				k.fail("P11", id, "does not import %s: life threats come first in every call", lifeThreats)
			}
		}
	}
	for _, id := range k.c.names {
		if m := k.c.modules[id]; !m.Complaint && !used[id] {
			k.fail("P2", id, "no complaint imports it")
		}
	}
	for _, id := range k.c.Complaints() {
		for _, rule := range k.c.modules[id].SafetyNet {
			if seen[rule] == "" {
				k.fail("words", id, "safety_net names the rule %s, which does not exist", rule)
			}
		}
	}
	k.outcomeRows()
	k.wordsFor(seen)
}

// lifeThreats runs in every call.
const lifeThreats = "core/abc"

func (k *checker) ruleStatic(m *Module, r *Rule) {
	if r.Cite.Source == "" || r.Cite.Rec == "" {
		k.fail("P9", r.ID, "has no cite with source and section")
	}
	if !regexp.MustCompile(`^H-\d{3}$`).MatchString(r.Hazard) {
		k.fail("P9", r.ID, "has no hazard id like H-101")
	}
	if _, err := k.c.outcomes.mask(r.Then.Skill); err != nil {
		k.fail("P13", r.ID, "%v", err)
	}
	for _, l := range slices.Concat(r.When, r.Any) {
		f, _, err := k.c.resolve(m, l.Fact)
		if err == nil {
			err = checkLiteral(f, l)
		}
		if err != nil {
			k.fail("P2", r.ID, "%v", err)
		}
	}
	k.codes(r.ID, 0, r.Then.SD)
}

var (
	numberBand = regexp.MustCompile(`^\d+(\.\d+)?$`)
	lowBand    = regexp.MustCompile(`^under-(\d+(?:\.\d+)?)$`)
	midBand    = regexp.MustCompile(`^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$`)
	highBand   = regexp.MustCompile(`^(\d+(?:\.\d+)?)-or-more$`)
)

// bands proves P7: numeric bands meet end to end and leave nothing out. Either
// direction may be the better one.
func (k *checker) bands(module string, f *Fact) {
	if f.Unit == "" {
		return
	}
	type span struct{ from, to int64 }
	spans := make([]span, len(f.Bands))
	scale := math.Pow10(decimals(f.Bands))
	for i, b := range f.Bands {
		var s span
		switch {
		case lowBand.MatchString(b):
			s = span{0, scaled(lowBand.FindStringSubmatch(b)[1], scale) - 1}
		case highBand.MatchString(b):
			s = span{scaled(highBand.FindStringSubmatch(b)[1], scale), math.MaxInt64}
		case midBand.MatchString(b):
			parts := midBand.FindStringSubmatch(b)
			s = span{scaled(parts[1], scale), scaled(parts[2], scale)}
		case numberBand.MatchString(b):
			s = span{scaled(b, scale), scaled(b, scale)}
		default:
			k.fail("P7", module+"/"+f.Name, "%q is not a number band: write under-38.0, 38.0-38.9, 39.0-or-more or a number", b)
			return
		}
		spans[i] = s
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.from - b.from) })
	for i, s := range spans {
		next := int64(0)
		if i > 0 {
			next = spans[i-1].to + 1
		}
		if s.from != next || i == len(spans)-1 && s.to != math.MaxInt64 {
			k.fail("P7", module+"/"+f.Name, "its bands overlap or leave a number out")
			return
		}
	}
}

func decimals(bands []string) int {
	n := 0
	for _, part := range regexp.MustCompile(`\.\d+`).FindAllString(strings.Join(bands, " "), -1) {
		n = max(n, len(part)-1)
	}
	return n
}

func scaled(text string, scale float64) int64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return -1 // the pattern admits numbers only
	}
	return int64(math.Round(v * scale))
}

// codes proves the part of P13 that every code is known.
func (k *checker) codes(where string, sg, sd int) {
	rows, err := k.c.set.Table("symptom-groups.csv", "sg", "sd")
	if err != nil {
		k.fail("P13", where, "%v", err)
		return
	}
	knownSG, knownSD := sg == 0, sd == 0
	for i := range rows.Len() {
		knownSG = knownSG || rows.Cell(i, "sg") == strconv.Itoa(sg)
		knownSD = knownSD || rows.Cell(i, "sd") == strconv.Itoa(sd)
	}
	if !knownSG {
		k.fail("P13", where, "symptom group %d is not in symptom-groups.csv", sg)
	}
	if !knownSD {
		k.fail("P13", where, "discriminator %d is not in symptom-groups.csv", sd)
	}
}

// outcomeRows proves P13 for the table: each row names live codes, and no code
// is slower than its level.
func (k *checker) outcomeRows() {
	for _, r := range k.c.outcomes.rows {
		where := "outcomes.csv " + r.level.String() + " " + r.skill + " " + r.transport
		k.codes(where, r.sg, r.sd)
		d, err := k.c.dx.Lookup(r.dx)
		if err != nil || d.Group == GroupRetired {
			k.fail("P13", where, "%s is not a live disposition", r.dx)
			continue
		}
		if !k.c.dx.inTime(d, k.c.levels[r.level]) {
			k.fail("P13", where, "%s comes later than the level promises", r.dx)
		}
	}
}

// inTime tells whether a disposition is as quick as a level.
func (t *Dispositions) inTime(d Disposition, level LevelInfo) bool {
	quick := func(f Timeframe) bool {
		switch level.Kind {
		case TimeNone:
			return true
		case TimeRoutine:
			return f.Kind != TimeNone
		case TimeWorkingDays:
			return f.Kind == TimeWorkingDays && f.Value <= level.Value || f.Kind == TimeMinutes && f.Value <= 1440 || f.Kind == TimeAmbulance
		}
		if f.Kind == TimeAmbulance {
			category := d.Category
			if category == "" {
				category = "C2"
			}
			return t.category[category] <= level.Value
		}
		return f.Kind == TimeMinutes && f.Value <= level.Value
	}
	return quick(d.Time) || d.Other != nil && quick(*d.Other)
}
