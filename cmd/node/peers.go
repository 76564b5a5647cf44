package node

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"holdfast/codes"
	"holdfast/exchange/direct"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// Peer is a partner file: all that is needed to talk straight to another
// organisation that runs Holdfast. The other side makes it, with a client
// certificate for us; it is handed over in person and kept below the data
// folder.
type Peer struct {
	Org     string      `json:"org"` // hash of the genesis, in hex
	ODS     codes.ODS   `json:"ods"`
	Also    []codes.ODS `json:"also,omitempty"`
	Name    string      `json:"name"`
	Address string      `json:"address"` // HTTPS address of its envelope door
	Public  []byte      `json:"public"`  // key to seal to
	CA      string      `json:"ca"`      // PEM: whom its door's certificate is from
	Cert    string      `json:"cert"`    // PEM: our certificate at its door
	Key     string      `json:"key"`     // PEM
}

const peersFolder = "peers"

// peers is the list of organisations that this one talks straight to.
type peers struct {
	mu    sync.Mutex
	byID  map[fact.OrgID]peer
	dir   string                       // where the roots of partners are kept; empty: in memory alone
	roots map[fact.OrgID][]fact.Signed // exchanges of partners' roots that were seen
	log   *slog.Logger
}

type peer struct {
	direct.Partner
	host string
	tls  *tls.Config
}

var _ direct.Partners = (*peers)(nil)

func newPeers() *peers {
	return &peers{byID: map[fact.OrgID]peer{}, roots: map[fact.OrgID][]fact.Signed{}, log: slog.New(slog.DiscardHandler)}
}

// Invite makes a partner file for another organisation: with it that one can
// knock at our envelope door. address is where it finds us.
func (n *Node) Invite(name string, ods codes.ODS, address string) (Peer, error) {
	cert, err := n.Authority.Partner(name, ods)
	if err != nil {
		return Peer{}, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return Peer{}, err
	}
	return Peer{
		Org: n.Journal.Org().String(), ODS: n.Us.ODS, Name: n.Us.Name, Address: address, Public: n.Journal.Device().EpochPublic(),
		CA: string(pemOf("CERTIFICATE", cert.Certificate[1])), Cert: string(pemOf("CERTIFICATE", cert.Certificate[0])), Key: string(pemOf("PRIVATE KEY", key)),
	}, nil
}

// Know takes in a partner file for as long as the program runs.
func (n *Node) Know(p Peer) error { return n.peers.add(p) }

// readPeers takes in every partner file of the data folder.
func (n *Node) readPeers() error {
	files, err := filepath.Glob(filepath.Join(n.config.Dir, peersFolder, "*.json"))
	if err != nil {
		return err
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var p Peer
		if err := json.Unmarshal(raw, &p); err != nil {
			return fmt.Errorf("partner file %s: %w", filepath.Base(path), err)
		}
		if err := n.peers.add(p); err != nil {
			return fmt.Errorf("partner file %s: %w", filepath.Base(path), err)
		}
	}
	n.peers.log = n.log
	if len(files) == 0 { // partners are known to this process alone
		return nil
	}
	n.peers.readRoots(filepath.Join(n.config.Dir, peersFolder))
	return nil
}

func (s *peers) add(p Peer) error {
	org, err := fact.ParseID(p.Org)
	if err != nil {
		return err
	}
	at, err := url.Parse(p.Address)
	if err != nil || at.Scheme != "https" || at.Host == "" {
		return errors.New("the address is not an HTTPS address")
	}
	pair, err := tls.X509KeyPair([]byte(p.Cert), []byte(p.Key))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if block, _ := pem.Decode([]byte(p.CA)); block == nil || !pool.AppendCertsFromPEM([]byte(p.CA)) {
		return errors.New("it holds no certificate authority")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[fact.OrgID(org)] = peer{
		Partner: direct.Partner{Org: fact.OrgID(org), ODS: p.ODS, Also: p.Also, Name: p.Name, Address: p.Address, Public: p.Public},
		host:    at.Host, tls: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, Certificates: []tls.Certificate{pair}, ServerName: at.Hostname()},
	}
	return nil
}

func (s *peers) find(match func(peer) bool) (peer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.byID {
		if match(p) {
			return p, true
		}
	}
	return peer{}, false
}

func noPeer() error {
	return refusal.New(refusal.Missing, "There is no straight way to this organisation: ring them")
}

