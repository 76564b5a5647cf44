package replicate

import (
	"context"

	"holdfast/fact"
	"holdfast/journal"
)

// sendPulse sums up what this side has said.
func (l *Link) sendPulse(ctx context.Context) {
	if _, ok := l.readKeyring(ctx); !ok {
		return
	}
	l.send(typePulse, pulse{
		Offers: offersDigest(l.offers.mine), Papers: l.papers.digest, Keyring: l.keys.digest,
		Receipts: digestReceipts(l.receipts.sent), Statement: l.stating.number,
	})
}

// offersDigest sums up what was offered.
func offersDigest(offers map[fact.FeedID][]journal.Place) fact.Hash {
	var all []journal.Place
	for _, places := range offers {
		all = append(all, places[:min(len(places), tipsOfAFeed)]...)
	}
	return vectorOfPlaces(all) // in an order of its own
}

// takePulse asks again for whatever was said and did not arrive.
func (l *Link) takePulse(ctx context.Context, m pulse) {
	heard := map[fact.FeedID][]journal.Place{}
	for id, f := range l.offers.theirs {
		if len(f.tips) > 0 {
			heard[id] = placesOf(f.tips)
		}
	}
	ask := again{
		Offers:    offersDigest(heard) != m.Offers || !l.offers.whole,
		Receipts:  digestReceipts(l.receipts.taken) != m.Receipts,
		Statement: l.isDesk() && l.stated.number != m.Statement,
	}
	if ask != (again{}) {
		l.send(typeAgain, ask)
	}
	l.readPapers()
	if m.Papers != l.papers.digest {
		l.listPapers()
	}
	if l.plan.open == 0 {
		l.keyringDiffers(ctx, m.Keyring)
	}
	l.askForMissed(ctx)
}

// takeAgain says once more what the peer has missed.
func (l *Link) takeAgain(ctx context.Context, m again) {
	if m.Offers {
		l.offerAgain()
	}
	if m.Receipts {
		l.receipts.sent, l.receipts.look = map[fact.FeedID]fact.Hash{}, true
	}
	if m.Statement {
		l.beginStatement(ctx)
	}
}
