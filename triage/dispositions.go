package triage

import (
	"strconv"
	"time"

	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact/refusal"
)

// Dx is a disposition code as written in content/dispositions.csv: "Dx05".
type Dx = codes.Dx

// Mode is what a disposition asks the patient or a service to do.
type Mode string

// The modes of content/dispositions.csv.
const (
	ModeAmbulance Mode = "ambulance"
	ModePolice    Mode = "police"
	ModeAttend    Mode = "attend"
	ModeSpeak     Mode = "speak"
	ModeContact   Mode = "contact"
	ModeSelfCare  Mode = "self-care"
	ModeInfo      Mode = "info"
)

// ServiceGroup is the family of services that a disposition is for.
type ServiceGroup string

// The groups of content/dispositions.csv.
const (
	Group999          ServiceGroup = "999"
	GroupED           ServiceGroup = "ed"
	GroupEDDental     ServiceGroup = "ed-dental"
	GroupValidation   ServiceGroup = "validation"
	GroupCallback     ServiceGroup = "clinician-callback"
	GroupPrimaryCare  ServiceGroup = "primary-care"
	GroupDental       ServiceGroup = "dental"
	GroupPharmacy     ServiceGroup = "pharmacy"
	GroupSexualHealth ServiceGroup = "sexual-health"
	GroupMaternity    ServiceGroup = "maternity"
	GroupEye          ServiceGroup = "eye"
	GroupSelfCare     ServiceGroup = "self-care"
	GroupInfo         ServiceGroup = "info"
	GroupCommunity    ServiceGroup = "community"
	GroupRetired      ServiceGroup = "covid-retired"
)

// TimeKind says how a timeframe is counted.
type TimeKind string

// The kinds of timeframe.
const (
	TimeMinutes     TimeKind = "minutes"      // from the moment of the disposition; 0 is at once
	TimeWorkingDays TimeKind = "working_days" // to the end of the nth working day after
	TimeRoutine     TimeKind = "routine"      // no deadline
	TimeAmbulance   TimeKind = "ambulance"    // the clock of the ambulance category
	TimeNone        TimeKind = "none"         // no deadline
)

// Timeframe is one source's time for a disposition.
type Timeframe struct {
	Kind  TimeKind
	Value int
}

// Disposition is one row of content/dispositions.csv.
type Disposition struct {
	Dx       Dx
	Name     string
	Mode     Mode
	Group    ServiceGroup
	Time     Timeframe
	Other    *Timeframe // what another source says; the shorter holds
	Category string     // ambulance category C1 to C4, else ""
	Check    bool       // not confirmed against the official document
	Conflict string     // how sources differ, for people
	Note     string
}

// QueriesDoS tells whether the Directory of Services is ever asked about it:
// never for care at home (Dx38, Dx39, Dx46).
func (d Disposition) QueriesDoS() bool { return d.Mode != ModeSelfCare }

// Dispositions is the disposition table with its clocks.
type Dispositions struct {
	rows     []Disposition
	index    map[Dx]int
	category map[string]int // ambulance category to minutes
	calendar calendar
}

// Lookup finds a code. A code that is not in the table is a refusal of kind
// Missing: the caller shows the code as received and asks a clinician.
func (t *Dispositions) Lookup(dx Dx) (Disposition, error) {
	if i, ok := t.index[dx]; ok {
		return t.rows[i], nil
	}
	return Disposition{}, refusal.Newf(refusal.Missing, "%s is not in this release's list of dispositions", string(dx))
}

// All lists the table in its own order.
func (t *Dispositions) All() []Disposition { return append([]Disposition(nil), t.rows...) }

// Deadline is when a disposition must have been met.
type Deadline struct {
	Due      time.Time // zero when there is none
	Kind     TimeKind  // of the timeframe that holds
	Minutes  int       // of that timeframe, when it counts in minutes
	Category string    // ambulance category whose clock it is; blank on the row counts as C2
	Disputed bool      // sources differ and the shorter was taken
}

// None tells that there is no deadline.
func (d Deadline) None() bool { return d.Due.IsZero() }

