package node

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact/seal"
	"holdfast/journal"
)

// Authority issues the certificates of one organisation's machine doors: to
// its own doors and to the partners that may knock at them. It is made when
// the organisation is founded; its key lies sealed under the device's own.
//
// It renews itself, and asks nobody outside for anything: the certificate of a
// door long before it ends, its own a year before, under the same key and name,
// so that what it signed before still holds.
type Authority struct {
	dir   string
	name  string
	key   crypto.Signer
	clock journal.Clock

	mu   sync.Mutex
	cert *x509.Certificate
}

const (
	doorsFolder   = "doors"
	authorityFile = "ca.pem"
	authorityKey  = "ca.key"

	authorityLasts  = 20 * 365 * 24 * time.Hour
	authorityBefore = 10 * 365 * 24 * time.Hour // a clock that went back shuts no door
	authorityAhead  = 365 * 24 * time.Hour      // renewed so long before its end
	doorLasts       = 90 * 24 * time.Hour       // made anew at each start, and while running
	doorAhead       = doorLasts / 3
	partnerLasts    = 2 * 365 * 24 * time.Hour

	odsPrefix = "urn:nhs-uk:addressing:ods:"
)

// openAuthority reads the authority from the folder, or makes it there.
func openAuthority(dir string, d *journal.Device, name string, clock journal.Clock) (*Authority, error) {
	a := &Authority{dir: filepath.Join(dir, doorsFolder), name: name, clock: clock}
	box, err := authorityBox(d)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(a.dir, authorityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return a, a.make(box)
	}
	if err != nil {
		return nil, err
	}
	if a.cert, err = parseCertificate(raw); err != nil {
		return nil, err
	}
	sealed, err := os.ReadFile(filepath.Join(a.dir, authorityKey))
	if err != nil {
		return nil, err
	}
	der, err := box.Open(sealed, []byte(authorityKey))
	if err != nil {
		return nil, fmt.Errorf("the key of the doors' authority: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key of the doors' authority cannot sign")
	}
	a.key = signer
	_, err = a.current()
	return a, err
}

// current is the authority's own certificate; one that ends within a year, or
// has ended, is replaced by another of the same key and name.
func (a *Authority) current() (*x509.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.clock().Add(authorityAhead).Before(a.cert.NotAfter) {
		return a.cert, nil
	}
	cert, err := a.selfSigned()
	if err != nil {
		return nil, err
	}
	if err := (journal.Disk{}).Replace(a.File(), pemOf("CERTIFICATE", cert.Raw)); err != nil {
		return nil, err
	}
	a.cert = cert
	return cert, nil
}

// authorityBox locks the authority's key with one that only this device can
// derive: from its own signature, which is always the same.
func authorityBox(d *journal.Device) (*seal.Box, error) {
	key, err := hkdf.Key(sha256.New, d.Sign("holdfast/doors-key/1"), nil, "holdfast/doors-key/1", 32)
	if err != nil {
		return nil, err
	}
	return seal.NewBox(seal.Key(key)), nil
}

func (a *Authority) make(box *seal.Box) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	a.key = key
	if a.cert, err = a.selfSigned(); err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	sealed, err := box.Seal(rand.Reader, pkcs8, []byte(authorityKey))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	disk := journal.Disk{}
	return errors.Join(disk.Replace(filepath.Join(a.dir, authorityKey), sealed), // the key first: a certificate alone would look whole
		disk.Replace(a.File(), pemOf("CERTIFICATE", a.cert.Raw)))
}

func (a *Authority) selfSigned() (*x509.Certificate, error) {
	now := a.clock()
	t := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{a.name}, CommonName: a.name + " machine doors"}, NotBefore: now.Add(-authorityBefore), NotAfter: now.Add(authorityLasts),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := sign(t, t, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func sign(t, parent *x509.Certificate, public crypto.PublicKey, by crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	t.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, t, parent, public, by)
}

// issue signs a certificate for a new key.
func (a *Authority) issue(t *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	authority, err := a.current()
	if err != nil {
		return tls.Certificate{}, err
	}
	t.NotBefore, t.KeyUsage = a.clock().Add(-time.Hour), x509.KeyUsageDigitalSignature
	der, err := sign(t, authority, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der, authority.Raw}, PrivateKey: key, Leaf: leaf}, err
}

// Door makes the certificate of a door of ours, under these names.
func (a *Authority) Door(hosts ...string) (tls.Certificate, error) {
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: hosts[0]}, NotAfter: a.clock().Add(doorLasts), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	return a.issue(t)
}

// Partner makes a certificate for a partner's machine. It speaks for the
// given organisations; without any it is a carrier and speaks for all.
func (a *Authority) Partner(name string, speaksFor ...codes.ODS) (tls.Certificate, error) {
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotAfter: a.clock().Add(partnerLasts), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, ods := range speaksFor {
		t.URIs = append(t.URIs, &url.URL{Scheme: "urn", Opaque: odsPrefix[len("urn:"):] + string(ods)})
	}
	return a.issue(t)
}

// Pool is the authority as those who trust it hold it.
func (a *Authority) Pool() *x509.CertPool {
	a.mu.Lock()
	defer a.mu.Unlock()
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// File is where the authority's certificate lies.
func (a *Authority) File() string { return filepath.Join(a.dir, authorityFile) }

// partnerOf reads who holds a connection from the client certificate, which
// the TLS layer has checked.
func partnerOf(state *tls.ConnectionState) (exchange.Partner, error) {
	if state == nil || len(state.VerifiedChains) == 0 {
		return exchange.Partner{}, errors.New("no client certificate")
	}
	leaf := state.VerifiedChains[0][0]
	if ofTelephone(leaf) {
		return exchange.Partner{}, errors.New("the certificate of a telephone exchange, which is no partner")
	}
	p := exchange.Partner{Name: leaf.Subject.CommonName}
	for _, u := range leaf.URIs {
		if ods := codes.ReceiveODS(u.String()); ods.Sound() {
			p.SpeaksFor = append(p.SpeaksFor, ods)
		}
	}
	if p.Name == "" {
		return p, errors.New("the client certificate names nobody")
	}
	return p, nil
}

// PartnerFiles are the files a partner's machine needs.
type PartnerFiles struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// WritePartner issues a certificate and writes the partner's files into a
// folder below the doors'. Files that still hold for a month are left.
func (a *Authority) WritePartner(name string, speaksFor ...codes.ODS) (PartnerFiles, error) {
	return a.write(name, func() (tls.Certificate, error) { return a.Partner(name, speaksFor...) })
}

// write writes the files of a machine's certificate.
func (a *Authority) write(folder string, issue func() (tls.Certificate, error)) (PartnerFiles, error) {
	dir := filepath.Join(a.dir, "partners", folder)
	files := PartnerFiles{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	if a.holds(files) {
		return files, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return files, err
	}
	cert, err := issue()
	if err != nil {
		return files, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return files, err
	}
	disk := journal.Disk{}
	return files, errors.Join(disk.Replace(files.CA, pemOf("CERTIFICATE", cert.Certificate[1])), disk.Replace(files.Key, pemOf("PRIVATE KEY", key)),
		disk.Replace(files.Cert, pemOf("CERTIFICATE", cert.Certificate[0])))
}

func (a *Authority) holds(f PartnerFiles) bool {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil || pair.Leaf == nil {
		return false
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{
		Roots: a.Pool(), CurrentTime: a.clock().AddDate(0, 1, 0), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	_, missing := os.Stat(f.CA)
	return err == nil && missing == nil
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func parseCertificate(raw []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("no certificate in the file")
	}
	return x509.ParseCertificate(block.Bytes)
}
