package node

import (
	"context"
	"crypto/subtle"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/replicate"
	"holdfast/task"
	"holdfast/urgent"
)

// foldVersion changes whenever any fold does: states of different versions are
// not compared.
const foldVersion = "8"

// foldAny folds a subject by what it is about: the kind of its first fact that
// belongs to a package. A subject that nobody folds has no state.
func foldAny(s fact.Subject, h fact.History) (any, bool) {
	for _, f := range h.Facts() {
		switch k := f.Body.Kind; {
		case k == (access.SessionOpened{}).FactKind().Number:
			return access.FoldSession(s, h), true
		case f.OfJournal(): // of devices' authority, and of what desks let go of
			continue
		case k == (access.PseudonymKeyDrawn{}).FactKind().Number:
			return access.FoldPseudonyms(h), true
		case k >= 20 && k < 50:
			return access.FoldStaff(s, h), true
		case entry.OfCode(k):
			return entry.Fold(s, h), true
		case entry.OfOpener(k):
			return entry.FoldOpener(s, h), true
		case urgent.OfCase(k):
			return urgent.Fold(s, h), true
		case k >= 100 && k < 200:
			return record.Fold(s, h), true
		case k == (urgent.ArrivalFiled{}).FactKind().Number, k == (exchange.MessageRefused{}).FactKind().Number:
			return nil, false
		case k >= 200 && k < 400:
			return urgent.Fold(s, h), true
		case k == (urgent.ExtensionChosen{}).FactKind().Number:
			return urgent.FoldExtension(s, h), true
		case k == (urgent.ExchangeHeard{}).FactKind().Number:
			return urgent.FoldExchange(s, h), true
		case urgent.OfTelephone(k):
			return urgent.FoldCall(s, h), true
		case k >= 400 && k < 500:
			return task.Fold(s, h), true
		case k >= 500 && k < 520:
			return directory.Fold(s, h), true
		}
	}
	return nil, false
}

// StateOf is the hash of a subject's folded state; zero for one without.
func StateOf(s fact.Subject, h fact.History) (fact.Hash, error) {
	state, ok := foldAny(s, h)
	if !ok {
		return fact.Hash{}, nil
	}
	return fact.StateHash(state)
}

// folded keeps the hash of every subject's folded state, bucket by bucket, and
// works out anew only what was touched. Two devices with the same facts and the
// same held set must come to the same.
type folded struct {
	j    *journal.Journal
	mu   sync.Mutex
	turn sync.Mutex // one works out at a time

	all     map[fact.Subject]fact.Hash
	buckets [256]fact.Hash // XOR of H(subject, state) over the subjects that begin with the byte
	touched map[fact.Subject]bool
	seen    map[fact.FeedID]uint64 // how far each feed was seen
	whole   bool                   // every subject was seen once since the start
}

func newFolded(j *journal.Journal) *folded {
	f := &folded{j: j, all: map[fact.Subject]fact.Hash{}, touched: map[fact.Subject]bool{}, seen: map[fact.FeedID]uint64{}}
	for _, t := range j.Tips() {
		f.seen[t.Feed] = max(f.seen[t.Feed], t.Size)
	}
	return f
}

// saw notes what has changed; it never waits long.
func (f *folded) saw(facts []fact.Fact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range facts {
		f.touched[one.Header.Subject] = true
		f.seen[one.Header.Feed] = max(f.seen[one.Header.Feed], one.Header.Seq+1)
	}
}

// level tells whether everything up to these tips was seen.
func (f *folded) level(tips []journal.Tip) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range tips {
		if f.seen[t.Feed] < t.Size {
			return false
		}
	}
	return true
}

// everything is what a device does after its start: it folds all subjects once,
// in small steps so that work at the desk comes first.
func (f *folded) everything(ctx context.Context) error {
	subjects, err := f.j.Subjects(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(subjects, 200) {
		began := time.Now()
		f.mu.Lock()
		for _, s := range part {
			f.touched[s] = true
		}
		f.mu.Unlock()
		if err := f.work(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(4 * time.Since(began)):
		case <-ctx.Done():
			return nil
		}
	}
	f.mu.Lock()
	f.whole = true
	f.mu.Unlock()
	return nil
}

// work folds what was touched.
func (f *folded) work(ctx context.Context) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.mu.Lock()
	subjects := slices.SortedFunc(maps.Keys(f.touched), func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	clear(f.touched)
	f.mu.Unlock()
	for i, s := range subjects {
		if err := f.fold(ctx, s); err != nil {
			f.mu.Lock()
			for _, s := range subjects[i:] { // whoever asked has gone: the next one has all of them worked out
				f.touched[s] = true
			}
			f.mu.Unlock()
			return err
		}
	}
	return nil
}

// fold works one subject out and puts it in the place of what it was.
func (f *folded) fold(ctx context.Context, s fact.Subject) error {
	h, err := f.j.History(ctx, s)
	if err != nil {
		return err
	}
	state, err := stateGuarded(s, h)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b := &f.buckets[s[0]]
	for _, one := range []fact.Hash{f.all[s], state} {
		if one != (fact.Hash{}) {
			sum := fact.Labelled("holdfast/state/1", s[:], one[:])
			subtle.XORBytes(b[:], b[:], sum[:])
		}
	}
	if f.all[s] = state; state == (fact.Hash{}) {
		delete(f.all, s)
	}
	return nil
}

// stateGuarded keeps a fold that panics from ending the program; the subject
// counts with a state that says so, the same on every device.
func stateGuarded(s fact.Subject, h fact.History) (state fact.Hash, err error) {
	defer func() {
		if recover() != nil {
			state = fact.Labelled("holdfast/fold-failed/1", s[:])
		}
	}()
	return StateOf(s, h)
}

// digest gives the buckets once everything was folded.
func (f *folded) digest(ctx context.Context) ([256]fact.Hash, error) {
	if err := f.work(ctx); err != nil {
		return [256]fact.Hash{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.whole {
		return [256]fact.Hash{}, replicate.ErrNotYet
	}
	return f.buckets, nil
}

// Hash is the hash of all folded states.
func (f *folded) hash(ctx context.Context) (fact.Hash, error) {
	buckets, err := f.digest(ctx)
	parts := make([][]byte, len(buckets))
	for i := range buckets {
		parts[i] = buckets[i][:]
	}
	return fact.Labelled("holdfast/states/1", parts...), err
}
