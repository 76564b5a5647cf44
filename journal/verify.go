package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// mostFailures bounds a report.
const mostFailures = 1000

// Verify re-reads everything in a folder's journal and checks it against the
// organisation's genesis: every header, id, chain, tree, head, signature,
// certificate, body, commitment, key wrap and attachment. It reads with code
// of its own where that is sensible, writes nothing, and may run beside a
// journal that is open. An error means that it could not look; what does not
// hold is in the report.
func Verify(ctx context.Context, dir string, o Options) (Report, error) {
	o.Dir = dir
	o, err := o.complete()
	if err != nil {
		return Report{}, err
	}
	if !Here(o.Dir) {
		return Report{}, refusal.Newf(refusal.Missing, "There is no journal in %s.", dir)
	}
	if o.Demo, err = IsDemo(o.Dir); err != nil {
		return Report{}, err
	}
	keys, err := openKeybox(filepath.Join(o.Dir, keysFolder), o, o.Store)
	if err != nil {
		return Report{}, err
	}
	openers, err := openersOf(keys)
	if err != nil {
		return Report{}, err
	}
	openers.ctx = ctx
	current, err := currentFile(o.Dir)
	if err != nil {
		return Report{}, err
	}
	c, err := openConn(current.path, o.Store.VFS(), "ro")
	if err != nil {
		return Report{}, err
	}
	if err := c.exec("BEGIN"); err != nil { // one moment of a journal that may be moving
		return Report{}, errors.Join(err, c.close())
	}
	report := inspect(c, openers)
	return report, errors.Join(ctx.Err(), c.close())
}

// openers is what opens bodies during an inspection: a site node's epoch, or a
// desk's own key.
type openers struct {
	ctx     context.Context
	epoch   hpke.PrivateKey
	desk    []byte
	device  ed25519.PublicKey
	wrapper seal.Wrapper
}

func openersOf(keys *keybox) (*openers, error) {
	device, err := keys.signing(keyDevice)
	if err != nil {
		return nil, err
	}
	o := &openers{device: device.Public().(ed25519.PublicKey)}
	if o.desk, err = keys.open(keyWrap); err == nil {
		return o, nil
	}
	o.epoch, err = keys.epoch()
	return o, err
}

func (o *openers) ready(org fact.OrgID) (err error) {
	if len(o.desk) == 32 {
		o.wrapper = seal.NewWrapper(seal.Key(o.desk))
		return nil
	}
	o.wrapper, err = wrapperOf(o.epoch, org)
	return err
}

// inspection is one pass over a journal file.
type inspection struct {
	c      *sqlConn
	keys   *openers
	papers papers
	cards  map[fact.Hash]checkedCard
	certs  map[fact.Hash]checkedCert
	erased map[fact.Subject]bool
	trees  map[int64][]tlog.Hash // of branches that others left
	Report Report
}

type checkedCard struct {
	signed fact.Signed
	card   fact.DeviceCard
}

type checkedCert struct {
	signed fact.Signed
	key    []byte
	own    bool // this device's
}

func inspect(c *sqlConn, keys *openers) Report {
	in := &inspection{
		c: c, keys: keys, cards: map[fact.Hash]checkedCard{}, certs: map[fact.Hash]checkedCert{},
		erased: map[fact.Subject]bool{}, trees: map[int64][]tlog.Hash{},
	}
	in.sound()
	in.readPapers()
	in.readTombstones()
	in.readWraps()
	in.readAttachments()
	in.readFeeds()
	return in.Report
}

func (in *inspection) fail(place, what string, args ...any) {
	if len(in.Report.Failures) < mostFailures {
		in.Report.Failures = append(in.Report.Failures, Failure{Place: place, What: fmt.Sprintf(what, args...)})
	}
}

// each runs a query; a failing file is a failure at this place.
func (in *inspection) each(place, query string, row func(v []driverValue), args ...driverValue) {
	err := in.c.each(query, func(v []driverValue) error {
		if in.keys.ctx != nil && in.keys.ctx.Err() != nil {
			return in.keys.ctx.Err()
		}
		row(v)
		return nil
	}, args...)
	if err != nil {
		in.fail(place, "can't be read: %v", err)
	}
}

