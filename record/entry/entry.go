// Package entry is how to get into people's homes: the code of the key safe and
// where it hangs, the alarm, what else one must know at the door. In August
// 2022 the way into 890 homes was taken from one supplier.
//
// Its law: what is kept is sealed before it becomes a fact, by a key pair that
// opens nothing else and is opened by nothing else, so that no fold, view, list,
// search, message, print or export ever holds it; it is opened one home at a
// time, by somebody with a visit there and near the visit in time, or in an
// emergency at once; each opening is a fact and told to somebody else; and an
// emergency that stands on a case of the person, or of which it can't be told
// whether it does, is never refused, whatever was opened before, only told
// louder. An emergency of which nobody has said anything on a case waits for its
// case, or counts like a visit. Verbs decide on folded state and take the
// caller, the grounds and the time as arguments.
package entry

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

func kind(number uint32, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: fact.Care, Name: name, Join: join}
}

// Kinds lists the kinds of fact that this package writes and folds.
func Kinds() []fact.Kind {
	return []fact.Kind{
		Set{}.FactKind(), Opened{}.FactKind(), Doubted{}.FactKind(), Counted{}.FactKind(), MoreAsked{}.FactKind(),
		MoreAgreed{}.FactKind(), Covered{}.FactKind(), Seen{}.FactKind(), Chased{}.FactKind(),
	}
}

// OfCode tells whether a fact of this kind is about the way into one home.
func OfCode(kind uint32) bool { return kind >= 121 && kind <= 123 || kind == 128 || kind == 129 }

// OfOpener tells whether a fact of this kind counts one person's openings of a
// day.
func OfOpener(kind uint32) bool { return kind >= 124 && kind <= 127 }

// SubjectOf names what is kept on one person's home: the same on every device,
// so that two who write apart write about one thing.
func SubjectOf(org fact.OrgID, person fact.Subject) fact.Subject {
	h := fact.Labelled("holdfast/entry-code/1", org[:], person[:])
	return fact.Subject(h[:16])
}

// OpenerOf names the openings of one person on one day (UTC).
func OpenerOf(org fact.OrgID, person fact.Subject, day time.Time) fact.Subject {
	h := fact.Labelled("holdfast/entry-opener/1", org[:], person[:], []byte(day.UTC().Format(time.DateOnly)))
	return fact.Subject(h[:16])
}

// Info binds what is sealed to its home: moved to another it does not open.
func Info(org fact.OrgID, code fact.Subject) []byte {
	return bytes.Join([][]byte{[]byte("holdfast/entry-code/1\x00"), org[:], code[:]}, nil)
}

// Plain is the way in, in clear. It lives in memory between the vault and the
// one page that shows it, and does not print itself.
type Plain struct {
	Code  string `cbor:"1,keyasint,omitempty"` // of the key safe
	Where string `cbor:"2,keyasint,omitempty"` // where the key safe is
	Alarm string `cbor:"3,keyasint,omitempty"`
	Other string `cbor:"4,keyasint,omitempty"`
}

const notShown = "[way in, not shown]"

// Format keeps it out of logs and errors, whatever the verb.
func (Plain) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(notShown)) }

// LogValue keeps it out of logs.
func (Plain) LogValue() slog.Value { return slog.StringValue(notShown) }

// MarshalJSON keeps it out of everything that is written as JSON.
func (Plain) MarshalJSON() ([]byte, error) { return []byte(`"` + notShown + `"`), nil }

// Bounds of what is kept on one home, in characters.
const (
	MostCode  = 60
	MostWhere = 200
	MostOther = 400
)

// sealedSize is what every way in is filled up to before it is sealed, so that
// its length tells nothing.
const sealedSize = 6 << 10

// Check says what to mend.
func (p Plain) Check() error {
	if p == (Plain{}) {
		return refusal.Field("code", "Write how to get in; for a home of which nothing is to be kept any more, say so below")
	}
	for _, one := range []struct {
		field, value string
		most         int
	}{{"code", p.Code, MostCode}, {"where", p.Where, MostWhere}, {"alarm", p.Alarm, MostWhere}, {"other", p.Other, MostOther}} {
		if utf8.RuneCountInString(one.value) > one.most {
			return refusal.Field(one.field, "This is too long to be kept: shorten it")
		}
	}
	return nil
}

// Bytes is the form in which it is sealed: always of one length.
func (p Plain) Bytes() ([]byte, error) {
	b, err := fact.Encode(p)
	if err != nil {
		return nil, err
	}
	if len(b) > sealedSize-2 {
		return nil, refusal.Field("other", "This is too long to be kept: shorten it")
	}
	out := make([]byte, sealedSize)
	out[0], out[1] = byte(len(b)>>8), byte(len(b))
	copy(out[2:], b)
	return out, nil
}

// ReadPlain reads what Bytes gave.
func ReadPlain(b []byte) (p Plain, err error) {
	if len(b) != sealedSize {
		return Plain{}, fmt.Errorf("a way in of %d bytes", len(b))
	}
	n := int(b[0])<<8 | int(b[1])
	if n > sealedSize-2 {
		return Plain{}, fmt.Errorf("a way in of length %d", n)
	}
	return p, fact.Decode(b[2:2+n], &p)
}

// rung are numbers that people write because they ring them.
func rung() []string { return []string{"999", "111", "112", "101"} }

// codesIn finds what may be codes: numbers of three digits or more, but for
// those that are rung. Words that everybody reads must hold none. It gives from
// where to where they stand, in bytes.
func codesIn(s string) (out [][2]int) {
	for from := 0; from < len(s); from++ {
		to := from
		for to < len(s) && s[to] >= '0' && s[to] <= '9' {
			to++
		}
		if to-from >= 3 && !slices.Contains(rung(), s[from:to]) {
			out = append(out, [2]int{from, to})
		}
		from = max(from, to)
	}
	return out
}

// masked gives words that may be kept of words that may not: codes covered, cut
// where it is too long, and nothing else lost.
func masked(s string) string {
	b := []byte(strings.ToValidUTF8(s, ""))
	for _, c := range codesIn(string(b)) {
		for i := c[0]; i < c[1]; i++ {
			b[i] = '*'
		}
	}
	all := []rune(strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, string(b))))
	if len(all) > MostOther {
		all = append(all[:MostOther-1], '…')
	}
	return string(all)
}

// words tidies a line that others read and refuses one with a code in it.
func words(field, s, empty string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "" && empty != "":
		return "", refusal.Field(field, empty)
	case utf8.RuneCountInString(s) > MostOther:
		return "", refusal.Field(field, "This is too long to be kept: shorten it")
	case len(codesIn(s)) > 0:
		return "", refusal.Field(field, "Others read this line: write no code and no longer number here")
	}
	return s, nil
}
