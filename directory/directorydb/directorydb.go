// Package directorydb keeps the folded entries of the directory ready for
// search.
//
// Its law: the view is disposable and holds exactly what directory.Fold gave;
// ranking is directory.Search's work.
package directorydb

import (
	"context"
	"database/sql"
	"fmt"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/fact"
	"holdfast/journal"
)

// View is the directory view.
type View struct{}

var _ journal.View = View{}

// Name is "directory".
func (View) Name() string { return "directory" }

// Version is raised whenever Create, Apply or the fold change.
func (View) Version() int { return 3 }

// Create makes the empty table.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
CREATE TABLE directory_entry (subject BLOB PRIMARY KEY, dos TEXT NOT NULL, ods TEXT NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX directory_entry_dos ON directory_entry (dos);`)
	return err
}

// Apply folds anew every entry that the facts touch.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	ours := map[uint32]bool{}
	for _, k := range directory.Kinds() {
		ours[k.Number] = true
	}
	done := map[fact.Subject]bool{}
	for _, f := range facts {
		about := f.Header.Subject
		if !ours[f.Body.Kind] || done[about] {
			continue
		}
		done[about] = true
		h, err := r.History(about)
		if err != nil {
			return fmt.Errorf("history of a directory entry: %w", err)
		}
		if err := put(tx, directory.Fold(about, h)); err != nil {
			return fmt.Errorf("directory view: %w", err)
		}
	}
	return nil
}

func put(tx *sql.Tx, e directory.Entry) error {
	body, err := fact.Encode(e)
	if err != nil {
		return err
	}
	s, _ := e.Current()
	ods := s.ODS
	if o, ok := e.Organisation.Get(); ok {
		ods = o.ODS
	}
	_, err = tx.Exec(`INSERT OR REPLACE INTO directory_entry (subject, dos, ods, body) VALUES (?,?,?,?)`,
		e.Subject[:], string(s.DoS), string(ods), body)
	return err
}

// DB is what is read from: the views, or a transaction on them.
type DB interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Entries gives every entry of the directory in a fixed order, ready for
// directory.Search.
func Entries(ctx context.Context, db DB, by access.Caller) ([]directory.Entry, error) {
	return read(ctx, db, by, `SELECT body FROM directory_entry ORDER BY subject`)
}

// ByDoS gives the entries of the service with this number; more than one is
// for a person to settle.
func ByDoS(ctx context.Context, db DB, by access.Caller, id codes.DoSID) ([]directory.Entry, error) {
	return read(ctx, db, by, `SELECT body FROM directory_entry WHERE dos = ? AND dos <> '' ORDER BY subject`, string(id))
}

// ByODS gives the organisation with this code and the services it runs.
func ByODS(ctx context.Context, db DB, by access.Caller, ods codes.ODS) ([]directory.Entry, error) {
	return read(ctx, db, by, `SELECT body FROM directory_entry WHERE ods = ? AND ods <> '' ORDER BY subject`, string(ods))
}

// One gives one entry by its subject; ok is false when there is none.
func One(ctx context.Context, db DB, by access.Caller, about fact.Subject) (e directory.Entry, ok bool, err error) {
	all, err := read(ctx, db, by, `SELECT body FROM directory_entry WHERE subject = ?`, about[:])
	if err != nil || len(all) == 0 {
		return directory.Entry{}, false, err
	}
	return all[0], true, nil
}

func read(ctx context.Context, db DB, by access.Caller, query string, args ...any) ([]directory.Entry, error) {
	if by.Role != access.Device {
		if err := by.May(access.SeeServices); err != nil {
			return nil, err
		}
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []directory.Entry
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var e directory.Entry
		if err := fact.Decode(body, &e); err != nil {
			return nil, fmt.Errorf("directory entry in the view: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Forget leaves nothing of erased entries.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`DELETE FROM directory_entry WHERE subject = ?`, s[:]); err != nil {
			return err
		}
	}
	return nil
}