func (in *inspection) sound() {
	in.each("journal file", "PRAGMA integrity_check(20)", func(v []driverValue) {
		if s, _ := v[0].(string); s != "ok" {
			in.fail("journal file", "SQLite: %s", s)
		}
	})
	format, err := in.c.oneBytes("SELECT value FROM meta WHERE name='format'")
	if err != nil || string(format) != formatName {
		in.fail("journal file", "format is %q", format)
	}
	start, err := in.c.oneBytes("SELECT value FROM meta WHERE name='start'")
	if err != nil || len(start) != 32 {
		in.fail("journal file", "the start token is missing")
	}
}

// readPapers checks the chain of certificates from the genesis down.
func (in *inspection) readPapers() {
	in.onlyPaper(paperGenesis, &in.papers.signedGenesis)
	var err error
	if in.papers.genesis, err = fact.OpenGenesis(in.papers.signedGenesis); err != nil {
		in.fail("papers", "genesis: %v", err)
	}
	if in.papers.org, err = in.papers.genesis.ID(); err != nil {
		in.fail("papers", "%v", err)
	}
	if err := in.keys.ready(in.papers.org); err != nil {
		in.fail("papers", "%v", err)
	}
	in.each("papers", "SELECT hash, signed FROM papers WHERE sort=2", func(v []driverValue) {
		signed, hash, ok := in.paper(v[0].([]byte), v[1].([]byte))
		if !ok {
			return
		}
		card, err := fact.OpenCard(signed, in.papers.genesis)
		if err != nil {
			in.fail("paper "+hash.String()[:8], "device card: %v", err)
			return
		}
		in.cards[hash] = checkedCard{signed, card}
	})
	if len(in.cards) == 0 {
		in.fail("papers", "there is no device card")
	}
	in.each("papers", "SELECT hash, signed FROM papers WHERE sort NOT IN (1, 2)", func(v []driverValue) {
		signed, hash, ok := in.paper(v[0].([]byte), v[1].([]byte))
		if !ok {
			return
		}
		var named fact.Incarnation
		err := fact.Decode(signed.Bytes, &named)
		of := in.cards[named.Card]
		if err == nil {
			named, err = fact.OpenIncarnation(signed, of.signed, of.card)
		}
		if err != nil {
			in.fail("paper "+hash.String()[:8], "incarnation: %v", err)
			return
		}
		in.certs[hash] = checkedCert{signed: signed, key: named.Key, own: in.keys.device.Equal(ed25519.PublicKey(of.card.Key))}
	})
}

// readTombstones finds the subjects whose keys may be missing.
func (in *inspection) readTombstones() {
	about := in.papers.genesis.About
	in.each("tombstones", "SELECT header, body FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?)", func(v []driverValue) {
		h, err := fact.ParseHeader(v[0].([]byte))
		if err != nil {
			return // named when its feed is read
		}
		wrap, err := in.c.oneBytes("SELECT wrap FROM wraps WHERE subject=? AND kid=? LIMIT 1", h.Subject[:], h.Key[:])
		if err != nil || wrap == nil {
			return
		}
		key, err := in.keys.wrapper.Unwrap(in.papers.org, wrap)
		if err != nil {
			return
		}
		body, err := seal.OpenBody(seal.NewBox(key.Key), h, v[1].([]byte))
		if err != nil {
			return
		}
		if t, err := fact.Read[SubjectErased](fact.Fact{Header: h, Body: body}); err == nil {
			in.erased[t.Subject] = true
		}
	}, about[:])
}

func (in *inspection) onlyPaper(sort int64, into *fact.Signed) {
	n := 0
	in.each("papers", "SELECT hash, signed FROM papers WHERE sort=?", func(v []driverValue) {
		if s, _, ok := in.paper(v[0].([]byte), v[1].([]byte)); ok {
			*into = s
		}
		n++
	}, sort)
	if n != 1 {
		in.fail("papers", "there are %d of sort %d, not one", n, sort)
	}
}

