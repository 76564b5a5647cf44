package node

import (
	"crypto/tls"
	"log"
	"log/slog"
	"sync"

	"holdfast/journal"
)

// doorTLS is how our doors speak: TLS 1.2 or newer, with a certificate of our
// own authority that renews itself while the device runs. Certificates are
// judged by this device's clock, which is the one that dated them.
func (n *Node) doorTLS() (*tls.Config, error) {
	d := &doorCertificate{authority: n.Authority, hosts: []string{n.config.Host, "localhost", "127.0.0.1", "::1"}, clock: n.clock}
	_, err := d.get(nil)
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: d.get, Time: n.clock}, err
}

// serverLog is where servers complain of connections that came to nothing: as
// JSON with the rest, at a level that is off unless asked for, since it names
// addresses.
func (n *Node) serverLog() *log.Logger { return slog.NewLogLogger(n.log.Handler(), slog.LevelDebug) }

// doorCertificate is the certificate of one door, issued anew when a third of
// its time is left, or when the clock went back to before it began.
type doorCertificate struct {
	authority *Authority
	hosts     []string
	clock     journal.Clock

	mu   sync.Mutex
	cert *tls.Certificate
}

func (d *doorCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock()
	if d.cert != nil && now.Add(doorAhead).Before(d.cert.Leaf.NotAfter) && !now.Before(d.cert.Leaf.NotBefore) {
		return d.cert, nil
	}
	fresh, err := d.authority.Door(d.hosts...)
	if err == nil {
		d.cert = &fresh
		return d.cert, nil
	}
	if d.cert != nil && now.Before(d.cert.Leaf.NotAfter) {
		return d.cert, nil // the old one does until another can be issued
	}
	return nil, err
}
