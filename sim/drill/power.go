package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"holdfast/sim/faultfs"
)

func powerDrill() Drill {
	return Drill{
		Number: 2, Name: "power", Hazard: "H-001, H-008, H-530",
		About:    "The power fails after every single write, flush, rename and change of a folder; what was not flushed is gone, torn, or there in part.",
		Expected: "At every point: it opens, it holds, everything answered as saved by then is there once, acts are whole, and saving goes on.",
		run:      rehearsePower,
	}
}

// ledgerName is the ledger that lies on the faulty disk itself, so that every
// answer has its exact place among the writes and flushes. It stands for the
// person who read the answer: no fault touches it.
const ledgerName = "answers"

func rehearsePower(ctx context.Context, s *Stage) error {
	r, err := s.recordWork(ctx)
	if err != nil {
		return err
	}
	l, err := s.lookers(ctx)
	if err != nil {
		return err
	}
	if err := s.cutEverywhere(ctx, r, l); err != nil {
		return err
	}
	s.AtLeast("points", 300)
	s.AtLeast("flushes", 30)
	s.AtLeast("acts_answered", 20)
	s.Saw("%v power cuts at %v points (%v flushes), %v acts answered, none lost", s.Figure("power_cuts"), s.Figure("points"), s.Figure("flushes"), s.Figure("acts_answered"))
	return nil
}

// recordWork has the program found an organisation and work, in two runs, on
// a disk that writes down every step.
func (s *Stage) recordWork(ctx context.Context) (*faultfs.Replay, error) {
	d, mount, err := s.mount("power", faultfs.Options{Record: true})
	if err != nil {
		return nil, err
	}
	ledger := filepath.Join(mount, ledgerName)
	data := filepath.Join(mount, "data")
	for _, args := range [][]string{
		{"found", "--data", data, "--ledger", ledger},
		{"write", "--data", data, "--ledger", ledger, "--acts", "5", "--writers", "3", "--checkpoint", "12", "--run", "first"},
		{"write", "--data", data, "--ledger", ledger, "--acts", "7", "--writers", "1", "--run", "second"},
	} {
		if err := s.run(ctx, args...); err != nil {
			return nil, err
		}
	}
	return d.Recording()
}

// mount puts a faulty disk over a new folder; it is taken away at the end.
func (s *Stage) mount(name string, o faultfs.Options) (*faultfs.Disk, string, error) {
	var err error
	if o.Backing == "" {
		if o.Backing, err = s.Folder(name + "-disk"); err != nil {
			return nil, "", err
		}
	}
	if o.Mount, err = s.Folder(name + "-mount"); err != nil {
		return nil, "", err
	}
	d, err := faultfs.Mount(o)
	if err != nil {
		return nil, "", err
	}
	var once sync.Once
	s.after(func() (err error) {
		once.Do(func() { err = d.Unmount() })
		return err
	})
	return d, o.Mount, nil
}

// cutEverywhere cuts the power after every step, in every way that could make
// a difference there.
func (s *Stage) cutEverywhere(ctx context.Context, r *faultfs.Replay, l *lookers) error {
	var raw []byte // of the ledger so far
	var wait sync.WaitGroup
	errs := make(chan error, 1)
	slots := make(chan struct{}, atOnce)
	fail := func(err error) {
		select {
		case errs <- err:
		default:
		}
	}
	for r.Next() && ctx.Err() == nil && len(errs) == 0 {
		step := r.Step(r.At() - 1)
		if step.Path == ledgerName {
			raw = append(raw, step.Data...)
			s.Most("acts_answered", float64(saved(readEntries(raw))))
			continue
		}
		if step.Path == "" || strings.HasSuffix(step.Path, "-shm") { // shared memory: thrown away at every start
			continue
		}
		s.Add("points", 1)
		if step.Act == faultfs.Flush || step.Act == faultfs.FlushNames {
			s.Add("flushes", 1)
		}
		entries := readEntries(raw)
		for _, loss := range lossesAfter(step) {
			dir := filepath.Join(s.dir, fmt.Sprintf("cut-%d-%s", r.At(), loss))
			random := rand.New(rand.NewPCG(s.seed, uint64(r.At())))
			if err := r.Cut(dir, loss, random); err != nil {
				return err
			}
			where := fmt.Sprintf("power cut after step %d (%s of %s), unflushed: %s", r.At(), step.Act, step.Path, loss)
			slots <- struct{}{}
			wait.Go(func() {
				defer func() { <-slots }()
				if err := s.lookAfterCut(l, dir, where, entries); err != nil {
					fail(err)
				}
			})
		}
	}
	wait.Wait()
	close(errs)
	return errors.Join(<-errs, ctx.Err())
}

// lossesAfter gives the losses that differ from those after the step before: a
// write alone changes nothing of what is flushed.
func lossesAfter(step faultfs.Step) []faultfs.Loss {
	switch step.Act {
	case faultfs.Write, faultfs.Resize:
		return []faultfs.Loss{faultfs.Torn, faultfs.Some}
	}
	return faultfs.Losses()
}

func (s *Stage) lookAfterCut(l *lookers, dir, where string, entries []entry) error {
	founded := len(entries) > 0
	f, err := l.ask(question{Dir: filepath.Join(dir, "data"), Entries: entries, Save: true, Refound: !founded})
	if err != nil {
		return err
	}
	s.Add("power_cuts", 1)
	s.judge(where, f)
	if f.Incarnation > 1 {
		s.Add("new_incarnations", 1)
	}
	return os.RemoveAll(dir)
}