func (in *inspection) paper(column, b []byte) (fact.Signed, fact.Hash, bool) {
	var s fact.Signed
	place := fmt.Sprintf("paper %x", column[:min(4, len(column))])
	if err := fact.Decode(b, &s); err != nil {
		in.fail(place, "%v", err)
		return s, fact.Hash{}, false
	}
	hash, err := s.Hash()
	again, err2 := fact.Encode(s)
	if err != nil || err2 != nil || !bytes.Equal(hash[:], column) || !bytes.Equal(again, b) {
		in.fail(place, "its bytes are not the ones that its hash names")
		return s, hash, false
	}
	return s, hash, true
}

// readWraps opens every key wrap.
func (in *inspection) readWraps() {
	in.each("wraps", "SELECT subject, kid, wrapper, wrap FROM wraps ORDER BY subject, kid, wrapper", func(v []driverValue) {
		in.Report.Wraps++
		subject, kid, wrapper, wrap := v[0].([]byte), v[1].([]byte), v[2].([]byte), v[3].([]byte)
		place := fmt.Sprintf("wrap of subject %x", subject)
		if err := seal.CheckWrap(wrap); err != nil {
			in.fail(place, "%v", err)
			return
		}
		if !bytes.Equal(wrap[:48], append(append(append([]byte(nil), subject...), kid...), wrapper...)) {
			in.fail(place, "it is filed under another subject, key or wrapper than it names")
		}
		if _, err := in.keys.wrapper.Unwrap(in.papers.org, wrap); err != nil {
			in.fail(place, "%v", err)
		}
	})
}

func (in *inspection) readAttachments() {
	in.each("attachments", "SELECT hash, sealed FROM attachments", func(v []driverValue) {
		in.Report.Attachments++
		if hash := seal.AttachmentHash(v[1].([]byte)); !bytes.Equal(hash[:], v[0].([]byte)) {
			in.fail(fmt.Sprintf("attachment %x", v[0]), "its bytes are not the ones that its hash names")
		}
	})
}

type feedRow struct {
	num    int64
	id     fact.FeedID
	lane   fact.Lane
	key    []byte
	parent int64
	base   uint64
	part   bool
}

func (f feedRow) place(what string, n uint64) string {
	return fmt.Sprintf("feed %s, %s, %s %d", f.id.Short(), f.lane, what, n)
}

func (in *inspection) readFeeds() {
	var feeds []feedRow
	in.each("feeds", "SELECT num, feed, lane, paper, parent, base, part FROM feeds ORDER BY num", func(v []driverValue) {
		in.Report.Feeds++
		f := feedRow{num: v[0].(int64), lane: fact.Lane(v[2].(int64)), parent: v[4].(int64), base: uint64(v[5].(int64)), part: v[6].(int64) == 1}
		copy(f.id[:], v[1].([]byte))
		var paper fact.Hash
		copy(paper[:], v[3].([]byte))
		cert, ok := in.certs[paper]
		want, err := fact.FeedOf(cert.signed, f.lane)
		if !ok || err != nil || want != f.id || !bytes.Equal(f.id[:], v[1].([]byte)) {
			in.fail("feed "+f.id.Short(), "no certificate makes this feed")
		}
		f.key = cert.key
		feeds = append(feeds, f)
	})
	in.ownFeeds(feeds)
	for _, f := range feeds {
		if f.part {
			in.readPart(f)
		} else {
			in.readFeed(f)
		}
	}
	in.strays()
}

// ownFeeds checks that this device has an incarnation of which every feed is
// listed: they begin together.
func (in *inspection) ownFeeds(feeds []feedRow) {
	listed := map[fact.FeedID]bool{}
	for _, f := range feeds {
		listed[f.id] = true
	}
	for _, c := range in.certs {
		whole := c.own
		for _, lane := range fact.Lanes() {
			id, err := fact.FeedOf(c.signed, lane)
			whole = whole && err == nil && listed[id]
		}
		if whole {
			return
		}
	}
	in.fail("feeds", "no incarnation of this device has all of its feeds")
}

