package incident

import (
	"encoding/json"
	"testing"
)

func TestTheLatestOfEachDrillIsKept(t *testing.T) {
	all, err := ReadRehearsals(nil)
	if err != nil || all != nil {
		t.Fatal(all, err)
	}
	all = Latest(all, Rehearsal{Number: 12, Name: "partition", Pass: true})
	all = Latest(all, Rehearsal{Number: 2, Name: "power", Pass: true})
	all = Latest(all, Rehearsal{Number: 12, Name: "partition", Figures: map[string]float64{"calls_answered": 3, "apart": 1}})
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadRehearsals(raw)
	if err != nil || len(again) != 2 || again[0].Name != "power" || again[1].Pass {
		t.Fatalf("%+v %v", again, err)
	}
	if f := again[1].Sorted(); len(f) != 2 || f[0].Name != "apart" || f[1].Name != "calls answered" {
		t.Errorf("%+v", f)
	}
	for _, bad := range []string{"{", "[] []", "3"} {
		if _, err := ReadRehearsals([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
