package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"

	"modernc.org/sqlite"
)

// viewConn is a connection to the views' file that says so when the file was
// thrown away meanwhile, so that the pool lets go of it.
type viewConn struct {
	fullConn
	born  int64
	now   *atomic.Int64
	stmts map[string]driver.Stmt // prepared once
}

// mostStmts bounds how many statements stay prepared.
const mostStmts = 256

// ExecContext runs a statement that changes tables. It stays prepared for the
// next time, which halves what small changes cost; scripts are run as they are.
func (c viewConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s := c.stmts[query]
	if s == nil {
		if len(c.stmts) >= mostStmts || len(args) == 0 || strings.Contains(query, ";") {
			return c.fullConn.ExecContext(ctx, query, args)
		}
		var err error
		if s, err = c.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		c.stmts[query] = s
	}
	return s.(driver.StmtExecContext).ExecContext(ctx, args)
}

// Close lets go of the statements, then of the file.
func (c viewConn) Close() error {
	var err error
	for _, s := range c.stmts {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, c.fullConn.Close())
}

// fullConn is what SQLite's connections can do and database/sql looks for.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// IsValid tells the pool whether the connection may be used again.
func (c viewConn) IsValid() bool { return c.born == c.now.Load() && c.fullConn.IsValid() }

// ResetSession refuses a connection to a file that was thrown away.
func (c viewConn) ResetSession(ctx context.Context) error {
	if c.born != c.now.Load() {
		return driver.ErrBadConn
	}
	return c.fullConn.ResetSession(ctx)
}

type viewConnector struct {
	driver.Connector
	now *atomic.Int64
}

// Connect opens the views' file as it is now.
func (k viewConnector) Connect(ctx context.Context) (driver.Conn, error) {
	born := k.now.Load()
	raw, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := raw.(fullConn)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver's connections can do less than expected"), raw.Close())
	}
	return viewConn{full, born, k.now, map[string]driver.Stmt{}}, nil
}

// openViewFile opens the views' file for writing (rwc) or reading (ro). What
// SQLite sets aside meanwhile stays in memory: patients' data never lies in the
// machine's folder for temporary files.
func openViewFile(path, vfs, mode string, most int, now *atomic.Int64) (*sql.DB, error) {
	name := dsn(path, vfs, mode) + "&_pragma=busy_timeout(5000)&_pragma=cell_size_check(on)&_pragma=temp_store(memory)"
	if mode == "ro" {
		name += "&_pragma=query_only(on)"
	} else {
		name += "&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=secure_delete(on)&_pragma=wal_autocheckpoint(4000)&_pragma=cache_size(-16000)"
	}
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(viewConnector{connector, now})
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}