// strays finds rows that belong to no feed.
func (in *inspection) strays() {
	for _, table := range []string{"facts", "heads", "tree"} {
		n, err := in.c.oneInt("SELECT count(*) FROM " + table + " WHERE feed NOT IN (SELECT num FROM feeds)")
		if err != nil || n != 0 {
			in.fail(table, "%d rows belong to no feed", n)
		}
	}
}

// readFeed walks a feed from its first fact, growing the tree anew.
func (in *inspection) readFeed(f feedRow) {
	w := &feedWalk{in: in, feed: f, heads: map[uint64][]byte{}}
	if !w.leave() {
		in.fail(f.place("seq", f.base), "the branch that it left is not here")
		return
	}
	in.each(f.place("heads from", 0), "SELECT size, head FROM heads WHERE feed=? ORDER BY size", func(v []driverValue) {
		in.Report.Heads++
		w.heads[uint64(v[0].(int64))] = v[1].([]byte)
	}, f.num)
	in.each(f.place("seq", 0), "SELECT f.seq, f.id, coalesce(s.subject, x''), f.header, f.body FROM facts f LEFT JOIN subjects s ON s.num=f.subject WHERE f.feed=? ORDER BY f.seq, f.id", func(v []driverValue) {
		in.Report.Facts++
		w.fact(uint64(v[0].(int64)), v[1].([]byte), v[2].([]byte), v[3].([]byte), v[4].([]byte))
	}, f.num)
	if w.size != w.covered {
		in.fail(f.place("seq", w.covered), "no head covers this and what follows")
	}
	for size := range w.heads {
		if size > w.size || size == 0 {
			in.fail(f.place("head", size), "there are only %d facts", w.size)
		}
	}
	w.storedHashes()
	in.trees[f.num] = w.stored
}

// leave takes up the tree of the branch that this one left.
func (w *feedWalk) leave() bool {
	f := w.feed
	if f.parent == 0 {
		return true
	}
	count := tlog.StoredHashCount(int64(f.base))
	from := w.in.trees[f.parent]
	if int64(len(from)) < count {
		return false
	}
	w.stored = append([]tlog.Hash(nil), from[:count]...)
	w.size, w.covered = f.base, f.base
	w.tree.size = f.base
	for _, index := range edgeAt(f.base) {
		w.tree.hashes = append(w.tree.hashes, from[index])
	}
	if f.base == 0 {
		return true
	}
	for parent := f.parent; parent != 0; {
		id, err := w.in.c.oneBytes("SELECT id FROM facts WHERE feed=? AND seq=?", parent, int64(f.base)-1)
		if err != nil {
			return false
		}
		if id != nil {
			copy(w.prev[:], id)
			return true
		}
		if parent, err = w.in.c.oneInt("SELECT parent FROM feeds WHERE num=?", parent); err != nil {
			return false
		}
	}
	return false
}

// readPart checks single facts, each against its own proof.
func (in *inspection) readPart(f feedRow) {
	in.each(f.place("seq", 0), "SELECT f.seq, f.id, coalesce(s.subject, x''), f.header, f.body, coalesce(p.head, x''), coalesce(p.hashes, x'') FROM facts f LEFT JOIN subjects s ON s.num=f.subject LEFT JOIN proofs p ON p.id=f.id WHERE f.feed=? ORDER BY f.seq, f.id", func(v []driverValue) {
		in.Report.Facts++
		seq, header := uint64(v[0].(int64)), v[3].([]byte)
		place := f.place("seq", seq)
		raw, err := readRaw(header)
		if err != nil {
			in.fail(place, "header: %v", err)
			return
		}
		if id := rawID(header); !bytes.Equal(id[:], v[1].([]byte)) || !bytes.Equal(raw.subject, v[2].([]byte)) || raw.seq != seq {
			in.fail(place, "it is filed in another place than its header names")
		}
		flat := v[6].([]byte)
		p := Proof{Head: v[5].([]byte)}
		for ; len(flat) >= tlog.HashSize; flat = flat[tlog.HashSize:] {
			p.Hashes = append(p.Hashes, fact.Hash(flat[:tlog.HashSize]))
		}
		h, err := fact.ParseHeader(header)
		if err == nil {
			err = p.Check(h, f.key)
		}
		if err != nil || h.Feed != f.id || h.Lane != f.lane || h.Org != in.papers.org {
			in.fail(place, "its proof does not hold")
		}
		in.body(place, header, raw, v[4].([]byte))
	}, f.num)
}

