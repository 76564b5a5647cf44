package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// One changed byte of one fact: verify says no, and where.
func TestVerifyNamesTheChangedFact(t *testing.T) {
	demo := filepath.Join(t.TempDir(), "demo")
	p := startDemo(t, demo, "--still")
	p.stop()
	verifyHolds(t, demo)
	db, err := sql.Open("sqlite", filepath.Join(demo, "hours", "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	var body []byte
	if err := db.QueryRow("SELECT body FROM facts WHERE pos = 100").Scan(&body); err != nil {
		t.Fatal(err)
	}
	body[len(body)/2] ^= 1
	if _, err := db.Exec("UPDATE facts SET body = ? WHERE pos = 100", body); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"verify", "--json", demo}, &out, &errOut); status != failed {
		t.Errorf("%d %s", status, errOut.String())
	}
	holds := 0
	for line := range strings.Lines(out.String()) {
		var v verified
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if v.Holds {
			holds++
			continue
		}
		if filepath.Base(v.Dir) != "hours" || len(v.Failures) == 0 || v.Failures[0].Place == "" || v.Failures[0].What == "" {
			t.Errorf("%+v", v)
		}
	}
	if holds != 1 {
		t.Errorf("%d journals hold", holds)
	}
}
