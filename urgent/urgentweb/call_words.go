package urgentweb

import (
	"strconv"
	"strings"

	"holdfast/codes"
	"holdfast/urgent"
	"holdfast/web"
)

func (p callPage) emergencyAction() string {
	if p.Case == nil {
		return "/call/emergency"
	}
	return "/call/" + p.ID + "/emergency"
}

func (p callPage) numberHint() string {
	switch {
	case p.Form.Value("number") == "":
		return "From the line, or ask. Read it back"
	case p.Heard.Calling.Kind == codes.AsItCame:
		return "Kept as it came: read it back"
	}
	return p.Heard.Calling.Display() + ". Read it back"
}

// placeMarks says which postcode, grid reference or three words were read among
// the words of a place, to be read back; a grid reference that can't be read
// says what to ask.
func placeMarks(p codes.Place) string {
	var out []string
	if p.Postcode != "" {
		out = append(out, "Postcode "+string(p.Postcode))
	}
	ref, why, ok := codes.GridRefIn(p.Text)
	switch {
	case ok && ref.Grid.Irish:
		out = append(out, "Irish grid "+ref.Text)
	case ok:
		out = append(out, "Grid "+ref.Text)
	case why != nil:
		out = append(out, "Grid reference: "+lowerFirst(sayOf(why)))
	}
	if words := codes.ThreeWordsIn(p.Text); words != "" {
		out = append(out, words+", read each word back")
	}
	return joined(" · ", out...)
}

func (p callPage) placeHint() string {
	switch {
	case p.Form.Value("place") == "":
		return "Door, street, town, postcode: as far as they know"
	case placeMarks(p.Heard.Place) != "":
		return placeMarks(p.Heard.Place)
	case p.Heard.Place.Postcode == "":
		return "No postcode yet: it finds the nearest services"
	}
	return "Postcode " + string(p.Heard.Place.Postcode)
}

func (p callPage) practiceHint() string {
	if p.Know.Person != nil && p.Form.Value("practice") == "" && p.fromRecord("practice") != "" {
		return "From the record"
	}
	return ""
}

func (p callPage) ringWords() string {
	if p.Know.Person != nil {
		for _, l := range p.Know.Person.Identity().Shown().Lines {
			if l.Of == "" && l.Phone.Present() && !(p.Case != nil && reachOf(*p.Case, l.Phone).Refused) {
				return "Ring the patient on " + l.Phone.Display() + " and join"
			}
		}
	}
	return "Ring the patient and join"
}

func flagsReadWords(n int) string {
	switch n {
	case 1:
		return "I have read it"
	case 2:
		return "I have read both"
	}
	return "I have read all " + numberWord(n)
}

func numberWord(n int) string {
	words := []string{"none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

func interruptKey(i int) string {
	if i == 0 {
		return "Alt+Q"
	}
	return ""
}

func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:min(1, len(s))]) + s[min(1, len(s)):]
}

func plainYesNo() []web.Choice {
	return []web.Choice{{Value: string(urgent.Yes), Text: "Yes"}, {Value: string(urgent.No), Text: "No"}}
}
