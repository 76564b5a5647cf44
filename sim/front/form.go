package front

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Form is one form of a page.
type Form struct {
	Action  string
	Holds   url.Values          // what a browser would send of it as it stands
	Choices map[string][]string // by name: what can be chosen, in the page's order
	Buttons []Button
}

// Button sends the form, perhaps to another address.
type Button struct{ Name, Value, Action string }

// Has tells whether a button with this value stands in the form.
func (f Form) Has(value string) bool {
	return slices.ContainsFunc(f.Buttons, func(b Button) bool { return b.Value == value })
}

// Forms lists the forms of a page, in its order.
func Forms(page string) ([]Form, error) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, err
	}
	var out []Form
	for n := range doc.Descendants() {
		if n.Data != "form" {
			continue
		}
		f := Form{Action: attr(n, "action"), Holds: url.Values{}, Choices: map[string][]string{}}
		for c := range doc.Descendants() {
			if inForm(c, n) {
				f.add(c)
			}
		}
		out = append(out, f)
	}
	return out, nil
}

// FormIn gives what stands in the form of a page that goes to an address.
func FormIn(page, action string) (url.Values, error) {
	all, err := Forms(page)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, f := range all {
		if f.Action == action {
			return f.Holds, nil
		}
		others = append(others, f.Action)
	}
	return nil, fmt.Errorf("no form goes to %s, only to %s", action, strings.Join(others, ", "))
}

func inForm(n, form *html.Node) bool {
	if id := attr(n, "form"); id != "" {
		return id == attr(form, "id")
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p == form {
			return true
		}
	}
	return false
}

// add takes in a control, as a browser sends it.
func (f *Form) add(n *html.Node) {
	name, kind := attr(n, "name"), attr(n, "type")
	if n.Data == "button" {
		f.Buttons = append(f.Buttons, Button{name, attr(n, "value"), attr(n, "formaction")})
		return
	}
	if name == "" {
		return
	}
	switch {
	case n.Data == "textarea" && n.FirstChild != nil:
		f.Holds.Add(name, n.FirstChild.Data)
	case n.Data == "select":
		f.addSelect(name, n)
	case n.Data == "input" && (kind == "radio" || kind == "checkbox"):
		f.Choices[name] = append(f.Choices[name], attr(n, "value"))
		if hasAttr(n, "checked") {
			f.Holds.Add(name, attr(n, "value"))
		}
	case n.Data == "input" && kind != "submit" && kind != "file":
		f.Holds.Add(name, attr(n, "value"))
	}
}

func (f *Form) addSelect(name string, n *html.Node) {
	for o := range n.Descendants() {
		if o.Data != "option" {
			continue
		}
		f.Choices[name] = append(f.Choices[name], attr(o, "value"))
		if hasAttr(o, "selected") {
			f.Holds.Add(name, attr(o, "value"))
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}
