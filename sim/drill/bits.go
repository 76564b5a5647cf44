package drill

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

func bitDrill() Drill {
	return Drill{
		Number: 5, Name: "bits", Hazard: "H-006, H-009",
		About:    "One bit is flipped in every durable file of a small store, at every byte of keys and start folder and at thousands of places of the journal and the views.",
		Expected: "Every flip that changes anything is found by verify or at the start, or the views are built anew; nothing changed is ever read as true.",
		run:      rehearseBits,
	}
}

const (
	flipsInJournal = 700
	flipsInViews   = 60
)

func rehearseBits(ctx context.Context, s *Stage) error {
	base, err := s.Folder("base")
	if err != nil {
		return err
	}
	if err := s.run(ctx, "found", "--data", base); err != nil {
		return err
	}
	if err := s.run(ctx, "write", "--data", base, "--acts", "4", "--writers", "2"); err != nil {
		return err
	}
	l, err := s.lookers(ctx)
	if err != nil {
		return err
	}
	sound, err := l.ask(question{Dir: base, Verify: true})
	if err != nil {
		return err
	}
	if sound.damaged() || sound.Rows == "" {
		return fmt.Errorf("before any damage: %s %v", sound.Error, sound.Failures)
	}
	if err := s.flipFiles(ctx, l, base, sound); err != nil {
		return err
	}
	if err := s.flipViews(ctx); err != nil {
		return err
	}
	if err := s.mendedByPeer(ctx, "rotten bodies", s.rot); err != nil {
		return err
	}
	s.AtLeast("bodies_rotten", rottenBodies/2)
	s.AtLeast("found", 250)
	s.AtLeast("files", 6)
	s.Saw("%v flips in %v files: %v found, %v changed nothing, %v in views that were built anew, none unseen; %v rotten facts of a site mended from the other, which kept its own as they were", s.Figure("flips"), s.Figure("files"), s.Figure("found"), s.Figure("harmless"), s.Figure("views_rebuilt"), s.Figure("bodies_rotten"))
	return nil
}

// flipFiles flips bits in every file of a folder but views and what is only a
// place to hold.
func (s *Stage) flipFiles(ctx context.Context, l *lookers, base string, sound finding) error {
	var files []string
	err := filepath.WalkDir(base, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(base, path)
		if kept := strings.HasPrefix(name, "views.db") || name == "reserve" || name == "lock" || strings.HasSuffix(name, "-shm"); err == nil && !kept {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range files {
		raw, err := os.ReadFile(filepath.Join(base, name))
		if err != nil {
			return err
		}
		if len(raw) == 0 {
			continue
		}
		s.Add("files", 1)
		if err := s.flipFile(ctx, l, base, name, raw, sound); err != nil {
			return err
		}
	}
	return nil
}

// flipFile flips one bit at a time, some places at once, each in its own copy.
func (s *Stage) flipFile(ctx context.Context, l *lookers, base, name string, raw []byte, sound finding) error {
	var wait sync.WaitGroup
	errs := make([]error, atOnce)
	places := make(chan [2]int)
	for n := range atOnce {
		dir := filepath.Join(s.dir, fmt.Sprintf("flip-%d", n))
		if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(base))); err != nil {
			return err
		}
		wait.Go(func() {
			for p := range places {
				if errs[n] == nil && ctx.Err() == nil {
					errs[n] = s.flip(l, base, dir, name, raw, p[0], p[1], sound)
				}
			}
		})
	}
	for at := range min(len(raw), flipsInJournal) {
		if len(raw) > flipsInJournal {
			at = s.Random.IntN(len(raw))
		}
		places <- [2]int{at, s.Random.IntN(8)}
	}
	close(places)
	wait.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// flip changes one bit and asks verify, and for what verify does not read, the
// start.
func (s *Stage) flip(l *lookers, base, dir, name string, raw []byte, at, bit int, sound finding) error {
	path := filepath.Join(dir, name)
	changed := append([]byte(nil), raw...)
	changed[at] ^= 1 << bit
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		return err
	}
	f, err := l.ask(question{Dir: dir, Verify: true})
	if err != nil {
		return err
	}
	s.Add("flips", 1)
	switch {
	case f.damaged():
		s.Add("found", 1)
	case name != "journal.db":
		err = s.flipAtStart(l, base, dir, name, changed, at, sound)
	case f.Rows == sound.Rows:
		s.Add("harmless", 1) // a byte that carries nothing
	default:
		s.Wrong("bit %d of byte %d of %s changed what is read, and verify said that all holds", bit, at, name)
		s.Add("unseen", 1)
	}
	return errors.Join(err, os.WriteFile(path, raw, 0o600))
}

// flipAtStart opens a copy for work: a damaged key or start folder must be
// refused or lead to a new incarnation, and never to other facts.
func (s *Stage) flipAtStart(l *lookers, base, dir, name string, changed []byte, at int, sound finding) error {
	copied := dir + "-start"
	defer os.RemoveAll(copied)
	if err := os.CopyFS(copied, os.DirFS(base)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(copied, name), changed, 0o600); err != nil {
		return err
	}
	f, err := l.ask(question{Dir: copied, Save: true})
	if err != nil {
		return err
	}
	switch {
	case !f.Opened || f.Incarnation > 1:
		s.Add("found", 1)
	case f.damaged():
		s.Wrong("byte %d of %s changed: it opened, and then: %s %v", at, name, f.Error, f.Failures)
		s.Add("unseen", 1)
	default:
		s.Add("harmless", 1) // a byte that carries nothing: words for backup programs, sizes that still fit
	}
	return nil
}

// flipViews flips bits in the views of the whole program's journal.
func (s *Stage) flipViews(ctx context.Context) error {
	dir, want, err := s.soundViews(ctx)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(dir, "views.db"))
	if err != nil {
		return err
	}
	s.Add("files", 1)
	p, err := s.helper(ctx, "views")
	if err != nil {
		return err
	}
	defer p.kill()
	for n := range flipsInViews {
		at := s.Random.IntN(len(raw))
		changed := append([]byte(nil), raw...)
		changed[at] ^= 1 << s.Random.IntN(8)
		if err := putViews(dir, changed); err != nil {
			return err
		}
		got, err := s.askViews(p, dir)
		if err != nil {
			return fmt.Errorf("flip %s: %w", strconv.Itoa(n), err)
		}
		s.Add("flips", 1)
		switch {
		case got.Rows != want:
			s.Wrong("byte %d of views.db changed and lists were shown from it", at)
			s.Add("unseen", 1)
		case got.Rebuilt:
			s.Add("views_rebuilt", 1)
		default:
			s.Add("harmless", 1)
		}
	}
	return nil
}
