package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheBillOfMaterialsNamesEveryPart(t *testing.T) {
	var first, second, errOut bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if got := run(t.Context(), []string{"sbom"}, out, &errOut); got != success {
			t.Fatalf("%d %s", got, errOut.String())
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same program gives two bills")
	}
	var b bom
	d := json.NewDecoder(&first)
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.Spec != "1.6" || b.Version != 1 || b.Metadata.Component.Name != "holdfast" {
		t.Errorf("%+v", b)
	}
	have := map[string]string{}
	for _, c := range b.Components {
		if c.Version == "" || c.PURL != c.Ref || have[c.Name] != "" {
			t.Errorf("%+v", c)
		}
		if c.Name != "std" && (len(c.Properties) != 1 || !strings.HasPrefix(c.Properties[0].Value, "h1:")) {
			t.Errorf("%s stands there without its sum", c.Name)
		}
		have[c.Name] = c.Version
	}
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"modernc.org/sqlite", "github.com/fxamacker/cbor/v2", "github.com/go-webauthn/webauthn", "golang.org/x/crypto", "github.com/a-h/templ"} {
		want := regexp.MustCompile(regexp.QuoteMeta(name) + ` (v\S+)`).FindSubmatch(mod)
		if want == nil || have[name] != string(want[1]) {
			t.Errorf("%s is %q in the bill", name, have[name])
		}
	}
	if have["std"] == "" || len(b.Dependencies) != 1 || len(b.Dependencies[0].On) != len(b.Components) {
		t.Errorf("%d parts, %+v", len(b.Components), b.Dependencies)
	}
}
