package drill

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// fill opens a page, fills in the form that goes to an address, and sends it as
// a browser does, with what stands in it already. It gives where that leads.
func (b *browser) fill(ctx context.Context, at, action string, typed url.Values) (string, error) {
	status, page, err := b.get(ctx, at)
	if err != nil {
		return "", err
	}
	form, err := formIn(page, action)
	if status != http.StatusOK || err != nil {
		return "", fmt.Errorf("%s: status %d: %w", at, status, err)
	}
	maps.Copy(form, typed)
	return b.postForm(ctx, action, form)
}

// formIn gives what stands in the form of a page that goes to an address.
func formIn(page, action string) (url.Values, error) {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil, err
	}
	var others []string
	for n := range doc.Descendants() {
		if n.Data != "form" || attr(n, "action") != action {
			if n.Data == "form" {
				others = append(others, attr(n, "action"))
			}
			continue
		}
		out := url.Values{}
		for f := range doc.Descendants() {
			if inForm(f, n) {
				addField(out, f)
			}
		}
		return out, nil
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

// addField adds what a control holds, as a browser sends it.
func addField(to url.Values, n *html.Node) {
	name, kind := attr(n, "name"), attr(n, "type")
	if name == "" {
		return
	}
	switch {
	case n.Data == "textarea" && n.FirstChild != nil:
		to.Add(name, n.FirstChild.Data)
	case n.Data == "select":
		for o := range n.Descendants() {
			if o.Data == "option" && hasAttr(o, "selected") {
				to.Add(name, attr(o, "value"))
			}
		}
	case n.Data == "input" && (kind == "radio" || kind == "checkbox"):
		if hasAttr(n, "checked") {
			to.Add(name, attr(n, "value"))
		}
	case n.Data == "input" && kind != "submit":
		to.Add(name, attr(n, "value"))
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
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
