package journal

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"

	"modernc.org/sqlite"
)

// viewConn is a connection to the views' file that says so when the file was
// thrown away meanwhile, so that the pool lets go of it.
type viewConn struct {
	fullConn
	born int64
	now  *atomic.Int64
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
	return viewConn{full, born, k.now}, nil
}

// openViewFile opens the views' file for writing (rwc) or reading (ro).
func openViewFile(path, vfs, mode string, most int, now *atomic.Int64) (*sql.DB, error) {
	name := dsn(path, vfs, mode) + "&_pragma=busy_timeout(5000)&_pragma=cell_size_check(on)"
	if mode == "ro" {
		name += "&_pragma=query_only(on)"
	} else {
		name += "&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=secure_delete(on)"
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
