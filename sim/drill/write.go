package drill

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// factsInAct is how many facts one act of a writer states: two of care, one
// look, so that half an act would show.
const factsInAct = 3

// writing is a helper that states acts until it has stated enough or is
// killed, and notes every answer.
type writing struct {
	journal *journal.Journal
	ledger  *ledgerFile
	acts    int // each writer's; 0: without end
	words   int // length of the notes
	run     string
}

// helpWrite opens a folder as the program does and writes in it.
func helpWrite(ctx context.Context, args []string, out io.Writer) (err error) {
	f := flag.NewFlagSet("write", flag.ContinueOnError)
	dir, ledger, clock := f.String("data", "", ""), f.String("ledger", "-", ""), f.String("clock", "", "")
	acts, writers := f.Int("acts", 0, ""), f.Int("writers", 1, "")
	pages, reserve := f.Int("checkpoint", 0, ""), f.Int64("reserve", -1, "")
	words, run, stay := f.Int("words", 40, ""), f.String("run", "", ""), f.Bool("stay", false, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	o := smallOptions(*dir)
	o.CheckpointPages, o.Reserve = *pages, *reserve
	if o.Clock, err = clockFrom(*clock); err != nil {
		return err
	}
	w := &writing{acts: *acts, words: *words, run: *run}
	if w.ledger, err = openLedger(*ledger); err != nil {
		return err
	}
	if *ledger == "-" {
		w.ledger.to = out
	}
	defer func() { err = errors.Join(err, w.ledger.close()) }()
	if w.journal, err = journal.Open(ctx, o); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.journal.Close()) }()
	if err = w.all(ctx, *writers); err == nil && *stay { // until it is killed
		<-ctx.Done()
	}
	return err
}

func (w *writing) all(ctx context.Context, writers int) error {
	errs := make([]error, writers)
	var wait sync.WaitGroup
	for n := range writers {
		wait.Go(func() { errs[n] = w.one(ctx, n) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// one states the acts of one writer about one subject.
func (w *writing) one(ctx context.Context, number int) error {
	s, err := fact.NewSubject(rand.Reader)
	if err != nil {
		return err
	}
	known := 0
	for n := 0; (w.acts == 0 || n < w.acts) && ctx.Err() == nil; n++ {
		words := fmt.Sprintf("%s/%d/%d ", w.run, number, n)
		e := w.act(ctx, s, words+strings.Repeat("x", max(w.words-len(words), 0)))
		h, err := w.journal.History(ctx, s)
		if len(e.Facts) > 0 {
			known += factsInAct
		}
		e.Reads = err == nil && h.Len() >= known
		e.Banner = w.banner(e.Refused != "")
		if err := w.ledger.add(e); err != nil {
			return err
		}
		if e.Refused != "" {
			time.Sleep(2 * time.Millisecond) // a person would take longer to try again
		}
	}
	return nil
}

// banner is what every page shows of this device's health. After a refusal it
// has half a second to say why.
func (w *writing) banner(refused bool) string {
	for tries := 0; ; tries++ {
		if b := w.journal.Health().Sentence; b != "" || !refused || tries == 50 {
			return b
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// act states one act about a subject that has been looked at.
func (w *writing) act(ctx context.Context, s fact.Subject, words string) entry {
	facts, err := w.journal.Do(ctx, fact.Author{Role: "device"}, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		if _, err := tx.History(s); err != nil {
			return nil, err
		}
		return []fact.Draft{
			fact.Say(s, urgent.Noted{Words: words, By: "rehearsal"}), fact.Say(s, urgent.Noted{Words: words, By: "again"}),
			fact.Say(s, access.Looked{About: s}),
		}, nil
	})
	return answered(words, facts, err)
}
