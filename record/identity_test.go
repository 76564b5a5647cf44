package record

import (
	"testing"

	"holdfast/codes"
	"holdfast/fact"
)

func TestEveryFieldIsCarried(t *testing.T) {
	id := wilfred()
	id.Age, id.Address.Text, id.Practice.Name = AboutAge{Years: 78}, "11 Tenter Row", "Millrace Practice"
	id.CHI.Text, id.CHI.Status, id.HCN.Text, id.HCN.Status = "1", 1, "2", 1
	id.Language, id.Interpreter, id.Communication = "Polish", No, "Deaf in the left ear"
	id.Description, id.Restricted = "tall", true
	id.Needs, id.Welsh, id.Death = "bsl relay-uk", Yes, Death{Dead: Yes, On: codes.Date{Year: 2026}}
	if got := id.Given(); len(got) != len(Fields()) {
		t.Fatalf("given: %v", got)
	}
	got := registered(t, id).all().Identity()
	if !equal(got, id) {
		t.Errorf("got  %+v\nwant %+v", got, id)
	}
	names := map[string]bool{}
	for _, f := range Fields() {
		if f.String() == "a newer field" || names[f.String()] {
			t.Errorf("field %d has no name of its own: %s", f, f)
		}
		names[f.String()] = true
		if !only(id, []Field{f}).given(f) {
			t.Errorf("field %s is lost", f)
		}
	}
}

func TestKinds(t *testing.T) {
	numbers := map[uint32]bool{}
	for _, k := range Kinds() {
		if k.Number < 100 || k.Number > 199 || numbers[k.Number] || k.Lane != fact.Care || k.Name == "" || k.Join == "" {
			t.Errorf("%+v", k)
		}
		numbers[k.Number] = true
	}
}

func TestNames(t *testing.T) {
	for want, n := range map[string]Name{
		"TANSLEY, Wilfred": {Given: "Wilfred", Family: "Tansley"}, "TANSLEY": {Family: "Tansley"}, "Wilfred": {Given: "Wilfred"},
		"Wilf": {Known: "Wilf"}, "O’HANRAHAN, Bríd": {Given: "Bríd", Family: "O’Hanrahan"},
	} {
		if n.Display() != want {
			t.Errorf("%q, want %q", n.Display(), want)
		}
	}
}
