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
// random. A feed has one branch, unless it was forked: a branch then begins at
// size base of its parent. Of a part, a device holds single facts, each with
// its proof. waiting names what facts of other devices need and is not here
// yet.
const schema = `
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE papers(hash BLOB PRIMARY KEY, sort INTEGER NOT NULL, signed BLOB NOT NULL) STRICT;
CREATE TABLE feeds(num INTEGER PRIMARY KEY, feed BLOB NOT NULL, branch INTEGER NOT NULL, parent INTEGER NOT NULL, base INTEGER NOT NULL,
	part INTEGER NOT NULL, lane INTEGER NOT NULL, paper BLOB NOT NULL, UNIQUE(feed, branch)) STRICT;
CREATE TABLE subjects(num INTEGER PRIMARY KEY, subject BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE facts(pos INTEGER PRIMARY KEY, feed INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL,
	subject INTEGER NOT NULL, header BLOB NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX facts_place ON facts(feed, seq);
CREATE INDEX facts_subject ON facts(subject, pos);
CREATE TABLE heads(feed INTEGER NOT NULL, size INTEGER NOT NULL, head BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(feed, size)) STRICT, WITHOUT ROWID;
CREATE TABLE tree(feed INTEGER NOT NULL, first INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY(feed, first)) STRICT, WITHOUT ROWID;
CREATE TABLE wraps(subject BLOB NOT NULL, kid BLOB NOT NULL, wrapper BLOB NOT NULL, wrap BLOB NOT NULL,
	PRIMARY KEY(subject, kid, wrapper)) STRICT, WITHOUT ROWID;
CREATE TABLE attachments(hash BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
CREATE TABLE proofs(id BLOB PRIMARY KEY, head BLOB NOT NULL, hashes BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE waiting(what BLOB NOT NULL, sort INTEGER NOT NULL, feed INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(what, feed, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE receipts(feed BLOB NOT NULL, holder BLOB NOT NULL, size INTEGER NOT NULL, minute INTEGER NOT NULL, receipt BLOB NOT NULL,
	PRIMARY KEY(feed, holder, minute)) STRICT, WITHOUT ROWID;
`

// The sorts of paper.
const (
	paperGenesis     = 1
	paperCard        = 2
	paperIncarnation = 3
	paperRoots       = 4
)

// formatName stands in meta; another value is another program's file.
const formatName = "holdfast journal 2"

// formerName is the form before an organisation could have several devices.
const formerName = "holdfast journal 1"

// dbFile is one journal file with a writing connection and a few for reading.
type dbFile struct {
	path    string
	write   *sqlConn // the single writer's
	readers *readers
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
	for _, statement := range statements(schema) {
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
	if err == nil && string(format) == formerName {
		format, err = []byte(formatName), f.upgrade()
	}
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
	f := &dbFile{path: path, write: write, readers: newReaders()}
	if err := applySettings(write, settings()); err != nil {
		return nil, errors.Join(err, f.close())
	}
	for range readersPerFile {
		r, err := openConn(path, store.VFS(), "ro")
		if err == nil {
			f.readers.add(r)
			err = applySettings(r, []setting{{"query_only", "on", "1"}, {"cell_size_check", "on", "1"}, {"busy_timeout", "5000", "5000"}})
		}
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	return f, nil
}

// read lends a reading connection.
func (f *dbFile) read(use func(c *sqlConn) error) error {
	c := f.readers.take()
	if c == nil {
		return errClosed
	}
	defer f.readers.giveBack(c)
	return use(c)
}

// close closes the writing connection first, so that a file that failed is not
// written once more on the way out: the last to close may only read. It waits
// for reads under way; later ones are refused.
func (f *dbFile) close() error {
	return errors.Join(f.write.close(), f.readers.close())
}

// upgrade brings a file of the former form to the present one, in one
// transaction.
func (f *dbFile) upgrade() error {
	now := statements(schema)
	steps := []string{"BEGIN IMMEDIATE", "ALTER TABLE feeds RENAME TO feeds_1", "ALTER TABLE heads RENAME TO heads_1"}
	for _, s := range now {
		for _, table := range []string{"feeds", "heads", "proofs", "waiting", "receipts"} {
			if strings.HasPrefix(s, "CREATE TABLE "+table+"(") {
				steps = append(steps, s)
			}
		}
	}
	steps = append(steps,
		"INSERT INTO feeds SELECT num, feed, 0, 0, 0, 0, lane, paper FROM feeds_1",
		"INSERT INTO heads SELECT feed, size, head, 0 FROM heads_1",
		"DROP TABLE feeds_1", "DROP TABLE heads_1",
		"UPDATE meta SET value=CAST('"+formatName+"' AS BLOB) WHERE name='format'", "COMMIT")
	for _, s := range steps {
		if err := f.write.exec(s); err != nil {
			return errors.Join(fmt.Errorf("bring the journal to its present form: %w", err), f.write.exec("ROLLBACK"))
		}
	}
	return nil
}

// statements cuts a script where a statement ends.
func statements(script string) []string {
	var out []string
	for _, s := range strings.Split(script, ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
