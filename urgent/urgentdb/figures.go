package urgentdb

import (
	"context"
	"errors"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/urgent"
)

// FiguresRows lets the caller in, records that they looked, and gives the cases
// since a time that figures are made of. What is made of them says less.
func (s *Cases) FiguresRows(ctx context.Context, by access.Caller, since fact.Millis) (out []urgent.FiguresRow, err error) {
	if err := s.Gate.Enter(ctx, by, access.SeeFigures, fact.Subject{}); err != nil {
		return nil, err
	}
	rows, err := s.Journal.Views().QueryContext(ctx, `SELECT began, row FROM urgent_case WHERE began >= ? AND length(row) > 0 ORDER BY id`, int64(since))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var began int64
		var blob []byte
		if err := rows.Scan(&began, &blob); err != nil {
			return nil, err
		}
		one := urgent.FiguresRow{Began: time.UnixMilli(began)}
		if err := fact.Decode(blob, &one.Row); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
