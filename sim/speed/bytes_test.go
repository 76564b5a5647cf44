package speed

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"holdfast/journal"
)

// BenchmarkBytes counts what a fact takes up on the disk, when each verb is a
// commit of its own and when a device takes it in from another, and on the
// wire, TLS included.
func BenchmarkBytes(b *testing.B) {
	const facts = 10_000
	lib := library(b)
	dir := b.TempDir()
	write(b, lib, dir, facts, 1)
	other := enrolled(b, dir, "Loft")
	have := 0
	withJournal(b, dir, func(j *journal.Journal) error { have = held(j); return nil })
	n, err := open(context.Background(), lib, dir)
	if err != nil {
		b.Fatal(err)
	}
	wire := newMeter(b, n.DeviceAddress())
	p := start(b, other, wire.address(), have)
	p.seconds("level")
	sent := wire.sent.Load()
	p.end()
	wire.close()
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
	for range b.N {
		b.ReportMetric(float64(size(b, dir))/float64(have), "disk-B/fact")
		b.ReportMetric(float64(size(b, other))/float64(have), "taken-in-B/fact")
		b.ReportMetric(float64(sent)/float64(have), "wire-B/fact")
	}
}

func size(b *testing.B, dir string) int64 {
	b.Helper()
	info, err := os.Stat(filepath.Join(dir, "journal.db"))
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// meter passes bytes on and counts those that go to whoever dialled.
type meter struct {
	b       *testing.B
	l       net.Listener
	to      string
	sent    atomic.Int64
	running sync.WaitGroup
	mu      sync.Mutex
	open    []net.Conn
}

func newMeter(b *testing.B, to string) *meter {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	m := &meter{b: b, l: l, to: to}
	m.running.Go(m.accept)
	return m
}

func (m *meter) address() string { return m.l.Addr().String() }

func (m *meter) accept() {
	for {
		in, err := m.l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", m.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		m.mu.Lock()
		m.open = append(m.open, in, out)
		m.mu.Unlock()
		m.running.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
		m.running.Go(func() { _, _ = io.Copy(counting{in, &m.sent}, out); _ = in.Close() })
	}
}

func (m *meter) close() {
	_ = m.l.Close()
	m.mu.Lock()
	for _, c := range m.open {
		_ = c.Close()
	}
	m.mu.Unlock()
	m.running.Wait()
}

// counting counts what is written.
type counting struct {
	io.Writer
	count *atomic.Int64
}

// Write passes on and counts.
func (c counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.count.Add(int64(n))
	return n, err
}
