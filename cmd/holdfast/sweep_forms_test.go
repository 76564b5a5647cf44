package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// inert fails when a page holds anything that could run, or lead elsewhere, but
// our own script and style.
func (s *sweeper) inert(where string, doc *html.Node) {
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "textarea" && strings.ContainsAny(n.Data, "\u202a\u202b\u202d\u202e\u2066\u2067\u2068") {
			s.say("%s: text that turns the direction of what follows", where)
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script":
			if !strings.HasPrefix(attr(n, "src"), "/static/") || n.FirstChild != nil {
				s.say("%s: a script that is not ours", where)
			}
		case "style", "iframe", "object", "embed", "base", "applet", "frame", "portal", "audio", "video":
			s.say("%s: an element %s", where, n.Data)
		case "link":
			if !strings.HasPrefix(attr(n, "href"), "/static/") {
				s.say("%s: a link to %s", where, attr(n, "href"))
			}
		case "img":
			if !strings.HasPrefix(attr(n, "src"), "/static/") {
				s.say("%s: an image that is not ours", where)
			}
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.TrimLeft(a.Val, "\x00\t\n\r "))
			leads := slices.Contains([]string{"href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcset"}, a.Key)
			switch {
			case strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc":
				s.say("%s: an attribute %s", where, a.Key)
			case a.Key == "http-equiv" && strings.EqualFold(a.Val, "refresh"):
				s.say("%s: leads elsewhere by itself", where)
			case leads && (strings.Contains(value, "script:") || strings.HasPrefix(value, "data:") || strings.HasPrefix(value, "//") || strings.HasPrefix(value, "http")):
				s.say("%s: %s leads elsewhere", where, a.Key)
			case leads:
				s.urls[a.Val] = true
			}
		}
	}
}

// forms fills in every form of a page, first with marks and then with attacks,
// each button in its turn.
func (s *sweeper) forms(at string, doc *html.Node) {
	if doc == nil {
		return
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		action := attr(n, "action")
		if action == "" {
			action = at
		}
		if shape(action) == "/sign-out" || strings.HasPrefix(action, "/held/cut") {
			continue
		}
		fields, buttons := controls(doc, n)
		key := attr(n, "method") + shape(action) + strings.Join(slices.Sorted(maps.Keys(names(fields))), ",")
		if s.posted[key] >= 3 {
			continue
		}
		s.posted[key]++
		all := append([]string{mark + "one"}, attacks()...)
		switch {
		case s.posted[key] > 1:
			all = all[:1]
		case !everything():
			at := 1 + s.answers%(len(all)-3)
			all = append(all[:1:1], all[at:at+3]...)
		}
		for i, what := range all {
			for _, b := range buttons {
				form := s.fill(fields, what, i)
				if b != nil && attr(b, "name") != "" {
					form.Set(attr(b, "name"), attr(b, "value"))
				}
				target := action
				if b != nil && attr(b, "formaction") != "" {
					target = attr(b, "formaction")
				}
				if strings.EqualFold(attr(n, "method"), "post") {
					if res, next := s.send(http.MethodPost, target, form); res != nil && next != nil {
						s.want(res.Request.URL.RequestURI())
					}
				} else {
					target, _, _ = strings.Cut(target, "?")
					s.send(http.MethodGet, target+"?"+form.Encode(), nil)
				}
			}
		}
	}
}

func names(fields []*html.Node) map[string]bool {
	out := map[string]bool{}
	for _, f := range fields {
		out[attr(f, "name")] = true
	}
	return out
}

// controls lists what a form sends: what stands in it, and what names it.
func controls(doc, form *html.Node) (fields, buttons []*html.Node) {
	within := func(n *html.Node) bool {
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
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || !within(n) || has(n, "disabled") {
			continue
		}
		switch n.Data {
		case "input", "select", "textarea":
			if attr(n, "name") != "" && attr(n, "type") != "submit" {
				fields = append(fields, n)
			}
		case "button":
			if k := attr(n, "type"); k == "" || k == "submit" {
				buttons = append(buttons, n)
			}
		}
	}
	if len(buttons) == 0 {
		buttons = []*html.Node{nil}
	}
	return fields, buttons
}

// fill types: numbers where numbers belong, what is to be tried everywhere
// else. Every text field is noted.
func (s *sweeper) fill(fields []*html.Node, what string, turn int) url.Values {
	form := url.Values{}
	for _, f := range fields {
		name, kind := attr(f, "name"), strings.ToLower(attr(f, "type"))
		switch {
		case f.Data == "select":
			for o := range f.Descendants() {
				if o.Data == "option" && attr(o, "value") != "" {
					form.Set(name, attr(o, "value"))
					if turn%2 == 0 {
						break
					}
				}
			}
		case kind == "hidden":
			form.Add(name, attr(f, "value"))
		case kind == "radio":
			v := attr(f, "value")
			if form.Get(name) == "" || v == "no" && turn%2 == 0 || v == "yes" && slices.Contains([]string{"awake", "breathing", "look", "with"}, name) {
				form.Set(name, v)
			}
		case kind == "checkbox":
			form.Add(name, attr(f, "value"))
		default:
			s.fields[name] = true
			number, ok := numbers()[name]
			switch {
			case ok && turn%5 == 0 && number != "":
				form.Set(name, number)
			case attr(f, "inputmode") == "numeric" || kind == "number":
				form.Set(name, "1")
			default:
				form.Set(name, what)
			}
		}
	}
	return form
}

// textFields lists the fields of every form that take free text, from the
// source.
func textFields(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "build") {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			one, ok := n.(*ast.Field)
			if !ok || one.Tag == nil {
				return true
			}
			tag := reflect.StructTag(strings.Trim(one.Tag.Value, "`"))
			kind, _ := one.Type.(*ast.Ident)
			if tag.Get("form") != "" && tag.Get("of") == "" && kind != nil && kind.Name == "string" {
				out[tag.Get("form")] = filepath.ToSlash(path)
			}
			return true
		})
		return nil
	})
	if err != nil || len(out) < 40 {
		t.Fatalf("%d fields, %v", len(out), err)
	}
	return out
}
