package itk

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"

	"holdfast/exchange"
)

// Namespaces of the parts of a message.
const (
	nsSOAP = "http://schemas.xmlsoap.org/soap/envelope/"
	nsWSA  = "http://www.w3.org/2005/08/addressing"
	nsITK  = "urn:nhs-itk:ns:201005"
	nsCDA  = "urn:hl7-org:v3"
	nsNPF  = "NPFIT:HL7:Localisation"
)

const (
	maxDepth    = 100
	maxElements = 100_000
)

// parse reads XML after checking that it is UTF-8, well-formed, of one root,
// without document type, processing instructions and entities, and within the
// limits of size, depth and number of elements.
func parse(b []byte) (*etree.Element, error) {
	if err := screen(b); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.ReadSettings.MaxDepth = maxDepth + 1
	doc.ReadSettings.CharsetReader = func(string, io.Reader) (io.Reader, error) {
		return nil, errors.New("the encoding is not UTF-8")
	}
	if err := doc.ReadFromBytes(b); err != nil || doc.Root() == nil {
		return nil, errors.New("not well-formed XML")
	}
	return doc.Root(), nil
}

func screen(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("the text is not UTF-8")
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	depth, count, roots := 0, 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.New("not well-formed XML")
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if count++; depth > maxDepth || count > maxElements {
				return errors.New("nested too deeply or too many elements")
			}
			if attributeTwice(t) {
				return errors.New("an attribute stands twice")
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("document type declarations are not accepted")
		case xml.ProcInst:
			if t.Target != "xml" {
				return errors.New("processing instructions are not accepted")
			}
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 && !bytes.Equal(t, []byte("\ufeff")) {
				return errors.New("text stands outside the message")
			}
		}
	}
	if roots != 1 {
		return errors.New("there is not exactly one XML document")
	}
	return nil
}

func attributeTwice(t xml.StartElement) bool {
	for i, a := range t.Attr {
		for _, b := range t.Attr[:i] {
			if a.Name == b.Name {
				return true
			}
		}
	}
	return false
}

// el is an element in a namespace; the zero el stands for one that is not
// there, and has no children.
type el struct {
	e  *etree.Element
	ns string
}

// kid gives the first child of a name in the same namespace.
func (x el) kid(path ...string) el {
	for _, name := range path {
		x = x.first(x.ns, name)
	}
	return x
}

func (x el) first(ns, name string) el {
	if x.e != nil {
		for _, c := range x.e.ChildElements() {
			if c.Tag == name && c.NamespaceURI() == ns {
				return el{c, ns}
			}
		}
	}
	return el{ns: ns}
}

func (x el) kids(name string) []el {
	var out []el
	if x.e != nil {
		for _, c := range x.e.ChildElements() {
			if c.Tag == name && c.NamespaceURI() == x.ns {
				out = append(out, el{c, x.ns})
			}
		}
	}
	return out
}

func (x el) exists() bool { return x.e != nil }

// attr gives an attribute without namespace, cleaned to one line.
func (x el) attr(name string) string {
	if x.e == nil {
		return ""
	}
	for _, a := range x.e.Attr {
		if a.Space == "" && a.Key == name {
			return exchange.Line(a.Value)
		}
	}
	return ""
}

// text gives all text inside, as one line.
func (x el) text() string {
	if x.e == nil {
		return ""
	}
	var b strings.Builder
	var walk func(*etree.Element)
	walk = func(e *etree.Element) {
		for _, c := range e.Child {
			switch c := c.(type) {
			case *etree.CharData:
				b.WriteString(c.Data)
			case *etree.Element:
				b.WriteByte(' ')
				walk(c)
				b.WriteByte(' ')
			}
		}
	}
	walk(x.e)
	return exchange.Line(b.String())
}

// id finds the extension of a child id with one of these roots.
func (x el) id(roots ...string) string {
	for _, root := range roots {
		for _, i := range x.kids("id") {
			if i.attr("root") == root && i.attr("extension") != "" {
				return i.attr("extension")
			}
		}
	}
	return ""
}
