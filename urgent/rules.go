package urgent

import (
	"fmt"
	"strconv"
	"time"

	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/triage"
)

// Rules is the reviewed content that cases are worked by. It is read once and
// never changed.
type Rules struct {
	Triage   *triage.Content
	Nation   content.Nation
	levels   []levelRow
	valid    map[codes.Dx]codes.Dx // code to the code under which a clinician validates it
	unknown  codes.Dx              // what a code that is not in the table becomes
	Threats  map[string]ThreatRow
	Outcomes []OutcomeRow
	Needs    []NeedRow
	Silent   map[codes.Dx]string // no report to the GP, and why
	Urgent   []PriorityRow
	ReportBy Clock
	Placing  time.Duration // how long a call handler has for finding a service before others take the case
	Receipt  time.Duration // how long a receipt may take before somebody rings
	Joins    *content.Joins
	Paper    PaperRules
	Repeat   RepeatRule
	Plans    *record.Plans
	Children *record.Children
	Phone    PhoneRules
	Queue    QueueRules
	Letters  LetterRules
	Forms    FormRules

	reportsItself map[string]bool // by type of service
}

// ThreatRow is one line of content/urgent/life-threats.csv.
type ThreatRow struct {
	Key, Category, Instruction, Why string
	Dx                              codes.Dx
}

// OutcomeRow is one line of content/urgent/outcomes.csv.
type OutcomeRow struct {
	Key, Name string
	SafetyNet bool   // must be given before it can be set
	Action    string // what the GP is asked to do, to begin with
	Ambulance string // the life-threat key that is requested with it
}

// NeedRow says how the worklist names what a disposition needs.
type NeedRow struct{ Group, Mode, Needs, Filter string }

// PriorityRow gives a priority to dispositions of at most so many minutes.
type PriorityRow struct {
	Within   time.Duration
	Priority string
}

// Clock is a time of day.
type Clock struct{ Hour, Minute int }

// levelRow gives the level of dispositions of one kind of clock.
type levelRow struct {
	kind  string
	most  int
	level triage.Level
}

// LoadRules reads the tables of content/urgent.
func LoadRules(set *content.Set, questions *triage.Content) (*Rules, error) {
	r := &Rules{Triage: questions, Threats: map[string]ThreatRow{}, Silent: map[codes.Dx]string{}, valid: map[codes.Dx]codes.Dx{}}
	for _, load := range []func(*content.Set) error{
		r.loadSettings, r.loadLevels, r.loadThreats, r.loadOutcomes, r.loadNeeds, r.loadSilent, r.loadPriorities, r.loadValidations, r.loadQueue,
		r.loadPaper,
		r.loadRepeat, r.loadKnown,
		r.loadTelephone,
		r.loadLetters, r.loadForms, r.loadReporters,
	} {
		if err := load(set); err != nil {
			return nil, err
		}
	}
	var err error
	r.Joins, err = content.LoadJoins(set)
	return r, err
}

func (r *Rules) loadLevels(set *content.Set) error {
	t, err := set.Table("urgent/dx-levels.csv", "kind", "most", "level")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		level, err := triage.ParseLevel(t.Cell(i, "level"))
		if err != nil {
			return err
		}
		most, err := strconv.Atoi(t.Cell(i, "most"))
		if err != nil {
			return fmt.Errorf("dx-levels: %w", err)
		}
		r.levels = append(r.levels, levelRow{t.Cell(i, "kind"), most, level})
	}
	for _, d := range r.Triage.Dispositions().All() {
		if _, err := r.disposition(d.Dx, time.Unix(0, 0)); err != nil {
			return fmt.Errorf("dx-levels: %s has no level: %w", d.Dx, err)
		}
	}
	return nil
}

func (r *Rules) loadValidations(set *content.Set) error {
	t, err := set.Table("urgent/validations.csv", "dx", "validation")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		r.valid[codes.Dx(t.Cell(i, "dx"))] = codes.Dx(t.Cell(i, "validation"))
	}
	return nil
}

func (r *Rules) loadThreats(set *content.Set) error {
	t, err := set.Table("urgent/life-threats.csv", "key", "category", "dx", "instruction", "why")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		row := ThreatRow{
			Key: t.Cell(i, "key"), Category: t.Cell(i, "category"), Dx: codes.Dx(t.Cell(i, "dx")),
			Instruction: t.Cell(i, "instruction"), Why: t.Cell(i, "why"),
		}
		if _, ok := r.Code(row.Dx); !ok {
			return fmt.Errorf("life-threats: %s is not in the disposition table", row.Dx)
		}
		r.Threats[row.Key] = row
	}
	for _, key := range []string{"arrest", "breathing", "not-awake", "bleeding", "unsaid"} {
		if _, ok := r.Threats[key]; !ok {
			return fmt.Errorf("life-threats: row %q is missing", key)
		}
	}
	return nil
}

func (r *Rules) loadOutcomes(set *content.Set) error {
	t, err := set.Table("urgent/outcomes.csv", "key", "name", "safety_net", "action", "ambulance")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		row := OutcomeRow{
			Key: t.Cell(i, "key"), Name: t.Cell(i, "name"), SafetyNet: t.Cell(i, "safety_net") == "yes",
			Action: t.Cell(i, "action"), Ambulance: t.Cell(i, "ambulance"),
		}
		if _, ok := r.Threats[row.Ambulance]; row.Ambulance != "" && !ok {
			return fmt.Errorf("outcomes: %s names an unknown life threat", row.Key)
		}
		r.Outcomes = append(r.Outcomes, row)
	}
	return nil
}

