package node

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// scope says what a desk holds: the organisation's live work. Every desk of an
// urgent care organisation may be asked to take any open case, so all have the
// same: open cases with the records of their patients, open tasks, the
// directory. What stands in the control lane (staff, roles, sessions, devices)
// goes to desks whole. When some desks are given less than others, OneWork of the
// journal's options is no longer true.
type scope struct {
	j     *journal.Journal
	clock journal.Clock
}

// linkedRecords lists the records that are linked to those of open cases, also
// through others: they are read together.
const linkedRecords = `WITH RECURSIVE theirs(id) AS (
	SELECT DISTINCT record FROM urgent_case WHERE onlist = 1
	UNION SELECT l.other FROM record_link l JOIN theirs t ON l.subject = t.id
) SELECT id FROM theirs LIMIT ?`

// mostScoped bounds what a desk is given.
const mostScoped = 20_000

// Subjects lists the live work.
func (s *scope) Subjects(ctx context.Context, _ fact.Subject) ([]fact.Subject, error) {
	var out []fact.Subject
	for _, query := range []string{
		`SELECT id FROM urgent_case WHERE onlist = 1 ORDER BY due LIMIT ?`,
		`SELECT DISTINCT record FROM urgent_case WHERE onlist = 1 LIMIT ?`,
		linkedRecords,
		`SELECT subject FROM task_open LIMIT ?`,
		`SELECT subject FROM directory_entry LIMIT ?`,
		`SELECT id FROM phone_call WHERE over = 0 AND began > (SELECT max(began) FROM phone_call) - 86400000 ORDER BY began DESC LIMIT ?`,
		`SELECT id FROM phone_seat UNION SELECT id FROM phone_exchange LIMIT ?`,
	} {
		more, err := subjectRows(ctx, s.j.Views(), query)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	slices.SortFunc(out, func(a, b fact.Subject) int { return bytes.Compare(a[:], b[:]) })
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(one fact.Subject) bool { return one.Zero() }), nil
}

func subjectRows(ctx context.Context, db *sql.DB, query string, args ...any) (out []fact.Subject, err error) {
	rows, err := db.QueryContext(ctx, query, append([]any{mostScoped}, args...)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		if len(b) == len(fact.Subject{}) {
			out = append(out, fact.Subject(b))
		}
	}
	return out, rows.Err()
}

// Ended lists what a desk holds, as far as is known here, of cases, records and
// tasks that are no live work any more.
func (s *scope) Ended(ctx context.Context, desk fact.Subject) ([]fact.Subject, error) {
	live, err := s.Subjects(ctx, desk)
	if err != nil {
		return nil, err
	}
	is := make(map[fact.Subject]bool, len(live))
	for _, one := range live {
		is[one] = true
	}
	lines, err := s.j.Manifest(ctx, desk, fact.At(s.clock()))
	if err != nil {
		return nil, err
	}
	var out []fact.Subject
	for _, l := range lines {
		if l.LetGo != 0 || is[l.Subject] {
			continue
		}
		h, err := s.j.History(ctx, l.Subject)
		if err != nil {
			return nil, err
		}
		if isWork(h) {
			out = append(out, l.Subject)
		}
	}
	return out, nil
}

// isWork tells whether a subject is a case, a record, a task or a telephone
// call.
func isWork(h fact.History) bool {
	return slices.ContainsFunc(h.Facts(), func(f fact.Fact) bool {
		k := f.Body.Kind
		return k >= 100 && k < 120 || urgentdb.IsCase(f) || k >= 400 && k < 500 || urgent.OfTelephone(k)
	})
}

// Facts lists the facts of a subject.
func (s *scope) Facts(ctx context.Context, subject fact.Subject) ([]fact.ID, error) {
	return s.j.FactIDs(ctx, subject)
}
