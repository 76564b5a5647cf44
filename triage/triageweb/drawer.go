package triageweb

import (
	"holdfast/triage"
	"holdfast/web"
)

// Act is what can be done next from a drawer: another drawer is opened, or
// what was found is sent.
type Act struct {
	Key    string
	Text   string
	Opens  string // id of another drawer
	Send   string // where it is posted to, when it is no other drawer
	Fields []Field
}

// Field is one hidden value of a form.
type Field struct{ Name, Value string }

// Drawer is one instruction to be read aloud.
type Drawer struct {
	Text      triage.Instruction
	Tag       web.Tag
	Why       string // why it opened
	Decision  string // a resuscitation decision on record that bears on it
	Form      []Act  // what the caller found of that decision
	Next      []Act
	Key       string // opens it
	Prominent bool
	Unsigned  bool // example content: said under it
}

// ID names a drawer on its page.
func ID(instruction string) string { return "say-" + instruction }

func (d Drawer) beat() web.Beat {
	return web.Beat{PerMinute: d.Text.RatePerMinute, Source: "Change over every 2 minutes if somebody else is there."}
}

func (d Drawer) source() string {
	s := "Source: " + d.Text.Source + "."
	if d.Unsigned {
		s += " Unsigned example content."
	}
	return s
}

// langAttr names the language that the text is really in: English stands in
// where there is no other yet.
func (d Drawer) langAttr() string {
	if d.Text.Lang == "" {
		return string(triage.English)
	}
	return string(d.Text.Lang)
}
