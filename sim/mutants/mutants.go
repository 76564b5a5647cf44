// Package mutants offers false facts to a real journal, by the way on which
// facts of other devices arrive: changed, replayed, back-dated, self-granted,
// wrongly signed, and signed by a device after it was cut off.
//
// Its law: it judges by what the journal holds afterwards, never by what the
// journal says; between mutants the genuine goes on arriving, so that a journal
// which takes nothing at all does not pass. A seed steers what is drawn; the keys
// of the devices are new every time and order their feeds, so two runs with one
// seed offer mutants of the same sorts, and not the same bytes.
package mutants

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/urgent"
)

// Tally is how it went.
type Tally struct {
	Offered  map[string]int // mutants by sort
	Accepted []string       // what the journal took and should not have: must be empty
	Genuine  int            // genuine ranges that arrived in between
	Held     int            // facts that the cut device wrote afterwards, kept and held
	Lost     int            // of those, facts that are not kept
}

// All counts the mutants.
func (t Tally) All() int {
	n := 0
	for _, one := range t.Offered {
		n += one
	}
	return n
}

const (
	acts        = 240 // genuine acts of the honest device
	cases       = 24
	afterTheCut = 400 // facts that the cut device writes afterwards
)

// stage is one organisation: an honest site node, the site node and the desk
// that mutants are offered to, a site node in a thief's hands, and a device of
// another organisation.
type stage struct {
	random   *rand.Rand
	honest   *journal.Journal
	site     *journal.Journal
	desk     *journal.Journal
	thief    *journal.Journal
	foreign  *journal.Journal
	forger   ed25519.PrivateKey // a key of the attacker's own making
	subjects []fact.Subject
	person   fact.Subject // the thief, as a member of staff
	next     []journal.Range
	taken    []journal.Range
	strange  []journal.Range // of the other organisation
	back     atomic.Int64    // days that the thief's clock is put back besides one
	revoked  []journal.Range
	proofs   []journal.Proved
	receipts [][]byte
	wraps    [][]byte
	open     []*journal.Journal
	tally    Tally
}

// Run makes the stage in a folder, offers count mutants and counts.
func Run(ctx context.Context, dir string, seed uint64, count int) (_ Tally, err error) {
	s := &stage{random: rand.New(rand.NewPCG(seed, 0x6d7574)), tally: Tally{Offered: map[string]int{}}}
	defer func() {
		for _, j := range s.open {
			err = errors.Join(err, j.Close())
		}
	}()
	if err := s.set(ctx, dir); err != nil {
		return s.tally, err
	}
	if err := s.offerAll(ctx, count); err != nil {
		return s.tally, err
	}
	if err := s.afterTheCut(ctx); err != nil {
		return s.tally, err
	}
	report, err := journal.Verify(ctx, filepath.Join(dir, "site"), journal.Options{Dir: filepath.Join(dir, "site"), Demo: true})
	if err == nil {
		for _, f := range report.Failures {
			s.accepted("%s does not hold afterwards: %s", f.Place, f.What)
		}
	}
	return s.tally, err
}

func (s *stage) accepted(format string, args ...any) {
	if len(s.tally.Accepted) < 20 {
		s.tally.Accepted = append(s.tally.Accepted, fmt.Sprintf(format, args...))
	}
}

