package drill

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"holdfast/cmd/node"
)

// mendedByPeer damages the journal of one of two sites and has it come back: it
// is mended from the other, which is not changed by what the damaged one says.
func (s *Stage) mendedByPeer(ctx context.Context, what string, damage func(dir string) error) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	peer, victim := o.all[0], o.all[1]
	for range 5 {
		o.take(ctx, victim, what)
		o.take(ctx, peer, what)
	}
	if err := errors.Join(o.safe(ctx, victim), o.level(ctx, time.Minute)); err != nil {
		return err
	}
	o.kill(victim)
	before, rows, err := o.taught(ctx, peer, 0)
	if err != nil {
		return err
	}
	if err := damage(victim.dir); err != nil {
		return err
	}
	if err := o.start(ctx, victim); err != nil {
		return err
	}
	if err := o.level(ctx, 90*time.Second); err != nil {
		return err
	}
	if _, after, err := o.taught(ctx, peer, rows.count); err != nil {
		return err
	} else if after.hash != rows.hash {
		s.Wrong("%s: what the peer had stored is not what it was", what)
	}
	now, err := o.status(ctx, peer)
	if err != nil {
		return err
	}
	if feed := shrunk(before.Feeds, now.Feeds); feed != "" {
		s.Wrong("%s: the peer was taught something else about feed %.8s", what, feed)
	}
	s.Add("mended_by_peer", 1)
	return errors.Join(s.mended(ctx, o), o.close())
}

// stored is the rows of a journal up to a place.
type stored struct {
	count int
	hash  string
}

// taught tells what a site holds: its feeds, and a hash over its first rows (0:
// all).
func (o *sites) taught(ctx context.Context, one *site, first int) (_ node.Status, _ stored, err error) {
	st, err := o.status(ctx, one)
	if err != nil {
		return st, stored{}, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(one.dir, "journal.db")+"?mode=ro")
	if err != nil {
		return st, stored{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if first == 0 {
		if err := db.QueryRowContext(ctx, "SELECT max(pos) FROM facts").Scan(&first); err != nil {
			return st, stored{}, err
		}
	}
	all, err := column(db, fmt.Sprintf("SELECT hex(header) || hex(body) FROM facts WHERE pos<=%d ORDER BY pos", first))
	h := sha256.New()
	for _, row := range all {
		h.Write([]byte(row))
	}
	return st, stored{count: first, hash: hex.EncodeToString(h.Sum(nil))}, err
}

// shrunk names a feed that is shorter than before or another at the same size.
func shrunk(before, after []node.StatusFeed) string {
	now := map[string]node.StatusFeed{}
	for _, f := range after {
		now[f.Feed] = f
	}
	for _, f := range before {
		if a := now[f.Feed]; a.Size < f.Size || a.Size == f.Size && a.Root != f.Root {
			return f.Feed
		}
	}
	return ""
}

// rottenBodies is how many facts of a site have one bit turned over.
const rottenBodies = 24

// rot turns one bit over in the stored bodies of facts.
func (s *Stage) rot(dir string) error {
	path := filepath.Join(dir, "journal.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	bodies, err := column(db, fmt.Sprintf("SELECT hex(substr(body, 1, 64)) FROM facts ORDER BY pos DESC LIMIT %d OFFSET 20", rottenBodies))
	if _, moved := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); moved != nil {
		err = errors.Join(err, moved)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, body := range bodies {
		b, err := hex.DecodeString(body)
		if err != nil {
			return err
		}
		if at := bytes.Index(raw, b); at >= 0 {
			raw[at+s.Random.IntN(len(b))] ^= 1 << s.Random.IntN(8)
			s.Add("bodies_rotten", 1)
		}
	}
	return os.WriteFile(path, raw, 0o600)
}

// tear cuts the last record off the log of a site that was killed.
func (s *Stage) tear(dir string) error {
	path := filepath.Join(dir, "journal.db-wal")
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	const frame = 24 + 4096
	if info.Size() < 2*frame {
		return fmt.Errorf("the log of %s is too short to be torn", filepath.Base(dir))
	}
	s.Add("logs_torn", 1)
	return os.Truncate(path, info.Size()-int64(1+s.Random.IntN(frame)))
}
