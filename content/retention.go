package content

import (
	"slices"
	"strconv"
	"time"

	"holdfast/codes"
	"holdfast/fact/refusal"
)

// RetentionRule says how long a sort of record is kept in one nation. A rule
// proposes; it never erases.
type RetentionRule struct {
	Nation string
	Kind   string // adult, child, mental-health, maternity, call-recording
	Years  int
	From   string // last-contact or birth
	Name   string // as people choose it
	Note   string
}

// Retention reads retention.csv and refuses rows that can't be true.
func Retention(s *Set) ([]RetentionRule, error) {
	const name = "retention.csv"
	t, err := s.Table(name, "nation", "kind", "years", "from", "name", "note")
	if err != nil {
		return nil, err
	}
	var out []RetentionRule
	for i := range t.Len() {
		r := RetentionRule{
			Nation: t.Cell(i, "nation"), Kind: t.Cell(i, "kind"), From: t.Cell(i, "from"), Name: t.Cell(i, "name"), Note: t.Cell(i, "note"),
		}
		if r.Years, err = strconv.Atoi(t.Cell(i, "years")); err != nil {
			return nil, refusal.Newf(refusal.Invalid, "content %s row %d: years is no number", name, i+1)
		}
		if why := r.wrong(out); why != "" {
			return nil, refusal.Newf(refusal.Invalid, "content %s row %d: %s", name, i+1, why)
		}
		out = append(out, r)
	}
	for _, nation := range []string{"England", "Wales", "Scotland", "Northern Ireland"} {
		for _, kind := range retentionKinds() {
			if !slices.ContainsFunc(out, func(r RetentionRule) bool { return r.Nation == nation && r.Kind == kind }) {
				return nil, refusal.Newf(refusal.Invalid, "content %s: no rule for %s in %s", name, kind, nation)
			}
		}
	}
	return out, nil
}

func retentionKinds() []string {
	return []string{"adult", "child", "mental-health", "maternity", "call-recording"}
}

func (r RetentionRule) wrong(before []RetentionRule) string {
	switch {
	case !slices.Contains(retentionKinds(), r.Kind):
		return "kind " + r.Kind + " is not known"
	case r.From != "last-contact" && r.From != "birth":
		return "from " + r.From + " is not known"
	case r.Years < 1 || r.Years > 120:
		return "years is out of reason"
	case r.From == "birth" && r.Kind != "child":
		return "only a child's record is kept from birth"
	case r.Name == "":
		return "it has no name"
	case slices.ContainsFunc(before, func(o RetentionRule) bool { return o.Nation == r.Nation && o.Kind == r.Kind }):
		return "this nation has two rules for " + r.Kind
	}
	return ""
}

// seventeen at the last contact keeps a child's record a year longer.
const seventeen = 17

// Until gives when a person's record falls due for review; false while nobody
// can say, because the birth date that the rule needs is not known.
func (r RetentionRule) Until(born codes.Date, last time.Time) (time.Time, bool) {
	if r.From == "last-contact" {
		return last.AddDate(r.Years, 0, 0), true
	}
	if !born.Full() {
		return time.Time{}, false
	}
	birth := time.Date(born.Year, time.Month(born.Month), born.Day, 0, 0, 0, 0, time.UTC)
	years := r.Years
	if age := last.AddDate(-seventeen, 0, 0); !age.Before(birth) && last.AddDate(-seventeen-1, 0, 0).Before(birth) {
		years++
	}
	return birth.AddDate(years, 0, 0), true
}
