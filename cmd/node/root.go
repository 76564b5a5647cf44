package node

import (
	"context"

	"holdfast/access/accessweb"
	"holdfast/fact"
	"holdfast/journal"
)

// Offer is a new device's card on its way to be signed by the organisation's
// holders, with all that they need to check it. It holds no secret.
type Offer struct {
	Genesis fact.Signed     `json:"genesis"`
	Request journal.Request `json:"request"`
	Card    fact.Signed     `json:"card"`
}

// Offer writes the card that a request asks for; nobody has signed it yet.
func (n *Node) Offer(_ context.Context, r journal.Request) (Offer, error) {
	card, err := n.Journal.CardFor(r)
	if err != nil {
		return Offer{}, err
	}
	genesis, _, _ := n.Journal.Device().Enrolment()
	return Offer{Genesis: genesis, Request: r, Card: card}, nil
}

// EnrolOffer admits the device of an offer that enough holders signed.
func (n *Node) EnrolOffer(ctx context.Context, o Offer) (journal.Admission, error) {
	return n.Journal.EnrolSigned(ctx, n.Device.Author(), o.Request, o.Card)
}

// rootShown says who holds the organisation's keys, for the page of devices.
func (n *Node) rootShown(ctx context.Context) (accessweb.Root, error) {
	g := n.Journal.Genesis()
	out := accessweb.Root{One: n.Journal.Health().HeldByOne, Needed: int(g.Threshold)}
	held, err := n.Journal.RootHolders(ctx)
	words := map[string]string{journal.HeldByPerson: "A person", journal.HeldOnPaper: "Paper", journal.HeldByGuardian: "Outside guardian"}
	for _, h := range held {
		out.Holders = append(out.Holders, accessweb.RootLine{Number: int(h.Number), Name: h.Name, Sort: words[h.Sort]})
	}
	return out, err
}
