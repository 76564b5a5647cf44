package journal

import (
	"context"
	"crypto/ed25519"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Proof shows that a fact stands in a feed: the newest signed head that covers
// it and the hashes from its header up to the head's root (RFC 6962).
type Proof struct {
	Head   []byte
	Hashes []fact.Hash
}

// Prove gives the proof of one fact of this device's feeds; Missing if it is
// not in them.
func (j *Journal) Prove(ctx context.Context, f fact.Fact) (Proof, error) {
	if err := ctx.Err(); err != nil {
		return Proof{}, err
	}
	var p Proof
	err := j.file.Load().read(func(c *sqlConn) error {
		num, err := c.oneInt("SELECT num FROM feeds WHERE feed=?", f.Header.Feed[:])
		if err != nil {
			return err
		}
		if p.Head, err = c.oneBytes("SELECT head FROM heads WHERE feed=? ORDER BY size DESC LIMIT 1", num); err != nil {
			return err
		}
		size, err := c.oneInt("SELECT max(size) FROM heads WHERE feed=?", num)
		if err != nil || uint64(size) <= f.Header.Seq {
			return errors.Join(err, refusal.New(refusal.Missing, "This fact is not in the feeds kept here."))
		}
		hashes, err := tlog.ProveRecord(size, int64(f.Header.Seq), treeReader(c, num))
		for _, h := range hashes {
			p.Hashes = append(p.Hashes, fact.Hash(h))
		}
		return err
	})
	return p, err
}

// Check tells whether the proof shows that a header stands in the feed whose
// incarnation has this key.
func (p Proof) Check(h fact.Header, key ed25519.PublicKey) error {
	head, err := fact.OpenHead(p.Head, key)
	if err != nil {
		return err
	}
	if head.Feed != h.Feed || head.Org != h.Org || h.Seq >= head.Size {
		return errors.New("the head covers another feed or ends before this fact")
	}
	proof := make(tlog.RecordProof, len(p.Hashes))
	for i, hash := range p.Hashes {
		proof[i] = tlog.Hash(hash)
	}
	return tlog.CheckRecord(proof, int64(head.Size), tlog.Hash(head.Root), int64(h.Seq), tlog.RecordHash(h.Marshal()))
}
