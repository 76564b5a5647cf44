package content

import (
	"testing"
	"testing/fstest"
	"time"
)

func TestWhatADeskKeeps(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	d, err := LoadDesk(set)
	if err != nil || d.Keep != 14*24*time.Hour || d.Most < 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	const head = "# version: 1\n# status: draft\n# source: a test\nname,value,unit,means\n"
	load := func(rows string) error {
		set, err := Load(fstest.MapFS{"desk.csv": {Data: []byte(head + rows)}})
		if err == nil {
			_, err = LoadDesk(set)
		}
		return err
	}
	if err := load("keep,0,days,x\nmost,1,subjects,x\n"); err != nil {
		t.Error(err)
	}
	for name, rows := range map[string]string{
		"too long":       "keep,91,days,x\nmost,1,subjects,x\n",
		"below nothing":  "keep,-1,days,x\nmost,1,subjects,x\n",
		"another unit":   "keep,14,hours,x\nmost,1,subjects,x\n",
		"without reason": "keep,14,days,\nmost,1,subjects,x\n",
		"one is missing": "keep,14,days,x\n",
		"one twice":      "keep,14,days,x\nkeep,14,days,x\nmost,1,subjects,x\n",
		"unknown":        "keep,14,days,x\nmost,1,subjects,x\nmoon,1,days,x\n",
		"no number":      "keep,many,days,x\nmost,1,subjects,x\n",
	} {
		if load(rows) == nil {
			t.Errorf("%s: it was accepted", name)
		}
	}
}
