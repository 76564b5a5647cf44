package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/journal"
)

// program runs the real program as a process of its own.
func program(t *testing.T, in string, args ...string) (string, string, error) {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Stdin = strings.NewReader(in)
	var out, told bytes.Buffer
	c.Stdout, c.Stderr = &out, &told
	err := c.Run()
	return out.String(), told.String(), err
}

func must(t *testing.T, in string, args ...string) string {
	t.Helper()
	out, told, err := program(t, in, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args[:2], err, out, told)
	}
	return out
}

// heldByFive founds an organisation whose root is held by five.
func heldByFive(t *testing.T) (dir, pass, pages string) {
	t.Helper()
	folder := t.TempDir()
	dir, pass, pages = filepath.Join(folder, "site"), filepath.Join(folder, "pass"), filepath.Join(folder, "pages")
	if err := os.WriteFile(pass, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := must(t, "", "org", "create", "--data", dir, "--name", "Larkfield", "--ods", "zz900", "--device", "Node A", "--domain", "main building", "--admin", "A. Holt",
		"--passphrase-file", pass, "--person", "A. Holt", "--person", "B. Reyes", "--paper", "safe, main building", "--paper", "bank", "--guardian", "Tarn Valley",
		"--pages", pages)
	if !strings.Contains(out, "held by 5; any 2") {
		t.Fatalf("%s", out)
	}
	return dir, pass, pages
}

func key(pages string, n int) string { return filepath.Join(pages, fmt.Sprintf("key-%d.txt", n)) }

func copied(t *testing.T, dir string, names ...string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// Every device, passphrase and administrator is lost. What is left: a copy of
// journal.db, and printed pages, typed in by hand: one with a slip, one with a line
// of another page, which a third page finds out.
func TestTheOrganisationComesBackFromPaperAlone(t *testing.T) {
	dir, pass, pages := heldByFive(t)
	for _, name := range []string{"root-1.key"} {
		if _, err := os.Stat(filepath.Join(dir, "keys", name)); err == nil {
			t.Errorf("%s lies on the device", name)
		}
	}
	before := standing(t, dir, pass)
	wayIn := vault(t, dir, "correct horse battery", func(v *journal.Vault) ([]byte, error) { return v.Seal([]byte("a home"), []byte("key safe")) })
	left := copied(t, dir, "journal.db")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	secret := filepath.Join(t.TempDir(), "new pass")
	if err := os.WriteFile(secret, []byte("another horse entirely\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := func(to string, more ...string) []string {
		return append([]string{"org", "recover", "--from", left, "--data", to, "--name", "New node", "--domain", "borrowed office", "--admin", "C. Okafor", "--passphrase-file", secret, "--json"}, more...)
	}
	if _, told, err := program(t, "", args(filepath.Join(t.TempDir(), "x"), "--key", key(pages, 3))...); err == nil || !strings.Contains(told, "2 of the organisation's 5 keys must agree; 1 were given") {
		t.Fatalf("one page was enough: %v %s", err, told)
	}
	if _, told, err := program(t, "", args(filepath.Join(t.TempDir(), "x"), "--key", key(pages, 3), "--key", key(pages, 3))...); err == nil || !strings.Contains(told, "given twice") {
		t.Fatalf("one page twice was enough: %v %s", err, told)
	}
	typed := wordsOn(t, pages, 3)
	slip := strings.Replace(typed, "\n", "\nabandom one two three four five six\n", 1)
	to := filepath.Join(t.TempDir(), "new")
	mixed := strings.Split(wordsOn(t, pages, 5), "\n")
	mixed[6] = strings.Split(typed, "\n")[6]
	out, told, err := program(t, slip+strings.Join(mixed, "\n")+wordsOn(t, pages, 3)+wordsOn(t, pages, 1), args(to)...)
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	if !strings.Contains(told, "Is it abandon?") {
		t.Errorf("the slip was not named: %s", told)
	}
	if !strings.Contains(told, "Pages 3, 5 don't fit together") || !strings.Contains(told, "Page 3 is here already") {
		t.Errorf("what is wrong was not told: %s", told)
	}
	var said recoverySaid
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Damaged != 0 || said.Name != "Larkfield" || !strings.HasPrefix(said.Enrol, "/enrol/") || len(said.Wrong) != 1 || said.Wrong[0] != 5 {
		t.Fatalf("%v %s", err, out)
	}
	must(t, "", "verify", to, "--passphrase-file", secret)
	if plain := vault(t, to, "another horse entirely", func(v *journal.Vault) ([]byte, error) { return v.Open([]byte("a home"), wayIn) }); string(plain) != "key safe" || len(said.Lacking) > 0 {
		t.Errorf("the way into a home is %q; lacking %v", plain, said.Lacking)
	}
	after := standing(t, to, secret)
	if after.Organisation != before.Organisation || after.Facts <= before.Facts || len(after.Devices) != 2 || after.Lost != 0 {
		t.Errorf("%+v of %+v", after, before)
	}
	url, stop := serving(t, "serve", "--data", to, "--config", config(t, secret))
	defer stop()
	if !strings.HasPrefix(url, "https://") {
		t.Errorf("served at %s", url)
	}
	t.Logf("from three pages and journal.db to a served site: %.1f s by the program; typing not counted", time.Since(began).Seconds())
}

// vault opens a folder and does something with its vault for entry codes.
func vault(t *testing.T, dir, pass string, do func(v *journal.Vault) ([]byte, error)) []byte {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Options{Dir: dir, Passphrase: []byte(pass)})
	if err != nil {
		t.Fatal(err)
	}
	out, err := do(j.Vault())
	if err := errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	return out
}

func config(t *testing.T, pass string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.yaml")
	if err := os.WriteFile(path, []byte("volume: encrypted-by-host\nlisten: 127.0.0.1:0\ndoors: 127.0.0.1:0\nname: localhost\npassphrase_file: "+pass+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wordsOn reads the words off the page itself, as a person would.
func wordsOn(t *testing.T, pages string, n int) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(pages, fmt.Sprintf("key-%d.html", n)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range regexp.MustCompile(`<li>([a-z ]+)</li>`).FindAllStringSubmatch(string(raw), -1) {
		b.WriteString(m[1] + "\n")
	}
	return b.String()
}

func standing(t *testing.T, dir, pass string) node.Status {
	t.Helper()
	var s node.Status
	if err := json.Unmarshal([]byte(must(t, "", "org", "status", "--data", dir, "--passphrase-file", pass, "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// A device is admitted by two holders, together or apart, and by nobody else:
// not by the site node, its passphrase, or one holder.
func TestTwoHoldersAdmitADevice(t *testing.T) {
	dir, pass, pages := heldByFive(t)
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	must(t, "", "org", "request", "--data", at("b"), "--kind", "site", "--name", "Node B", "--domain", "barn", "--passphrase-file", pass, "--out", at("b.json"))
	enrol := []string{"org", "enrol", "--data", dir, "--request", at("b.json"), "--out", at("a.json"), "--passphrase-file", pass}
	for name, more := range map[string][]string{"nobody": nil, "one holder": {"--key", key(pages, 1)}, "one holder twice": {"--key", key(pages, 1), "--key", key(pages, 1)}} {
		if _, told, err := program(t, "", append(enrol, more...)...); err == nil || !strings.Contains(told, "2 of") {
			t.Errorf("%s admits a device: %v %s", name, err, told)
		}
	}
	must(t, "", "org", "card", "--data", dir, "--request", at("b.json"), "--out", at("card.json"), "--passphrase-file", pass)
	if out := must(t, "", "org", "sign", "--card", at("card.json"), "--key", key(pages, 2)); !strings.Contains(out, "More holders") {
		t.Error(out)
	}
	if _, _, err := program(t, "", append(enrol, "--card", at("card.json"))...); err == nil {
		t.Error("half a card admits a device")
	}
	if out := must(t, wordsOn(t, pages, 4), "org", "sign", "--card", at("card.json")); !strings.Contains(out, "complete") {
		t.Error(out)
	}
	must(t, "", append(enrol, "--card", at("card.json"))...)
	must(t, "", "org", "join", "--data", at("b"), "--admission", at("a.json"), "--passphrase-file", pass)

	must(t, "", "org", "request", "--data", at("c"), "--kind", "desk", "--name", "Desk C", "--domain", "car", "--passphrase-file", pass, "--out", at("c.json"))
	if _, _, err := program(t, "", "org", "enrol", "--data", dir, "--request", at("c.json"), "--out", at("c-a.json"), "--passphrase-file", pass, "--card", at("card.json")); err == nil {
		t.Error("a card signed for one device admits another")
	}
	must(t, "", "org", "enrol", "--data", dir, "--request", at("c.json"), "--out", at("c-a.json"), "--passphrase-file", pass, "--key", key(pages, 1), "--key", key(pages, 5))
	if s := standing(t, dir, pass); len(s.Devices) != 3 {
		t.Errorf("%+v", s.Devices)
	}
}

// The pages of an organisation open no other's copy.
func TestPagesOpenTheirOwnOrganisationOnly(t *testing.T) {
	dir, _, _ := heldByFive(t)
	other, _, pages := heldByFive(t)
	left := copied(t, dir, "journal.db")
	g, err := journal.GenesisIn(other)
	if err != nil || len(g.Roots) != 5 || g.Threshold != 2 {
		t.Fatalf("%+v %v", g, err)
	}
	if _, err := pagesOf(term{bytes.NewBuffer(nil), bytes.NewBuffer(nil)}, left, files{key(pages, 1), key(pages, 2)}); err == nil {
		t.Error("another organisation's pages are taken")
	}
	var none fact.Signed
	if _, err := fact.OpenCard(none, g); err == nil {
		t.Error("a card that nobody signed")
	}
}
