package journal

import (
	"context"
	"fmt"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"holdfast/fact"
)

// isFileError tells whether the views' file itself is at fault.
func isFileError(err error) bool {
	for _, code := range []int{sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY} {
		if isCode(err, code) {
			return true
		}
	}
	return false
}

// offer hands over what was committed; it never waits.
func (v *views) offer(all []placed) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(all) == 0 {
		return
	}
	v.end = all[len(all)-1].pos
	if len(v.queue) < mostWaiting {
		v.queue = append(v.queue, all...)
	}
	for _, p := range all {
		if p.fact.Body.Kind == (SetAside{}).FactKind().Number {
			v.anewOf = append(v.anewOf, p.fact.Header.Subject)
		}
	}
	v.changed.Broadcast()
}

// again has subjects taken in anew: what counts of them, or whether they can be
// read at all, has changed.
func (v *views) again(subjects []fact.Subject) {
	if v == nil || len(subjects) == 0 {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.anewOf = append(v.anewOf, subjects...)
	v.changed.Broadcast()
}

// retake takes subjects in anew, a bounded number at a time; the cursors stay.
func (v *views) retake() {
	v.mu.Lock()
	n := min(len(v.anewOf), 64)
	subjects := v.anewOf[:n:n]
	v.anewOf = v.anewOf[n:]
	v.retaking = n > 0
	v.mu.Unlock()
	if n == 0 {
		return
	}
	defer func() {
		v.mu.Lock()
		v.retaking = false
		v.mu.Unlock()
	}()
	var facts []placed
	var gone, unread []fact.Subject
	for _, s := range subjects {
		if v.j.shut(s) {
			gone = append(gone, s)
			continue
		}
		some, err := v.j.readSubject(v.j.file.Load(), s)
		if err != nil {
			v.j.o.Log.Error("views can't read the journal", "err", err)
			v.setTrouble(behindSentence)
			unread = append(unread, s)
			continue
		}
		facts = append(facts, closedBodies(some)...)
	}
	if err := v.reapply(gone, facts); err != nil {
		v.repair(context.Background(), err)
		return
	}
	v.scrub(gone)
	v.call(facts)
	if len(unread) > 0 {
		v.again(unread)
		v.pause()
		return
	}
	v.levelAgain()
}

// levelAgain takes the word of being behind back, once what could not be read or
// written was.
func (v *views) levelAgain() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.troubles == behindSentence {
		v.troubles = ""
	}
}

func (v *views) reapply(gone []fact.Subject, facts []placed) error {
	if len(v.list) == 0 {
		return nil
	}
	tx, err := v.writing.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	plain := plainFacts(facts)
	if err := v.forget(tx, gone); len(gone) > 0 && err != nil {
		return err
	}
	for _, view := range v.list {
		if err := v.apply(tx, reader{v.j}, view, facts, plain); err != nil {
			return fmt.Errorf("%s: %w", view.Name(), err)
		}
	}
	return tx.Commit()
}

func (v *views) run() {
	defer close(v.done)
	for {
		v.retake()
		batch, ok := v.next()
		if !ok {
			return
		}
		v.takeIn(batch)
	}
}

// next waits for facts. What did not fit in memory is read from the file.
func (v *views) next() ([]placed, bool) {
	v.mu.Lock()
	for v.at >= v.end && len(v.anewOf) == 0 && !v.stopping {
		v.changed.Wait()
	}
	if v.at >= v.end && !v.stopping {
		v.mu.Unlock()
		return nil, true
	}
	if v.stopping {
		v.mu.Unlock()
		return nil, false
	}
	for len(v.queue) > 0 && v.queue[0].pos <= v.at {
		v.queue = v.queue[1:]
	}
	if len(v.queue) > 0 && v.queue[0].pos == v.at+1 {
		n := 1
		for n < len(v.queue) && n < viewBatch && v.queue[n].pos == v.queue[n-1].pos+1 {
			n++
		}
		batch := v.queue[:n:n]
		v.queue = v.queue[n:]
		if len(v.queue) == 0 {
			v.queue = nil
		}
		v.mu.Unlock()
		return batch, true
	}
	at := v.at
	v.mu.Unlock()
	batch, err := v.j.readFacts(v.j.file.Load(), "SELECT pos, feed, header, body FROM facts WHERE pos>? ORDER BY pos LIMIT ?", at, int64(viewBatch))
	if err != nil || len(batch) == 0 {
		v.j.o.Log.Error("views can't read the journal", "err", err)
		v.setTrouble(behindSentence)
		v.pause()
		return nil, true
	}
	return batch, true
}

// pause waits a second, or until the views stop.
func (v *views) pause() {
	timer := time.AfterFunc(time.Second, v.changed.Broadcast)
	defer timer.Stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.stopping {
		v.changed.Wait()
	}
}

// takeIn applies a batch and tells those who watch. If the file fails, the
// views are built anew; the journal is not touched.
func (v *views) takeIn(batch []placed) {
	if len(batch) == 0 {
		return
	}
	ctx := context.Background()
	if len(v.list) > 0 {
		if err := v.take(ctx, v.list, batch, reader{v.j}, &batch[len(batch)-1]); err != nil {
			v.repair(ctx, err)
			return
		}
		v.levelAgain()
	}
	v.tell(batch)
}

