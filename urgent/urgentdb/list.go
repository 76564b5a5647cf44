package urgentdb

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
)

func noCase() error { return refusal.New(refusal.Missing, "There is no such case here.") }

// mostRows bounds a list; what is beyond it is counted, never silently left
// out.
const mostRows = 2000

// Show is what of the list is wanted.
type Show struct {
	Filter string // speak, validate, see, other, or one of the queue's: comfort, going, tell, offered; empty: all
	Free   bool
	Mine   bool
	Words  string
}

// List is the worklist as somebody sees it, what will be late first.
type List struct {
	Rows    []urgent.Row
	Total   int            // open cases, before the filter
	Counts  map[string]int // by filter
	Free    int
	Beyond  int // rows that a list cannot hold
	AsOf    time.Time
	Behind  int // facts not yet in the view
	Waiting int // reports still to go
	Apart   int // disagreements that wait for a person
	Queue   QueueCounts
}

// List lets the caller in, records the look, and gives the list.
func (s *Cases) List(ctx context.Context, by access.Caller, show Show) (List, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeWorklist, fact.Subject{}); err != nil {
		return List{}, err
	}
	return s.list(ctx, by, show)
}

// Glance gives the list anew to somebody whose look is on record: for changes
// on a page that is open.
func (s *Cases) Glance(ctx context.Context, by access.Caller, show Show) (List, error) {
	if err := by.May(access.SeeWorklist); err != nil {
		return List{}, err
	}
	return s.list(ctx, by, show)
}

func (s *Cases) list(ctx context.Context, by access.Caller, show Show) (List, error) {
	all, err := s.listed.rows(ctx, s.Journal.Views())
	if err != nil {
		return List{}, err
	}
	out := List{Counts: map[string]int{}, Total: len(all)}
	_, out.AsOf, out.Behind = s.Journal.ViewsAt()
	if len(all) > mostRows {
		out.Beyond = len(all) - mostRows
		all = all[:mostRows]
	}
	now := fact.At(s.Clock())
	for _, row := range all {
		out.Queue.add(row, by, now)
		out.Counts[row.Filter]++
		if len(row.Holders) == 0 {
			out.Free++
		}
		if show.inQueue(row, by, now) && show.holds(row, by) {
			out.Rows = append(out.Rows, row)
		}
	}
	err = s.Journal.Views().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM urgent_report), (SELECT count(*) FROM apart_open)`).Scan(&out.Waiting, &out.Apart)
	return out, err
}

// holds tells whether a row is wanted. What must be rung about is always
// shown, whatever the filter.
func (show Show) holds(row urgent.Row, by access.Caller) bool {
	if row.Stage == urgent.SendFailed && !show.Mine && show.Words == "" {
		return true
	}
	if show.Filter != "" && !ofQueue(show.Filter) && row.Filter != show.Filter {
		return false
	}
	mine := false
	for _, h := range row.Holders {
		mine = mine || h.Person == by.Person
	}
	if show.Mine && !mine || show.Free && len(row.Holders) > 0 {
		return false
	}
	text := strings.ToLower(strings.Join([]string{row.Patient, row.Number, row.Where, row.Why, row.Needs, string(row.Dx)}, " "))
	for _, word := range strings.Fields(strings.ToLower(show.Words)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// Row gives the line of one case, and whether it is on the list.
func (s *Cases) Row(ctx context.Context, id fact.Subject) (urgent.Row, bool, error) {
	var blob []byte
	var on bool
	err := s.Journal.Views().QueryRowContext(ctx, `SELECT row, onlist FROM urgent_case WHERE id = ?`, id[:]).Scan(&blob, &on)
	if err == nil && len(blob) == 0 {
		err = sql.ErrNoRows // erased
	}
	if err != nil {
		return urgent.Row{}, false, err
	}
	var row urgent.Row
	return row, on, fact.Decode(blob, &row)
}

func (s *Cases) rows(ctx context.Context, query string, args ...any) (out []urgent.Row, err error) {
	rows, err := s.Journal.Views().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var blob []byte
		if err := rows.Scan(&blob); err != nil {
			return nil, err
		}
		var row urgent.Row
		if err := fact.Decode(blob, &row); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// TakeNext claims the first free case that the caller's role is given: what
// will be late first, and nobody whose next attempt is still to come. When
// another is quicker the next one is taken.
func (s *Cases) TakeNext(ctx context.Context, by access.Caller) (fact.Subject, error) {
	if err := s.Gate.Enter(ctx, by, access.Claim, fact.Subject{}); err != nil {
		return fact.Subject{}, err
	}
	list, err := s.list(ctx, by, Show{Free: true})
	if err != nil {
		return fact.Subject{}, err
	}
	placing, now := 0, s.Clock()
	for _, row := range list.Rows {
		if row.Stage == urgent.Waiting && now.Before(row.Placing.Time()) {
			placing++
		}
		if !s.next(row, by) {
			continue
		}
		_, err := s.Do(ctx, by, access.Claim, row.Case, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.ClaimWaiting(c, by, s.Rules, now)
		})
		if refusal.Is(err, refusal.Taken) {
			continue
		}
		return row.Case, err
	}
	if placing > 0 {
		return fact.Subject{}, refusal.New(refusal.Missing, "Nobody is waiting for you to take: for whoever is left a call handler is finding a service.")
	}
	return fact.Subject{}, refusal.New(refusal.Missing, "Nobody is waiting for you to take.")
}

// AllOf lists every case about one person, for what is done to all of them: it
// shows nobody anything, so the caller's look is recorded where that is done.
func (s *Cases) AllOf(ctx context.Context, person fact.Subject) ([]fact.Subject, error) {
	rows, err := s.Journal.Views().QueryContext(ctx, `SELECT id FROM urgent_case WHERE record = ? ORDER BY id`, person[:])
	if err != nil {
		return nil, err
	}
	return subjects(rows)
}

// Quiet is a record with the last time anybody was in contact about it.
type Quiet struct {
	Record fact.Subject
	Last   time.Time
}

// QuietSince lists the records of people about whom no case began since a time
// and none is open.
func (s *Cases) QuietSince(ctx context.Context, since time.Time) (out []Quiet, err error) {
	rows, err := s.Journal.Views().QueryContext(ctx, `SELECT record, max(began) FROM urgent_case
		WHERE length(record) = 16 AND record <> zeroblob(16) GROUP BY record HAVING max(began) < ? AND max(onlist) = 0 ORDER BY 2, 1 LIMIT 1000`, since.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		var last int64
		if err := rows.Scan(&b, &last); err != nil {
			return nil, err
		}
		out = append(out, Quiet{Record: fact.Subject(b), Last: time.UnixMilli(last)})
	}
	return out, rows.Err()
}

// RecordOf gives the record that a case with this number is about; Missing when
// there is no such case or it is linked to none.
func (s *Cases) RecordOf(ctx context.Context, number string) (fact.Subject, error) {
	var b []byte
	err := s.Journal.Views().QueryRowContext(ctx, `SELECT record FROM urgent_case WHERE number = ? AND number <> '' AND record <> zeroblob(16)`, number).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return fact.Subject{}, noCase()
	}
	if err != nil {
		return fact.Subject{}, err
	}
	return fact.Subject(b), nil
}
