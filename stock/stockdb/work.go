package stockdb

import (
	"context"
	"sync"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/stock"
	"holdfast/task"
)

// Run keeps a work item open for each use that is not firm, until the context
// is done. Several devices may run it: the items are the same.
func (s *Forms) Run(ctx context.Context) error {
	var mu sync.Mutex
	dirty, wake := map[fact.Subject]bool{}, make(chan struct{}, 1)
	note := func(id fact.Subject) {
		mu.Lock()
		dirty[id] = true
		mu.Unlock()
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	stop := s.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if ours(f) {
				note(f.Header.Subject)
			}
		}
	})
	defer stop()
	all, err := ranges(ctx, s.Journal.Views())
	if err != nil {
		return err
	}
	for _, r := range all {
		note(r.Subject)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		}
		mu.Lock()
		now := dirty
		dirty = map[fact.Subject]bool{}
		mu.Unlock()
		for id := range now {
			if err := s.Work(ctx, id); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// Work raises and ends the work items of one range.
func (s *Forms) Work(ctx context.Context, id fact.Subject) error {
	return s.save(ctx, s.Device, func(tx *journal.Tx) ([]fact.Draft, error) {
		r, err := s.fold(tx, id)
		if err != nil {
			return nil, err
		}
		return stock.Work(r, s.Device, func(about fact.Subject) (task.Task, error) { return foldTask(tx, about) }, tx.Now())
	})
}
