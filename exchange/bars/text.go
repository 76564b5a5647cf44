package bars

import (
	"strings"

	"holdfast/exchange"
	"holdfast/fhir"
)

// plainResource puts a resource that has no word of its own into lines: its
// narrative if it has one, else every text in it after its element's name.
func plainResource(o *fhir.Object) string {
	if v, ok := o.Get("text"); ok {
		if n, ok := v.(*fhir.Object); ok {
			div, _ := n.Get("div")
			if s, ok := div.(string); ok {
				if text, err := exchange.Plain(s); err == nil && text != "" {
					return text
				}
			}
		}
	}
	var lines []string
	for _, m := range o.Members {
		switch m.Name {
		case "resourceType", "id", "meta", "text", "subject", "patient", "encounter", "contained":
			continue
		}
		var parts []string
		gather(m.Name, m.Value, &parts)
		if len(parts) > 0 {
			lines = append(lines, m.Name+": "+strings.Join(parts, ", "))
		}
	}
	return strings.Join(lines, "\n")
}

// gather collects the texts of a value, leaving out systems and references
// that mean nothing to a reader.
func gather(name string, v fhir.Value, out *[]string) {
	switch v := v.(type) {
	case string:
		if s := exchange.Line(v); s != "" && name != "system" && name != "reference" && name != "url" && name != "div" {
			*out = append(*out, s)
		}
	case fhir.Number:
		*out = append(*out, string(v))
	case bool:
		*out = append(*out, yesNo(&v))
	case *fhir.Object:
		for _, m := range v.Members {
			gather(m.Name, m.Value, out)
		}
	case []fhir.Value:
		for _, one := range v {
			gather(name, one, out)
		}
	}
}

func notes(all []fhir.Annotation) string {
	var out []string
	for _, n := range all {
		out = append(out, strings.TrimSpace(exchange.Clean(n.Text)))
	}
	return joined("\n", out...)
}

func quantity(q *fhir.Quantity) string {
	if q == nil {
		return ""
	}
	return joined(" ", exchange.Line(q.Comparator)+exchange.Line(string(q.Value)), firstOf(exchange.Line(q.Unit), exchange.Line(q.Code)))
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

func joined(sep string, all ...string) string {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, sep)
}
