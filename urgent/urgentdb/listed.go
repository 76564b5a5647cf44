package urgentdb

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"holdfast/fact"
	"holdfast/urgent"
)

// listed keeps the rows of the worklist decoded and in order, and reads from
// the view only what has changed since it last looked. It holds open cases
// alone, so it is as long as the list.
type listed struct {
	mu     sync.Mutex
	rev    int64
	cases  map[fact.Subject]listedRow
	sorted []urgent.Row // never changed, only replaced: readers share it
}

type listedRow struct {
	row        urgent.Row
	due, began int64
}

// rows gives every open case, what will be late first. The slice is not to be
// changed.
func (l *listed) rows(ctx context.Context, db *sql.DB) ([]urgent.Row, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed, err := l.catchUp(ctx, db)
	if changed { // also when a later row failed: what was read is true
		l.sort()
	}
	return l.sorted, err
}

func (l *listed) catchUp(ctx context.Context, db *sql.DB) (changed bool, err error) {
	rows, err := db.QueryContext(ctx, `SELECT id, rev, onlist, due, began, row FROM urgent_case WHERE rev > ? ORDER BY rev`, l.rev)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if l.cases == nil {
		l.cases = map[fact.Subject]listedRow{}
	}
	for rows.Next() {
		var id, blob []byte
		var rev int64
		var on bool
		var one listedRow
		if err := rows.Scan(&id, &rev, &on, &one.due, &one.began, &blob); err != nil {
			return changed, err
		}
		delete(l.cases, fact.Subject(id))
		if on {
			if err := fact.Decode(blob, &one.row); err != nil {
				return changed, err
			}
			l.cases[fact.Subject(id)] = one
		}
		l.rev, changed = rev, true
	}
	return changed, rows.Err()
}

func (l *listed) sort() {
	all := make([]listedRow, 0, len(l.cases))
	for _, one := range l.cases {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b listedRow) int {
		if a.due != b.due {
			return cmp.Compare(a.due, b.due)
		}
		if a.began != b.began {
			return cmp.Compare(a.began, b.began)
		}
		return bytes.Compare(a.row.Case[:], b.row.Case[:])
	})
	l.sorted = make([]urgent.Row, len(all))
	for i, one := range all {
		l.sorted[i] = one.row
	}
}