// tell notes that a batch is taken in and calls those who watch.
func (v *views) tell(batch []placed) {
	v.mu.Lock()
	for _, p := range batch {
		v.applied[p.fact.Header.Feed] = p.fact.Header.Seq + 1
	}
	v.at, v.asOf = batch[len(batch)-1].pos, v.j.o.Clock()
	v.changed.Broadcast()
	v.mu.Unlock()
	v.call(batch)
}

// call tells those who watch.
func (v *views) call(batch []placed) {
	facts := plainFacts(batch)
	v.mu.Lock()
	watchers := make([]func([]fact.Fact), 0, len(v.watchers))
	for _, w := range v.watchers {
		watchers = append(watchers, w)
	}
	v.mu.Unlock()
	for _, w := range watchers {
		w(facts)
	}
}

// repair builds the views anew after their file failed; until that is done
// lists are behind and say so.
func (v *views) repair(ctx context.Context, why error) {
	v.setTrouble(behindSentence)
	if err := v.anew(ctx, why); err != nil {
		v.j.o.Log.Error("the views can't be built anew", "err", err)
		v.pause()
		return
	}
	var cursor int64
	if err := v.writing.QueryRowContext(ctx, "SELECT coalesce(min(cursor), 0) FROM holdfast_views").Scan(&cursor); err != nil {
		v.j.o.Log.Error("the views can't be read", "err", err)
		v.pause()
		return
	}
	v.setTrouble("")
	v.skipTo(ctx, cursor)
}

// skipTo goes on behind a rebuild, telling those who watch what it covered.
func (v *views) skipTo(ctx context.Context, cursor int64) {
	v.mu.Lock()
	at := v.at
	v.mu.Unlock()
	for at < cursor {
		batch, err := v.j.readFacts(v.j.file.Load(), "SELECT pos, feed, header, body FROM facts WHERE pos>? AND pos<=? ORDER BY pos LIMIT ?", at, cursor, int64(viewBatch))
		if err != nil || len(batch) == 0 {
			v.j.o.Log.Error("views can't read the journal", "err", err)
			return
		}
		v.tell(batch)
		at = batch[len(batch)-1].pos
	}
}

const behindSentence = "Lists on this machine are behind. Open the case itself to be sure."

func (v *views) watch(saw func([]fact.Fact)) (stop func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := v.nextID
	v.nextID++
	v.watchers[id] = saw
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.watchers, id)
	}
}

func (v *views) setTrouble(s string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.troubles = s
}

func (v *views) trouble() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.troubles
}

func (v *views) close() error {
	v.mu.Lock()
	v.stopping = true
	v.changed.Broadcast()
	v.mu.Unlock()
	<-v.done
	v.stating.Wait()
	if err := v.closeFiles(); err != nil || v.vfs != "" {
		return err
	}
	return sealViews(v.path)
}

// ViewsAt tells how far the views are: place in the journal, when they last
// moved or were level, and how many facts they are behind.
func (j *Journal) ViewsAt() (pos int64, at time.Time, behind int) {
	j.views.mu.Lock()
	defer j.views.mu.Unlock()
	if j.views.at == j.views.end {
		return j.views.at, j.o.Clock(), 0
	}
	return j.views.at, j.views.asOf, int(j.views.end - j.views.at)
}

// WaitViews waits until the views have taken in these facts, for the given
// time at most; it tells whether they have.
func (j *Journal) WaitViews(ctx context.Context, facts []fact.Fact, most time.Duration) bool {
	need := map[fact.FeedID]uint64{}
	for _, f := range facts {
		need[f.Header.Feed] = max(need[f.Header.Feed], f.Header.Seq+1)
	}
	return j.views.wait(ctx, most, func() bool {
		for feed, n := range need {
			if j.views.applied[feed] < n {
				return j.views.at >= j.views.end
			}
		}
		return true
	})
}

// WaitLevel waits until the views have taken in all that was on record when it
// was asked, for the given time at most; it tells whether they have.
func (j *Journal) WaitLevel(ctx context.Context, most time.Duration) bool {
	j.views.mu.Lock()
	need := j.views.end
	j.views.mu.Unlock()
	return j.views.wait(ctx, most, func() bool { return j.views.at >= need })
}

// wait waits for something to hold, and tells whether it does.
func (v *views) wait(ctx context.Context, most time.Duration, holds func() bool) bool {
	over := false
	var once sync.Once
	end := func() {
		once.Do(func() {
			v.mu.Lock()
			over = true
			v.changed.Broadcast()
			v.mu.Unlock()
		})
	}
	timer := time.AfterFunc(most, end)
	defer timer.Stop()
	defer context.AfterFunc(ctx, end)()
	v.mu.Lock()
	defer v.mu.Unlock()
	for !holds() {
		if over || v.stopping {
			return false
		}
		v.changed.Wait()
	}
	return true
}
