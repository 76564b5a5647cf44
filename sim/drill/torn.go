package drill

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

func tornDrill() Drill {
	return Drill{
		Number: 4, Name: "torn", Hazard: "H-531",
		About:    "The last record on the disk is cut off at every byte, and torn at every byte; then damage is done further back.",
		Expected: "The last act is there whole or not at all and everything before it is there; damage further back is never taken for the end of the log.",
		run:      rehearseTorn,
	}
}

const (
	walHeader = 32 // sqlite.org/walformat.html
	walFrame  = 24
	flipsBack = 60

	fewBytes   = 61 // between the cuts through the earlier frames of the last act
	closeLooks = 60
)

func rehearseTorn(ctx context.Context, s *Stage) error {
	base, entries, err := s.killedBetweenActs(ctx)
	if err != nil {
		return err
	}
	l, err := s.lookers(ctx)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(base, walName))
	if err != nil {
		return err
	}
	last, err := lastCommit(raw)
	if err != nil {
		return err
	}
	whole, err := s.lookAtLog(l, base, raw, question{Verify: true})
	if err != nil {
		return err
	}
	if err := s.cutLast(ctx, l, base, raw, last, whole.Facts); err != nil {
		return err
	}
	if err := s.lookClosely(l, base, raw, last, entries); err != nil {
		return err
	}
	if err := s.flipBack(l, base, raw, last, entries); err != nil {
		return err
	}
	if err := s.mendedByPeer(ctx, "a log cut short", s.tear); err != nil {
		return err
	}
	s.AtLeast("cuts", 4096)
	s.AtLeast("mended_by_peer", 1)
	s.Saw("%v cuts through the last of %v acts; %v flips further back, all found; a site whose log was cut short has everything again from the other", s.Figure("cuts"), len(entries), s.Figure("flips_further_back"))
	return nil
}

// cutLast cuts and tears the log at every byte of its last frame and at every
// few bytes of the other frames of the last act, and counts what is there.
func (s *Stage) cutLast(ctx context.Context, l *lookers, base string, log []byte, last, facts int) error {
	frame := walFrame + int(binary.BigEndian.Uint32(log[8:]))
	places := make(chan int)
	errs := make([]error, atOnce)
	var wait sync.WaitGroup
	for n := range atOnce {
		dir := filepath.Join(s.dir, fmt.Sprintf("cut-%d", n))
		if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
			return err
		}
		wait.Go(func() {
			for cut := range places {
				if errs[n] == nil && ctx.Err() == nil {
					errs[n] = s.cutAt(l, dir, log, cut, facts)
				}
			}
		})
	}
	for cut := last; cut < len(log); cut++ {
		if inLast := cut >= len(log)-frame; inLast || (cut-last)%frame < walFrame || cut%fewBytes == 0 {
			places <- cut
		}
	}
	close(places)
	wait.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

func (s *Stage) cutAt(l *lookers, dir string, log []byte, cut, facts int) error {
	f, err := s.verifyLog(l, dir, shorten(log, cut))
	if err != nil {
		return err
	}
	s.Add("cuts", 1)
	if f.damaged() {
		s.Wrong("log cut at byte %d of %d: %s %v", cut, len(log), f.Error, f.Failures)
	}
	if f.Facts != facts && f.Facts != facts-factsInAct {
		s.Wrong("log cut at byte %d of %d: %d facts are there where %d or %d can be", cut, len(log), f.Facts, facts-factsInAct, facts)
	}
	return nil
}

// verifyLog puts a log in its place and verifies the folder, changing nothing.
func (s *Stage) verifyLog(l *lookers, dir string, log []byte) (finding, error) {
	if err := os.WriteFile(filepath.Join(dir, walName), log, 0o600); err != nil {
		return finding{}, err
	}
	if shm := filepath.Join(dir, "journal.db-shm"); exists(shm) {
		if err := os.Remove(shm); err != nil {
			return finding{}, err
		}
	}
	return l.ask(question{Dir: dir, Verify: true})
}

