package urgent

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/task"
)

// QueueRules is the reviewed content by which the queue is worked.
type QueueRules struct {
	Times     []ValidationTime
	First     map[codes.Dx]codes.Dx      // what goes when a sender gives the code of validation alone
	Never     map[codes.Dx]string        // why an outcome never goes by itself
	CallBacks map[codes.Dx]time.Duration // immediate ones; the others have the time of their code
	Comfort   map[string]ComfortRow      // by priority
	Tries     []time.Duration            // how long each attempt comes after the one before
	Steps     []StepRow                  // what follows when nobody is reached, in order
	Next      map[access.Role][]string   // what "take next" gives a role: filters, * for every one
}

// ValidationTime is one line of content/urgent/validation-times.csv.
type ValidationTime struct {
	As     codes.Dx
	Nation content.Nation // * for every other
	Within time.Duration
	Goes   Goes
	Phone  bool // outcomes of phone calls are held too
}

// ComfortRow says when somebody who waits is rung: so long before the breach,
// then again and again.
type ComfortRow struct{ Before, Every time.Duration }

// StepRow is one line of content/urgent/no-contact.csv.
type StepRow struct {
	Key, Name, Task string
	List            task.List
	Outcome         string // the case ends with it; empty: it goes on
}

func (r *Rules) loadQueue(set *content.Set) error {
	r.Queue = QueueRules{
		First: map[codes.Dx]codes.Dx{}, Never: map[codes.Dx]string{}, CallBacks: map[codes.Dx]time.Duration{}, Comfort: map[string]ComfortRow{}, Next: map[access.Role][]string{},
	}
	for _, load := range []func(*content.Set) error{
		r.loadValidationTimes, r.loadNever, r.loadCallBacks, r.loadComfort, r.loadAttempts, r.loadSteps, r.loadNext,
	} {
		if err := load(set); err != nil {
			return err
		}
	}
	return nil
}

// minutesOf reads whole minutes from least to most.
func minutesOf(where, cell string, least, most int) (time.Duration, error) {
	n, err := strconv.Atoi(cell)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s: %q must be minutes from %d to %d", where, cell, least, most)
	}
	return time.Duration(n) * time.Minute, nil
}

func (r *Rules) loadValidationTimes(set *content.Set) error {
	t, err := set.Table("urgent/validation-times.csv", "validation", "nation", "minutes", "kind", "phone")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		row := ValidationTime{As: codes.Dx(t.Cell(i, "validation")), Nation: content.Nation(t.Cell(i, "nation")), Goes: Goes(t.Cell(i, "kind")), Phone: t.Cell(i, "phone") == "yes"}
		if row.Within, err = minutesOf("validation-times", t.Cell(i, "minutes"), 1, 240); err != nil {
			return err
		}
		if row.Goes != AmbulanceGoes && row.Goes != PatientGoes {
			return fmt.Errorf("validation-times: %s must be of the kind ambulance or ed", row.As)
		}
		if _, ok := r.Code(row.As); !ok {
			return fmt.Errorf("validation-times: %s is not in the disposition table", row.As)
		}
		r.Queue.Times = append(r.Queue.Times, row)
	}
	if err := r.loadFirst(set); err != nil {
		return err
	}
	for dx, as := range r.valid {
		if _, ok := r.validationTime(as); !ok {
			return fmt.Errorf("validation-times: %s, under which %s is validated, has no line for %s", as, dx, r.Nation)
		}
		if _, ok := r.Code(dx); !ok {
			return fmt.Errorf("validations: %s is not in the disposition table", dx)
		}
	}
	return nil
}

// loadFirst keeps the first code of the table of validations under each code of
// validation.
func (r *Rules) loadFirst(set *content.Set) error {
	t, err := set.Table("urgent/validations.csv", "dx", "validation")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		if as := codes.Dx(t.Cell(i, "validation")); r.Queue.First[as] == "" {
			r.Queue.First[as] = codes.Dx(t.Cell(i, "dx"))
		}
	}
	return nil
}

// validationTime finds the line of a code for this nation.
func (r *Rules) validationTime(as codes.Dx) (ValidationTime, bool) {
	for _, nation := range []content.Nation{r.Nation, "*"} {
		for _, row := range r.Queue.Times {
			if row.As == as && row.Nation == nation {
				return row, true
			}
		}
	}
	return ValidationTime{}, false
}

func (r *Rules) loadNever(set *content.Set) error {
	t, err := set.Table("urgent/validation-never.csv", "dx", "why")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		dx := codes.Dx(t.Cell(i, "dx"))
		if t.Cell(i, "why") == "" {
			return fmt.Errorf("validation-never: say why %s never goes by itself", dx)
		}
		if _, ok := r.Code(dx); !ok {
			return fmt.Errorf("validation-never: %s is not in the disposition table", dx)
		}
		r.Queue.Never[dx] = t.Cell(i, "why")
	}
	return nil
}

