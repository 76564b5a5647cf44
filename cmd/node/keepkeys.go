package node

import (
	"context"
	"time"
)

// keysLooked is how often a device looks whether something is due about keys,
// when nothing is committed.
const keysLooked = 10 * time.Second

// keepKeys has done what is due about the organisation's keys: after a
// revocation, at once.
func (n *Node) keepKeys(ctx context.Context, committed <-chan struct{}) {
	look := time.NewTicker(keysLooked)
	defer look.Stop()
	for {
		if err := n.Journal.KeepKeys(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("what is due about the organisation's keys can't be done at present: tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-committed:
		case <-look.C:
		}
	}
}
