package web

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"holdfast/fact/refusal"
)

// Form holds what somebody typed, exactly as typed, with what must be mended.
type Form struct {
	raw    url.Values
	errors []FieldError
}

// FieldError says what to mend in one field: "3 digits missing".
type FieldError struct {
	Field string
	Label string // as on the page, for the summary; may be empty
	Say   string
}

const (
	usualChars = 200  // of one field without a limit of its own
	mostFields = 400  // of one form
	mostValues = 1000 // of all its fields
)

// ReadForm reads a form into the struct that into points to, by its tags:
//
//	form:"ring_back"     the field's name; fields without it are left alone
//	max:"40"             most characters; 200 unless told
//	need:"Say where …"   must not be empty; what to say when it is
//	lines:"yes"          line breaks are kept
//	of:"yes no unsure"   one of these, or empty
//	label:"Ring back on" for the summary of mistakes
//
// Field types are string, bool, int, int64, []string and any that reads itself
// by encoding.TextUnmarshaler, whose error is what the person is told. White
// space round a value is taken off; what was typed stays as it was for showing
// again. Mistakes in fields are in the Form, not in the error, which is a
// refusal when the request itself can't be read.
func ReadForm(r *http.Request, into any) (*Form, error) {
	if err := r.ParseForm(); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return nil, err
		}
		return nil, refusal.New(refusal.Invalid, "The form did not arrive whole. Send it again.").Because(err)
	}
	f := &Form{raw: r.PostForm}
	if r.Method == http.MethodGet {
		f.raw = r.Form
	}
	count := 0
	for _, vs := range f.raw {
		count += len(vs)
	}
	if len(f.raw) > mostFields || count > mostValues {
		return nil, refusal.New(refusal.Invalid, "The form has more fields than any of ours.")
	}
	v := reflect.ValueOf(into).Elem()
	for i := 0; i < v.NumField(); i++ {
		if tag := v.Type().Field(i).Tag; tag.Get("form") != "" {
			f.field(v.Field(i), tag)
		}
	}
	return f, nil
}

// NewForm makes a form to show for the first time, or again from a draft.
func NewForm(values url.Values) *Form { return &Form{raw: values} }

// Value gives what was typed into a field, untouched.
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	return f.raw.Get(name)
}

// Has tells whether a field of many values holds this one.
func (f *Form) Has(name, value string) bool {
	if f == nil {
		return false
	}
	for _, v := range f.raw[name] {
		if v == value {
			return true
		}
	}
	return false
}

// Error gives what must be mended in a field, or "".
func (f *Form) Error(name string) string {
	if f == nil {
		return ""
	}
	for _, e := range f.errors {
		if e.Field == name {
			return e.Say
		}
	}
	return ""
}

// Errors lists what must be mended, in the order of the fields.
func (f *Form) Errors() []FieldError {
	if f == nil {
		return nil
	}
	return f.errors
}

// OK tells whether nothing must be mended.
func (f *Form) OK() bool { return f == nil || len(f.errors) == 0 }

// Fail adds a mistake, unless the field has one already.
func (f *Form) Fail(name, label, say string) {
	if f.Error(name) == "" {
		f.errors = append(f.errors, FieldError{Field: name, Label: label, Say: say})
	}
}

// Take moves the field refusals of a verb into the form and tells whether there
// were any; only then is showing the form again the right answer.
func (f *Form) Take(err error) bool {
	fields := refusal.Fields(err)
	for _, e := range fields {
		f.Fail(e.Field, "", e.Sentence)
	}
	return len(fields) > 0
}

func (f *Form) field(v reflect.Value, tag reflect.StructTag) {
	name := tag.Get("form")
	fail := func(say string) { f.Fail(name, tag.Get("label"), say) }
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		var all []string
		for _, raw := range f.raw[name] {
			if s, say := tidy(raw, tag); say != "" {
				fail(say)
			} else if s != "" {
				all = append(all, s)
			}
		}
		v.Set(reflect.ValueOf(all).Convert(v.Type()))
		if len(all) == 0 && tag.Get("need") != "" {
			fail(tag.Get("need"))
		}
		return
	}
	s, say := tidy(f.raw.Get(name), tag)
	switch {
	case say != "":
		fail(say)
	case s == "":
		if need := tag.Get("need"); need != "" {
			fail(need)
		}
	default:
		if say := set(v, s); say != "" {
			fail(say)
		}
	}
}

// tidy takes off what nobody meant to type and says what to mend.
func tidy(raw string, tag reflect.StructTag) (string, string) {
	if !utf8.ValidString(raw) {
		return "", "Has characters that can’t be read. Type it again"
	}
	lines := tag.Get("lines") == "yes"
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines:
			return r
		case r == '\r':
			return -1
		case r == '\n' || r == '\t' || unicode.Is(unicode.Zs, r):
			return ' '
		case r == '\ufeff' || r == '\u200b' || unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r):
			return -1
		}
		return r
	}, raw)
	s = strings.TrimSpace(s)
	most := usualChars
	if m, err := strconv.Atoi(tag.Get("max")); err == nil {
		most = m
	}
	if n := utf8.RuneCountInString(s); n > most {
		return "", Plural(n-most, "character", "characters") + " too many, " + strconv.Itoa(most) + " fit"
	}
	if of := tag.Get("of"); of != "" && s != "" {
		for _, one := range strings.Fields(of) {
			if one == s {
				return s, ""
			}
		}
		return "", "Choose one of those shown"
	}
	return s, ""
}

// reader is encoding.TextUnmarshaler.
type reader interface{ UnmarshalText([]byte) error }

// set writes s, which is not empty, into a field and says what to mend.
func set(v reflect.Value, s string) string {
	if t, ok := v.Addr().Interface().(reader); ok {
		if _, isTime := v.Interface().(time.Time); !isTime {
			if err := t.UnmarshalText([]byte(s)); err != nil {
				return err.Error()
			}
			return ""
		}
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(s == "on" || s == "yes" || s == "true" || s == "1")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || v.OverflowInt(n) {
			return "A whole number is needed"
		}
		v.SetInt(n)
	default:
		panic("web: a form can’t hold a " + v.Type().String())
	}
	return ""
}
