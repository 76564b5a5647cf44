package codes

import (
	"regexp"
	"strings"
)

// Registration is a professional's entry in a register of the United Kingdom.
// A good form says nothing about whether the entry exists.
type Registration struct {
	Body   string // GMC, NMC, HCPC, GPhC
	Number string
}

// String gives "GMC 1234567".
func (r Registration) String() string { return r.Body + " " + r.Number }

// RegistrationBodies lists the bodies whose numbers are known by form.
func RegistrationBodies() []string { return []string{"GMC", "NMC", "HCPC", "GPhC"} }

// ParseRegistration reads a number as typed. Forms (check): GMC reference numbers
// have seven digits; an NMC PIN two digits, a letter, four digits and a letter
// for the country; HCPC numbers the two or three letters of the profession and
// four to six digits; GPhC numbers seven digits that begin with 2 (pharmacists)
// or 5 (technicians).
func ParseRegistration(body, number string) (Registration, error) {
	number = strings.ToUpper(squash(number))
	forms := map[string]struct{ form, say string }{
		"GMC":  {`^[1-9]\d{6}$`, "A GMC number has seven digits"},
		"NMC":  {`^\d{2}[A-L]\d{4}[ENSWCO]$`, "An NMC PIN reads like 12A3456E: two digits, a letter, four digits, a letter"},
		"HCPC": {`^[A-Z]{2,3}\d{4,6}$`, "An HCPC number reads like PA12345: the letters of the profession, then digits"},
		"GPhC": {`^[25]\d{6}$`, "A GPhC number has seven digits and begins with 2 or 5"},
	}
	f, ok := forms[body]
	switch {
	case !ok:
		return Registration{}, invalidf("Choose the body they are registered with")
	case number == "":
		return Registration{}, invalidf("Type the number from their card")
	case !regexp.MustCompile(f.form).MatchString(number):
		return Registration{}, invalidf("%s. Read it from the card again", f.say)
	}
	return Registration{Body: body, Number: number}, nil
}
