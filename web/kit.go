package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Button is something to press: a link when Href is given, else a form's
// button. Its key works wherever no text is being typed, or everywhere for keys
// with Alt, Ctrl or F.
type Button struct {
	Text  string
	Key   string // "F9", "Alt+B", "T"; empty for none
	Href  string
	Tone  string // "go" the one next act, "sos" emergency, "ghost" quiet; or empty
	Tall  bool
	Wide  bool
	Name  string // of a form's button
	Value string
	Form  string // id of a form elsewhere on the page
	Opens string // id of a dialog it opens
	Off   bool   // cannot be pressed now
}

// Text is a field to type into.
type Text struct {
	Name         string
	Label        string
	Value        string
	Hint         string // the line under it, always there
	Error        string // takes the hint's place
	Type         string // "text" unless told
	Autocomplete string // "off" unless told: a desk is shared
	InputMode    string
	Placeholder  string
	Key          string // moves the cursor here
	Class        string // of the field as a whole: "g-2"
	Rows         int    // of a TextArea
	Large        bool
	Required     bool
	ReadOnly     bool
	Focus        bool // the cursor starts here
	HideLabel    bool // said, not shown
}

// Option is one line of a Pick.
type Option struct {
	Value string
	Text  string
}

// Pick is a choice from a long list.
type Pick struct {
	Name    string
	Label   string
	Value   string
	Hint    string
	Error   string
	Class   string
	Options []Option
}

// Choice is one answer of a Seg.
type Choice struct {
	Value string
	Text  string
	Key   string
	Tone  string // "bad" when choosing it means danger, "uns" for unsure
}

// Seg is a choice of two to five known answers. None chosen means that it was
// not asked, which is not no.
type Seg struct {
	Name    string
	Label   string
	Chosen  string
	Hint    string
	Error   string
	Class   string
	Choices []Choice
	Answers bool // its keys answer it while it is the first open one or has the focus
	Unasked bool // says "Not asked" in words while none is chosen
	Submit  bool // choosing sends the form at once, for filters
}

// YesNo are the two answers.
func YesNo() []Choice {
	return []Choice{{Value: "yes", Text: "Yes", Key: "Y"}, {Value: "no", Text: "No", Key: "N"}}
}

// YesNoUnsure are the three answers; bad is the value that means danger, if
// any.
func YesNoUnsure(bad string) []Choice {
	all := append(YesNo(), Choice{Value: "unsure", Text: "Unsure", Key: "U", Tone: "uns"})
	for i := range all {
		if all[i].Value == bad {
			all[i].Tone = "bad"
		}
	}
	return all
}

// Check is a box to tick.
type Check struct {
	Name    string
	Value   string // "yes" unless told
	Label   string
	Key     string
	Checked bool
	Submit  bool // ticking sends the form at once, for filters
}

// Tag is a state in one or two words.
type Tag struct {
	Text string
	Tone string // fill red amb yel grn ask quiet dash; or empty
}

// Pair is one named value.
type Pair struct {
	Name  string
	Value string
	Num   bool // figures, aligned
}

// Patient is the bar that says whom the page is about: same place, same order,
// on every such page.
type Patient struct {
	Name      string // "TANSLEY, Wilfred"
	Pairs     []Pair // born, number, place now
	Flags     []Tag  // only those that can hurt
	CallSince time.Time
	End       templ.Component // instead of the call's clock
}

// Interruption is one of the two things that may stand before the emergency
// path: a resuscitation decision or danger at the scene.
type Interruption struct {
	What string
	More string
	Act  Button
}

// Head is the heading of a panel.
type Head struct {
	ID    string
	Title string
	Meta  string          // beside the title
	End   string          // at its right edge
	Ends  templ.Component // at its right edge, instead of words
	Tone  string          // "stop", "ask" or empty
	Class string
}

// Flag is one line of things to know before asking.
type Flag struct {
	Tag  Tag
	What string
	More string
}

// Column is one heading of a worklist.
type Column struct {
	Text  string
	Class string // "n" for figures, "hide-s" to leave out on small screens, "fit-h" for the one that shrinks
}

// Work is a worklist: a table whose rows are walked by key, morphed in place
// and never moved under the hand.
type Work struct {
	ID      string
	Label   string
	Columns []Column
}

// Group is a heading inside a worklist.
type Group struct {
	Text  string
	More  string
	Kind  BreachKind // what its rows were when drawn
	Span  int        // columns
	Order string     // stands before all rows with a higher Order
}

// Moment is one fact on a timeline.
type Moment struct {
	ID   string
	At   string // "19:44"
	Mark string // key other late out gap; or empty
	What string // said in bold
	More string
	By   []string // who, where, when heard
}

// Drawer is what slides over the page for instructions read aloud.
type Drawer struct {
	ID    string
	Title string
	Tag   Tag
}

// Beat is a metronome.
type Beat struct {
	PerMinute int    // from content, with its source there
	Source    string // said under it
}

// shown writes keys as they are printed on keyboards.
func shown(key string) string { return strings.ReplaceAll(key, "+", " ") }

// keyShown keeps the key that is a plus sign.
func keyShown(key string) string {
	if key == "+" {
		return key
	}
	return shown(key)
}

func btnClass(b Button) string {
	c := "btn"
	if b.Tone != "" {
		c += " " + b.Tone
	}
	if b.Tall {
		c += " tall"
	}
	if b.Wide {
		c += " wide"
	}
	return c
}

func fieldClass(class, err string) string {
	c := "f"
	if err != "" {
		c += " err"
	}
	if class != "" {
		c += " " + class
	}
	return c
}

// fieldID is the id of a field's control; the summary of mistakes leads there.
func fieldID(name string) string { return "f-" + name }

func hintID(name string) string { return "h-" + name }

func inputClass(t Text) string {
	if t.Large {
		return "lg"
	}
	return ""
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func ms(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func join2(a, b string) string { return strings.TrimSpace(a + " " + b) }

// priorityClass is weight of ink; only an ambulance has colour.
func priorityClass(p int) string { return "p" + strconv.Itoa(max(0, min(3, p))) }

func (k Kept) class() string { return join2("kept", string(k.Level)) }

func (s Strip) class() string {
	if s.Tone == StripHalt {
		return "strip stop halt"
	}
	return "strip " + string(s.Tone)
}

func (s Strip) role() string {
	if s.urgent() {
		return "alert"
	}
	return "status"
}

// commonKeys work on every page.
func commonKeys() []Key {
	return []Key{
		K("Alt+1 Alt+2 Alt+3 Alt+4", "Places"),
		K("F2", "Emergency"),
		K("F4", "Get a clinician"),
		K("F9", "Go on, finish this step"),
		K("?", "All keys"),
		K("Esc", "Close, leave a field"),
	}
}

func becauseClass(open bool) string {
	if open {
		return "because open"
	}
	return "because"
}

func usedWidth(start, deadline, now time.Time) string {
	if deadline.IsZero() {
		return "0"
	}
	return strconv.Itoa(usedOf(start, deadline, now))
}
