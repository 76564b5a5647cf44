package urgentdb

import (
	"database/sql"
	"errors"
	"slices"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// View keeps one line of the worklist for each case, ready to be read. It is
// disposable: nothing is decided by it.
type View struct{ Rules *urgent.Rules }

// Name prefixes the view's tables.
func (View) Name() string { return "urgent" }

// Version is raised whenever Create, Apply or the fold change.
func (View) Version() int { return 100*urgent.FoldVersion + 5 }

// Create makes the tables. rev rises with every change of any row, so that a
// reader fetches only what is new to it. due is by when the row stands in order
// in ms, or the far future for a case without a time of its own. A timer stands
// there until the case's facts say that it has acted.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
		CREATE TABLE urgent_case(id BLOB PRIMARY KEY, rev INTEGER NOT NULL, onlist INTEGER NOT NULL, due INTEGER NOT NULL,
			began INTEGER NOT NULL, number TEXT NOT NULL, record BLOB NOT NULL, row BLOB NOT NULL) STRICT, WITHOUT ROWID;
		CREATE UNIQUE INDEX urgent_rev ON urgent_case(rev);
		CREATE INDEX urgent_number ON urgent_case(number);
		CREATE INDEX urgent_record ON urgent_case(record, began);
		CREATE TABLE urgent_about(record BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY(record, id)) STRICT, WITHOUT ROWID;
		CREATE INDEX urgent_about_id ON urgent_about(id);
		CREATE TABLE urgent_timer(id BLOB PRIMARY KEY, timer BLOB NOT NULL, due INTEGER NOT NULL) STRICT, WITHOUT ROWID;
		CREATE INDEX urgent_timer_due ON urgent_timer(due);
		CREATE TABLE urgent_report(id BLOB PRIMARY KEY, due INTEGER NOT NULL) STRICT, WITHOUT ROWID;` + outwardTables)
	return err
}

// Apply folds every case that the facts touch, once each.
func (v View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	for _, id := range touched(facts) {
		if err := v.fold(tx, r, id); err != nil {
			return err
		}
	}
	return v.applyRecords(tx, r, facts)
}

// touched lists the cases among the subjects of facts, in order, once each.
func touched(facts []fact.Fact) []fact.Subject {
	var out []fact.Subject
	seen := map[fact.Subject]bool{}
	for _, f := range facts {
		if IsCase(f) && !seen[f.Header.Subject] {
			seen[f.Header.Subject] = true
			out = append(out, f.Header.Subject)
		}
	}
	return out
}

// IsCase tells whether the fact's subject is a case.
func IsCase(f fact.Fact) bool {
	switch k := f.Body.Kind; {
	case k == (urgent.ArrivalFiled{}).FactKind().Number, k == (exchange.MessageRefused{}).FactKind().Number:
		return false
	default:
		return k >= 200 && k < 400 || urgent.OfCase(k)
	}
}

const never = int64(1) << 62

func (v View) fold(tx *sql.Tx, r journal.Reader, id fact.Subject) error {
	h, err := r.History(id)
	if err != nil {
		return err
	}
	c := urgent.Fold(id, h)
	if !c.Begun() {
		return nil
	}
	marks, err := marksOf(r, c)
	if err != nil {
		return err
	}
	row := urgent.RowOf(c, v.Rules, marks)
	blob, err := fact.Encode(row)
	if err != nil {
		return err
	}
	due := never
	if stands := row.Stands(); stands != 0 {
		due = int64(stands)
	}
	_, err = tx.Exec(`INSERT OR REPLACE INTO urgent_case(id, rev, onlist, due, began, number, record, row)
		VALUES(?,(SELECT coalesce(max(rev), 0) + 1 FROM urgent_case),?,?,?,?,?,?)`,
		id[:], c.OnList(), due, int64(c.Began), c.Number, row.Record[:], blob)
	if err != nil {
		return err
	}
	if err := abouts(tx, c); err != nil {
		return err
	}
	if err := dead(tx, c); err != nil {
		return err
	}
	if err := timers(tx, c); err != nil {
		return err
	}
	return reports(tx, c)
}

// abouts keeps whose records a case shows: several when different patients
// were stated apart.
func abouts(tx *sql.Tx, c urgent.Case) error {
	if _, err := tx.Exec(`DELETE FROM urgent_about WHERE id = ?`, c.ID[:]); err != nil {
		return err
	}
	for _, p := range c.Patient.Values {
		if p.Value.Record.Zero() {
			continue
		}
		if _, err := tx.Exec(`INSERT OR IGNORE INTO urgent_about VALUES(?,?)`, p.Value.Record[:], c.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

// marksOf reads the alerts that stand in the person's record. A record that
// cannot be read is an error, never "no alerts".
func marksOf(r journal.Reader, c urgent.Case) ([]string, error) {
	var out []string
	for _, p := range c.Patient.Values {
		if p.Value.Record.Zero() {
			continue
		}
		h, err := r.History(p.Value.Record)
		if err != nil {
			return nil, err
		}
		labels, err := togetherIn(r, record.Fold(p.Value.Record, h))
		if err != nil {
			return nil, err
		}
		for _, label := range labels {
			if !slices.Contains(out, label) {
				out = append(out, label)
			}
		}
	}
	return out, nil
}

// reports keeps the list of reports that are still to go.
func reports(tx *sql.Tx, c urgent.Case) error {
	var waiting fact.Millis // the earliest one that has not gone
	for _, report := range c.ReportsOut() {
		if due := report.What.Due; waiting == 0 || due < waiting {
			waiting = due
		}
	}
	if waiting == 0 {
		_, err := tx.Exec(`DELETE FROM urgent_report WHERE id = ?`, c.ID[:])
		return err
	}
	_, err := tx.Exec(`INSERT OR REPLACE INTO urgent_report VALUES(?,?)`, c.ID[:], int64(waiting))
	return err
}

// applyRecords folds the open cases of every person whose record has changed.
func (v View) applyRecords(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	done := map[fact.Subject]bool{}
	for _, f := range facts {
		if about := f.Header.Subject; f.Body.Kind >= 100 && f.Body.Kind < 200 && !urgent.OfCase(f.Body.Kind) && !done[about] {
			done[about] = true
			for _, one := range togetherWith(r, about) {
				if err := v.refold(tx, r, one); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (v View) refold(tx *sql.Tx, r journal.Reader, person fact.Subject) (err error) {
	rows, err := tx.Query(`SELECT c.id FROM urgent_about a JOIN urgent_case c ON c.id = a.id WHERE a.record = ? AND c.onlist = 1`, person[:])
	if err != nil {
		return err
	}
	ids, err := subjects(rows)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := v.fold(tx, r, id); err != nil {
			return err
		}
	}
	return nil
}

func subjects(rows *sql.Rows) (out []fact.Subject, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		var s fact.Subject
		copy(s[:], b)
		out = append(out, s)
	}
	return out, rows.Err()
}

// Forget leaves nothing of erased cases but that they are gone: a reader that
// keeps rows in memory learns of it by the row's new number.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`UPDATE urgent_case SET rev = (SELECT max(rev) + 1 FROM urgent_case), onlist = 0, due = 0, began = 0,
			number = '', record = x'', row = x'' WHERE id = ?`, s[:]); err != nil {
			return err
		}
		for _, query := range []string{`DELETE FROM urgent_timer WHERE id = ?`, `DELETE FROM urgent_report WHERE id = ?`, `DELETE FROM urgent_dead WHERE id = ?`} {
			if _, err := tx.Exec(query, s[:]); err != nil {
				return err
			}
		}
	}
	return nil
}
