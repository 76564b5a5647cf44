package node_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/cmd/node"
	"holdfast/codes"
)

// moved is a clock that a test moves.
type moved struct{ by atomic.Int64 }

func (m *moved) now() time.Time       { return time.Now().Add(time.Duration(m.by.Load())) }
func (m *moved) move(d time.Duration) { m.by.Add(int64(d)) }

const year = 365 * 24 * time.Hour

// shown gives the certificate that a door shows to somebody who trusts root and
// whose clock is the device's.
func shown(t *testing.T, address string, root *x509.CertPool, clock *moved) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: root, ServerName: "localhost", Time: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

func TestADoorRenewsItsCertificateWhileItRuns(t *testing.T) {
	lib, clock := library(t), &moved{}
	place := found(t, lib, "Fellside 111", "ZZ111")
	place.Clock = clock.now
	pages := listen(t)
	n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "localhost", Pages: pages, Machines: listen(t), Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, n)
	n.Start()
	root, address := n.Authority.Pool(), pages.Addr().String()
	first := shown(t, address, root, clock)
	if again := shown(t, address, root, clock); !again.Equal(first) {
		t.Error("the certificate changes with each connection")
	}
	clock.move(59 * 24 * time.Hour)
	if again := shown(t, address, root, clock); !again.Equal(first) {
		t.Error("the certificate is renewed before a third of its time is left")
	}
	clock.move(2 * 24 * time.Hour)
	second := shown(t, address, root, clock)
	if second.Equal(first) || second.NotAfter.Before(clock.now().Add(80*24*time.Hour)) {
		t.Errorf("not renewed: holds until %s", second.NotAfter)
	}
	clock.move(2 * year) // nobody knocked for two years
	if third := shown(t, address, root, clock); third.NotAfter.Before(clock.now()) {
		t.Errorf("an expired certificate is shown, of %s", third.NotAfter)
	}
	clock.move(-3 * year)
	if early := shown(t, address, rootAt(t, n), clock); clock.now().Before(early.NotBefore) {
		t.Errorf("the clock went back and the certificate begins only at %s", early.NotBefore)
	}
}

func rootAt(t *testing.T, n *node.Node) *x509.CertPool {
	t.Helper()
	return n.Authority.Pool()
}

func TestAnExpiredAuthorityIsReplacedAtStart(t *testing.T) {
	lib, clock := library(t), &moved{}
	place := found(t, lib, "Fellside 111", "ZZ111")
	place.Clock = clock.now
	n, _ := open(t, lib, place)
	old, err := os.ReadFile(n.Authority.File())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, n)
	clock.move(18 * year)
	n, _ = open(t, lib, place)
	if same, err := os.ReadFile(n.Authority.File()); err != nil || string(same) != string(old) {
		t.Errorf("the authority is replaced two years before its end: %v", err)
	}
	late, err := n.Authority.WritePartner("a partner", codes.ODS("ZZ122"))
	if err != nil {
		t.Fatal(err)
	}
	partner, err := tls.LoadX509KeyPair(late.Cert, late.Key)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, n)
	clock.move(year + year/2) // the authority has half a year left, the partner's certificate as well
	n, _ = open(t, lib, place)
	renewed, err := os.ReadFile(n.Authority.File())
	if err != nil || string(renewed) == string(old) {
		t.Errorf("the authority was not renewed: %v", err)
	}
	if _, err := partner.Leaf.Verify(x509.VerifyOptions{Roots: n.Authority.Pool(), CurrentTime: clock.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Errorf("a partner's certificate of before does not hold any more: %v", err)
	}
	before := x509.NewCertPool()
	before.AppendCertsFromPEM(old)
	door, err := n.Authority.Door("localhost")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := door.Leaf.Verify(x509.VerifyOptions{Roots: before, CurrentTime: clock.now()}); err != nil {
		t.Errorf("whoever holds the old file can't verify our doors while it holds: %v", err)
	}
	closed(t, n)
	clock.move(30 * year) // long past every end
	n, _ = open(t, lib, place)
	defer closed(t, n)
	if door, err = n.Authority.Door("localhost"); err != nil {
		t.Fatal(err)
	}
	if _, err := door.Leaf.Verify(x509.VerifyOptions{Roots: n.Authority.Pool(), CurrentTime: clock.now()}); err != nil {
		t.Errorf("an expired authority was not replaced: %v", err)
	}
}
