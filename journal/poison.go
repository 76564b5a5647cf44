package journal

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// panicked is what a fold or a view that panicked said.
type panicked struct {
	said  string
	stack []byte
}

// Error says what it said.
func (p *panicked) Error() string { return "panic: " + p.said }

// safely turns a panic into an error.
func safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{said: fmt.Sprint(p), stack: debug.Stack()}
		}
	}()
	return do()
}

// poisoned says which fact makes the fold of its subject panic.
type poisoned struct {
	subject fact.Subject
	id      fact.ID
	cause   error
}

// Error is for the log.
func (p *poisoned) Error() string { return "a fact can't be folded: " + p.cause.Error() }

// Unwrap gives the panic.
func (p *poisoned) Unwrap() error { return p.cause }

// Fold folds a subject for a page. A fact that makes the fold panic is set
// aside, for every device, and the state without it is given: it says that
// something is not shown, and everything else goes on.
func Fold[T any](ctx context.Context, j *Journal, s fact.Subject, fold func(fact.Subject, fact.History) T) (T, error) {
	var none T
	for range mostTries {
		h, err := j.History(ctx, s)
		if err != nil {
			return none, err
		}
		out, err := guarded(s, h, fold)
		var p *poisoned
		if !errors.As(err, &p) {
			return out, err
		}
		if err := j.setAside(ctx, p); err != nil {
			return none, err
		}
	}
	return none, cantRead(nil)
}

// FoldIn folds a subject for a verb, guarded in the same way: Do sets the fact
// aside and has the verb decide anew.
func FoldIn[T any](tx *Tx, s fact.Subject, fold func(fact.Subject, fact.History) T) (T, error) {
	h, err := tx.History(s)
	if err != nil {
		var none T
		return none, err
	}
	return guarded(s, h, fold)
}

func guarded[T any](s fact.Subject, h fact.History, fold func(fact.Subject, fact.History) T) (out T, err error) {
	try := func(h fact.History) error {
		return safely(func() error { out = fold(s, h); return nil })
	}
	cause := try(h)
	if cause == nil {
		return out, nil
	}
	id, ok := suspect(h, func(h fact.History) bool { return try(h) == nil })
	var none T
	if !ok {
		return none, cantRead(cause)
	}
	return none, &poisoned{subject: s, id: id, cause: cause}
}

func cantRead(cause error) error {
	return refusal.New(refusal.Unavailable, "What is on record here can't be read by this program. Nothing is lost: use another machine, and tell whoever runs this one.").Because(cause)
}

// suspect finds the newest fact without which a fold passes. When no single one
// will do, it is the newest of those that must all go.
func suspect(h fact.History, passes func(fact.History) bool) (fact.ID, bool) {
	all := h.WithHeld().Facts()
	var gone []fact.ID
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Body.Kind == 0 || all[i].OfJournal() {
			continue
		}
		if passes(without(h, all[i].ID)) {
			return all[i].ID, true
		}
		gone = append(gone, all[i].ID)
	}
	for i := 2; i <= len(gone); i++ {
		if passes(without(h, gone[:i]...)) {
			return gone[i-1], true
		}
	}
	return fact.ID{}, false
}

// without closes the bodies of facts, as setting them aside does.
func without(h fact.History, ids ...fact.ID) fact.History {
	all := slices.Concat(h.Facts(), h.Held())
	for i := range all {
		if slices.Contains(ids, all[i].ID) {
			all[i].Body = fact.Body{Seen: all[i].Body.Seen}
		}
	}
	return fact.NewHistory(all)
}

// setAside states that a fact can't be used; said already, it says nothing.
func (j *Journal) setAside(ctx context.Context, p *poisoned) error {
	var said *panicked
	if errors.As(p.cause, &said) {
		j.o.Log.Error("a fact makes a fold panic and is set aside", "fact", p.id.Short(), "panic", said.said, "stack", string(said.stack))
	}
	by := fact.Author{Person: j.papers.card.Device, Role: "device"}
	_, err := j.Do(ctx, by, nil, func(tx *Tx) ([]fact.Draft, error) {
		h, err := tx.History(p.subject)
		if err != nil || slices.ContainsFunc(h.Facts(), func(f fact.Fact) bool {
			s, err := fact.Read[SetAside](f)
			return err == nil && s.Fact == p.id
		}) {
			return nil, err
		}
		return []fact.Draft{fact.Say(p.subject, SetAside{Fact: p.id, Why: "it can't be folded"})}, nil
	})
	return err
}

// probe is the reader of a view with some facts left out, which remembers what
// was read.
type probe struct {
	j     *Journal
	reads []fact.Subject
	of    fact.Subject
	h     fact.History // of that subject
}

// History reads a subject.
func (p *probe) History(s fact.Subject) (fact.History, error) {
	p.reads = append(p.reads, s)
	if s == p.of {
		return p.h, nil
	}
	return p.j.History(context.Background(), s)
}

// poison finds what makes a view panic on a fact, and has it set aside: of the
// subjects that the view read the last is looked at first. It tells whether
// something was found; what is set aside comes to the views again.
func (v *views) poison(again func(r Reader, facts []fact.Fact) error, f fact.Fact, cause error) bool {
	seen := &probe{j: v.j}
	if again(seen, []fact.Fact{f}) == nil { // set aside meanwhile
		v.again([]fact.Subject{f.Header.Subject})
		return true
	}
	slices.Reverse(seen.reads)
	subjects := append(seen.reads, f.Header.Subject)
	for i, s := range subjects {
		if slices.Contains(subjects[:i], s) {
			continue
		}
		h, err := v.j.History(context.Background(), s)
		if err != nil {
			continue
		}
		passes := func(h fact.History) bool {
			facts := []fact.Fact{f}
			if s == f.Header.Subject { // each of them makes the view fold; one alone would only be passed over
				facts = slices.Concat(h.Facts(), h.Held())
			}
			return again(&probe{j: v.j, of: s, h: h}, facts) == nil
		}
		if passes(h) { // set aside meanwhile
			v.again([]fact.Subject{f.Header.Subject})
			return true
		}
		if id, ok := suspect(h, passes); ok {
			v.stating.Go(func() {
				if err := v.j.setAside(context.Background(), &poisoned{subject: s, id: id, cause: cause}); err != nil {
					v.j.o.Log.Error("a fact that can't be folded could not be set aside", "fact", id.Short(), "err", err)
				}
			})
			return true
		}
	}
	return false
}

// closedBodies closes the bodies of what is set aside among a subject's facts.
func closedBodies(all []placed) []placed {
	plain := make([]fact.Fact, len(all))
	for i, p := range all {
		plain[i] = p.fact
	}
	for i, f := range setAside(plain, countMarks(plain)) {
		all[i].fact = f
	}
	return all
}