func (s *stage) set(ctx context.Context, dir string) error {
	var seed [ed25519.SeedSize]byte
	for i := range seed {
		seed[i] = byte(s.random.Uint32())
	}
	s.forger = ed25519.NewKeyFromSeed(seed[:])
	var err error
	if s.honest, err = s.found(ctx, filepath.Join(dir, "honest"), "ZZ111"); err != nil {
		return err
	}
	if s.foreign, err = s.found(ctx, filepath.Join(dir, "foreign"), "ZZ122"); err != nil {
		return err
	}
	for _, one := range []struct {
		name string
		into **journal.Journal
	}{{"site", &s.site}, {"thief", &s.thief}} {
		if *one.into, err = s.join(ctx, filepath.Join(dir, one.name), fact.SiteNode, one.name); err != nil {
			return err
		}
	}
	if s.desk, err = s.join(ctx, filepath.Join(dir, "desk"), fact.Desk, "desk"); err != nil {
		return err
	}
	for range cases {
		s.subjects = append(s.subjects, s.subject())
	}
	s.person = s.subject()
	if err := s.write(ctx, s.thief, 20, "before the cut"); err != nil {
		return err
	}
	for _, to := range []*journal.Journal{s.site, s.desk, s.thief} {
		cards, certificates := s.honest.Papers()
		more, certs := s.thief.Papers()
		if err := to.AdmitPapers(ctx, append(cards, more...), append(certificates, certs...)); err != nil {
			return err
		}
	}
	if err := pull(ctx, s.thief, s.site); err != nil {
		return err
	}
	if err := s.cut(ctx); err != nil {
		return err
	}
	if err := pull(ctx, s.site, s.honest); err != nil {
		return err
	}
	if err := s.write(ctx, s.honest, acts, "genuine"); err != nil {
		return err
	}
	if err := s.write(ctx, s.foreign, 30, "of another organisation"); err != nil {
		return err
	}
	return s.prepare(ctx)
}

func (s *stage) found(ctx context.Context, dir, ods string) (*journal.Journal, error) {
	o := journal.Options{Dir: dir, Demo: true, Reserve: 1 << 20}
	if err := journal.Found(ctx, o, journal.Founding{Name: ods, ODS: ods, DeviceName: ods, Domain: ods}); err != nil {
		return nil, err
	}
	return s.opened(ctx, o)
}

func (s *stage) opened(ctx context.Context, o journal.Options) (*journal.Journal, error) {
	j, err := journal.Open(ctx, o)
	if err == nil {
		s.open = append(s.open, j)
	}
	return j, err
}

func (s *stage) join(ctx context.Context, dir string, kind fact.DeviceKind, name string) (*journal.Journal, error) {
	o := journal.Options{Dir: dir, Demo: true, Reserve: 1 << 20}
	ask, err := journal.Ask(ctx, o, kind, name, name)
	if err != nil {
		return nil, err
	}
	admission, err := s.honest.Enrol(ctx, fact.Author{Role: string(access.Administrator)}, ask)
	if err != nil {
		return nil, err
	}
	if err := journal.Join(ctx, o, admission); err != nil {
		return nil, err
	}
	if name == "thief" { // whose clock says what the thief wants
		o.Clock = func() time.Time { return time.Now().Add(-time.Duration(1+s.back.Load()) * 24 * time.Hour) }
	}
	return s.opened(ctx, o)
}

func (s *stage) subject() (out fact.Subject) {
	for i := 0; i < len(out); i += 8 {
		binary.BigEndian.PutUint64(out[i:], s.random.Uint64())
	}
	return out
}