// ByODS finds a partner by its code.
func (s *peers) ByODS(_ context.Context, ods codes.ODS) (direct.Partner, error) {
	p, ok := s.find(func(p peer) bool { return p.ODS == ods && ods != "" })
	if !ok {
		return direct.Partner{}, noPeer()
	}
	return p.Partner, nil
}

// ByOrg finds a partner by its organisation's id.
func (s *peers) ByOrg(_ context.Context, org fact.OrgID) (direct.Partner, error) {
	p, ok := s.find(func(p peer) bool { return p.Org == org })
	if !ok {
		return direct.Partner{}, noPeer()
	}
	return p.Partner, nil
}

// papers prove that a device belongs to an organisation.
type papers struct {
	Genesis fact.Signed `cbor:"1,keyasint"`
	Card    fact.Signed `cbor:"2,keyasint"`

	Roots []fact.Signed `cbor:"3,keyasint,omitempty"` // exchanges of roots since the genesis
}

// Device checks a certificate down from the organisation's founding bytes,
// and gives the key on the device's card. Exchanges of roots that were seen
// once are remembered: pages that a partner has replaced prove nothing more
// here, whatever a certificate leaves out.
func (s *peers) Device(_ context.Context, org fact.OrgID, certificate []byte) (ed25519.PublicKey, error) {
	no := refusal.New(refusal.Forbidden, "The certificate is not one of that organisation")
	var p papers
	if err := fact.Decode(certificate, &p); err != nil {
		return nil, no.Because(err)
	}
	g, err := fact.OpenGenesis(p.Genesis)
	if err != nil {
		return nil, no.Because(err)
	}
	if id, err := g.ID(); err != nil || id != org {
		return nil, no.Because(err)
	}
	chain, err := s.chainOf(org, g, p.Roots)
	if err != nil {
		return nil, no.Because(err)
	}
	card, err := chain.OpenCard(p.Card)
	if err != nil || len(card.Key) != ed25519.PublicKeySize {
		return nil, no.Because(err)
	}
	if !chain.Stays(p.Card) {
		return nil, no.Because(fact.ErrRootsReplaced)
	}
	return ed25519.PublicKey(card.Key), nil
}

const rootsFile = ".roots"

// chainOf puts together what a certificate shows of an organisation's roots and
// what was seen before, and remembers it of a partner.
func (s *peers) chainOf(org fact.OrgID, g fact.Genesis, shown []fact.Signed) (fact.Chain, error) {
	chain, err := fact.NewChain(g, shown...)
	if err != nil {
		return chain, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.roots[org] {
		if chain, err = chain.With(one); err != nil {
			return chain, err
		}
	}
	all := chain.Signed()
	if _, known := s.byID[org]; !known || len(all) == len(s.roots[org]) {
		return chain, nil
	}
	s.roots[org] = all
	if s.dir == "" {
		return chain, nil
	}
	enc, err := fact.Encode(all)
	if err == nil {
		err = (journal.Disk{}).Replace(filepath.Join(s.dir, org.String()+rootsFile), enc)
	}
	if err != nil { // it holds until the program ends, and is shown again
		s.log.Error("the exchanged roots of a partner can't be kept", "err", err)
	}
	return chain, nil
}

// readRoots reads what was kept of partners' roots. What can't be read keeps no
// message out: the partner shows it again with the next.
func (s *peers) readRoots(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dir = dir
	for org := range s.byID {
		raw, err := os.ReadFile(filepath.Join(dir, org.String()+rootsFile))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var all []fact.Signed
		if err == nil {
			err = fact.Decode(raw, &all)
		}
		if err != nil {
			s.log.Error("the exchanged roots of a partner can't be read: until it shows them again, pages that it has replaced count", "org", org.String(), "err", err)
			continue
		}
		s.roots[org] = all
	}
}

// client speaks to each partner with the certificate that it gave us.
func (s *peers) client() *http.Client {
	t := &http.Transport{
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 15 * time.Second,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			p, ok := s.find(func(p peer) bool { return p.host == address })
			if !ok {
				return nil, noPeer()
			}
			d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: p.tls}
			return d.DialContext(ctx, network, address)
		},
	}
	noRedirects := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: t, Timeout: 20 * time.Second, CheckRedirect: noRedirects}
}
