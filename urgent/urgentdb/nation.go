package urgentdb

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// NationView keeps the open cases of which a national service is still to be
// asked something. It is disposable: nothing is decided by it.
type NationView struct{ Rules *urgent.Rules }

var _ journal.View = NationView{}

// Name prefixes the view's tables.
func (NationView) Name() string { return "nation" }

// Version is raised whenever Create, Apply or the fold change.
func (NationView) Version() int { return 100*urgent.FoldVersion + 1 }

// Create makes the empty table.
func (NationView) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`CREATE TABLE nation_open(id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID`)
	return err
}

// Apply folds every case that the facts touch, once each.
func (v NationView) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	for _, id := range touched(facts) {
		h, err := r.History(id)
		if err != nil {
			return err
		}
		if err := v.put(tx, r, urgent.Fold(id, h)); err != nil {
			return err
		}
	}
	return nil
}

func (v NationView) put(tx *sql.Tx, r journal.Reader, c urgent.Case) error {
	onRecord, err := pregnancyOf(c, r.History)
	if err != nil {
		return err
	}
	query := `DELETE FROM nation_open WHERE id = ?`
	if wants(c, v.Rules, onRecord, c.Began.Time()) {
		query = `INSERT OR IGNORE INTO nation_open VALUES(?)`
	}
	_, err = tx.Exec(query, c.ID[:])
	return err
}

// wants tells whether a case has something to be asked or waits for an answer.
func wants(c urgent.Case, r *urgent.Rules, onRecord record.Answer, now time.Time) bool {
	if c.Closed() || !c.Begun() {
		return false
	}
	if open, _ := c.ToAsk(r.Repeat); len(open) > 0 {
		return true
	}
	for _, w := range c.Wanted(r, onRecord, now) {
		asked := false
		for _, q := range c.Questions {
			asked = asked || q.Put.Query == w.Query
		}
		if w.Missing == "" && !asked {
			return true
		}
	}
	return false
}

// pregnancyOf reads whether a pregnancy is on the record of a case's patient;
// nobody's record is read for it where none can be.
func pregnancyOf(c urgent.Case, history func(fact.Subject) (fact.History, error)) (record.Answer, error) {
	v, ok := c.Patient.Get()
	if !ok || v.Record.Zero() || v.Identity.Sex == "male" {
		return record.NotAsked, nil
	}
	h, err := history(v.Record)
	if err != nil {
		return record.NotAsked, err
	}
	return record.Fold(v.Record, h).Pregnant(), nil
}

// Forget leaves nothing of erased cases.
func (NationView) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`DELETE FROM nation_open WHERE id = ?`, s[:]); err != nil {
			return err
		}
	}
	return nil
}

// Nation asks national services what a case needs to know, writes down that it
// is about to ask before anything leaves, and writes down the answer or why
// there is none. After a restart it goes on from the facts alone. Nothing on
// the path of a click waits for it.
type Nation struct {
	Journal *journal.Journal
	Clock   journal.Clock
	Device  access.Caller
	Rules   *urgent.Rules
	Askers  map[exchange.National]exchange.Asker
	Turn    func(timer fact.Hash) time.Duration // how long to wait when other devices may ask the same; nil: not at all
	Log     *slog.Logger

	wake  chan struct{}
	under sync.WaitGroup
	mu    sync.Mutex
	busy  map[fact.Hash]bool
	first map[fact.Hash]time.Time
}

const (
	mostAsking  = 4                // questions on their way at once
	nationLooks = 30 * time.Second // it looks again at the latest
	mostCases   = 500              // of one round; the rest come in the next
)

// Run asks until ctx is done; then it waits for what is on its way.
func (n *Nation) Run(ctx context.Context) error {
	if len(n.Askers) == 0 { // every page says so; there is nothing to write down
		<-ctx.Done()
		return nil
	}
	n.wake, n.busy, n.first = make(chan struct{}, 1), map[fact.Hash]bool{}, map[fact.Hash]time.Time{}
	stop := n.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if IsCase(f) {
				n.poke()
				return
			}
		}
	})
	defer stop()
	defer n.under.Wait()
	for {
		next := n.round(ctx)
		timer := time.NewTimer(min(max(next, 20*time.Millisecond), nationLooks))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-n.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// Connected tells which services can be asked from here.
func (n *Nation) Connected(s exchange.National) bool { return n.Askers[s] != nil }

func (n *Nation) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// round does what is due now and says how long nothing else will be.
func (n *Nation) round(ctx context.Context) time.Duration {
	cases, err := n.open(ctx)
	if err != nil {
		n.trouble(ctx, "what is to be asked can't be read", err)
		return time.Second
	}
	next := nationLooks
	for _, id := range cases {
		left, err := n.attend(ctx, id)
		if err != nil {
			n.trouble(ctx, "a question could not be put down", err)
			left = time.Second
		}
		next = min(next, left)
	}
	return next
}

func (n *Nation) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		n.Log.Error(what, "err", err)
	}
}

