package fhir

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// div reads a narrative and writes it out again with its namespace on the
// outermost element.
func (r *xmlReader) div(where string, start xml.StartElement, depth int) (string, error) {
	var b bytes.Buffer
	openTag(&b, start, true)
	open := []string{start.Name.Local}
	for len(open) > 0 {
		t, err := r.d.Token()
		if err != nil || len(open) > depth {
			return "", problem(where, "the narrative is not well-formed or nested too deeply")
		}
		switch t := t.(type) {
		case xml.StartElement:
			openTag(&b, t, false)
			open = append(open, t.Name.Local)
		case xml.EndElement:
			b.WriteString("</" + open[len(open)-1] + ">")
			open = open[:len(open)-1]
		case xml.CharData:
			escapeXML(&b, string(t))
		case xml.Directive:
			return "", problem(where, "document type declarations are not accepted")
		}
	}
	return b.String(), nil
}

func openTag(b *bytes.Buffer, start xml.StartElement, outermost bool) {
	b.WriteString("<" + start.Name.Local)
	if outermost {
		b.WriteString(` xmlns="` + xhtmlNamespace + `"`)
	}
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		name := a.Name.Local
		if a.Name.Space == "xml" || strings.HasSuffix(a.Name.Space, "/XML/1998/namespace") {
			name = "xml:" + name
		}
		b.WriteString(" " + name + `="`)
		escapeXML(b, a.Value)
		b.WriteString(`"`)
	}
	b.WriteString(">")
}

// cleanDiv reads a div from JSON and gives its canonical form.
func cleanDiv(s string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	d.Entity = xml.HTMLEntity
	r := &xmlReader{d: d, left: len(s)}
	t, err := r.next("")
	if err != nil {
		return "", err
	}
	start, ok := t.(xml.StartElement)
	if !ok || start.Name.Local != "div" {
		return "", problem("", "not a div")
	}
	out, err := r.div("", start, 256)
	if err != nil {
		return "", err
	}
	if _, err := r.next(""); !errors.Is(err, io.EOF) {
		return "", problem("", "something follows the div")
	}
	return out, nil
}
