package journal

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// mostSeen is how many ids a fact may cite as seen; above it, facts that join
// them are written first.
const mostSeen = 32

// mostSaid bounds the facts of one act: heads fall on act boundaries only, and
// what is between two heads travels in one piece.
const mostSaid = 512 << 10

// mostTries bounds how often a verb decides anew because others were faster.
const mostTries = 32

// Tx is what a verb decides on. It is good until decide returns, in the
// goroutine that decide was called in.
type Tx struct {
	journal *Journal
	ctx     context.Context
	now     time.Time
	reads   map[fact.Subject]int64
	fresh   map[fact.Subject]bool
	front   map[fact.Subject][]fact.ID
}

// Now is the time of the decision.
func (tx *Tx) Now() time.Time { return tx.now }

// History reads a subject. If it moves before the act is saved, decide runs
// again.
func (tx *Tx) History(s fact.Subject) (fact.History, error) {
	if tx.fresh[s] {
		return fact.History{}, nil
	}
	e, err := tx.journal.cached(tx.ctx, s)
	if err != nil {
		return fact.History{}, err
	}
	if _, again := tx.reads[s]; !again {
		tx.reads[s] = e.last
		tx.front[s] = e.history.WithHeld().Frontier()
	}
	return e.history, nil
}

// NewSubject draws a subject that has no facts yet.
func (tx *Tx) NewSubject() (fact.Subject, error) {
	s, err := fact.NewSubject(tx.journal.o.Random)
	if err != nil {
		return fact.Subject{}, err
	}
	tx.fresh[s] = true
	return s, nil
}

