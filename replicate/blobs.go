package replicate

import (
	"context"

	"holdfast/fact"
)

const (
	blobPart    = 1 << 20
	blobMost    = 64 << 20
	blobsListed = 64
	blobsAside  = 4096
)

// blobState is the one attachment that is being fetched.
type blobState struct {
	look  bool // there may be missing ones
	ask   uint64
	hash  fact.Hash
	bytes []byte
	since fact.Millis
	aside map[fact.Hash]fact.Millis // not asked of this peer before
}

func newBlobState() blobState { return blobState{look: true, aside: map[fact.Hash]fact.Millis{}} }

// fetchBlobs asks for the next missing attachment, after the ranges that
// point to them.
func (l *Link) fetchBlobs(ctx context.Context) {
	b := &l.blobs
	if !b.look || b.ask != 0 || l.plan.open > 0 {
		return
	}
	missing, err := l.cfg.Store.MissingBlobs(ctx, blobsListed+min(len(b.aside), blobsAside))
	if err != nil {
		l.trouble("look for missing attachments", err)
		b.look = false
		return
	}
	for _, hash := range missing {
		if b.aside[hash] > l.now || !l.cfg.Board.take(claim{blob: true, id: hash}, l.id) {
			continue
		}
		b.hash, b.bytes, b.since = hash, nil, l.now
		l.askBlob()
		return
	}
	b.look = len(missing) > 0 // some are set aside: looked at again later
}

func (l *Link) askBlob() {
	l.blobs.ask = l.nextAsk()
	l.send(typeBlobAsk, blobAsk{Ask: l.blobs.ask, Hash: l.blobs.hash, From: uint64(len(l.blobs.bytes))})
}

func (l *Link) endBlob() {
	l.cfg.Board.free(claim{blob: true, id: l.blobs.hash}, l.id)
	l.blobs.ask, l.blobs.bytes = 0, nil
}

// blobAside leaves an attachment to other peers for a while.
func (l *Link) blobAside() {
	if len(l.blobs.aside) >= blobsAside {
		l.blobs.aside = map[fact.Hash]fact.Millis{}
	}
	l.blobs.aside[l.blobs.hash] = l.now.Add(6 * l.cfg.Limits.Patience)
	l.endBlob()
}

func (l *Link) blobSorry(ask uint64) {
	if l.blobs.ask != 0 && l.blobs.ask == ask {
		l.blobAside()
	}
}

func (l *Link) dropLateBlob() {
	if l.blobs.ask != 0 && l.since(l.blobs.since) >= l.cfg.Limits.Patience {
		l.blobAside()
	}
}

func (l *Link) takeBlobAsk(ctx context.Context, m blobAsk) {
	sealed, err := l.cfg.Store.ReadBlob(ctx, m.Hash)
	if err != nil || m.From > uint64(len(sealed)) {
		l.send(typeSorry, sorry{Ask: m.Ask, Why: "this attachment is not here"})
		return
	}
	end := min(m.From+blobPart, uint64(len(sealed)))
	l.send(typeBlob, blobMessage{Ask: m.Ask, From: m.From, Total: uint64(len(sealed)), Bytes: sealed[m.From:end]})
}

func (l *Link) takeBlob(ctx context.Context, m blobMessage) {
	b := &l.blobs
	if b.ask == 0 || m.Ask != b.ask {
		return
	}
	have := uint64(len(b.bytes))
	if m.From != have || m.Total > blobMost || have+uint64(len(m.Bytes)) > m.Total || (len(m.Bytes) == 0 && have < m.Total) {
		l.blobAside()
		return
	}
	b.bytes, b.since = append(b.bytes, m.Bytes...), l.now
	if uint64(len(b.bytes)) < m.Total {
		l.askBlob()
		return
	}
	if err := l.cfg.Store.TakeBlob(ctx, b.bytes); err != nil {
		l.trouble("take in an attachment", err)
		l.blobAside()
		return
	}
	l.endBlob()
	l.changed()
	l.receipts.look = true
}
