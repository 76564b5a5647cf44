package drill

import (
	"context"
	"errors"
	"flag"
	"strings"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// fromTheFuture is of a kind that no program knows yet.
type fromTheFuture struct {
	Words string `cbor:"1,keyasint"`
}

// FactKind is a number that no kind will be given.
func (fromTheFuture) FactKind() fact.Kind {
	return fact.Kind{Number: 4_000_000_001, Version: 1, Lane: fact.Care, Name: "from-the-future", Join: fact.Grow}
}

// newerNote is a note of a version that no program knows yet.
type newerNote struct {
	Words string `cbor:"1,keyasint"`
}

// FactKind is a note's, many versions on.
func (newerNote) FactKind() fact.Kind {
	k := urgent.Noted{}.FactKind()
	k.Version = 99
	return k
}

// muddled is of a note's kind, and its content is of another shape.
type muddled struct {
	Words []uint64 `cbor:"1,keyasint"`
}

// FactKind is a note's.
func (muddled) FactKind() fact.Kind { return urgent.Noted{}.FactKind() }

// helpFuture writes poison about a case: kinds and versions from the future,
// content of another shape, and notes as large as a fact can be.
func helpFuture(ctx context.Context, args []string) (err error) {
	f := flag.NewFlagSet("future", flag.ContinueOnError)
	dir, about, large, panics := f.String("data", "", ""), f.String("case", "", ""), f.Int("large", 10, ""), f.Bool("panics", false, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	s, err := fact.ParseSubject(*about)
	if err != nil {
		return err
	}
	j, err := journal.Open(ctx, smallOptions(*dir))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	acts := [][]fact.Draft{
		{fact.Say(s, fromTheFuture{Words: "from the future"})}, {fact.Say(s, newerNote{Words: "newer"})}, {fact.Say(s, muddled{Words: []uint64{1, 2}})},
	}
	for range *large {
		acts = append(acts, []fact.Draft{fact.Say(s, urgent.Noted{Words: strings.Repeat("large ", 10_000), By: "rehearsal"})})
	}
	for _, act := range acts {
		if _, err := j.Do(ctx, fact.Author{Role: "device"}, nil, func(*journal.Tx) ([]fact.Draft, error) { return act, nil }); err != nil {
			return err
		}
	}
	_, err = j.Do(ctx, fact.Author{Role: "device"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, urgent.Noted{Words: strings.Repeat("too large", 1<<20), By: "rehearsal"})}, nil
	})
	if err == nil {
		return errors.New("a fact of nine megabytes was taken")
	}
	if *panics {
		return foldPanics(ctx, j, s)
	}
	return nil
}

// foldPanics states a fact on which a fold panics, as a mistake in a program
// would: the fold must pass without it, and every device must be told.
func foldPanics(ctx context.Context, j *journal.Journal, s fact.Subject) error {
	const poison = "a fold panics on this"
	if err := note(ctx, j, s, poison); err != nil {
		return err
	}
	passed, err := journal.Fold(ctx, j, s, func(_ fact.Subject, h fact.History) int {
		for _, one := range h.Facts() {
			if n, err := fact.Read[urgent.Noted](one); err == nil && n.Words == poison {
				panic(poison)
			}
		}
		return h.Len()
	})
	if err != nil {
		return err
	}
	if passed == 0 {
		return errors.New("the fold passed without anything")
	}
	h, err := j.History(ctx, s)
	if err != nil {
		return err
	}
	for _, one := range h.Facts() {
		if _, err := fact.Read[journal.SetAside](one); err == nil {
			return nil
		}
	}
	return errors.New("what a fold panics on was not set aside for other devices")
}