func (r *Rules) loadNeeds(set *content.Set) error {
	t, err := set.Table("urgent/needs.csv", "group", "mode", "needs", "filter")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		r.Needs = append(r.Needs, NeedRow{t.Cell(i, "group"), t.Cell(i, "mode"), t.Cell(i, "needs"), t.Cell(i, "filter")})
	}
	return nil
}

func (r *Rules) loadSilent(set *content.Set) error {
	t, err := set.Table("urgent/no-report.csv", "dx", "why")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		r.Silent[codes.Dx(t.Cell(i, "dx"))] = t.Cell(i, "why")
	}
	return nil
}

func (r *Rules) loadPriorities(set *content.Set) error {
	t, err := set.Table("urgent/priorities.csv", "within_minutes", "priority")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		n, err := strconv.Atoi(t.Cell(i, "within_minutes"))
		if err != nil {
			return fmt.Errorf("priorities: %w", err)
		}
		r.Urgent = append(r.Urgent, PriorityRow{time.Duration(n) * time.Minute, t.Cell(i, "priority")})
	}
	return nil
}

func (r *Rules) loadSettings(set *content.Set) error {
	t, err := set.Table("urgent/settings.csv", "setting", "value")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		value := t.Cell(i, "value")
		switch t.Cell(i, "setting") {
		case "report_by":
			at, err := time.Parse("15:04", value)
			if err != nil {
				return fmt.Errorf("settings: %w", err)
			}
			r.ReportBy = Clock{at.Hour(), at.Minute()}
		case "receipt_within":
			if r.Receipt, err = time.ParseDuration(value); err != nil {
				return fmt.Errorf("settings: %w", err)
			}
		case "placing_within":
			if r.Placing, err = time.ParseDuration(value); err != nil {
				return fmt.Errorf("settings: %w", err)
			}
		case "unknown_dx":
			r.unknown = codes.Dx(value)
		case "nation":
			r.Nation = content.Nation(value)
		}
	}
	if _, ok := r.Code(r.unknown); !ok || r.ReportBy == (Clock{}) || r.Receipt == 0 || r.Nation == "" {
		return fmt.Errorf("settings: report_by, receipt_within, nation and an unknown_dx of the table are needed")
	}
	return nil
}

// Code finds a disposition code in the table in force.
func (r *Rules) Code(dx codes.Dx) (triage.Disposition, bool) {
	d, err := r.Triage.Dispositions().Lookup(dx)
	return d, err == nil
}

// disposition drafts what a code means when its clock starts at from.
func (r *Rules) disposition(dx codes.Dx, from time.Time) (DispositionSet, error) {
	row, ok := r.Code(dx)
	if !ok {
		return DispositionSet{}, refusal.Newf(refusal.Invalid, "%s is not in the disposition table in force.", dx)
	}
	due, err := r.Triage.Dispositions().Deadline(row.Dx, from, r.Nation)
	if err != nil {
		return DispositionSet{}, err
	}
	d := DispositionSet{Dx: dx, From: fact.At(from)}
	if !due.None() {
		d.Due = fact.At(due.Due)
	}
	kind, value := string(due.Kind), due.Minutes
	switch {
	case due.Kind == triage.TimeAmbulance:
		kind, value = due.Category, 0
	case due.Kind == triage.TimeWorkingDays && row.Time.Kind == triage.TimeWorkingDays:
		value = row.Time.Value
	case due.Kind == triage.TimeWorkingDays: // another source's shorter time holds
		value = row.Other.Value
	case row.Mode == triage.ModeSelfCare:
		kind, value = "self-care", 0
	}
	for _, l := range r.levels {
		if l.kind == kind && value <= l.most {
			d.Level = l.level
			return d, nil
		}
	}
	return DispositionSet{}, refusal.Newf(refusal.Invalid, "%s has no level in the table in force.", dx)
}

// Outcome finds a row of the outcome table.
func (r *Rules) Outcome(key string) (OutcomeRow, bool) {
	for _, o := range r.Outcomes {
		if o.Key == key {
			return o, true
		}
	}
	return OutcomeRow{}, false
}

// Need names what a disposition needs: words for the row, and the filter
// under which it is found.
func (r *Rules) Need(dx codes.Dx) (needs, filter string) {
	row, ok := r.Code(dx)
	for _, n := range r.Needs {
		if ok && (n.Group == string(row.Group) || n.Group == "*") && (n.Mode == string(row.Mode) || n.Mode == "*") {
			return n.Needs, n.Filter
		}
	}
	return "Look at it", "other"
}

// Priority gives P1, P2 or P3 for a disposition.
func (r *Rules) Priority(d DispositionSet) string {
	if d.Due == 0 {
		return r.Urgent[len(r.Urgent)-1].Priority
	}
	for _, p := range r.Urgent {
		if d.Due.Time().Sub(d.From.Time()) <= p.Within {
			return p.Priority
		}
	}
	return r.Urgent[len(r.Urgent)-1].Priority
}
