package proxy

import (
	"io"
	"net"
	"testing"
	"time"
)

func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it only echoes
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }() // until the wire is cut
		}
	}()
	return l.Addr().String()
}

func says(c net.Conn, word string) bool {
	if _, err := c.Write([]byte(word)); err != nil {
		return false
	}
	back := make([]byte, len(word))
	if c.SetReadDeadline(time.Now().Add(300*time.Millisecond)) != nil {
		return false
	}
	_, err := io.ReadFull(c, back)
	return err == nil && string(back) == word
}

func TestWire(t *testing.T) {
	w, err := New(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", w.Address())
	if err != nil {
		t.Fatal(err)
	}
	if !says(c, "hello") {
		t.Fatal("a whole wire carries nothing")
	}
	w.Set(OneWay)
	if says(c, "hello") {
		t.Error("an answer came over a wire that carries one way")
	}
	w.Set(Cut)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a cut wire is still open")
	}
	if c, err := net.Dial("tcp", w.Address()); err == nil && says(c, "hello") {
		t.Error("a cut wire carries")
	}
	w.Set(Whole)
	c, err = net.Dial("tcp", w.Address())
	if err != nil || !says(c, "hello") {
		t.Errorf("a mended wire carries nothing: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
