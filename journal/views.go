package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/fact"
)

// mostWaiting bounds what waits in memory for the views; beyond it they read
// the journal file.
const mostWaiting = 20_000

// viewBatch is how many facts views take in at once.
const viewBatch = 4096

// views keeps the tables of all views up to date, in one goroutine, in the
// order of the journal, after the commit. Cursors and tables change in the
// same transaction.
type views struct {
	j       *Journal
	list    []View
	path    string
	vfs     string // memdb at a desk, which keeps views in memory only
	writing *sql.DB
	reading *sql.DB
	file    atomic.Int64 // which file it is since the start

	mu        sync.Mutex
	changed   *sync.Cond
	queue     []placed
	anewOf    []fact.Subject // to be taken in again
	retaking  bool           // some are just being taken in again
	end       int64          // place of the last fact committed
	at        int64          // place of the last fact taken in
	asOf      time.Time
	applied   map[fact.FeedID]uint64 // how many facts of each feed are taken in
	troubles  string
	watchers  map[int]func([]fact.Fact)
	nextID    int
	stopping  bool
	stating   sync.WaitGroup // facts that set others aside, on their way
	forgotten map[fact.Subject]bool
	done      chan struct{}
}

func openViews(ctx context.Context, j *Journal, end int64) (*views, error) {
	v := &views{
		j: j, list: j.o.Views, path: filepath.Join(j.o.Dir, "views.db"), end: end,
		applied: map[fact.FeedID]uint64{}, forgotten: map[fact.Subject]bool{}, watchers: map[int]func([]fact.Fact){}, done: make(chan struct{}),
	}
	v.changed = sync.NewCond(&v.mu)
	if j.papers.card.Kind == fact.Desk {
		name, err := fact.NewSubject(j.o.Random)
		if err != nil {
			return nil, err
		}
		v.path, v.vfs = "/holdfast-"+name.String(), "memdb"
	}
	if err := v.openTables(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("views: %w", err), v.closeFiles())
	}
	anewOf, err := j.everTouched() // at each start: the last taking in may have been cut short
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	owed, err := j.owed()
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	anewOf = append(anewOf, owed...)
	v.mu.Lock()
	v.at, v.asOf, v.anewOf = end, j.o.Clock(), anewOf
	v.mu.Unlock()
	go v.run()
	return v, nil
}

// openTables opens the file, throws it away when it is damaged, rebuilds what
// has another version and catches up.
func (v *views) openTables(ctx context.Context) error {
	if v.vfs == "" {
		if sound, err := unsealViews(v.path); err != nil {
			return err
		} else if !sound {
			v.j.o.Log.Warn("the views are not as they were put to rest and are built anew")
			if err := removeViews(v.path); err != nil {
				return err
			}
		}
	}
	var err error
	if v.reading, err = openViewFile(v.path, v.vfs, "ro", 8, &v.file); err != nil {
		return err
	}
	err = v.tryTables(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return v.anew(ctx, err)
}

// anew throws the file away and builds every view from the journal.
func (v *views) anew(ctx context.Context, why error) error {
	v.j.o.Log.Warn("the views do not hold and are built anew", "err", why)
	v.file.Add(1)
	if v.writing != nil {
		if err := v.writing.Close(); err != nil {
			v.j.o.Log.Warn("close the old views", "err", err)
		}
		v.writing = nil
	}
	if v.vfs != "" {
		return errors.Join(v.emptyMemory(ctx), v.tryTables(ctx))
	}
	if err := removeViews(v.path); err != nil {
		return err
	}
	return v.tryTables(ctx)
}

// emptyMemory drops every table of views that are kept in memory.
func (v *views) emptyMemory(ctx context.Context) error {
	db, err := openViewFile(v.path, v.vfs, "rwc", 1, &v.file)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, view := range v.list {
		if err := dropTables(ctx, tx, view.Name()); err != nil {
			return err
		}
	}
	if err := dropTables(ctx, tx, "holdfast"); err != nil {
		return err
	}
	return tx.Commit()
}

func removeViews(path string) error {
	return errors.Join(removeIfThere(path), removeIfThere(path+"-wal"), removeIfThere(path+"-shm"))
}

func (v *views) tryTables(ctx context.Context) error {
	var err error
	if v.writing, err = openViewFile(v.path, v.vfs, "rwc", 1, &v.file); err != nil {
		return err
	}
	if err := checkViewFile(ctx, v.writing); err != nil {
		return err
	}
	v.mu.Lock()
	end := v.end // the same for all: later facts come to all of them together
	v.mu.Unlock()
	var fresh []View
	behind := map[int64][]View{}
	for _, view := range v.list {
		cursor, ok, err := v.cursorOf(ctx, view)
		if err == nil && (!ok || cursor == 0) {
			fresh = append(fresh, view)
			err = v.recreate(ctx, view)
		} else if err == nil && cursor < end {
			behind[cursor] = append(behind[cursor], view)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", view.Name(), err)
		}
	}
	for cursor, list := range behind {
		if err := v.catchUp(ctx, list, cursor, end); err != nil {
			return err
		}
	}
	return v.build(ctx, fresh, end)
}

func checkViewFile(ctx context.Context, db *sql.DB) error {
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return errors.New(found)
	}
	_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS holdfast_views(
		name TEXT PRIMARY KEY, version INTEGER NOT NULL, cursor INTEGER NOT NULL, id BLOB NOT NULL, tables BLOB NOT NULL) STRICT`)
	if err == nil {
		_, err = db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS holdfast_skipped(
			view TEXT NOT NULL, pos INTEGER NOT NULL, why TEXT NOT NULL, PRIMARY KEY(view, pos)) STRICT`)
	}
	return err
}