// AtOnce tells that it is due from the first moment.
func (d Deadline) AtOnce() bool { return !d.None() && d.Kind == TimeMinutes && d.Minutes == 0 }

// Deadline gives the moment by which a disposition set at from must be met.
// Working days are those of the nation in Europe/London; where two sources
// differ the shorter holds.
func (t *Dispositions) Deadline(dx Dx, from time.Time, nation content.Nation) (Deadline, error) {
	row, err := t.Lookup(dx)
	if err != nil {
		return Deadline{}, err
	}
	first := t.due(row, row.Time, from, nation)
	if row.Other == nil {
		return first, nil
	}
	if other := t.due(row, *row.Other, from, nation); first.None() || !other.None() && other.Due.Before(first.Due) {
		first = other
	}
	first.Disputed = true
	return first, nil
}

func (t *Dispositions) due(row Disposition, f Timeframe, from time.Time, nation content.Nation) Deadline {
	d := Deadline{Kind: f.Kind}
	switch f.Kind {
	case TimeMinutes:
		d.Minutes = f.Value
		d.Due = from.Add(time.Duration(f.Value) * time.Minute)
	case TimeAmbulance:
		d.Category = row.Category
		if d.Category == "" {
			d.Category = "C2"
		}
		d.Minutes = t.category[d.Category]
		d.Due = from.Add(time.Duration(d.Minutes) * time.Minute)
	case TimeWorkingDays:
		d.Due = t.calendar.workingDay(from, f.Value, nation)
	}
	return d
}

func loadDispositions(set *content.Set) (*Dispositions, error) {
	rows, err := set.Table("dispositions.csv", "dx", "name", "mode", "timeframe_kind", "timeframe_value", "other_kind",
		"other_value", "group", "ambulance_category", "check", "conflict", "note")
	if err != nil {
		return nil, err
	}
	t := &Dispositions{index: map[Dx]int{}, category: map[string]int{}}
	for i := range rows.Len() {
		d, err := readDisposition(rows, i)
		if err != nil {
			return nil, err
		}
		if _, twice := t.index[d.Dx]; twice {
			return nil, refusal.Newf(refusal.Invalid, "dispositions.csv lists %s twice", d.Dx)
		}
		t.index[d.Dx] = len(t.rows)
		t.rows = append(t.rows, d)
	}
	if err := t.loadClocks(set); err != nil {
		return nil, err
	}
	return t, nil
}

func readDisposition(rows content.Table, i int) (Disposition, error) {
	cell := func(c string) string { return rows.Cell(i, c) }
	d := Disposition{Dx: Dx(cell("dx")), Name: cell("name"), Mode: Mode(cell("mode")), Group: ServiceGroup(cell("group")),
		Category: cell("ambulance_category"), Check: cell("check") == "yes", Conflict: cell("conflict"), Note: cell("note")}
	if !d.Dx.Sound() {
		return d, refusal.Newf(refusal.Invalid, "dispositions.csv: %q is not a disposition code: Dx and at least two digits", string(d.Dx))
	}
	var err error
	if d.Time, err = readTimeframe(cell("timeframe_kind"), cell("timeframe_value")); err != nil {
		return d, refusal.Newf(refusal.Invalid, "dispositions.csv: %s: %v", d.Dx, err)
	}
	if cell("other_kind") != "" {
		other, err := readTimeframe(cell("other_kind"), cell("other_value"))
		if err != nil {
			return d, refusal.Newf(refusal.Invalid, "dispositions.csv: %s: %v", d.Dx, err)
		}
		d.Other = &other
	}
	return d, nil
}

func readTimeframe(kind, value string) (Timeframe, error) {
	f := Timeframe{Kind: TimeKind(kind)}
	switch f.Kind {
	case TimeRoutine, TimeNone, TimeAmbulance:
		return f, nil
	case TimeMinutes, TimeWorkingDays:
		n, err := strconv.ParseUint(value, 10, 20)
		f.Value = int(n)
		return f, err
	}
	return f, refusal.Newf(refusal.Invalid, "%q is not a kind of timeframe", kind)
}
