package record

import (
	"slices"
	"strings"

	"holdfast/content"
	"holdfast/fact/refusal"
)

// nicknamesPath is the table of first names and their everyday forms.
const nicknamesPath = "nicknames.csv"

// The most that one first name widens a search to, and the longest table.
const (
	mostForms     = 24
	mostNicknames = 5000
)

// Nicknames are first names with their everyday forms. It is read once and
// never changed; the zero value knows none.
type Nicknames struct{ of map[string][]string }

// LoadNicknames reads and lints the table. A name that stands twice, a form
// that is the name itself, or too many forms are refused.
func LoadNicknames(s *content.Set) (Nicknames, error) {
	t, err := s.Table(nicknamesPath, "name", "short", "language")
	if err != nil {
		return Nicknames{}, err
	}
	if t.Len() == 0 || t.Len() > mostNicknames {
		return Nicknames{}, refusal.Newf(refusal.Invalid, "content %s: it has %d rows; it needs 1 to %d", nicknamesPath, t.Len(), mostNicknames)
	}
	n := Nicknames{of: map[string][]string{}}
	seen := map[string]bool{}
	for i := range t.Len() {
		name, forms := strings.TrimSpace(t.Cell(i, "name")), strings.Fields(t.Cell(i, "short"))
		if name == "" || strings.Contains(name, " ") || seen[folded(name)] || len(forms) == 0 || len(forms) > mostForms || t.Cell(i, "language") == "" {
			return Nicknames{}, refusal.Newf(refusal.Invalid, "content %s row %d: %q is empty, stands twice, or has no forms, no language or more than %d forms", nicknamesPath, i+1, name, mostForms)
		}
		seen[folded(name)] = true
		all := append([]string{name}, forms...)
		for _, f := range all[1:] {
			if folded(f) == folded(name) {
				return Nicknames{}, refusal.Newf(refusal.Invalid, "content %s row %d: %s is given as a form of itself", nicknamesPath, i+1, name)
			}
		}
		for _, f := range all {
			n.add(f, all)
		}
	}
	return n, nil
}

func (n Nicknames) add(name string, all []string) {
	k := folded(name)
	for _, other := range all {
		if o := folded(other); o != k && !slices.Contains(n.of[k], o) {
			n.of[k] = append(n.of[k], o)
		}
	}
}

// Of lists the other forms of the first of some first names, in small letters:
// of "Bill" william, billy, liam and so on. Names of one row alone are forms of each
// other: Bert of Albert is not Albert of Robert.
func (n Nicknames) Of(given string) []string {
	words := strings.Fields(given)
	if len(words) == 0 {
		return nil
	}
	all := n.of[folded(words[0])]
	return slices.Clone(all[:min(len(all), mostForms)])
}

func folded(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
