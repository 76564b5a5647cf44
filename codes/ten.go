package codes

// The NHS number, the Scottish CHI number and the Northern Irish H&C number
// share ten digits and the modulus 11 check (NHS Data Model and Dictionary,
// "NHS Number").

// modulus11 tells whether ten digits end in their right check digit.
func modulus11(digits string) bool {
	if len(digits) != 10 || !allDigits(digits) {
		return false
	}
	sum := 0
	for i := 0; i < 9; i++ {
		sum += int(digits[i]-'0') * (10 - i)
	}
	check := 11 - sum%11
	if check == 11 {
		check = 0
	}
	return check != 10 && int(digits[9]-'0') == check
}

func sameDigits(s string) bool {
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			return false
		}
	}
	return true
}

// soundTen tells whether ten digits may belong to somebody at all: all the
// same digit passes the arithmetic and is nobody's.
func soundTen(digits string) bool { return modulus11(digits) && !sameDigits(digits) }

// typedTen reads ten digits typed by a person; empty means none was given.
func typedTen(text, what string) (string, error) {
	digits := squash(text)
	if digits == "" {
		return "", nil
	}
	if !allDigits(digits) {
		return "", invalidf("The %s has ten digits and nothing else: take out the letters", what)
	}
	if n := 10 - len(digits); n > 0 {
		return "", invalidf("%d %s missing", n, plural(n, "digit", "digits"))
	}
	if n := len(digits) - 10; n > 0 {
		return "", invalidf("%d %s too many", n, plural(n, "digit", "digits"))
	}
	if sameDigits(digits) {
		return "", invalidf("Ten times the same digit is nobody's %s. Leave it empty if there is none", what)
	}
	if !modulus11(digits) {
		return "", invalidf("The last digit does not fit the others: read the %s back", what)
	}
	return digits, nil
}

// receivedTen keeps what a message carried. Only ten zeros and nothing at all
// mean "no number".
func receivedTen(text string) (string, Status) {
	digits := squash(text)
	if digits == "" || digits == "0000000000" {
		return "", Absent
	}
	if len(digits) == 10 && allDigits(digits) {
		return digits, Unverified
	}
	return text, Unverified
}

func formatTen(text string) string {
	if len(text) != 10 || !allDigits(text) {
		return text
	}
	return text[:3] + " " + text[3:6] + " " + text[6:]
}
