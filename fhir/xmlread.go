package fhir

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"unicode/utf8"
)

// ParseXML reads exactly one resource in the XML form. Document type
// declarations, entities, other encodings than UTF-8, text between elements,
// and whatever passes the limits is a Problem.
func ParseXML(b []byte, lim Limits) (*Object, error) {
	lim = lim.orDefault()
	if len(b) > lim.Bytes {
		return nil, tooLarge(lim)
	}
	if !utf8.Valid(b) {
		return nil, problem("", "the text is not UTF-8")
	}
	r := &xmlReader{d: xml.NewDecoder(bytes.NewReader(b)), table: r4(), left: lim.Nodes}
	start, err := r.next("")
	if err != nil {
		return nil, endsEarly("", err)
	}
	root, ok := start.(xml.StartElement)
	if !ok || root.Name.Space != Namespace {
		return nil, problem("", "a FHIR resource in XML was expected")
	}
	o, err := r.resource("", root, lim.Depth)
	if err != nil {
		return nil, err
	}
	if t, err := r.next(""); !errors.Is(err, io.EOF) || t != nil {
		return nil, problem("", "something follows the resource")
	}
	return o, nil
}

type xmlReader struct {
	d     *xml.Decoder
	table elementTable
	left  int
}

// next gives the next start or end element.
func (r *xmlReader) next(where string) (xml.Token, error) {
	for {
		t, err := r.d.Token()
		if errors.Is(err, io.EOF) {
			return nil, err
		}
		if err != nil {
			return nil, problem(where, "not well-formed XML near byte %d", r.d.InputOffset())
		}
		switch t := t.(type) {
		case xml.StartElement:
			if r.left--; r.left < 0 {
				return nil, problem(where, "too many elements")
			}
			return t.Copy(), nil
		case xml.EndElement:
			return t, nil
		case xml.Directive:
			return nil, problem(where, "document type declarations are not accepted")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, problem(where, "text stands between elements")
			}
		}
	}
}

func (r *xmlReader) resource(where string, start xml.StartElement, depth int) (*Object, error) {
	kind := start.Name.Local
	o := &Object{Members: []Member{{"resourceType", kind}}}
	where = join(where, kind)
	if len(dataAttributes(start)) > 0 {
		return nil, problem(where, "attributes are not expected here")
	}
	return o, r.children(where, kind, o, depth)
}

func (r *xmlReader) children(where, kind string, o *Object, depth int) error {
	if depth == 0 {
		return problem(where, "nested too deeply")
	}
	add := adder{o: o, at: map[string]int{}}
	for {
		t, err := r.next(where)
		if errors.Is(err, io.EOF) {
			return problem(where, "the XML ends too early")
		}
		if err != nil {
			return err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			add.finish()
			return nil
		}
		name := start.Name.Local
		if name == "resourceType" || name[0] == '_' || !xmlName(name) {
			return problem(where, "an element of this name has no JSON form")
		}
		e, known := r.table[kind][name]
		v, twin, err := r.element(join(where, name), start, e.kind, known, depth-1)
		if err != nil {
			return err
		}
		add.add(name, v, twin, e.repeat)
	}
}

// element gives the value of one element and, for primitives, its twin.
func (r *xmlReader) element(where string, start xml.StartElement, kind string, known bool, depth int) (Value, *Object, error) {
	if kind == "xhtml" {
		div, err := r.div(where, start, depth)
		return div, nil, err
	}
	if start.Name.Space != Namespace {
		return nil, nil, problem(where, "an element of another namespace")
	}
	if isResource(kind) {
		return r.held(where, depth)
	}
	value, inner, err := r.attributes(where, start, kind)
	if err != nil {
		return nil, nil, err
	}
	childKind := kind
	if isPrimitive(kind) || !known && value != nil {
		childKind = "Element"
	}
	if err := r.children(where, childKind, inner, depth); err != nil {
		return nil, nil, err
	}
	if value == nil && !isPrimitive(kind) {
		return inner, nil, nil
	}
	if len(inner.Members) == 0 {
		inner = nil
	}
	if value == nil {
		return nil, inner, nil
	}
	return literal(kind, *value), inner, nil
}

