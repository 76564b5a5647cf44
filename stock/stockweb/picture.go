package stockweb

import (
	"strconv"

	"holdfast/fact"
	"holdfast/stock"
)

// bar is one row of the picture and of its table twin.
type bar struct {
	Says  string
	Count uint64
	Class string // of the bar's colour
	Of    uint64
	Row   int
}

// bars gives who holds how many, then what became of the others.
func bars(r stock.Range, here fact.Subject) (out []bar) {
	account := r.Account()
	add := func(says string, n uint64, class string) {
		out = append(out, bar{Says: says, Count: n, Class: class, Of: max(1, account.Received), Row: len(out)})
	}
	add("This device", r.LeftAt(here), "c-ok")
	for _, d := range r.Rights.Devices() {
		if d != here {
			add(r.Called(d), r.LeftAt(d), "c-ok")
		}
	}
	var used uint64
	for _, l := range account.Lines {
		switch l.Says {
		case "left":
		case "waiting for a decision", "in dispute":
			add(upper(l.Says), l.Count, "c-due")
		default:
			used += l.Count
		}
	}
	add("Used", used, "c-soon")
	if account.Missing > 0 {
		add("Not accounted for", account.Missing, "c-late")
	}
	return out
}

// The picture's measures, in its own units.
const (
	barLeft  = 240
	barWide  = 400
	rowHigh  = 24
	rowFirst = 2
	mostSaid = 34 // characters that fit beside a bar; the table has the whole name
)

func (b bar) y() string     { return strconv.Itoa(rowFirst + b.Row*rowHigh) }
func (b bar) textY() string { return strconv.Itoa(rowFirst + b.Row*rowHigh + 13) }
func (b bar) count() string { return strconv.FormatUint(b.Count, 10) }

// width is the bar's; a single number still shows.
func (b bar) width() string {
	return strconv.FormatUint(max(min(b.Count, 1)*2, b.Count*barWide/b.Of), 10)
}

func (b bar) short() string {
	if all := []rune(b.Says); len(all) > mostSaid {
		return string(all[:mostSaid-1]) + "…"
	}
	return b.Says
}

func boxOf(all []bar) string { return "0 0 700 " + strconv.Itoa(rowFirst+len(all)*rowHigh) }

// upper begins a line with a capital.
func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
