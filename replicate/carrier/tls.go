// Package carrier moves the messages between devices: HTTP/2 over TLS 1.3, one
// long POST for each link, both sides known by the key on their device card.
//
// Its law: it decides nothing about facts. It asks no name server and no
// certificate authority, holds a bounded queue for each link, and stops
// whole when its context ends.
package carrier

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"time"

	"holdfast/fact"
	"holdfast/replicate"
)

// signer lets TLS sign with the key on the device card. Holdfast signs
// label ‖ 0 ‖ parts; what TLS 1.3 signs has that form too, with a label of its
// own (RFC 8446, section 4.4.3), and a certificate is given it at its first
// zero byte. No label of Holdfast begins like either.
type signer struct {
	identity replicate.Identity
	public   ed25519.PublicKey
}

// Public is the key on the device card.
func (s signer) Public() crypto.PublicKey { return s.public }

// Sign signs what TLS or a certificate asks for, and nothing else.
func (s signer) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	tls13 := bytes.HasPrefix(message, bytes.Repeat([]byte{' '}, 64))
	certificate := len(message) > 0 && message[0] == 0x30 // a DER sequence
	label, rest, found := bytes.Cut(message, []byte{0})
	if opts.HashFunc() != 0 || !found || (!tls13 && !certificate) {
		return nil, errors.New("the device key signs no such thing")
	}
	return s.identity.Sign(string(label), rest), nil
}

// Certificate makes a certificate that says nothing but the device's key. It
// has no meaningful dates: no clock decides whether two devices may talk.
func Certificate(identity replicate.Identity) (tls.Certificate, error) {
	_, signed, _ := identity.Enrolment()
	var card fact.DeviceCard
	if err := fact.Decode(signed.Bytes, &card); err != nil {
		return tls.Certificate{}, err
	}
	key := signer{identity: identity, public: ed25519.PublicKey(card.Key)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "holdfast device"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(nil, template, template, key.public, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// tlsConfig asks the other side for a certificate; that it holds the key in it
// is proved by the handshake, and whose key it is by the greeting.
func tlsConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"},
		ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true, // no authority is asked: see deviceKey
		SessionTicketsDisabled: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			_, err := deviceKey(&s)
			return err
		},
	}
}

// deviceKey is the Ed25519 key that the other side proved to hold.
func deviceKey(s *tls.ConnectionState) ([]byte, error) {
	if s == nil || len(s.PeerCertificates) == 0 {
		return nil, errors.New("the other side showed no certificate")
	}
	key, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("the other side's key is not a device key")
	}
	return key, nil
}
