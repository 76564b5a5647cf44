package journal

import (
	"context"
	"slices"
	"sync"

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

// givenKeys remembers what each desk was given.
type givenKeys struct {
	mu sync.Mutex
	by map[fact.Subject]*givenTo
}

func (g *givenKeys) to(desk fact.Subject) *givenTo {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by == nil {
		g.by = map[fact.Subject]*givenTo{}
	}
	if g.by[desk] == nil {
		g.by[desk] = &givenTo{}
	}
	return g.by[desk]
}

// givenTo is what one desk was given of late. Each desk has a lock of its own, so
// that what is said about several is committed together.
type givenTo struct {
	mu          sync.Mutex
	looked      bool
	now, before map[Anew]bool // 0 times: for the first time
	last        []fact.ID     // what was said last: each cites it, and nobody reads all of the list to add to it
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
	j.sayGiven(ctx, desk, all, func(part []Anew) fact.Content {
		var k KeysGiven
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
	j.sayGiven(ctx, desk, again, func(part []Anew) fact.Content { return KeysGivenAnew{Given: part} })
}

func (j *Journal) sayGiven(ctx context.Context, desk fact.Subject, all []Anew, say func(part []Anew) fact.Content) {
	g := j.gave.to(desk)
	g.mu.Lock()
	defer g.mu.Unlock()
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
	said, err := j.Do(ctx, fact.Author{Role: "device"}, Seen{desk: append([]fact.ID{}, g.last...)}, func(*Tx) (out []fact.Draft, err error) {
		for part := range slices.Chunk(fresh, mostGiven) {
			out = append(out, fact.Say(desk, say(part)))
		}
		return out, nil
	})
	if err != nil {
		j.o.Log.Error("what a desk is given can't be written down", "err", err)
		return
	}
	g.last = []fact.ID{said[len(said)-1].ID}
	for _, one := range fresh {
		g.add(one)
	}
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
