package content

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestLookingIsLinted(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	good, err := LoadLooking(set)
	if err != nil || len(good.Roles) < 6 || len(good.Proof) < 5 || len(good.Unusual) != 7 {
		t.Fatalf("%+v %v", good, err)
	}
	files := fstest.MapFS{}
	for _, name := range []string{"looking.csv", "step-up.csv", "looking-numbers.csv", "unusual.csv"} {
		f, err := set.File(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: f.Bytes}
	}
	for _, c := range []struct{ file, was, is string }{
		{"looking.csv", "call-handler,60,10", "call-handler,6000,10"},
		{"looking.csv", "call-handler,60,10", "call-handler,60,0"},
		{"looking.csv", "any other,", "some other,"},
		{"looking.csv", "clinician,", "call-handler,"},
		{"looking.csv", "60,10,yes", "60,10,perhaps"},
		{"step-up.csv", "hold entries back,5", "hold entries back,0"},
		{"step-up.csv", "see who looked", "hold entries back"},
		{"looking-numbers.csv", "glass-lasts,30", "glass-lasts,3000"},
		{"looking-numbers.csv", "glass-hour,", "glass-day,"},
		{"unusual.csv", "own-record", "on-holiday"},
		{"unusual.csv", "Their own record,3", "Their own record,9"},
	} {
		text := string(files[c.file].Data)
		if !strings.Contains(text, c.was) {
			t.Fatalf("%s has no %q", c.file, c.was)
		}
		bad := fstest.MapFS{}
		for name, f := range files {
			bad[name] = f
		}
		bad[c.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, c.was, c.is, 1))}
		loaded, err := Load(bad)
		if err == nil {
			_, err = LoadLooking(loaded)
		}
		if err == nil {
			t.Errorf("%s: %q is taken for %q", c.file, c.is, c.was)
		}
	}
}
