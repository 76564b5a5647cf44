package journal

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// schema is the journal's tables. Whatever can be derived from the exact bytes
// kept (header, body, head, paper, wrap) is only there to find them again;
// Verify checks that both agree. Subjects are numbered as they come, so that
// what is worked on now stands together in the index although subjects are
// random.
const schema = `
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE papers(hash BLOB PRIMARY KEY, sort INTEGER NOT NULL, signed BLOB NOT NULL) STRICT;
CREATE TABLE feeds(num INTEGER PRIMARY KEY, feed BLOB NOT NULL UNIQUE, lane INTEGER NOT NULL, paper BLOB NOT NULL) STRICT;
CREATE TABLE subjects(num INTEGER PRIMARY KEY, subject BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE facts(pos INTEGER PRIMARY KEY, feed INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL,
	subject INTEGER NOT NULL, header BLOB NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX facts_place ON facts(feed, seq);
CREATE INDEX facts_subject ON facts(subject, pos);
CREATE TABLE heads(feed INTEGER NOT NULL, size INTEGER NOT NULL, head BLOB NOT NULL, PRIMARY KEY(feed, size)) STRICT, WITHOUT ROWID;
CREATE TABLE tree(feed INTEGER NOT NULL, first INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY(feed, first)) STRICT, WITHOUT ROWID;
CREATE TABLE wraps(subject BLOB NOT NULL, kid BLOB NOT NULL, wrapper BLOB NOT NULL, wrap BLOB NOT NULL,
	PRIMARY KEY(subject, kid, wrapper)) STRICT, WITHOUT ROWID;
CREATE TABLE attachments(hash BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
`

// The sorts of paper.
const (
	paperGenesis     = 1
	paperCard        = 2
	paperIncarnation = 3
)

// formatName stands in meta; another value is another program's file.
const formatName = "holdfast journal 1"

// dbFile is one journal file with a writing connection and a few for reading.
type dbFile struct {
	path    string
	write   *sqlConn // the single writer's
	readers chan *sqlConn
	made    int // how many readers there are
}

const readersPerFile = 4

// settings are set on the writing connection and read back: a journal that
// does not flush as promised is refused.
func settings() []setting {
	return []setting{
		{"journal_mode", "wal", "wal"},
		{"synchronous", "full", "2"},
		{"wal_autocheckpoint", "0", "0"},
		{"secure_delete", "on", "1"},
		{"fullfsync", "on", "1"},
		{"checkpoint_fullfsync", "on", "1"},
		{"cell_size_check", "on", "1"},
		{"trusted_schema", "off", "0"},
		{"mmap_size", "0", "0"},
		{"cache_size", "-16000", "-16000"},
		{"busy_timeout", "5000", "5000"},
	}
}

type setting struct{ name, set, want string }

func applySettings(c *sqlConn, all []setting) error {
	for _, s := range all {
		if err := c.each("PRAGMA "+s.name+"="+s.set, func([]driver.Value) error { return nil }); err != nil {
			return fmt.Errorf("set %s: %w", s.name, err)
		}
	}
	for _, s := range all {
		got, err := c.one("PRAGMA " + s.name)
		if err != nil {
			return fmt.Errorf("read back %s: %w", s.name, err)
		}
		if have := fmt.Sprint(got); s.name == "mmap_size" && got == nil {
			continue // a VFS without memory maps has no such setting
		} else if have != s.want {
			return fmt.Errorf("the journal asked for %s=%s and has %s", s.name, s.want, have)
		}
	}
	return nil
}

// createFile makes an empty journal file.
func createFile(path string, store Store) (*dbFile, error) {
	f, err := openFile(path, store, "rwc")
	if err != nil {
		return nil, err
	}
	for _, statement := range strings.Split(schema, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := f.write.exec(statement); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	if err := f.write.exec("INSERT INTO meta(name, value) VALUES('format', ?)", []byte(formatName)); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// openExisting opens a journal file and refuses any that it does not know.
func openExisting(path string, store Store) (*dbFile, error) {
	f, err := openFile(path, store, "rw")
	if err != nil {
		return nil, err
	}
	format, err := f.write.oneBytes("SELECT value FROM meta WHERE name='format'")
	if err == nil && string(format) != formatName {
		err = fmt.Errorf("%s has format %q: this program knows %q", path, format, formatName)
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func openFile(path string, store Store, mode string) (*dbFile, error) {
	write, err := openConn(path, store.VFS(), mode)
	if err != nil {
		return nil, err
	}
	f := &dbFile{path: path, write: write, readers: make(chan *sqlConn, readersPerFile)}
	if err := applySettings(write, settings()); err != nil {
		return nil, errors.Join(err, f.close())
	}
	for range readersPerFile {
		r, err := openConn(path, store.VFS(), "ro")
		if err == nil {
			err = applySettings(r, []setting{{"query_only", "on", "1"}, {"cell_size_check", "on", "1"}, {"busy_timeout", "5000", "5000"}})
		}
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		f.readers <- r
		f.made++
	}
	return f, nil
}

// read lends a reading connection.
func (f *dbFile) read(use func(c *sqlConn) error) error {
	c, open := <-f.readers
	if !open {
		return errClosed
	}
	defer func() { f.readers <- c }()
	return use(c)
}

// close closes the writing connection first, so that a file that failed is not
// written once more on the way out: the last to close may only read. It waits
// for reads under way; later ones are refused.
func (f *dbFile) close() error {
	err := f.write.close()
	for range f.made {
		err = errors.Join(err, (<-f.readers).close())
	}
	close(f.readers)
	return err
}
