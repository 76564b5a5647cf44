package node

import (
	"context"
	"time"

	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
)

// Offer is a new device's card on its way to be signed by the organisation's
// holders, with all that they need to check it. It holds no secret.
type Offer struct {
	Genesis fact.Signed     `json:"genesis"`
	Roots   []fact.Signed   `json:"roots,omitempty"` // exchanges of roots since
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
	return Offer{Genesis: genesis, Roots: n.Journal.Roots(), Request: r, Card: card}, nil
}

// Open finds the roots that must sign the card, and reads it.
func (o Offer) Open() (fact.RootSet, fact.DeviceCard, error) {
	g, err := fact.OpenGenesis(o.Genesis)
	if err != nil {
		return fact.RootSet{}, fact.DeviceCard{}, err
	}
	chain, err := fact.NewChain(g, o.Roots...)
	if err != nil {
		return fact.RootSet{}, fact.DeviceCard{}, err
	}
	set, ok := chain.InForce()
	if !ok {
		return set, fact.DeviceCard{}, fact.ErrRootsApart
	}
	card, err := fact.OfferedCard(o.Card, set)
	return set, card, err
}

// EnrolOffer admits the device of an offer that enough holders signed.
func (n *Node) EnrolOffer(ctx context.Context, o Offer) (journal.Admission, error) {
	return n.Journal.EnrolSigned(ctx, n.Device.Author(), o.Request, o.Card)
}

// HeldPages is one set of pages: who holds them, since when, how many must agree.
type HeldPages struct {
	Number  uint32               `json:"number"` // 0: those of the founding
	Since   time.Time            `json:"since"`  // in force
	Day     string               `json:"day"`    // on which they were made, as it is printed on them (UTC)
	Needed  int                  `json:"needed"`
	Of      int                  `json:"of"`
	InForce bool                 `json:"in_force"` // false: exchanged apart from another, and it waits for both
	Holders []journal.RootHolder `json:"holders"`
	Unknown bool                 `json:"unknown,omitempty"` // who holds them is not known here
}

// Holders lists the pages that stand.
func (n *Node) Holders(ctx context.Context) ([]HeldPages, error) {
	held, err := n.Journal.Holders(ctx)
	out := []HeldPages{}
	for _, h := range held {
		out = append(out, HeldPages{
			Number: h.Roots.Number, Since: h.Since.Time().UTC(), Day: h.Roots.Day(), Needed: int(h.Roots.Threshold), Of: len(h.Roots.Keys), InForce: len(held) == 1,
			Holders: h.Holders, Unknown: !h.Known,
		})
	}
	return out, err
}

// DrawExchange writes the exchange of the pages that stand for others.
func (n *Node) DrawExchange(_ context.Context, w journal.Wanted) (journal.Exchange, error) {
	return n.Journal.DrawExchange(w)
}

// AdoptRoots brings an exchange into force that enough holders signed.
func (n *Node) AdoptRoots(ctx context.Context, x journal.Exchange) ([]HeldPages, error) {
	if err := n.Journal.AdoptRoots(ctx, n.Device.Author(), x); err != nil {
		return nil, err
	}
	return n.Holders(ctx)
}

// rootShown says who holds the organisation's keys, for the page of devices.
func (n *Node) rootShown(ctx context.Context) (accessweb.Root, error) {
	out := accessweb.Root{One: n.Journal.Health().HeldByOne}
	held, err := n.Holders(ctx)
	words := map[string]string{journal.HeldByPerson: "A person", journal.HeldOnPaper: "Paper", journal.HeldByGuardian: "Outside guardian"}
	for _, h := range held {
		pages := accessweb.RootPages{Number: int(h.Number), Day: h.Day, Since: codes.ClockDay(h.Since, n.clock()), Needed: h.Needed, Of: h.Of, Unknown: h.Unknown}
		for _, one := range h.Holders {
			pages.Holders = append(pages.Holders, accessweb.RootLine{Number: int(one.Number), Name: one.Name, Sort: words[one.Sort]})
		}
		out.Pages = append(out.Pages, pages)
	}
	return out, err
}
