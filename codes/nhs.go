package codes

// NHSNumber is a number of England, Wales and the Isle of Man with its
// status. The zero value means there is none. Text is ten digits, or what a
// message carried when that is not ten digits.
type NHSNumber struct {
	Text   string `cbor:"1,keyasint,omitempty"`
	Status Status `cbor:"2,keyasint,omitempty"`
}

// ParseNHSNumber reads what a person typed. It refuses a wrong check digit
// and ten equal digits; empty gives no number. The result is unverified: only
// a trace verifies.
func ParseNHSNumber(typed string) (NHSNumber, error) {
	digits, err := typedTen(typed, "NHS number")
	if err != nil || digits == "" {
		return NHSNumber{}, err
	}
	return NHSNumber{Text: digits, Status: Unverified}, nil
}

// ReceiveNHSNumber keeps what a message carried, right or wrong, unverified.
// Empty and 0000000000 mean no number.
func ReceiveNHSNumber(text string) NHSNumber {
	t, s := receivedTen(text)
	return NHSNumber{Text: t, Status: s}
}

// Sound tells whether the check digit fits. A number that is not sound is
// shown and never used to match.
func (n NHSNumber) Sound() bool { return soundTen(n.Text) }

// Present tells whether there is a number at all, right or wrong.
func (n NHSNumber) Present() bool { return n.Status != Absent && n.Text != "" }

// Matchable tells whether the number may be used to find a person.
func (n NHSNumber) Matchable() bool { return n.Present() && n.Sound() }

// Traced gives the number as verified by a national index; a number that is
// not sound stays unverified whatever anyone says.
func (n NHSNumber) Traced() NHSNumber {
	if n.Matchable() {
		n.Status = Verified
	}
	return n
}

// Format gives the digits in threes and a four: "999 412 0735". What is not
// ten digits is given as it came.
func (n NHSNumber) Format() string { return formatTen(n.Text) }

// CHI is a Scottish Community Health Index number with its status: DDMMYY,
// three digits of which the last is even for a female, and a check digit.
type CHI struct {
	Text   string `cbor:"1,keyasint,omitempty"`
	Status Status `cbor:"2,keyasint,omitempty"`
}

// ParseCHI reads what a person typed; empty gives no number.
func ParseCHI(typed string) (CHI, error) {
	digits, err := typedTen(typed, "CHI number")
	if err != nil || digits == "" {
		return CHI{}, err
	}
	if !chiDate(digits) {
		return CHI{}, invalid("The first six digits of a CHI number are a birth date, day month year: read it back")
	}
	return CHI{Text: digits, Status: Unverified}, nil
}

// ReceiveCHI keeps what a message carried, right or wrong, unverified.
func ReceiveCHI(text string) CHI {
	t, s := receivedTen(text)
	return CHI{Text: t, Status: s}
}

// chiDate tells whether the first six digits can be a day in some century.
func chiDate(digits string) bool {
	day, month, year := number(digits[0:2]), number(digits[2:4]), number(digits[4:6])
	return realDay(1900+year, month, day) || realDay(2000+year, month, day)
}

// Sound tells whether the check digit fits and the number begins with a date.
func (n CHI) Sound() bool { return soundTen(n.Text) && chiDate(n.Text) }

// Present tells whether there is a number at all, right or wrong.
func (n CHI) Present() bool { return n.Status != Absent && n.Text != "" }

// Matchable tells whether the number may be used to find a person.
func (n CHI) Matchable() bool { return n.Present() && n.Sound() }

// Traced gives the number as verified by a national index.
func (n CHI) Traced() CHI {
	if n.Matchable() {
		n.Status = Verified
	}
	return n
}

// Format gives the digits in threes and a four.
func (n CHI) Format() string { return formatTen(n.Text) }

// HCN is a Northern Irish Health and Care number with its status.
type HCN struct {
	Text   string `cbor:"1,keyasint,omitempty"`
	Status Status `cbor:"2,keyasint,omitempty"`
}

// ParseHCN reads what a person typed; empty gives no number.
func ParseHCN(typed string) (HCN, error) {
	digits, err := typedTen(typed, "Health and Care number")
	if err != nil || digits == "" {
		return HCN{}, err
	}
	return HCN{Text: digits, Status: Unverified}, nil
}

// ReceiveHCN keeps what a message carried, right or wrong, unverified.
func ReceiveHCN(text string) HCN {
	t, s := receivedTen(text)
	return HCN{Text: t, Status: s}
}

// Sound tells whether the check digit fits.
func (n HCN) Sound() bool { return soundTen(n.Text) }

// Present tells whether there is a number at all, right or wrong.
func (n HCN) Present() bool { return n.Status != Absent && n.Text != "" }

// Matchable tells whether the number may be used to find a person.
func (n HCN) Matchable() bool { return n.Present() && n.Sound() }

// Traced gives the number as verified by a national index.
func (n HCN) Traced() HCN {
	if n.Matchable() {
		n.Status = Verified
	}
	return n
}

// Format gives the digits in threes and a four.
func (n HCN) Format() string { return formatTen(n.Text) }
