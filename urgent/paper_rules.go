package urgent

import (
	"fmt"
	"slices"
	"time"

	"holdfast/content"
)

// PaperRules is content/urgent/paper.csv: what may be typed in from paper.
type PaperRules struct {
	Back  time.Duration // how long ago a case on paper may have begun
	Check time.Duration // within which a clinician checks what was typed in
	Done  []PaperRow    // what may have been done already
	Wrote []PaperRow    // who wrote the paper
}

// PaperRow is one choice with its words.
type PaperRow struct{ Key, Name string }

// DoneAmbulance is the key of the row that says that an ambulance was sent for.
const DoneAmbulance = "ambulance"

func (r *Rules) loadPaper(set *content.Set) error {
	t, err := set.Table("urgent/paper.csv", "setting", "key", "text")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		row := PaperRow{t.Cell(i, "key"), t.Cell(i, "text")}
		switch setting := t.Cell(i, "setting"); setting {
		case "back":
			r.Paper.Back, err = time.ParseDuration(row.Name)
		case "check_within":
			r.Paper.Check, err = time.ParseDuration(row.Name)
		case "done":
			r.Paper.Done = append(r.Paper.Done, row)
		case "wrote":
			r.Paper.Wrote = append(r.Paper.Wrote, row)
		default:
			err = fmt.Errorf("there is no setting %q", setting)
		}
		if err != nil {
			return fmt.Errorf("paper: %w", err)
		}
	}
	if r.Paper.Back <= 0 || r.Paper.Check <= 0 || len(r.Paper.Wrote) == 0 || paperName(r.Paper.Done, DoneAmbulance) == "" {
		return fmt.Errorf("paper: back, check_within, who wrote it and done %q are needed", DoneAmbulance)
	}
	return nil
}

// paperName gives the words of a choice, "" when there is no such row.
func paperName(rows []PaperRow, key string) string {
	i := slices.IndexFunc(rows, func(r PaperRow) bool { return r.Key == key })
	if i < 0 {
		return ""
	}
	return rows[i].Name
}

// DoneName gives the words of something that was done already; what this
// version of the table does not have stands by its key.
func (p PaperRules) DoneName(key string) string {
	if name := paperName(p.Done, key); name != "" {
		return name
	}
	return key
}
