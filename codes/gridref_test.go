package codes

import "testing"

func TestGridReferences(t *testing.T) {
	for typed, want := range map[string]struct {
		text  string
		grid  Grid
		metre int
	}{
		"TG 51409 13177": {"TG 51409 13177", Grid{651409, 313177, false}, 1}, // Ordnance Survey's worked example
		"ny123456":       {"NY 123 456", Grid{312350, 545650, false}, 100},
		"SV 00":          {"SV 0 0", Grid{5000, 5000, false}, 10000},
		"HP 6 1":         {"HP 6 1", Grid{465000, 1215000, false}, 10000},
		"O 15904 34671":  {"O 15904 34671", Grid{315904, 234671, true}, 1}, // the Spire, Dublin
		"J337741":        {"J 337 741", Grid{333750, 374150, true}, 100},
	} {
		got, err := ParseGridRef(typed)
		if err != nil || got.Text != want.text || got.Grid != want.grid || got.Metre != want.metre {
			t.Errorf("%s: %+v %v", typed, got, err)
		}
		if again, err := ParseGridRef(got.Grid.String()); err != nil || again.Grid != got.Grid {
			t.Errorf("%s: %q reads as %+v %v", typed, got.Grid.String(), again, err)
		}
	}
	for _, typed := range []string{"", "NY", "NY 123 45", "NY 123456 123456", "ZZ 123 456", "I 123 456", "AA 12 34", "123 456", "NYX 12 34", "TG ١٢"} {
		if got, err := ParseGridRef(typed); err == nil {
			t.Errorf("%q reads as %+v", typed, got)
		}
	}
}

func TestPlacesAmongWords(t *testing.T) {
	for text, want := range map[string]string{
		"Lay-by on the A66 near NY 123 456, by the gate": "NY 123 456",
		"Field at SD12345678":                            "SD 1234 5678",
		"11 Tenter Row, Coldwater QX4 7TD":               "",
		"M6 junction 39":                                 "",
		"Flat 2, B4 2HQ":                                 "",
		"Lough shore, J 337 741":                         "J 337 741",
	} {
		if ref, _, _ := GridRefIn(text); ref.Text != want {
			t.Errorf("%q: %q", text, ref.Text)
		}
	}
	if _, why, ok := GridRefIn("by the wall NY 123 45"); ok || why == nil {
		t.Error("a grid reference with a figure missing is not said to be one")
	}
	for text, want := range map[string]string{
		"///filled.count.soap":                       "///filled.count.soap",
		"woods, Filled.Count.Soap, by the stile":     "///filled.count.soap",
		"she says filled dot count dot soap I think": "///filled.count.soap",
		"see www.example.com":                        "",
		"Dr. P.J. Smith's, St. Ann's":                "",
		"///a.be.sea":                                "///a.be.sea",
		"11 Tenter Row":                              "",
	} {
		if got := ThreeWordsIn(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
