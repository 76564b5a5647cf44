package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/fact"
)

// The start folder holds what must not come back from a backup or an image:
// the start token and the keys of incarnations. Its tag tells backup programs
// to leave it out (bford.info/cachedir).
const (
	startFolder = "start"
	cacheTag    = "Signature: 8a477f597d28d172789f06886806bc55\n" +
		"# Holdfast keeps here what must never be restored or copied to another machine.\n"
)

// startNote is what the start folder says: the token that the journal also
// knows, and how far the feeds had come when it was last written.
type startNote struct {
	Tokens [][32]byte   `cbor:"1,keyasint"` // two while one is being replaced
	Feeds  []fact.After `cbor:"2,keyasint"`
}

func startPath(dir string) string { return filepath.Join(dir, startFolder, "token") }

func tokenHash(token [32]byte) fact.Hash { return fact.Labelled("holdfast/start/1", token[:]) }

func makeStartFolder(dir string, store Store) error {
	folder := filepath.Join(dir, startFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := store.Replace(filepath.Join(folder, "CACHEDIR.TAG"), []byte(cacheTag)); err != nil {
		return err
	}
	return store.SyncFolder(dir)
}

// readStart gives an empty note when there is none or when it can't be read:
// both mean that this is not the start this journal remembers.
func readStart(dir string) (startNote, error) {
	var n startNote
	b, err := os.ReadFile(startPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return startNote{}, nil
	}
	if err != nil {
		return startNote{}, err
	}
	if fact.Decode(b, &n) != nil {
		return startNote{}, nil
	}
	return n, nil
}

func writeStart(dir string, store Store, n startNote) error {
	b, err := fact.Encode(n)
	if err != nil {
		return err
	}
	return store.Replace(startPath(dir), b)
}

// matches tells whether the journal with this token hash and these feeds is
// the one that was last running here.
func (n startNote) matches(want fact.Hash, sizes map[fact.FeedID]uint64) bool {
	for _, f := range n.Feeds {
		if sizes[f.Feed] < f.Size {
			return false // the journal is older than what was here: restored
		}
	}
	for _, t := range n.Tokens {
		if tokenHash(t) == want {
			return true
		}
	}
	return false
}

// renewStart gives every start a token of its own, in an order that survives
// a crash between any two steps.
func renewStart(o Options, store Store, c *sqlConn, old startNote, feeds []fact.After) (startNote, error) {
	next, err := newToken(o.Random)
	if err != nil {
		return startNote{}, err
	}
	both := startNote{Tokens: append([][32]byte{next}, old.Tokens...), Feeds: feeds}
	if len(both.Tokens) > 3 {
		both.Tokens = both.Tokens[:3]
	}
	if err := writeStart(o.Dir, store, both); err != nil {
		return startNote{}, err
	}
	hash := tokenHash(next)
	if err := c.exec("INSERT OR REPLACE INTO meta(name, value) VALUES('start', ?)", hash[:]); err != nil {
		return startNote{}, fmt.Errorf("keep the start token: %w", err)
	}
	only := startNote{Tokens: [][32]byte{next}, Feeds: feeds}
	return only, writeStart(o.Dir, store, only)
}

func newToken(random io.Reader) ([32]byte, error) {
	var t [32]byte
	_, err := io.ReadFull(random, t[:])
	return t, err
}
