package replicate

import (
	"context"

	"holdfast/fact"
	"holdfast/journal"
)

const (
	refsPage   = 4096
	refsAtOnce = 1 << 16
)

// keyState is what this side does to bring its keyring up to the peer's.
type keyState struct {
	digest fact.Hash               // of the last digests that were read here
	tried  map[journal.KeyRef]bool // asked for; an erased one is dropped when it comes
	fresh  fact.Millis             // when tried was emptied
}

func newKeyState() keyState { return keyState{tried: map[journal.KeyRef]bool{}} }

// pullsKeys tells whether this side wants the peer's whole keyring. A desk
// gets the keys of its live work together with the facts.
func (l *Link) pullsKeys() bool { return !l.isDesk() || l.peerDesk() }

// askKeyring says what is held, so that the peer lists the parts that differ.
func (l *Link) askKeyring(ctx context.Context) {
	digests, ok := l.readKeyring(ctx)
	if !ok || !l.pullsKeys() {
		return
	}
	l.send(typeKeyDigests, keyDigests{Digests: digests})
}

func (l *Link) readKeyring(ctx context.Context) ([256]fact.Hash, bool) {
	digests, err := l.cfg.Store.KeyringDigests(ctx)
	if err != nil {
		l.trouble("sum up the keyring", err)
		return digests, false
	}
	parts := make([][]byte, 256)
	for i := range digests {
		parts[i] = digests[i][:]
	}
	l.keys.digest = hashAll("holdfast/replicate-keyring/1", parts...)
	return digests, true
}

// takeKeyDigests notes those parts of the keyring in which the peer differs;
// they are listed when nothing else waits.
func (l *Link) takeKeyDigests(ctx context.Context, m keyDigests) {
	mine, ok := l.readKeyring(ctx)
	if !ok || (l.peerDesk() && !l.isDesk()) {
		return
	}
	l.serving.buckets = nil
	for bucket := range 256 {
		if mine[bucket] != m.Digests[bucket] {
			l.serving.buckets = append(l.serving.buckets, byte(bucket))
		}
	}
}

// serveBucket lists one part of the keyring.
func (l *Link) serveBucket(ctx context.Context) {
	bucket := l.serving.buckets[0]
	l.serving.buckets = l.serving.buckets[1:]
	refs, err := l.cfg.Store.KeyringList(ctx, bucket)
	if err != nil {
		l.trouble("list the keyring", err)
		return
	}
	for at := 0; at < len(refs); at += refsPage {
		l.send(typeKeyList, keyList{Refs: refs[at:min(at+refsPage, len(refs))]})
	}
}

// takeKeyList asks for the wraps that are lacking here.
func (l *Link) takeKeyList(ctx context.Context, m keyList) {
	if len(m.Refs) > refsPage || !l.pullsKeys() {
		return
	}
	held := map[byte]map[journal.KeyRef]bool{}
	var lacking []journal.KeyRef
	for _, ref := range m.Refs {
		bucket := ref.Subject[0]
		if held[bucket] == nil {
			held[bucket] = l.refsHeld(ctx, bucket)
		}
		if !held[bucket][ref] && !l.keys.tried[ref] && len(l.keys.tried) < refsAtOnce {
			l.keys.tried[ref] = true
			lacking = append(lacking, ref)
		}
	}
	if len(lacking) > 0 {
		l.send(typeWrapsAsk, keyList{Refs: lacking})
	}
}

func (l *Link) refsHeld(ctx context.Context, bucket byte) map[journal.KeyRef]bool {
	out := map[journal.KeyRef]bool{}
	refs, err := l.cfg.Store.KeyringList(ctx, bucket)
	if err != nil {
		l.trouble("list the keyring", err)
	}
	for _, ref := range refs {
		out[ref] = true
	}
	return out
}

func (l *Link) takeWrapsAsk(ctx context.Context, m keyList) {
	if len(m.Refs) > refsPage || (l.peerDesk() && !l.isDesk()) {
		return // a desk gets wraps with its facts
	}
	wraps, err := l.cfg.Store.Wraps(ctx, l.peer.Device, m.Refs)
	if err != nil {
		l.trouble("read key wraps", err)
		return
	}
	if len(wraps) > 0 {
		l.send(typeWraps, wrapsMessage{Wraps: wraps})
	}
}

func (l *Link) takeWraps(ctx context.Context, m wrapsMessage) {
	if len(m.Wraps) > refsPage || len(m.Wraps) == 0 {
		return
	}
	if err := l.cfg.Store.TakeWraps(ctx, m.Wraps); err != nil {
		l.trouble("take in key wraps", err)
		return
	}
	l.changed()
	l.receipts.look = true
}

// keyringDiffers goes on when a pulse shows another keyring than this one.
// What was tried long ago is tried again.
func (l *Link) keyringDiffers(ctx context.Context, theirs fact.Hash) {
	if theirs == l.keys.digest || !l.pullsKeys() || l.peerDesk() != l.isDesk() && l.isDesk() {
		return
	}
	if l.since(l.keys.fresh) >= 6*l.cfg.Limits.Patience {
		l.keys.tried, l.keys.fresh = map[journal.KeyRef]bool{}, l.now
	}
	l.askKeyring(ctx)
}
