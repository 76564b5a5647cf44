package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/cmd/node"
	"holdfast/web"
)

// checkMachines knocks at the message doors without a certificate, with one
// that nobody signed, and with one of another organisation.
func checkMachines(t *testing.T, us, others printedOrg, routes []web.Route) {
	t.Helper()
	stranger := machine(t, us, false)
	own := machine(t, us, false)
	own.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{selfMade(t)}
	foreign := machine(t, us, false)
	pair, err := tls.LoadX509KeyPair(others.Partner.Cert, others.Partner.Key)
	if err != nil {
		t.Fatal(err)
	}
	foreign.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
	base := strings.TrimSuffix(us.BaRS, "/bars")
	asked := 0
	for _, r := range routes {
		if r.Listener != "messages" {
			continue
		}
		asked++
		if r.Door != web.Partner {
			t.Errorf("%s %s: door %s", r.Method, r.Pattern, r.Door)
		}
		for who, c := range map[string]*http.Client{"without a certificate": stranger, "with a certificate of their own making": own, "with another organisation's certificate": foreign} {
			req, err := http.NewRequest(r.Method, base+r.Pattern, nil)
			if err != nil {
				t.Fatal(err)
			}
			if res, err := c.Do(req); err == nil {
				res.Body.Close()
				t.Errorf("%s %s answers %d to somebody %s", r.Method, r.Pattern, res.StatusCode, who)
			}
		}
	}
	if asked < 5 {
		t.Errorf("only %d message routes were asked", asked)
	}
	partner := machine(t, us, true)
	for _, path := range []string{"/", "/metrics", "/debug/pprof/", "/worklist", "/direct/x", "/itk/..%2f", "/bars", "/bars/Patient"} {
		res, err := partner.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMovedPermanently && res.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("%s, which no route names, answers a partner %d", path, res.StatusCode)
		}
	}
}

func selfMade(t *testing.T) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

func dialTLS(address string, c *tls.Config) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1)) // TLS 1.3 says no after the handshake
	return err
}

// checkDeviceDoor: without a certificate there is no connection; a stranger
// with a key of their own is told the device's card and nothing else, and is
// let go of at the first thing they say.
func checkDeviceDoor(t *testing.T, all []node.Listening) {
	t.Helper()
	i := slices.IndexFunc(all, func(l node.Listening) bool { return l.Listener == "devices" })
	if i < 0 {
		t.Fatal("no device door is declared")
	}
	address := all[i].Address
	if err := dialTLS(address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}); err == nil {
		t.Error("the device door takes in somebody without a certificate")
	}
	c := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{selfMade(t)}, NextProtos: []string{"h2"}},
	}}
	defer c.CloseIdleConnections()
	if res, err := c.Get("https://" + address + "/status"); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("the device door answers another address: %v %v", res, err)
	}
	res, err := c.Post("https://"+address+"/replicate", "application/octet-stream", strings.NewReader("\x00\x00\x00\x05hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if len(said) > 4096 || err != nil && !strings.Contains(err.Error(), "stream error") {
		t.Errorf("a stranger is told %d bytes (%v)", len(said), err)
	}
}

// checkControl: the control socket is for the account that runs the device.
func checkControl(t *testing.T, dir string) {
	t.Helper()
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "control.sock"): 0o600, filepath.Join(dir, "operator.token"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has the rights %o", filepath.Base(path), info.Mode().Perm())
		}
	}
}

// trusting is a browser that trusts the organisation's own authority.
func trusting(t *testing.T, dir string) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(dir, "doors", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("no certificate")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}
