package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"holdfast/sim/faultfs"
)

func fullDrill() Drill {
	return Drill{
		Number: 6, Name: "full", Hazard: "H-004",
		About:    "The disk fills up in the middle of writing and of copying the log home, at many fillings; later there is room again.",
		Expected: "What was saved can be read all the time; writes are refused with a sentence before they are answered as saved; saving is taken up when there is room; nothing is lost.",
		run:      rehearseFull,
	}
}

const (
	fillings   = 24
	fillingGap = 12 << 10
)

func rehearseFull(ctx context.Context, s *Stage) error {
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
	for n := range fillings {
		if err := s.fillOnce(ctx, base, n, l); err != nil {
			return err
		}
	}
	s.AtLeast("acts_answered", 4*fillings)
	s.AtLeast("acts_refused", fillings)
	s.AtLeast("taken_up", fillings)
	s.Saw("%v full disks: %v acts answered, %v refused with a sentence, saving taken up %v times, none lost", fillings, s.Figure("acts_answered"), s.Figure("acts_refused"), s.Figure("taken_up"))
	return nil
}

// fillOnce lets a writer run into a full disk and gives it room again.
func (s *Stage) fillOnce(ctx context.Context, base string, n int, l *lookers) error {
	name := fmt.Sprintf("full-%d", n)
	reserve := int64(0)
	if n%2 == 1 {
		reserve = 1 << 20 // half of them hold room back, half run into the wall
	}
	var entries []entry
	err := s.onCopy(ctx, base, name, nil, func(mount string, d *faultfs.Disk) error {
		p, err := s.helper(ctx, "write", "--data", mount, "--writers", "2", "--words", "900", "--checkpoint", "30",
			"--reserve", strconv.FormatInt(max(reserve, 1), 10), "--run", "full")
		if err != nil {
			return err
		}
		defer p.kill()
		var raw bytes.Buffer
		until := func(what string, enough func(e entry) bool) error {
			return s.readUntil(p, &raw, what, enough)
		}
		if err := until("a first act", func(e entry) bool { return len(e.Facts) > 0 }); err != nil {
			return err
		}
		d.Limit(d.Used() + int64(n+1)*fillingGap)
		refused := 0
		err = until("refusals on the full disk", func(e entry) bool {
			if e.Refused != "" {
				refused++
			}
			return refused >= 6
		})
		d.Limit(0)
		if err = errors.Join(err, until("saving to be taken up", func(e entry) bool { return len(e.Facts) > 0 })); err != nil {
			return err
		}
		s.Add("taken_up", 1)
		p.kill()
		entries = readEntries(raw.Bytes())
		return nil
	})
	if err != nil {
		return err
	}
	where := fmt.Sprintf("disk full %d bytes after the start of writing", (n+1)*fillingGap)
	s.countAnswers(where, entries)
	for _, e := range entries {
		if e.Refused != "" && !e.Doubt && !strings.Contains(e.Refused, "disk is full") && !strings.Contains(e.Refused, "can't save") && !strings.Contains(e.Refused, "Nothing was saved") {
			s.Wrong("%s: the sentence does not tell: %q", where, e.Refused)
		}
	}
	return s.lookAfterFault(l, where, filepath.Join(s.dir, name), entries)
}

// readUntil reads a writer's answers until one is enough; it gives up after a
// while.
func (s *Stage) readUntil(p *process, raw *bytes.Buffer, what string, enough func(entry) bool) error {
	late := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	for {
		line, err := p.out.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("waiting for %s in vain; the last answer was %q: %w", what, p.last, errors.Join(err, p.wait()))
		}
		raw.Write(line)
		for _, e := range readEntries(line) {
			p.last = e.Refused
			if enough(e) {
				return nil
			}
		}
	}
}

// putViews puts other bytes in the place of a folder's views; nil deletes them.
func putViews(dir string, raw []byte) error {
	for _, beside := range []string{"views.db-wal", "views.db-shm"} {
		if path := filepath.Join(dir, beside); exists(path) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	path := filepath.Join(dir, "views.db")
	if raw == nil {
		return os.Remove(path)
	}
	return os.WriteFile(path, raw, 0o600)
}
