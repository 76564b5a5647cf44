package content

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestAuthorityLastsFromOneToSeventyTwoHours(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	a, err := LoadAuthority(set)
	if err != nil || a.Lasts != 12*time.Hour || a.Warn != time.Hour || a.Codes != 8 {
		t.Fatalf("%+v %v", a, err)
	}
	f, err := set.File("authority.csv")
	if err != nil {
		t.Fatal(err)
	}
	try := func(old, new string) (Authority, error) {
		s, err := Load(fstest.MapFS{"authority.csv": {Data: []byte(strings.Replace(string(f.Bytes), old, new, 1))}})
		if err != nil {
			t.Fatal(err)
		}
		return LoadAuthority(s)
	}
	for _, hours := range []string{"1", "72"} {
		if _, err := try("lease-hours,12", "lease-hours,"+hours); err != nil {
			t.Errorf("%s hours: %v", hours, err)
		}
	}
	for what, change := range map[string][2]string{
		"no hours": {"lease-hours,12", "lease-hours,0"}, "more than 72": {"lease-hours,12", "lease-hours,73"}, "no number": {"lease-hours,12", "lease-hours,some"},
		"twice": {"warn-minutes,60", "lease-hours,12"}, "unknown": {"paper-codes,8", "papers,8"}, "no codes": {"paper-codes,8", "paper-codes,0"},
		"a warning before it begins": {"warn-minutes,60", "warn-minutes,800"}, "missing": {"paper-codes,8,\"check: codes on one sealed paper\"\n", ""},
	} {
		if _, err := try(change[0], change[1]); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}
