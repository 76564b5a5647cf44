package accessweb_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/access/accessweb"
	"holdfast/content"
)

func TestThePolicyIsContentAndLinted(t *testing.T) {
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	p, err := accessweb.LoadPolicy(set)
	if err != nil || p.SecondChoice || p.Hashing.MemoryKiB < 19456 || p.Brake.Most == 0 || p.RecoveryCodes != 8 {
		t.Fatalf("%+v %v", p, err)
	}
	file, err := set.File("signin.csv")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"a lock-out for good":     {"wait-most-seconds,900", "wait-most-seconds,864000"},
		"cheap hashing":           {"argon2-memory-kib,19456", "argon2-memory-kib,8"},
		"a number missing":        {"recovery-codes,8,check\n", ""},
		"a name nobody knows":     {"recovery-codes", "recovery-kodes"},
		"a number twice":          {"tries-free,5", "argon2-lanes,1,check\ntries-free,5"},
		"a shift that never ends": {"shift-most-hours,14", "shift-most-hours,9000"},
	} {
		text := strings.Replace(string(file.Bytes), change[0], change[1], 1)
		if text == string(file.Bytes) {
			t.Fatalf("%s: nothing was changed", name)
		}
		bad, err := content.Load(fstest.MapFS{"signin.csv": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := accessweb.LoadPolicy(bad); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
