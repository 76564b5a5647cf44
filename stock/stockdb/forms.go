package stockdb

import (
	"context"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/stock"
	"holdfast/task"
)

// Gate is the door that every caller passes first.
type Gate interface {
	Enter(ctx context.Context, by access.Caller, act access.Act, about fact.Subject) error
}

// Forms works the numbered forms of one organisation on one device.
type Forms struct {
	Journal *journal.Journal
	Gate    Gate
	Device  access.Caller // this device itself, for work items

	receiving sync.Mutex // one receipt at a time: see Receive
}

// Verb is a verb of package stock with its request bound.
type Verb func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error)

const (
	viewWait = 50 * time.Millisecond
	listWait = 5 * time.Second // for a complete list of ranges, before a receipt
	lookEach = 2 * time.Millisecond
)

// Here is this device, whatever its incarnation.
func (s *Forms) Here() stock.Device {
	card := s.Journal.Device().Card()
	return stock.Device{ID: card.Device, Name: card.Name}
}

// Devices lists the organisation's devices.
func (s *Forms) Devices(ctx context.Context) ([]stock.Device, error) {
	h, err := s.Journal.History(ctx, s.Journal.OrgSubject())
	return rollOf(h).devices, err
}

// List lets the caller in and lists every range.
func (s *Forms) List(ctx context.Context, by access.Caller) ([]stock.Range, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeForms, fact.Subject{}); err != nil {
		return nil, err
	}
	return ranges(ctx, s.Journal.Views())
}

// Range lets the caller in and gives one folded range.
func (s *Forms) Range(ctx context.Context, by access.Caller, id fact.Subject) (stock.Range, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeForms, id); err != nil {
		return stock.Range{}, err
	}
	papers, err := s.Journal.History(ctx, s.Journal.OrgSubject())
	if err != nil {
		return stock.Range{}, err
	}
	h, err := s.Journal.History(ctx, id)
	if err != nil {
		return stock.Range{}, err
	}
	r := stock.Fold(id, h, rollOf(papers).device)
	if !r.Exists() && len(r.NotShown) == 0 && len(r.Uses) == 0 {
		return stock.Range{}, refusal.New(refusal.Missing, "There is no such range of forms here.")
	}
	return r, nil
}

// Do lets the caller in, runs the verb on the folded range and saves what it
// says. Rights are judged by all that this device has, not by what the page
// showed.
func (s *Forms) Do(ctx context.Context, by access.Caller, act access.Act, id fact.Subject, verb Verb) error {
	if err := s.Gate.Enter(ctx, by, act, id); err != nil {
		return err
	}
	return s.save(ctx, by, func(tx *journal.Tx) ([]fact.Draft, error) {
		r, err := s.fold(tx, id)
		if err != nil {
			return nil, err
		}
		return verb(r, s.Here(), tx.Now())
	})
}

// Receive takes a new range in. The same numbers come once on one device:
// receipts go one after another, each with a list of ranges that holds all that
// was saved here before it. Received apart on two devices they come twice; then
// both ranges are marked on every page of forms, and people sort it out.
func (s *Forms) Receive(ctx context.Context, by access.Caller, req stock.Receiving) (id fact.Subject, err error) {
	if err := s.Gate.Enter(ctx, by, access.KeepForms, fact.Subject{}); err != nil {
		return id, err
	}
	s.receiving.Lock()
	defer s.receiving.Unlock()
	others, err := s.everyRange(ctx)
	if err != nil {
		return id, err
	}
	return id, s.save(ctx, by, func(tx *journal.Tx) ([]fact.Draft, error) {
		if id, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return stock.Receive(stock.Range{Subject: id}, by, s.Here(), req, others, tx.Now())
	})
}

// everyRange lists the ranges once the view holds all that is saved by now.
func (s *Forms) everyRange(ctx context.Context) ([]stock.Range, error) {
	at, _, behind := s.Journal.ViewsAt()
	saved := at + int64(behind)
	ctx, stop := context.WithTimeout(ctx, listWait)
	defer stop()
	for at < saved {
		select {
		case <-ctx.Done():
			return nil, refusal.New(refusal.Unavailable, "The list of forms is still being put together, so it cannot be seen whether these are here already. Nothing was saved. Try again in a moment.")
		case <-time.After(lookEach):
		}
		at, _, _ = s.Journal.ViewsAt()
	}
	return ranges(ctx, s.Journal.Views())
}

// Refuse refuses a provisional use; its work item becomes the caller's.
func (s *Forms) Refuse(ctx context.Context, by access.Caller, id fact.Subject, use fact.ID, why string) error {
	if err := s.Gate.Enter(ctx, by, access.DecideForm, id); err != nil {
		return err
	}
	return s.save(ctx, by, func(tx *journal.Tx) ([]fact.Draft, error) {
		r, err := s.fold(tx, id)
		if err != nil {
			return nil, err
		}
		t, err := foldTask(tx, task.SubjectOf(r.WorkOf(use)))
		if err != nil {
			return nil, err
		}
		return stock.Refuse(r, t, by, s.Here(), use, why, tx.Now())
	})
}

func (s *Forms) save(ctx context.Context, by access.Caller, decide func(*journal.Tx) ([]fact.Draft, error)) error {
	saved, err := s.Journal.Do(ctx, by.Author(), nil, decide)
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}

func (s *Forms) fold(tx *journal.Tx, id fact.Subject) (stock.Range, error) {
	papers, err := tx.History(s.Journal.OrgSubject())
	if err != nil {
		return stock.Range{}, err
	}
	h, err := tx.History(id)
	return stock.Fold(id, h, rollOf(papers).device), err
}

func foldTask(tx *journal.Tx, id fact.Subject) (task.Task, error) {
	h, err := tx.History(id)
	return task.Fold(id, h), err
}
