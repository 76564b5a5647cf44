package replicate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"holdfast/fact"
	"holdfast/journal"
)

// Config says what a link works with.
type Config struct {
	Store    Store
	Identity Identity
	Board    *Board
	Domain   string   // failure domain of this device
	Program  string   // version of this program, told to others for people to read
	Instance [16]byte // drawn at random when the program starts: tells a device from its clone
	PeerKey  []byte   // Ed25519 key that the carrier has checked; nil: there is no carrier
	Scope    Scope    // what desks need; nil where desks are not served
	Folded   Folded   // nil: folded states are not compared
	Limits   Limits
}

// Limits bound what a link holds in memory and how long it waits. A zero
// field takes its default.
type Limits struct {
	Wants      int           // ranges asked for at once, one more for the control lane: 4
	WantBytes  int           // bytes that one of them may bring: 2 MiB
	RangeBytes int           // bytes that a range is read in: 512 KiB
	Patience   time.Duration // without an answer a thing is asked for again: 10 s
	Pulse      time.Duration // between signs of life: 5 s
	Agree      time.Duration // between comparisons of folded states: 1 min
	Renew      time.Duration // between statements to a desk that nothing has changed for: 1 min
}

func (l Limits) complete() Limits {
	setInt := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	setTime := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	setInt(&l.Wants, 4)
	setInt(&l.WantBytes, 2<<20)
	setInt(&l.RangeBytes, 512<<10)
	setTime(&l.Patience, 10*time.Second)
	setTime(&l.Pulse, 5*time.Second)
	setTime(&l.Agree, time.Minute)
	setTime(&l.Renew, time.Minute)
	return l
}

// Peer is the device at the other end, as its card and greeting say.
type Peer struct {
	Device      fact.Subject
	Kind        fact.DeviceKind
	Name        string
	Domain      string
	Key         []byte
	Incarnation fact.Hash
	Instance    [16]byte // of the running program
	Program     string   // version of its program; empty: it does not say, so it is older than this one
	Version     uint16   // of the protocol that both speak
}

// Out is what a link answers: frames to send in this order, and effects. When
// Close is not empty the connection ends once the frames are sent. Changed
// says that this device holds more than before: its other links are to be
// told by Changed.
type Out struct {
	Send    [][]byte
	Effects []Effect
	Changed bool
	Close   string
}

// Link is one connection to another device of the same organisation. It is
// not safe for use by several goroutines at once.
type Link struct {
	cfg Config
	id  uint64
	now fact.Millis
	out Out

	self         self
	introduction []byte // what this device was enrolled by, as it could be read when the link began
	peer         Peer
	ready        bool // the peer's greeting was accepted
	closed       bool
	cutOff       bool // the peer is cut off here
	unknown      int  // messages of types that this version does not know
	asks         uint64
	heard        fact.Millis
	pulsed       fact.Millis

	papers   paperState
	offers   offerState
	plan     planState
	serving  servingState
	keys     keyState
	blobs    blobState
	receipts receiptState
	stating  statingState // site node towards a desk
	stated   statedState  // desk towards a site node
	agree    agreeState
	mend     mendState
}

// self is this device as the link knows it, until it begins anew.
type self struct {
	card    fact.DeviceCard
	inc     fact.Incarnation
	feeds   [4]fact.FeedID // by lane
	cardRaw fact.Signed
	incRaw  fact.Signed
}

// NewLink makes a link; nothing is sent before Start.
func NewLink(cfg Config) *Link {
	cfg.Limits = cfg.Limits.complete()
	return &Link{
		cfg: cfg, id: cfg.Board.newLink(),
		papers:   newPaperState(),
		offers:   newOfferState(),
		plan:     newPlanState(),
		keys:     newKeyState(),
		blobs:    newBlobState(),
		receipts: newReceiptState(),
		stating:  newStatingState(),
		stated:   newStatedState(),
	}
}

// Start gives the greeting.
func (l *Link) Start(now fact.Millis) (Out, error) {
	l.now, l.heard, l.pulsed = now, now, now
	if err := l.readSelf(); err != nil {
		return Out{}, err
	}
	var err error
	if l.introduction, err = l.cfg.Identity.Introduction(); err != nil { // those who know this device do without
		l.trouble("read what this device was enrolled by", err)
	}
	l.greet(false)
	return l.flush(), nil
}

func (l *Link) greet(answer bool) {
	roots := l.cfg.Store.Roots()
	if sizeOf(roots) > greetingMost { // they come with the papers
		roots = nil
	}
	l.send(typeHello, hello{
		Roots:  roots,
		Lowest: LowestVersion, Highest: HighestVersion, Org: l.cfg.Store.Org(), Answer: answer,
		Card: l.self.cardRaw, Incarnation: l.self.incRaw, Domain: l.cfg.Domain, Instance: l.cfg.Instance, Introduction: l.introduction,
		Program: l.cfg.Program,
	})
}

func (l *Link) readSelf() error {
	_, card, inc := l.cfg.Identity.Enrolment()
	s := self{cardRaw: card, incRaw: inc}
	if err := fact.Decode(card.Bytes, &s.card); err != nil {
		return fmt.Errorf("the card of this device: %w", err)
	}
	if err := fact.Decode(inc.Bytes, &s.inc); err != nil {
		return fmt.Errorf("the certificate of this device: %w", err)
	}
	for _, lane := range fact.Lanes() {
		feed, err := fact.FeedOf(inc, lane)
		if err != nil {
			return err
		}
		s.feeds[lane] = feed
	}
	l.self = s
	return nil
}

