package codes

import "strings"

// ODS is an organisation's code from the Organisation Data Service, in
// capitals: 3 to 12 letters and digits.
type ODS string

// ParseODS reads a code typed by a person; empty gives none.
func ParseODS(typed string) (ODS, error) {
	code := strings.ToUpper(squash(typed))
	if code == "" {
		return "", nil
	}
	if !ODS(code).Sound() {
		return "", invalid("An organisation code is 3 to 12 letters and digits, such as Y00042")
	}
	return ODS(code), nil
}

// ReceiveODS keeps what a message carried, in capitals and without a leading
// ITK address prefix.
func ReceiveODS(text string) ODS {
	t := strings.TrimSpace(text)
	const prefix = "urn:nhs-uk:addressing:ods:"
	if len(t) >= len(prefix) && strings.EqualFold(t[:len(prefix)], prefix) {
		t = t[len(prefix):]
		if i := strings.IndexByte(t, ':'); i >= 0 {
			t = t[:i]
		}
	}
	return ODS(strings.ToUpper(strings.TrimSpace(t)))
}

// Sound tells whether the code has the shape of an ODS code.
func (o ODS) Sound() bool {
	if len(o) < 3 || len(o) > 12 {
		return false
	}
	for i := 0; i < len(o); i++ {
		if !isDigit(o[i]) && !isLetter(o[i]) {
			return false
		}
	}
	return true
}

// DoSID is the number of a service in the Directory of Services.
type DoSID string

// ParseDoSID reads a service number typed by a person; empty gives none.
func ParseDoSID(typed string) (DoSID, error) {
	id := squash(typed)
	if id == "" {
		return "", nil
	}
	if !allDigits(id) || len(id) > 12 {
		return "", invalid("A service number of the Directory of Services is up to 12 digits")
	}
	return DoSID(id), nil
}

// ReceiveDoSID keeps what a message carried, without spaces around it.
func ReceiveDoSID(text string) DoSID { return DoSID(strings.TrimSpace(text)) }
