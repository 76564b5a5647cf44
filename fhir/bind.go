package fhir

import (
	"fmt"
	"reflect"
)

// Rest keeps the members that a type has no field for, so that nothing is
// lost when it is written again. Every type of this package embeds it.
type Rest struct {
	Rest []Member
}

// Resource is a typed resource.
type Resource interface {
	ResourceType() string
}

// As reads an object as the typed resource T. A resource of another type is a
// Problem, and so is a value that cannot be read as its type even tolerantly
// (one where a list is expected and a number where text is are read).
func As[T Resource](o *Object) (T, error) {
	var out T
	want := out.ResourceType()
	if o.Type() != want {
		return out, problem("", "a resource of type %s was expected", want)
	}
	return out, bind(want, o, reflect.ValueOf(&out).Elem())
}

// Read reads an element (no resource) as T.
func Read[T any](where string, o *Object) (T, error) {
	var out T
	return out, bind(where, o, reflect.ValueOf(&out).Elem())
}

// Of writes a typed resource as an object: fields in order, then what was
// kept in Rest. Empty fields are left out.
func Of(r Resource) *Object {
	o := unbind(reflect.ValueOf(r))
	o.Drop("resourceType")
	o.Members = append([]Member{{"resourceType", r.ResourceType()}}, o.Members...)
	return o
}

func bind(where string, o *Object, into reflect.Value) error {
	fields := fieldsOf(into.Type())
	rest := into.FieldByName("Rest").FieldByName("Rest")
	_, resource := into.Interface().(Resource)
	for _, m := range o.Members {
		i, ok := fields[m.Name]
		if !ok {
			if m.Name != "resourceType" || !resource {
				rest.Set(reflect.Append(rest, reflect.ValueOf(m)))
			}
			continue
		}
		if err := bindValue(join(where, m.Name), m.Value, into.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func fieldsOf(t reflect.Type) map[string]int {
	out := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("fhir"); name != "" {
			out[name] = i
		}
	}
	return out
}

func bindValue(where string, v Value, into reflect.Value) error {
	if v == nil {
		return nil
	}
	if into.Kind() == reflect.Slice {
		return bindList(where, v, into)
	}
	if list, ok := v.([]Value); ok {
		if len(list) != 1 {
			return problem(where, "one value was expected, not a list")
		}
		return bindValue(where, list[0], into)
	}
	if into.Kind() == reflect.Pointer {
		if o, ok := v.(*Object); ok && into.Type() == reflect.TypeFor[*Object]() {
			into.Set(reflect.ValueOf(o))
			return nil
		}
		into.Set(reflect.New(into.Type().Elem()))
		return bindValue(where, v, into.Elem())
	}
	switch into.Kind() {
	case reflect.Struct:
		o, ok := v.(*Object)
		if !ok {
			return problem(where, "an element with members was expected")
		}
		return bind(where, o, into)
	case reflect.String:
		return bindText(where, v, into)
	case reflect.Bool:
		return bindBool(where, v, into)
	}
	return problem(where, "a type that cannot be read")
}

func bindList(where string, v Value, into reflect.Value) error {
	list, ok := v.([]Value)
	if !ok {
		list = []Value{v}
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
	for i := range list {
		if err := bindValue(fmt.Sprintf("%s[%d]", where, i), list[i], into.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func bindText(where string, v Value, into reflect.Value) error {
	switch v := v.(type) {
	case string:
		into.SetString(v)
	case Number:
		into.SetString(string(v))
	case bool:
		into.SetString(fmt.Sprint(v))
	default:
		return problem(where, "text was expected")
	}
	return nil
}

func bindBool(where string, v Value, into reflect.Value) error {
	switch v {
	case true, "true":
		into.SetBool(true)
	case false, "false":
		into.SetBool(false)
	default:
		return problem(where, "true or false was expected")
	}
	return nil
}

func unbind(v reflect.Value) *Object {
	o := &Object{}
	t := v.Type()
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("fhir")
		if name == "" {
			continue
		}
		if value := unbindValue(v.Field(i)); value != nil {
			o.Members = append(o.Members, Member{name, value})
		}
	}
	rest, _ := v.FieldByName("Rest").Interface().(Rest)
	o.Members = append(o.Members, rest.Rest...)
	return o
}

func unbindValue(v reflect.Value) Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if o, ok := v.Interface().(*Object); ok {
			return o
		}
		return unbindPresent(v.Elem())
	case reflect.Slice:
		if v.Len() == 0 {
			return nil
		}
		list := make([]Value, v.Len())
		for i := range list {
			list[i] = unbindPresent(v.Index(i))
		}
		return list
	}
	if v.IsZero() {
		return nil
	}
	return unbindPresent(v)
}

// unbindPresent gives a value that is there even when it is false or empty.
func unbindPresent(v reflect.Value) Value {
	switch v.Kind() {
	case reflect.Struct:
		return unbind(v)
	case reflect.Bool:
		return v.Bool()
	case reflect.Pointer:
		return unbindValue(v)
	}
	if v.Type() == reflect.TypeFor[Number]() {
		if v.String() == "" || !numberForm.MatchString(v.String()) {
			return v.String()
		}
		return Number(v.String())
	}
	if v.String() == "" {
		return nil // FHIR has no empty text; a gap in a list is null
	}
	return v.String()
}
