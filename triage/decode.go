package triage

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast/triage/sheet"
)

// The fixed order of keys in a .triage file, by place.
var keyOrder = map[string][]string{
	"":             {"complaint", "module", "version", "status", "owner", "source", "scope", "dos", "imports", "facts", "rules", "floor", "outside", "tests"},
	"scope":        {"age", "sex"},
	"dos":          {"sg"},
	"facts/*":      {"from", "type", "bands", "unit", "bad", "first_hand", "group", "seconds", "prior", "scope"},
	"rules/*":      {"id", "scope", "when", "any", "then", "cite", "hazard", "overlap"},
	"then":         {"level", "skill", "transport", "sd", "advice", "safety_net"},
	"cite":         {"src", "rec", "date"},
	"tests/*":      {"age", "sex", "given", "expect", "max_questions"},
	"tests/expect": {"level", "skill", "dx", "rule"},
}

// layout is the canonical form of a .triage file.
var layout = sheet.Layout{
	Block: func(path []string) bool {
		switch path[0] {
		case "facts", "tests":
			return len(path) == 1
		case "rules":
			return len(path) <= 2
		}
		return false
	},
	Order: func(path []string) []string {
		switch {
		case len(path) == 0:
			return keyOrder[""]
		case path[len(path)-1] == "scope", path[len(path)-1] == "cite":
			return keyOrder[path[len(path)-1]]
		case path[len(path)-1] == "then", path[0] == "floor", path[0] == "outside":
			return keyOrder["then"]
		case path[len(path)-1] == "expect":
			return keyOrder["tests/expect"]
		case len(path) == 2 && path[0] == "facts", len(path) == 2 && path[0] == "rules", len(path) == 2 && path[0] == "tests":
			return keyOrder[path[0]+"/*"]
		}
		return nil
	},
}

// Format gives the canonical text of a .triage file: keys in their fixed
// order, no needless quotes. It refuses what it cannot read, with the line.
func Format(raw []byte) ([]byte, error) { return layout.Format(raw) }

// decoder reads one file and collects everything that is wrong in it.
type decoder struct {
	name string
	errs []error
}

func (d *decoder) fail(n *sheet.Node, format string, args ...any) {
	at := 0
	if n != nil {
		at = n.Line
	}
	d.errs = append(d.errs, fmt.Errorf("%s line %d: %s", d.name, at, fmt.Sprintf(format, args...)))
}

// keys refuses keys that the place does not know.
func (d *decoder) keys(n *sheet.Node, place string) {
	if n == nil {
		return
	}
	if n.Kind != sheet.Map {
		d.fail(n, "must be a map of keys")
		return
	}
	for _, k := range n.Keys {
		if !slices.Contains(keyOrder[place], k) {
			d.fail(n, "does not know the key %s here", k)
		}
	}
}

// holds gives a node back when it is of the kind that is wanted there.
func (d *decoder) holds(n *sheet.Node, kind sheet.Kind) *sheet.Node {
	if n != nil && n.Kind != kind {
		d.fail(n, "must be %s", map[sheet.Kind]string{sheet.Map: "a map of keys", sheet.List: "a list"}[kind])
		return nil
	}
	return n
}

func (d *decoder) text(n *sheet.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != sheet.Scalar {
		d.fail(n, "must be a single text")
	}
	return n.Text
}

func (d *decoder) number(n *sheet.Node) int {
	if n == nil {
		return 0
	}
	v, err := strconv.ParseUint(d.text(n), 10, 31)
	if err != nil {
		d.fail(n, "must be a whole number")
	}
	return int(v)
}

func (d *decoder) list(n *sheet.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind == sheet.Scalar {
		return []string{n.Text}
	}
	var out []string
	for _, item := range n.Items {
		out = append(out, d.text(item))
	}
	return out
}

func (d *decoder) flag(n *sheet.Node) bool {
	if n == nil {
		return false
	}
	if t := d.text(n); t != "true" {
		d.fail(n, "may only be true, or left out")
	}
	return true
}

func (d *decoder) scope(n *sheet.Node) Scope {
	if n == nil {
		return Scope{}
	}
	d.keys(n, "scope")
	s, err := parseScope(d.text(n.Get("age")), d.text(n.Get("sex")))
	if err != nil {
		d.fail(n, "%v", err)
	}
	return s
}

// decodeModule reads one .triage file.
func decodeModule(path string, raw []byte) (*Module, error) {
	_, root, err := sheet.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d := &decoder{name: path}
	m := d.module(root)
	m.path = path
	if want := strings.TrimSuffix(strings.TrimPrefix(path, folder+"/"), ending); m.ID != want {
		d.fail(root, "is named %s but stands in the file of %s", m.ID, want)
	}
	return m, errors.Join(d.errs...)
}

func (d *decoder) module(root *sheet.Node) *Module {
	d.keys(root, "")
	m := &Module{Complaint: root.Get("complaint") != nil}
	m.ID = d.text(root.Get("complaint")) + d.text(root.Get("module"))
	m.Version, m.Status = d.number(root.Get("version")), d.text(root.Get("status"))
	m.Owner, m.Source = d.list(root.Get("owner")), d.text(root.Get("source"))
	m.Scope = d.scope(root.Get("scope"))
	if dos := root.Get("dos"); dos != nil {
		d.keys(dos, "dos")
		m.SG = d.number(dos.Get("sg"))
	}
	m.Imports = d.list(root.Get("imports"))
	if facts := d.holds(root.Get("facts"), sheet.Map); facts != nil {
		for i, name := range facts.Keys {
			m.Facts = append(m.Facts, d.fact(name, facts.Items[i]))
		}
	}
	if rules := d.holds(root.Get("rules"), sheet.List); rules != nil {
		for _, n := range rules.Items {
			r := d.rule(n)
			r.module = m.ID
			m.Rules = append(m.Rules, r)
		}
	}
	d.ends(root, m)
	return m
}

func (d *decoder) ends(root *sheet.Node, m *Module) {
	floor, outside := root.Get("floor"), root.Get("outside")
	m.HasFloor = floor != nil
	m.Floor, m.Outside = Then{Level: L10}, Then{Level: L10}
	if floor != nil {
		m.Floor, m.SafetyNet = d.then(floor), d.list(floor.Get("safety_net"))
	}
	if outside != nil {
		m.Outside = d.then(outside)
	}
	if m.Complaint && (floor == nil || outside == nil) {
		d.fail(root, "is a complaint and needs a floor, and an outcome for people outside its scope")
	}
	if m.Complaint && outside != nil && m.Outside.Level > L4 {
		d.fail(outside, "people outside the scope need a clinician within 2 hours (L4) or sooner")
	}
	if tests := d.holds(root.Get("tests"), sheet.List); tests != nil {
		for _, n := range tests.Items {
			m.Cases = append(m.Cases, d.testCase(n))
		}
	}
}
