package proxy

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestATownCanBeParted: where networks can't be made,
// the error says what to do.
func TestATownCanBeParted(t *testing.T) {
	town, err := NewTown("hftest", 2)
	if os.Geteuid() != 0 {
		if err == nil || !strings.Contains(err.Error(), "networks can't be made here") {
			t.Fatalf("without rights: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := town.Close(); err != nil {
			t.Error(err)
		}
		if out, err := exec.Command("ip", "netns", "list").Output(); err != nil || strings.Contains(string(out), "hftest") {
			t.Errorf("left behind: %s %v", out, err)
		}
	}()
	a, b := town.Spaces[0], town.Spaces[1]
	name, args := a.Command("/bin/sh", "-c", "exec sleep 30")
	held := exec.CommandContext(t.Context(), name, args...)
	if err := held.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Process.Kill(); _ = held.Wait() }()
	refused := func(from *Space) bool { // something answers, be it with a refusal
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		c, err := from.Dial(ctx, "tcp", a.Address+":9")
		if err == nil {
			_, _ = io.Copy(io.Discard, c)
			return c.Close() == nil
		}
		return strings.Contains(err.Error(), "refused")
	}
	if !refused(b) {
		t.Error("two spaces of a town do not reach each other")
	}
	if err := a.Cut(true); err != nil || refused(b) {
		t.Errorf("a space that is cut off is reached: %v", err)
	}
	if err := a.Cut(false); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); !refused(b); { // neighbours are looked for anew after a while
		if time.Now().After(end) {
			t.Fatal("a space that is joined again is not reached")
		}
	}
}
