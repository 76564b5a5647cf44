// Package drill rehearses faults on the real program: processes killed, files
// damaged, disks that fail, clocks that jump, networks that part. Each drill
// keeps a ledger, outside the program, of what the program answered as saved,
// and judges by it.
//
// Its law: a drill that could not rehearse has not passed; it never skips. It
// touches nothing but folders of its own and processes that it started, is
// bounded in count and time, and leaves nothing behind.
package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"holdfast/fact/refusal"
	"holdfast/sim/proxy"
)

// Drill is one rehearsal.
type Drill struct {
	Number   int    // as in docs/drills.md
	Name     string // one word on the command line
	About    string // what it rehearses, in plain words
	Hazard   string // the hazards whose control it proves
	Expected string
	run      func(ctx context.Context, s *Stage) error
}

// Result is how one rehearsal went.
type Result struct {
	Drill    string             `json:"drill"`
	Seed     uint64             `json:"seed"`
	Pass     bool               `json:"pass"`
	Expected string             `json:"expected"`
	Seen     string             `json:"seen"`
	Seconds  float64            `json:"seconds"`
	Figures  map[string]float64 `json:"figures"`
}

// Drills lists every drill by its number.
func Drills() []Drill {
	all := []Drill{
		killDrill(), powerDrill(), flushDrill(), tornDrill(), bitDrill(), fullDrill(), viewsDrill(),
		lossDrill(), backupDrill(), cloneDrill(), clockDrill(), partitionDrill(), historyDrill(),
		repeatDrill(), orderDrill(), replayDrill(), poisonDrill(), heavyDrill(), laptopDrill(), careDrill(),
		sessionDrill(), insiderDrill(), revokeDrill(), paperDrill(), aloneDrill(), leakDrill(),
	}
	sort.Slice(all, func(i, k int) bool { return all[i].Number < all[k].Number })
	return all
}

// Find gives the drills of these names; a number is a name as well.
func Find(names []string) ([]Drill, error) {
	var out []Drill
	for _, name := range names {
		found := false
		for _, d := range Drills() {
			if name == d.Name || name == fmt.Sprint(d.Number) {
				out, found = append(out, d), true
			}
		}
		if !found {
			return nil, refusal.Newf(refusal.Missing, "There is no drill called %s: holdfast drill list names them all.", name)
		}
	}
	return out, nil
}

// longest bounds one drill, whatever hangs.
const longest = 5 * time.Minute

// Rehearse runs one drill in a folder of its own below temp ("" is the
// system's), which is removed afterwards.
func Rehearse(ctx context.Context, d Drill, p Program, seed uint64, temp string) Result {
	return rehearse(ctx, d, p, seed, temp, false)
}

// rehearse may end a drill as soon as it sees something wrong.
func rehearse(ctx context.Context, d Drill, p Program, seed uint64, temp string, endAtWrong bool) Result {
	start := time.Now()
	r := Result{Drill: d.Name, Seed: seed, Expected: d.Expected, Figures: map[string]float64{}}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	s := &Stage{program: p, seed: seed, Random: rand.New(rand.NewPCG(seed, uint64(d.Number))), figures: r.Figures}
	if endAtWrong {
		s.end = cancel
	}
	var err error
	if s.dir, err = os.MkdirTemp(temp, "holdfast-drill-"); err == nil {
		err = errors.Join(perform(ctx, d, s), s.strike())
	}
	r.Seconds = float64(time.Since(start).Milliseconds()) / 1000
	r.Pass = err == nil && len(s.wrong) == 0
	r.Seen = s.seen(err)
	return r
}

// perform runs a drill and turns its panic into an error: the rehearsal failed.
func perform(ctx context.Context, d Drill, s *Stage) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the drill itself broke: %v", p)
		}
	}()
	return d.run(ctx, s)
}

// Stage is what a drill works with.
type Stage struct {
	Random  *rand.Rand
	program Program
	space   *proxy.Space // where programs run; nil: this machine's own network
	said    string       // folder that keeps all that programs say; empty: only the last of it
	seed    uint64
	dir     string

	mu      sync.Mutex
	figures map[string]float64
	wrong   []string
	more    int // wrong things beyond those that are told
	notes   []string
	undo    []func() error
	end     func() // called when something is wrong; nil: the drill goes on
}

// Folder makes a new folder of the drill's own.
func (s *Stage) Folder(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	return dir, os.MkdirAll(dir, 0o700)
}

// Add adds to a figure.
func (s *Stage) Add(figure string, n float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.figures[figure] += n
}

// Most keeps the largest value of a figure.
func (s *Stage) Most(figure string, n float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.figures[figure] = max(s.figures[figure], n)
}

// Least keeps the smallest value of a figure.
func (s *Stage) Least(figure string, n float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.figures[figure]; !ok || n < have {
		s.figures[figure] = n
	}
}

// Figure tells a figure as it stands.
func (s *Stage) Figure(figure string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.figures[figure]
}

// mostWrong is how many wrong things a result tells in words.
const mostWrong = 5

// Wrong notes something that is not as expected; the drill has not passed.
func (s *Stage) Wrong(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		s.end()
	}
	if len(s.wrong) >= mostWrong {
		s.more++
		return
	}
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
}

// Saw notes what was seen, for the result.
func (s *Stage) Saw(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// AtLeast is wrong when a figure is too small for the drill to have rehearsed
// anything.
func (s *Stage) AtLeast(figure string, n float64) {
	if have := s.Figure(figure); have < n {
		s.Wrong("only %v %s where at least %v are needed: too little was rehearsed", have, strings.ReplaceAll(figure, "_", " "), n)
	}
}

// after has something undone when the drill is over, the last first.
func (s *Stage) after(undo func() error) { s.undo = append(s.undo, undo) }

// strike undoes everything and removes the folder.
func (s *Stage) strike() error {
	var err error
	for i := len(s.undo) - 1; i >= 0; i-- {
		err = errors.Join(err, s.undo[i]())
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *Stage) seen(err error) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append([]string(nil), s.wrong...)
	if s.more > 0 {
		all = append(all, fmt.Sprintf("and %d more", s.more))
	}
	if err != nil {
		all = append(all, sentence(err))
	}
	if len(all) == 0 {
		all = s.notes
	}
	return strings.Join(all, "; ")
}

// sentence is what a person needs to know of an error.
func sentence(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it did not come to an end in time: " + err.Error()
	}
	return err.Error()
}
