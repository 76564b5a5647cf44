package recorddb

import "strings"

// plain gives a name in capitals of the plain alphabet: accents away,
// apostrophes away, hyphens and everything else as one space.
func plain(s string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '`':
		case r > 127:
			b.WriteString(unaccented(r))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// unaccented gives the plain letters of an accented capital of the Latin
// script, or a space for anything else.
func unaccented(r rune) string {
	for _, group := range []struct{ from, to string }{
		{"ÀÁÂÃÄÅĀĂĄ", "A"}, {"ÇĆĈĊČ", "C"}, {"ĎĐÐ", "D"}, {"ÈÉÊËĒĔĖĘĚ", "E"}, {"ĜĞĠĢ", "G"}, {"ĤĦ", "H"},
		{"ÌÍÎÏĨĪĬĮİ", "I"}, {"Ĵ", "J"}, {"Ķ", "K"}, {"ĹĻĽĿŁ", "L"}, {"ÑŃŅŇŊ", "N"}, {"ÒÓÔÕÖØŌŎŐ", "O"}, {"ŔŖŘ", "R"},
		{"ŚŜŞŠȘ", "S"}, {"ŢŤŦȚ", "T"}, {"ÙÚÛÜŨŪŬŮŰŲ", "U"}, {"Ŵ", "W"}, {"ÝŶŸ", "Y"}, {"ŹŻŽ", "Z"},
		{"Æ", "AE"}, {"Œ", "OE"}, {"Þ", "TH"}, {"ẞ", "SS"},
	} {
		if strings.ContainsRune(group.from, r) {
			return group.to
		}
	}
	return " "
}

// familyParts gives the ways a last name is asked for: whole, and each part
// of a name of several ("PRYCE LLOYD": PRYCELLOYD, PRYCE, LLOYD).
func familyParts(plainFamily string) []string {
	parts := strings.Fields(plainFamily)
	if len(parts) < 2 {
		return parts
	}
	return append([]string{strings.Join(parts, "")}, parts...)
}

// sound gives what a plain name sounds like in English: beginnings that are
// spelt in several ways made one, then the first letter and the classes of
// the consonants after it (after Soundex, R. C. Russell 1918, without its cut
// at three digits).
func sound(name string) string {
	name = strings.ReplaceAll(name, " ", "")
	for _, same := range [][2]string{
		{"PH", "F"}, {"GN", "N"}, {"KN", "N"}, {"WR", "R"}, {"MAC", "MC"}, {"K", "C"}, {"Q", "C"}, {"J", "G"}, {"Z", "S"}, {"Y", "I"}, {"E", "I"},
	} {
		if rest, ok := strings.CutPrefix(name, same[0]); ok {
			name = same[1] + rest
			break
		}
	}
	if name == "" {
		return ""
	}
	out := []byte{name[0]}
	last := class(name[0])
	for i := 1; i < len(name); i++ {
		c := class(name[i])
		if c != 0 && c != last {
			out = append(out, c)
		}
		if name[i] != 'H' && name[i] != 'W' {
			last = c
		}
	}
	return string(out)
}

// class gives the consonant's class, or 0 for a vowel and for H, W and Y.
func class(c byte) byte {
	switch c {
	case 'B', 'F', 'P', 'V':
		return '1'
	case 'C', 'G', 'J', 'K', 'Q', 'S', 'X', 'Z':
		return '2'
	case 'D', 'T':
		return '3'
	case 'L':
		return '4'
	case 'M', 'N':
		return '5'
	case 'R':
		return '6'
	}
	return 0
}
