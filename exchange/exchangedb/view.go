// Package exchangedb carries envelopes: it knows which are on their way,
// sends them, and says what became of them.
//
// Its law: nothing leaves before the fact that says so is saved; what is sent
// twice is one envelope; an envelope is done when its receipt is saved, and
// one without a receipt in time becomes work for a person, once, in the same
// act that says so. After a restart it goes on from the facts alone.
package exchangedb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
)

// View keeps the envelopes that no fitting receipt has ended, and the numbers
// of messages that arrived. It is disposable.
type View struct{}

var _ journal.View = View{}

// Name is "exchange".
func (View) Name() string { return "exchange" }

// Version is raised whenever Create or Apply change.
func (View) Version() int { return 3 }

// Create makes the empty tables.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
		CREATE TABLE exchange_pending(envelope BLOB PRIMARY KEY, about BLOB NOT NULL) STRICT, WITHOUT ROWID;
		CREATE TABLE exchange_seen(key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;`)
	return err
}

// Apply folds the envelopes of every subject that the facts touch.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	done := map[fact.Subject]bool{}
	for _, f := range facts {
		if f.Body.Kind == (exchange.MessageArrived{}).FactKind().Number {
			if err := arrived(tx, f); err != nil {
				return err
			}
		}
		if about := f.Header.Subject; ofEnvelope(f) && !done[about] {
			done[about] = true
			if err := pending(tx, r, about); err != nil {
				return err
			}
		}
	}
	return nil
}

func ofEnvelope(f fact.Fact) bool {
	switch f.Body.Kind {
	case exchange.EnvelopePrepared{}.FactKind().Number, exchange.EnvelopeAttempted{}.FactKind().Number,
		exchange.ReceiptReceived{}.FactKind().Number, exchange.ReceiptOverdue{}.FactKind().Number,
		exchange.EnvelopeWithdrawn{}.FactKind().Number, exchange.SendingAskedAgain{}.FactKind().Number, exchange.EnvelopeGiven{}.FactKind().Number:
		return true
	}
	return false
}

func arrived(tx *sql.Tx, f fact.Fact) error {
	v, err := fact.Read[exchange.MessageArrived](f)
	if err != nil {
		return nil // written by a newer version: Receive itself still knows its numbers
	}
	for _, key := range v.Keys {
		sum := sha256.Sum256([]byte(key))
		if _, err := tx.Exec(`INSERT OR IGNORE INTO exchange_seen VALUES(?)`, sum[:]); err != nil {
			return err
		}
	}
	return nil
}

func pending(tx *sql.Tx, r journal.Reader, about fact.Subject) error {
	h, err := r.History(about)
	if err != nil {
		return err
	}
	all, _ := exchange.FoldEnvelopes(h) // what it cannot read is shown on the case; the others go on
	for _, e := range all {
		query, args := `DELETE FROM exchange_pending WHERE envelope = ?`, []any{e.ID[:]}
		if e.Prepared != (fact.ID{}) && !e.Ended() {
			query, args = `INSERT OR REPLACE INTO exchange_pending VALUES(?,?)`, []any{e.ID[:], about[:]}
		}
		if _, err := tx.Exec(query, args...); err != nil {
			return err
		}
	}
	return nil
}

// Pending lists the envelopes without a fitting receipt, folded from their
// facts.
func Pending(ctx context.Context, j *journal.Journal) (out []exchange.Envelope, err error) {
	rows, err := j.Views().QueryContext(ctx, `SELECT DISTINCT about FROM exchange_pending ORDER BY about`)
	if err != nil {
		return nil, err
	}
	var cases []fact.Subject
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		var s fact.Subject
		copy(s[:], b)
		cases = append(cases, s)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, about := range cases {
		h, err := j.History(ctx, about)
		if err != nil {
			return nil, err
		}
		all, _ := exchange.FoldEnvelopes(h) // as above
		for _, e := range all {
			if e.Prepared != (fact.ID{}) && !e.Ended() {
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// Seen tells doors which message numbers were filed. It is exchange.Seen.
type Seen struct{ Journal *journal.Journal }

var _ exchange.Seen = Seen{}

// Seen tells whether a message with this number was filed.
func (s Seen) Seen(ctx context.Context, key string) (bool, error) {
	sum := sha256.Sum256([]byte(key))
	var one int
	err := s.Journal.Views().QueryRowContext(ctx, `SELECT 1 FROM exchange_seen WHERE key = ?`, sum[:]).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Forget leaves nothing of the envelopes of erased subjects. The numbers of
// messages that arrived are hashes and stay, so that none is filed again.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`DELETE FROM exchange_pending WHERE about = ?`, s[:]); err != nil {
			return err
		}
	}
	return nil
}
