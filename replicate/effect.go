package replicate

import (
	"holdfast/fact"
	"holdfast/journal"
)

// Effect is something that the owner of a Link must know of: one of the types
// below. None of them has stopped the link.
type Effect interface{ effect() }

// Forked: this feed has two histories; both are kept. Sequence At is the first
// fact in which they differ.
type Forked struct {
	Peer   fact.Subject
	Feed   fact.FeedID
	At     uint64
	Ours   journal.Place
	Theirs journal.Place
}

// Reincarnated: a peer held more of this device's present feed than it did
// itself, or another history of it, so a new incarnation has begun.
type Reincarnated struct {
	Peer   fact.Subject
	Why    string // restored or cloned
	Feed   fact.FeedID
	At     uint64 // first sequence that is not held here or differs
	Theirs journal.Place
}

// RolledBack: a peer offers less of a feed than it had offered before.
type RolledBack struct {
	Peer fact.Subject
	Feed fact.FeedID
	Was  journal.Place
	Now  uint64
}

// Damaged: what a peer gave of a feed does not hold from sequence Seq on. That
// feed of that peer is set aside for a while.
type Damaged struct {
	Peer fact.Subject
	Feed fact.FeedID
	Seq  uint64
	Why  string
}

// Omitted: a fact that a signed statement names did not come, or the statement
// itself does not hold; then Fact is zero.
type Omitted struct {
	Peer    fact.Subject
	Subject fact.Subject
	Fact    fact.ID
	Why     string
}

// Stated: a site node's signed statement of what this desk should hold was
// checked and taken in.
type Stated struct {
	Peer      fact.Subject
	Number    uint64
	Digest    fact.Hash
	Statement []byte // exact bytes, evidence

	Whole bool             // what was stated before counts no more
	Parts []StatementEntry // what it changes
}

// LetGo: these subjects left the desk's live work. They may be let go when all
// the desk wrote about them is safe at the site.
type LetGo struct {
	Peer     fact.Subject
	Subjects []fact.Subject
}

// Disagree: the same facts were folded to different states.
type Disagree struct {
	Peer     fact.Subject
	Subjects []fact.Subject
}

// Healed: after a separation everything on offer, in both directions, has
// arrived.
type Healed struct{ Peer fact.Subject }

// Trouble: the store of this device failed at something; it is tried again.
type Trouble struct {
	Peer fact.Subject
	What string
	Err  error
}

func (Forked) effect()       {}
func (Reincarnated) effect() {}
func (RolledBack) effect()   {}
func (Damaged) effect()      {}
func (Omitted) effect()      {}
func (Stated) effect()       {}
func (LetGo) effect()        {}
func (Disagree) effect()     {}
func (Healed) effect()       {}
func (Trouble) effect()      {}
func (CutOff) effect()       {}

// CutOff: a site node talks to this desk no more, because the desk is cut off
// from the organisation. The desk may not hold the fact that says so.
type CutOff struct{ Peer fact.Subject }
