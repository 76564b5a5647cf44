// Package sheet reads and prints the plain text form of triage content: a
// small subset of YAML with one canonical layout.
//
// Its law: every scalar is text, so yes and no are never booleans; nothing is
// guessed, and whatever lies outside the subset is refused with its line.
// There are no comments but "# key: value" lines at the head.
package sheet

import (
	"fmt"
	"strings"
)

// Kind tells what a node is.
type Kind uint8

// The kinds of node.
const (
	Scalar Kind = iota
	List
	Map
)

// Node is a piece of a sheet.
type Node struct {
	Kind  Kind
	Text  string   // of a scalar
	Keys  []string // of a map, as they stand
	Items []*Node  // of a list, or the values of Keys
	Line  int      // from 1
}

// Get finds a value of a map, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i, k := range n.Keys {
		if k == key {
			return n.Items[i]
		}
	}
	return nil
}

const (
	maxLine  = 4000
	maxLines = 20000
	maxDepth = 8
)

type line struct {
	indent int
	text   string
	number int
}

type parser struct {
	lines []line
	at    int
}

// Parse reads a sheet. Its errors name the line and what to mend.
func Parse(raw []byte) (head []string, root *Node, err error) {
	p := &parser{}
	for i, text := range strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n") {
		if len(p.lines) == 0 && strings.HasPrefix(text, "# ") {
			head = append(head, text)
			continue
		}
		body := strings.TrimLeft(text, " ")
		if err := lineFault(text, body, i+1); err != nil {
			return nil, nil, err
		}
		p.lines = append(p.lines, line{indent: len(text) - len(body), text: body, number: i + 1})
	}
	if p.at < len(p.lines) && strings.HasPrefix(p.lines[0].text, "- ") {
		return nil, nil, fault(p.here(), "should begin with a key, not with a list")
	}
	root, err = p.block(0, 0)
	if err == nil && p.at < len(p.lines) {
		err = fault(p.lines[p.at].number, "is indented wrongly")
	}
	return head, root, err
}

func lineFault(text, body string, number int) error {
	switch {
	case number > maxLines || len(text) > maxLine:
		return fault(number, "is too long")
	case body == "":
		return fault(number, "is empty: leave no empty lines")
	case strings.HasPrefix(body, "#"):
		return fault(number, "is a comment: put it into a note or a cite")
	case strings.ContainsAny(text, "\t\r"):
		return fault(number, "has a tab or carriage return: use spaces")
	}
	return nil
}

func fault(number int, what string) error { return fmt.Errorf("line %d %s", number, what) }

func (p *parser) block(indent, depth int) (*Node, error) {
	if p.at >= len(p.lines) || p.lines[p.at].indent != indent {
		return nil, fault(p.here(), "should begin a block here")
	}
	if depth > maxDepth {
		return nil, fault(p.here(), "is nested too deeply")
	}
	if strings.HasPrefix(p.lines[p.at].text, "- ") {
		return p.list(indent, depth)
	}
	return p.mapping(indent, depth)
}

func (p *parser) here() int {
	if p.at < len(p.lines) {
		return p.lines[p.at].number
	}
	if len(p.lines) == 0 {
		return 1
	}
	return p.lines[len(p.lines)-1].number
}

func (p *parser) list(indent, depth int) (*Node, error) {
	n := &Node{Kind: List, Line: p.here()}
	for p.at < len(p.lines) && p.lines[p.at].indent == indent && strings.HasPrefix(p.lines[p.at].text, "- ") {
		l := &p.lines[p.at]
		var item *Node
		var err error
		if _, _, isMap := cutKey(l.text[2:]); isMap {
			l.indent, l.text = indent+2, l.text[2:]
			item, err = p.mapping(indent+2, depth+1)
		} else {
			item, err = flow(l.text[2:], l.number)
			p.at++
		}
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
	}
	return n, nil
}

func (p *parser) mapping(indent, depth int) (*Node, error) {
	n := &Node{Kind: Map, Line: p.here()}
	for p.at < len(p.lines) && p.lines[p.at].indent == indent {
		l := p.lines[p.at]
		key, rest, ok := cutKey(l.text)
		if !ok {
			return nil, fault(l.number, "needs a key and a colon")
		}
		if n.Get(key) != nil {
			return nil, fault(l.number, "repeats the key "+key)
		}
		p.at++
		var value *Node
		var err error
		if rest == "" {
			value, err = p.block(indent+2, depth+1)
		} else {
			value, err = flow(rest, l.number)
		}
		if err != nil {
			return nil, err
		}
		n.Keys, n.Items = append(n.Keys, key), append(n.Items, value)
	}
	return n, nil
}

// cutKey splits "key: rest" or "key:" where the key is a plain word.
func cutKey(text string) (key, rest string, ok bool) {
	i := strings.IndexByte(text, ':')
	if i <= 0 || !plain(text[:i]) || strings.Contains(text[:i], " ") {
		return "", "", false
	}
	if i == len(text)-1 {
		return text[:i], "", true
	}
	if text[i+1] != ' ' || i+2 >= len(text) {
		return "", "", false
	}
	return text[:i], text[i+2:], true
}
