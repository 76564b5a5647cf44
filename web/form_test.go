package web

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"holdfast/fact/refusal"
)

// even reads itself and says what to mend.
type even struct{ n int }

func (e *even) UnmarshalText(b []byte) error {
	if len(b)%2 != 0 {
		return errors.New("1 digit missing")
	}
	e.n = len(b)
	return nil
}

type everything struct {
	Name   string   `form:"name" max:"5" need:"Ask the name" label:"Name"`
	Words  string   `form:"words" lines:"yes" max:"20"`
	Awake  string   `form:"awake" of:"yes no unsure"`
	Agreed bool     `form:"agreed"`
	Age    int      `form:"age"`
	Codes  []string `form:"codes"`
	Phone  even     `form:"phone"`
	Other  string
}

func readForm(t *testing.T, v url.Values) (everything, *Form) {
	t.Helper()
	r := httptest.NewRequest("POST", "/x", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var in everything
	f, err := ReadForm(r, &in)
	if err != nil {
		t.Fatal(err)
	}
	return in, f
}

func TestAFormIsRead(t *testing.T) {
	in, f := readForm(t, url.Values{
		"name": {"  Zo\u00a0e\t\u200b "}, "words": {"one\r\ntwo\x07"}, "awake": {"unsure"}, "agreed": {"yes"},
		"age": {" 42 "}, "codes": {"a", " ", "b "}, "phone": {"1234"}, "Other": {"never"}, "extra": {"kept"},
	})
	want := everything{Name: "Zo e", Words: "one\ntwo", Awake: "unsure", Agreed: true, Age: 42, Codes: []string{"a", "b"}, Phone: even{4}}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("read %+v", in)
	}
	if !f.OK() {
		t.Errorf("mistakes: %v", f.Errors())
	}
	if f.Value("name") != "  Zo\u00a0e\t\u200b " || f.Value("extra") != "kept" || !f.Has("codes", "b ") {
		t.Error("what was typed did not stay as typed")
	}
}

func TestMistakesAreSaidPerField(t *testing.T) {
	in, f := readForm(t, url.Values{"name": {" "}, "words": {strings.Repeat("é", 23)}, "awake": {"maybe"}, "age": {"forty"}, "phone": {"123"}, "codes": {"\xff"}})
	want := []FieldError{
		{"name", "Name", "Ask the name"}, {"words", "", "3 characters too many, 20 fit"}, {"awake", "", "Choose one of those shown"},
		{"age", "", "A whole number is needed"}, {"codes", "", "Has characters that can’t be read. Type it again"}, {"phone", "", "1 digit missing"},
	}
	if !reflect.DeepEqual(f.Errors(), want) {
		t.Errorf("got  %q\nwant %q", f.Errors(), want)
	}
	if f.Value("age") != "forty" || in.Age != 0 {
		t.Error("what was typed did not stay, or was believed")
	}
	if f.OK() || f.Error("phone") != "1 digit missing" || f.Error("other") != "" {
		t.Error("mistakes are not found by field")
	}
}

func TestUnknownIsNotNo(t *testing.T) {
	in, f := readForm(t, url.Values{"name": {"Zoe"}})
	if in.Awake != "" || !f.OK() {
		t.Errorf("an answer nobody gave: %q", in.Awake)
	}
}

func TestRefusalsOfAVerbGoToTheirFields(t *testing.T) {
	_, f := readForm(t, url.Values{"name": {"Zoe"}})
	if f.Take(refusal.New(refusal.Taken, "Gone.")) {
		t.Error("a refusal without a field was taken for a mistake")
	}
	if !f.Take(errors.Join(refusal.Field("phone", "Rings nowhere"), refusal.Field("name", "Too common"))) {
		t.Error("field refusals were not taken")
	}
	if f.Error("phone") != "Rings nowhere" || f.Error("name") != "Too common" {
		t.Errorf("mistakes: %v", f.Errors())
	}
}

func TestFormsThatAreNoneOfOurs(t *testing.T) {
	many := url.Values{}
	for i := range mostFields + 1 {
		many.Set("f"+strings.Repeat("x", i), "1")
	}
	for name, body := range map[string]string{"broken": "a=%zz", "many fields": many.Encode(), "many values": strings.Repeat("a=1&", mostValues+1)} {
		r := httptest.NewRequest("POST", "/x", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if _, err := ReadForm(r, &everything{}); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADraftIsRead(t *testing.T) {
	read := func(body string) (Draft, error) {
		r := httptest.NewRequest("POST", DraftPath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return ReadDraft(r)
	}
	d, err := read("name=Wil&codes=a&codes=b&_draft=call&_seq=7&_once=x")
	if err != nil || d.Key != "call" || d.Seq != 7 || d.Values.Encode() != "codes=a&codes=b&name=Wil" {
		t.Errorf("read %+v, %v", d, err)
	}
	for _, body := range []string{"name=Wil", "name=Wil&_draft=call", "_seq=7", "_draft=call&_seq=x"} {
		if _, err := read(body); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestWhatASentFormSaysOfItself(t *testing.T) {
	r := httptest.NewRequest("POST", "/call", strings.NewReader("_draft=call&_seq=9&_once=abc"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key, seq := DraftSent(r); key != "call" || seq != 9 {
		t.Errorf("draft %q %d", key, seq)
	}
	if OnceKey(r) != "abc" {
		t.Errorf("once %q", OnceKey(r))
	}
}
