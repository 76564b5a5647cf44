package accessdb

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// lookTables hold one row for each look at a record and each reason that was
// given for one, by record and time. place counts them as they were taken in,
// whatever time they tell of, and goes on when some are forgotten; made tells
// one making of the tables from another.
const lookTables = `
	CREATE TABLE access_look(about BLOB NOT NULL, at INTEGER NOT NULL, fact BLOB NOT NULL, sort INTEGER NOT NULL, feed BLOB NOT NULL,
		session BLOB NOT NULL, person BLOB NOT NULL, role TEXT NOT NULL, act TEXT NOT NULL, why TEXT NOT NULL, place INTEGER NOT NULL,
		PRIMARY KEY(about, at, fact)) STRICT, WITHOUT ROWID;
	CREATE INDEX access_look_at ON access_look(at);
	CREATE INDEX access_look_person ON access_look(person, at);
	CREATE INDEX access_look_session ON access_look(session);
	CREATE UNIQUE INDEX access_look_place ON access_look(place);
	CREATE INDEX access_look_glass ON access_look(at) WHERE sort = 2;
	CREATE TABLE access_looks(made BLOB NOT NULL, place INTEGER NOT NULL) STRICT;
	INSERT INTO access_looks VALUES(randomblob(16), 0);
	CREATE TABLE access_erased(about BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
	CREATE TABLE access_desk(session BLOB PRIMARY KEY, desk TEXT NOT NULL, opened INTEGER NOT NULL) STRICT, WITHOUT ROWID;`

// The sorts of row.
const (
	plainLook   = 0
	pastMark    = 1
	brokenGlass = 2 // as access_look_glass has it
)

// putLook keeps a look once. Of an erased record nothing is kept of what was
// said, also when the tables are made anew.
func putLook(tx *sql.Tx, f fact.Fact, about fact.Subject, act access.Act, why string, sort int) error {
	at := f.Body.Happened.From
	if at == 0 {
		at = f.Header.Recorded
	}
	done, err := tx.Exec(`INSERT OR IGNORE INTO access_look SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,
		CASE WHEN EXISTS (SELECT 1 FROM access_erased WHERE about = ?1) THEN '' ELSE ?10 END, place + 1 FROM access_looks`,
		about[:], int64(at), f.ID[:], sort, f.Header.Feed[:], f.Header.Subject[:], f.Body.Person[:], f.Body.Role, string(act), why)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	_, err = tx.Exec(`UPDATE access_looks SET place = place + 1`)
	return err
}

// Seen is one look at a record, or one reason given for opening it.
type Seen struct {
	Fact    fact.ID
	About   fact.Subject // the record, or one of the cases about it
	At      time.Time
	Person  fact.Subject
	Session fact.Subject
	Name    string // as colleagues know them
	Role    access.Role
	Desk    string       // which desk or machine the person sat at
	Device  fact.Subject // which device wrote it
	Act     access.Act
	Why     string
	Reason  bool // a reason given, not the look itself
	Glass   bool // against the permission table
	Opened  time.Time
}

// LooksAt lets the caller in and lists every look at some subjects that is
// held on this device, in order of time.
func (g *Gate) LooksAt(ctx context.Context, by access.Caller, about fact.Subject, subjects []fact.Subject) ([]Seen, error) {
	if err := g.Enter(ctx, by, access.SeeLooks, fact.Subject{}); err != nil {
		return nil, err
	}
	looked := access.Looked{Act: access.SeeLooks, About: about}
	if by.Session.Zero() { // asked at the machine itself: nobody is signed in
		looked.Purpose, looked.Why = access.AuditWork, "asked at the machine itself, by the account that runs it"
		if err := g.lookOfItself(ctx, by, looked); err != nil {
			return nil, err
		}
	} else if err := g.look(ctx, by, looked); err != nil {
		return nil, err
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(subjects)), ",")
	args := make([]any, len(subjects))
	for i, s := range subjects {
		args[i] = s[:]
	}
	return g.seen(ctx, `l.about IN (`+marks+`)`, args...)
}

// LooksSince lists every look at any record since a time, at most so many: the
// newest. beyond is how many older ones since then are left out. It is for who
// was let in by Enter.
func (g *Gate) LooksSince(ctx context.Context, since time.Time, most int) (out []Seen, beyond int, err error) {
	from := since.UnixMilli()
	err = g.journal.Views().QueryRowContext(ctx, `SELECT coalesce((SELECT max(?1, at) FROM access_look ORDER BY at DESC LIMIT 1 OFFSET ?2), ?1)`, from, most-1).Scan(&from)
	if err != nil {
		return nil, 0, err
	}
	err = g.journal.Views().QueryRowContext(ctx, `SELECT count(*) FROM access_look WHERE at >= ? AND at < ?`, since.UnixMilli(), from).Scan(&beyond)
	if err != nil {
		return nil, 0, err
	}
	out, err = g.seen(ctx, `l.at >= ?`, from)
	return out, beyond, err
}

// LookPlace is how far the looks on this device were read: in which making of
// their list, and up to which of them.
type LookPlace struct {
	Made  [16]byte
	Place int64
}

// LooksNow tells how far the looks go now.
func (g *Gate) LooksNow(ctx context.Context) (p LookPlace, err error) {
	var made []byte
	err = g.journal.Views().QueryRowContext(ctx, `SELECT made, place FROM access_looks`).Scan(&made, &p.Place)
	copy(p.Made[:], made)
	return p, err
}

