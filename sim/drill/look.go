package drill

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// question asks a helper to look at a folder that a fault has gone over.
type question struct {
	Dir     string
	Entries []entry // what was answered before the fault
	Verify  bool    // only verify, nothing is opened for work
	Save    bool    // save one more act, to see that work goes on
	Refound bool    // found anew a folder that was never founded to the end
}

// finding is what the helper found.
type finding struct {
	Here        bool     // there is a journal
	Opened      bool     // it could be opened for work
	Error       string   // why not
	Failures    []string // what does not hold
	Facts       int
	Missing     []string // answered as saved and not there, or not as written
	Twice       []string
	Halves      []string // subjects with part of an act
	Returned    []string // answered as not saved and there
	Incarnation uint32
	Seconds     float64 // to open
	Saves       bool
	Rows        string // hash over all that the journal's file holds
}

func (f finding) damaged() bool { return f.Error != "" || len(f.Failures) > 0 }

// helpLook answers questions, one line each, until there are no more.
func helpLook(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	for {
		raw, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var q question
		if err := json.Unmarshal(raw, &q); err != nil {
			return err
		}
		answer, err := json.Marshal(look(ctx, q))
		if err != nil {
			return err
		}
		if _, err := out.Write(append(answer, '\n')); err != nil {
			return err
		}
	}
}

func look(ctx context.Context, q question) finding {
	f := finding{Here: journal.Here(q.Dir)}
	if !f.Here {
		if !q.Refound {
			f.Error = "there is no journal"
			return f
		}
		if err := foundSmall(ctx, q.Dir); err != nil {
			f.Error = "it could not be founded anew: " + err.Error()
			return f
		}
	}
	if !q.Verify {
		f.work(ctx, q)
	}
	report, err := journal.Verify(ctx, q.Dir, smallOptions(q.Dir))
	if err != nil && f.Error == "" {
		f.Error = err.Error()
	}
	f.Facts = report.Facts
	for i, one := range report.Failures {
		if i < 5 {
			f.Failures = append(f.Failures, one.Place+": "+one.What)
		}
	}
	if q.Verify {
		f.Rows = rowsOf(q.Dir)
	}
	return f
}

// work opens the folder as the program does and compares it with the ledger.
func (f *finding) work(ctx context.Context, q question) {
	begun := time.Now()
	j, err := journal.Open(ctx, smallOptions(q.Dir))
	f.Seconds = time.Since(begun).Seconds()
	if err != nil {
		f.Error = err.Error()
		return
	}
	f.Opened, f.Incarnation = true, j.Health().Incarnation
	if err := f.compare(ctx, j, q.Entries); err != nil {
		f.Error = err.Error()
	}
	if q.Save {
		w := &writing{journal: j, words: 10}
		s, err := fact.NewSubject(rand.Reader)
		e := w.act(ctx, s, "after")
		if f.Saves = err == nil && len(e.Facts) == factsInAct; !f.Saves {
			f.Error = "nothing can be saved afterwards: " + e.Refused
		}
	}
	if err := j.Close(); err != nil && f.Error == "" {
		f.Error = err.Error()
	}
}

// compare looks for every answer of the ledger in the journal.
func (f *finding) compare(ctx context.Context, j *journal.Journal, entries []entry) error {
	there := map[string]map[string]int{} // subject, fact
	said := map[string]int{}             // words of all subjects looked at
	for _, e := range entries {
		if e.Subject == "" || there[e.Subject] != nil {
			continue
		}
		there[e.Subject] = map[string]int{}
		s, err := fact.ParseSubject(e.Subject)
		if err != nil {
			return err
		}
		h, err := j.History(ctx, s)
		if err != nil {
			return err
		}
		if h.Len()%factsInAct != 0 {
			f.Halves = append(f.Halves, e.Subject)
		}
		for _, one := range h.Facts() {
			there[e.Subject][one.ID.String()]++
			if n, err := fact.Read[urgent.Noted](one); err == nil {
				said[n.Words]++
			}
		}
	}
	for _, e := range entries {
		f.compareOne(e, there[e.Subject], said)
	}
	return nil
}

func (f *finding) compareOne(e entry, there map[string]int, said map[string]int) {
	for _, id := range e.Facts {
		switch n := there[id]; {
		case n == 0:
			f.Missing = append(f.Missing, id)
		case n > 1:
			f.Twice = append(f.Twice, id)
		}
	}
	const notes = factsInAct - 1
	switch n := said[e.Words]; {
	case e.Words == "":
	case len(e.Facts) > 0 && n < notes:
		f.Missing = append(f.Missing, "as written: "+e.Words)
	case n > notes:
		f.Twice = append(f.Twice, e.Words)
	case e.Refused != "" && !e.Doubt && n > 0:
		f.Returned = append(f.Returned, e.Words)
	}
}

// lookers are helpers that look at folders, some at a time.
type lookers struct {
	free chan *process
	all  []*process
}

// atOnce is how many look at the same time: the drills are made for two cores.
const atOnce = 2

func (s *Stage) lookers(ctx context.Context) (*lookers, error) {
	l := &lookers{free: make(chan *process, atOnce)}
	for range atOnce {
		p, err := s.helper(ctx, "look")
		if err != nil {
			return nil, err
		}
		l.all = append(l.all, p)
		l.free <- p
	}
	s.after(l.close)
	return l, nil
}

// ask hands one question to whoever is free.
func (l *lookers) ask(q question) (finding, error) {
	p := <-l.free
	defer func() { l.free <- p }()
	var f finding
	if err := p.tell(q); err != nil {
		return f, errors.Join(err, p.wait())
	}
	return f, p.line(&f)
}

func (l *lookers) close() error {
	var err error
	for _, p := range l.all {
		_ = p.in.Close() // it ends when there are no more questions
		err = errors.Join(err, p.wait())
	}
	return err
}

// judge notes whatever is not as it must be after any fault that takes nothing
// from the disk that was flushed.
func (s *Stage) judge(where string, f finding) {
	if f.Error != "" {
		s.Wrong("%s: %s", where, f.Error)
	}
	for _, one := range f.Failures {
		s.Wrong("%s: %s", where, one)
	}
	for what, list := range map[string][]string{
		"answered as saved and not there": f.Missing, "there twice": f.Twice, "half an act about": f.Halves,
		"answered as not saved and there": f.Returned,
	} {
		if len(list) > 0 {
			s.Wrong("%s: %d %s: %s", where, len(list), what, list[0])
		}
	}
	s.Add("lost", float64(len(f.Missing)))
	s.Add("looks", 1)
	s.Most("slowest_open_s", f.Seconds)
}

// rowsOf is a hash over all rows of the journal's file; "" when it can't be
// read.
func rowsOf(dir string) string {
	all, err := hashRows(dir, "journal.db")
	if err != nil {
		return ""
	}
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func inodeOf(path string) uint64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}