// shorten cuts a log off, or for every second place leaves its size and takes
// the bytes.
func shorten(log []byte, cut int) []byte {
	torn := append([]byte(nil), log[:cut]...)
	if cut%2 == 1 {
		torn = append(torn, make([]byte, len(log)-cut)...)
	}
	return torn
}

// lookClosely opens some of the cut folders for work and compares them with
// the ledger.
func (s *Stage) lookClosely(l *lookers, base string, log []byte, last int, entries []entry) error {
	for range closeLooks {
		cut := last + s.Random.IntN(len(log)-last)
		f, err := s.lookAtLog(l, base, shorten(log, cut), question{Entries: entries[:len(entries)-1], Save: true})
		if err != nil {
			return err
		}
		s.judge(fmt.Sprintf("log cut at byte %d of %d", cut, len(log)), f)
	}
	return nil
}

const walName = "journal.db-wal"

// killedBetweenActs leaves a folder whose log was never copied home: a writer
// is killed when it has nothing more to do.
func (s *Stage) killedBetweenActs(ctx context.Context) (string, []entry, error) {
	dir, err := s.Folder("base")
	if err != nil {
		return "", nil, err
	}
	if err := s.run(ctx, "found", "--data", dir); err != nil {
		return "", nil, err
	}
	p, err := s.helper(ctx, "write", "--data", dir, "--acts", "6", "--writers", "1", "--words", "10", "--stay")
	if err != nil {
		return "", nil, err
	}
	var raw []byte
	for range 6 {
		line, err := p.out.ReadBytes('\n')
		if err != nil {
			return "", nil, errors.Join(err, p.wait())
		}
		raw = append(raw, line...)
	}
	p.kill()
	entries := readEntries(raw)
	if saved(entries) != 6 {
		return "", nil, fmt.Errorf("%d of 6 acts were answered as saved", saved(entries))
	}
	return dir, entries, nil
}

// lookAtLog looks at a copy of a folder with another log.
func (s *Stage) lookAtLog(l *lookers, base string, log []byte, q question) (finding, error) {
	dir, err := os.MkdirTemp(s.dir, "torn-")
	if err != nil {
		return finding{}, err
	}
	if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
		return finding{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, walName), log, 0o600); err != nil {
		return finding{}, err
	}
	q.Dir = dir
	f, err := l.ask(q)
	return f, errors.Join(err, os.RemoveAll(dir))
}

// lastCommit finds where the last commit of a log begins: behind the last
// frame but one that ends a commit.
func lastCommit(log []byte) (int, error) {
	if len(log) < walHeader {
		return 0, io.ErrUnexpectedEOF
	}
	page := int(binary.BigEndian.Uint32(log[8:]))
	begin, next := 0, walHeader
	for at := walHeader; at+walFrame+page <= len(log); at += walFrame + page {
		if binary.BigEndian.Uint32(log[at+4:]) != 0 { // it ends a commit
			begin, next = next, at+walFrame+page
		}
	}
	if next != len(log) || begin == 0 {
		return 0, errors.New("the log does not end with a commit")
	}
	return begin, nil
}

// flipBack damages the log before its last commits: what was saved behind the
// damage must not be dropped in silence.
func (s *Stage) flipBack(l *lookers, base string, log []byte, last int, entries []entry) error {
	page := int(binary.BigEndian.Uint32(log[8:]))
	frames := (last - walHeader) / (walFrame + page)
	for range flipsBack {
		at := walHeader + s.Random.IntN(frames/2)*(walFrame+page) + s.Random.IntN(walFrame+page)
		damaged := append([]byte(nil), log...)
		damaged[at] ^= 1 << s.Random.IntN(8)
		f, err := s.lookAtLog(l, base, damaged, question{Entries: entries})
		if err != nil {
			return err
		}
		s.Add("flips_further_back", 1)
		if len(f.Missing) > 0 && !f.damaged() && f.Incarnation == 1 {
			s.Wrong("byte %d of the log changed: %d facts behind it were dropped as if they had never been saved", at, len(f.Missing))
			s.Add("lost", float64(len(f.Missing)))
		}
	}
	return nil
}
