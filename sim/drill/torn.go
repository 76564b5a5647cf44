package drill

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	for cut := last; cut < len(raw); cut++ {
		torn := append([]byte(nil), raw[:cut]...)
		how := "cut off"
		if cut%2 == 1 { // the size is there, the bytes are not
			torn, how = append(torn, make([]byte, len(raw)-cut)...), "torn"
		}
		f, err := s.lookAtLog(l, base, torn, question{Entries: entries[:len(entries)-1], Save: cut%64 == 0})
		if err != nil {
			return err
		}
		s.judge(fmt.Sprintf("log %s at byte %d of %d", how, cut, len(raw)), f)
		s.Add("cuts", 1)
	}
	if err := s.flipBack(l, base, raw, last, entries); err != nil {
		return err
	}
	s.AtLeast("cuts", 4096)
	s.Saw("%v cuts through the last of %v acts; %v flips further back, all found", s.Figure("cuts"), len(entries), s.Figure("flips_further_back"))
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
