// Package stockdb works ranges of numbered forms on one device: it lets the
// caller in by the gate, folds the range, runs the verb and saves what it says;
// and it keeps the folded ranges ready for lists.
//
// Its law: the gate comes first; verbs decide on folded state, never on the
// view; the view is disposable and holds exactly what stock.Fold gave.
package stockdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/stock"
)

// View is the view of numbered forms.
type View struct{}

var _ journal.View = View{}

// Name is "stock".
func (View) Name() string { return "stock" }

// Version changes with the fold and with the tables.
func (View) Version() int { return 100*stock.FoldVersion + 1 }

// Create makes the empty tables.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
CREATE TABLE stock_range (subject BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE stock_org (subject BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;`)
	return err
}

// Apply folds anew every range that the facts touch, and all of them when the
// organisation's devices have changed.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	touched, all, err := touchedBy(tx, facts)
	if err != nil || len(touched) == 0 && !all {
		return err
	}
	if all {
		if touched, err = everyRange(tx, touched); err != nil {
			return err
		}
	}
	devices, err := rollFor(tx, r)
	if err != nil {
		return err
	}
	for about := range touched {
		h, err := r.History(about)
		if err != nil {
			return fmt.Errorf("history of a range of forms: %w", err)
		}
		body, err := fact.Encode(stock.Fold(about, h, devices.device))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT OR REPLACE INTO stock_range (subject, body) VALUES (?,?)`, about[:], body); err != nil {
			return fmt.Errorf("stock view: %w", err)
		}
	}
	return nil
}

// touchedBy lists the ranges that facts are about, and tells whether they
// change which devices there are.
func touchedBy(tx *sql.Tx, facts []fact.Fact) (touched map[fact.Subject]bool, all bool, err error) {
	touched = map[fact.Subject]bool{}
	for _, f := range facts {
		switch {
		case ours(f):
			touched[f.Header.Subject] = true
		case f.Body.Kind == (journal.Founded{}).FactKind().Number:
			if _, err := tx.Exec(`INSERT OR REPLACE INTO stock_org (subject) VALUES (?)`, f.Header.Subject[:]); err != nil {
				return nil, false, err
			}
			all = true
		case f.Body.Kind == (journal.DeviceEnrolled{}).FactKind().Number, f.Body.Kind == (journal.IncarnationBegan{}).FactKind().Number:
			all = true
		}
	}
	return touched, all, nil
}

func ours(f fact.Fact) bool {
	for _, k := range stock.Kinds() {
		if f.Body.Kind == k.Number {
			return true
		}
	}
	return false
}

func everyRange(tx *sql.Tx, touched map[fact.Subject]bool) (map[fact.Subject]bool, error) {
	rows, err := tx.Query(`SELECT subject FROM stock_range`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		touched[fact.Subject(b)] = true
	}
	return touched, rows.Err()
}

// rollFor reads the roll of devices from the papers.
func rollFor(tx *sql.Tx, r journal.Reader) (roll, error) {
	var b []byte
	err := tx.QueryRow(`SELECT subject FROM stock_org`).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return roll{}, nil
	}
	if err != nil {
		return roll{}, err
	}
	h, err := r.History(fact.Subject(b))
	return rollOf(h), err
}

func ranges(ctx context.Context, db *sql.DB) ([]stock.Range, error) {
	rows, err := db.QueryContext(ctx, `SELECT body FROM stock_range ORDER BY subject`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []stock.Range
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var r stock.Range
		if err := fact.Decode(body, &r); err != nil {
			return nil, fmt.Errorf("range of forms in the view: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Forget leaves nothing of erased subjects.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`DELETE FROM stock_range WHERE subject = ?`, s[:]); err != nil {
			return err
		}
	}
	return nil
}
