package drill

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the same engine as the journal's
)

// hashRows is a hash over every row of every table of a database in a folder,
// in an order of their own: two files hold the same exactly when it is equal.
func hashRows(dir, file string) (_ string, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, file)+"?mode=ro")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := column(db, "SELECT name FROM sqlite_schema WHERE lower(type)='table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY lower(name)")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, t := range tables {
		fmt.Fprintf(h, "table %s\n", strings.ToLower(t)) // SQL does not tell large letters from small
		if err := hashTable(h, db, t); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func column(db *sql.DB, query string) ([]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

func hashTable(h io.Writer, db *sql.DB, table string) error {
	names, err := column(db, `SELECT name FROM pragma_table_info('`+strings.ReplaceAll(table, "'", "''")+`')`)
	if err != nil {
		return err
	}
	if table == "access_looks" { // which making of the list it is: drawn anew each time it is made
		names = slices.DeleteFunc(names, func(n string) bool { return n == "made" })
	}
	for i, n := range names {
		names[i] = `quote("` + n + `")`
	}
	rows, err := column(db, `SELECT `+strings.Join(names, "||','||")+` AS whole FROM "`+table+`" ORDER BY whole`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		fmt.Fprintln(h, r)
	}
	return nil
}
