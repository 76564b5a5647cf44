// Package taskdb lists the tasks that are open.
//
// Its law: the view is disposable, holds only open tasks, and holds exactly
// what task.Fold gave.
package taskdb

import (
	"context"
	"database/sql"
	"fmt"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/task"
)

// View is the task view.
type View struct{}

var _ journal.View = View{}

// Name is "task".
func (View) Name() string { return "task" }

// Version is raised whenever Create, Apply or the fold change.
func (View) Version() int { return 3 }

// Create makes the empty table.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
CREATE TABLE task_open (
	subject BLOB PRIMARY KEY, list TEXT NOT NULL, urgent INTEGER NOT NULL, due INTEGER NOT NULL, about BLOB NOT NULL, body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX task_open_about ON task_open (about);`)
	return err
}

// Apply folds anew every task that the facts touch.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	ours := map[uint32]bool{}
	for _, k := range task.Kinds() {
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
			return fmt.Errorf("history of a task: %w", err)
		}
		if err := put(tx, task.Fold(about, h)); err != nil {
			return fmt.Errorf("task view: %w", err)
		}
	}
	return nil
}

func put(tx *sql.Tx, t task.Task) error {
	if !t.Open() {
		_, err := tx.Exec(`DELETE FROM task_open WHERE subject = ?`, t.Subject[:])
		return err
	}
	body, err := fact.Encode(t)
	if err != nil {
		return err
	}
	w := t.What()
	_, err = tx.Exec(`INSERT OR REPLACE INTO task_open (subject, list, urgent, due, about, body) VALUES (?,?,?,?,?,?)`,
		t.Subject[:], string(w.List), w.Urgent, t.Due().UnixMilli(), w.About[:], body)
	return err
}

// DB is what is read from: the views, or a transaction on them.
type DB interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Open lists the open tasks of one list, or of all when list is empty, the
// urgent first, then by what will be late first.
func Open(ctx context.Context, db DB, by access.Caller, list task.List) ([]task.Task, error) {
	return read(ctx, db, by, `SELECT body FROM task_open WHERE ? IN ('', list) ORDER BY urgent DESC, due, subject`, string(list))
}

// About lists the open tasks about one case, envelope or record.
func About(ctx context.Context, db DB, by access.Caller, about fact.Subject) ([]task.Task, error) {
	return read(ctx, db, by, `SELECT body FROM task_open WHERE about = ? ORDER BY urgent DESC, due, subject`, about[:])
}

func read(ctx context.Context, db DB, by access.Caller, query string, args ...any) ([]task.Task, error) {
	if by.Role != access.Device {
		if err := by.May(access.SeeTasks); err != nil {
			return nil, err
		}
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []task.Task
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var t task.Task
		if err := fact.Decode(body, &t); err != nil {
			return nil, fmt.Errorf("task in the view: %w", err)
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// Forget leaves nothing of erased subjects, nor of tasks about them.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`DELETE FROM task_open WHERE subject = ? OR about = ?`, s[:], s[:]); err != nil {
			return err
		}
	}
	return nil
}
