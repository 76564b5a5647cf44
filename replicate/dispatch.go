package replicate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"holdfast/fact"
	"holdfast/journal"
)

// with decodes a message and hands it on. Only bytes that are no message are
// an error; it closes the link.
func with[T any](body []byte, handle func(m T)) error {
	var m T
	if err := decodeBody(body, &m); err != nil {
		return err
	}
	handle(m)
	return nil
}

// dispatch hands a message to its handler. A type that is not known belongs
// to a newer version: it is counted and passed over.
func (l *Link) dispatch(ctx context.Context, t messageType, body []byte) error {
	switch t {
	case typeHello:
		return with(body, func(m hello) { l.takeHello(ctx, m) })
	case typeRefuse:
		return with(body, func(m refuse) { l.takeRefuse(m) })
	}
	if !l.ready { // a greeting was lost on the way; it comes again
		l.unknown++
		return nil
	}
	for _, family := range []func(context.Context, messageType, []byte) (bool, error){
		l.dispatchFeeds, l.dispatchAside, l.dispatchDesk,
	} {
		if known, err := family(ctx, t, body); known {
			return err
		}
	}
	l.unknown++
	return nil
}

// dispatchFeeds handles what moves whole feeds.
func (l *Link) dispatchFeeds(ctx context.Context, t messageType, body []byte) (bool, error) {
	switch t {
	case typePaperNames:
		return true, with(body, func(m paperNames) { l.takePaperNames(m) })
	case typePapers:
		return true, with(body, func(m papersMessage) { l.takePapers(ctx, m) })
	case typeHave:
		return true, with(body, func(m have) { l.takeHave(m) })
	case typeWant:
		return true, with(body, func(m want) { l.takeWant(m) })
	case typeRange:
		return true, with(body, func(m rangeMessage) { l.takeRange(ctx, m) })
	case typeSorry:
		return true, with(body, func(m sorry) { l.takeSorry(m) })
	case typeRootsAsk:
		return true, with(body, func(m rootsAsk) { l.takeRootsAsk(ctx, m) })
	case typeRoots:
		return true, with(body, func(m rootsMessage) { l.takeRoots(ctx, m) })
	case typePulse:
		return true, with(body, func(m pulse) { l.takePulse(ctx, m) })
	case typeAgain:
		return true, with(body, func(m again) { l.takeAgain(ctx, m) })
	}
	return false, nil
}

// dispatchAside handles what travels beside the feeds.
func (l *Link) dispatchAside(ctx context.Context, t messageType, body []byte) (bool, error) {
	switch t {
	case typeKeyDigests:
		return true, with(body, func(m keyDigests) { l.takeKeyDigests(ctx, m) })
	case typeKeyList:
		return true, with(body, func(m keyList) { l.takeKeyList(ctx, m) })
	case typeWrapsAsk:
		return true, with(body, func(m keyList) { l.takeWrapsAsk(ctx, m) })
	case typeWraps:
		return true, with(body, func(m wrapsMessage) { l.takeWraps(ctx, m) })
	case typeBlobAsk:
		return true, with(body, func(m blobAsk) { l.takeBlobAsk(ctx, m) })
	case typeBlob:
		return true, with(body, func(m blobMessage) { l.takeBlob(ctx, m) })
	case typeReceipts:
		return true, with(body, func(m receiptsMessage) { l.takeReceipts(ctx, m) })
	case typeState:
		return true, with(body, func(m StateDigest) { l.takeState(ctx, m) })
	case typeBucketAsk:
		return true, with(body, func(m bucketAsk) { l.takeBucketAsk(ctx, m) })
	case typeBucket:
		return true, with(body, func(m bucketMessage) { l.takeBucket(ctx, m) })
	}
	return false, nil
}

