package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"math"
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
	epochs []heldEpoch
}

// ExportBranch is one branch of a feed. A feed has one, numbered 0, unless its
// device was cloned or its history altered.
type ExportBranch struct {
	Feed   fact.FeedID
	Lane   fact.Lane
	Branch int
	First  uint64 // sequence of its first fact that branch 0 has not

	legs []exportLeg
}

// exportLeg is a stretch of a branch as it lies in the journal.
type exportLeg struct {
	num      int64
	from, to uint64
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
	if s.epochs, err = keys.epochs(); errors.Is(err, fs.ErrNotExist) {
		return nil, refusal.New(refusal.Forbidden, "A desk holds only part of the record. Make the export on a site node.")
	} else if err != nil {
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
	format, err := s.c.oneBytes("SELECT value FROM meta WHERE name='format'")
	if err != nil {
		return err
	}
	if string(format) != formatName {
		return refusal.New(refusal.Unavailable, "This journal has another form than this program writes. Start Holdfast on it once, then export.")
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

// Epochs gives the private halves of the organisation's epochs that are held
// here, numbered, the first as 1. They open every body.
func (s *ExportSource) Epochs() (map[uint32][]byte, error) {
	out := map[uint32][]byte{}
	for i, e := range s.epochs {
		secret, err := e.private.Bytes()
		if err != nil {
			return nil, err
		}
		out[uint32(i+1)] = secret
	}
	return out, nil
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

// exportRow is one row of the table of feeds.
type exportRow struct {
	ExportBranch
	num, parent int64
	base        uint64
}

// Branches lists every branch of every feed, ordered by feed and branch.
func (s *ExportSource) Branches() ([]ExportBranch, error) {
	var rows []exportRow
	byNum := map[int64]exportRow{}
	parts := 0
	err := s.each("SELECT num, feed, branch, parent, base, part, lane FROM feeds ORDER BY feed, branch", func(v []driverValue) error {
		r := exportRow{num: v[0].(int64), parent: v[3].(int64), base: uint64(v[4].(int64))}
		copy(r.Feed[:], v[1].([]byte))
		r.Branch, r.Lane = int(v[2].(int64)), fact.Lane(v[6].(int64))
		if v[5].(int64) != 0 {
			parts++
		}
		rows = append(rows, r)
		byNum[r.num] = r
		return nil
	})
	if err == nil && parts > 0 {
		err = refusal.New(refusal.Forbidden, "This device holds only parts of some feeds. Make the export on a site node that holds them whole.")
	}
	if err != nil {
		return nil, err
	}
	out := make([]ExportBranch, 0, len(rows))
	for _, r := range rows {
		r.First, r.legs = legsOf(r, byNum)
		out = append(out, r.ExportBranch)
	}
	return out, nil
}

// legsOf follows a branch back to where it leaves branch 0 of its feed.
func legsOf(r exportRow, byNum map[int64]exportRow) (first uint64, legs []exportLeg) {
	to := uint64(math.MaxInt64)
	for at := r; ; at = byNum[at.parent] {
		if at.parent == 0 {
			if at.num == r.num {
				return 0, []exportLeg{{at.num, 0, to}}
			}
			return to, legs
		}
		if at.base < to {
			legs = append([]exportLeg{{at.num, at.base, to}}, legs...)
			to = at.base
		}
	}
}

// Facts gives the facts of a branch in order, from First on.
func (s *ExportSource) Facts(b ExportBranch, each func(header, body []byte) error) error {
	for _, leg := range b.legs {
		err := s.each("SELECT header, body FROM facts WHERE feed=? AND seq>=? AND seq<? ORDER BY seq", func(v []driverValue) error {
			return each(v[0].([]byte), v[1].([]byte))
		}, leg.num, int64(leg.from), int64(leg.to))
		if err != nil {
			return err
		}
	}
	return nil
}

// Heads gives the signed heads of a branch behind First, the smallest first.
func (s *ExportSource) Heads(b ExportBranch, each func(head []byte) error) error {
	for _, leg := range b.legs {
		err := s.each("SELECT head FROM heads WHERE feed=? AND size>? AND size<=? ORDER BY size", func(v []driverValue) error {
			return each(v[0].([]byte))
		}, leg.num, int64(leg.from), int64(leg.to))
		if err != nil {
			return err
		}
	}
	return nil
}

// Receipts gives the receipts that other devices signed about these feeds.
func (s *ExportSource) Receipts(each func(receipt []byte) error) error {
	return s.each("SELECT receipt FROM receipts ORDER BY holder, feed, minute", func(v []driverValue) error {
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
