package replicate

import (
	"context"
	"sort"

	"holdfast/fact"
)

const receiptsPage = 1024

// receiptState is the receipts that went each way, by the feed they are about.
type receiptState struct {
	look  bool // there may be new ones
	sent  map[fact.FeedID]fact.Hash
	taken map[fact.FeedID]fact.Hash
}

func newReceiptState() receiptState {
	return receiptState{look: true, sent: map[fact.FeedID]fact.Hash{}, taken: map[fact.FeedID]fact.Hash{}}
}

// feedOfReceipt reads which feed a receipt is about.
func feedOfReceipt(receipt []byte) (fact.FeedID, bool) {
	if len(receipt) < 68 {
		return fact.FeedID{}, false
	}
	return fact.FeedID(receipt[36:68]), true
}

// giveReceipts sends the receipts that are new since the last time.
func (l *Link) giveReceipts(ctx context.Context) {
	if !l.receipts.look {
		return
	}
	l.receipts.look = false
	receipts, err := l.cfg.Store.Receipts(ctx)
	if err != nil {
		l.trouble("state receipts", err)
		return
	}
	var page [][]byte
	for _, r := range receipts {
		feed, ok := feedOfReceipt(r)
		hash := hashBytes(r)
		if !ok || l.receipts.sent[feed] == hash {
			continue
		}
		l.receipts.sent[feed] = hash
		if page = append(page, r); len(page) == receiptsPage {
			l.send(typeReceipts, receiptsMessage{Receipts: page})
			page = nil
		}
	}
	if len(page) > 0 {
		l.send(typeReceipts, receiptsMessage{Receipts: page})
	}
}

// takeReceipts keeps receipts; one that does not hold stops no other.
func (l *Link) takeReceipts(ctx context.Context, m receiptsMessage) {
	if len(m.Receipts) > receiptsPage {
		return
	}
	for _, r := range m.Receipts {
		feed, ok := feedOfReceipt(r)
		if !ok || (l.receipts.taken[feed] == fact.Hash{} && len(l.receipts.taken) >= feedsOfAPeer) {
			continue
		}
		if err := l.cfg.Store.TakeReceipt(ctx, r); err != nil {
			l.trouble("take in a receipt", err)
			continue
		}
		l.receipts.taken[feed] = hashBytes(r)
	}
}

// digestReceipts sums receipts up, in the order of their feeds.
func digestReceipts(of map[fact.FeedID]fact.Hash) fact.Hash {
	feeds := make([]fact.FeedID, 0, len(of))
	for f := range of {
		feeds = append(feeds, f)
	}
	sort.Slice(feeds, func(i, j int) bool { return string(feeds[i][:]) < string(feeds[j][:]) })
	parts := make([][]byte, 0, 2*len(feeds))
	for _, f := range feeds {
		hash := of[f]
		parts = append(parts, append([]byte(nil), f[:]...), append([]byte(nil), hash[:]...))
	}
	return hashAll("holdfast/replicate-receipts/1", parts...)
}