// dispatchDesk handles single facts: what desks get, and mending.
func (l *Link) dispatchDesk(ctx context.Context, t messageType, body []byte) (bool, error) {
	switch t {
	case typeStatement:
		return true, with(body, func(m signedStatement) { l.takeStatement(ctx, m) })
	case typeFactsAsk:
		return true, with(body, func(m factsAsk) { l.takeFactsAsk(m) })
	case typeFacts:
		return true, with(body, func(m factsMessage) { l.takeFacts(ctx, m) })
	case typeMendAsk:
		return true, with(body, func(m mendAsk) { l.takeMendAsk(m) })
	}
	return false, nil
}

// takeHello decides whether this peer is talked to.
func (l *Link) takeHello(ctx context.Context, m hello) {
	if l.ready {
		if !m.Answer { // it came twice, or the peer has not heard this side's
			l.greet(true)
		}
		return
	}
	l.admitRoots(ctx, m)
	if why := l.refusal(ctx, m); why != "" {
		l.close(why)
		return
	}
	var card fact.DeviceCard
	if err := fact.Decode(m.Card.Bytes, &card); err != nil {
		l.close("The device card can't be read.")
		return
	}
	inc, err := m.Incarnation.Hash()
	if err != nil {
		l.close("The certificate can't be read.")
		return
	}
	l.peer = Peer{
		Device: card.Device, Kind: card.Kind, Name: card.Name, Domain: m.Domain, Key: card.Key, Incarnation: inc, Instance: m.Instance,
		Program: programSaid(m.Program), Version: min(HighestVersion, m.Highest),
	}
	l.ready = true
	l.admitGreeting(ctx, m)
	l.showPapers()
	l.listPapers()
	l.beginStatement(ctx)
}

// refusal says why a peer is not talked to, or nothing.
func (l *Link) refusal(ctx context.Context, m hello) string {
	if m.Org != l.cfg.Store.Org() {
		return "This device belongs to another organisation."
	}
	if m.Highest < LowestVersion || m.Lowest > HighestVersion || m.Lowest > m.Highest {
		return fmt.Sprintf("No common version: this device speaks %d to %d, the other %d to %d. Update the program on the older one. Until then each works for itself, and nothing is lost.",
			LowestVersion, HighestVersion, m.Lowest, m.Highest)
	}
	if m.Instance == l.cfg.Instance {
		return "This address is of this very device."
	}
	if err := l.cfg.Store.Admits(ctx, m.Card); err != nil {
		l.cutOff = errors.Is(err, journal.ErrCutOff)
		return "The device card is not accepted: " + err.Error()
	}
	var card fact.DeviceCard
	if err := fact.Decode(m.Card.Bytes, &card); err != nil {
		return "The device card can't be read."
	}
	if l.cfg.PeerKey != nil && !bytes.Equal(card.Key, l.cfg.PeerKey) {
		return "The connection was opened with another key than the one on the device card."
	}
	if _, err := fact.OpenIncarnation(m.Incarnation, m.Card, card); err != nil {
		return "The certificate does not belong to the device card."
	}
	if (card.Kind == fact.Desk) != l.isDesk() && m.Highest < StatementVersion {
		return fmt.Sprintf("The work of a desk can't be stated between these two: that takes version %d of what devices speak, and %s speaks %d at most. Update the program on %s. Until then the desk works by itself, and nothing is lost.",
			StatementVersion, card.Name, m.Highest, card.Name)
	}
	return ""
}

// mostProgram bounds the version that a program says it has.
const mostProgram = 64

// programSaid is a version as another program says it, if it looks like one: it is
// shown to people.
func programSaid(s string) string {
	odd := func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".+-_~", r))
	}
	if len(s) > mostProgram || strings.ContainsFunc(s, odd) {
		return ""
	}
	return s
}

// takeRefuse ends the link with the reason that the peer gave.
func (l *Link) takeRefuse(m refuse) {
	reason := m.Reason
	if len(reason) > 300 {
		reason = reason[:300]
	}
	if m.CutOff && l.ready && l.isDesk() && !l.peerDesk() {
		l.effect(CutOff{Peer: l.peer.Device})
	}
	l.closed, l.out.Close = true, "the other device: "+reason
	l.cfg.Board.freeAll(l.id)
}