// write has a device write acts of one to three notes.
func (s *stage) write(ctx context.Context, j *journal.Journal, n int, what string) error {
	for i := range n {
		_, err := j.Do(ctx, fact.Author{Person: s.person, Role: string(access.Clinician)}, nil, func(*journal.Tx) ([]fact.Draft, error) {
			var out []fact.Draft
			for k := range 1 + i%3 {
				out = append(out, fact.Say(s.subjects[(i+k)%len(s.subjects)], urgent.Noted{Words: fmt.Sprint(what, " ", i, " ", k), By: "clinician"}))
			}
			return out, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pull has one device take in all that another holds.
func pull(ctx context.Context, from, to *journal.Journal) error {
	cards, certificates := from.Papers()
	if err := to.AdmitPapers(ctx, cards, certificates); err != nil {
		return err
	}
	all, err := ranges(ctx, from, to, 1<<20)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := to.Receive(ctx, r); err != nil && !errors.Is(err, journal.ErrOwn) {
			return err
		}
	}
	return nil
}

// ranges reads all that a device holds, the control lane first.
func ranges(ctx context.Context, from, to *journal.Journal, most int) ([]journal.Range, error) {
	tips := from.Tips()
	slices.SortStableFunc(tips, func(a, b journal.Tip) int { return int(a.Lane) - int(b.Lane) })
	var out []journal.Range
	for _, tip := range tips {
		for first := uint64(0); first < tip.Size; {
			r, err := from.ReadRange(ctx, to.Device().Card().Device, tip.Place(), first, most)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
			first += uint64(len(r.Headers))
		}
	}
	return out, nil
}

// ownOf gives the ranges of a device's own feeds.
func ownOf(j *journal.Journal, all []journal.Range) []journal.Range {
	return slices.DeleteFunc(all, func(r journal.Range) bool {
		d, ok := j.DeviceOf(r.Feed)
		return !ok || d != j.Device().Card().Device
	})
}

// cut holds back what the thief's device wrote beyond what is known now. The
// thief does not hear of it.
func (s *stage) cut(ctx context.Context) error {
	cut := journal.CutMade{Device: s.thief.Device().Card().Device, Since: fact.At(time.Now()), Why: "in a thief's hands"}
	for _, tip := range s.thief.Tips() {
		if d, ok := s.thief.DeviceOf(tip.Feed); ok && d == cut.Device {
			cut.Up = append(cut.Up, fact.After{Feed: tip.Feed, Size: tip.Size, Root: tip.Root})
		}
	}
	_, err := s.site.Do(ctx, fact.Author{Role: string(access.Administrator)}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s.site.OrgSubject(), cut)}, nil
	})
	return err
}

// prepare reads what the mutants are made of.
func (s *stage) prepare(ctx context.Context) error {
	all, err := ranges(ctx, s.honest, s.site, 1500)
	if err != nil {
		return err
	}
	seen := map[fact.FeedID]bool{}
	for _, r := range ownOf(s.honest, all) { // the first range of each feed arrives, the others are to come
		if seen[r.Feed] {
			s.next = append(s.next, r)
			continue
		}
		seen[r.Feed] = true
		if err := s.site.Receive(ctx, r); err != nil {
			return err
		}
		s.taken = append(s.taken, r)
		s.wraps = append(s.wraps, r.Wraps...)
	}
	if s.strange, err = ranges(ctx, s.foreign, s.site, 1500); err != nil {
		return err
	}
	for _, subject := range s.subjects[:8] {
		ids, err := s.honest.FactIDs(ctx, subject)
		if err != nil {
			return err
		}
		p, err := s.honest.Proved(ctx, s.desk.Device().Card().Device, subject, ids)
		if err != nil {
			return err
		}
		s.proofs = append(s.proofs, p)
	}
	for _, j := range []*journal.Journal{s.honest, s.thief} {
		given, err := j.Receipts(ctx)
		if err != nil {
			return err
		}
		s.receipts = append(s.receipts, given...)
	}
	if err := s.write(ctx, s.thief, afterTheCut, "after the cut"); err != nil {
		return err
	}
	if err := s.selfGrant(ctx); err != nil {
		return err
	}
	if all, err = ranges(ctx, s.thief, s.site, 4000); err != nil {
		return err
	}
	s.revoked = ownOf(s.thief, all)
	s.back.Store(int64(len(s.revoked)))
	if len(s.next) < 20 || len(s.strange) == 0 || len(s.receipts) == 0 || len(s.wraps) == 0 || len(s.revoked) == 0 {
		err = errors.Join(err, fmt.Errorf("there is too little to make mutants of: %d ranges, %d of strangers, %d receipts, %d keys, %d ranges of the thief",
			len(s.next), len(s.strange), len(s.receipts), len(s.wraps), len(s.revoked)))
	}
	return err
}

// selfGrant has the thief make themselves an administrator, on their own device.
func (s *stage) selfGrant(ctx context.Context) error {
	_, err := s.thief.Do(ctx, fact.Author{Person: s.person, Role: string(access.Administrator)}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s.person, access.PersonAdded{Name: "A. Thief"}), fact.Say(s.person, access.RoleGranted{Role: access.Administrator})}, nil
	})
	return err
}

