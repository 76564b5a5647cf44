package journal

import (
	"context"
	"slices"

	"holdfast/fact"
)

// control1 has the writer do something between two commits.
func (j *Journal) control1(ctx context.Context, do func(w *writer) error) error {
	return j.controlWriter(ctx, func(w *writer) (*writer, error) { return w, do(w) })
}

func (j *Journal) controlWriter(ctx context.Context, do func(w *writer) (*writer, error)) error {
	if err := j.state.refused(); err != nil {
		return err
	}
	done := make(chan error, 1)
	work := func(w *writer) (*writer, error) {
		next, err := do(w)
		done <- err
		return next, err
	}
	select {
	case j.control <- work:
		return <-done
	case <-ctx.Done():
		return notSaved(ctx.Err())
	case <-j.stopped:
		return notSaved(errClosed)
	}
}

// Reincarnate begins a new incarnation of this device: another holds more of
// its feeds than it does itself, or another history under its key.
func (j *Journal) Reincarnate(ctx context.Context, why string) error {
	return j.controlWriter(ctx, func(w *writer) (*writer, error) {
		next, err := j.reincarnate(w, why)
		if err != nil {
			return w, err
		}
		j.settle(next)
		err = j.afterCommit(next, outcome{placed: next.first})
		j.o.Log.Warn("a new incarnation began", "why", why, "incarnation", next.hand.number)
		return next, err
	})
}

// afterCommit makes what was committed known in this process. The error is of a
// write that follows from it.
func (j *Journal) afterCommit(w *writer, out outcome) error {
	rejudge := false
	for _, b := range out.branches {
		rejudge = rejudge || j.house.Load().rests(j.branches.get(b.num), b)
		j.branches.put(b)
	}
	j.branches.moved(w)
	about := slices.Contains(w.opened, j.papers.genesis.About) ||
		slices.ContainsFunc(out.placed, func(p placed) bool { return p.fact.Header.Subject == j.papers.genesis.About })
	for i := range out.placed {
		j.house.Load().judge.mark(out.placed[i].num, &out.placed[i].fact)
	}
	for _, s := range w.opened {
		j.cache.forget(s)
	}
	if len(w.returned) > 0 {
		j.work.put(w.returned)
		j.shown(inOrder(w.returned))
	}
	j.cache.committed(out.placed, w.fresh)
	j.views.again(w.opened)
	var err error
	if about || rejudge {
		err = j.houseMoved(w, out.placed)
	}
	j.views.offer(out.placed)
	j.state.moved(w)
	j.commits.tell()
	return err
}

// houseMoved judges anew after a fact about the organisation itself.
func (j *Journal) houseMoved(w *writer, fresh []placed) error {
	before := j.house.Load()
	changed, err := j.refreshHouse(w.file)
	if err != nil {
		j.unjudged(err)
		return nil
	}
	j.state.unjudged.Store(false)
	if err := j.keysMoved(w); err != nil {
		return err
	}
	if !changed {
		return nil
	}
	now := j.house.Load()
	buried := j.bury(w, now)
	if buried != nil {
		j.o.Log.Error("keys of erased subjects can't be removed: tried again at the next start", "err", buried)
	}
	for i := range fresh {
		now.judge.mark(fresh[i].num, &fresh[i].fact)
	}
	j.cache.forgetAll()
	touched, err := j.touchedBy(w.file, before, now)
	if err != nil {
		j.o.Log.Error("what a cut touches can't be found", "err", err)
	}
	j.views.again(touched)
	return buried
}

// bury removes the keys of erased subjects from the file and from memory.
func (j *Journal) bury(w *writer, h *house) error {
	if len(h.Erased) == 0 {
		return nil
	}
	for s := range h.Erased {
		j.subjects.forget(s)
	}
	var told asides
	_, err := w.transaction(func(c *sqlConn) (err error) {
		for s := range h.Erased {
			w.rewrapped = append(w.rewrapped, s)
			if err := c.exec("DELETE FROM wraps WHERE subject=?", s[:]); err != nil {
				return err
			}
		}
		if told, err = (*j.asides.Load()).leave(c, h.Erased); err != nil {
			return err
		}
		return nil
	})
	if err == nil {
		j.asides.Store(&told)
	}
	return err
}

