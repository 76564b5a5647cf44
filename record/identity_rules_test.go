package record

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/content"
)

// What is shipped is read; what is out of reason is refused before anybody
// works by it.
func TestRulesOfIdentityAreLinted(t *testing.T) {
	load := func(file, from, to string) error {
		files := fstest.MapFS{}
		for _, name := range []string{identityPath, supportPath, nicknamesPath} {
			raw, err := fs.ReadFile(content.ShippedFiles(), name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(raw)
			if name == file {
				if !strings.Contains(text, from) {
					t.Fatalf("%s has no %q", name, from)
				}
				text = strings.Replace(text, from, to, 1)
			}
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		set, err := content.Load(files)
		if err == nil {
			_, err = LoadIdentityRules(set)
		}
		return err
	}
	if err := load("", "", ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{identityPath, "interpreter,15,minutes", "interpreter,0,minutes"}, {identityPath, "interpreter,15,minutes", "interpreter,15,hours"},
		{identityPath, "trace-wait,4", "trace-wait,400"}, {identityPath, "trace-fails,3,times", "trace-moon,3,times"}, {identityPath, "trace-fails,3", "trace-fails,many"},
		{supportPath, "bsl,Uses", "relay-uk,Uses"}, {supportPath, "braille,Braille,Nothing sent on paper alone", "braille,Braille,"}, {supportPath, "easy-read,", "easy read,"},
		{nicknamesPath, "Albert,Al", "Arthur,Al"}, {nicknamesPath, "Albert,Al", "Albert,albert"}, {nicknamesPath, "Abigail,Abby Abbie Gail,English", "Abigail,,English"},
	} {
		if load(c[0], c[1], c[2]) == nil {
			t.Errorf("%s: %q is accepted", c[0], c[2])
		}
	}
	r := IdentityRules{Support: []Support{{Code: "bsl", Words: "BSL", Do: "x"}}}
	if got, err := r.NeedCodes([]string{"bsl", "bsl"}); err != nil || got != "bsl" {
		t.Error(got, err)
	}
	if _, err := r.NeedCodes([]string{"nonsense"}); err == nil {
		t.Error("a need that nobody knows is kept")
	}
	if all := r.NeedsOf("bsl newer"); len(all) != 2 || all[1].Code != "newer" {
		t.Errorf("a need of a newer table is dropped: %+v", all)
	}
}
