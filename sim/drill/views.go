package drill

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/cmd/node"
	"holdfast/journal"
)

func viewsDrill() Drill {
	return Drill{
		Number: 7, Name: "views", Hazard: "H-009",
		About:    "All tables that are built from facts are deleted, emptied, overwritten, cut short, put back as they were earlier, or put in the place of another organisation's, also as after a crash.",
		Expected: "They are built anew from the facts before the first page is shown, and hold exactly what they held.",
		run:      rehearseViews,
	}
}

// viewsAnswer is what a helper says of a folder's views after a start.
type viewsAnswer struct {
	Rows    string // hash over all rows
	Rebuilt bool
	Error   string
	Seconds float64
}

// helpViews starts and stops a journal with all views, in each folder that it
// is told of.
func helpViews(ctx context.Context, in io.Reader, out io.Writer) error {
	lib, err := node.Shipped()
	if err != nil {
		return err
	}
	lines := bufio.NewReader(in)
	for {
		raw, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var q question
		if err = errors.Join(err, json.Unmarshal(raw, &q)); err != nil {
			return err
		}
		answer, err := json.Marshal(startViews(ctx, lib, q.Dir))
		if err != nil {
			return err
		}
		if _, err := out.Write(append(answer, '\n')); err != nil {
			return err
		}
	}
}

func startViews(ctx context.Context, lib *node.Library, dir string) viewsAnswer {
	before := inodeOf(filepath.Join(dir, "views.db"))
	begun := time.Now()
	j, err := journal.Open(ctx, journal.Options{Dir: dir, Demo: true, Reserve: -1, Views: node.Views(lib.Rules)})
	if err != nil {
		return viewsAnswer{Error: err.Error()}
	}
	a := viewsAnswer{Seconds: time.Since(begun).Seconds()}
	if err := j.Close(); err != nil {
		a.Error = err.Error()
		return a
	}
	if a.Rows, err = hashRows(dir, "views.db"); err != nil {
		a.Error = err.Error()
	}
	a.Rebuilt = inodeOf(filepath.Join(dir, "views.db")) != before
	return a
}

func (s *Stage) askViews(p *process, dir string) (viewsAnswer, error) {
	var a viewsAnswer
	if err := p.tell(question{Dir: dir}); err != nil {
		return a, errors.Join(err, p.wait())
	}
	if err := p.line(&a); err != nil {
		return a, err
	}
	s.Most("slowest_open_s", a.Seconds)
	if a.Error != "" {
		s.Wrong("views: %s", a.Error)
	}
	return a, nil
}

// soundViews makes the journal of a whole organisation and tells what its
// views hold, built twice to be sure that it is always the same.
func (s *Stage) soundViews(ctx context.Context) (dir, rows string, err error) {
	data, err := s.Folder("views")
	if err != nil {
		return "", "", err
	}
	d, err := s.demo(ctx, data)
	if err != nil {
		return "", "", err
	}
	if err := d.stop(); err != nil {
		return "", "", err
	}
	dir = filepath.Join(data, "111")
	p, err := s.helper(ctx, "views")
	if err != nil {
		return "", "", err
	}
	defer p.kill()
	var all [2]viewsAnswer
	for i := range all {
		if err := os.RemoveAll(filepath.Join(dir, "views.db")); err != nil {
			return "", "", err
		}
		if all[i], err = s.askViews(p, dir); err != nil {
			return "", "", err
		}
	}
	if all[0].Rows == "" || all[0].Rows != all[1].Rows {
		s.Wrong("views built twice from the same facts are not the same")
	}
	return dir, all[0].Rows, nil
}

func rehearseViews(ctx context.Context, s *Stage) error {
	dir, want, err := s.soundViews(ctx)
	if err != nil {
		return err
	}
	sound, err := os.ReadFile(filepath.Join(dir, "views.db"))
	if err != nil {
		return err
	}
	if err := s.run(ctx, "write", "--data", dir, "--acts", "20"); err != nil {
		return err
	}
	p, err := s.helper(ctx, "views")
	if err != nil {
		return err
	}
	defer p.kill()
	if err := putViews(dir, nil); err != nil {
		return err
	}
	now, err := s.askViews(p, dir)
	if err != nil {
		return err
	}
	foreign, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "hours", "views.db"))
	if err != nil {
		return err
	}
	for what, raw := range map[string][]byte{
		"emptied": {}, "overwritten": []byte("not a database"), "cut short": sound[:len(sound)/2],
		"put back as they were earlier": sound, "overwritten in the middle": noise(s, sound),
		"put back after a crash": sound, "put back after a crash, another organisation's": foreign,
	} {
		if err := putViews(dir, raw); err != nil {
			return err
		}
		if strings.Contains(what, "crash") { // the sum is there only when the program was ended in order
			if err := os.Remove(filepath.Join(dir, "views.db.sum")); err != nil {
				return err
			}
		}
		got, err := s.askViews(p, dir)
		if err != nil {
			return err
		}
		if got.Rows != now.Rows {
			s.Wrong("views %s: they do not hold what they held", what)
		}
		s.Add("damages", 1)
	}
	s.AtLeast("damages", 7)
	if want == now.Rows {
		s.Wrong("twenty more acts changed nothing in the views: nothing was rehearsed")
	}
	if err := s.viewsOfProgram(ctx, filepath.Dir(dir)); err != nil {
		return err
	}
	s.Saw("%v damages and a deletion under the whole program: each time built anew, the same to the row", s.Figure("damages"))
	return nil
}

func noise(s *Stage, sound []byte) []byte {
	out := append([]byte(nil), sound...)
	for i := len(out) / 3; i < len(out)/3+8192 && i < len(out); i++ {
		out[i] = byte(s.Random.IntN(256))
	}
	return out
}

// viewsOfProgram kills the whole program, deletes its views and looks at its
// lists through the front door before and after.
func (s *Stage) viewsOfProgram(ctx context.Context, data string) error {
	b, err := newBrowser()
	if err != nil {
		return err
	}
	defer b.Close()
	var board [2]string
	for i := range board {
		d, err := s.demo(ctx, data)
		if err != nil {
			return err
		}
		b.Base = d.Organisations[0].URL
		if i == 0 {
			err = b.signIn(ctx, d, "clinician")
		}
		if err == nil {
			board[i], err = b.openCases(ctx, filepath.Join(data, "111"))
		}
		d.kill()
		if err != nil {
			return err
		}
		for _, kind := range []string{"111", "hours"} {
			if err := os.Remove(filepath.Join(data, kind, "views.db")); err != nil {
				return err
			}
		}
	}
	if board[0] != board[1] || board[0] == "" || board[0] == "0" {
		s.Wrong("there were %s open cases and there are %s after the views were deleted", board[0], board[1])
	}
	s.Most("open_cases", number(board[1]))
	return nil
}

func number(text string) float64 {
	var n float64
	if _, err := fmt.Sscan(text, &n); err != nil {
		return 0
	}
	return n
}
