package content

import (
	"bytes"
	"encoding/csv"

	"holdfast/fact/refusal"
)

// Table is a CSV file with a row of column names.
type Table struct {
	path    string
	columns map[string]int
	rows    [][]string
}

// Table reads a CSV file of the set. Every row has as many cells as the first.
func (s *Set) Table(name string, columns ...string) (Table, error) {
	f, err := s.File(name)
	if err != nil {
		return Table{}, err
	}
	rows, err := csv.NewReader(bytes.NewReader(f.Body)).ReadAll()
	if err != nil || len(rows) == 0 {
		return Table{}, refusal.Newf(refusal.Invalid, "content %s is not a table: %v", name, err)
	}
	t := Table{path: name, columns: map[string]int{}, rows: rows[1:]}
	for i, c := range rows[0] {
		t.columns[c] = i
	}
	for _, c := range columns {
		if _, ok := t.columns[c]; !ok {
			return Table{}, refusal.Newf(refusal.Invalid, "content %s has no column %s", name, c)
		}
	}
	return t, nil
}

// Len counts the rows below the column names.
func (t Table) Len() int { return len(t.rows) }

// Cell gives a cell by row, from 0, and column name. A column that the table
// was not opened with gives "".
func (t Table) Cell(row int, column string) string {
	i, ok := t.columns[column]
	if !ok {
		return ""
	}
	return t.rows[row][i]
}
