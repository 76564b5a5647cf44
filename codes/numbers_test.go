package codes

import (
	"strings"
	"testing"

	"holdfast/fact/refusal"
)

func TestParseNHSNumber(t *testing.T) {
	for typed, want := range map[string]string{
		"943 476 5919": "9434765919", "943-476-5919": "9434765919", " 9434765919 ": "9434765919", "": "",
	} {
		n, err := ParseNHSNumber(typed)
		if err != nil || n.Text != want {
			t.Errorf("%q: %q, %v; want %q", typed, n.Text, err, want)
		}
		if want != "" && n.Status != Unverified {
			t.Errorf("%q: typed numbers are %v, want unverified", typed, n.Status)
		}
	}
	for typed, want := range map[string]string{
		"943 476 59":    "2 digits missing",
		"943 476 591":   "1 digit missing",
		"943 476 59191": "1 digit too many",
		"9434765918":    "The last digit does not fit",
		"3478526985":    "The last digit does not fit",
		"0000000000":    "nobody's",
		"4444444444":    "nobody's",
		"94347659I9":    "take out the letters",
	} {
		_, err := ParseNHSNumber(typed)
		if !refusal.Is(err, refusal.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", typed, err, want)
		}
	}
}

func TestReceiveNHSNumber(t *testing.T) {
	for text, want := range map[string]NHSNumber{
		"":             {},
		"0000000000":   {},
		"9434765919":   {Text: "9434765919", Status: Unverified},
		"943 476 5919": {Text: "9434765919", Status: Unverified},
		"3478526985":   {Text: "3478526985", Status: Unverified}, // BaRS validation example, wrong check digit
		"4857773456":   {Text: "4857773456", Status: Unverified}, // BaRS OpenAPI example, wrong check digit
		"9000000015":   {Text: "9000000015", Status: Unverified}, // PDS compound name, wrong check digit
		"not a number": {Text: "not a number", Status: Unverified},
	} {
		n := ReceiveNHSNumber(text)
		if n != want {
			t.Errorf("%q: %+v, want %+v", text, n, want)
		}
		if sound := text == "9434765919" || text == "943 476 5919"; n.Matchable() != sound {
			t.Errorf("%q: matchable %v", text, n.Matchable())
		}
	}
	if n := ReceiveNHSNumber("3478526985").Traced(); n.Status == Verified {
		t.Error("a number whose check digit is wrong became verified")
	}
	if n := ReceiveNHSNumber("9434765919").Traced(); n.Status != Verified {
		t.Error("a traced number is not verified")
	}
	if got := ReceiveNHSNumber("9994120735").Format(); got != "999 412 0735" {
		t.Errorf("format: %q", got)
	}
}

// Every wrong last digit of a sound number must be refused: modulus 11 finds
// all single slips.
func TestModulus11FindsEverySlip(t *testing.T) {
	const sound = "9434765919"
	for i := range sound {
		for d := byte('0'); d <= '9'; d++ {
			slip := sound[:i] + string(d) + sound[i+1:]
			if modulus11(slip) != (slip == sound) {
				t.Errorf("%s: sound %v", slip, modulus11(slip))
			}
		}
	}
}

func TestCHIAndHCN(t *testing.T) {
	chi := tenWith("030248123")
	n, err := ParseCHI(chi)
	if err != nil || !n.Matchable() {
		t.Fatalf("%s: %+v, %v", chi, n, err)
	}
	if _, err := ParseCHI(tenWith("330248123")); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("a CHI number of 33 February: %v", err)
	}
	if ReceiveCHI(tenWith("330248123")).Matchable() {
		t.Error("a received CHI number without a date may be matched")
	}
	h, err := ParseHCN(tenWith("320000123"))
	if err != nil || h.Status != Unverified || !h.Traced().Matchable() {
		t.Errorf("H&C: %+v, %v", h, err)
	}
	if _, err := ParseHCN("320"); err == nil || err.Error() != "7 digits missing" {
		t.Errorf("H&C of three digits: %v", err)
	}
}

// tenWith adds the check digit, moving the last digit on where none exists.
func tenWith(nine string) string {
	for {
		for d := byte('0'); d <= '9'; d++ {
			if ten := nine + string(d); modulus11(ten) {
				return ten
			}
		}
		nine = nine[:8] + string('0'+(nine[8]-'0'+1)%10)
	}
}

func TestDx(t *testing.T) {
	for code, want := range map[Dx]string{"Dx05": "1005", "Dx118": "1118", "Dx333": "11333", "Dx012": "11012", "Dx0122": "100122", "Dx5": "", "x": ""} {
		if got := code.DoS(); got != want {
			t.Errorf("%s: DoS %q, want %q", code, got, want)
		}
	}
	for typed, want := range map[string]Dx{"dx05": "Dx05", "Dx 05": "Dx05", "05": "Dx05", "DX118": "Dx118", "": ""} {
		if got, err := ParseDx(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"Dx5", "DxAB", "Dx123456", "hello"} {
		if got, err := ParseDx(typed); err == nil {
			t.Errorf("%q was read as %q", typed, got)
		}
	}
	for text, want := range map[string]Dx{
		"DispoCodeDx87": "Dx87", "Dx06": "Dx06", "dx06 ": "Dx06", "Dx001": "Dx001", "nothing": "", "Dx": "", "Dx05orDx06": "", "Dx05X": "",
	} {
		if got := ReceiveDx(text); got.Code != want || got.Original != text {
			t.Errorf("%q: %+v, want %q", text, got, want)
		}
	}
}

func TestOrganisationCodes(t *testing.T) {
	if o, err := ParseODS(" y0 0042"); err != nil || o != "Y00042" {
		t.Errorf("%q, %v", o, err)
	}
	if _, err := ParseODS("Y!"); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("two signs: %v", err)
	}
	for text, want := range map[string]ODS{
		"urn:nhs-uk:addressing:ods:rsha:service": "RSHA", "rsha": "RSHA", "urn:nhs-uk:addressing:ods:Y00042": "Y00042",
	} {
		if got := ReceiveODS(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if d, err := ParseDoSID(" 2000 006 716"); err != nil || d != "2000006716" {
		t.Errorf("%q, %v", d, err)
	}
	if _, err := ParseDoSID("20x"); err == nil {
		t.Error("a service number with a letter was taken")
	}
}

func TestSex(t *testing.T) {
	for typed, want := range map[string]Sex{"m": Male, "Female": Female, "": SexNotAsked, "x": OtherSex, "not known": UnknownSex} {
		if got, err := ParseSex(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	if _, err := ParseSex("banana"); err == nil {
		t.Error("a fruit is no sex")
	}
	for text, want := range map[string]Sex{"1": Male, "2": Female, "9": OtherSex, "0": UnknownSex, "": SexNotAsked, "banana": UnknownSex} {
		if got := ReceiveSex(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if SexNotAsked.String() == UnknownSex.String() || SexNotAsked.Letter() == UnknownSex.Letter() {
		t.Error("not asked looks like not known")
	}
}
