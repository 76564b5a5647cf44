package proxy

import (
	"bytes"
	"context"
	"io"
	"net"
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

// TestAloneReachesNobodyAndATapReadsAlong: nothing leads out of a space alone;
// whoever taps it reads what is said in it, and nothing said elsewhere.
func TestAloneReachesNobodyAndATapReadsAlong(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("networks can't be made without root's rights: TestATownCanBeParted looks at what is said then")
		return
	}
	town, err := NewAlone("hfalone")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := town.Close(); err != nil {
			t.Error(err)
		}
	}()
	space := town.Spaces[0]
	if conn, err := space.Dial(t.Context(), "tcp", "192.0.2.1:9"); err == nil { // RFC 5737: nobody's
		t.Error("a way leads out", conn.Close())
	}
	tap, err := space.Tap()
	if err != nil {
		t.Fatal(err)
	}
	var door net.Listener
	if err := space.Inside(func() (err error) { door, err = net.Listen("tcp", "127.0.0.1:0"); return err }); err != nil {
		t.Fatal(err)
	}
	heard := make(chan []byte, 1)
	go func() {
		conn, err := door.Accept()
		if err != nil {
			heard <- nil
			return
		}
		all, _ := io.ReadAll(conn) // what came is looked at below
		_ = conn.Close()
		heard <- all
	}()
	conn, err := space.Dial(t.Context(), "tcp", door.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	words := bytes.Repeat([]byte("a word in the room "), 10_000) // many packets
	if _, err := conn.Write(words); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(<-heard, words) {
		t.Error("not what was said")
	}
	if err := door.Close(); err != nil {
		t.Error(err)
	}
	if err := tap.Close(); err != nil {
		t.Fatal(err)
	}
	var read []byte
	port := uint16(door.Addr().(*net.TCPAddr).Port)
	for _, f := range tap.Heard() {
		if f.To != port && f.From != port {
			t.Errorf("a packet of somebody else, to port %d", f.To)
		}
		if f.To == port {
			read = append(read, f.Bytes...)
		}
	}
	if !bytes.Equal(read, words) {
		t.Errorf("%d bytes were read along of %d", len(read), len(words))
	}
}
