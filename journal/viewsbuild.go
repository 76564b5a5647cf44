package journal

import (
	"context"
	"errors"
	"slices"
	"sync"

	"holdfast/fact"
)

// buildStep is about how many facts views take in at once while they are built
// from nothing.
const buildStep = 4096

// step is the whole of a few subjects on its way into views that are built.
type step struct {
	facts     []placed
	histories map[fact.Subject]fact.History
	last      int64 // number of the last subject
	err       error
}

// buildReader gives the histories of the step under way without reading them
// again.
type buildReader struct {
	reader
	step step
}

// History reads a subject.
func (r buildReader) History(s fact.Subject) (fact.History, error) {
	if h, ok := r.step.histories[s]; ok {
		return h, nil
	}
	return r.reader.History(s)
}

// build fills empty views with everything up to a place in the journal, all of
// them together and subject by subject: each subject is read, opened and folded
// once, however far apart its facts stand. While one step is taken in, the next
// is read. If it is interrupted, it begins again.
func (v *views) build(ctx context.Context, list []View, end int64) error {
	if end == 0 || len(list) == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	steps := make(chan step)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop()
	reading.Go(func() { v.readSteps(ctx, end, steps) })
	for s := range steps {
		err := s.err
		if err == nil {
			err = v.take(ctx, list, s.facts, buildReader{reader{v.j}, s}, nil)
		}
		if err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	last, err := v.j.readFacts(v.j.file.Load(), "SELECT pos, feed, header, body FROM facts WHERE pos=?", end)
	if err != nil || len(last) == 0 {
		return errors.Join(err, errIf(len(last) == 0, "the journal ends early"))
	}
	return v.take(ctx, list, nil, nil, &last[0])
}

func (v *views) readSteps(ctx context.Context, end int64, steps chan<- step) {
	defer close(steps)
	for from := int64(0); ; {
		s := v.j.readStep(from, end)
		if s.err == nil && len(s.facts) == 0 {
			return
		}
		select {
		case steps <- s:
		case <-ctx.Done():
			return
		}
		if s.err != nil {
			return
		}
		from = s.last
	}
}

// readStep reads the next few subjects behind a number, each to its end.
func (j *Journal) readStep(from, end int64) step {
	s := step{last: from, histories: map[fact.Subject]fact.History{}}
	var rows []storedFact
	var nums []int64
	f := j.file.Load()
	s.err = f.read(func(c *sqlConn) error {
		return c.each("SELECT pos, feed, header, body, subject FROM facts WHERE subject>? AND pos<=? ORDER BY subject, pos", func(v []driverValue) error {
			num := v[4].(int64)
			if len(rows) >= buildStep && num != s.last {
				return errEnough
			}
			s.last = num
			rows, nums = append(rows, storedFact{v[0].(int64), v[1].(int64), v[2].([]byte), v[3].([]byte)}), append(nums, num)
			return nil
		}, from, end)
	})
	if errors.Is(s.err, errEnough) {
		s.err = nil
	}
	for i := 0; i < len(rows) && s.err == nil; i++ {
		var p placed
		p, s.err = j.openStored(f, rows[i])
		s.facts = append(s.facts, p)
	}
	for i := 0; i < len(s.facts) && s.err == nil; {
		n := i
		for n < len(nums) && nums[n] == nums[i] {
			n++
		}
		about := s.facts[i].fact.Header.Subject
		s.histories[about] = arrange(about, slices.Clip(s.facts[i:n]), nil).history
		i = n
	}
	return s
}
