package codes

import "strings"

// Dx is a disposition code: "Dx" and two to five digits, "Dx05". Whether it
// means anything, and by when something must happen, is content.
type Dx string

// ParseDx reads a code typed by a person: "dx05", "Dx 05" and "05" are Dx05;
// empty gives none.
func ParseDx(typed string) (Dx, error) {
	t := squash(typed)
	if t == "" {
		return "", nil
	}
	if len(t) > 2 && strings.EqualFold(t[:2], "dx") {
		t = t[2:]
	}
	dx := Dx("Dx" + t)
	if !dx.Sound() {
		return "", invalid("An outcome code is Dx and two to five digits, such as Dx05")
	}
	return dx, nil
}

// Sound tells whether the code has the shape of a disposition code.
func (d Dx) Sound() bool {
	return len(d) >= 4 && len(d) <= 7 && d[:2] == "Dx" && allDigits(string(d[2:]))
}

// DoS gives the numeric form that the Directory of Services searches by:
// three digits starting with 1 → "1" and the digits; other three digits →
// "11" and the digits; two digits, or more than three → "10" and the digits
// (NHS 111 Online, Apache-2.0). It is empty when the code is not sound.
func (d Dx) DoS() string {
	if !d.Sound() {
		return ""
	}
	digits := string(d[2:])
	switch {
	case len(digits) == 3 && digits[0] == '1':
		return "1" + digits
	case len(digits) == 3:
		return "11" + digits
	}
	return "10" + digits
}

// ReceivedDx is a disposition code as a message carried it: the Dx part if
// one can be seen, and always the original.
type ReceivedDx struct {
	Code     Dx     `cbor:"1,keyasint,omitempty"`
	Original string `cbor:"2,keyasint,omitempty"`
}

// ReceiveDx finds the Dx part: "DispoCodeDx87" gives Dx87. Code stays empty
// when there is no Dx part, or more than one.
func ReceiveDx(text string) ReceivedDx {
	r := ReceivedDx{Original: text}
	lower := strings.ToLower(text)
	i := strings.LastIndex(lower, "dx")
	if i < 0 || strings.Count(lower, "dx") > 1 {
		return r
	}
	end := i + 2
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	if dx := Dx("Dx" + text[i+2:end]); dx.Sound() && strings.TrimSpace(text[end:]) == "" {
		r.Code = dx
	}
	return r
}
