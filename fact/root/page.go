package root

import (
	"fmt"
	"html/template"
	"image"
	"io"
	"strings"

	"github.com/boombuler/barcode/qr"

	"holdfast/fact"
)

// Page is one holder's printed page.
type Page struct {
	Org       string
	ID        string // of the organisation, shortened
	Holder    string
	Number    int
	Of        int
	Threshold int
	Guardian  bool
	Replaces  bool // earlier pages
	Lines     []string
	Code      template.HTML
	Printed   string
}

// PageOf lays out a holder's page. The words are the secret: whoever prints
// them keeps no copy.
func PageOf(g fact.RootSet, s Secret, holder string, guardian bool) (Page, error) {
	if err := s.Fits(g); err != nil {
		return Page{}, err
	}
	p := Page{
		Org: g.Title, ID: g.Org.String()[:16], Holder: holder, Number: int(s.Number), Of: len(g.Keys), Replaces: g.Number > 0, Threshold: int(g.Threshold), Guardian: guardian,
		Lines: s.Words(), Printed: g.Day(),
	}
	code, err := qr.Encode(strings.Join(p.Lines, " "), qr.M, qr.Auto)
	if err != nil {
		return Page{}, err
	}
	p.Code = svg(code)
	return p, nil
}

// svg draws a code with a quiet border of four modules (ISO/IEC 18004).
func svg(code image.Image) template.HTML {
	var b strings.Builder
	size := code.Bounds().Dx()
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 %d %d" role="img" aria-label="The same words as a code"><path fill="#fff" d="M-4-4h%dv%dh-%dz"/><path d="`, size+8, size+8, size+8, size+8, size+8)
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String()) // drawn here, of numbers alone
}

// Write writes the page as one file that needs nothing else to print.
func (p Page) Write(w io.Writer) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

const pageText = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Key {{.Number}} of {{.Of}}, {{.Org}}</title>
<style>
body{font:12pt/1.5 sans-serif;margin:15mm;color:#000;background:#fff}
ol{font:14pt/1.9 monospace}
svg{width:65mm;height:65mm;float:right}
table{border-collapse:collapse}td,th{text-align:left;padding:1mm 4mm 1mm 0;vertical-align:top}
</style></head><body>
<h1>Key {{.Number}} of {{.Of}}: {{.Org}}</h1>
{{.Code}}
<table>
<tr><th>Held by</th><td>{{.Holder}}{{if .Guardian}} (outside guardian){{end}}</td></tr>
<tr><th>Organisation</th><td>{{.Org}}, {{.ID}}</td></tr>
<tr><th>Made</th><td>{{.Printed}} (UTC)</td></tr>
<tr><th>Needed</th><td>any {{.Threshold}} of {{.Of}} such keys</td></tr>
{{if .Replaces}}<tr><th>Replaces</th><td>every page made before, once the exchange is in force: destroy those then, for they still open copies made before it</td></tr>
{{end}}</table>
<p>{{if gt .Threshold 1}}This page alone opens nothing. {{.Threshold}} of them{{else}}<b>This page alone</b>{{end}} can admit devices to the organisation and bring its record back when every machine is lost (docs/recovery.md, “holdfast org recover”).</p>
<h2>Words</h2>
<ol>{{range .Lines}}<li>{{.}}</li>{{end}}</ol>
<p>The last word of each line checks the line. The first four letters of a word are enough.</p>
{{if .Guardian}}<p><b>For the guardian:</b> keep this sealed. Give it only to people of {{.Org}} whom you know, after you have called one of them back on a number that you already had. It shows you nothing of any patient.</p>{{end}}
<p>Keep it where fire and thieves don’t find it together with another key. Don’t photograph or copy it. If it is lost or seen by others, tell the other holders.</p>
</body></html>
`
