package replicate

import (
	"holdfast/fact"
	"holdfast/journal"
)

// The versions of the protocol that this program speaks. Two devices speak the
// highest that both do. A field or a message that is added needs no new version:
// it is passed over by who does not know it. What changes the meaning of what is
// there, or the shape of a list, does.
//
// Version 2: a statement says what cuts hold back, and how work ended; a desk
// says what it had let go of.
const (
	LowestVersion  uint16 = 1
	HighestVersion uint16 = 2

	// StatementVersion is the lowest in which a desk's work can be stated.
	StatementVersion uint16 = 2
)

// messageType is the byte in front of a message. Numbers are never reused.
type messageType byte

const (
	typeHello      messageType = 1
	typeRefuse     messageType = 2
	typePaperNames messageType = 3
	typePapers     messageType = 4
	typeHave       messageType = 5
	typeWant       messageType = 6
	typeRange      messageType = 7
	typeSorry      messageType = 8
	typeRootsAsk   messageType = 9
	typeRoots      messageType = 10
	typeKeyDigests messageType = 11
	typeKeyList    messageType = 12
	typeWrapsAsk   messageType = 13
	typeWraps      messageType = 14
	typeBlobAsk    messageType = 15
	typeBlob       messageType = 16
	typeReceipts   messageType = 17
	typeStatement  messageType = 18
	typeFactsAsk   messageType = 19
	typeFacts      messageType = 20
	typeState      messageType = 21
	typeBucketAsk  messageType = 22
	typeBucket     messageType = 23
	typePulse      messageType = 24
	typeAgain      messageType = 25
	typeMendAsk    messageType = 26
)

// hello is the first message of either side.
type hello struct {
	Lowest      uint16      `cbor:"1,keyasint"`
	Highest     uint16      `cbor:"2,keyasint"`
	Org         fact.OrgID  `cbor:"3,keyasint"`
	Card        fact.Signed `cbor:"4,keyasint"`
	Incarnation fact.Signed `cbor:"5,keyasint"`
	Domain      string      `cbor:"6,keyasint"`
	Instance    [16]byte    `cbor:"7,keyasint"`
	Answer      bool        `cbor:"8,keyasint"` // to a greeting that came again

	Introduction []byte        `cbor:"9,keyasint,omitempty"`  // what the device was enrolled by, for those who have lost it
	Program      string        `cbor:"10,keyasint,omitempty"` // version of the program, for people: nothing is decided by it
	Roots        []fact.Signed `cbor:"11,keyasint,omitempty"` // exchanges of roots, by which the card is judged
}

// refuse is the last message: why this side talks no further.
type refuse struct {
	Reason string `cbor:"1,keyasint"`
	CutOff bool   `cbor:"2,keyasint,omitempty"` // the other device is cut off here
}

// paperNames lists the papers that a side holds; what it lacks is sent.
type paperNames struct {
	Begin  bool        `cbor:"1,keyasint"`
	Last   bool        `cbor:"2,keyasint"`
	Hashes []fact.Hash `cbor:"3,keyasint"`
}

type papersMessage struct {
	Cards        []fact.Signed `cbor:"1,keyasint"`
	Incarnations []fact.Signed `cbor:"2,keyasint"`
	Roots        []fact.Signed `cbor:"3,keyasint,omitempty"` // exchanges of roots, taken in first
}

// have offers branches. Each group replaces what was offered of its feed
// before; Begin says that feeds not named from here on are not offered.
type have struct {
	Number uint64      `cbor:"1,keyasint"`
	Begin  bool        `cbor:"2,keyasint"`
	Last   bool        `cbor:"3,keyasint"`
	Groups []haveGroup `cbor:"4,keyasint"`
}

type haveGroup struct {
	_    struct{} `cbor:",toarray"`
	Feed fact.FeedID
	Tips []journal.Tip
}

// want asks for the facts of a branch from First on, until about Most bytes.
type want struct {
	Ask   uint64        `cbor:"1,keyasint"`
	Place journal.Place `cbor:"2,keyasint"`
	First uint64        `cbor:"3,keyasint"`
	Most  uint32        `cbor:"4,keyasint"`
}

type rangeMessage struct {
	Ask   uint64        `cbor:"1,keyasint"`
	Last  bool          `cbor:"2,keyasint"` // the want is answered
	Range journal.Range `cbor:"3,keyasint"`
}

