package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
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

// openers is what opens bodies during an inspection: a site node's epochs, or a
// desk's own keys.
type openers struct {
	ctx    context.Context
	epochs []heldEpoch
	desk   []deskSecret
	device ed25519.PublicKey
	rings  *rings
}

func openersOf(keys *keybox) (*openers, error) {
	device, err := keys.signing(keyDevice)
	if err != nil {
		return nil, err
	}
	o := &openers{device: device.Public().(ed25519.PublicKey)}
	if _, err := keys.open(keyWrap); err == nil {
		public, err := os.ReadFile(filepath.Join(keys.dir, epochPublic))
		if err != nil {
			return nil, err
		}
		o.desk, err = keys.deskSecrets(public)
		return o, err
	}
	o.epochs, err = keys.epochs()
	return o, err
}

func (o *openers) ready(org fact.OrgID) (err error) {
	o.rings, err = ringsOf(o.epochs, o.desk, org)
	return err
}

// inspection is one pass over a journal file.
type inspection struct {
	c      *sqlConn
	keys   *openers
	papers papers
	cards  map[fact.Hash]checkedCard
	certs  map[fact.Hash]checkedCert
	erased map[fact.Subject]bool // or let go of by this desk
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
	in.readFresh()
	in.readTombstones()
	in.readLetGo()
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
	in.readRoots()
	in.each("papers", "SELECT hash, signed FROM papers WHERE sort=2", func(v []driverValue) {
		signed, hash, ok := in.paper(v[0].([]byte), v[1].([]byte))
		if !ok {
			return
		}
		card, err := in.papers.chain.OpenCard(signed)
		if err != nil {
			in.fail("paper "+hash.String()[:8], "device card: %v", err)
			return
		}
		in.cards[hash] = checkedCard{signed, card}
	})
	if len(in.cards) == 0 {
		in.fail("papers", "there is no device card")
	}
	in.each("papers", "SELECT hash, signed FROM papers WHERE sort NOT IN (1, 2, 4)", func(v []driverValue) {
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

// readRoots checks the exchanges of roots, by which cards are judged.
func (in *inspection) readRoots() {
	var all []fact.Signed
	in.each("papers", "SELECT hash, signed FROM papers WHERE sort=4", func(v []driverValue) {
		if signed, _, ok := in.paper(v[0].([]byte), v[1].([]byte)); ok {
			all = append(all, signed)
		}
	})
	var err error
	if in.papers.chain, err = fact.NewChain(in.papers.genesis, all...); err != nil {
		in.fail("papers", "exchanges of roots: %v", err)
	}
}

// readTombstones finds the subjects whose keys may be missing.
func (in *inspection) readTombstones() {
	in.eachOfOrg("tombstones", func(f fact.Fact) {
		if t, err := fact.Read[SubjectErased](f); err == nil {
			in.erased[t.Subject] = true
		}
	})
}

// readFresh finds the fresh keys that were begun: they close later wraps.
func (in *inspection) readFresh() {
	var names []KeysFresh
	in.eachOfOrg("fresh keys", func(f fact.Fact) {
		if k, err := fact.Read[KeysFresh](f); err == nil {
			names = append(names, k)
		}
	})
	for _, k := range names {
		name, err := k.name()
		base, held := in.keys.rings.named[ringName{of: k.Epoch}]
		if err != nil || !held {
			continue
		}
		r, err := base.afresh(in.papers.org, name)
		if err != nil {
			in.fail("fresh keys", "%v", err)
			continue
		}
		in.keys.rings = in.keys.rings.with(r)
	}
}

// eachOfOrg goes through what is said about the organisation and opens here.
func (in *inspection) eachOfOrg(place string, see func(f fact.Fact)) {
	about := in.papers.genesis.About
	in.each(place, "SELECT header, body FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?)", func(v []driverValue) {
		h, err := fact.ParseHeader(v[0].([]byte))
		if err != nil {
			return // named when its feed is read
		}
		wrap, err := in.c.oneBytes("SELECT wrap FROM wraps WHERE subject=? AND kid=? LIMIT 1", h.Subject[:], h.Key[:])
		if err != nil || wrap == nil {
			return
		}
		key, err := in.keys.rings.unwrap(in.papers.org, wrap)
		if err != nil {
			return
		}
		if body, err := seal.OpenBody(seal.NewBox(key.Key), h, v[1].([]byte)); err == nil {
			see(fact.Fact{Header: h, Body: body})
		}
	}, about[:])
}

// readLetGo notes what a desk let go of: nothing opens that here any more.
func (in *inspection) readLetGo() {
	marks, err := readMarks(in.c)
	if err != nil {
		in.fail("this desk's work", "%v", err)
	}
	for _, s := range inOrder(marks) {
		if marks[s].Gone == 0 {
			continue
		}
		in.erased[s] = true
		if n, err := in.c.oneInt("SELECT count(*) FROM wraps WHERE subject=?", s[:]); err != nil || n > 0 {
			in.fail("subject "+s.String(), "it was let go of, and a key of it lies here")
		}
	}
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
		if _, err := in.keys.rings.unwrap(in.papers.org, wrap); err != nil {
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
