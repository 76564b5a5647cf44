package journal

import (
	"errors"

	"holdfast/fact"
)

// Tip is the end of one branch of a feed as a device holds it. A feed has one
// branch, unless its device was cloned or its history altered.
type Tip struct {
	_    struct{} `cbor:",toarray"`
	Feed fact.FeedID
	Lane fact.Lane
	Cert fact.Hash // hash of the incarnation's signed certificate
	Size uint64
	Root fact.Hash
	Head []byte // signed, exact bytes; covers exactly Size
}

// Place names one branch at one size: whoever holds a branch that has this
// root at this size can serve it.
type Place struct {
	_    struct{} `cbor:",toarray"`
	Feed fact.FeedID
	Size uint64
	Root fact.Hash
}

// Place names the tip.
func (t Tip) Place() Place { return Place{Feed: t.Feed, Size: t.Size, Root: t.Root} }

// Range is consecutive facts of one branch with all that another device needs
// to take them in: nothing in it is believed without a signature.
type Range struct {
	_       struct{} `cbor:",toarray"`
	Feed    fact.FeedID
	First   uint64
	Before  []fact.Hash // edge of the tree over what comes before First, largest subtree first
	Headers [][]byte    // exact bytes
	Bodies  [][]byte    // sealed, one for each header
	Head    []byte      // signed; covers exactly First+len(Headers)
	Wraps   [][]byte    // wraps of the subject keys that the bodies need, as far as held
}

// Proved is single facts, each with its proof below a signed head (RFC 6962).
type Proved struct {
	_     struct{} `cbor:",toarray"`
	Heads [][]byte
	Facts []ProvedFact
	Wraps [][]byte
}

// ProvedFact is one fact with its inclusion proof.
type ProvedFact struct {
	_      struct{} `cbor:",toarray"`
	Header []byte
	Body   []byte
	Head   uint32 // index in Heads
	Hashes []fact.Hash
}

// Lost names a fact that should be here and is damaged or missing.
type Lost struct {
	_    struct{} `cbor:",toarray"`
	Feed fact.FeedID
	Seq  uint64
}

// KeyRef names a subject key without giving it away.
type KeyRef struct {
	_       struct{} `cbor:",toarray"`
	Subject fact.Subject
	Key     fact.KeyID
}

// Why a range or a proved fact was not taken in. Any other error is the
// disk's, or a bug.
var (
	ErrGap   = errors.New("the range begins behind what is held here")
	ErrApart = errors.New("the range continues no branch that is held here")
	ErrOwn   = errors.New("the range is of this device's own present feed")
	ErrPaper = errors.New("the certificate of this feed is not known here")
	ErrBad   = errors.New("the range does not hold")
)
