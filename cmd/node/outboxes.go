package node

import (
	"context"

	"holdfast/exchange"
	"holdfast/exchange/exchangedb"
	"holdfast/exchange/outbox"
)

// Wires are what an organisation has to carry what is written to patients and
// practices; nil where it has none: then a person prints it, or rings.
type Wires struct {
	Texts, Reports *outbox.Gateway
	Mail           *outbox.Mail
}

// carried sends by one wire.
type carried func(ctx context.Context, e exchange.Envelope, content []byte) outbox.Result

// Send tries once.
func (c carried) Send(ctx context.Context, e exchange.Envelope, content []byte) exchangedb.Answer {
	r := c(ctx, e, content)
	return exchangedb.Answer{Outcome: r.Outcome, Status: r.Status, Said: r.Said, Receipt: r.Receipt, Proof: r.Proof}
}

// add puts the wires among the ways by which envelopes leave.
func (w Wires) add(senders map[exchange.Route]exchangedb.Sender) {
	if w.Texts != nil {
		senders[exchange.ByText] = carried(w.Texts.Send)
	}
	if w.Reports != nil {
		senders[exchange.ByMesh] = carried(w.Reports.Send)
	}
	if w.Mail != nil {
		senders[exchange.ByEmail] = carried(w.Mail.Send)
	}
}

// wired tells whether a machine here carries by a route. A desk does not know:
// its site node carries what it writes, or asks a person.
func (n *Node) wired(route exchange.Route) bool {
	w := n.config.Wires
	switch route {
	case exchange.ByText:
		return !n.site() || w.Texts != nil
	case exchange.ByEmail:
		return !n.site() || w.Mail != nil
	case exchange.ByMesh:
		return n.site() && w.Reports != nil
	}
	return false
}

// stops says why an envelope must not leave any more. What can't be read is
// not sent: it is looked at again at the next attempt's time.
func (n *Node) stops(ctx context.Context, e exchange.Envelope) (string, bool) {
	why, err := n.Cases.Stops(ctx, e)
	if err != nil {
		n.log.Error("it can't be told whether an envelope may go: it waits", "envelope", e.ID.Short(), "err", err)
		return "", false
	}
	return why, true
}

// most is how often a machine tries before a person asks for more.
func (n *Node) most(c exchange.Carries) int { return n.config.Library.Rules.Letters.Attempts[c] }