func (r *Rules) loadCallBacks(set *content.Set) error {
	t, err := set.Table("urgent/callbacks.csv", "dx", "minutes")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		dx := codes.Dx(t.Cell(i, "dx"))
		if _, ok := r.Code(dx); !ok {
			return fmt.Errorf("callbacks: %s is not in the disposition table", dx)
		}
		if r.Queue.CallBacks[dx], err = minutesOf("callbacks", t.Cell(i, "minutes"), 1, 240); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rules) loadComfort(set *content.Set) error {
	t, err := set.Table("urgent/comfort.csv", "priority", "before_minutes", "every_minutes")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		var row ComfortRow
		if row.Before, err = minutesOf("comfort", t.Cell(i, "before_minutes"), 0, 600); err != nil {
			return err
		}
		if row.Every, err = minutesOf("comfort", t.Cell(i, "every_minutes"), 5, 600); err != nil {
			return err
		}
		r.Queue.Comfort[t.Cell(i, "priority")] = row
	}
	for _, p := range r.Urgent {
		if _, ok := r.Queue.Comfort[p.Priority]; !ok {
			return fmt.Errorf("comfort: priority %s has no line", p.Priority)
		}
	}
	return nil
}

func (r *Rules) loadAttempts(set *content.Set) error {
	t, err := set.Table("urgent/attempts.csv", "attempt", "after_minutes")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		if t.Cell(i, "attempt") != strconv.Itoa(i+1) {
			return fmt.Errorf("attempts: the lines must be numbered from 1")
		}
		after, err := minutesOf("attempts", t.Cell(i, "after_minutes"), 0, 600)
		if err != nil {
			return err
		}
		r.Queue.Tries = append(r.Queue.Tries, after)
	}
	if len(r.Queue.Tries) == 0 {
		return fmt.Errorf("attempts: at least one line is needed")
	}
	return nil
}

func (r *Rules) loadSteps(set *content.Set) error {
	t, err := set.Table("urgent/no-contact.csv", "key", "name", "task", "list", "outcome")
	if err != nil {
		return err
	}
	ends := false
	for i := range t.Len() {
		row := StepRow{Key: t.Cell(i, "key"), Name: t.Cell(i, "name"), Task: t.Cell(i, "task"), List: task.List(t.Cell(i, "list")), Outcome: t.Cell(i, "outcome")}
		if row.Task != "" && !slices.Contains(task.Lists(), row.List) {
			return fmt.Errorf("no-contact: %s: %q is nobody's list", row.Key, row.List)
		}
		if _, ok := r.Outcome(row.Outcome); row.Outcome != "" && !ok {
			return fmt.Errorf("no-contact: %s: %q is no outcome", row.Key, row.Outcome)
		}
		if (row.Task == "") == (row.Outcome == "") {
			return fmt.Errorf("no-contact: %s asks for a task or ends the case", row.Key)
		}
		ends = ends || row.Outcome != ""
		r.Queue.Steps = append(r.Queue.Steps, row)
	}
	if !ends {
		return fmt.Errorf("no-contact: one step must say how a case ends")
	}
	return nil
}

func (r *Rules) loadNext(set *content.Set) error {
	t, err := set.Table("urgent/take-next.csv", "role", "filter")
	if err != nil {
		return err
	}
	known := []string{"*"}
	for _, n := range r.Needs {
		known = append(known, n.Filter)
	}
	for i := range t.Len() {
		role, filter := access.Role(t.Cell(i, "role")), t.Cell(i, "filter")
		if !slices.Contains(access.Roles(), role) || !slices.Contains(known, filter) {
			return fmt.Errorf("take-next: %q and %q must be a role and a filter of the worklist", role, filter)
		}
		r.Queue.Next[role] = append(r.Queue.Next[role], filter)
	}
	if !slices.Contains(r.Queue.Next[access.Clinician], "*") {
		return fmt.Errorf("take-next: a clinician must be given every case")
	}
	return nil
}

// MayBeNext tells whether "take next" gives a case of this filter to a role.
func (r *Rules) MayBeNext(role access.Role, filter string) bool {
	given := r.Queue.Next[role]
	return slices.Contains(given, "*") || slices.Contains(given, filter)
}

// Step finds what is done when nobody is reached.
func (r *Rules) Step(key string) (StepRow, bool) {
	i := slices.IndexFunc(r.Queue.Steps, func(s StepRow) bool { return s.Key == key })
	if i < 0 {
		return StepRow{}, false
	}
	return r.Queue.Steps[i], true
}

// endsUnreached tells whether an outcome says that nobody was reached.
func (r *Rules) endsUnreached(outcome string) bool {
	return slices.ContainsFunc(r.Queue.Steps, func(s StepRow) bool { return s.Outcome != "" && s.Outcome == outcome })
}
