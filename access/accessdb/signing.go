package accessdb

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// signing is what a gate remembers of people who are about to sign in: bounded,
// in memory only.
type signing struct {
	brakes  *brakes
	hashing chan struct{} // passwords hashed at once
	papers  chan struct{} // recovery codes hashed at once, so that nobody's shift waits for them
	shown   *shown
}

func newSigning() *signing {
	return &signing{
		brakes: &brakes{at: map[fact.Hash]access.Tries{}}, shown: &shown{at: map[slot]kept{}},
		hashing: make(chan struct{}, max(1, runtime.GOMAXPROCS(0))), papers: make(chan struct{}, 1),
	}
}

// hashWait is how long somebody waits for their turn at the hash, which is the
// dearest thing that an open door does.
const hashWait = 10 * time.Second

// turn waits for a place among those who hash. The caller gives it back.
func turn(ctx context.Context, places chan struct{}) error {
	late := time.NewTimer(hashWait)
	defer late.Stop()
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-late.C:
		return refusal.New(refusal.Unavailable, "Too many people are signing in at once. Try again in a minute, or use a passkey.")
	}
}

// brakes slow wrong tries: at an account, at a browser, at a recovery paper.
// Never at an address, which colleagues share.
type brakes struct {
	mu sync.Mutex
	at map[fact.Hash]access.Tries
}

// mostBraked bounds the doors at which tries are counted.
const mostBraked = 20_000

// door is one place at which tries count, with what is on record about it.
type door struct {
	key    fact.Hash
	record access.Tries
}

// begin counts a try as wrong before it is looked at, so that many at once are
// no way round the waits, and gives the tries at the first door. It refuses while
// a door is waiting; such a try is not looked at and does not count.
func (b *brakes) begin(p access.Brake, now time.Time, doors ...door) (access.Tries, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range doors {
		if wait := p.Opens(b.tries(p, d, now)).Sub(now); wait > 0 {
			return access.Tries{}, refusal.Newf(refusal.Forbidden, "Too many wrong tries. The next one is looked at in %s. A passkey works at once.", inWords(wait))
		}
	}
	var first access.Tries
	for i, d := range doors {
		t := p.After(b.tries(p, d, now), now)
		if i == 0 {
			first = t
		}
		b.room(p, now)
		b.at[d.key] = t
	}
	return first, nil
}

func (b *brakes) tries(p access.Brake, d door, now time.Time) access.Tries {
	t, ok := b.at[d.key]
	if !ok {
		t = d.record
	}
	return p.Now(t, now)
}

// right takes back the try that was counted; the account's tries are forgotten,
// the browser's are not: a thief's own account is no way to wipe them.
func (b *brakes) right(account fact.Hash, others ...fact.Hash) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at[account] = access.Tries{}
	for _, key := range others {
		if t := b.at[key]; t.Wrong > 1 {
			t.Wrong--
			b.at[key] = t
		} else {
			delete(b.at, key)
		}
	}
}

// room makes room for one more: what is forgotten goes first, then the door
// with the fewest tries.
func (b *brakes) room(p access.Brake, now time.Time) {
	if len(b.at) < mostBraked {
		return
	}
	var least fact.Hash
	fewest := access.Tries{Wrong: int(^uint(0) >> 1)}
	for key, t := range b.at {
		if p.Now(t, now).Wrong == 0 {
			delete(b.at, key)
		} else if t.Wrong < fewest.Wrong || t.Wrong == fewest.Wrong && t.Last.Before(fewest.Last) {
			least, fewest = key, t
		}
	}
	if len(b.at) >= mostBraked {
		delete(b.at, least)
	}
}

func inWords(d time.Duration) string {
	if d > 90*time.Second {
		return fmt.Sprintf("%d minutes", int((d+time.Minute-1)/time.Minute))
	}
	return fmt.Sprintf("%d seconds", int((d+time.Second-1)/time.Second))
}

// shown holds, for a few minutes, what is being enrolled or is to be shown once:
// an authenticator's secret, witnessed links. Each has a slot of its own, so that
// two people who do this in one session at one desk keep theirs.
type shown struct {
	mu sync.Mutex
	at map[slot]kept
}

// slot is what is shown, and to whom: in a session, for a link by its hash; the
// zero hash is the authenticator.
type slot struct {
	session fact.Subject
	link    fact.Hash
}

type kept struct {
	secret []byte
	link   string
	name   string
	what   string // which page shows it; a witnessed link's is empty
	says   string
	ends   time.Time // of the link
	until  time.Time
}

const (
	mostShown = 2000
	shownFor  = 10 * time.Minute
)

func (s *shown) put(at slot, k kept, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.at {
		if now.After(old.until) {
			delete(s.at, id)
		}
	}
	if _, again := s.at[at]; !again && len(s.at) >= mostShown {
		return refusal.New(refusal.Unavailable, "Too many people are doing this at once. Try again in a minute.")
	}
	k.until = now.Add(shownFor)
	s.at[at] = k
	return nil
}

func (s *shown) get(at slot, now time.Time) (kept, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.at[at]
	return k, ok && !now.After(k.until)
}

// next gives the link of a session that is to be shown on a page and was begun
// first.
func (s *shown) next(session fact.Subject, what string, now time.Time) (at slot, k kept, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one, old := range s.at {
		if one.session != session || old.what != what || one.link == (fact.Hash{}) || old.name == "" || now.After(old.until) {
			continue
		}
		if !ok || old.until.Before(k.until) || old.until.Equal(k.until) && bytes.Compare(one.link[:], at.link[:]) < 0 {
			at, k, ok = one, old, true
		}
	}
	return at, k, ok
}

func (s *shown) drop(at slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.at, at)
}