// openHouse judges at the start, and buries what a restored keyring brought
// back.
func (j *Journal) openHouse(w *writer) error {
	if err := j.openAsides(w.file); err != nil {
		return err
	}
	for { // fresh keys open what was said after them, which may begin others
		was := len(j.subjects.rings.Load().all)
		if _, err := j.refreshHouse(w.file); err != nil {
			return err
		}
		if len(j.subjects.rings.Load().all) == was {
			break
		}
		j.subjects.forgetAll()
	}
	j.cache.forgetAll()
	return j.bury(w, j.house.Load())
}

// touchedBy lists the subjects whose state may change between two judgements.
func (j *Journal) touchedBy(f *dbFile, before, now *house) ([]fact.Subject, error) {
	set := map[fact.Subject]bool{}
	for s := range now.Erased {
		if _, was := before.Erased[s]; !was {
			set[s] = true
		}
	}
	for s := range before.Erased { // a hold placed apart may have won
		if _, is := now.Erased[s]; !is {
			set[s] = true
		}
	}
	told := *j.asides.Load()
	for _, cuts := range [][]activeCut{before.judge.cuts, now.judge.cuts} {
		for _, c := range cuts {
			for of, held := range told {
				if slices.ContainsFunc(held, func(h HeldBy) bool { return h.Cut == c.id }) {
					set[of.subject] = true
				}
			}
			for num, from := range c.from {
				if err := f.read(func(conn *sqlConn) error {
					return conn.each("SELECT DISTINCT s.subject FROM facts f JOIN subjects s ON s.num=f.subject WHERE f.feed=? AND f.seq>=?", func(v []driverValue) error {
						set[fact.Subject(v[0].([]byte))] = true
						return nil
					}, num, int64(from))
				}); err != nil {
					return nil, err
				}
			}
		}
	}
	out := make([]fact.Subject, 0, len(set))
	for s := range set {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	return out, nil
}

// everTouched lists the subjects that a cut holds or held facts of, and those
// that are erased.
func (j *Journal) everTouched() ([]fact.Subject, error) {
	now := *j.house.Load()
	all := now.House
	all.Cuts = slices.Clone(all.Cuts)
	for i := range all.Cuts {
		all.Cuts[i].Over = false
	}
	var err error
	if now.judge, err = j.newJudge(all); err != nil {
		return nil, err
	}
	return j.touchedBy(j.file.Load(), &house{}, &now)
}

// HeldFact is a fact that a cut holds back.
type HeldFact struct {
	Cut  fact.ID
	Fact fact.Fact
}

// HeldFacts lists what a cut holds, in the order in which it came here; most at
// a time, from behind a place on. next is where to go on, 0 at the end.
func (j *Journal) HeldFacts(ctx context.Context, cut fact.ID, after int64, most int) (out []HeldFact, next int64, err error) {
	h := j.house.Load()
	at := slices.IndexFunc(h.judge.cuts, func(c activeCut) bool { return c.id == cut })
	if at < 0 {
		return nil, 0, nil
	}
	from := h.judge.cuts[at].from
	f := j.file.Load()
	for len(out) < most {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		batch, err := j.readFacts(f, "SELECT pos, feed, header, body FROM facts WHERE pos>? ORDER BY pos LIMIT ?", after, int64(viewBatch))
		if err != nil {
			return nil, 0, err
		}
		if len(batch) == 0 {
			return out, 0, nil
		}
		for _, p := range batch {
			after = p.pos
			if _, in := from[p.num]; !in {
				continue
			}
			if id, held := h.judge.held(p.num, p.fact); held && id == cut {
				out = append(out, HeldFact{Cut: cut, Fact: p.fact})
			}
			if len(out) >= most {
				break
			}
		}
	}
	return out, after, nil
}

// commits tells whoever waits that something was committed.
type commits struct{ all []chan<- struct{} }

func (c *commits) tell() {
	for _, ch := range c.all {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// OnCommit has a channel told after each commit, of this device's facts or of
// others'. It is called before the work begins; the channel should hold one.
func (j *Journal) OnCommit(tell chan<- struct{}) error {
	return j.control1(context.Background(), func(*writer) error {
		j.commits.all = append(j.commits.all, tell)
		return nil
	})
}
