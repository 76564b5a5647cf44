package urgentdb

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/urgent"
)

// Timers lets go what no clinician has validated in time. It runs on every
// device that holds cases and needs no leader: what is to be done is reckoned
// from the case's facts, and a timer that acts on several devices acts once.
// What is overdue when it starts acts at once.
type Timers struct {
	*Cases
	Turn func(timer fact.Hash) time.Duration // how long to wait when other devices may do the same; nil: not at all
	Log  *slog.Logger

	asked map[fact.Hash]bool // tasks raised for what never goes by itself; Run's own goroutine only
}

// How often the clock is looked at: a machine may have slept, and a
// rehearsal's clock runs faster.
const (
	lookAtMost  = time.Second
	lookAtLeast = 20 * time.Millisecond
	mostTimers  = 200 // in one round
)

// Run lets go what is due until ctx is done.
func (t *Timers) Run(ctx context.Context) {
	wake := make(chan struct{}, 1)
	stop := t.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if f.Body.Kind == (urgent.ValidationHeld{}).FactKind().Number {
				select {
				case wake <- struct{}{}:
				default:
				}
				return
			}
		}
	})
	defer stop()
	for ctx.Err() == nil {
		next := t.Round(ctx)
		timer := time.NewTimer(min(max(next, lookAtLeast), lookAtMost))
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Round does what is due now and says how long nothing else will be.
func (t *Timers) Round(ctx context.Context) time.Duration {
	all, err := t.due(ctx)
	if err != nil {
		if ctx.Err() == nil {
			t.Log.Error("what waits for validation can't be read", "err", err)
		}
		return lookAtMost
	}
	next := lookAtMost
	for _, one := range all {
		wait := t.until(one)
		if wait > 0 {
			next = min(next, wait)
			continue
		}
		if err := t.act(ctx, one); err != nil && ctx.Err() == nil {
			t.Log.Error("what was not validated in time could not be let go", "case", one.about.String()[:8], "err", err)
		}
	}
	return next
}

// runningTimer is a timer that waits.
type runningTimer struct {
	about fact.Subject
	timer fact.Hash
	due   fact.Millis
}

func (t *Timers) until(one runningTimer) time.Duration {
	wait := one.due.Time().Sub(t.Clock())
	if t.Turn != nil {
		wait += t.Turn(one.timer)
	}
	return wait
}

func (t *Timers) due(ctx context.Context) (out []runningTimer, err error) {
	soon := t.Clock().Add(lookAtMost).UnixMilli()
	rows, err := t.Journal.Views().QueryContext(ctx, `SELECT id, timer, due FROM urgent_timer WHERE due <= ? ORDER BY due LIMIT ?`, soon, mostTimers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, timer []byte
		var due int64
		if err := rows.Scan(&id, &timer, &due); err != nil {
			return nil, err
		}
		one := runningTimer{about: fact.Subject(id), timer: fact.Hash(timer), due: fact.Millis(due)}
		if !t.asked[one.timer] {
			out = append(out, one)
		}
	}
	return out, rows.Err()
}

// act decides on the case's facts: somebody may have been quicker.
func (t *Timers) act(ctx context.Context, one runningTimer) error {
	never := false
	saved, err := t.Journal.Do(ctx, t.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, one.about)
		if err != nil {
			return nil, err
		}
		if h, ok := c.Held(); ok && h.What.Never != "" {
			never = true
			raised, err := journal.FoldIn(tx, task.SubjectOf(h.LateTask(c.ID)), task.Fold)
			if err != nil || raised.Exists() {
				return nil, err
			}
		}
		out, err := urgent.LetGoOverdue(c, t.Device, t.Rules, tx.Now())
		if err != nil {
			return nil, err
		}
		return t.withAmbulances(ctx, tx, t.Device, out, c)
	})
	if err != nil {
		return err
	}
	if never {
		if t.asked == nil {
			t.asked = map[fact.Hash]bool{}
		}
		t.asked[one.timer] = true
	}
	t.Journal.WaitViews(ctx, saved, viewWait)
	return nil
}

// timers keeps the timer of a case that waits for validation.
func timers(tx *sql.Tx, c urgent.Case) error {
	h, ok := c.Held()
	if !ok {
		_, err := tx.Exec(`DELETE FROM urgent_timer WHERE id = ?`, c.ID[:])
		return err
	}
	_, err := tx.Exec(`INSERT OR REPLACE INTO urgent_timer VALUES(?,?,?)`, c.ID[:], h.Timer[:], int64(h.What.Until))
	return err
}

// heldTask raises the task that follows an ambulance that was held: one for its
// timer, whoever asks for it and wherever.
func heldTask(tx *journal.Tx, c urgent.Case, req urgent.AmbulanceRequested) ([]fact.Draft, error) {
	t, err := journal.FoldIn(tx, task.SubjectOf(req.Timer), task.Fold)
	if err != nil {
		return nil, err
	}
	reason, ring := c.RingForHeld(req)
	return task.Raise(t, access.Caller{Role: access.Device}, task.Raised{
		Timer: req.Timer, What: task.Ambulance, List: task.Dispatch, Reason: reason, About: c.ID, Ring: ring, Urgent: true,
	}, tx.Now())
}

// withTold ends the task to tell a patient in the act that says they were told.
func withTold(tx *journal.Tx, by access.Caller, drafts []fact.Draft, c urgent.Case) ([]fact.Draft, error) {
	for _, d := range drafts {
		rang, ok := d.Content.(urgent.ContactAttempted)
		h, untold := c.ToTell()
		if !ok || !untold || rang.For != urgent.ForTelling || rang.How != urgent.RungReached {
			continue
		}
		t, err := journal.FoldIn(tx, task.SubjectOf(h.Timer), task.Fold)
		if err != nil || !t.Open() {
			return drafts, err
		}
		more, err := task.Finish(t, by, task.Done{Outcome: task.Reached, Note: "Told on the phone."}, tx.Now())
		if refusal.KindOf(err) != 0 {
			continue // a colleague has the task and ends it; that they were told is saved all the same
		}
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, more...)
	}
	return drafts, nil
}

// next tells whether "take next" may give a row to somebody.
func (s *Cases) next(row urgent.Row, by access.Caller) bool {
	if row.Stage != urgent.Waiting || len(row.Holders) > 0 || !s.Rules.MayBeNext(by.Role, row.Filter) {
		return false
	}
	now := fact.At(s.Clock())
	return row.NextTry <= now && row.Placing <= now
}

// Next gives the row that "take next" would give somebody now, of rows in
// order; another may be quicker.
func (s *Cases) Next(rows []urgent.Row, by access.Caller) (urgent.Row, bool) {
	for _, row := range rows {
		if s.next(row, by) {
			return row, true
		}
	}
	return urgent.Row{}, false
}
