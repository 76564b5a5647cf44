package recorddb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

// DB is what search reads from: the views, or a transaction on them.
type DB interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Most is how many people an answer lists; Found.More tells that there are
// others.
const Most = 12

// Each key gives at most so many candidates, and the likeliest so many are
// looked at closely: this bounds the time of a search for "Smith".
const (
	mostPerKey  = 400
	mostLookups = 120
)

// judged is a match with how well it fits.
type judged struct {
	record.Match
	score int
}

// Found is the answer to a search, the best match first.
type Found struct {
	Matches []record.Match
	More    bool // there are others: ask for another detail
}

// Find looks people up. It never refuses for too little: with only a first
// name it answers what it can and says there is more. Recording that somebody
// looked is the door's work (access.FindPerson).
func Find(ctx context.Context, db DB, by access.Caller, q record.Query) (Found, error) {
	if err := mayFind(by); err != nil {
		return Found{}, err
	}
	if q.Empty() {
		return Found{}, refusal.New(refusal.Invalid, "Type a name, a birth date, a number, a postcode or a phone number")
	}
	ids, more, err := candidates(ctx, db, q)
	if err != nil || len(ids) == 0 {
		return Found{}, err
	}
	matches, err := lookClosely(ctx, db, q, ids)
	if err != nil {
		return Found{}, err
	}
	slices.SortFunc(matches, func(a, b judged) int {
		if a.score != b.score {
			return b.score - a.score
		}
		if c := strings.Compare(a.Called, b.Called); c != 0 {
			return c
		}
		return strings.Compare(a.Born.String()+a.Person.String(), b.Born.String()+b.Person.String())
	})
	if len(matches) > Most {
		matches, more = matches[:Most], true
	}
	found := Found{More: more}
	for _, m := range matches {
		found.Matches = append(found.Matches, m.Match)
	}
	return found, nil
}

func mayFind(by access.Caller) error {
	if by.Role == access.Device {
		return nil
	}
	return by.May(access.FindPerson)
}

// ByNumber lists the people who have this NHS, CHI or H&C number, checked
// numbers only. More than one is a disagreement for a person to settle.
func ByNumber(ctx context.Context, db DB, by access.Caller, number string) ([]fact.Subject, error) {
	if err := mayFind(by); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `
SELECT p.subject FROM record_key k JOIN record_person p ON p.id = k.person
WHERE k.key = ? AND instr(char(10) || p.numbers || char(10), char(10) || ? || char(10)) > 0 ORDER BY p.subject LIMIT 50`,
		key{keyNumber, digits(number)}.hash(), digits(number))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []fact.Subject
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		out = append(out, subject(raw))
	}
	return out, rows.Err()
}

func subject(raw []byte) (s fact.Subject) {
	copy(s[:], raw)
	return s
}

// candidates gathers people under the query's keys. A key that few share tells
// more than one that many share: who stands under the most telling keys is
// looked at first.
func candidates(ctx context.Context, db DB, q record.Query) (ids []int64, more bool, err error) {
	weights := map[int64]int{}
	weigh := func(found []int64, most int) {
		more = more || len(found) == mostPerKey
		for _, id := range found {
			weights[id] += most / (4 + len(found))
		}
	}
	for _, k := range keysOf(q) {
		found, err := people(ctx, db, `SELECT person FROM record_key WHERE key = ? LIMIT ?`, k.hash(), mostPerKey)
		if err != nil {
			return nil, false, err
		}
		weigh(found, 1<<20)
	}
	if letters := strings.ReplaceAll(plain(q.Family), " ", ""); len(weights) < Most && len(letters) >= 2 {
		found, err := people(ctx, db, `SELECT person FROM record_name WHERE name >= ? AND name < ? LIMIT ?`, letters, letters+"~", mostPerKey)
		if err != nil {
			return nil, false, err
		}
		weigh(found, 1<<10)
	}
	for id := range weights {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int {
		if weights[a] != weights[b] {
			return weights[b] - weights[a]
		}
		return cmp.Compare(a, b)
	})
	if len(ids) > mostLookups {
		ids, more = ids[:mostLookups], true
	}
	return ids, more, nil
}

func people(ctx context.Context, db DB, query string, args ...any) (out []int64, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// lookClosely reads the candidates and scores them.
func lookClosely(ctx context.Context, db DB, q record.Query, ids []int64) (out []judged, err error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(ids)), ",")
	rows, err := db.QueryContext(ctx, `SELECT id, subject, `+columns+` FROM record_person WHERE id IN (`+marks+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var raw []byte
		var r row
		if err := r.scan(rows, &id, &raw); err != nil {
			return nil, err
		}
		if m, ok := judge(q, r); ok {
			m.Person = subject(raw)
			out = append(out, m)
		}
	}
	return out, rows.Err()
}
