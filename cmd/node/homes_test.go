package node_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/cmd/node"
)

// marks are ways into a home that stand nowhere else.
func marks() []string {
	return []string{"ZQ4711canary", "ZQporchcanary", "ZQalarmcanary", "ZQdogcanary", "ZQ0815changed"}
}

// asWritten lists how a mark may stand in bytes: plain, in hex, in base64 at any
// place, and as UTF-16.
func asWritten(mark string) [][]byte {
	out := [][]byte{[]byte(mark), []byte(hex.EncodeToString([]byte(mark))), []byte(strings.ToUpper(hex.EncodeToString([]byte(mark))))}
	for skip := range 3 {
		enc := base64.RawStdEncoding.EncodeToString(append(make([]byte, skip), mark...))
		out = append(out, []byte(enc[4:len(enc)-2])) // what does not hang on the neighbours
	}
	var wide []byte
	for _, b := range []byte(mark) {
		wide = append(wide, b, 0)
	}
	return append(out, wide)
}

// marked lists the marks that stand in some bytes.
func marked(b []byte) (out []string) {
	for _, m := range marks() {
		if slices.ContainsFunc(asWritten(m), func(form []byte) bool { return bytes.Contains(b, form) }) {
			out = append(out, m)
		}
	}
	return out
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// sweep runs the whole flow on a demo node and gives where marks were found.
func sweep(t *testing.T, change func(*node.Node)) (found []string) {
	t.Helper()
	s := newSweepers(t)
	answers := 0
	s.seen = func(where string, b []byte) {
		answers++
		for _, m := range marked(b) {
			found = append(found, m+" in the answer to "+where)
		}
	}
	change(s.n)
	s.patient()
	s.flow()
	until(t, "views that are level", func() bool { _, _, behind := s.n.Journal.ViewsAt(); return behind == 0 })
	on := func(where string, b []byte) {
		for _, m := range marked(b) {
			found = append(found, m+" in "+where)
		}
	}
	files, bodies := s.everywhere(on)
	closed(t, s.n)
	if err := filepath.WalkDir(s.place.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		on(path+" at rest", b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if answers < 200 || files < 10 || bodies < 20 {
		t.Fatalf("%d answers, %d files and %d bodies are not everything", answers, files, bodies)
	}
	t.Logf("%d answers, %d files, %d bodies", answers, files, bodies)
	slices.Sort(found)
	return slices.Compact(found)
}

// Security goal S4: with everything that whoever takes the folder, an export with
// the keys of all records, the log or any other page has, no way into a home.
func TestWaysIntoHomesAreNowhere(t *testing.T) {
	for _, where := range sweep(t, func(*node.Node) {}) {
		t.Error(where)
	}
}

// unsealed is a vault that seals nothing.
type unsealed struct{}

func (unsealed) Seal(_, plain []byte) ([]byte, error) { return bytes.Clone(plain), nil }

func (unsealed) Open(_, sealed []byte) ([]byte, error) { return bytes.Clone(sealed), nil }

func (unsealed) Opens() bool { return true }

// The sweep finds what is not sealed: with the vault taken out, every mark is in
// what the keys of the records open.
func TestTheSweepFindsWhatIsNotSealed(t *testing.T) {
	found := sweep(t, func(n *node.Node) { n.Homes.Vault = unsealed{} })
	for _, m := range marks() {
		if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, m) }) {
			t.Errorf("%s lies open and was not found", m)
		}
	}
}
