package record

import (
	"slices"
	"strings"

	"holdfast/codes"
)

// Name is a person's name as they use it.
type Name struct {
	Given  string `cbor:"1,keyasint,omitempty"` // all first names, "Wilfred J"
	Family string `cbor:"2,keyasint,omitempty"`
	Prefix string `cbor:"3,keyasint,omitempty"` // Mr, Dr
	Known  string `cbor:"4,keyasint,omitempty"` // "Wilf": what to call them
}

// IsZero tells whether no name was given.
func (n Name) IsZero() bool { return n == Name{} }

// Display gives the name as rows and banners show it: "TANSLEY, Wilfred".
func (n Name) Display() string {
	family := strings.ToUpper(n.Family)
	switch {
	case family == "" && n.Given == "":
		return n.Known
	case family == "":
		return n.Given
	case n.Given == "":
		return family
	}
	return family + ", " + n.Given
}

// Spoken gives the name as it is said: "Wilfred Tansley".
func (n Name) Spoken() string {
	return strings.TrimSpace(n.Given + " " + n.Family)
}

// Practice is the GP practice a person is registered with.
type Practice struct {
	ODS  codes.ODS `cbor:"1,keyasint,omitempty"`
	Name string    `cbor:"2,keyasint,omitempty"`
}

// Line is a phone number of a person's, or of somebody to be rung for them.
type Line struct {
	Phone codes.Phone `cbor:"1,keyasint,omitempty"`
	Use   string      `cbor:"2,keyasint,omitempty"` // home, mobile, work, emergency contact
	Of    string      `cbor:"3,keyasint,omitempty"` // whose, when not the person's own: "Moira, daughter"
}

// AboutAge is an age somebody guessed: "woman about 40".
type AboutAge struct {
	Years int        `cbor:"1,keyasint,omitempty"`
	On    codes.Date `cbor:"2,keyasint,omitempty"` // when it was guessed
}

// Identity says who a person is, as one source gave it. Every part may be
// missing: nobody needs a name, a number or a birth date to be helped.
type Identity struct {
	Name          Name            `cbor:"1,keyasint,omitempty"`
	Aliases       []Name          `cbor:"2,keyasint,omitempty"`
	Born          codes.Date      `cbor:"3,keyasint,omitempty"`
	Age           AboutAge        `cbor:"4,keyasint,omitempty"` // only when Born is not known
	Sex           codes.Sex       `cbor:"5,keyasint,omitempty"`
	NHS           codes.NHSNumber `cbor:"6,keyasint,omitempty"`
	CHI           codes.CHI       `cbor:"7,keyasint,omitempty"`
	HCN           codes.HCN       `cbor:"8,keyasint,omitempty"`
	Address       codes.Place     `cbor:"9,keyasint,omitempty"`
	Lines         []Line          `cbor:"10,keyasint,omitempty"`
	Practice      Practice        `cbor:"11,keyasint,omitempty"`
	Language      string          `cbor:"12,keyasint,omitempty"` // as the person names it, "Polish"
	Interpreter   Answer          `cbor:"13,keyasint,omitempty"` // needed?
	Communication string          `cbor:"14,keyasint,omitempty"` // "Deaf in the left ear. Speak slowly"
	Description   string          `cbor:"15,keyasint,omitempty"` // of somebody whose name is not known
	Restricted    bool            `cbor:"16,keyasint,omitempty"` // the national index restricts where they can be found
	Needs         string          `cbor:"17,keyasint,omitempty"` // codes of the table of support, sorted: "bsl relay-uk"
	Welsh         Answer          `cbor:"18,keyasint,omitempty"` // wishes to be spoken to in Welsh
	Death         Death           `cbor:"19,keyasint,omitempty"`
}

// Field names one single-valued part of an identity. Its numbers are stable
// and stand in facts.
type Field uint8

// The fields.
const (
	FieldName          Field = 1
	FieldBorn          Field = 3
	FieldAge           Field = 4
	FieldSex           Field = 5
	FieldNHS           Field = 6
	FieldCHI           Field = 7
	FieldHCN           Field = 8
	FieldAddress       Field = 9
	FieldPractice      Field = 11
	FieldLanguage      Field = 12
	FieldInterpreter   Field = 13
	FieldCommunication Field = 14
	FieldDescription   Field = 15
	FieldRestricted    Field = 16
	FieldNeeds         Field = 17
	FieldWelsh         Field = 18
	FieldDeath         Field = 19
)

// Fields lists the single-valued fields in order.
func Fields() []Field {
	return []Field{
		FieldName, FieldBorn, FieldAge, FieldSex, FieldNHS, FieldCHI, FieldHCN, FieldAddress, FieldPractice,
		FieldLanguage, FieldInterpreter, FieldCommunication, FieldDescription, FieldRestricted,
		FieldNeeds, FieldWelsh, FieldDeath,
	}
}

// String says the field in words for pages.
func (f Field) String() string {
	switch f {
	case FieldName:
		return "name"
	case FieldBorn:
		return "birth date"
	case FieldAge:
		return "age, about"
	case FieldSex:
		return "sex"
	case FieldNHS:
		return "NHS number"
	case FieldCHI:
		return "CHI number"
	case FieldHCN:
		return "Health and Care number"
	case FieldAddress:
		return "address"
	case FieldPractice:
		return "GP practice"
	case FieldLanguage:
		return "language"
	case FieldInterpreter:
		return "interpreter"
	case FieldCommunication:
		return "communication needs"
	case FieldDescription:
		return "description"
	case FieldRestricted:
		return "restricted"
	case FieldNeeds:
		return "support needed"
	case FieldWelsh:
		return "wish to use Welsh"
	case FieldDeath:
		return "death"
	}
	return "a newer field"
}

// given tells whether the identity says anything in a field.
func (i Identity) given(f Field) bool {
	switch f {
	case FieldName:
		return !i.Name.IsZero()
	case FieldBorn:
		return !i.Born.IsZero()
	case FieldAge:
		return i.Age != AboutAge{}
	case FieldSex:
		return i.Sex != codes.SexNotAsked
	case FieldNHS:
		return i.NHS.Present()
	case FieldCHI:
		return i.CHI.Present()
	case FieldHCN:
		return i.HCN.Present()
	case FieldAddress:
		return !i.Address.IsZero()
	case FieldPractice:
		return i.Practice != Practice{}
	case FieldLanguage:
		return i.Language != ""
	case FieldInterpreter:
		return i.Interpreter != NotAsked
	case FieldCommunication:
		return i.Communication != ""
	case FieldDescription:
		return i.Description != ""
	case FieldRestricted:
		return i.Restricted
	case FieldNeeds:
		return i.Needs != ""
	case FieldWelsh:
		return i.Welsh != NotAsked
	case FieldDeath:
		return i.Death != Death{}
	}
	return false
}

// Given lists the fields in which the identity says something.
func (i Identity) Given() []Field {
	return slices.DeleteFunc(Fields(), func(f Field) bool { return !i.given(f) })
}

// Shown gives the identity as pages and paper may show it: of a restricted
// person without address, phone numbers and practice (PDS, meta.security R
// and V).
func (i Identity) Shown() Identity {
	if i.Restricted {
		i.Address, i.Lines, i.Practice = codes.Place{}, nil, Practice{}
	}
	return i
}

// Called gives what to call the person on a row: the name, else the
// description, else "Name not known".
func (i Identity) Called() string {
	if s := i.Name.Display(); s != "" {
		return s
	}
	if i.Description != "" {
		return "UNKNOWN, " + i.Description
	}
	return "UNKNOWN"
}