// vector sums up what a journal holds.
func vector(j *journal.Journal) fact.Hash { return replicate.VectorOf(j.Tips()) }

// offerAll offers mutants, and the genuine in between.
func (s *stage) offerAll(ctx context.Context, count int) error {
	sorts := s.sorts()
	every := max(1, count/len(s.next))
	before := vector(s.site)
	for i := range count {
		sort := sorts[i%len(sorts)]
		err := sort.offer(ctx)
		if errors.Is(err, errSame) {
			err = sorts[0].offer(ctx) // chance changed nothing: another in its place
			sort = sorts[0]
		}
		if errors.Is(err, errStage) {
			return err
		}
		s.tally.Offered[sort.name]++
		if now := vector(s.site); now != before {
			s.accepted("mutant %d, %s, changed what is held (the journal says: %v)", i, sort.name, err)
			before = now
		}
		if (i+1)%every == 0 && len(s.next) > 1 {
			if err := s.site.Receive(ctx, s.next[0]); err != nil {
				return fmt.Errorf("the genuine does not arrive any more: %w", err)
			}
			s.taken, s.next = append(s.taken, s.next[0]), s.next[1:]
			if s.tally.Genuine++; vector(s.site) == before {
				return errors.New("the genuine arrived and nothing changed")
			}
			before = vector(s.site)
		}
	}
	return ctx.Err()
}

// afterTheCut lets what the thief signed afterwards arrive: it must be kept, all
// of it, and held, all of it.
func (s *stage) afterTheCut(ctx context.Context) error {
	count := map[fact.Subject]int{}
	for _, subject := range append(slices.Clone(s.subjects), s.person) {
		h, err := s.site.History(ctx, subject)
		if err != nil {
			return err
		}
		count[subject] = h.Len()
	}
	wrote := 0
	for range 2 { // and once more: nothing comes of a replay
		for _, r := range s.revoked {
			if err := s.site.Receive(ctx, r); err != nil {
				return fmt.Errorf("what a device that was cut off wrote is not kept: %w", err)
			}
		}
	}
	for _, subject := range append(slices.Clone(s.subjects), s.person) {
		was := count[subject]
		h, err := s.site.History(ctx, subject)
		if err != nil {
			return err
		}
		if h.Len() != was {
			s.accepted("%d facts of a device that was cut off count", h.Len()-was)
		}
		s.tally.Held += len(h.Held())
		ids, err := s.thief.FactIDs(ctx, subject)
		if err != nil {
			return err
		}
		missing, err := s.site.Lacking(ctx, subject, ids)
		if err != nil {
			return err
		}
		wrote += len(ids)
		s.tally.Lost += len(missing)
	}
	h, err := s.site.History(ctx, s.person)
	if err == nil && len(access.FoldStaff(s.person, h).Holds(access.Administrator, time.Now())) > 0 {
		s.accepted("a thief made themselves an administrator")
	}
	if wrote < afterTheCut {
		err = errors.Join(err, errors.New("too little was written after the cut"))
	}
	return err
}

// rootOf is the tree's root over a range, as whoever forges one works it out.
func rootOf(r journal.Range) fact.Hash {
	size := r.First
	hashes := make([]tlog.Hash, 0, len(r.Before)+len(r.Headers))
	for _, h := range r.Before {
		hashes = append(hashes, tlog.Hash(h))
	}
	for _, raw := range r.Headers {
		h := tlog.RecordHash(raw)
		for bits := size; bits&1 == 1; bits >>= 1 {
			h = tlog.NodeHash(hashes[len(hashes)-1], h)
			hashes = hashes[:len(hashes)-1]
		}
		hashes = append(hashes, h)
		size++
	}
	h := hashes[len(hashes)-1]
	for i := len(hashes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(hashes[i], h)
	}
	return fact.Hash(h)
}
