package journal

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	"modernc.org/sqlite"
)

// sqlConn is one SQLite connection with its statements prepared once. It is
// used by one goroutine at a time.
type sqlConn struct {
	raw   driver.Conn
	stmts map[string]driver.Stmt
	args  []driver.NamedValue
}

// dsn names a database file for the driver; mode is rw, rwc or ro.
func dsn(path, vfs, mode string) string {
	q := url.Values{"mode": {mode}}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

func openConn(path, vfs, mode string) (*sqlConn, error) {
	connector, err := sqlite.NewConnector(dsn(path, vfs, mode))
	if err != nil {
		return nil, err
	}
	raw, err := connector.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &sqlConn{raw: raw, stmts: map[string]driver.Stmt{}}, nil
}

func (c *sqlConn) close() error {
	var err error
	for _, s := range c.stmts {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, c.raw.Close())
}

func (c *sqlConn) prepared(query string) (driver.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	s, err := c.raw.Prepare(query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}

func (c *sqlConn) named(args []driver.Value) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args
}

// exec runs one statement; arguments are int64, string or []byte.
func (c *sqlConn) exec(query string, args ...driver.Value) error {
	s, err := c.prepared(query)
	if err != nil {
		return err
	}
	_, err = s.(driver.StmtExecContext).ExecContext(context.Background(), c.named(args))
	return err
}

// each runs a query and hands over its rows one by one; the values are the
// callee's to keep, the slice is not.
func (c *sqlConn) each(query string, row func(v []driver.Value) error, args ...driver.Value) (err error) {
	s, err := c.prepared(query)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), c.named(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	defer func() { // a damaged file may give a value of another type than was written
		if p := recover(); p != nil {
			err = fmt.Errorf("a row is not as it was written: %v", p)
		}
	}()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		for i, v := range values { // an empty blob comes as nil, and would be written on as NULL
			if b, ok := v.([]byte); ok && b == nil {
				values[i] = []byte{}
			}
		}
		if err := row(values); err != nil {
			return err
		}
	}
}

// one gives the first value of the first row, or nil when there is none.
func (c *sqlConn) one(query string, args ...driver.Value) (driver.Value, error) {
	var out driver.Value
	first := true
	err := c.each(query, func(v []driver.Value) error {
		if first {
			out, first = v[0], false
		}
		return nil
	}, args...)
	return out, err
}

func (c *sqlConn) oneInt(query string, args ...driver.Value) (int64, error) {
	v, err := c.one(query, args...)
	if err != nil || v == nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("%s: not a number", query)
	}
	return n, nil
}

func (c *sqlConn) oneBytes(query string, args ...driver.Value) ([]byte, error) {
	v, err := c.one(query, args...)
	if err != nil || v == nil {
		return nil, err
	}
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("%s: not bytes", query)
	}
	return b, nil
}
