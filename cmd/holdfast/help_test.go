package main

import (
	"bytes"
	"strings"
	"testing"
)

// Every command says how it is used when it is asked, whatever else stands beside
// the question, and does nothing.
func TestEveryCommandSaysHowItIsUsed(t *testing.T) {
	for _, c := range commands() {
		words := strings.Fields(c.name)
		for _, args := range [][]string{
			append(words[:len(words):len(words)], "--help"), append(words[:len(words):len(words)], "-h"),
			append(words[:len(words):len(words)], "--data", t.TempDir(), "--help"), append([]string{"help"}, words...),
		} {
			var out, errOut bytes.Buffer
			if status := run(t.Context(), args, &out, &errOut); status != success {
				t.Errorf("%q: status %d: %s", args, status, errOut.String())
			}
			if !strings.HasPrefix(out.String(), "usage: holdfast "+c.name) || !strings.Contains(out.String(), c.args) || !strings.Contains(out.String(), c.help) || errOut.Len() > 0 {
				t.Errorf("%q says %q and %q", args, out.String(), errOut.String())
			}
		}
	}
	for _, args := range [][]string{{"org", "--help"}, {"help", "org"}, {"--help"}, {"help"}, {"-h"}} {
		var out, errOut bytes.Buffer
		if status := run(t.Context(), args, &out, &errOut); status != success || !strings.Contains(out.String(), "holdfast org recover") || errOut.Len() > 0 {
			t.Errorf("%q: status %d says %q and %q", args, status, out.String(), errOut.String())
		}
	}
	// What is no command stays one, and what is wrong stays wrong.
	for _, args := range [][]string{nil, {"nonsense"}, {"nonsense", "--help"}, {"help", "nonsense"}, {"org"}, {"org", "nonsense"}, {"verify"}, {"demo", "--nonsense"}} {
		var out, errOut bytes.Buffer
		if status := run(t.Context(), args, &out, &errOut); status != unusable || out.Len() > 0 || errOut.Len() == 0 {
			t.Errorf("%q: status %d says %q and %q", args, status, out.String(), errOut.String())
		}
	}
}
