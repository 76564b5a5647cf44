package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// plant applies a bug's patch to copies of the files that it changes, in a new
// folder, and writes the overlay that puts the copies in their place. It gives
// the overlay's path.
func (t tree) plant(ctx context.Context, b bug, folder string) (string, error) {
	replace := map[string]string{}
	before := map[string][]byte{}
	for _, name := range b.changes {
		raw, err := os.ReadFile(filepath.Join(t.root, name))
		if err != nil {
			return "", fmt.Errorf("the patch no longer applies: %w", err)
		}
		copied := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(copied, raw, 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(t.root, name)], before[copied] = copied, raw
	}
	apply := exec.CommandContext(ctx, "git", "apply", "--whitespace=nowarn", b.patch)
	apply.Dir = folder
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder)) // a folder of no repository
	if said, err := apply.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the patch no longer applies: %s", strings.TrimSpace(string(said)))
	}
	for copied, was := range before {
		if now, err := os.ReadFile(copied); err != nil || bytes.Equal(now, was) {
			return "", fmt.Errorf("the patch changed nothing in %s", filepath.Base(copied))
		}
	}
	raw, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, raw, 0o644)
}
