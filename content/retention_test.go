package content

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"holdfast/codes"
)

func TestRetentionRules(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := Retention(set)
	if err != nil || len(rules) != 20 {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
	last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind, nation string
		born         codes.Date
		want         string
	}{
		{"adult", "England", codes.Date{}, "2034-03-01"},
		{"adult", "Scotland", codes.Date{}, "2032-03-01"},
		{"child", "Wales", codes.Date{Year: 2015, Month: 6, Day: 2}, "2040-06-02"},
		{"child", "Wales", codes.Date{Year: 2009, Month: 1, Day: 1}, "2035-01-01"}, // 17 at the last contact
		{"child", "Wales", codes.Date{Year: 2015}, ""},
	} {
		for _, r := range rules {
			if r.Kind != c.kind || r.Nation != c.nation {
				continue
			}
			got, ok := r.Until(c.born, last)
			if ok != (c.want != "") || ok && got.Format("2006-01-02") != c.want {
				t.Errorf("%s in %s: %v %v, want %s", c.kind, c.nation, got, ok, c.want)
			}
		}
	}
}

func TestRetentionIsLinted(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.File("retention.csv")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no number":     {"England,adult,8,", "England,adult,eight,"},
		"no years":      {"England,adult,8,", "England,adult,0,"},
		"unknown kind":  {"England,adult,8,", "England,grown,8,"},
		"unknown start": {"England,adult,8,last-contact", "England,adult,8,whenever"},
		"twice":         {"Wales,adult,", "England,adult,"},
		"missing":       {"England,adult,8,last-contact,\"Adult health record, 8 years\",check\n", ""},
	} {
		text := strings.Replace(string(f.Bytes), change[0], change[1], 1)
		if text == string(f.Bytes) {
			t.Fatalf("%s changes nothing", name)
		}
		bad, err := Load(fstest.MapFS{"retention.csv": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Retention(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
