package world

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/task"
	"holdfast/urgent"
)

// stock is what one device holds, read in two ways.
type stock struct {
	ids    map[fact.ID]bool           // by the bytes on its disk
	states map[fact.Subject]fact.Hash // what the folds make of it
	facts  map[fact.ID]fact.Fact      // opened
}

// judge looks at a world that has come to rest.
func (w *World) judge(ctx context.Context) error {
	for _, o := range w.orgs {
		there := map[fact.ID]bool{}
		opened := map[fact.ID]fact.Fact{}
		var first *stock
		for _, d := range w.devices {
			if d.org != o {
				continue
			}
			s, err := w.inspect(ctx, d)
			if err != nil {
				return err
			}
			for id := range s.ids {
				there[id] = there[id] || !d.isDesk()                           // what only a desk has has not come through
				if f := s.facts[id]; f.Body.Kind != 0 || opened[id].ID != id { // not every device can open all it holds
					opened[id] = f
				}
			}
			switch {
			case first == nil:
				first = s
			case !d.isDesk():
				w.same(d, first, s)
				w.sameHouse(o.first, d)
			default:
				if err := w.sameWork(ctx, o.first, d, first, s); err != nil {
					return err
				}
			}
		}
		wrong, allowed := w.ledger.losses(o.number, there)
		for _, l := range wrong {
			w.fail("%s", l)
		}
		w.result.Lost = append(w.result.Lost, allowed...)
		w.invented(o, opened)
	}
	for _, l := range w.result.Lost {
		w.log("gone with its disk: %s", l)
	}
	return nil
}

// inspect reads all that a device holds, as it runs and after a start, and has
// the journal verify itself.
func (w *World) inspect(ctx context.Context, d *device) (*stock, error) {
	running, err := w.takeStock(ctx, d)
	if err != nil {
		return nil, err
	}
	w.sameViews(d, running)
	if err := w.restart(ctx, d, func() error { return w.verify(ctx, d) }); err != nil {
		return nil, err
	}
	again, err := w.takeStock(ctx, d)
	if err == nil {
		w.same(d, running, again)
		err = w.buried(d)
	}
	return again, err
}

func (w *World) verify(ctx context.Context, d *device) error {
	report, err := journal.Verify(ctx, d.dir(), journal.Options{Demo: true, Store: d.disk})
	if err != nil {
		return err
	}
	for _, f := range report.Failures {
		w.fail("device %d does not hold: %s: %s", d.number, f.Place, f.What)
	}
	w.log("d%d holds %d facts", d.number, report.Facts)
	return nil
}

func (w *World) takeStock(ctx context.Context, d *device) (*stock, error) {
	s := &stock{ids: map[fact.ID]bool{}, states: map[fact.Subject]fact.Hash{}, facts: map[fact.ID]fact.Fact{}}
	subjects := map[fact.Subject]bool{}
	err := d.eachHeader(func(header []byte) error {
		h, err := fact.ParseHeader(header)
		if err != nil {
			return fmt.Errorf("device %d: %w", d.number, err)
		}
		id := fact.ID(sha256.Sum256(header))
		if s.ids[id] && !d.isDesk() { // a desk may have been given it alone, before the whole feed came
			w.fail("device %d holds fact %s twice", d.number, id.Short())
		}
		s.ids[id], subjects[h.Subject] = true, true
		return nil
	})
	if err != nil {
		return nil, err
	}
	for subject := range subjects {
		h, err := d.j.History(ctx, subject)
		if err != nil {
			return nil, err
		}
		for _, f := range h.WithHeld().Facts() {
			s.facts[f.ID] = f
			if !s.ids[f.ID] {
				w.fail("device %d shows fact %s, which is not on its disk", d.number, f.ID.Short())
			}
		}
		if s.states[subject], err = d.org.fold(subject, h); err != nil {
			return nil, err
		}
		w.checkJoins(d, subject, h)
	}
	if len(s.facts) != len(s.ids) {
		w.fail("device %d holds %d facts and shows %d", d.number, len(s.ids), len(s.facts))
	}
	return s, nil
}

// fold gives the fingerprint of a subject's state by the fold that is for it.
func (o *org) fold(subject fact.Subject, h fact.History) (fact.Hash, error) {
	var state any
	switch o.is[subject] {
	case aCase:
		state = urgent.Fold(subject, h)
	case aPerson:
		state = record.Fold(subject, h)
	case aTask:
		state = task.Fold(subject, h)
	case aStaff:
		state = access.FoldStaff(subject, h)
	default:
		state = h.Frontier()
	}
	return fact.StateHash(state)
}

// same compares what two devices, or two starts of one, hold and make of it.
func (w *World) same(d *device, a, b *stock) {
	if len(a.ids) != len(b.ids) {
		w.fail("device %d holds %d facts where %d are held otherwise", d.number, len(b.ids), len(a.ids))
	}
	for id := range a.ids {
		if !b.ids[id] {
			w.fail("device %d lacks fact %s", d.number, id.Short())
		}
	}
	for subject, state := range a.states {
		if b.states[subject] != state {
			w.fail("device %d makes another state of subject %s", d.number, subject)
		}
	}
}

// sameViews compares the views with the journal.
func (w *World) sameViews(d *device, s *stock) {
	if err := d.level(); err != nil {
		w.fail("device %d: %v", d.number, err)
	}
	if trouble := d.j.Health().ViewError; trouble != "" {
		w.fail("device %d: views say %q", d.number, trouble)
	}
	var n, shut int // what a desk let go of, its lists need not have
	for _, f := range s.facts {
		if d.away(f.Header.Subject) {
			shut++
		}
	}
	if err := d.j.Views().QueryRow("SELECT count(*) FROM seen_facts").Scan(&n); err != nil || n < len(s.ids)-shut || n > len(s.ids) && !d.mended {
		w.fail("device %d holds %d facts and its views list %d, %v", d.number, len(s.ids), n, err)
	}
}

// invented looks for facts that nobody stated: each was answered as saved, or
// left in doubt, or is the journal's own.
func (w *World) invented(o *org, all map[fact.ID]fact.Fact) {
	for _, id := range sortedIDs(all) {
		f := all[id]
		if w.ledger.saved[id] == nil && !o.erased[f.Header.Subject] && !f.OfJournal() && !w.ledger.resolves(o.number, f) {
			w.fail("fact %s of kind %d was refused or never stated, and is there", id.Short(), f.Body.Kind)
		}
	}
}

func sortedIDs(all map[fact.ID]fact.Fact) []fact.ID {
	out := make([]fact.ID, 0, len(all))
	for id := range all {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b fact.ID) int { return strings.Compare(hex.EncodeToString(a[:]), hex.EncodeToString(b[:])) })
	return out
}

// journalFile is the file that a device writes now.
func (d *device) journalFile() (string, error) {
	files, err := filepath.Glob(filepath.Join(d.dir(), "journal*.db"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("device %d has no journal: %w", d.number, err)
	}
	newest := files[0]
	for _, f := range files {
		if n, m := len(f), len(newest); n > m || (n == m && f > newest) {
			newest = f
		}
	}
	return newest, nil
}

// eachHeader reads the headers on a device's disk with a reader of its own.
func (d *device) eachHeader(see func(header []byte) error) error {
	db, err := d.reader()
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query("SELECT header FROM facts ORDER BY pos")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var header []byte
		if err := rows.Scan(&header); err != nil {
			return err
		}
		if err := see(header); err != nil {
			return err
		}
	}
	return rows.Err()
}