func (r *xmlReader) attributes(where string, start xml.StartElement, kind string) (value *string, inner *Object, err error) {
	inner = &Object{}
	for _, a := range dataAttributes(start) {
		switch a.Name.Local {
		case "value":
			if value != nil {
				return nil, nil, problem(where, "an attribute stands twice")
			}
			value = &a.Value
		case "id", "url":
			if a.Name.Local == "url" && kind != "Extension" {
				return nil, nil, problem(where, "an unknown attribute")
			}
			if _, twice := inner.Get(a.Name.Local); twice {
				return nil, nil, problem(where, "an attribute stands twice")
			}
			inner.Set(a.Name.Local, a.Value)
		default:
			return nil, nil, problem(where, "an unknown attribute")
		}
	}
	return value, inner, nil
}

// held reads the one resource inside an element such as Bundle.entry.resource.
func (r *xmlReader) held(where string, depth int) (Value, *Object, error) {
	t, err := r.next(where)
	if err != nil {
		return nil, nil, endsEarly(where, err)
	}
	start, ok := t.(xml.StartElement)
	if !ok {
		return nil, nil, problem(where, "a resource was expected")
	}
	o, err := r.resource(where, start, depth)
	if err != nil {
		return nil, nil, err
	}
	if t, err = r.next(where); err != nil {
		return nil, nil, endsEarly(where, err)
	}
	if _, more := t.(xml.StartElement); more {
		return nil, nil, problem(where, "one resource was expected, not several")
	}
	return o, nil, nil
}

func endsEarly(where string, err error) error {
	if errors.Is(err, io.EOF) {
		return problem(where, "the XML ends too early")
	}
	return err
}

func dataAttributes(start xml.StartElement) []xml.Attr {
	var out []xml.Attr
	for _, a := range start.Attr {
		schema := a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance"
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && !schema {
			out = append(out, a)
		}
	}
	return out
}

var numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// literal turns an attribute into the JSON value of its type; a value that
// does not fit its type is kept as text.
func literal(kind, s string) Value {
	switch kind {
	case "boolean":
		if s == "true" || s == "false" {
			return s == "true"
		}
	case "integer", "decimal", "positiveInt", "unsignedInt":
		if numberForm.MatchString(s) {
			return Number(s)
		}
	}
	return s
}

// adder gathers repeating elements into lists with lists of twins beside.
type adder struct {
	o  *Object
	at map[string]int
	in []gathered
}

type gathered struct {
	name    string
	values  []Value
	twins   []*Object
	hasTwin bool
	list    bool
}

func (a *adder) add(name string, v Value, twin *Object, list bool) {
	i, ok := a.at[name]
	if !ok {
		i = len(a.in)
		a.at[name] = i
		a.in = append(a.in, gathered{name: name})
	}
	g := &a.in[i]
	g.list = g.list || list || len(g.values) > 0
	g.values, g.twins = append(g.values, v), append(g.twins, twin)
	g.hasTwin = g.hasTwin || twin != nil
}

func (a *adder) finish() {
	for _, g := range a.in {
		if !g.list {
			a.one(g)
			continue
		}
		values, twins, any := []Value{}, []Value{}, false
		for i := range g.values {
			values, any = append(values, g.values[i]), any || g.values[i] != nil
			var t Value
			if g.twins[i] != nil {
				t = g.twins[i]
			}
			twins = append(twins, t)
		}
		if any || !g.hasTwin {
			a.put(g.name, values)
		}
		if g.hasTwin {
			a.put("_"+g.name, twins)
		}
	}
}

func (a *adder) one(g gathered) {
	if g.values[0] != nil || !g.hasTwin {
		a.put(g.name, g.values[0])
	}
	if g.hasTwin {
		a.put("_"+g.name, g.twins[0])
	}
}

// put adds a member; names are distinct here, so none is looked for.
func (a *adder) put(name string, v Value) {
	a.o.Members = append(a.o.Members, Member{name, v})
}
