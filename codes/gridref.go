package codes

import (
	"strconv"
	"strings"
)

// GridRef is a grid reference as it was said, with how far it can be off.
type GridRef struct {
	Grid  Grid
	Text  string // in its usual form: "NY 123 456"
	Metre int    // side of the square it names: 1, 10, 100, 1000 or 10000
}

// ParseGridRef reads a grid reference typed by a person: two letters of the
// British national grid, or one of the Irish, and an even number of figures.
// The point is the middle of the square that is named. (Ordnance Survey, "A
// guide to coordinate systems in Great Britain", section 7; Ordnance Survey
// Ireland, "The Irish grid".)
func ParseGridRef(typed string) (GridRef, error) {
	s := squash(strings.ToUpper(typed))
	letters := strings.TrimRight(s, "0123456789")
	figures := s[len(letters):]
	switch {
	case len(letters) != 1 && len(letters) != 2:
		return GridRef{}, invalid("A grid reference begins with two letters, in Ireland with one: NY 123 456")
	case len(figures) < 2:
		return GridRef{}, invalid("A grid reference has figures after its letters: NY 123 456")
	case len(figures) > 10:
		return GridRef{}, invalidf("%d figures too many: at most 10", len(figures)-10)
	case len(figures)%2 != 0:
		return GridRef{}, invalid("1 figure missing or too many: as many east as north")
	}
	corner, ok := squareOf(letters)
	if !ok {
		return GridRef{}, invalidf("There is no square %s: read the letters back", letters)
	}
	half := len(figures) / 2
	side := 1
	for range 5 - half {
		side *= 10
	}
	east, _ := strconv.Atoi(figures[:half]) // figures only
	north, _ := strconv.Atoi(figures[half:])
	g := Grid{East: corner.East + east*side + side/2, North: corner.North + north*side + side/2, Irish: corner.Irish}
	return GridRef{Grid: g, Metre: side, Text: letters + " " + figures[:half] + " " + figures[half:]}, nil
}

// squareOf gives the south-west corner of a square of 100 km. Letters run from
// the north-west corner of five by five, I is left out.
func squareOf(letters string) (corner Grid, ok bool) {
	const rows = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
	at := func(i int) (east, north int, ok bool) {
		n := strings.IndexByte(rows, letters[i])
		return n % 5, 4 - n/5, n >= 0
	}
	if len(letters) == 1 {
		e, n, ok := at(0)
		return Grid{East: e * 100_000, North: n * 100_000, Irish: true}, ok
	}
	e5, n5, ok1 := at(0)
	e1, n1, ok2 := at(1)
	// the false origin is the south-west corner of S
	g := Grid{East: ((e5-2)*5 + e1) * 100_000, North: ((n5-1)*5 + n1) * 100_000}
	return g, ok1 && ok2 && g.East >= 0 && g.East < 700_000 && g.North >= 0 && g.North < 1_300_000
}

// String gives the point on the grid by its letters, to the metre: "NY 12345
// 67890"; empty when it is not known or lies outside.
func (g Grid) String() string {
	const rows = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
	letter := func(e, n int) string { return string(rows[(4-n)*5+e]) }
	if !g.Known() || g.East < 0 || g.North < 0 {
		return ""
	}
	e, n := g.East/100_000, g.North/100_000
	figures := func(v int) string { return strconv.Itoa(100_000 + v%100_000)[1:] }
	rest := " " + figures(g.East) + " " + figures(g.North)
	if g.Irish {
		if e > 4 || n > 4 {
			return ""
		}
		return letter(e, n) + rest
	}
	if e > 6 || n > 12 {
		return ""
	}
	return letter(2+e/5, 1+n/5) + letter(e%5, n%5) + rest
}

// GridRefIn finds a grid reference among the words of a place. ok is false when
// there is none; a group that looks like one and cannot be read gives why.
func GridRefIn(text string) (ref GridRef, why error, ok bool) {
	words := strings.Fields(text)
	for i := range words {
		for size := min(3, len(words)-i); size > 0; size-- {
			typed := strings.Trim(strings.Join(words[i:i+size], " "), ".,;()")
			letters, rest := splitLetters(typed)
			if !gridLike(letters, rest) {
				continue
			}
			ref, err := ParseGridRef(typed)
			if err == nil {
				return ref, nil, true
			}
			if why == nil {
				why = err
			}
		}
	}
	return GridRef{}, why, false
}

func splitLetters(s string) (letters, rest string) {
	s = strings.ToUpper(strings.TrimSpace(s))
	i := strings.IndexFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
	if i < 0 {
		return s, ""
	}
	return s[:i], squash(s[i:])
}

// gridLike keeps postcodes and road numbers apart from grid references: those
// have at most four figures together, or letters after them. So only those
// of three figures each way and more are looked for.
func gridLike(letters, figures string) bool {
	if !allDigits(figures) {
		return false
	}
	return len(letters) == 2 && len(figures) >= 5 || len(letters) == 1 && len(figures) >= 6
}

// ThreeWordsIn finds three words joined by dots, or by "dot" as people say it,
// that name a square somewhere ("///filled.count.soap"). Only their form is
// checked: which square they name is known elsewhere. Empty: there are none.
func ThreeWordsIn(text string) string {
	fields := strings.Fields(strings.ToLower(text))
	for _, f := range fields {
		if w := threeWords(strings.Split(strings.Trim(strings.TrimLeft(f, "/"), ",;()"), "."), strings.HasPrefix(f, "///")); w != "" {
			return w
		}
	}
	for i := 0; i+5 <= len(fields); i++ {
		if fields[i+1] == "dot" && fields[i+3] == "dot" {
			if w := threeWords([]string{strings.TrimLeft(fields[i], "/"), fields[i+2], strings.Trim(fields[i+4], ".,;")}, true); w != "" {
				return w
			}
		}
	}
	return ""
}

// threeWords gives the usual form of three words. sure: marked as such, short
// words are taken; else each has four letters, so that an abbreviation or an
// address of the web is none.
func threeWords(parts []string, sure bool) string {
	if len(parts) != 3 {
		return ""
	}
	for _, p := range parts {
		if p == "www" || len([]rune(p)) < 4 && !sure || p == "" || len(p) > 60 {
			return ""
		}
		for _, r := range p {
			if (r < 'a' || r > 'z') && r < 0x80 {
				return ""
			}
		}
	}
	return "///" + strings.Join(parts, ".")
}
