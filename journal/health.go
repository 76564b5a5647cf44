package journal

import (
	"sync"
	"sync/atomic"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// state is what Health and refusals are made of.
type state struct {
	mu          sync.Mutex
	since       time.Time
	sentence    string
	refusal     error // set: nothing can be saved
	diskFull    bool
	moving      bool // to a new file
	incarnation uint32
	feeds       []Feed
	unjudged    atomic.Bool // the organisation's own facts as they stand now
}

func (s *state) settled(w *writer, now time.Time) {
	s.mu.Lock()
	if s.since.IsZero() {
		s.since = now
	}
	s.incarnation = w.hand.number
	s.mu.Unlock()
	s.moved(w)
}

// moved notes how far the feeds have come.
func (s *state) moved(w *writer) {
	feeds := make([]Feed, 0, 3)
	for _, name := range fact.Lanes() {
		if l := w.lanes[name]; l != nil {
			feeds = append(feeds, Feed{Lane: name, ID: l.feed, Size: l.tree.size, Root: l.tree.root(), Head: l.signed})
		}
	}
	s.mu.Lock()
	s.feeds = feeds
	s.mu.Unlock()
}

// refused gives the refusal of every write while nothing can be saved.
func (s *state) refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.diskFull {
		return nil // the writer looks whether there is room again
	}
	return s.refusal
}

func (s *state) stop(now time.Time, sentence string, full bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusal == nil {
		s.since = now
	}
	s.sentence, s.diskFull = sentence, full
	s.refusal = refusal.New(refusal.Unavailable, sentence)
	return s.refusal
}

// leaving says that nothing is saved while the journal moves to a new file.
func (s *state) leaving(now time.Time) error {
	err := s.stop(now, "This machine can't save since "+now.Format("15:04")+": a disk error happened and it is moving to a new file. Use another meanwhile.", false)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moving = true
	return err
}

// broken says that this machine can't save any more.
func (s *state) broken(now time.Time) error {
	s.mu.Lock()
	s.moving = false
	s.mu.Unlock()
	return s.stop(now, "This machine can't save since "+now.Format("15:04")+". Use another.", false)
}

// full says that the disk is full; saving is taken up when there is room.
func (s *state) full(now time.Time) error {
	s.mu.Lock()
	if s.diskFull {
		defer s.mu.Unlock()
		return s.refusal
	}
	s.mu.Unlock()
	return s.stop(now, "This machine's disk is full since "+now.Format("15:04")+": nothing can be saved here. Use another, and free space on this one.", true)
}

// close refuses every further write.
func (s *state) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal, s.diskFull = notSaved(errClosed), false
}

func (s *state) isFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.diskFull
}

func (s *state) resumed(now time.Time, sentence string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal, s.diskFull, s.moving, s.since, s.sentence = nil, false, false, now, sentence
}

// Health says what the frame of every page shows about this device.
func (j *Journal) Health() Health {
	j.state.mu.Lock()
	h := Health{
		Saving: j.state.refusal == nil, Since: j.state.since, Sentence: j.state.sentence,
		Incarnation: j.state.incarnation, Feeds: append([]Feed(nil), j.state.feeds...),
	}
	j.state.mu.Unlock()
	if h.Sentence == "" && j.state.unjudged.Load() {
		h.Sentence = unjudgedSentence
	}
	h.HeldByOne = j.heldByOne()
	h.ViewError = j.views.trouble()
	return h
}
