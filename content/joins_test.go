package content

import (
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

const joinsHead = "# version: 1\n# status: draft\n# source: s\nkind,part,name,says,join,shown,stops,settles,list,hazard,source,signed\n"

func joinsOf(t *testing.T, rows string) (*Joins, error) {
	t.Helper()
	set, err := Load(fstest.MapFS{"joins.csv": {Data: []byte(joinsHead + rows)}})
	if err != nil {
		t.Fatal(err)
	}
	return LoadJoins(set)
}

func TestShippedJoins(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	j, err := LoadJoins(set)
	if err != nil {
		t.Fatal(err)
	}
	row, ok := j.Of(fact.Matter{Kind: 110, Part: "resuscitation"})
	if !ok || row.Join != fact.Undetermined || !row.MaySettle("clinician") || row.MaySettle("call-handler") || !strings.Contains(row.Shown, "full active treatment") {
		t.Errorf("resuscitation: %+v", row)
	}
	if row, ok := j.Of(fact.Matter{Kind: 101, Part: "language"}); !ok || row.Matter.Part != "" {
		t.Errorf("a part without a line of its own has its kind's: %+v", row)
	}
	if _, ok := j.Of(fact.Matter{Kind: 9999}); ok {
		t.Error("a kind that is not there has a line")
	}
	if j.Unsigned() == 0 || j.Unsigned() > len(j.All()) {
		t.Errorf("%d of %d lines are unsigned", j.Unsigned(), len(j.All()))
	}
}

func TestJoinsAreLinted(t *testing.T) {
	good := "9,,x,is x,undetermined,both,nothing,clinician,clinicians,H-1,s,no\n"
	if j, err := joinsOf(t, good); err != nil || len(j.All()) != 1 {
		t.Fatal(err)
	}
	for name, rows := range map[string]string{
		"no kind":          strings.Replace(good, "9,", "nine,", 1),
		"last wins":        strings.Replace(good, "undetermined", "last-writer-wins", 1),
		"nobody settles":   strings.Replace(good, "nothing,clinician,", "nothing,,", 1),
		"nothing shown":    strings.Replace(good, "both", "", 1),
		"nothing stops":    strings.Replace(good, "nothing", "", 1),
		"unknown role":     strings.Replace(good, "nothing,clinician,", "nothing,wizard,", 1),
		"unknown list":     strings.Replace(good, "clinicians", "wizards", 1),
		"no hazard":        strings.Replace(good, "H-1", "", 1),
		"no source":        strings.Replace(good, ",s,no", ",,no", 1),
		"signed or not":    strings.Replace(good, ",s,no", ",s,", 1),
		"twice":            good + good,
		"a part of no one": strings.Replace(good, "9,,", "9,part,", 1),
	} {
		if _, err := joinsOf(t, rows); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s passes: %v", name, err)
		}
	}
}
