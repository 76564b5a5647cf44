package fhir

import "strings"

// Value is a string, Number, bool, nil, *Object or []Value.
type Value any

// Number is a JSON number with its digits as written, so that 1.50 stays 1.50.
type Number string

// Member is one named value of an object.
type Member struct {
	Name  string
	Value Value
}

// Object is a FHIR element or resource with its members in order of arrival.
type Object struct {
	Members []Member
}

// Get gives the value of a member and whether it is there.
func (o *Object) Get(name string) (Value, bool) {
	if o == nil {
		return nil, false
	}
	for _, m := range o.Members {
		if m.Name == name {
			return m.Value, true
		}
	}
	return nil, false
}

// Set replaces a member or adds it at the end.
func (o *Object) Set(name string, v Value) {
	for i := range o.Members {
		if o.Members[i].Name == name {
			o.Members[i].Value = v
			return
		}
	}
	o.Members = append(o.Members, Member{name, v})
}

// Drop removes a member if it is there.
func (o *Object) Drop(name string) {
	for i := range o.Members {
		if o.Members[i].Name == name {
			o.Members = append(o.Members[:i:i], o.Members[i+1:]...)
			return
		}
	}
}

// Type gives the resource type, or "" when the object is no resource.
func (o *Object) Type() string {
	s, _ := o.text("resourceType")
	return s
}

// ID gives the resource's own id, or "".
func (o *Object) ID() string {
	s, _ := o.text("id")
	return s
}

func (o *Object) text(name string) (string, bool) {
	v, _ := o.Get(name)
	s, ok := v.(string)
	return s, ok
}

// Copy gives an independent copy of the whole tree.
func (o *Object) Copy() *Object {
	if o == nil {
		return nil
	}
	out := &Object{Members: make([]Member, len(o.Members))}
	for i, m := range o.Members {
		out.Members[i] = Member{m.Name, copyValue(m.Value)}
	}
	return out
}

func copyValue(v Value) Value {
	switch v := v.(type) {
	case *Object:
		return v.Copy()
	case []Value:
		out := make([]Value, len(v))
		for i := range v {
			out[i] = copyValue(v[i])
		}
		return out
	}
	return v
}

// Walk calls visit for every string in the tree with the name of its member.
// What visit returns replaces the string.
func (o *Object) Walk(visit func(name, text string) string) {
	if o == nil {
		return
	}
	for i, m := range o.Members {
		o.Members[i].Value = walkValue(strings.TrimPrefix(m.Name, "_"), m.Value, visit)
	}
}

func walkValue(name string, v Value, visit func(name, text string) string) Value {
	switch v := v.(type) {
	case string:
		return visit(name, v)
	case *Object:
		v.Walk(visit)
	case []Value:
		for i := range v {
			v[i] = walkValue(name, v[i], visit)
		}
	}
	return v
}
