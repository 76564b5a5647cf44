package triage

import (
	"strconv"

	"holdfast/content"
	"holdfast/fact/refusal"
)

const (
	ambulance = "ambulance"
	anySkill  = "any"
	maxSkills = 32
)

// outcomeRow maps (level, skill, transport) to codes.
type outcomeRow struct {
	level     Level
	skill     string
	skillBit  uint32 // 0 for any
	transport string // ambulance, none or any
	dx        Dx
	sg, sd    int
}

func (r *outcomeRow) fits(skills uint32, transport bool) bool {
	if r.skillBit != 0 && skills&r.skillBit == 0 {
		return false
	}
	return r.transport == "any" || transport == (r.transport == ambulance)
}

// outcomeTable is content/outcomes.csv: inside a level the first row that fits
// is taken, so its order is the rank of skills.
type outcomeTable struct {
	rows   []outcomeRow
	from   [levelCount + 1]int // rows of level l are rows[from[l]:from[l+1]]
	skills []string            // bit i is skills[i]
}

// pick gives the index of the row for what was joined. Every level ends in a
// row that fits, which loading has checked.
func (t *outcomeTable) pick(level Level, skills uint32, transport bool) int {
	for i := t.from[level]; i < t.from[level+1]; i++ {
		if t.rows[i].fits(skills, transport) {
			return i
		}
	}
	return t.from[level+1] - 1
}

func (t *outcomeTable) bit(skill string) (uint32, error) {
	for i, s := range t.skills {
		if s == skill {
			return 1 << i, nil
		}
	}
	return 0, refusal.Newf(refusal.Invalid, "the skill %q has no row in outcomes.csv", skill)
}

func (t *outcomeTable) mask(skills []string) (uint32, error) {
	var m uint32
	for _, s := range skills {
		b, err := t.bit(s)
		if err != nil {
			return 0, err
		}
		m |= b
	}
	return m, nil
}

func loadOutcomes(set *content.Set) (*outcomeTable, error) {
	rows, err := set.Table("outcomes.csv", "level", "skill", "transport", "dx", "sg", "sd")
	if err != nil {
		return nil, err
	}
	t := &outcomeTable{}
	for i := range rows.Len() {
		r, err := t.read(rows, i)
		if err != nil {
			return nil, err
		}
		if i > 0 && r.level < t.rows[i-1].level {
			return nil, refusal.Newf(refusal.Invalid, "outcomes.csv: the rows of %s must stand together, in order", r.level)
		}
		t.rows = append(t.rows, r)
		for l := r.level + 1; l <= levelCount; l++ {
			t.from[l] = i + 1
		}
	}
	for l := L0; l < levelCount; l++ {
		for _, transport := range []bool{false, true} {
			if t.from[l] == t.from[l+1] || !t.rows[t.pick(l, 0, transport)].fits(0, transport) {
				return nil, refusal.Newf(refusal.Invalid, "outcomes.csv: %s has no row for any skill, with and without an ambulance", l)
			}
		}
	}
	return t, nil
}

func (t *outcomeTable) read(rows content.Table, i int) (outcomeRow, error) {
	r := outcomeRow{skill: rows.Cell(i, "skill"), transport: rows.Cell(i, "transport"), dx: Dx(rows.Cell(i, "dx"))}
	var err error
	if r.level, err = ParseLevel(rows.Cell(i, "level")); err != nil {
		return r, err
	}
	if r.transport != ambulance && r.transport != "none" && r.transport != "any" {
		return r, refusal.Newf(refusal.Invalid, "outcomes.csv: transport is ambulance, none or any, not %q", r.transport)
	}
	var err1, err2 error
	r.sg, err1 = strconv.Atoi(rows.Cell(i, "sg"))
	r.sd, err2 = strconv.Atoi(rows.Cell(i, "sd"))
	if err1 != nil || err2 != nil {
		return r, refusal.Newf(refusal.Invalid, "outcomes.csv: %s %s needs a symptom group and discriminator", r.level, r.skill)
	}
	if r.skill == anySkill {
		return r, nil
	}
	if r.skillBit, err = t.bit(r.skill); err != nil {
		if len(t.skills) == maxSkills {
			return r, refusal.Newf(refusal.Invalid, "outcomes.csv names more than %d skills", maxSkills)
		}
		r.skillBit = 1 << len(t.skills)
		t.skills = append(t.skills, r.skill)
	}
	return r, nil
}

func loadLevels(set *content.Set) ([levelCount]LevelInfo, error) {
	var out [levelCount]LevelInfo
	rows, err := set.Table("levels.csv", "level", "kind", "value", "red_flag", "name")
	if err != nil {
		return out, err
	}
	for i := range rows.Len() {
		l, err := ParseLevel(rows.Cell(i, "level"))
		if err != nil {
			return out, err
		}
		f, err := readTimeframe(rows.Cell(i, "kind"), rows.Cell(i, "value"))
		if err != nil {
			return out, err
		}
		out[l] = LevelInfo{Level: l, Kind: f.Kind, Value: f.Value, RedFlag: rows.Cell(i, "red_flag") == "yes", Name: rows.Cell(i, "name")}
	}
	for l, info := range out {
		if info.Name == "" {
			return out, refusal.Newf(refusal.Invalid, "levels.csv has no row for %s", Level(l))
		}
	}
	return out, nil
}
