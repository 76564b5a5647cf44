package content

import (
	"testing"
	"testing/fstest"
)

func TestErasureDays(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	days, err := Erasure(set, 90)
	if err != nil || days.Delay < 90 || days.Vault < days.Delay {
		t.Fatalf("%+v, %v", days, err)
	}
	const head = "# version: 1\n# status: draft\n# source: a test\nwhat,days,note\n"
	for name, rows := range map[string]string{
		"too few days":   "delay,89,\nvault,100,\n",
		"no number":      "delay,ninety,\nvault,100,\n",
		"one is missing": "delay,90,\n",
		"one twice":      "delay,90,\ndelay,91,\nvault,100,\n",
		"unknown":        "delay,90,\nvault,100,\nmoon,100,\n",
	} {
		bad, err := Load(fstest.MapFS{"erasure.csv": {Data: []byte(head + rows)}})
		if err == nil {
			_, err = Erasure(bad, 90)
		}
		if err == nil {
			t.Errorf("%s: it was accepted", name)
		}
	}
}
