package fhir

import (
	"bytes"
	"encoding/xml"
	"sort"
	"strings"
)

// Namespace is the XML namespace of FHIR.
const Namespace = "http://hl7.org/fhir"

const xhtmlNamespace = "http://www.w3.org/1999/xhtml"

// XML writes a resource in the XML form, elements in the order of the
// standard, unknown ones last.
func (o *Object) XML() ([]byte, error) {
	w := &xmlWriter{table: r4()}
	w.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	if err := w.resource("", o, ` xmlns="`+Namespace+`"`); err != nil {
		return nil, err
	}
	return w.Bytes(), nil
}

type xmlWriter struct {
	bytes.Buffer
	table elementTable
}

func (w *xmlWriter) resource(where string, o *Object, ns string) error {
	kind := o.Type()
	if !xmlName(kind) {
		return problem(where, "a resource type is missing")
	}
	w.WriteString("<" + kind + ns + ">")
	if err := w.members(join(where, kind), kind, o); err != nil {
		return err
	}
	w.WriteString("</" + kind + ">")
	return nil
}

// pair is a member with its "_name" twin.
type pair struct {
	name        string
	value, twin Value
	element     element
	known       bool
}

func (w *xmlWriter) pairs(kind string, o *Object) []pair {
	var out []pair
	at := map[string]int{}
	for _, m := range o.Members {
		name, twin := strings.CutPrefix(m.Name, "_")
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			e, known := w.table[kind][name]
			out = append(out, pair{name: name, element: e, known: known})
		}
		if twin {
			out[i].twin = m.Value
		} else {
			out[i].value = m.Value
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].known != out[j].known {
			return out[i].known
		}
		return out[i].known && out[i].element.place < out[j].element.place
	})
	return out
}

func (w *xmlWriter) members(where, kind string, o *Object) error {
	for _, p := range w.pairs(kind, o) {
		if p.name == "resourceType" && p.value != nil || p.element.kind == "@" || kind == "Extension" && p.name == "url" {
			continue // the element's name, or an attribute of the start tag
		}
		if !xmlName(p.name) {
			return problem(where, "a member's name cannot be an XML element")
		}
		if err := w.repeat(join(where, p.name), p); err != nil {
			return err
		}
	}
	return nil
}

func (w *xmlWriter) repeat(where string, p pair) error {
	values, many := p.value.([]Value)
	twins, twinMany := p.twin.([]Value)
	if !many && !twinMany {
		return w.element(where, p.name, p.element.kind, p.value, p.twin)
	}
	for i := range max(len(values), len(twins)) {
		var v, t Value
		if i < len(values) {
			v = values[i]
		}
		if i < len(twins) {
			t = twins[i]
		}
		if err := w.element(where, p.name, p.element.kind, v, t); err != nil {
			return err
		}
	}
	return nil
}

func (w *xmlWriter) element(where, name, kind string, v, twin Value) error {
	if kind == "xhtml" {
		return w.xhtml(where, v)
	}
	if _, nested := v.([]Value); nested {
		return problem(where, "a list within a list has no XML form")
	}
	o, complexValue := v.(*Object)
	if complexValue && (isResource(kind) || o.Type() != "") {
		w.WriteString("<" + name + ">")
		if err := w.resource(where, o, ""); err != nil {
			return err
		}
		w.WriteString("</" + name + ">")
		return nil
	}
	if !complexValue {
		o, _ = twin.(*Object)
		if v == nil && o == nil {
			return nil
		}
		kind = "Element"
	}
	return w.plain(where, name, kind, v, o)
}

// plain writes one start tag with its attributes, the children, the end tag.
func (w *xmlWriter) plain(where, name, kind string, v Value, o *Object) error {
	w.WriteString("<" + name)
	for _, attr := range []string{"id", "url"} {
		if s, ok := o.text(attr); ok && (attr == "id" || kind == "Extension") {
			w.attribute(attr, s)
		}
	}
	switch v := v.(type) {
	case string:
		w.attribute("value", v)
	case Number:
		w.attribute("value", string(v))
	case bool:
		w.attribute("value", map[bool]string{true: "true", false: "false"}[v])
	}
	if o == nil {
		w.WriteString("/>")
		return nil
	}
	w.WriteString(">")
	if kind == "" {
		o = withoutID(o)
	}
	if err := w.members(where, kind, o); err != nil {
		return err
	}
	w.WriteString("</" + name + ">")
	return nil
}

func withoutID(o *Object) *Object {
	if _, ok := o.text("id"); !ok {
		return o
	}
	out := &Object{Members: append([]Member(nil), o.Members...)}
	out.Drop("id")
	return out
}

func (w *xmlWriter) attribute(name, value string) {
	w.WriteString(" " + name + `="`)
	escapeXML(&w.Buffer, value)
	w.WriteString(`"`)
}

func escapeXML(w *bytes.Buffer, s string) {
	// writing to a bytes.Buffer cannot fail
	_ = xml.EscapeText(w, []byte(s))
}

// xhtml writes a narrative's div after checking that it is one.
func (w *xmlWriter) xhtml(where string, v Value) error {
	s, ok := v.(string)
	if !ok {
		return problem(where, "the narrative is no text")
	}
	div, err := cleanDiv(s)
	if err != nil {
		return problem(where, "the narrative is not a well-formed div")
	}
	w.WriteString(div)
	return nil
}

func xmlName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-' && r != '.') {
			return false
		}
	}
	return true
}