// Take takes one frame in. It may be called with the same frame twice, and
// with one that was long on its way.
func (l *Link) Take(ctx context.Context, frame []byte, now fact.Millis) Out {
	if l.closed {
		return Out{}
	}
	l.now, l.heard, l.offers.local = now, now, nil
	t, body, err := splitFrame(frame)
	if err == nil {
		err = l.dispatch(ctx, t, body)
	}
	if err != nil {
		l.close(err.Error())
		return l.flush()
	}
	l.proceed(ctx)
	return l.flush()
}

// Changed tells the link that this device holds more than before.
func (l *Link) Changed(ctx context.Context, now fact.Millis) Out {
	if l.closed {
		return Out{}
	}
	l.now, l.offers.local = now, nil
	if err := l.readSelf(); err != nil { // another link may have begun a new incarnation
		l.trouble("read the papers of this device", err)
	}
	l.receipts.look, l.blobs.look = true, true
	l.retryPaperless()
	l.proceed(ctx)
	return l.flush()
}

// Tick tells the link the time; about once a second is often enough.
func (l *Link) Tick(ctx context.Context, now fact.Millis) Out {
	if l.closed {
		return Out{}
	}
	l.now, l.offers.local = now, nil
	if !l.ready {
		if l.since(l.pulsed) >= l.cfg.Limits.Pulse {
			l.pulsed = now
			l.greet(false)
		}
		return l.flush()
	}
	l.dropLate()
	l.receipts.look, l.blobs.look = true, true
	if l.since(l.pulsed) >= l.cfg.Limits.Pulse {
		l.pulsed = now
		if err := l.cfg.Store.Admits(ctx, l.papers.greeted); err != nil {
			l.endCutOff(err)
			return l.flush()
		}
		l.showPapers()
		l.askMending(ctx)
		l.endLeaving()
		l.sendPulse(ctx)
	}
	l.compareStates(ctx)
	l.stateAgain()
	l.proceed(ctx)
	return l.flush()
}

// proceed does whatever the present state calls for.
func (l *Link) proceed(ctx context.Context) {
	if !l.ready || l.closed {
		return
	}
	l.offer()
	l.schedule(ctx)
	l.fetchBlobs(ctx)
	l.fetchFacts(ctx)
	l.giveReceipts(ctx)
	l.noteLevel(ctx)
}

// Close ends the link from this side and lets other links fetch what it had
// claimed. It is called once, also after the link closed by itself.
func (l *Link) Close() {
	l.closed = true
	l.cfg.Board.freeAll(l.id)
}

func (l *Link) close(reason string) {
	if l.closed {
		return
	}
	l.send(typeRefuse, refuse{Reason: reason, CutOff: l.cutOff})
	l.closed, l.out.Close = true, reason
	l.cfg.Board.freeAll(l.id)
}

// endCutOff ends a link whose peer is not admitted any more.
func (l *Link) endCutOff(err error) {
	l.cutOff = errors.Is(err, journal.ErrCutOff)
	l.close("The device card is not accepted any more: " + err.Error())
}

// Peer tells who is at the other end; false before the greeting.
func (l *Link) Peer() (Peer, bool) { return l.peer, l.ready }

// Heard tells when the peer was heard last.
func (l *Link) Heard() fact.Millis { return l.heard }

// Unknown counts messages that were passed over: of types that this version
// does not know, or before the greeting.
func (l *Link) Unknown() int { return l.unknown }

func (l *Link) send(t messageType, v any) {
	if err := l.trySend(t, v); err != nil {
		l.trouble("write a message", err)
	}
}

func (l *Link) trySend(t messageType, v any) error {
	frame, err := encodeFrame(t, v)
	if err == nil {
		l.out.Send = append(l.out.Send, frame)
	}
	return err
}

func (l *Link) flush() Out {
	out := l.out
	l.out = Out{}
	return out
}

func (l *Link) effect(e Effect) { l.out.Effects = append(l.out.Effects, e) }

// trouble tells of what this side could not do. That the program is stopping is
// none; nor is that the peer was cut off meanwhile, which ends the link.
func (l *Link) trouble(what string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if errors.Is(err, journal.ErrCutOff) {
		l.endCutOff(err)
		return
	}
	l.effect(Trouble{Peer: l.peer.Device, What: what, Err: err})
}

func (l *Link) changed() {
	l.out.Changed = true
	l.offers.local = nil
}

func (l *Link) since(t fact.Millis) time.Duration {
	return time.Duration(l.now-t) * time.Millisecond
}

func (l *Link) nextAsk() uint64 {
	l.asks++
	return l.asks
}

func (l *Link) isDesk() bool   { return l.self.card.Kind == fact.Desk }
func (l *Link) peerDesk() bool { return l.peer.Kind == fact.Desk }

// hashAll hashes parts of fixed length, each in its place.
func hashAll(label string, parts ...[]byte) fact.Hash { return fact.Labelled(label, parts...) }

// VectorOf sums up a set of tips, in whatever order: equal vectors, equal facts.
func VectorOf(tips []journal.Tip) fact.Hash {
	places := make([]journal.Place, len(tips))
	for i, t := range tips {
		places[i] = t.Place()
	}
	return vectorOfPlaces(places)
}

func hashBytes(b []byte) fact.Hash { return sha256.Sum256(b) }
