package sheet

import (
	"slices"
	"strings"
)

// Layout says how one kind of sheet looks. Places are written as paths of
// keys, with "*" for every item of a list and every key below "*".
type Layout struct {
	Block func(path []string) bool     // true: one item a line; false: on one line
	Order func(path []string) []string // the fixed order of keys; nil keeps theirs
}

// Print gives the canonical text of a sheet.
func (l Layout) Print(head []string, root *Node) []byte {
	var b strings.Builder
	for _, h := range head {
		b.WriteString(h + "\n")
	}
	l.mapping(&b, root, nil, 0)
	return []byte(b.String())
}

// Format prints what Parse reads. Formatting twice changes nothing.
func (l Layout) Format(raw []byte) ([]byte, error) {
	head, root, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	return l.Print(head, root), nil
}

func (l Layout) mapping(b *strings.Builder, n *Node, path []string, indent int) {
	for i, k := range l.sorted(n, path) {
		if i > 0 || indent == 0 || len(path) == 0 || path[len(path)-1] != "*" {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(k + ":")
		l.value(b, n.Get(k), append(path[:len(path):len(path)], k), indent)
	}
}

func (l Layout) value(b *strings.Builder, n *Node, path []string, indent int) {
	if n.Kind == Scalar || len(n.Items) == 0 || !l.Block(path) {
		b.WriteByte(' ')
		l.flow(b, n, path)
		b.WriteByte('\n')
		return
	}
	b.WriteByte('\n')
	if n.Kind == Map {
		l.mapping(b, n, path, indent+2)
		return
	}
	star := append(path[:len(path):len(path)], "*")
	for _, item := range n.Items {
		b.WriteString(strings.Repeat(" ", indent+2) + "- ")
		if item.Kind == Map && l.Block(star) {
			l.mapping(b, item, star, indent+4)
			continue
		}
		l.flow(b, item, star)
		b.WriteByte('\n')
	}
}

func (l Layout) sorted(n *Node, path []string) []string {
	order := l.Order(path)
	if order == nil {
		return n.Keys
	}
	keys := slices.Clone(n.Keys)
	rank := func(k string) int {
		if i := slices.Index(order, k); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(keys, func(a, b string) int { return rank(a) - rank(b) })
	return keys
}

func (l Layout) flow(b *strings.Builder, n *Node, path []string) {
	switch n.Kind {
	case Scalar:
		b.WriteString(quote(n.Text))
	case List:
		b.WriteByte('[')
		for i, item := range n.Items {
			comma(b, i)
			l.flow(b, item, append(path[:len(path):len(path)], "*"))
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, k := range l.sorted(n, path) {
			comma(b, i)
			b.WriteString(quote(k) + ": ")
			l.flow(b, n.Get(k), append(path[:len(path):len(path)], k))
		}
		b.WriteByte('}')
	}
}

func comma(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}

func quote(text string) string {
	if plain(text) {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