// Alarming lists, for this device itself, what people are told of among the
// looks that were taken in after a place, up to another: reasons against the
// table, and looks at any of the watched. It reads no look twice.
func (g *Gate) Alarming(ctx context.Context, after, upTo LookPlace, watched func(fact.Subject) bool) ([]Seen, error) {
	all, err := g.seen(ctx, `l.place > ? AND l.place <= ?`, after.Place, upTo.Place)
	return slices.DeleteFunc(all, func(s Seen) bool { return !s.Glass && (s.Reason || !watched(s.About)) }), err
}

// AlarmingBefore lists the same among the looks up to a place that were made
// since a time: of the subjects given, which were not watched so far, and the
// reasons against the table when glass is wanted, as after a start.
func (g *Gate) AlarmingBefore(ctx context.Context, upTo LookPlace, since time.Time, subjects []fact.Subject, glass bool) (out []Seen, err error) {
	if glass {
		out, err = g.seen(ctx, `l.sort = 2 AND l.at >= ? AND l.place <= ?`, since.UnixMilli(), upTo.Place)
	}
	errs := []error{err}
	for _, s := range subjects {
		more, err := g.seen(ctx, `l.about = ? AND l.at >= ? AND l.sort = ? AND l.place <= ?`, s[:], since.UnixMilli(), plainLook, upTo.Place)
		out, errs = append(out, more...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

func (g *Gate) seen(ctx context.Context, where string, args ...any) (out []Seen, err error) {
	rows, err := g.journal.Views().QueryContext(ctx, `SELECT l.about, l.at, l.fact, l.sort, l.feed, l.session, l.person, l.role, l.act, l.why,
		coalesce(d.desk, ''), coalesce(d.opened, 0), coalesce(p.name, '')
		FROM access_look l LEFT JOIN access_desk d ON d.session = l.session LEFT JOIN access_person p ON p.person = l.person
		WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	devices := map[fact.FeedID]fact.Subject{}
	for rows.Next() {
		var about, id, feed, session, person []byte
		var at, opened int64
		var sort int
		var s Seen
		if err := rows.Scan(&about, &at, &id, &sort, &feed, &session, &person, &s.Role, &s.Act, &s.Why, &s.Desk, &opened, &s.Name); err != nil {
			return nil, err
		}
		s.About, s.Fact, s.Session, s.Person = fact.Subject(about), fact.ID(id), fact.Subject(session), fact.Subject(person)
		s.At, s.Opened = time.UnixMilli(at).UTC(), time.UnixMilli(opened).UTC()
		s.Reason, s.Glass = sort != plainLook, sort == brokenGlass
		f := fact.FeedID(feed)
		if _, ok := devices[f]; !ok {
			devices[f], _ = g.journal.DeviceOf(f)
		}
		s.Device = devices[f]
		if s.Name == "" {
			s.Name = g.deviceOr(s.Person, "a person not named here")
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Seen) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return slices.Compare(a.Fact[:], b.Fact[:])
	})
	return out, rows.Err()
}

// deviceOr names the device that looked by itself, for the account that runs it.
func (g *Gate) deviceOr(id fact.Subject, otherwise string) string {
	if d, ok := g.journal.House().Devices[id]; ok {
		return d.Card.Name + ", the machine itself"
	}
	return otherwise
}

// Here says how far the looks of one device have arrived.
type Here struct {
	Device fact.Subject
	Name   string
	Desk   bool
	CutOff bool
	Own    bool      // this device itself
	Up     uint64    // entries of its looks that are here
	Until  time.Time // when the newest of them was signed; zero: none is here
}

// LooksHere says for each device of the organisation how far its looks have
// arrived on this one.
func (g *Gate) LooksHere() []Here {
	house, own := g.journal.House(), g.journal.Device().Card().Device
	at := map[fact.Subject]*Here{}
	for id, d := range house.Devices {
		at[id] = &Here{Device: id, Name: d.Card.Name, Desk: d.Card.Kind == fact.Desk, CutOff: house.CutOff(id), Own: id == own}
	}
	for _, t := range g.journal.Tips() {
		id, ok := g.journal.DeviceOf(t.Feed)
		if !ok || at[id] == nil || t.Lane != fact.Looks {
			continue
		}
		at[id].Up += t.Size
		if when := fact.HeadTime(t.Head); when.After(at[id].Until) {
			at[id].Until = when
		}
	}
	var out []Here
	for _, h := range at {
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b Here) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return slices.Compare(a.Device[:], b.Device[:])
	})
	return out
}

// OrgID is the organisation's id as its genesis makes it: whoever checks a
// report compares it with one that they have from elsewhere.
func (g *Gate) OrgID() string { return g.journal.Org().String() }

// StaffNamed gives the member of staff with a name; Missing when there is none,
// or more than one.
func (g *Gate) StaffNamed(ctx context.Context, name string) (out fact.Subject, err error) {
	rows, err := g.journal.Views().QueryContext(ctx, `SELECT person FROM access_person WHERE name = ? COLLATE NOCASE LIMIT 2`, strings.TrimSpace(name))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	found := 0
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return out, err
		}
		out, found = fact.Subject(b), found+1
	}
	if err := rows.Err(); err != nil {
		return out, err
	}
	if found != 1 {
		return fact.Subject{}, refusal.Field("staff", "Nobody here is called this, or more than one. Write the name as the staff list has it.")
	}
	return out, nil
}