func (n *Nation) open(ctx context.Context) ([]fact.Subject, error) {
	rows, err := n.Journal.Views().QueryContext(ctx, `SELECT id FROM nation_open ORDER BY id LIMIT ?`, mostCases)
	if err != nil {
		return nil, err
	}
	return subjects(rows)
}

// attend puts the questions of one case that are still to be put, and asks
// those that may be asked now.
func (n *Nation) attend(ctx context.Context, id fact.Subject) (time.Duration, error) {
	c, err := journal.Fold(ctx, n.Journal, id, urgent.Fold)
	if err != nil {
		return 0, err
	}
	onRecord, err := pregnancyOf(c, func(s fact.Subject) (fact.History, error) { return n.Journal.History(ctx, s) })
	if err != nil {
		return 0, err
	}
	now := n.Clock()
	if drafts, err := urgent.PutQuestions(c, n.Device, n.Rules, onRecord, n.Connected, now); err != nil || len(drafts) > 0 {
		if err != nil {
			return 0, err
		}
		return n.put(ctx, id, onRecord, drafts)
	}
	next := nationLooks
	open, from := c.ToAsk(n.Rules.Repeat)
	for i, q := range open {
		if left := from[i].Add(n.turnOf(q.Put.ID, now)).Sub(now); left > 0 {
			next = min(next, left)
			continue
		}
		if !n.start(ctx, id, q) {
			next = min(next, time.Second)
		}
	}
	return next, nil
}

// turnOf lets one device ask before the others: a later one finds it done.
func (n *Nation) turnOf(question fact.Hash, now time.Time) time.Duration {
	if n.Turn == nil {
		return 0
	}
	if n.first[question].IsZero() {
		n.first[question] = now
	}
	if left := n.first[question].Add(n.Turn(question)).Sub(now); left > 0 {
		return left
	}
	return 0
}

func (n *Nation) put(ctx context.Context, id fact.Subject, onRecord record.Answer, drafts []fact.Draft) (time.Duration, error) {
	if n.Turn != nil { // another device may be about to say the same
		if put, ok := drafts[0].Content.(urgent.QuestionPut); ok {
			if left := n.turnOf(put.ID, n.Clock()); left > 0 {
				return left, nil
			}
		}
	}
	saved, err := n.Journal.Do(ctx, n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, id)
		if err != nil {
			return nil, err
		}
		return urgent.PutQuestions(c, n.Device, n.Rules, onRecord, n.Connected, tx.Now())
	})
	if err != nil {
		return 0, err
	}
	n.Journal.WaitViews(ctx, saved, time.Second)
	return 0, nil // they are asked in the next round
}

// start asks one question apart from the others; false when it can't now.
func (n *Nation) start(ctx context.Context, id fact.Subject, q urgent.Question) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.busy[q.Put.ID] {
		return true
	}
	if len(n.busy) >= mostAsking || ctx.Err() != nil {
		return false
	}
	n.busy[q.Put.ID] = true
	n.under.Add(1)
	go func() {
		defer n.under.Done()
		if err := n.ask(ctx, id, q); err != nil {
			n.trouble(ctx, "an answer could not be put down", err)
		}
		n.mu.Lock()
		delete(n.busy, q.Put.ID)
		n.mu.Unlock()
		n.poke()
	}()
	return true
}

// ask asks once and puts down what came of it, even while the program stops.
func (n *Nation) ask(ctx context.Context, id fact.Subject, q urgent.Question) error {
	reply, why, final := n.tried(ctx, q.Put.Query)
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	saved, err := n.Journal.Do(saving, n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, id)
		if err != nil {
			return nil, err
		}
		if why != "" {
			return urgent.FailQuestion(c, n.Device, q.Put.ID, why, final)
		}
		return urgent.AnswerQuestion(c, n.Device, n.Rules, q.Put.ID, reply, tx.Now())
	})
	if err == nil {
		n.Journal.WaitViews(saving, saved, time.Second)
	}
	return err
}

func (n *Nation) tried(ctx context.Context, q exchange.Query) (reply exchange.Reply, why string, final bool) {
	asker := n.Askers[q.Service]
	if asker == nil {
		return reply, "This service is not connected here", true
	}
	asking, cancel := context.WithTimeout(ctx, n.Rules.Repeat.AskWithin)
	defer cancel()
	reply, err := asker.Ask(asking, q)
	var no *refusal.Error
	switch {
	case err == nil && reply.Told < exchange.ToldNone:
		return reply, "Its answer says nothing that this program can read", false
	case err == nil && len(reply.Original) > exchange.MaxMessage:
		return exchange.Reply{}, "Its answer was longer than 5 MB", false
	case err == nil:
		return reply, "", false
	case errors.As(err, &no):
		return reply, no.Sentence, no.Kind == refusal.Invalid || no.Kind == refusal.Forbidden
	case asking.Err() != nil:
		return reply, "It did not answer in time", false
	}
	return reply, "It could not be reached", false
}