// Do runs a verb: decide reads folded state and answers drafts, which are
// saved as one act or not at all. It returns when the commit is flushed. If a
// subject that decide read has moved meanwhile, decide runs again.
//
// A refusal of decide comes back untouched. Otherwise the error is a refusal:
// Unavailable when it was surely not saved, Taken when others were faster too
// often, Unknown when it is in doubt whether it was saved.
func (j *Journal) Do(ctx context.Context, by fact.Author, seen Seen, decide func(tx *Tx) ([]fact.Draft, error)) ([]fact.Fact, error) {
	release := func() {}
	defer func() { release() }()
	for range mostTries {
		if err := ctx.Err(); err != nil {
			return nil, notSaved(err)
		}
		if err := j.state.refused(); err != nil {
			return nil, err
		}
		a, err := j.decide(ctx, by, seen, decide)
		if p := (*poisoned)(nil); errors.As(err, &p) {
			release()
			release = func() {}
			if err := j.setAside(ctx, p); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil || a == nil {
			return nil, err
		}
		ans := j.submit(ctx, a)
		if !errors.Is(ans.err, errMoved) {
			return ans.facts, ans.err
		}
		if !ans.moved.Zero() {
			release()
			release = j.turns.take(ans.moved)
		}
	}
	return nil, refusal.New(refusal.Taken, "Others are writing here at the same moment. Look at what has changed, then try again.")
}

// decide runs the verb once and seals what it wants to state; nil when there
// is nothing to state.
func (j *Journal) decide(ctx context.Context, by fact.Author, seen Seen, decide func(tx *Tx) ([]fact.Draft, error)) (*act, error) {
	tx := &Tx{
		journal: j, ctx: ctx, now: j.o.Clock(), reads: map[fact.Subject]int64{},
		fresh: map[fact.Subject]bool{}, front: map[fact.Subject][]fact.ID{},
	}
	drafts, err := decide(tx)
	if err != nil || len(drafts) == 0 {
		return nil, err
	}
	return j.prepare(tx, by, seen, drafts)
}

func (j *Journal) prepare(tx *Tx, by fact.Author, seen Seen, drafts []fact.Draft) (*act, error) {
	s := sealing{
		org: j.papers.org, random: j.o.Random, keys: j.subjects, file: j.file.Load(), hand: j.hand.Load(),
		now: fact.At(tx.now), offset: offsetOf(tx.now), by: by,
	}
	a := &act{reads: tx.reads, answer: make(chan answer, 1)}
	for s := range tx.fresh {
		j.cache.minted(s)
	}
	for _, d := range drafts {
		if j.erased(d.Subject) {
			return nil, refusal.New(refusal.Missing, "This record was destroyed as was asked. Nothing can be added to it: begin a new one.")
		}
		if at, gone := j.LetGoAt(d.Subject); gone {
			return nil, letGoRefusal(at)
		}
		frontier, err := tx.frontier(by, seen, d)
		if err != nil {
			return nil, err
		}
		if err := s.add(a, d, frontier, tx.fresh[d.Subject]); err != nil {
			return nil, err
		}
	}
	if err := s.finish(a); err != nil {
		return nil, err
	}
	if len(a.facts) > mostFacts || a.said > mostSaid || a.bytes > 32<<20 {
		return nil, refusal.New(refusal.Invalid, "This is too much for one step. Save it in parts.")
	}
	return a, nil
}

// frontier is what the author had seen of a draft's subject.
func (tx *Tx) frontier(by fact.Author, seen Seen, d fact.Draft) ([]fact.ID, error) {
	ids, given := seen[d.Subject]
	if !given || ids == nil {
		if tx.fresh[d.Subject] {
			return nil, nil
		}
		var ok bool
		if ids, ok = tx.front[d.Subject]; !ok {
			e, err := tx.journal.cached(tx.ctx, d.Subject)
			if err != nil {
				return nil, err
			}
			ids = e.history.WithHeld().Frontier() // held facts were on the page as well, marked
			tx.front[d.Subject] = ids
		}
	}
	if len(ids) <= mostSeen {
		return ids, nil
	}
	joined, err := tx.journal.join(tx.ctx, by, d.Subject, ids)
	if err == nil {
		tx.front[d.Subject] = joined
	}
	return joined, err
}

// join writes facts that stand for many ids seen, until one act can cite them.
func (j *Journal) join(ctx context.Context, by fact.Author, s fact.Subject, ids []fact.ID) ([]fact.ID, error) {
	for len(ids) > mostSeen {
		var next []fact.ID
		for len(ids) > 0 {
			part := ids[:min(mostSeen, len(ids))]
			ids = ids[len(part):]
			facts, err := j.Do(ctx, by, Seen{s: part}, func(*Tx) ([]fact.Draft, error) {
				return []fact.Draft{fact.Say(s, FrontierJoined{Count: uint32(len(part))})}, nil
			})
			if err != nil {
				return nil, err
			}
			next = append(next, facts[0].ID)
		}
		ids = next
	}
	return ids, nil
}

// submit hands an act to the writer and waits for its answer. Once it is
// queued it may be saved, so only the writer says what became of it.
func (j *Journal) submit(ctx context.Context, a *act) answer {
	select {
	case j.queue <- a:
	case <-ctx.Done():
		return answer{err: notSaved(ctx.Err())}
	case <-j.stopped:
		return answer{err: notSaved(errClosed)}
	}
	select {
	case ans := <-a.answer:
		return ans
	case <-j.stopped:
	}
	select {
	case ans := <-a.answer:
		return ans
	default:
		return answer{err: notSaved(errClosed)}
	}
}

var errClosed = errors.New("the journal is closed")

func notSaved(cause error) error {
	return refusal.New(refusal.Unavailable, "Nothing was saved. Try again.").Because(cause)
}

func inDoubt(cause error) error {
	return refusal.New(refusal.Unknown, "It is not known whether this was saved: look before trying again.").Because(cause)
}

// turns lets acts that were overtaken on one subject go one after another.
type turns struct {
	once    sync.Once
	seed    maphash.Seed
	stripes [64]sync.Mutex
}

func (t *turns) take(s fact.Subject) (release func()) {
	t.once.Do(func() { t.seed = maphash.MakeSeed() })
	m := &t.stripes[maphash.Bytes(t.seed, s[:])%uint64(len(t.stripes))]
	m.Lock()
	return m.Unlock
}
