package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"fmt"
	"path/filepath"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ExportSource reads a journal from front to back at one moment, byte for byte
// as it was signed, for an open export. It writes nothing and may read beside
// a journal that is open. Everything is handed over row by row.
type ExportSource struct {
	ctx    context.Context
	c      *sqlConn
	org    fact.OrgID
	card   fact.Hash // of this device's signed card
	device ed25519.PrivateKey
	epoch  hpke.PrivateKey
}

// ExportBranch is one branch of a feed. A feed has one, numbered 0, unless its
// device was cloned or its history altered.
type ExportBranch struct {
	Feed   fact.FeedID
	Lane   fact.Lane
	Branch int
	First  uint64 // sequence of its first own fact

	num int64
}

// OpenExport opens the journal in a folder for an export. The keys are needed
// because the device signs what leaves it.
func OpenExport(ctx context.Context, dir string, o Options) (*ExportSource, error) {
	o.Dir = dir
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if !Here(o.Dir) {
		return nil, refusal.Newf(refusal.Missing, "There is no journal in %s.", dir)
	}
	if o.Demo, err = IsDemo(o.Dir); err != nil {
		return nil, err
	}
	keys, err := openKeybox(filepath.Join(o.Dir, keysFolder), o, o.Store)
	if err != nil {
		return nil, err
	}
	s := &ExportSource{ctx: ctx}
	if s.device, err = keys.signing(keyDevice); err != nil {
		return nil, err
	}
	if s.epoch, err = keys.epoch(); err != nil {
		return nil, err
	}
	current, err := currentFile(o.Dir)
	if err != nil {
		return nil, err
	}
	if s.c, err = openConn(current.path, o.Store.VFS(), "ro"); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// begin fixes the moment and finds out who this device is.
func (s *ExportSource) begin() error {
	if err := s.c.exec("BEGIN"); err != nil {
		return err
	}
	return s.Papers(func(sort uint8, signed []byte) error {
		var paper fact.Signed
		if sort != paperGenesis && sort != paperCard {
			return nil
		}
		if err := fact.Decode(signed, &paper); err != nil {
			return fmt.Errorf("a paper can't be read, run holdfast verify: %w", err)
		}
		if sort == paperGenesis {
			s.org = fact.OrgID(fact.Labelled("holdfast/genesis/1", paper.Bytes))
			return nil
		}
		var card fact.DeviceCard
		if err := fact.Decode(paper.Bytes, &card); err != nil {
			return fmt.Errorf("a device card can't be read, run holdfast verify: %w", err)
		}
		if !bytes.Equal(card.Key, s.device.Public().(ed25519.PublicKey)) {
			return nil
		}
		var err error
		s.card, err = paper.Hash()
		return err
	})
}

// Close ends the reading.
func (s *ExportSource) Close() error { return s.c.close() }

// Org names the organisation.
func (s *ExportSource) Org() fact.OrgID { return s.org }

// Sign signs with this device's key.
func (s *ExportSource) Sign(label string, b []byte) []byte {
	return fact.SignLabelled(s.device, label, b)
}

// Card names the signed card of the device that signs.
func (s *ExportSource) Card() fact.Hash { return s.card }

// Epochs gives the private halves of the organisation's epochs by number. They
// open every body.
func (s *ExportSource) Epochs() (map[uint32][]byte, error) {
	secret, err := s.epoch.Bytes()
	return map[uint32][]byte{1: secret}, err
}

// About tells roughly how many facts there are.
func (s *ExportSource) About() (int64, error) { return s.c.oneInt("SELECT max(pos) FROM facts") }

// Papers gives genesis, cards and incarnation certificates: sort and exact
// bytes, the genesis first.
func (s *ExportSource) Papers(each func(sort uint8, signed []byte) error) error {
	return s.each("SELECT sort, signed FROM papers ORDER BY sort, hash", func(v []driverValue) error {
		return each(uint8(v[0].(int64)), v[1].([]byte))
	})
}

// Branches lists every branch of every feed, ordered by feed and branch.
func (s *ExportSource) Branches() ([]ExportBranch, error) {
	var out []ExportBranch
	const query = "SELECT f.num, f.feed, f.lane, coalesce((SELECT min(seq) FROM facts WHERE feed=f.num), 0) FROM feeds f ORDER BY f.feed, f.num"
	err := s.each(query, func(v []driverValue) error {
		b := ExportBranch{num: v[0].(int64), Lane: fact.Lane(v[2].(int64)), First: uint64(v[3].(int64))}
		copy(b.Feed[:], v[1].([]byte))
		if n := len(out); n > 0 && out[n-1].Feed == b.Feed {
			b.Branch = out[n-1].Branch + 1
		}
		out = append(out, b)
		return nil
	})
	return out, err
}

// Facts gives the facts of a branch in order, from First on.
func (s *ExportSource) Facts(b ExportBranch, each func(header, body []byte) error) error {
	return s.each("SELECT header, body FROM facts WHERE feed=? ORDER BY seq", func(v []driverValue) error {
		return each(v[0].([]byte), v[1].([]byte))
	}, b.num)
}

// Heads gives the signed heads of a branch, the smallest first.
func (s *ExportSource) Heads(b ExportBranch, each func(head []byte) error) error {
	return s.each("SELECT head FROM heads WHERE feed=? ORDER BY size", func(v []driverValue) error {
		return each(v[0].([]byte))
	}, b.num)
}

// Receipts gives the receipts that other devices signed about these feeds.
func (s *ExportSource) Receipts(each func(receipt []byte) error) error {
	has, err := s.c.oneInt("SELECT count(*) FROM sqlite_master WHERE type='table' AND name='receipts'")
	if err != nil || has == 0 {
		return err // a journal from before there were receipts
	}
	return s.each("SELECT receipt FROM receipts ORDER BY holder, feed", func(v []driverValue) error {
		return each(v[0].([]byte))
	})
}

// Wraps gives the key wraps of the keyring.
func (s *ExportSource) Wraps(each func(wrap []byte) error) error {
	return s.each("SELECT wrap FROM wraps ORDER BY subject, kid, wrapper", func(v []driverValue) error {
		return each(v[0].([]byte))
	})
}

// Attachments gives the sealed attachments and the hashes that name them.
func (s *ExportSource) Attachments(each func(hash, sealed []byte) error) error {
	return s.each("SELECT hash, sealed FROM attachments ORDER BY hash", func(v []driverValue) error {
		return each(v[0].([]byte), v[1].([]byte))
	})
}

func (s *ExportSource) each(query string, row func(v []driverValue) error, args ...driverValue) error {
	return s.c.each(query, func(v []driverValue) error {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		return row(v)
	}, args...)
}
