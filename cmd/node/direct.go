package node

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"

	"holdfast/exchange"
	"holdfast/exchange/direct"
	"holdfast/exchange/exchangedb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/urgent/urgentdb"
)

// hand signs and opens with this device's keys, for envelopes.
type hand struct {
	device *journal.Device
	roots  func() []fact.Signed // exchanges of roots, as they are known now
}

var (
	_ direct.Signer = hand{}
	_ direct.Opener = hand{}
)

func handOf(j *journal.Journal) hand { return hand{j.Device(), j.Roots} }

// Sign signs a message that begins with its label and a zero byte.
func (h hand) Sign(message []byte) ([]byte, error) {
	label, rest, ok := bytes.Cut(message, []byte{0})
	if !ok {
		return nil, errors.New("a message without a label is never signed")
	}
	return h.device.Sign(string(label), rest), nil
}

// Certificate is this organisation's genesis, the exchanges of its roots, and
// this device's card.
func (h hand) Certificate() []byte {
	genesis, card, _ := h.device.Enrolment()
	certificate, err := fact.Encode(papers{genesis, card, h.roots()})
	if err != nil { // of bytes that were read from the same form
		return nil
	}
	return certificate
}

// Open opens what is sealed to a key of this organisation: the present one, or
// an older one that a partner still uses.
func (h hand) Open(key direct.KeyID, info, box []byte) ([]byte, error) {
	ours := slices.ContainsFunc(h.device.EpochPublics(), func(public []byte) bool { return key == direct.KeyIDOf(public) })
	if !ours {
		return nil, refusal.New(refusal.Missing, "The envelope is sealed to a key that is not kept here: ask for our new partner file")
	}
	return h.device.OpenSealed(info, box)
}

// directDoor receives envelopes of partners.
func (n *Node) directDoor(r urgentdb.Receiver) (http.Handler, error) {
	h := handOf(n.Journal)
	return direct.Handler(direct.Config{
		Us: n.Journal.Org(), Ours: n.ours, Opener: h, Signer: h, Partners: n.peers, Receiver: r,
		Seen: exchangedb.Seen{Journal: n.Journal}, Now: n.clock,
	}), nil
}

// senders are the routes by which envelopes leave.
func (n *Node) senders() (map[exchange.Route]exchangedb.Sender, error) {
	h := handOf(n.Journal)
	client := direct.Client{HTTP: n.peers.client(), Us: n.Journal.Org(), Signer: h, Partners: n.peers}
	return map[exchange.Route]exchangedb.Sender{exchange.ByDirect: straight{client, n.clock}}, nil
}

// straight sends by the direct route.
type straight struct {
	client direct.Client
	clock  journal.Clock
}

// Send tries once. Where nothing could be tried, nothing arrived.
func (s straight) Send(ctx context.Context, e exchange.Envelope, content []byte) exchangedb.Answer {
	sent, err := s.client.Send(ctx, e, content, s.clock())
	if err != nil {
		said := "Nothing could be sent by this route"
		var r *refusal.Error
		if errors.As(err, &r) {
			said = r.Sentence
		}
		return exchangedb.Answer{Outcome: exchange.Unreachable, Said: said}
	}
	a := exchangedb.Answer{Outcome: sent.Attempt.Outcome, Status: sent.Attempt.Status, Said: sent.Attempt.Said}
	if sent.Receipt != nil {
		a.Receipt, a.Proof = &sent.Receipt.Receipt, sent.Receipt.Proof
	}
	return a
}
