package sheet

import "strings"

type scanner struct {
	text   string
	at     int
	number int
}

func flow(text string, number int) (*Node, error) {
	s := &scanner{text: text, number: number}
	n, err := s.value(0)
	if err == nil && s.at != len(text) {
		err = fault(number, "has something left over after its value")
	}
	return n, err
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) skip(want string) bool {
	if strings.HasPrefix(s.text[s.at:], want) {
		s.at += len(want)
		return true
	}
	return false
}

func (s *scanner) value(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, fault(s.number, "is nested too deeply")
	}
	n := &Node{Line: s.number}
	switch s.peek() {
	case '[':
		n.Kind = List
		return n, s.items(n, "[", "]", depth)
	case '{':
		n.Kind = Map
		return n, s.items(n, "{", "}", depth)
	}
	var err error
	n.Text, err = s.scalar()
	return n, err
}

func (s *scanner) items(n *Node, open, shut string, depth int) error {
	s.skip(open)
	if s.skip(shut) {
		return nil
	}
	for {
		if n.Kind == Map {
			key, err := s.scalar()
			if err != nil {
				return err
			}
			if !plain(key) || strings.Contains(key, " ") {
				return fault(s.number, "has a key that is not one plain word")
			}
			if !s.skip(": ") {
				return fault(s.number, "needs a colon and a space after "+key)
			}
			if n.Get(key) != nil {
				return fault(s.number, "repeats the key "+key)
			}
			n.Keys = append(n.Keys, key)
		}
		item, err := s.value(depth + 1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
		if s.skip(shut) {
			return nil
		}
		if !s.skip(", ") {
			return fault(s.number, "needs a comma and a space, or "+shut)
		}
	}
}

func (s *scanner) scalar() (string, error) {
	if s.peek() == '"' {
		return s.quoted()
	}
	from := s.at
	for s.at < len(s.text) && (wordByte(s.text[s.at]) || s.text[s.at] == ' ') {
		s.at++
	}
	text := s.text[from:s.at]
	if !plain(text) {
		return "", fault(s.number, "needs quotes around a text with signs in it")
	}
	return text, nil
}

func (s *scanner) quoted() (string, error) {
	var b strings.Builder
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case '"':
			s.at++
			return b.String(), nil
		case '\\':
			s.at++
			if c := s.peek(); c != '"' && c != '\\' {
				return "", fault(s.number, `may escape only \" and \\`)
			}
			b.WriteByte(s.text[s.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", fault(s.number, "has a quote that is not closed")
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_./+<>=;-", c) >= 0
}

// plain tells whether a text may stand without quotes: words of simple signs
// with single spaces between them.
func plain(text string) bool {
	if text == "" || text[0] == '-' || strings.Contains(text, "  ") || strings.HasPrefix(text, " ") || strings.HasSuffix(text, " ") {
		return false
	}
	for i := range len(text) {
		if !wordByte(text[i]) && text[i] != ' ' {
			return false
		}
	}
	return true
}
