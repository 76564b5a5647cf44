package entrydb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record/entry"
)

// View lists homes of which something is kept, and openers. It holds what
// entry.Fold gave, which never holds a way in, not even a closed one.
type View struct{}

var _ journal.View = View{}

// Name is "entry".
func (View) Name() string { return "entry" }

// Version is raised whenever Create, Apply or a fold change.
func (View) Version() int { return 1 }

// Create makes the empty tables.
func (View) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`
CREATE TABLE entry_code (code BLOB PRIMARY KEY, person BLOB NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX entry_code_person ON entry_code (person);
CREATE TABLE entry_opener (opener BLOB PRIMARY KEY, asked INTEGER NOT NULL, body BLOB NOT NULL) STRICT, WITHOUT ROWID;`)
	return err
}

// Apply folds anew every home and opener that the facts touch.
func (View) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	done := map[fact.Subject]bool{}
	for _, f := range facts {
		about, k := f.Header.Subject, f.Body.Kind
		if done[about] || !entry.OfCode(k) && !entry.OfOpener(k) {
			continue
		}
		done[about] = true
		h, err := r.History(about)
		if err != nil {
			return fmt.Errorf("history of a home: %w", err)
		}
		if entry.OfCode(k) {
			err = putCode(tx, entry.Fold(about, h))
		} else {
			err = putOpener(tx, entry.FoldOpener(about, h))
		}
		if err != nil {
			return fmt.Errorf("entry view: %w", err)
		}
	}
	return nil
}

func putCode(tx *sql.Tx, c entry.Code) error {
	body, err := fact.Encode(c)
	if err == nil {
		_, err = tx.Exec(`INSERT OR REPLACE INTO entry_code VALUES (?,?,?)`, c.Subject[:], c.Person[:], body)
	}
	return err
}

// putOpener keeps openers who asked for more, by when they last did.
func putOpener(tx *sql.Tx, o entry.Opener) error {
	var asked int64
	for _, a := range o.Asks {
		asked = max(asked, int64(a.At))
	}
	if asked == 0 {
		return nil
	}
	body, err := fact.Encode(o)
	if err == nil {
		_, err = tx.Exec(`INSERT OR REPLACE INTO entry_opener VALUES (?,?,?)`, o.Subject[:], asked, body)
	}
	return err
}

// Forget leaves nothing of erased subjects.
func (View) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		_, err := tx.Exec(`DELETE FROM entry_code WHERE code = ? OR person = ?`, s[:], s[:])
		if err == nil {
			_, err = tx.Exec(`DELETE FROM entry_opener WHERE opener = ?`, s[:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Bounds of what is read for a list; one more is asked for, to say so.
const (
	mostHomes = 20_000
	mostAsks  = 500
)

// Watched is what the coordinator sees: openings and what must be changed, never
// a way in.
type Watched struct {
	Unseen   []Line // openings that nobody has taken note of, the alarming first
	Noted    []Line // those of the last days that somebody has
	Changes  []Change
	Causes   []entry.Cause
	Asks     []Ask
	Homes    int  // of which something is kept
	Cut      int  // not 0: more homes are on record than these, and they were not read
	MoreAsks bool // the same of asks
	Unsure   bool // who has left, or what was cut off, could not all be read: there may be more changes
}

// Line is one opening.
type Line struct {
	Person  fact.Subject // whose home
	Opening entry.Opening
}

// Change is one home that must be changed, with how far it has come.
type Change struct {
	Person fact.Subject
	Why    []string
	Chases []entry.Chase
}

// Ask is a wish to open more than is usual, to which nobody has agreed.
type Ask struct {
	Day  fact.Subject
	More entry.More
}

// Watch lets the caller in, records the look, and lists what there is to see.
func (s *Homes) Watch(ctx context.Context, by access.Caller, now time.Time) (Watched, error) {
	if err := s.Gate.Enter(ctx, by, access.WatchEntry, fact.Subject{}); err != nil {
		return Watched{}, err
	}
	gone := s.Gone(ctx)
	most := cmp.Or(s.Most, mostHomes)
	codes, err := bodies[entry.Code](ctx, s.Journal.Views(), `SELECT body FROM entry_code ORDER BY code LIMIT ?`, most+1)
	if err != nil {
		return Watched{}, err
	}
	out := Watched{Unsure: gone.Unknown}
	if len(codes) > most {
		codes, out.Cut = codes[:most], most
	}
	out.Causes = entry.Progress(codes, gone)
	for _, c := range codes {
		if c.Kept() {
			out.Homes++
		}
		for _, o := range c.Openings {
			switch line := (Line{c.Person, o}); {
			case len(o.SeenBy) == 0:
				out.Unseen = append(out.Unseen, line)
			case now.Sub(o.At.Time()) < s.Rules.Listed:
				out.Noted = append(out.Noted, line)
			}
		}
		if why := c.MustChange(gone); len(why) > 0 {
			change := Change{Person: c.Person, Why: why}
			for _, n := range c.Chases {
				if n.Current {
					change.Chases = append(change.Chases, n)
				}
			}
			out.Changes = append(out.Changes, change)
		}
	}
	slices.SortStableFunc(out.Unseen, byAlarm)
	slices.SortStableFunc(out.Noted, newest)
	slices.SortStableFunc(out.Changes, func(a, b Change) int { return len(a.Chases) - len(b.Chases) })
	out.Asks, out.MoreAsks, err = s.asks(ctx, now)
	return out, err
}

func newest(a, b Line) int { return int(min(max(b.Opening.At-a.Opening.At, -1), 1)) }

func byAlarm(a, b Line) int {
	if x, y := a.Opening.What.Alarming(), b.Opening.What.Alarming(); x != y {
		if x {
			return -1
		}
		return 1
	}
	return newest(a, b)
}

// Asks lets the caller in and lists who asks to open more than is usual; more
// says that not all were read.
func (s *Homes) Asks(ctx context.Context, by access.Caller, now time.Time) (all []Ask, more bool, err error) {
	if err := s.Gate.Enter(ctx, by, access.OpenEntry, fact.Subject{}); err != nil {
		return nil, false, err
	}
	return s.asks(ctx, now)
}

func (s *Homes) asks(ctx context.Context, now time.Time) (out []Ask, more bool, err error) {
	most := cmp.Or(s.Most, mostAsks)
	since := now.Add(-s.Rules.Lasts).UnixMilli()
	openers, err := bodies[entry.Opener](ctx, s.Journal.Views(), `SELECT body FROM entry_opener WHERE asked >= ? ORDER BY asked, opener LIMIT ?`, since, most+1)
	if more = len(openers) > most; more {
		openers = openers[:most]
	}
	for _, o := range openers {
		for _, a := range o.Asks {
			if len(a.Agreed) == 0 && int64(a.At) >= since {
				out = append(out, Ask{o.Subject, a})
			}
		}
	}
	return out, more, err
}

func bodies[T any](ctx context.Context, db *sql.DB, query string, args ...any) (out []T, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var body sql.RawBytes
		var one T
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		if err := fact.Decode(body, &one); err != nil {
			return nil, fmt.Errorf("in the view of homes: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
