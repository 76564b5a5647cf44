package main

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

// Whoever reads what the program says goes away, as when a system's log is
// started anew: the program is not ended by that. Here it says that it knows no
// such command, to nobody, and ends by its own status.
func TestNobodyReadsWhatItSays(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := exec.Command(os.Args[0], "nonsense")
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Stderr, c.Stdout = w, w
	var end *exec.ExitError
	if err := c.Run(); !errors.As(err, &end) || end.ExitCode() != unusable {
		t.Fatalf("ended with %v, wants status %d", err, unusable)
	}
}