// feedWalk is where a walk along one feed has come to.
type feedWalk struct {
	in      *inspection
	feed    feedRow
	heads   map[uint64][]byte
	size    uint64
	covered uint64
	prev    fact.ID
	tree    edge
	stored  []tlog.Hash
}

func (w *feedWalk) fact(seq uint64, id, subject, header, body []byte) {
	place := w.feed.place("seq", seq)
	if seq != w.size {
		w.in.fail(place, "fact %d is missing or there twice", w.size)
	}
	raw, err := readRaw(header)
	if err != nil {
		w.in.fail(place, "header: %v", err)
	} else {
		w.place(place, raw, seq, id, subject)
		w.in.body(place, header, raw, body)
	}
	w.prev = fact.ID(rawID(header))
	w.stored = w.tree.add(header, w.stored)
	w.size++
	if head, ok := w.heads[w.size]; ok {
		w.head(head, err == nil && raw.more)
	}
}

// place checks where a header says it stands.
func (w *feedWalk) place(place string, raw rawHeader, seq uint64, id, subject []byte) {
	org := w.in.papers.org
	switch got := rawID(raw.bytes); {
	case !bytes.Equal(got[:], id):
		w.in.fail(place, "the header's hash is not the fact's id")
	case !bytes.Equal(raw.org, org[:]) || !bytes.Equal(raw.feed, w.feed.id[:]) || raw.lane != byte(w.feed.lane):
		w.in.fail(place, "the header names another organisation, feed or lane")
	case raw.seq != seq:
		w.in.fail(place, "the header says sequence %d", raw.seq)
	case !bytes.Equal(raw.prev, w.prev[:]):
		w.in.fail(place, "it does not follow the fact before it")
	case !bytes.Equal(raw.subject, subject):
		w.in.fail(place, "it is filed under another subject than its header names")
	}
}

// head checks a signed head against the tree as it stands.
func (w *feedWalk) head(signed []byte, open bool) {
	place := w.feed.place("head", w.size)
	h, err := fact.OpenHead(signed, w.feed.key)
	switch {
	case err != nil:
		w.in.fail(place, "%v", err)
	case h.Org != w.in.papers.org || h.Feed != w.feed.id || h.Size != w.size:
		w.in.fail(place, "it covers another feed or size")
	case h.Root != w.tree.root():
		w.in.fail(place, "its root is not that of the facts below it")
	case h.LastID != w.prev:
		w.in.fail(place, "it names another last fact")
	case open:
		w.in.fail(place, "it falls inside an act")
	}
	w.covered = w.size
}

// storedHashes compares the tree hashes kept with those of the walk.
func (w *feedWalk) storedHashes() {
	at := tlog.StoredHashCount(int64(w.feed.base))
	w.in.each(w.feed.place("tree hash", 0), "SELECT first, hashes FROM tree WHERE feed=? ORDER BY first", func(v []driverValue) {
		first, flat := v[0].(int64), v[1].([]byte)
		if first != at || len(flat)%tlog.HashSize != 0 {
			w.in.fail(w.feed.place("tree hash", uint64(first)), "stored hashes are missing or out of place")
		}
		for ; len(flat) >= tlog.HashSize; flat = flat[tlog.HashSize:] {
			if at >= int64(len(w.stored)) || !bytes.Equal(w.stored[at][:], flat[:tlog.HashSize]) {
				w.in.fail(w.feed.place("tree hash", uint64(at)), "it is not the hash of the facts below it")
			}
			at++
		}
	}, w.feed.num)
	if at != int64(len(w.stored)) && w.size > w.feed.base {
		w.in.fail(w.feed.place("tree hash", uint64(at)), "stored hashes end early")
	}
}
