// Package exchangetest stands in for the subject that files messages, and
// finds the example messages, in tests of the doors.
package exchangetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"holdfast/exchange"
	"holdfast/fact"
)

// Memory is a Receiver and a Seen that keeps everything in memory. Set Fail
// to make the next filings fail; Then makes one fail after it was saved.
type Memory struct {
	mu       sync.Mutex
	byKey    map[string]exchange.Filed
	Filed    []exchange.Referral
	Reports  []exchange.Report
	Arrivals []exchange.Arrival
	Refused  []exchange.MessageRefused
	Fail     error // nothing is saved
	Then     error // saved, but said to have failed; once
	NoAudit  error
	NotSeen  bool // Seen answers no: as when two arrive at once
}

// Receive files a referral unless one of its keys was seen.
func (m *Memory) Receive(_ context.Context, from exchange.Arrival, r exchange.Referral) (exchange.Filed, error) {
	return m.file(from, func() { m.Filed = append(m.Filed, r) })
}

// Report files a report unless one of its keys was seen.
func (m *Memory) Report(_ context.Context, from exchange.Arrival, r exchange.Report) (exchange.Filed, error) {
	return m.file(from, func() { m.Reports = append(m.Reports, r) })
}

func (m *Memory) file(from exchange.Arrival, keep func()) (exchange.Filed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		return exchange.Filed{}, m.Fail
	}
	for _, k := range from.Keys {
		if f, ok := m.byKey[k]; ok {
			f.Again = true
			return f, nil
		}
	}
	n := len(m.Arrivals) + 1
	f := exchange.Filed{About: fact.Subject{15: byte(n)}, Case: fmt.Sprintf("T-%04d", n), At: from.At}
	if m.byKey == nil {
		m.byKey = map[string]exchange.Filed{}
	}
	for _, k := range from.Keys {
		m.byKey[k] = f
	}
	m.Arrivals = append(m.Arrivals, from)
	keep()
	if err := m.Then; err != nil {
		m.Then = nil
		return exchange.Filed{}, err
	}
	return f, nil
}

// Refuse keeps the audit.
func (m *Memory) Refuse(_ context.Context, r exchange.MessageRefused) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.NoAudit != nil {
		return m.NoAudit
	}
	m.Refused = append(m.Refused, r)
	return nil
}

// Seen tells whether a key was filed.
func (m *Memory) Seen(_ context.Context, key string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.NotSeen {
		return false, nil
	}
	_, ok := m.byKey[key]
	return ok, nil
}

// Payload reads an example message from the folder shared/payloads beside the
// repository; without that folder the test is skipped and says so.
func Payload(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(PayloadRoot(t), filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// PayloadRoot finds the folder of example messages or skips the test.
func PayloadRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			root := filepath.Join(dir, "..", "shared", "payloads")
			if _, err := os.Stat(root); err == nil {
				return root
			}
			break
		}
	}
	t.Skip("SKIPPED: the folder ../shared/payloads with the example messages is missing, so real messages are not tested")
	return ""
}
