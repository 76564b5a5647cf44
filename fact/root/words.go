package root

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"strings"

	"holdfast/fact/refusal"
)

//go:embed words.txt
var listed string

// A holder's page is 66 bytes (form, number, seed, part) as 48 words of 11
// bits, in 8 lines of 6; each line ends with a seventh word that checks it, so
// that a slip is found by its word or at least by its line.
const (
	form      = 1
	Lines     = 8
	LineWords = 7
	bytesHeld = 66
)

// list gives the words and their places.
func list() ([]string, map[string]int) {
	_, body, _ := strings.Cut(listed, "\n")
	all := strings.Fields(body)
	at := make(map[string]int, len(all))
	for i, w := range all {
		at[w] = i
	}
	return all, at
}

func (s Secret) bytes() [bytesHeld]byte {
	var b [bytesHeld]byte
	b[0], b[1] = form, s.Number
	copy(b[2:], s.Seed[:])
	copy(b[34:], s.Part[:])
	return b
}

func secretOf(b [bytesHeld]byte) (Secret, error) {
	if b[0] != form {
		return Secret{}, refusal.New(refusal.Invalid, "This page was made by another version of Holdfast.")
	}
	return Secret{Number: b[1], Seed: [32]byte(b[2:34]), Part: [32]byte(b[34:])}, nil
}

// Words writes a secret as 8 lines of 7 words.
func (s Secret) Words() []string {
	all, _ := list()
	b := s.bytes()
	var lines []string
	for line := range Lines {
		places := make([]int, LineWords-1)
		for i := range places {
			places[i] = bits(b[:], (line*(LineWords-1)+i)*11)
		}
		words := make([]string, 0, LineWords)
		for _, p := range append(places, check(line, places)) {
			words = append(words, all[p])
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

// bits reads 11 bits from a place on.
func bits(b []byte, from int) int {
	out := 0
	for i := from; i < from+11; i++ {
		out = out<<1 | int(b[i/8]>>(7-i%8)&1)
	}
	return out
}

// check is the word that ends a line: 11 bits of a hash of its words.
func check(line int, places []int) int {
	sum := sha256.Sum256(fmt.Appendf(nil, "holdfast/line/1 %d %v", line, places))
	return int(sum[0])<<3 | int(sum[1])>>5
}

// Word checks one word as it is typed: its first four letters are enough. What
// is not in the list is refused with the words it may have been.
func Word(typed string) (string, error) {
	all, at := list()
	w := strings.ToLower(strings.TrimSpace(typed))
	if _, ok := at[w]; ok {
		return w, nil
	}
	if len(w) >= 4 {
		for _, one := range all {
			if strings.HasPrefix(one, w) {
				return one, nil
			}
		}
	}
	var near []string
	for _, one := range all {
		if apart(w, one) <= 1 && len(near) < 4 {
			near = append(near, one)
		}
	}
	if len(near) > 0 {
		return "", refusal.Newf(refusal.Invalid, "%q is not on the list of words. Is it %s?", w, strings.Join(near, " or "))
	}
	return "", refusal.Newf(refusal.Invalid, "%q is not on the list of words. Look at the page again.", w)
}

// apart counts the letters to change, add, drop or swap between two words, up
// to 2.
func apart(a, b string) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return 2
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case i == len(a) && len(a) == len(b):
		return 0
	case len(a) < len(b) && a[i:] == b[i+1:]:
		return 1
	case len(a) == len(b) && a[i+1:] == b[i+1:]:
		return 1
	case len(a) == len(b) && i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]:
		return 1
	}
	return 2
}

// Line checks one line, 0 to 7: every word, then the line as a whole.
func Line(line int, typed string) ([]int, error) {
	_, at := list()
	words := strings.Fields(typed)
	if line < 0 || line >= Lines {
		return nil, refusal.Newf(refusal.Invalid, "A page has %d lines.", Lines)
	}
	if len(words) != LineWords {
		return nil, refusal.Newf(refusal.Invalid, "Line %d has %d words; there must be %d.", line+1, len(words), LineWords)
	}
	places := make([]int, 0, LineWords)
	for i, w := range words {
		word, err := Word(w)
		if err != nil {
			return nil, refusal.Newf(refusal.Invalid, "Line %d, word %d: %v", line+1, i+1, err)
		}
		places = append(places, at[word])
	}
	if check(line, places[:LineWords-1]) != places[LineWords-1] {
		return nil, refusal.Newf(refusal.Invalid, "Line %d: every word is on the list, but one is another than on the page, two are swapped, or this is another line. Compare it word by word.", line+1)
	}
	return places[:LineWords-1], nil
}

// ReadWords reads a page back: 8 lines of 7 words, or the text of its QR code.
func ReadWords(text string) (Secret, error) {
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			lines = append(lines, l)
		}
	}
	if len(lines) == 1 && len(strings.Fields(lines[0])) == Lines*LineWords { // a QR code
		words := strings.Fields(lines[0])
		lines = nil
		for ; len(words) > 0; words = words[LineWords:] {
			lines = append(lines, strings.Join(words[:LineWords], " "))
		}
	}
	if len(lines) != Lines {
		return Secret{}, refusal.Newf(refusal.Invalid, "There are %d lines; a page has %d.", len(lines), Lines)
	}
	var b [bytesHeld]byte
	bit := 0
	for i, l := range lines {
		places, err := Line(i, l)
		if err != nil {
			return Secret{}, err
		}
		for _, p := range places {
			for k := 10; k >= 0; k-- {
				b[bit/8] |= byte(p>>k&1) << (7 - bit%8)
				bit++
			}
		}
	}
	return secretOf(b)
}
