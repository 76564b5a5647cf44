package urgentdb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// PhoneView keeps telephone calls, extensions and how exchanges stand, ready to
// be read. It is disposable: nothing is decided by it.
type PhoneView struct{}

var _ journal.View = PhoneView{}

// Name prefixes the view's tables.
func (PhoneView) Name() string { return "phone" }

// Version is raised whenever Create, Apply or a fold change.
func (PhoneView) Version() int { return 1 }

// Create makes the tables. follow marks calls of which something is still to be
// said on a case.
func (PhoneView) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
		CREATE TABLE phone_call(id BLOB PRIMARY KEY, began INTEGER NOT NULL, waits INTEGER NOT NULL, over INTEGER NOT NULL, row BLOB NOT NULL) STRICT, WITHOUT ROWID;
		CREATE INDEX phone_began ON phone_call(began);
		CREATE INDEX phone_waits ON phone_call(waits) WHERE waits = 1;
		CREATE TABLE phone_on(extension TEXT NOT NULL, call BLOB NOT NULL, PRIMARY KEY(extension, call)) STRICT, WITHOUT ROWID;
		CREATE INDEX phone_on_call ON phone_on(call);
		CREATE TABLE phone_seat(person BLOB NOT NULL, extension TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY(person, extension)) STRICT, WITHOUT ROWID;
		CREATE INDEX phone_seat_id ON phone_seat(id);
		CREATE TABLE phone_exchange(id BLOB PRIMARY KEY, name TEXT NOT NULL, silent INTEGER NOT NULL, since INTEGER NOT NULL, teller BLOB NOT NULL) STRICT, WITHOUT ROWID;`)
	return err
}

// Apply folds every call, extension and exchange that the facts touch, once
// each.
func (v PhoneView) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	seen := map[fact.Subject]bool{}
	for _, f := range facts {
		if !urgent.OfTelephone(f.Body.Kind) || seen[f.Header.Subject] {
			continue
		}
		seen[f.Header.Subject] = true
		h, err := r.History(f.Header.Subject)
		if err != nil {
			return err
		}
		switch f.Body.Kind {
		case urgent.ExtensionChosen{}.FactKind().Number:
			err = putSeats(tx, urgent.FoldExtension(f.Header.Subject, h))
		case urgent.ExchangeHeard{}.FactKind().Number:
			err = putExchange(tx, urgent.FoldExchange(f.Header.Subject, h))
		default:
			err = putCall(tx, urgent.FoldCall(f.Header.Subject, h))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func putCall(tx *sql.Tx, c urgent.Call) error {
	if len(c.Events) == 0 {
		return nil // tied to a case, and nothing heard of it yet
	}
	blob, err := fact.Encode(c)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT OR REPLACE INTO phone_call(id, began, waits, over, row) VALUES(?,?,?,?,?)`,
		c.ID[:], int64(c.Began()), c.Waiting(), int64(c.OverAt()), blob); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM phone_on WHERE call = ?`, c.ID[:]); err != nil {
		return err
	}
	for _, x := range c.On() {
		if _, err := tx.Exec(`INSERT OR IGNORE INTO phone_on VALUES(?,?)`, x, c.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

func putSeats(tx *sql.Tx, x urgent.Extension) error {
	if _, err := tx.Exec(`DELETE FROM phone_seat WHERE id = ?`, x.ID[:]); err != nil {
		return err
	}
	for _, p := range x.People() {
		if _, err := tx.Exec(`INSERT OR REPLACE INTO phone_seat VALUES(?,?,?)`, p[:], x.Name, x.ID[:]); err != nil {
			return err
		}
	}
	return nil
}

func putExchange(tx *sql.Tx, x urgent.Exchange) error {
	_, err := tx.Exec(`INSERT OR REPLACE INTO phone_exchange VALUES(?,?,?,?,?)`, x.ID[:], x.Name, x.Silent, int64(x.Since), x.By[:])
	return err
}

// Forget leaves nothing of erased calls.
func (PhoneView) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		for _, query := range []string{`DELETE FROM phone_call WHERE id = ?`, `DELETE FROM phone_on WHERE call = ?`, `DELETE FROM phone_seat WHERE id = ?`} {
			if _, err := tx.Exec(query, s[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostCalls bounds what is summed up at once: a busy hour of a whole nation.
const mostCalls = 20_000

// calls reads calls from the view.
func calls(ctx context.Context, db *sql.DB, query string, args ...any) (out []urgent.Call, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var blob []byte
		if err := rows.Scan(&blob); err != nil {
			return nil, err
		}
		var c urgent.Call
		if err := fact.Decode(blob, &c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// callsSince reads the calls since a time and those that wait, each once. Of
// calls whose end was never heard those of the last day are waited for.
func callsSince(ctx context.Context, db *sql.DB, since time.Time) ([]urgent.Call, error) {
	return calls(ctx, db, `SELECT row FROM phone_call WHERE began >= ?
		OR waits = 1 AND began > (SELECT max(began) FROM phone_call) - 86400000 ORDER BY began DESC LIMIT ?`, since.UnixMilli(), mostCalls)
}

// exchanges reads how the exchanges stand, by their names.
func exchanges(ctx context.Context, db *sql.DB) (out []urgent.Exchange, err error) {
	rows, err := db.QueryContext(ctx, `SELECT id, name, silent, since, teller FROM phone_exchange ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, by []byte
		var x urgent.Exchange
		var since int64
		if err := rows.Scan(&id, &x.Name, &x.Silent, &since, &by); err != nil {
			return nil, err
		}
		x.ID, x.Since, x.By = fact.Subject(id), fact.Millis(since), fact.Subject(by)
		out = append(out, x)
	}
	return out, rows.Err()
}

// seatsOf lists the extensions at which somebody sits.
func seatsOf(ctx context.Context, db *sql.DB, person fact.Subject) (out []string, ids []fact.Subject, err error) {
	rows, err := db.QueryContext(ctx, `SELECT extension, id FROM phone_seat WHERE person = ? ORDER BY extension`, person[:])
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var x string
		var id []byte
		if err := rows.Scan(&x, &id); err != nil {
			return nil, nil, err
		}
		out, ids = append(out, x), append(ids, fact.Subject(id))
	}
	return out, ids, rows.Err()
}
