package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"holdfast/sim/faultfs"
)

func flushDrill() Drill {
	return Drill{
		Number: 3, Name: "flush", Hazard: "H-002, H-003",
		About:    "A flush or write fails, at every one in turn: once or from then on, not done or done but said to have failed; then the power fails too.",
		Expected: "Nothing is answered as saved that is not; what was in doubt is said to be in doubt; people are told; what was saved survives, also when a failed flush is never made good.",
		run:      rehearseFlush,
	}
}

// failing is one way in which a disk fails.
type failing struct {
	act    faultfs.Act
	at     int // the how-manieth act of this sort
	done   bool
	sticky bool
}

func (f failing) String() string {
	how := "not done"
	if f.done {
		how = "done but said failed"
	}
	if f.sticky {
		how += ", and all after it"
	}
	return fmt.Sprintf("%s %d fails, %s", f.act, f.at, how)
}

const mostFailedWrites = 40

func rehearseFlush(ctx context.Context, s *Stage) error {
	base, err := s.Folder("base")
	if err != nil {
		return err
	}
	if err := s.run(ctx, "found", "--data", base); err != nil {
		return err
	}
	l, err := s.lookers(ctx)
	if err != nil {
		return err
	}
	flushes, writes, err := s.countSteps(ctx, base)
	if err != nil {
		return err
	}
	var all []failing
	for at := range flushes {
		all = append(all, failing{faultfs.Flush, at, false, false}, failing{faultfs.Flush, at, true, false},
			failing{faultfs.Flush, at, false, true}, failing{faultfs.Flush, at, true, true})
	}
	for range mostFailedWrites {
		all = append(all, failing{faultfs.Write, s.Random.IntN(writes), s.Random.IntN(2) == 0, s.Random.IntN(2) == 0})
	}
	for n, f := range all {
		if err := s.failOnce(ctx, base, n, f, l); err != nil {
			return err
		}
	}
	s.AtLeast("faults_met", 80)
	s.AtLeast("acts_answered", 100)
	s.AtLeast("told", 20)
	s.Saw("%v faults, %v acts answered, %v refused, %v said to be in doubt, none lost", s.Figure("faults_met"), s.Figure("acts_answered"), s.Figure("acts_refused"), s.Figure("acts_in_doubt"))
	return nil
}

// writeArgs is the work during which the disk fails.
func writeArgs(data string) []string {
	return []string{"write", "--data", data, "--acts", "4", "--writers", "2", "--checkpoint", "12", "--run", "work"}
}

// countSteps counts the flushes and writes of the work when nothing fails.
func (s *Stage) countSteps(ctx context.Context, base string) (flushes, writes int, err error) {
	err = s.onCopy(ctx, base, "count", func(_ int, step faultfs.Step) faultfs.Fault {
		switch step.Act {
		case faultfs.Flush:
			flushes++
		case faultfs.Write:
			writes++
		}
		return faultfs.Fault{}
	}, func(mount string, d *faultfs.Disk) error { return s.run(ctx, writeArgs(mount)...) })
	return flushes, writes, err
}

// onCopy mounts a faulty disk over a copy of a folder while something is done.
func (s *Stage) onCopy(ctx context.Context, base, name string, fault func(int, faultfs.Step) faultfs.Fault, do func(mount string, d *faultfs.Disk) error) (err error) {
	backing, mount := filepath.Join(s.dir, name), filepath.Join(s.dir, name+"-mount")
	if err := os.CopyFS(backing, os.DirFS(base)); err != nil {
		return err
	}
	d, err := faultfs.Mount(faultfs.Options{Backing: backing, Mount: mount, Record: true, Fault: fault})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Unmount()) }()
	return do(mount, d)
}

// failOnce lets the program work on a disk that fails in one way, then looks
// at what is left there, and at what a power cut would leave.
func (s *Stage) failOnce(ctx context.Context, base string, n int, f failing, l *lookers) error {
	name := fmt.Sprintf("fail-%d", n)
	seen, met := 0, false
	fault := func(_ int, step faultfs.Step) faultfs.Fault {
		if step.Act != f.act || step.Path == "" {
			return faultfs.Fault{}
		}
		seen++
		if seen-1 == f.at || f.sticky && seen > f.at {
			met = true
			return faultfs.Fault{Errno: syscall.EIO, Done: f.done}
		}
		return faultfs.Fault{}
	}
	var entries []entry
	cut := filepath.Join(s.dir, name+"-cut")
	err := s.onCopy(ctx, base, name, fault, func(mount string, d *faultfs.Disk) error {
		p, err := s.helper(ctx, writeArgs(mount)...)
		if err != nil {
			return err
		}
		raw, err := io.ReadAll(p.out)
		if ended := p.wait(); ended != nil && ctx.Err() == nil {
			s.Add("ended_with_error", 1) // a disk that fails at the start or at the end is an error of the program
		}
		entries = readEntries(raw)
		r, err2 := d.Recording()
		if err = errors.Join(err, err2); err != nil {
			return err
		}
		for r.Next() {
		}
		return r.Cut(cut, faultfs.All, rand.New(rand.NewPCG(s.seed, uint64(n))))
	})
	if err != nil {
		return err
	}
	if met {
		s.Add("faults_met", 1)
	}
	s.countAnswers(f.String(), entries)
	for where, dir := range map[string]string{f.String(): filepath.Join(s.dir, name), f.String() + ", then a power cut": cut} {
		if err := s.lookAfterFault(l, where, dir, entries); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stage) lookAfterFault(l *lookers, where, dir string, entries []entry) error {
	found, err := l.ask(question{Dir: dir, Entries: entries, Save: true})
	if err != nil {
		return err
	}
	s.judge(where, found)
	return os.RemoveAll(dir)
}

// countAnswers counts what was answered and checks that people were told.
func (s *Stage) countAnswers(where string, entries []entry) {
	for _, e := range entries {
		switch {
		case len(e.Facts) > 0:
			s.Add("acts_answered", 1)
		case e.Doubt:
			s.Add("acts_in_doubt", 1)
		default:
			s.Add("acts_refused", 1)
		}
		if strings.HasPrefix(e.Refused, "not a refusal") {
			s.Wrong("%s: an answer that nobody can act on: %s", where, e.Refused)
		}
		if e.Refused != "" && e.Banner == "" {
			s.Wrong("%s: %q was answered and no banner says why", where, e.Refused)
		}
		if e.Banner != "" {
			s.Add("told", 1)
		}
		if !e.Reads {
			s.Wrong("%s: what was saved before could not be read", where)
		}
	}
}
