package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/journal"
)

// looked makes a signed report of who looked, as a device does.
func looked(t *testing.T) (path, org string) {
	t.Helper()
	ctx := context.Background()
	o := journal.Options{Dir: t.TempDir(), Clock: time.Now, Views: []journal.View{accessdb.View{}}, Demo: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if err := journal.Found(ctx, o, journal.Founding{Name: "Fellside 111", ODS: "FEL01", DeviceName: "site"}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	g := accessdb.NewGate(j, time.Now)
	device := access.Caller{Name: "site", Role: access.Device}
	record := fact.Subject{7}
	whole := func(context.Context, fact.Subject) ([]fact.Subject, int, error) {
		return []fact.Subject{record}, 0, nil
	}
	w, err := g.WhoLookedAt(ctx, device, record, whole, func(fact.Subject) bool { return true }, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	w.Looks = append(w.Looks, accessdb.Seen{About: record, At: time.Now(), Name: "P. Varma", Role: access.Clinician, Act: access.SeePerson, Why: "rang back\nend\nlooks: 0"})
	text, err := g.Signed(w)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "who-looked.txt")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, g.OrgID()
}

func TestASignedReportHoldsAndNoOther(t *testing.T) {
	path, org := looked(t)
	var out, errs bytes.Buffer
	if status := run([]string{"looked", "--org", org, path}, &out, &errs); status != allHolds || !strings.Contains(out.String(), "Fellside 111") {
		t.Fatal(status, out.String(), errs.String())
	}
	if status := run([]string{"looked", "--org", strings.Repeat("0", 64), path}, &out, &errs); status != notHolds {
		t.Error("of another organisation:", status)
	}
	if status := run([]string{"looked"}, &out, &errs); status != unusable {
		t.Error("no file:", status)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "\nend\n") != 1 {
		t.Error("what somebody typed looks like a line of the report")
	}
	// another organisation's device signs with papers of its own and this one's name
	other, _ := looked(t)
	foreign, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	mark := []byte("-----SIGNATURE-----\n")
	body, tail, _ := bytes.Cut(text, mark)
	_, foreignTail, _ := bytes.Cut(foreign, mark)
	forged := map[string][]byte{
		"a name changed":         bytes.Replace(text, []byte("P. Varma"), []byte("P. Farmer"), 1),
		"a look left out":        append(append(bytes.Join(bytes.SplitAfter(body, []byte("\n"))[:9], nil), []byte("end\n")...), append(mark, tail...)...),
		"no signature":           body,
		"another's signature":    append(append(append([]byte{}, body...), mark...), foreignTail...),
		"said to be complete":    bytes.Replace(text, []byte("complete: yes"), []byte("complete: no "), 1),
		"a line after the end":   bytes.Replace(text, mark, append([]byte("more\n"), mark...), 1),
		"the signature twice":    append(append([]byte{}, text...), tail...),
		"something behind it":    append(append([]byte{}, text...), []byte("looks: 0\n")...),
		"the wrong card's bytes": bytes.Replace(text, []byte("card: "), []byte("card: AAAA"), 1),
	}
	for what, b := range forged {
		if bytes.Equal(b, text) {
			t.Fatalf("%s: nothing changed", what)
		}
		if _, _, err := lookedHolds(b); err == nil {
			t.Errorf("%s: it holds", what)
		}
	}
	for i := 0; i < len(text); i += 7 {
		b := bytes.Clone(text)
		b[i] ^= 1
		if id, _, err := lookedHolds(b); err == nil && id == org && !bytes.Equal(bytes.TrimSpace(b), bytes.TrimSpace(text)) && i < len(body) {
			t.Fatalf("byte %d changed and it holds", i)
		}
	}
}
