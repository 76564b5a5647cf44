package journal

import (
	"context"
	"slices"
	"sync"
	"time"

	"holdfast/fact"
)

// mostGiven keeps one fact well below the most that a body holds.
const mostGiven = 1000

// What is remembered of what a desk was given, so that it is said once: bounded,
// and after a start what was said last. What is forgotten is said once more, and
// the manifest takes the first.
const (
	mostRemembered = 20_000 // givings, and as many before them
	mostLookedBack = 2_000  // facts
)

// atWorkFor is how long after it last asked for keys a desk counts as being at
// work: what another is given then is said of it as well.
const atWorkFor = 10 * time.Minute

// givenKeys remembers what each desk was given. It is held until what is said is
// saved: no key leaves before.
type givenKeys struct {
	mu sync.Mutex
	by map[fact.Subject]*givenTo
}

func (g *givenKeys) to(desk fact.Subject) *givenTo {
	if g.by == nil {
		g.by = map[fact.Subject]*givenTo{}
	}
	if g.by[desk] == nil {
		g.by[desk] = &givenTo{}
	}
	return g.by[desk]
}

// givenTo is what one desk was given of late.
type givenTo struct {
	looked      bool
	now, before map[Anew]bool // 0 times: for the first time
	last        []fact.ID     // what was said last: each cites it, and nobody reads all of the list to add to it
	asked       time.Time     // when it asked for keys last
}

func (g *givenTo) has(one Anew) bool { return g.now[one] || g.before[one] }

func (g *givenTo) add(one Anew) {
	if g.now == nil || len(g.now) >= mostRemembered {
		g.now, g.before = map[Anew]bool{}, g.now
	}
	g.now[one] = true
}

// Giving says that a desk is about to be given keys of these subjects: all of
// one question in one fact.
func (j *Journal) Giving(ctx context.Context, desk fact.Subject, subjects []fact.Subject) {
	if e, ok := j.House().Devices[desk]; ok && e.Card.Kind == fact.Desk && j.epoch != nil {
		j.noteGiven(ctx, desk, slices.DeleteFunc(slices.Clone(subjects), j.erased))
	}
}

// noteGiven says which subjects a desk is about to be given, before it is. One
// that can't be said is logged and given all the same: a desk is never kept
// from its work by the list of what it holds.
func (j *Journal) noteGiven(ctx context.Context, desk fact.Subject, subjects []fact.Subject) {
	all := make([]Anew, len(subjects))
	for i, s := range subjects {
		all[i].Subject = s
	}
	j.sayGiven(ctx, desk, all, true, func(part []Anew, desks []fact.Subject) fact.Content {
		k := KeysGiven{Desks: desks}
		for _, one := range part {
			k.Subjects = append(k.Subjects, one.Subject)
		}
		return k
	})
}

// GiveAnew says that a desk is about to be given keys that it had let go of. Each
// is said once. What can't be said is logged, and the keys are given all the
// same: nobody is kept from their work by a list.
func (j *Journal) GiveAnew(ctx context.Context, desk fact.Subject, again []Anew) {
	j.sayGiven(ctx, desk, again, false, func(part []Anew, _ []fact.Subject) fact.Content { return KeysGivenAnew{Given: part} })
}

func (j *Journal) sayGiven(ctx context.Context, desk fact.Subject, all []Anew, shared bool, say func(part []Anew, desks []fact.Subject) fact.Content) {
	j.gave.mu.Lock()
	defer j.gave.mu.Unlock()
	g := j.gave.to(desk)
	g.asked = j.o.Clock()
	if err := j.lookBack(g, desk); err != nil {
		j.o.Log.Error("what a desk was given can't be read: it is said once more", "err", err)
	}
	var fresh []Anew
	seen := map[Anew]bool{}
	for _, one := range all {
		if !g.has(one) && !seen[one] {
			seen[one] = true
			fresh = append(fresh, one)
		}
	}
	if len(fresh) == 0 {
		return
	}
	var others []fact.Subject
	if shared && j.o.OneWork {
		others = j.gave.with(j.House(), desk, fresh, g.asked)
	}
	said, err := j.Do(ctx, fact.Author{Role: "device"}, Seen{desk: append([]fact.ID{}, g.last...)}, func(*Tx) (out []fact.Draft, err error) {
		for part := range slices.Chunk(fresh, mostGiven) {
			out = append(out, fact.Say(desk, say(part, others)))
		}
		return out, nil
	})
	if err != nil {
		j.o.Log.Error("what a desk is given can't be written down", "err", err)
		return
	}
	g.last = []fact.ID{said[len(said)-1].ID}
	for _, to := range append(others, desk) {
		for _, one := range fresh {
			j.gave.by[to].add(one)
		}
	}
}

// mostDesks bounds those that one fact names.
const mostDesks = 1000

// with lists the other desks that are at work and of which not all of this has
// been said yet: they are given it as well, in a moment.
func (g *givenKeys) with(h House, desk fact.Subject, fresh []Anew, now time.Time) (out []fact.Subject) {
	for to, was := range g.by {
		if to != desk && now.Sub(was.asked) < atWorkFor && !h.CutOff(to) && slices.ContainsFunc(fresh, func(one Anew) bool { return !was.has(one) }) {
			out = append(out, to)
		}
	}
	slices.SortFunc(out, bySubject)
	return out[:min(len(out), mostDesks)]
}

// givenWith goes through what was said of a desk in facts about another.
func (j *Journal) givenWith(ctx context.Context, desk fact.Subject, see func(s fact.Subject, at fact.Millis)) error {
	for other, e := range j.House().Devices {
		if e.Card.Kind != fact.Desk || other == desk {
			continue
		}
		if err := j.eachAbout(ctx, other, func(f fact.Fact) {
			if k, err := fact.Read[KeysGiven](f); err == nil && slices.Contains(k.Desks, desk) {
				for _, s := range k.Subjects {
					see(s, f.Header.Recorded)
				}
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// lookBack reads what was said last of what a desk was given.
func (j *Journal) lookBack(g *givenTo, desk fact.Subject) error {
	if g.looked {
		return nil
	}
	last, err := j.readFacts(j.file.Load(), "SELECT pos, feed, header, body FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?) ORDER BY pos DESC LIMIT ?", desk[:], int64(mostLookedBack))
	if err != nil {
		return err
	}
	if len(last) > 0 {
		g.last = []fact.ID{last[0].fact.ID}
	}
	for _, p := range slices.Backward(last) {
		if k, err := fact.Read[KeysGiven](p.fact); err == nil {
			for _, s := range k.Subjects {
				g.add(Anew{Subject: s})
			}
		}
		if k, err := fact.Read[KeysGivenAnew](p.fact); err == nil {
			for _, one := range k.Given {
				g.add(one)
			}
		}
	}
	g.looked = true
	return nil
}

// eachAbout goes through the facts of a subject, marked as held where a cut holds
// them, without keeping them: a list of years does not fit in memory.
func (j *Journal) eachAbout(ctx context.Context, s fact.Subject, see func(f fact.Fact)) error {
	f := j.file.Load()
	for after := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := j.readFacts(f, "SELECT pos, feed, header, body FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?) AND pos>? ORDER BY pos LIMIT ?", s[:], after, int64(viewBatch))
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, p := range batch {
			after = p.pos
			see(p.fact)
		}
	}
}
