// Package recorddb finds people: the tables of the person view, and search
// over them.
//
// Its law: the view is disposable and holds only what search and the rows of
// its answer need; it is built from folded records alone. People are found
// under keys, each a hash of what is told of them (see key.go): a key only
// proposes, every proposal is read and judged by what it says. Values in dispute
// are all searchable. A number that fails its check is never matched on. The
// address of a restricted person is not kept here at all.
package recorddb

import (
	"database/sql"
	"errors"
	"fmt"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
)

// View is the person view.
type View struct{}

var _ journal.View = View{}

// Name is "record".
func (View) Name() string { return "record" }

// Version is raised whenever Create, Apply or the fold change.
func (View) Version() int { return 4 }

// Create makes the empty tables.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
CREATE TABLE record_person (
	id INTEGER PRIMARY KEY, subject BLOB NOT NULL UNIQUE,
	called TEXT NOT NULL, born TEXT NOT NULL, sex TEXT NOT NULL, nhs TEXT NOT NULL, nhs_status INTEGER NOT NULL,
	address TEXT NOT NULL, restricted INTEGER NOT NULL, disputed INTEGER NOT NULL,
	dead INTEGER NOT NULL, linked INTEGER NOT NULL, former TEXT NOT NULL, lived TEXT NOT NULL,
	names TEXT NOT NULL, borns TEXT NOT NULL, numbers TEXT NOT NULL, postcodes TEXT NOT NULL, phones TEXT NOT NULL, homes TEXT NOT NULL
) STRICT;
CREATE TABLE record_key (
	key INTEGER NOT NULL, person INTEGER NOT NULL, PRIMARY KEY (key, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE record_name (
	name TEXT NOT NULL, person INTEGER NOT NULL, PRIMARY KEY (name, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE record_link (
	subject BLOB NOT NULL, other BLOB NOT NULL, PRIMARY KEY (subject, other)
) STRICT, WITHOUT ROWID;`)
	return err
}

// Apply folds anew every person of whom the facts say who they are.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	done := map[fact.Subject]bool{}
	for _, f := range facts {
		if !record.SaysWho(f.Body.Kind) || done[f.Header.Subject] {
			continue
		}
		done[f.Header.Subject] = true
		h, err := r.History(f.Header.Subject)
		if err != nil {
			return fmt.Errorf("history of a person: %w", err)
		}
		if err := put(tx, record.Fold(f.Header.Subject, h)); err != nil {
			return fmt.Errorf("person view: %w", err)
		}
	}
	return nil
}

const columns = `called, born, sex, nhs, nhs_status, address, restricted, disputed, dead, linked, former, lived, names, borns, numbers, postcodes, phones, homes`

// put writes one person anew. What they were found under before is worked out
// from their row, so that no second index is needed.
func put(tx *sql.Tx, p record.Person) error {
	if err := forget(tx, p.Subject); err != nil {
		return err
	}
	r := rowOf(p)
	var id int64
	err := tx.QueryRow(`INSERT INTO record_person (subject, `+columns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id`,
		append([]any{p.Subject[:]}, r.cells()...)...).Scan(&id)
	if err != nil {
		return err
	}
	for _, k := range r.keys() { // one by one: a statement that stays prepared is the quicker one
		if _, err := tx.Exec(`INSERT OR IGNORE INTO record_key (key, person) VALUES (?, ?)`, k.hash(), id); err != nil {
			return err
		}
	}
	for _, l := range p.Links {
		if _, err := tx.Exec(`INSERT OR IGNORE INTO record_link (subject, other) VALUES (?, ?)`, p.Subject[:], l.Other[:]); err != nil {
			return err
		}
	}
	for _, n := range r.literals() {
		if _, err := tx.Exec(`INSERT OR IGNORE INTO record_name (name, person) VALUES (?, ?)`, n, id); err != nil {
			return err
		}
	}
	return nil
}

// forget takes a person out with all that they were found under.
func forget(tx *sql.Tx, s fact.Subject) error {
	if _, err := tx.Exec(`DELETE FROM record_link WHERE subject = ?`, s[:]); err != nil {
		return err
	}
	var id int64
	var subject []byte
	var r row
	err := r.scan(tx.QueryRow(`SELECT id, subject, `+columns+` FROM record_person WHERE subject = ?`, s[:]), &id, &subject)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, k := range r.keys() {
		if _, err := tx.Exec(`DELETE FROM record_key WHERE key = ? AND person = ?`, k.hash(), id); err != nil {
			return err
		}
	}
	for _, n := range r.literals() {
		if _, err := tx.Exec(`DELETE FROM record_name WHERE name = ? AND person = ?`, n, id); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`DELETE FROM record_person WHERE id = ?`, id)
	return err
}

// Forget leaves nothing of erased people, search keys included.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if err := forget(tx, s); err != nil {
			return err
		}
	}
	return nil
}
