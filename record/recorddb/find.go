package recorddb

import (
	"context"
	"database/sql"
	"fmt"
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
SELECT p.subject FROM record_key k JOIN record_person p ON p.id = k.person WHERE k.kind = ? AND k.key = ? ORDER BY p.subject LIMIT 50`,
		keyNumber, digits(number))
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

// candidates gathers people under the query's keys, those under the most and
// the most telling keys first.
func candidates(ctx context.Context, db DB, q record.Query) (ids []int64, more bool, err error) {
	hits := map[int64]int{}
	keys := keysOf(q)
	for n, k := range keys {
		found, err := under(ctx, db, k)
		if err != nil {
			return nil, false, err
		}
		more = more || len(found) == mostPerKey
		for _, id := range found {
			hits[id] += 1<<8 + len(keys) - n
		}
	}
	if len(hits) < Most && len(plain(q.Family)) >= 2 {
		found, err := beginning(ctx, db, strings.ReplaceAll(plain(q.Family), " ", ""))
		if err != nil {
			return nil, false, err
		}
		for _, id := range found {
			hits[id]++
		}
	}
	for id := range hits {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int {
		if hits[a] != hits[b] {
			return hits[b] - hits[a]
		}
		return int(a - b)
	})
	if len(ids) > mostLookups {
		ids, more = ids[:mostLookups], true
	}
	return ids, more, nil
}

func under(ctx context.Context, db DB, k key) ([]int64, error) {
	return people(ctx, db, `SELECT person FROM record_key WHERE kind = ? AND key = ? LIMIT ?`, k.kind, k.text, mostPerKey)
}

// beginning finds last names that begin with these letters.
func beginning(ctx context.Context, db DB, letters string) ([]int64, error) {
	return people(ctx, db, `SELECT person FROM record_key WHERE kind = ? AND key >= ? AND key < ? LIMIT ?`,
		keyLiteral, letters, letters+"~", mostPerKey)
}

func people(ctx context.Context, db DB, query string, args ...any) ([]int64, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
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
func lookClosely(ctx context.Context, db DB, q record.Query, ids []int64) ([]judged, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(ids)), ",")
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`
SELECT subject, called, born, sex, nhs, nhs_status, address, restricted, disputed, names, borns, numbers, postcodes, phones
FROM record_person WHERE id IN (%s)`, marks), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []judged
	for rows.Next() {
		var raw []byte
		var r row
		var names, borns, numbers, postcodes, phones string
		err := rows.Scan(&raw, &r.called, &r.born, &r.sex, &r.nhs, &r.nhsStatus, &r.address, &r.restricted, &r.disputed,
			&names, &borns, &numbers, &postcodes, &phones)
		if err != nil {
			return nil, err
		}
		r.names, r.borns, r.numbers = lines(names), lines(borns), lines(numbers)
		r.postcodes, r.phones = lines(postcodes), lines(phones)
		if m, ok := judge(q, r); ok {
			m.Person = subject(raw)
			out = append(out, m)
		}
	}
	return out, rows.Err()
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