// catchUp brings views that stand at one place in the journal to another.
func (v *views) catchUp(ctx context.Context, list []View, cursor, end int64) error {
	for cursor < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		facts, err := v.j.readFacts(v.j.file.Load(), "SELECT pos, feed, header, body FROM facts WHERE pos>? AND pos<=? ORDER BY pos LIMIT ?", cursor, end, int64(viewBatch))
		if err != nil || len(facts) == 0 {
			return errors.Join(err, errIf(len(facts) == 0, "the journal ends early"))
		}
		last := facts[len(facts)-1]
		if err := v.take(ctx, list, facts, reader{v.j}, &last); err != nil {
			return err
		}
		cursor = last.pos
	}
	return nil
}

func errIf(bad bool, what string) error {
	if bad {
		return errors.New(what)
	}
	return nil
}

// cursorOf tells how far a view is, and whether it can go on from there: same
// version, same tables, and the same fact at that place.
func (v *views) cursorOf(ctx context.Context, view View) (int64, bool, error) {
	var version, cursor int64
	var id, tables []byte
	err := v.writing.QueryRowContext(ctx, "SELECT version, cursor, id, tables FROM holdfast_views WHERE name=?", view.Name()).Scan(&version, &cursor, &id, &tables)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	now, err := tablesOf(ctx, v.writing, view.Name())
	if err != nil || version != int64(view.Version()) || string(now) != string(tables) {
		return 0, false, err
	}
	if cursor == 0 {
		return 0, true, nil
	}
	var have []byte
	err = v.j.file.Load().read(func(c *sqlConn) error {
		have, err = c.oneBytes("SELECT id FROM facts WHERE pos=?", cursor)
		return err
	})
	return cursor, err == nil && string(have) == string(id), err
}

func (v *views) recreate(ctx context.Context, view View) error {
	name := view.Name()
	if name == "" || strings.ContainsAny(name, "_%\"' ") || name == "holdfast" || name == "sqlite" {
		return fmt.Errorf("%q can't be the name of a view", name)
	}
	tx, err := v.writing.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := dropTables(ctx, tx, name); err != nil {
		return err
	}
	if err := safely(func() error { return view.Create(tx) }); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM holdfast_skipped WHERE view=?", name); err != nil {
		return err
	}
	tables, err := tablesOf(ctx, tx, name)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO holdfast_views(name, version, cursor, id, tables) VALUES(?, ?, 0, x'', ?)", name, view.Version(), tables); err != nil {
		return err
	}
	return tx.Commit()
}

// tablesOf is a fingerprint of a view's tables and indexes.
func tablesOf(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, name string) ([]byte, error) {
	var all string
	err := db.QueryRowContext(ctx, `SELECT coalesce(group_concat(sql, ';'), '') FROM (
		SELECT sql FROM sqlite_schema WHERE substr(tbl_name, 1, ?)=? ORDER BY type, name)`, len(name)+1, name+"_").Scan(&all)
	hash := fact.Labelled("holdfast/tables/1", []byte(all))
	return hash[:], err
}

func dropTables(ctx context.Context, tx *sql.Tx, name string) error {
	for {
		var table string
		err := tx.QueryRowContext(ctx, `SELECT name FROM sqlite_schema WHERE type='table' AND substr(name, 1, ?)=?
			ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC, name LIMIT 1`, len(name)+1, name+"_").Scan(&table)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DROP TABLE "`+strings.ReplaceAll(table, `"`, `""`)+`"`); err != nil {
			return err
		}
	}
}

func (v *views) closeFiles() error {
	var err error
	if v.reading != nil {
		err = v.reading.Close()
	}
	if v.writing != nil {
		err = errors.Join(err, v.writing.Close())
	}
	return err
}
