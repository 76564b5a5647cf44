package exchange

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode"
)

// Plain turns a fragment of XHTML or of CDA narrative into plain text that
// keeps its order and its words: lines for breaks, paragraphs and rows,
// "- " before list items, " | " between cells. Nothing of the markup is left.
// The fragment must be well-formed; depth is limited to 200.
func Plain(fragment string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(fragment))
	d.Entity = xml.HTMLEntity
	d.Strict = true
	p := plain{}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p.finish(), nil
		}
		if err != nil {
			return "", errors.New("the narrative is not well-formed")
		}
		switch t := t.(type) {
		case xml.StartElement:
			if p.depth++; p.depth > 200 {
				return "", errors.New("the narrative is nested too deeply")
			}
			p.start(strings.ToLower(t.Name.Local))
		case xml.EndElement:
			p.depth--
			p.end(strings.ToLower(t.Name.Local))
		case xml.CharData:
			p.text(string(t))
		case xml.Directive:
			return "", errors.New("the narrative declares a document type")
		}
	}
}

type plain struct {
	lines []string
	line  strings.Builder
	space bool // a space is due before the next word
	depth int
	cell  int // cells so far in this row
	mute  int // inside script or style
}

func (p *plain) start(name string) {
	switch name {
	case "br":
		p.breakLine()
	case "p", "div", "paragraph", "table", "tr", "list", "ul", "ol", "caption", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dt", "dd", "blockquote":
		p.newLine()
		p.cell = 0
	case "li", "item":
		p.newLine()
		p.line.WriteString("- ")
	case "td", "th":
		if p.cell > 0 {
			p.line.WriteString(" |")
			p.space = true
		}
		p.cell++
	case "script", "style":
		p.mute++
	}
}

func (p *plain) end(name string) {
	switch name {
	case "p", "div", "paragraph", "table", "tr", "list", "ul", "ol", "caption", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "li", "item", "dt", "dd", "blockquote":
		p.newLine()
	case "script", "style":
		p.mute--
	}
}

// text writes words; white space alone is one space, a line end between words
// stays one.
func (p *plain) text(s string) {
	if p.mute > 0 {
		return
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	words := strings.TrimSpace(s)
	if words == "" {
		p.space = p.space || s != ""
		return
	}
	p.space = p.space || strings.TrimLeft(s, " \t\n") != s
	for i, part := range strings.Split(words, "\n") {
		if i > 0 {
			p.breakLine()
		}
		if w := strings.Join(strings.Fields(part), " "); w != "" {
			if p.space && p.line.Len() > 0 && !strings.HasSuffix(p.line.String(), " ") {
				p.line.WriteByte(' ')
			}
			p.line.WriteString(w)
			p.space = false
		}
	}
	p.space = strings.TrimRight(s, " \t\n") != s
}

func (p *plain) newLine() {
	if p.line.Len() > 0 {
		p.breakLine()
	}
	p.space = false
}

func (p *plain) breakLine() {
	p.lines = append(p.lines, strings.TrimRight(p.line.String(), " "))
	p.line.Reset()
	p.space = false
}

// finish joins the lines with at most one empty line in a row.
func (p *plain) finish() string {
	p.breakLine()
	var out []string
	for _, l := range p.lines {
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return Clean(strings.TrimSpace(strings.Join(out, "\n")))
}

// Clean takes away what could make text read other than it was written:
// control characters save line ends and tabs, and marks that turn the
// direction of writing.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == 0x2028 || r == 0x2029:
			return '\n'
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
			return -1
		}
		return r
	}, s)
}

// Line makes one clean line of a text.
func Line(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }
