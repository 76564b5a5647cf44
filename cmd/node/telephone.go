package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"holdfast/directory"
	"holdfast/directory/directorydb"
	"holdfast/exchange"
	"holdfast/exchange/exchangedb"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/urgent/urgentweb"
)

// telephoneURN stands in the certificate of a telephone exchange's adapter: it
// opens the telephone door and no other, and no other certificate opens that.
const telephoneURN = "holdfast:telephone"

// putPhone prepares what is known of telephones.
func (n *Node) putPhone() {
	n.Phone = &urgentdb.Phone{Cases: n.Cases, Cut: n.phoneCut}
	n.Cases.Us, n.Cases.Ambulance = n.Us, n.ambulance
}

// phoneCut tells whether what a device of ours hears of an exchange comes here:
// to a site node straight from it, to a desk by any site node.
func (n *Node) phoneCut(device fact.Subject) (since time.Time, cut bool) {
	if n.carrier == nil {
		return time.Time{}, false
	}
	for _, p := range n.carrier.Peers() {
		if p.Kind != fact.SiteNode || n.site() && p.Device != device {
			continue
		}
		if p.Connected {
			return time.Time{}, false
		}
		if p.Heard.After(since) {
			since = p.Heard
		}
	}
	return since, true
}

// followCalls says on cases what becomes of their calls, until the end.
func (n *Node) followCalls(ctx context.Context) error {
	n.Phone.Run(ctx, func(err error) {
		n.log.Error("what became of a telephone call could not be said; it is tried again", "err", err)
	})
	return nil
}

// ambulance finds how the ambulance service is reached from here: the first
// service of that sort in the directory to which a machine of ours can send.
// When there is none, or that can't be told, somebody rings.
func (n *Node) ambulance(ctx context.Context) urgent.AmbulanceRoute {
	entries, err := directorydb.Entries(ctx, n.Journal.Views(), n.Device)
	if err != nil {
		n.log.Error("the directory can't be read: an ambulance is asked for by phone", "err", err)
		return urgent.AmbulanceRoute{}
	}
	var out urgent.AmbulanceRoute
	for _, e := range entries {
		s, ok := e.Current()
		if !ok || e.Ended != "" || s.Type != directory.Ambulance {
			continue
		}
		to := exchange.Party{ODS: s.ODS, Name: s.Name, Service: s.DoS, Phone: s.Phone}
		if out.To.Name == "" {
			out.To = to
		}
		if !slices.ContainsFunc(s.Doors, func(d directory.Door) bool { return d.Route == directory.RouteDirect }) {
			continue
		}
		if !n.site() {
			if _, cut := n.phoneCut(n.Device.Person); cut {
				continue // no site node is heard that could send it
			}
		} else if _, err := n.peers.ByODS(ctx, s.ODS); err != nil {
			continue
		}
		return urgent.AmbulanceRoute{To: to, Routes: []exchange.Route{exchange.ByDirect}}
	}
	return out
}

// ambulanceTimers raises on a desk the task of ringing about an ambulance
// request without a receipt: every device that holds the case runs that timer.
func (n *Node) ambulanceTimers(ctx context.Context) error {
	o := &exchangedb.Outbox{
		Journal: n.Journal, Clock: n.clock, Device: n.Device, Phone: n.phone, Log: n.log, Turn: n.turn, Alone: n.alone, Only: exchange.CarriesAmbulance,
	}
	o.Run(ctx)
	return nil
}

// telephoneDoor takes in what telephone exchanges say.
func (n *Node) telephoneDoor() http.Handler {
	return &urgentweb.PhoneDoor{Hear: n.Phone.Hear, Who: func(r *http.Request) (string, error) { return telephoneOf(r.TLS) }, Now: n.clock}
}

// telephoneOf reads which exchange holds a connection.
func telephoneOf(state *tls.ConnectionState) (string, error) {
	if state == nil || len(state.VerifiedChains) == 0 || !ofTelephone(state.VerifiedChains[0][0]) {
		return "", errors.New("no certificate of a telephone exchange")
	}
	name := state.VerifiedChains[0][0].Subject.CommonName
	if name == "" || len(name) > urgent.MaxTelephoneID {
		return "", errors.New("the certificate names no exchange")
	}
	return name, nil
}

func ofTelephone(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.URIs, func(u *url.URL) bool { return u.Scheme == "urn" && u.Opaque == telephoneURN })
}

// Telephone makes a certificate for the adapter of a telephone exchange.
func (a *Authority) Telephone(name string) (tls.Certificate, error) {
	return a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotAfter: a.clock().Add(partnerLasts), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		URIs: []*url.URL{{Scheme: "urn", Opaque: telephoneURN}},
	})
}

// WriteTelephone issues a certificate for the adapter of a telephone exchange
// and writes its files into a folder below the doors'. Files that still hold
// for a month are left.
func (a *Authority) WriteTelephone(name string) (PartnerFiles, error) {
	return a.write("telephone-"+name, func() (tls.Certificate, error) { return a.Telephone(name) })
}

// callsOf lists the telephone calls by which a case came, and no case but
// these: they hold the caller's number, and are erased with them.
func (n *Node) callsOf(ctx context.Context, c urgent.Case, cases []fact.Subject) (out []fact.Subject, err error) {
	for _, tie := range c.Ties {
		call, err := journal.Fold(ctx, n.Journal, tie.Call, urgent.FoldCall)
		if err != nil {
			return nil, err
		}
		others := slices.ContainsFunc(call.Cases, func(t urgent.TelephoneTaken) bool { return !slices.Contains(cases, t.Case) })
		if first := c.ID == firstOf(call); !others && first {
			out = append(out, tie.Call)
		}
	}
	return out, nil
}

// firstOf gives the one case of several for which a call is listed.
func firstOf(call urgent.Call) fact.Subject {
	if len(call.Cases) == 0 {
		return fact.Subject{}
	}
	return call.Cases[0].Case
}
