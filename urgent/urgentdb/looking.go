package urgentdb

import (
	"context"
	"errors"
	"slices"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// RecordsOf gives the records that a case is about; none for what is no case.
// It shows nobody anything.
func (s *Cases) RecordsOf(ctx context.Context, id fact.Subject) (out []fact.Subject, err error) {
	rows, err := s.Journal.Views().QueryContext(ctx, `SELECT record FROM urgent_about WHERE id = ? ORDER BY record`, id[:])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		out = append(out, fact.Subject(b))
	}
	return out, rows.Err()
}

// CareOf tells how somebody stands to a case or a record by their open work:
// read from facts, so that no list that lags keeps anybody from their patient.
func (s *Cases) CareOf(ctx context.Context, by access.Caller, about fact.Subject) (access.Care, error) {
	var out access.Care
	c, err := journal.Fold(ctx, s.Journal, about, urgent.Fold)
	if err != nil {
		return out, err
	}
	out.Mine = mine(c, by.Person)
	list, err := s.rows(ctx, `SELECT row FROM urgent_case WHERE onlist = 1`)
	if err != nil {
		return out, err
	}
	for _, row := range list {
		if !slices.ContainsFunc(row.Holders, func(h urgent.Holder) bool { return h.Person == by.Person }) {
			continue
		}
		out.Mine = out.Mine || row.Case == about || row.Record == about
		out.InCall = out.InCall || row.Stage == urgent.OnCall
	}
	return out, nil
}

// mine tells whether somebody has an open case, or took its call.
func mine(c urgent.Case, person fact.Subject) bool {
	return c.Begun() && c.OnList() && (c.HeldBy(person) || c.TakenBy == person)
}

// Working lists the open cases that somebody has in hand: when each is due, 0
// for one that has no deadline, and nothing of whom it is about.
func (s *Cases) Working(ctx context.Context, person fact.Subject) (due []fact.Millis, err error) {
	list, err := s.rows(ctx, `SELECT row FROM urgent_case WHERE onlist = 1 ORDER BY due`)
	for _, row := range list {
		if slices.ContainsFunc(row.Holders, func(h urgent.Holder) bool { return h.Person == person }) {
			due = append(due, row.Due)
		}
	}
	return due, err
}
