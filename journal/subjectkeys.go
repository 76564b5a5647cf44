package journal

import (
	"container/list"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"holdfast/fact"
	"holdfast/fact/seal"
)

// driverValue is what a column holds: int64, string, []byte or nil.
type driverValue = driver.Value

// heldKey is a subject key ready for use. Its wrap is written with the first
// fact that needs it.
type heldKey struct {
	seal.SubjectKey
	box    *seal.Box
	wrap   []byte
	stored atomic.Bool
}

// subjectKeys keeps opened subject keys, a bounded number of subjects.
type subjectKeys struct {
	org    fact.OrgID
	rings  atomic.Pointer[rings]
	random io.Reader

	mu    sync.Mutex
	by    map[fact.Subject]*list.Element
	order *list.List // of *subjectKeyset, the most recently used first
	most  int
}

type subjectKeyset struct {
	subject fact.Subject
	keys    []*heldKey
}

// errNoKey says that a subject's key is not here: erased, or never given.
var errNoKey = errors.New("no key for this fact is held here")

func newSubjectKeys(org fact.OrgID, r *rings, random io.Reader) *subjectKeys {
	s := &subjectKeys{org: org, random: random, by: map[fact.Subject]*list.Element{}, order: list.New(), most: 50_000}
	s.rings.Store(r)
	return s
}

// keyset finds a subject's keys, from the file when they are not in memory.
func (s *subjectKeys) keyset(f *dbFile, subject fact.Subject, isNew bool) (*subjectKeyset, error) {
	s.mu.Lock()
	if e := s.by[subject]; e != nil {
		s.order.MoveToFront(e)
		s.mu.Unlock()
		return e.Value.(*subjectKeyset), nil
	}
	s.mu.Unlock()
	set := &subjectKeyset{subject: subject}
	if !isNew {
		if err := f.read(func(c *sqlConn) error { return s.load(c, set) }); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.by[subject]; e != nil { // somebody else was first
		return e.Value.(*subjectKeyset), nil
	}
	s.by[subject] = s.order.PushFront(set)
	for s.order.Len() > s.most {
		last := s.order.Back()
		s.order.Remove(last)
		delete(s.by, last.Value.(*subjectKeyset).subject)
	}
	return set, nil
}

// load opens the wraps of a subject. One that does not open is passed over:
// its facts then show as closed, and Verify names it.
func (s *subjectKeys) load(c *sqlConn, set *subjectKeyset) error {
	rings := s.rings.Load()
	return c.each("SELECT wrap FROM wraps WHERE subject=? ORDER BY kid", func(v []driverValue) error {
		wrap := v[0].([]byte)
		key, err := rings.unwrap(s.org, wrap)
		if err != nil || key.Subject != set.subject {
			return nil
		}
		held := &heldKey{SubjectKey: key, box: seal.NewBox(key.Key), wrap: wrap}
		held.stored.Store(true)
		set.keys = append(set.keys, held)
		return nil
	}, set.subject[:])
}

// forSealing gives the key of a subject and class, minting one if there is none
// that was minted in the present ring; ofKeys: in the first.
func (s *subjectKeys) forSealing(f *dbFile, subject fact.Subject, class fact.KeyClass, isNew, ofKeys bool) (*heldKey, error) {
	set, err := s.keyset(f, subject, isNew)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rings := s.rings.Load()
	w := rings.now.own
	if ofKeys {
		w = rings.first.own
	}
	for _, k := range set.keys {
		if k.Class == class && wrapperIn(k.wrap) == w.ID {
			return k, nil
		}
	}
	key, err := seal.NewSubjectKey(s.random, subject, class)
	if err != nil {
		return nil, err
	}
	wrap, err := w.Wrap(s.random, s.org, key)
	if err != nil {
		return nil, err
	}
	held := &heldKey{SubjectKey: key, box: seal.NewBox(key.Key), wrap: wrap}
	set.keys = append(set.keys, held)
	return held, nil
}

// open reads a fact's body. A body that stays closed gives a body of kind 0.
func (s *subjectKeys) open(f *dbFile, h fact.Header, sealed []byte) (fact.Body, error) {
	set, err := s.keyset(f, h.Subject, false)
	if err != nil {
		return fact.Body{}, err
	}
	s.mu.Lock()
	var box *seal.Box
	for _, k := range set.keys {
		if k.ID == h.Key {
			box = k.box
		}
	}
	s.mu.Unlock()
	if box == nil {
		return fact.Body{}, fmt.Errorf("%w: key %x", errNoKey, h.Key[:4])
	}
	return seal.OpenBody(box, h, sealed)
}

// adopt takes in a key that another device minted. Its wrap is written by
// whoever commits next with it.
func (s *subjectKeys) adopt(f *dbFile, key seal.SubjectKey, wrap []byte) (*heldKey, error) {
	set, err := s.keyset(f, key.Subject, false)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range set.keys {
		if k.ID == key.ID {
			return k, nil
		}
	}
	held := &heldKey{SubjectKey: key, box: seal.NewBox(key.Key), wrap: wrap}
	set.keys = append(set.keys, held)
	return held, nil
}

// forgetAll drops all keys from memory: they are read again from the file, some
// of them with rings that were not here before.
func (s *subjectKeys) forgetAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by = map[fact.Subject]*list.Element{}
	s.order.Init()
}

// forget drops all keys of a subject from memory.
func (s *subjectKeys) forget(subject fact.Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.by[subject]; e != nil {
		e.Value.(*subjectKeyset).keys = nil
		s.order.Remove(e)
		delete(s.by, subject)
	}
}
