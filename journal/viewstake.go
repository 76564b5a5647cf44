package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"holdfast/fact"
)

// take applies facts to the given views in one transaction, and notes how far
// they have come when at says so.
func (v *views) take(ctx context.Context, list []View, facts []placed, r Reader, at *placed) error {
	if v.writing == nil {
		return errors.New("the views' file is not open")
	}
	tx, err := v.writing.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	facts = v.j.notAway(facts)
	plain := plainFacts(facts)
	for _, view := range list {
		if err := v.apply(tx, r, view, facts, plain); err != nil {
			return fmt.Errorf("%s: %w", view.Name(), err)
		}
		if at == nil {
			continue
		}
		if _, err := tx.ExecContext(ctx, "UPDATE holdfast_views SET cursor=?, id=? WHERE name=?", at.pos, at.fact.ID[:], view.Name()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// notAway leaves out what is about subjects that this desk let go of: lists don't
// show what can't be read here on purpose.
func (j *Journal) notAway(facts []placed) []placed {
	if j.work.none() {
		return facts
	}
	var out []placed
	for _, p := range facts {
		if !j.away(p.fact.Header.Subject) {
			out = append(out, p)
		}
	}
	return out
}

func plainFacts(all []placed) []fact.Fact {
	out := make([]fact.Fact, len(all))
	for i, p := range all {
		out[i] = p.fact
	}
	return out
}

// apply hands facts to a view; one that it can't take is skipped and noted, so
// that it never holds up the others.
func (v *views) apply(tx *sql.Tx, r Reader, view View, facts []placed, plain []fact.Fact) error {
	err := v.guarded(tx, r, view, plain)
	if err == nil || isFileError(err) {
		return err
	}
	for i := range plain {
		err := v.guarded(tx, r, view, plain[i:i+1])
		if isFileError(err) {
			return err
		}
		if err == nil {
			continue
		}
		again := func(r Reader, facts []fact.Fact) error { return v.tried(tx, view, r, facts) }
		if said := (*panicked)(nil); errors.As(err, &said) && v.poison(again, plain[i], err) {
			continue // it comes again when the fact that is to blame is set aside
		}
		v.j.o.Log.Error("a view can't take a fact", "view", view.Name(), "pos", facts[i].pos, "kind", plain[i].Body.Kind, "err", err)
		if _, err := tx.Exec("INSERT OR REPLACE INTO holdfast_skipped(view, pos, why) VALUES(?, ?, ?)", view.Name(), facts[i].pos, "view error"); err != nil {
			return err
		}
		v.setTrouble("Some things saved here can't be shown in lists. Open the case itself to see them.")
	}
	return nil
}

func (v *views) guarded(tx *sql.Tx, r Reader, view View, facts []fact.Fact) error {
	if _, err := tx.Exec("SAVEPOINT view"); err != nil {
		return err
	}
	err := safely(func() error { return view.Apply(tx, r, facts) })
	if err != nil {
		if _, back := tx.Exec("ROLLBACK TO view"); back != nil {
			return errors.Join(err, back)
		}
	}
	_, released := tx.Exec("RELEASE view")
	return errors.Join(err, released)
}

// tried tells how a view would take facts; nothing of it stays.
func (v *views) tried(tx *sql.Tx, view View, r Reader, facts []fact.Fact) error {
	if _, err := tx.Exec("SAVEPOINT tried"); err != nil {
		return err
	}
	err := safely(func() error { return view.Apply(tx, r, facts) })
	_, back := tx.Exec("ROLLBACK TO tried")
	_, released := tx.Exec("RELEASE tried")
	return errors.Join(err, back, released)
}

// reader gives views the histories as the journal has them now.
type reader struct{ j *Journal }

// History reads a subject.
func (r reader) History(s fact.Subject) (fact.History, error) {
	return r.j.History(context.Background(), s)
}
