package exchange

import (
	"crypto/sha256"
	"net/mail"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// CarriesLetter is an envelope with words for a patient. Its number is stable.
const CarriesLetter Carries = 7

// The routes to a patient.
const (
	ByText  Route = "text"
	ByEmail Route = "e-mail"
	ByMesh  Route = "mesh" // reports, by whatever carries them to the practice's mailbox
)

// LetterMedia is the media type of a letter's content.
const LetterMedia = "application/vnd.holdfast.letter+cbor"

// MostText is the most characters of a text: three parts of 153 (GSM 03.38,
// 3GPP TS 23.040: concatenated parts of the seven-bit alphabet).
const MostText = 459

// ThePatient names the patient as whom a letter goes to: their number and
// name stand in the letter alone, never in its envelope, a task or a log.
func ThePatient() Party { return Party{Name: "the patient"} }

// Letter is words for a patient: chosen texts of reviewed content and nothing
// else when it goes as a text.
type Letter struct {
	Name     string      `cbor:"1,keyasint,omitempty"` // empty on a text: it may be read by somebody else
	Phone    codes.Phone `cbor:"2,keyasint,omitempty"` // of a text
	Email    string      `cbor:"3,keyasint,omitempty"`
	Key      string      `cbor:"4,keyasint"`           // of the content row it is made from
	Language string      `cbor:"5,keyasint"`           // en, cy
	Large    bool        `cbor:"6,keyasint,omitempty"` // large print
	Title    string      `cbor:"7,keyasint,omitempty"`
	Lines    []string    `cbor:"8,keyasint"`
	From     Party       `cbor:"9,keyasint"`
	Case     string      `cbor:"10,keyasint"`
	Written  fact.Millis `cbor:"11,keyasint"`
	Until    fact.Millis `cbor:"12,keyasint"` // after this it is never sent: what is late frightens
}

// Text is what a text says, in one line.
func (l Letter) Text() string { return strings.Join(l.Lines, " ") }

// MobileUK tells whether a number can take texts: a complete UK number that
// begins with 07, but not 070 (personal numbers) nor 076 (pagers), save the
// 07624 of the Isle of Man (Ofcom, National Telephone Numbering Plan).
func MobileUK(p codes.Phone) bool {
	n := p.Number
	return p.Kind == codes.UKPhone && p.Extension == "" && strings.HasPrefix(n, "+447") &&
		!strings.HasPrefix(n, "+4470") && (!strings.HasPrefix(n, "+4476") || strings.HasPrefix(n, "+447624"))
}

// SoundEmail reads one plain e-mail address as typed; what could be read as
// more than one, or carries a name or a line of its own, is refused.
func SoundEmail(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Name != "" || a.Address != typed || len(typed) > 254 || strings.ContainsAny(typed, "\r\n\"<>(),;: ") ||
		!strings.Contains(typed[strings.LastIndex(typed, "@")+1:], ".") {
		return "", refusal.Field("email", "Write one e-mail address, such as name@example.org, and read it back to them")
	}
	return typed, nil
}

// PrepareLetter states that a letter is about to go, by one route. Its draft
// must be saved before anything leaves; the letter is attached.
func PrepareLetter(by access.Caller, about fact.Subject, l Letter, route Route, due, now time.Time) ([]fact.Draft, EnvelopeID, error) {
	var id EnvelopeID
	if by.May(access.RunTimers) != nil {
		if err := by.May(access.WriteToPatient); err != nil {
			return nil, id, err
		}
	}
	if err := l.sound(route, now); err != nil {
		return nil, id, err
	}
	content, err := fact.Encode(l)
	if err != nil {
		return nil, id, err
	}
	hash := fact.Hash(sha256.Sum256(content))
	id = EnvelopeIDOf(about, hash)
	return []fact.Draft{fact.Say(about, EnvelopePrepared{
		Envelope: id, Carries: CarriesLetter, To: ThePatient(), Content: hash, Size: len(content), Due: fact.At(due), Routes: []Route{route},
	}).When(now).With(fact.Blob{Media: LetterMedia, Bytes: content})}, id, nil
}

func (l Letter) sound(route Route, now time.Time) error {
	switch {
	case len(l.Lines) == 0 || l.Key == "":
		return refusal.Field("texts", "Choose at least one text")
	case l.Until <= fact.At(now):
		return refusal.New(refusal.Invalid, "The time in which this may be sent has passed already")
	case route == ByText && !MobileUK(l.Phone):
		return refusal.Field("phone", "A text goes to a UK mobile number: it begins with 07 and has 11 digits")
	case route == ByText && len([]rune(l.Text())) > MostText:
		return refusal.Newf(refusal.Invalid, "A text is at most %d characters: this one is content that is too long", MostText)
	case route == ByText && hasLink(l.Text()):
		return refusal.New(refusal.Invalid, "A text from here never holds a link: people are told not to trust those")
	case route == ByEmail:
		_, err := SoundEmail(l.Email)
		return err
	case route != ByText && route != ByPaper:
		return refusal.New(refusal.Invalid, "A letter to a patient goes as a text, by e-mail or on paper")
	}
	return nil
}

func hasLink(s string) bool {
	low := strings.ToLower(s)
	return strings.Contains(low, "://") || strings.Contains(low, "www.") || strings.Contains(low, ".uk") || strings.Contains(low, ".com")
}

// DecodeLetter reads the content of an envelope that carries a letter.
func DecodeLetter(content []byte) (Letter, error) {
	var l Letter
	if err := fact.Decode(content, &l); err != nil {
		return Letter{}, refusal.New(refusal.Invalid, "The content is no letter that this program can read").Because(err)
	}
	return l, nil
}