// sorry answers what can't be given at present.
type sorry struct {
	Ask uint64 `cbor:"1,keyasint"`
	Why string `cbor:"2,keyasint"`
}

type rootsAsk struct {
	Ask   uint64        `cbor:"1,keyasint"`
	Place journal.Place `cbor:"2,keyasint"`
	Sizes []uint64      `cbor:"3,keyasint"`
}

type rootsMessage struct {
	Ask   uint64      `cbor:"1,keyasint"`
	Roots []fact.Hash `cbor:"2,keyasint"`
}

// keyDigests asks for the lists of those parts of the keyring that differ.
type keyDigests struct {
	Digests [256]fact.Hash `cbor:"1,keyasint"`
}

type keyList struct {
	Refs []journal.KeyRef `cbor:"1,keyasint"`
}

type wrapsMessage struct {
	Wraps [][]byte `cbor:"1,keyasint"`
}

type blobAsk struct {
	Ask  uint64    `cbor:"1,keyasint"`
	Hash fact.Hash `cbor:"2,keyasint"`
	From uint64    `cbor:"3,keyasint"`
}

type blobMessage struct {
	Ask   uint64 `cbor:"1,keyasint"`
	From  uint64 `cbor:"2,keyasint"`
	Total uint64 `cbor:"3,keyasint"`
	Bytes []byte `cbor:"4,keyasint"`
}

type receiptsMessage struct {
	Receipts [][]byte `cbor:"1,keyasint"`
}

type factsAsk struct {
	Ask    uint64       `cbor:"1,keyasint"`
	Groups []factsGroup `cbor:"2,keyasint"`

	Anew []journal.Anew `cbor:"3,keyasint,omitempty"` // of the subjects named, those that the desk had let go of
}

// factsGroup is facts of one subject.
type factsGroup struct {
	_       struct{} `cbor:",toarray"`
	Subject fact.Subject
	IDs     []fact.ID
}

type mendAsk struct {
	Ask  uint64         `cbor:"1,keyasint"`
	Lost []journal.Lost `cbor:"2,keyasint"`
}

type factsMessage struct {
	Ask    uint64         `cbor:"1,keyasint"`
	Last   bool           `cbor:"2,keyasint"`
	Proved journal.Proved `cbor:"3,keyasint"`
}

// StateDigest is the fingerprint of all folded states of a device.
type StateDigest struct {
	Vector  fact.Hash      `cbor:"1,keyasint"` // VectorOf the tips that were folded
	Fold    string         `cbor:"2,keyasint"` // version of the folds
	Held    fact.Hash      `cbor:"3,keyasint"` // of the held set
	Whole   fact.Hash      `cbor:"4,keyasint"`
	Buckets [256]fact.Hash `cbor:"5,keyasint"` // by first byte of the subject
}

// comparable tells whether two fingerprints must be equal.
func (s StateDigest) comparable(t StateDigest) bool {
	return s.Vector == t.Vector && s.Fold == t.Fold && s.Held == t.Held
}

// SubjectDigest is the fingerprint of one subject's folded state.
type SubjectDigest struct {
	_       struct{} `cbor:",toarray"`
	Subject fact.Subject
	Digest  fact.Hash
}

type bucketAsk struct {
	Vector fact.Hash `cbor:"1,keyasint"`
	Bucket byte      `cbor:"2,keyasint"`
}

type bucketMessage struct {
	Vector   fact.Hash       `cbor:"1,keyasint"`
	Bucket   byte            `cbor:"2,keyasint"`
	Subjects []SubjectDigest `cbor:"3,keyasint"`
}

// pulse says that a side lives, and sums up what it has said, so that
// whatever was lost on the way is said again.
type pulse struct {
	Offers    fact.Hash `cbor:"1,keyasint"`
	Papers    fact.Hash `cbor:"2,keyasint"`
	Keyring   fact.Hash `cbor:"3,keyasint"`
	Receipts  fact.Hash `cbor:"4,keyasint"`
	Statement uint64    `cbor:"5,keyasint"`
}

// again asks for what a pulse showed to be missing.
type again struct {
	Offers    bool `cbor:"1,keyasint"`
	Receipts  bool `cbor:"2,keyasint"`
	Statement bool `cbor:"3,keyasint"`
}
