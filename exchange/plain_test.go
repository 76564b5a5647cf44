package exchange

import (
	"strings"
	"testing"

	"holdfast/codes"
)

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		`<div>a<br/>b<br/><br/><br/>c</div>`:                                   "a\nb\n\nc",
		`<text><content>a</content> <content>b</content></text>`:               "a b",
		`<text><content>a</content><content>b</content></text>`:                "ab",
		`<p>one</p><p>two</p>`:                                                 "one\ntwo",
		"<text>long line\n      goes on</text>":                                "long line\ngoes on",
		`<ul><li>a</li><li>b <b>c</b></li></ul>`:                               "- a\n- b c",
		`<list><caption>L</caption><item>a</item></list>`:                      "L\n- a",
		`<table><tr><th>h</th><td>1</td></tr><tr><td/><td>2</td></tr></table>`: "h | 1\n | 2",
		`<div>a &lt; b &amp; c&nbsp;d</div>`:                                   "a < b & c d",
		`<div>x<script>alert(1)</script>y</div>`:                               "xy",
		"<div>a\u202eb\u0085c\u2066d</div>":                                    "ab cd",
		``:                                                                     "",
	} {
		got, err := Plain(in)
		if err != nil || strings.ReplaceAll(got, "\u00a0", " ") != want {
			t.Errorf("%s: %q %v, want %q", in, got, err, want)
		}
	}
	for _, bad := range []string{`<div>`, `<!DOCTYPE x><div/>`, `a < b`, strings.Repeat("<b>", 300) + strings.Repeat("</b>", 300)} {
		if got, err := Plain(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

func TestGridOf(t *testing.T) {
	for in, want := range map[[2]string]codes.Grid{
		{"338917", "556067"}:      {East: 338917, North: 556067},
		{"338917.0", "556067.00"}: {East: 338917, North: 556067},
		{"0.33424", "0.55634"}:    {},
		{"338917", ""}:            {},
		{"-3", "5"}:               {},
		{"9999999", "5"}:          {},
	} {
		if got := GridOf(in[0], in[1]); got != want {
			t.Errorf("%v: %v", in, got)
		}
	}
}

func TestPhoneOf(t *testing.T) {
	for in, want := range map[string]string{"tel:000000000000": "", "": "", "tel:07777888888": "07777888888", "+44 7777 888888": "07777888888", "ring the desk": "ring the desk"} {
		if got := PhoneOf(in); got.National() != want {
			t.Errorf("%q: %+v", in, got)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add(`<div>a<br/>b<table><tr><td>c</td></tr></table></div>`)
	f.Fuzz(func(t *testing.T, in string) {
		out, err := Plain(in)
		if err == nil && strings.ContainsAny(out, "\x00\x1b\u202e") {
			t.Errorf("%q", out)
		}
	})
}
