package world

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/replicate"
)

// folds gives the fingerprints of a device's folded states to others, worked
// out when they are asked for.
type folds struct{ d *device }

func (f folds) all(ctx context.Context) ([]replicate.SubjectDigest, error) {
	subjects, err := f.d.j.Subjects(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]replicate.SubjectDigest, 0, len(subjects))
	for _, s := range subjects {
		h, err := f.d.j.History(ctx, s)
		if err != nil {
			return nil, err
		}
		state, err := f.d.org.fold(s, h)
		if err != nil {
			return nil, err
		}
		if s == f.d.warped {
			state[0] ^= 1
		}
		out = append(out, replicate.SubjectDigest{Subject: s, Digest: state})
	}
	slices.SortFunc(out, func(a, b replicate.SubjectDigest) int { return bytes.Compare(a.Subject[:], b.Subject[:]) })
	return out, nil
}

// State sums up what is held here and what it folds to.
func (f folds) State(ctx context.Context) (replicate.StateDigest, error) {
	out := replicate.StateDigest{Vector: replicate.VectorOf(f.d.j.Tips()), Fold: "world 1", Held: f.d.j.HeldDigest()}
	if missing, err := f.d.j.MissingKeys(ctx, 1); err != nil || len(missing) > 0 {
		return out, errors.Join(err, replicate.ErrNotYet)
	}
	all, err := f.all(ctx)
	if err != nil {
		return out, err
	}
	var parts [256][][]byte
	for _, one := range all {
		b := one.Subject[0]
		parts[b] = append(parts[b], append([]byte(nil), one.Subject[:]...), append([]byte(nil), one.Digest[:]...))
	}
	var buckets [][]byte
	for b := range parts {
		out.Buckets[b] = fact.Labelled("holdfast/world-states/1", parts[b]...)
		buckets = append(buckets, out.Buckets[b][:])
	}
	out.Whole = fact.Labelled("holdfast/world-states/1", buckets...)
	return out, nil
}

// Bucket lists the states of the subjects that begin with a byte.
func (f folds) Bucket(ctx context.Context, bucket byte) ([]replicate.SubjectDigest, error) {
	all, err := f.all(ctx)
	return slices.DeleteFunc(all, func(one replicate.SubjectDigest) bool { return one.Subject[0] != bucket }), err
}

// disagreed judges that two devices fold the same facts differently: right only
// where a difference was planted.
func (w *World) disagreed(d *device, subjects []fact.Subject) {
	for _, s := range subjects {
		if s != w.planted && w.anyRotten() {
			continue // what can't be read folds to something else
		}
		if s != w.planted {
			w.fail("device %d and another fold a %s differently", d.number, d.org.is[s])
			continue
		}
		w.named++
	}
}

// plant has one device make something else of a subject, when all are level:
// it must be named before long.
func (w *World) plant(ctx context.Context) error {
	d := w.devices[0]
	cases := d.org.subjects[aStaff]
	if !w.plan.Shape.Agrees || w.sisters(d) == 0 || len(cases) == 0 {
		return nil
	}
	w.planted, d.warped = cases[0], cases[0]
	for range 6 {
		w.turn(w.now.Add(time.Minute))
		if err := w.tick(ctx); err != nil {
			return err
		}
		if err := w.drain(ctx); err != nil {
			return err
		}
	}
	if w.named == 0 {
		w.fail("device %d makes something else of a subject, and nobody says so", d.number)
	}
	d.warped = fact.Subject{}
	return nil
}
