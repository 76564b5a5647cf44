package replicate

import (
	"context"
	"errors"

	"holdfast/fact"
)

const (
	bucketSubjects = 16384
	disagreeMost   = 256
)

// agreeState is how folded states compare with the peer's.
type agreeState struct {
	last   fact.Millis // when this side last said its own
	level  bool        // everything on offer had arrived when it was last looked
	once   bool        // it had, at some time
	left   fact.Millis // when it last ceased to be so
	mine   StateDigest
	known  bool
	theirs StateDigest
	heard  bool
}

// noteLevel tells of a healing, and compares states after it. The moment in
// which a new fact is under way is no separation.
func (l *Link) noteLevel(ctx context.Context) {
	a, level := &l.agree, l.Level()
	if !level && a.level {
		a.left = l.now
	}
	if level && !a.level && (!a.once || l.since(a.left) >= l.cfg.Limits.Pulse) {
		a.once = true
		l.effect(Healed{Peer: l.peer.Device})
		l.sayState(ctx)
		l.askKeyring(ctx) // what the ranges did not bring
	}
	a.level = level
}

// compareStates says this side's state once in a while.
func (l *Link) compareStates(ctx context.Context) {
	if l.since(l.agree.last) >= l.cfg.Limits.Agree {
		l.sayState(ctx)
	}
}

func (l *Link) sayState(ctx context.Context) {
	l.agree.last = l.now
	if !l.readState(ctx) {
		return
	}
	l.send(typeState, l.agree.mine)
}

// readState reads the folded states of this device. Desks hold parts only,
// and are not compared.
func (l *Link) readState(ctx context.Context) bool {
	if l.cfg.Folded == nil || l.isDesk() || l.peerDesk() {
		return false
	}
	s, err := l.cfg.Folded.State(ctx)
	if errors.Is(err, ErrNotYet) {
		return false
	}
	if err != nil {
		l.trouble("sum up the folded states", err)
		return false
	}
	l.agree.mine, l.agree.known = s, true
	return true
}

// takeState compares. Unless the same facts were folded by the same folds,
// nothing follows from a difference.
func (l *Link) takeState(ctx context.Context, m StateDigest) {
	l.agree.theirs, l.agree.heard = m, true
	if !l.readState(ctx) || !l.agree.mine.comparable(m) || l.agree.mine.Whole == m.Whole {
		return
	}
	for bucket := range 256 {
		if l.agree.mine.Buckets[bucket] != m.Buckets[bucket] {
			l.send(typeBucketAsk, bucketAsk{Vector: m.Vector, Bucket: byte(bucket)})
		}
	}
}

func (l *Link) takeBucketAsk(ctx context.Context, m bucketAsk) {
	if !l.readState(ctx) || l.agree.mine.Vector != m.Vector {
		return // it has moved on; the next comparison tells
	}
	list, err := l.cfg.Folded.Bucket(ctx, m.Bucket)
	if err != nil {
		l.trouble("list folded states", err)
		return
	}
	for at := 0; at == 0 || at < len(list); at += bucketSubjects {
		l.send(typeBucket, bucketMessage{Vector: m.Vector, Bucket: m.Bucket, Subjects: list[at:min(at+bucketSubjects, len(list))]})
	}
}

// takeBucket names the subjects in which two devices differ.
func (l *Link) takeBucket(ctx context.Context, m bucketMessage) {
	if len(m.Subjects) > bucketSubjects || !l.readState(ctx) || l.agree.mine.Vector != m.Vector {
		return
	}
	list, err := l.cfg.Folded.Bucket(ctx, m.Bucket)
	if err != nil {
		l.trouble("list folded states", err)
		return
	}
	theirs := make(map[fact.Subject]fact.Hash, len(m.Subjects))
	for _, s := range m.Subjects {
		theirs[s.Subject] = s.Digest
	}
	var differ []fact.Subject
	for _, s := range list {
		digest, there := theirs[s.Subject]
		if (!there && len(m.Subjects) < bucketSubjects) || (there && digest != s.Digest) {
			differ = append(differ, s.Subject)
		}
		delete(theirs, s.Subject)
	}
	if len(list) < bucketSubjects {
		for s := range theirs {
			differ = append(differ, s)
		}
	}
	if len(differ) == 0 {
		return
	}
	sortSubjects(differ)
	l.effect(Disagree{Peer: l.peer.Device, Subjects: differ[:min(len(differ), disagreeMost)]})
}
