package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// work has somebody at a device do one thing, and judges the answer.
func (w *World) work(ctx context.Context, d *device, random *rand.Rand) error {
	do, err := w.next(d, random)
	if err != nil && d.rotten {
		return w.lose(ctx, d, "its disk had rotted")
	}
	if err != nil {
		return fmt.Errorf("device %d can't be read: %w", d.number, err)
	}
	return w.doing(ctx, d, do, random)
}

// doing does it.
func (w *World) doing(ctx context.Context, d *device, do deed, random *rand.Rand) error {
	h, err := d.j.History(ctx, do.subject)
	if err != nil && d.rotten {
		return w.lose(ctx, d, "its disk had rotted")
	}
	if err != nil {
		return fmt.Errorf("device %d can't be read: %w", d.number, err)
	}
	d.moved() // a checkpoint beside the last arrival may have met the fault
	var said []fact.Draft
	gone := d.disk.Gone()
	before := d.j.Health().Incarnation
	fired := d.disk.Fired()
	facts, err := d.j.Do(ctx, do.by.Author(), d.open(do.subject, h, random), func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(do.subject)
		if err != nil {
			return nil, err
		}
		said, err = do.verb(h, tx.Now())
		return said, err
	})
	if gone {
		return nil // done by a process that is dead: it happened to nobody
	}
	w.log("d%d %s by %s: %s", d.number, do.name, do.by.Name, answer(facts, err))
	if rest := d.j.Rest(ctx); rest != nil && d.disk.Fired() == 0 && !d.broken && !d.rotten { // a move may follow the answer
		return rest
	}
	if d.disk.Fired() > fired && !d.disk.Gone() && !d.broken && !d.rotten {
		if err := d.settled(before); err != nil {
			w.fail("device %d: %v", d.number, err)
		}
	}
	if err := w.judgeAnswer(d, do, said, facts, err, d.disk.Fired() > fired); err != nil || d.disk.Gone() {
		return err
	}
	if err := w.rests(d); err != nil {
		return err
	}
	w.changed(ctx, d, nil)
	return nil
}

func answer(facts []fact.Fact, err error) string {
	if err != nil {
		return refusal.KindOf(err).String()
	}
	out := fmt.Sprintf("%d saved", len(facts))
	for _, f := range facts {
		out += fmt.Sprintf(" %s(%d)", f.ID.Short(), f.Body.Kind)
	}
	return out
}

// judgeAnswer notes what was answered, and whether it was right to.
func (w *World) judgeAnswer(d *device, do deed, said []fact.Draft, facts []fact.Fact, err error, fired bool) error {
	kind := refusal.KindOf(err)
	switch {
	case d.disk.Gone(): // the power went before the answer was heard
		return w.ledger.doubts(d, said)
	case err == nil:
		w.ledger.acknowledges(d, facts, w.step)
		w.result.Saved += len(facts)
		return w.readBack(d, do, facts)
	case kind == refusal.Unknown, kind == refusal.Unavailable:
		w.result.Refused++
		if !fired && !d.broken && !d.rotten {
			w.fail("device %d, whose disk is well, could not %s: %v", d.number, do.name, err)
		}
		if kind == refusal.Unknown {
			return w.ledger.doubts(d, said)
		}
	case kind == 0 && !d.rotten:
		w.fail("device %d, %s: %v", d.number, do.name, err)
	}
	return nil
}

// readBack looks whether what was saved is read at once, from the journal and
// from the views.
func (w *World) readBack(d *device, do deed, facts []fact.Fact) error {
	if len(facts) == 0 || d.rotten {
		return nil
	}
	h, err := d.j.History(context.Background(), do.subject)
	if err != nil {
		return err
	}
	there := map[fact.ID]bool{}
	for _, f := range h.WithHeld().Facts() {
		there[f.ID] = true
	}
	if !d.j.WaitViews(context.Background(), facts, 10*time.Second) {
		w.fail("device %d: its views have not taken in what was saved in ten seconds", d.number)
		return nil
	}
	listed, err := d.listed(facts)
	if err != nil {
		return err
	}
	for _, f := range facts {
		if !there[f.ID] && f.Header.Subject == do.subject || !listed[f.ID] {
			w.fail("device %d: fact %s was saved and is not read: journal %v, views %v", d.number, f.ID.Short(), there[f.ID], listed[f.ID])
		}
	}
	if err := d.level(); err != nil {
		w.fail("device %d: %v", d.number, err)
	}
	return nil
}

// listed tells which of some facts the views list.
func (d *device) listed(facts []fact.Fact) (map[fact.ID]bool, error) {
	ask, args := "SELECT id FROM seen_facts WHERE id IN (?"+strings.Repeat(",?", len(facts)-1)+")", []any(nil)
	for _, f := range facts {
		args = append(args, f.ID[:])
	}
	rows, err := d.j.Views().Query(ask, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[fact.ID]bool{}
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[fact.ID(id)] = true
	}
	return out, rows.Err()
}
