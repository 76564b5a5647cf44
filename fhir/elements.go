package fhir

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed elements.txt
var elementsText string

// element is one element of a type: its place in XML order, whether it may
// repeat, and its type.
type element struct {
	place  int
	repeat bool
	kind   string
}

type elementTable map[string]map[string]element

// r4 parses the embedded table once; the table never changes afterwards.
var r4 = sync.OnceValue(parseElements)

func parseElements() elementTable {
	table := elementTable{}
	var any string
	for line := range strings.Lines(elementsText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		if words[0] == "?" {
			any = words[1]
			continue
		}
		t := map[string]element{}
		for _, w := range append(inherited(words[1]), words[2:]...) {
			addElement(t, w, any)
		}
		table[words[0]] = t
	}
	return table
}

func inherited(letter string) []string {
	switch letter {
	case "D":
		return strings.Fields("id:id meta:Meta implicitRules:uri language:code text:Narrative contained*:Resource extension*:Extension modifierExtension*:Extension")
	case "R":
		return strings.Fields("id:id meta:Meta implicitRules:uri language:code")
	case "B":
		return strings.Fields("id:@ extension*:Extension modifierExtension*:Extension")
	}
	return strings.Fields("id:@ extension*:Extension")
}

func addElement(t map[string]element, word, any string) {
	name, kinds, _ := strings.Cut(word, ":")
	e := element{place: len(t), repeat: strings.HasSuffix(name, "*"), kind: kinds}
	name = strings.TrimSuffix(name, "*")
	stem, choice := strings.CutSuffix(name, "[x]")
	if !choice {
		t[name] = e
		return
	}
	if kinds == "?" {
		kinds = any
	}
	for kind := range strings.SplitSeq(kinds, "|") {
		e.kind, e.place = kind, len(t)
		t[stem+strings.ToUpper(kind[:1])+kind[1:]] = e
	}
}

// isPrimitive tells whether a type is written as one value.
func isPrimitive(kind string) bool {
	return kind != "" && kind[0] >= 'a' && kind[0] <= 'z' && kind != "xhtml"
}

// isResource tells whether elements of this type hold a whole resource.
func isResource(kind string) bool {
	return kind == "Resource" || kind == "OperationOutcome"
}

// Known tells whether R4 has a resource of this type.
func Known(resourceType string) bool {
	t, ok := r4()[resourceType]
	if !ok || strings.Contains(resourceType, ".") {
		return false
	}
	_, ok = t["implicitRules"]
	return ok
}
