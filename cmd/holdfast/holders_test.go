package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/fact/root"
	"holdfast/journal"
)

// An organisation held by one gives three their pages: two of them type their
// words in, apart, and only then the key leaves the machine.
func TestAnOrganisationHeldByOneGivesItsHoldersPages(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	o := journal.Options{Dir: at("site"), Demo: true} // its keys lie open: no passphrase is stretched here
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Larkfield", ODS: "ZZ900", DeviceName: "Node A", Domain: "main building"}); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) (string, string, error) {
		var out, told bytes.Buffer
		var err error
		if run(t.Context(), args, &out, &told) != success {
			err = errors.New("it failed")
		}
		return out.String(), told.String(), err
	}
	rootKey := filepath.Join(o.Dir, "keys", "root-1.key")
	exchange := []string{"org", "holders", "exchange", "--data", o.Dir, "--out", at("x.json"), "--pages", at("pages")}
	if _, told, err := command(exchange...); err == nil || !strings.Contains(told, "name who is to hold") {
		t.Errorf("pages for nobody: %v %s", err, told)
	}
	out, told, err := command(append(exchange, "--person", "A. Holt", "--paper", "safe", "--guardian", "Tarn Valley")...)
	if err != nil || !strings.Contains(out, "Must sign: 2 more of the new pages.") || !strings.Contains(out, "Nothing has changed yet") {
		t.Fatal(out, told, err)
	}
	out, told, err = program(t, wordsOn(t, at("pages"), 3), "org", "holders", "sign", "--exchange", at("x.json"))
	if err != nil || !strings.Contains(out, "1 more of the new pages") {
		t.Fatal(out, told, err)
	}
	for _, what := range []string{"keys of Larkfield", "guardian Tarn Valley", "these devices stay, and no other (1)", "site     Node A"} {
		if !strings.Contains(told, what) {
			t.Errorf("a holder is not told %q: %s", what, told)
		}
	}
	adopt := []string{"org", "holders", "adopt", "--data", o.Dir, "--exchange", at("x.json"), "--json"}
	if _, told, err := command(adopt...); err == nil || !strings.Contains(told, "it lacks 1 more of the new pages") {
		t.Errorf("adopted before two have signed: %v %s", err, told)
	}
	if _, err := os.Stat(rootKey); err != nil {
		t.Errorf("the key left too early: %v", err)
	}
	if out, told, err := command("org", "holders", "sign", "--exchange", at("x.json"), "--key", key(at("pages"), 1)); err != nil || !strings.Contains(out, "complete") {
		t.Error(out, told, err)
	}
	var all []node.HeldPages
	if out, told, err = command(adopt...); err != nil {
		t.Fatal(told)
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 || all[0].Number != 1 || !all[0].InForce || all[0].Needed != 2 || len(all[0].Holders) != 3 || all[0].Holders[2].Name != "Tarn Valley" {
		t.Errorf("%+v %v", all, err)
	}
	if _, err := os.Stat(rootKey); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key still lies on the machine: %v", err)
	}
}

// Whoever types a page that was replaced is told so.
func TestAVoidPageIsNamed(t *testing.T) {
	folder := t.TempDir()
	draw := func() root.Made {
		made, err := root.Make(rand.Reader, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first, second := draw(), draw()
	o := journal.Options{Dir: filepath.Join(folder, "site"), Demo: true}
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Larkfield", ODS: "ZZ900", DeviceName: "Node A", Root: &first}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	wanted := func(m root.Made) journal.Wanted {
		w := journal.Wanted{Keys: m.Publics(), Threshold: 2, Recovery: m.Recovery}
		for n := range m.Secrets {
			w.Holders = append(w.Holders, journal.RootHolder{Number: uint32(n + 1), Name: "B. Reyes", Sort: journal.HeldByPerson})
		}
		return w
	}
	quiet := term{&bytes.Buffer{}, &bytes.Buffer{}}
	x, err := j.DrawExchange(wanted(second))
	for _, s := range slices.Concat(first.Secrets[1:], second.Secrets[:2]) {
		err = errors.Join(err, signExchange(quiet, &x, s))
	}
	if err = errors.Join(err, j.AdoptRoots(t.Context(), fact.Author{Role: "administrator"}, x)); err != nil {
		t.Fatal(err)
	}
	next, err := j.DrawExchange(wanted(draw()))
	if err = errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	if err := signExchange(quiet, &next, first.Secrets[2]); err == nil || !strings.Contains(err.Error(), "Page 3 is void: the pages of Larkfield were replaced on") {
		t.Errorf("%v", err)
	}
	page := filepath.Join(folder, "page")
	for _, c := range []struct {
		of   root.Made
		want string
	}{{first, "Page 1 is void"}, {second, "1 were given"}} {
		if err := os.WriteFile(page, []byte(strings.Join(c.of.Secrets[0].Words(), "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := pagesOf(quiet, o.Dir, files{page}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("for a recovery: %v", err)
		}
	}
	if said := pagesSaid([]node.HeldPages{{Number: 1, Day: "25 November 2026", Needed: 2, Of: 3}, {Number: 1, Day: "26 November 2026", Needed: 2, Of: 3}}); !strings.Contains(said, "EXCHANGED APART: 2 exchanges") {
		t.Error(said)
	}
}
