// Package replicate brings the devices of one organisation together.
//
// Its law: a Link is a machine without a clock, a socket, a goroutine or
// chance: messages and the time go in, messages and effects come out, and the
// same input gives the same output. Nothing a peer says is believed without a
// signature that the store has checked. Whatever fails is set aside by feed
// and by peer, and never stops the rest. Every list, queue and number of bytes
// has a limit. Nothing here waits for a view.
package replicate

import (
	"context"
	"errors"

	"holdfast/fact"
	"holdfast/journal"
)

// Store is the journal as replication sees it. Whoever is asked for wraps
// wraps them for the device that is named as to. Each method that takes
// something in returns nil only when it is checked and flushed; taking in
// what is known already is no error.
type Store interface {
	Org() fact.OrgID
	// Admits tells why a device may not be talked to: its card does not hold,
	// or it was cut.
	Admits(ctx context.Context, card fact.Signed) error
	// Tips lists every branch that is held whole, in a fixed order, from memory.
	Tips() []journal.Tip

	// Papers lists the signed cards and certificates that are held.
	Papers() (cards, incarnations []fact.Signed)
	// Roots lists the exchanges of the organisation's roots that are held.
	Roots() []fact.Signed
	// AdmitRoots checks exchanges and keeps the new ones; one that leads on from
	// roots that are not held changes nothing.
	AdmitRoots(ctx context.Context, roots []fact.Signed) error
	// AdmitPapers checks papers against the roots and keeps the new ones.
	AdmitPapers(ctx context.Context, cards, incarnations []fact.Signed) error
	// Introduce takes in what a greeted device was enrolled by, if that is not
	// known here.
	Introduce(ctx context.Context, card fact.Signed, introduction []byte) error

	// HasRoot tells whether a branch here has this root at this size.
	HasRoot(ctx context.Context, p journal.Place) (bool, error)
	// RootsAt gives the roots of a branch at smaller sizes.
	RootsAt(ctx context.Context, p journal.Place, sizes []uint64) ([]fact.Hash, error)
	// ReadRange reads about so many bytes, up to a head. Damaged bytes are an
	// error: damage is never taught.
	ReadRange(ctx context.Context, to fact.Subject, p journal.Place, first uint64, most int) (journal.Range, error)
	// Receive takes a range in, or answers one of the journal's errors. A
	// branch off a known size is taken in as a fork; both are kept.
	Receive(ctx context.Context, r journal.Range) error
	// Reincarnate begins a new incarnation: why is "restored" or "cloned".
	Reincarnate(ctx context.Context, why string) error

	// HeldOf lists what cuts hold back of a subject.
	HeldOf(ctx context.Context, subject fact.Subject) ([]journal.HeldBy, error)
	// TakeHeld keeps what a site node tells a desk of that.
	TakeHeld(ctx context.Context, site fact.Subject, told map[fact.Subject][]journal.HeldBy) error
	// Lacking gives those of a subject's facts that are not held here.
	Lacking(ctx context.Context, subject fact.Subject, ids []fact.ID) ([]fact.ID, error)
	// Anew gives those of the subjects that this desk has let go of; their keys
	// are taken in again from now on.
	Anew(ctx context.Context, subjects []fact.Subject) []journal.Anew
	// Giving says of a desk that it is given keys of these subjects, before it is.
	Giving(ctx context.Context, to fact.Subject, subjects []fact.Subject)
	// GiveAnew says of a desk that it is given such keys again, before it is.
	GiveAnew(ctx context.Context, to fact.Subject, again []journal.Anew)
	// Proved gives facts of one subject with their proofs; those not held whole
	// are left out.
	Proved(ctx context.Context, to, subject fact.Subject, ids []fact.ID) (journal.Proved, error)
	// ReceiveProved takes single facts in, or mends damaged ones.
	ReceiveProved(ctx context.Context, p journal.Proved) error
	// Lost lists facts that should be here and are damaged or missing.
	Lost(ctx context.Context) ([]journal.Lost, error)
	// ProvedAt gives facts by place; those not held whole are left out.
	ProvedAt(ctx context.Context, to fact.Subject, lost []journal.Lost) (journal.Proved, error)

	// KeyringDigests sums up the keyring by the first byte of the subject.
	KeyringDigests(ctx context.Context) ([256]fact.Hash, error)
	// KeyringList lists one part of the keyring in order.
	KeyringList(ctx context.Context, bucket byte) ([]journal.KeyRef, error)
	// Wraps gives the wraps that are held of these keys.
	Wraps(ctx context.Context, to fact.Subject, refs []journal.KeyRef) ([][]byte, error)
	// TakeWraps keeps wraps; one whose subject is erased is dropped silently.
	TakeWraps(ctx context.Context, wraps [][]byte) error

	// MissingBlobs lists attachments that facts here point to and that are not here.
	MissingBlobs(ctx context.Context, most int) ([]fact.Hash, error)
	// ReadBlob gives an attachment's sealed bytes.
	ReadBlob(ctx context.Context, hash fact.Hash) ([]byte, error)
	// TakeBlob keeps sealed bytes that a fact points to.
	TakeBlob(ctx context.Context, sealed []byte) error

	// Receipts gives the newest receipts this device states about the feeds of
	// others, in a fixed order, for what is complete here. Their bytes stay the
	// same for as long as what they cover does.
	Receipts(ctx context.Context) ([][]byte, error)
	// TakeReceipt checks a receipt and keeps the latest per holder and feed.
	TakeReceipt(ctx context.Context, receipt []byte) error
}

var _ Store = (*journal.Journal)(nil)

// Identity is this device towards others; *journal.Device is one.
type Identity interface {
	// Enrolment gives the signed bytes down to the present incarnation.
	Enrolment() (genesis, card, incarnation fact.Signed)
	// Introduction is what this device was enrolled by; nil for the first.
	Introduction() ([]byte, error)
	// Sign signs label ‖ 0 ‖ parts with the key on the device card.
	Sign(label string, parts ...[]byte) []byte
}

var _ Identity = (*journal.Device)(nil)

// Scope says what a desk needs. A site node has one.
type Scope interface {
	// Subjects lists the live work of a desk.
	Subjects(ctx context.Context, desk fact.Subject) ([]fact.Subject, error)
	// Facts lists the facts of a subject, in any order.
	Facts(ctx context.Context, subject fact.Subject) ([]fact.ID, error)
}

// Ender is a Scope that also knows what a desk still holds of work that has ended:
// it may have ended while the desk was out of reach. How it ended is stated when
// the link begins.
type Ender interface {
	Ended(ctx context.Context, desk fact.Subject) ([]fact.Subject, error)
}

// ErrNotYet says that not everything held here can be folded yet: something is
// on its way. States are compared the next time.
var ErrNotYet = errors.New("not everything is folded yet")

// Folded gives the fingerprints of folded states, or ErrNotYet.
type Folded interface {
	State(ctx context.Context) (StateDigest, error)
	Bucket(ctx context.Context, bucket byte) ([]SubjectDigest, error)
}
