package drill

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"
)

func killDrill() Drill {
	return Drill{
		Number: 1, Name: "kill", Hazard: "H-001, H-008",
		About:    "The program is killed in the middle of writing and at the moment of answering, many times over.",
		Expected: "It opens again within 2 s; everything that was answered as saved is there once, acts are whole, and it goes on as the same incarnation.",
		run:      rehearseKill,
	}
}

const (
	killRounds  = 60
	killsEach   = 6 // of one folder, which grows meanwhile
	callRounds  = 5
	killWriters = 6
)

func rehearseKill(ctx context.Context, s *Stage) error {
	l, err := s.lookers(ctx)
	if err != nil {
		return err
	}
	for folder := range killRounds / killsEach {
		if err := s.killFolder(ctx, l, folder); err != nil {
			return err
		}
	}
	s.AtLeast("acts_answered", killRounds)
	if err := s.killCalls(ctx, callRounds); err != nil {
		return err
	}
	s.Saw("%v kills, %v acts and %v calls answered, none lost", s.Figure("kills"), s.Figure("acts_answered"), s.Figure("calls_answered"))
	return nil
}

// killFolder kills writers of one folder, one after another.
func (s *Stage) killFolder(ctx context.Context, l *lookers, number int) error {
	dir, err := s.Folder("killed-" + strconv.Itoa(number))
	if err != nil {
		return err
	}
	if err := s.run(ctx, "found", "--data", dir); err != nil {
		return err
	}
	var all []entry
	for round := range killsEach {
		entries, err := s.killOne(ctx, dir, round)
		if err != nil {
			return err
		}
		all = append(all, entries...)
		f, err := l.ask(question{Dir: dir, Entries: all})
		if err != nil {
			return err
		}
		s.judge("kill "+strconv.Itoa(round), f)
		if f.Incarnation != 1 {
			s.Wrong("after kill %d it came back as incarnation %d", round, f.Incarnation)
		}
		if f.Seconds > 2 {
			s.Wrong("it took %.1f s to open again", f.Seconds)
		}
		s.Add("kills", 1)
		s.Add("acts_answered", float64(saved(entries)))
	}
	return nil
}

// killOne lets a writer write and kills it: every second time at any moment
// after its first answer, else at the very moment of one of its answers, when
// what was answered too early is not saved yet.
func (s *Stage) killOne(ctx context.Context, dir string, round int) ([]entry, error) {
	p, err := s.helper(ctx, "write", "--data", dir, "--writers", strconv.Itoa(killWriters), "--checkpoint", "50", "--run", strconv.Itoa(round))
	if err != nil {
		return nil, err
	}
	var answers []byte
	for range 1 + round%2*s.Random.IntN(20) {
		line, err := p.out.ReadBytes('\n')
		if err != nil {
			return nil, errors.Join(err, p.wait())
		}
		answers = append(answers, line...)
	}
	if round%2 == 0 {
		late := time.AfterFunc(time.Duration(s.Random.IntN(120))*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
		defer late.Stop()
	} else if err := p.cmd.Process.Kill(); err != nil {
		return nil, err
	}
	rest, err := io.ReadAll(p.out)
	p.kill()
	return readEntries(append(answers, rest...)), err
}
