package drill

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pulled is a protection taken out by one change of the source: the drill named
// must then fail.
type pulled struct {
	drill, file, old, new string
}

func allPulled() []pulled {
	return []pulled{
		{"flush", "journal/run.go", "\t\treturn j.failStop(w, check, err)\n\t}\n\treturn w\n}\n\n// looksOf", "\t}\n\treturn w\n}\n\n// looksOf"},
		{"torn", "journal/logtail.go", "\tif err != nil || dropped == 0 {\n\t\treturn false, err", "\t_ = log\n\tif true {\n\t\treturn false, err"},
		{"order", "fact/history.go", "\t\t\t\tmissing[id] = true\n\t\t\t}\n\t\t}\n\t}\n\treturn sortedIDs(missing)", "\t\t\t\t_ = id\n\t\t\t}\n\t\t}\n\t}\n\treturn sortedIDs(missing)"},
		{"replay", "journal/receive.go", "head.Size != w.end.size || head.Root != w.end.root() || head.LastID != last.ID:", "head.Size != w.end.size:"},
		{"replay", "journal/join.go", "os.Stat(filepath.Join(o.Dir, foundingMarker)); errors.Is(err", "os.Stat(filepath.Join(o.Dir)); errors.Is(err"},
		{"poison", "urgent/fold.go", "c.NotShown = append(c.NotShown, one.ID)", "_ = one.ID"},
		{"care", "urgent/careful.go", "\tif len(h.Held()) == 0 {\n\t\treturn verified", "\tif len(h.Facts()) >= 0 {\n\t\treturn verified"},
		{"care", "journal/run.go", "only := a.arriving == nil && len(a.facts) > 0", "only := false"},
		{"revoke", "journal/papers.go", "if j.house.Load().CutOff(card.Device) {", "if j.house.Load().CutOff(card.Device) && false {"},
		{"history", "cmd/node/sisters.go", "n.Journal.Scrub(ctx); err", "0, error(nil); err"},
	}
}

// without gives the source of a file with its protection taken out.
func (p pulled) without(t *testing.T) (path, source string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", filepath.FromSlash(p.file)))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), p.old); n != 1 {
		t.Fatalf("%s: what protects stands there %d times: %q", p.file, n, p.old)
	}
	return path, strings.Replace(string(raw), p.old, p.new, 1)
}

var pullFlag = flag.String("pull", "", "rehearse the drills of these protections with the protection out: a drill's name, or all")

// TestEveryDrillFailsWithoutItsProtection builds the program without one
// protection after another (only those named by -pull: each takes a build and a
// drill) and rehearses its drill, which must fail. Those not named are still
// where they are said to be.
func TestEveryDrillFailsWithoutItsProtection(t *testing.T) {
	for _, p := range allPulled() {
		t.Run(p.drill+" "+p.file, func(t *testing.T) {
			path, source := p.without(t)
			if *pullFlag != "all" && *pullFlag != p.drill {
				return
			}
			dir := t.TempDir()
			changed := filepath.Join(dir, "changed.go")
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
			if err != nil {
				t.Fatal(err)
			}
			for name, raw := range map[string][]byte{changed: []byte(source), filepath.Join(dir, "overlay.json"): overlay} {
				if err := os.WriteFile(name, raw, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			program := filepath.Join(dir, "holdfast")
			build := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "holdfast/cmd/holdfast")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			drills, err := Find([]string{p.drill})
			if err != nil {
				t.Fatal(err)
			}
			r := Rehearse(context.Background(), drills[0], Program{Path: program}, 1, "")
			t.Logf("%.1f s: %s", r.Seconds, r.Seen)
			if r.Pass {
				t.Errorf("%s passes without what it rehearses", p.drill)
			}
		})
	}
}
