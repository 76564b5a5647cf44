package codes

import "strings"

// PhoneKind says what sort of number it is. Its numbers are stable and stand
// in facts.
type PhoneKind uint8

// The kinds of phone number.
const (
	NoPhone  PhoneKind = 0 // none given
	UKPhone  PhoneKind = 1 // a complete UK number
	Foreign  PhoneKind = 2 // begins with another country's code
	Withheld PhoneKind = 3 // the line keeps it back
	AsItCame PhoneKind = 4 // from a message or a line, not understood
)

// Phone is a number to ring. Number is "+44…" for the UK, "+…" for other
// countries, empty when withheld, and the text itself when not understood.
type Phone struct {
	Number    string    `cbor:"1,keyasint,omitempty"`
	Kind      PhoneKind `cbor:"2,keyasint,omitempty"`
	Extension string    `cbor:"3,keyasint,omitempty"`
}

// ParsePhone reads a number typed by a person, UK numbers without country
// code. "withheld" is kept as such; empty gives none. A number with digits
// missing is refused with how many.
func ParsePhone(typed string) (Phone, error) {
	text := strings.TrimSpace(typed)
	if text == "" {
		return Phone{}, nil
	}
	switch strings.ToLower(text) {
	case "withheld", "private", "no caller id", "anonymous":
		return Phone{Kind: Withheld}, nil
	}
	body, ext := splitExtension(text)
	digits := squash(body)
	if strings.HasPrefix(digits, "00") {
		digits = "+" + digits[2:]
	}
	if plus := strings.TrimPrefix(digits, "+"); !allDigits(plus) {
		return Phone{}, invalid("A phone number is digits only: write names or notes elsewhere")
	}
	if strings.HasPrefix(digits, "+") && !strings.HasPrefix(digits, "+44") {
		return parseForeign(digits, ext)
	}
	return parseUK(digits, ext)
}

func splitExtension(text string) (body, ext string) {
	lower := strings.ToLower(text)
	for _, mark := range []string{"extension", "ext.", "ext", "x"} {
		if i := strings.LastIndex(lower, mark); i > 0 {
			e := squash(text[i+len(mark):])
			if allDigits(e) && len(e) <= 6 {
				return text[:i], e
			}
		}
	}
	return text, ""
}

func parseForeign(digits, ext string) (Phone, error) {
	if n := len(digits) - 1; n < 8 || n > 15 {
		return Phone{}, invalid("A number abroad has 8 to 15 digits after the plus")
	}
	return Phone{Number: digits, Kind: Foreign, Extension: ext}, nil
}

func parseUK(digits, ext string) (Phone, error) {
	national := "0" + strings.TrimPrefix(strings.TrimPrefix(digits, "+44"), "0")
	if !strings.HasPrefix(digits, "+") {
		if digits[0] != '0' {
			if len(digits) <= 4 {
				return Phone{}, invalid("Nobody can be rung back on this: give the full number")
			}
			return Phone{}, invalid("The area code is missing: UK numbers begin with 0, others with + and the country")
		}
		national = digits
	}
	want := lengthUK(national)
	if n := want - len(national); n > 0 {
		return Phone{}, invalidf("%d %s missing", n, plural(n, "digit", "digits"))
	}
	if n := len(national) - 11; n > 0 {
		return Phone{}, invalidf("%d %s too many", n, plural(n, "digit", "digits"))
	}
	if c := national[1]; c == '4' || c == '6' || c == '0' {
		return Phone{}, invalidf("No UK number begins with 0%c: read it back", c)
	}
	return Phone{Number: "+44" + national[1:], Kind: UKPhone, Extension: ext}, nil
}

// lengthUK gives how many digits a national number has: eleven, save ten in
// the few areas with short local numbers and on some 0800 lines, and eight
// for 0800 1111 and 0845 46 4x (Ofcom, National Telephone Numbering Plan).
func lengthUK(national string) int {
	switch {
	case len(national) == 10 && strings.HasPrefix(national, "0800"):
		return 10
	case national == "08001111":
		return 8
	case len(national) == 10 && len(national) >= 5 && shortArea(national[:5]):
		return 10
	}
	return 11
}

func shortArea(area string) bool {
	const areas = " 01204 01208 01254 01276 01297 01298 01363 01364 01384 01386 01404 01420 01460" +
		" 01461 01480 01488 01524 01527 01562 01566 01606 01629 01635 01647 01659 01695 01697" +
		" 01726 01744 01750 01768 01827 01837 01884 01900 01905 01935 01946 01949 01963 01995 "
	return strings.Contains(areas, " "+area+" ")
}

// ReceivePhone keeps what a line or a message carried ("tel:" taken away):
// understood when it can be, else as it came.
func ReceivePhone(text string) Phone {
	t := strings.TrimSpace(text)
	if len(t) >= 4 && strings.EqualFold(t[:4], "tel:") {
		t = strings.TrimSpace(t[4:])
	}
	if t == "" {
		return Phone{}
	}
	if p, err := ParsePhone(t); err == nil {
		return p
	}
	return Phone{Number: t, Kind: AsItCame}
}

// Present tells whether there is a number that can be rung.
func (p Phone) Present() bool { return p.Number != "" }

// Mobile tells whether it is a UK mobile number (which takes texts).
func (p Phone) Mobile() bool {
	return p.Kind == UKPhone && strings.HasPrefix(p.Number, "+447") && !strings.HasPrefix(p.Number, "+4470")
}

// National gives a UK number with its leading 0 and no spaces, others as they
// are kept; for dialling and for search.
func (p Phone) National() string {
	if p.Kind == UKPhone {
		return "0" + strings.TrimPrefix(p.Number, "+44")
	}
	return p.Number
}

// Dial gives the form for a "tel:" link; empty when there is nothing to dial.
func (p Phone) Dial() string {
	if p.Kind == UKPhone || p.Kind == Foreign {
		return p.Number
	}
	if d := squash(p.Number); allDigits(strings.TrimPrefix(d, "+")) {
		return d
	}
	return ""
}

// Display groups the digits as they are read aloud: "01632 960 418",
// "020 7946 0018", "0113 496 0018"; "Withheld" when the line keeps it back.
func (p Phone) Display() string {
	out := p.Number
	switch p.Kind {
	case Withheld:
		return "Withheld"
	case UKPhone:
		out = groupUK(p.National())
	}
	if p.Extension != "" {
		out += " ext " + p.Extension
	}
	return out
}

func groupUK(n string) string {
	cut := func(at ...int) string {
		var b strings.Builder
		from := 0
		for _, i := range append(at, len(n)) {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(n[from:i])
			from = i
		}
		return b.String()
	}
	switch {
	case len(n) < 10:
		return cut(4)
	case len(n) == 10 && strings.HasPrefix(n, "016977"):
		return cut(6)
	case len(n) == 10 && n[1] == '1':
		return cut(5)
	case strings.HasPrefix(n, "02"):
		return cut(3, 7)
	case strings.HasPrefix(n, "011"), strings.HasPrefix(n, "03"), strings.HasPrefix(n, "08"),
		strings.HasPrefix(n, "09"), strings.HasPrefix(n, "01") && n[3] == '1':
		return cut(4, 7)
	}
	return cut(5, 8)
}
