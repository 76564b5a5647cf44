package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// ParseJSON reads exactly one JSON object. A key given twice, text that is
// not UTF-8, anything after the object, and whatever passes the limits is a
// Problem.
func ParseJSON(b []byte, lim Limits) (*Object, error) {
	lim = lim.orDefault()
	if len(b) > lim.Bytes {
		return nil, tooLarge(lim)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(b) {
		return nil, problem("", "the text is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	p := &jsonReader{d: d, left: lim.Nodes}
	v, err := p.value("", lim.Depth)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, problem("", "a JSON object was expected")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, problem("", "something follows the JSON object")
	}
	return o, nil
}

func tooLarge(lim Limits) error {
	return &Problem{What: fmt.Sprintf("the message is larger than %d bytes", lim.Bytes), TooLarge: true}
}

type jsonReader struct {
	d    *json.Decoder
	left int
}

func (p *jsonReader) value(where string, depth int) (Value, error) {
	if depth == 0 {
		return nil, problem(where, "nested too deeply")
	}
	if p.left--; p.left < 0 {
		return nil, problem(where, "too many values")
	}
	t, err := p.d.Token()
	if err != nil {
		return nil, p.broken(where, err)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return p.object(where, depth)
		}
		return p.array(where, depth)
	case json.Number:
		return Number(t), nil
	}
	return t, nil // string, bool or nil
}

func (p *jsonReader) broken(where string, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return problem(where, "not valid JSON at byte %d", syntax.Offset)
	}
	return problem(where, "the JSON ends too early")
}

func (p *jsonReader) object(where string, depth int) (Value, error) {
	o := &Object{}
	seen := map[string]bool{}
	for p.d.More() {
		t, err := p.d.Token()
		if err != nil {
			return nil, p.broken(where, err)
		}
		name, ok := t.(string)
		if !ok || len(name) > 128 {
			return nil, problem(where, "a member name of at most 128 bytes was expected")
		}
		if seen[name] {
			return nil, problem(where, "a member stands twice")
		}
		seen[name] = true
		v, err := p.value(join(where, name), depth-1)
		if err != nil {
			return nil, err
		}
		o.Members = append(o.Members, Member{name, v})
	}
	if _, err := p.d.Token(); err != nil {
		return nil, p.broken(where, err)
	}
	return o, nil
}

func (p *jsonReader) array(where string, depth int) (Value, error) {
	list := []Value{}
	for p.d.More() {
		v, err := p.value(fmt.Sprintf("%s[%d]", where, len(list)), depth-1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if _, err := p.d.Token(); err != nil {
		return nil, p.broken(where, err)
	}
	return list, nil
}

// join makes a path of element names; a name that is not plain letters is
// left out, since it might hold anything.
func join(where, name string) string {
	for _, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			name = "?"
			break
		}
	}
	if len(name) > 40 {
		name = "?"
	}
	if where == "" {
		return name
	}
	return where + "." + name
}

// JSON writes the object, members in order.
func (o *Object) JSON() []byte {
	var b bytes.Buffer
	writeJSON(&b, o)
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, v Value) {
	switch v := v.(type) {
	case *Object:
		if v == nil {
			b.WriteString("null")
			return
		}
		b.WriteByte('{')
		for i, m := range v.Members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, m.Name)
			b.WriteByte(':')
			writeJSON(b, m.Value)
		}
		b.WriteByte('}')
	case []Value:
		b.WriteByte('[')
		for i := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, v[i])
		}
		b.WriteByte(']')
	case string:
		writeText(b, v)
	case Number:
		b.WriteString(string(v))
	case bool:
		fmt.Fprint(b, v)
	default:
		b.WriteString("null")
	}
}

func writeText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		b.WriteString(`""`) // a string always encodes
		return
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
}
