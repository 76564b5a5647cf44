package codes

import (
	"strings"
	"testing"
)

func TestParsePhone(t *testing.T) {
	for typed, want := range map[string]string{
		"01632 960418": "01632 960 418", "07700900512": "07700 900 512", "+44 1632 960418": "01632 960 418",
		"0044 7700 900512": "07700 900 512", "+44 (0)1632 960418": "01632 960 418", "020 7946 0018": "020 7946 0018",
		"0113 496 0018": "0113 496 0018", "01632 960500 ext 23": "01632 960 500 ext 23", "+353 1 555 0123": "+35315550123",
		"withheld": "Withheld", "": "", "016977 2345": "016977 2345", "0800 1111": "0800 1111",
	} {
		if got, err := ParsePhone(typed); err != nil || got.Display() != want {
			t.Errorf("%q: %q, %v; want %q", typed, got.Display(), err, want)
		}
	}
	for typed, want := range map[string]string{
		"01632 960":     "3 digits missing",
		"01632 960 41":  "1 digit missing",
		"01632 9604188": "1 digit too many",
		"960418":        "area code is missing",
		"999":           "Nobody can be rung back",
		"01632 mum":     "digits only",
		"+353 1":        "8 to 15 digits",
		"06123 456789":  "No UK number begins with 06",
	} {
		if got, err := ParsePhone(typed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", typed, got, err, want)
		}
	}
}

func TestReceivePhoneKeepsEverything(t *testing.T) {
	for text, want := range map[string]Phone{
		"tel:01632960418": {Number: "+441632960418", Kind: UKPhone},
		"01632 960":       {Number: "01632 960", Kind: AsItCame},
		"ask for Mary":    {Number: "ask for Mary", Kind: AsItCame},
		"tel:":            {},
	} {
		if got := ReceivePhone(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	if p := ReceivePhone("01632 960"); p.Dial() != "01632960" || p.Display() != "01632 960" {
		t.Errorf("a short number: dial %q, show %q", p.Dial(), p.Display())
	}
	if !ReceivePhone("07700 900512").Mobile() || ReceivePhone("01632 960418").Mobile() {
		t.Error("mobile and fixed lines are mixed up")
	}
}

func TestPostcode(t *testing.T) {
	for typed, want := range map[string]Postcode{
		"qx4 7td": "QX4 7TD", "QX47TD": "QX4 7TD", "qx4": "QX4", "QX4 7": "QX4 7", "m1 1ae": "M1 1AE",
		"sw1a1aa": "SW1A 1AA", "ec1a": "EC1A", "": "", "QX10": "QX10",
	} {
		if got, err := ParsePostcode(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{"hello", "12345", "QX4 7TDX", "4QX"} {
		if got, err := ParsePostcode(typed); err == nil {
			t.Errorf("%q was read as %q", typed, got)
		}
	}
	p := Postcode("QX4 7TD")
	if !p.Full() || p.District() != "QX4" || p.Sector() != "QX4 7" {
		t.Errorf("%v %q %q", p.Full(), p.District(), p.Sector())
	}
	if q := Postcode("QX4"); q.Full() || q.District() != "QX4" || q.Sector() != "" {
		t.Error("half a postcode is taken for a whole one")
	}
	if got := ReceivePostcode("somewhere else"); got != "SOMEWHERE ELSE" {
		t.Errorf("received: %q", got)
	}
}

func TestPlaceAndGrid(t *testing.T) {
	p, err := ParsePlace("  11 Tenter Row,  Coldwater ", "qx47td")
	if err != nil || p.String() != "11 Tenter Row, Coldwater QX4 7TD" {
		t.Errorf("%q, %v", p, err)
	}
	if _, err := ParsePlace(strings.Repeat("x", MaxPlaceText+1), ""); err == nil {
		t.Error("a place without end was taken")
	}
	a, b := Grid{East: 300000, North: 500000}, Grid{East: 303000, North: 504000}
	if m, ok := a.Metres(b); !ok || m != 5000 {
		t.Errorf("%d, %v", m, ok)
	}
	if _, ok := a.Metres(Grid{}); ok {
		t.Error("the distance to nowhere is known")
	}
	if _, ok := a.Metres(Grid{East: 1, North: 1, Irish: true}); ok {
		t.Error("two grids were mixed")
	}
	for m, want := range map[int]string{0: "0.0", 1931: "1.2", 22531: "14.0"} {
		if got := Miles(m); got != want {
			t.Errorf("%d m: %q, want %q", m, got, want)
		}
	}
}
