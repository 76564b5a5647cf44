package replicate

import (
	"context"

	"holdfast/fact"
	"holdfast/journal"
)

// mendState is one question for facts that are damaged here.
type mendState struct {
	ask   uint64
	lost  []journal.Lost
	came  int
	after int // how many of the lost ones come before those asked for
	since fact.Millis
}

// askMending asks the peer for facts that are damaged or missing here. A peer
// that can't give them does not keep others from being asked.
func (l *Link) askMending(ctx context.Context) {
	if l.mend.ask != 0 || l.peerDesk() {
		return
	}
	lost, err := l.cfg.Store.Lost(ctx)
	if err != nil {
		l.trouble("look for damaged facts", err)
		return
	}
	if l.mend.after >= len(lost) {
		l.mend.after = 0
	}
	lost = lost[l.mend.after:]
	if len(lost) == 0 {
		return
	}
	lost = lost[:min(len(lost), factsAtOnce)]
	l.mend = mendState{ask: l.nextAsk(), lost: lost, after: l.mend.after, since: l.now}
	l.send(typeMendAsk, mendAsk{Ask: l.mend.ask, Lost: lost})
}

func (l *Link) mended(ctx context.Context, m factsMessage) {
	l.mend.since = l.now
	failed := l.receiveProved(ctx, m.Proved)
	l.mend.came += len(m.Proved.Facts)
	for i := range m.Proved.Facts {
		h, err := fact.ParseHeader(m.Proved.Facts[i].Header)
		if err != nil || failed[h.ID()] == nil {
			continue
		}
		l.effect(Damaged{Peer: l.peer.Device, Feed: h.Feed, Seq: h.Seq, Why: failed[h.ID()].Error()})
		l.mend.after++ // others are asked for first next time
	}
	if m.Last {
		l.mend.after += max(0, len(l.mend.lost)-l.mend.came)
		l.mend.ask, l.mend.lost = 0, nil
	}
}

func (l *Link) dropLateMending() {
	if l.mend.ask != 0 && l.since(l.mend.since) >= l.cfg.Limits.Patience {
		l.mend.ask, l.mend.lost = 0, nil
	}
}
