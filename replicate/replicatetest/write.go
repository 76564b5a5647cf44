package replicatetest

import (
	"maps"

	"holdfast/fact"
	"holdfast/fact/seal"
	"holdfast/journal"
)

// Write states an act of so many facts about a subject in a lane of the
// present incarnation, each with about so many bytes.
func (s *Store) Write(lane fact.Lane, about fact.Subject, facts, size int) []fact.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	feed := s.own[lane]
	b := s.ownBranch(feed, lane)
	key := s.subjectKey(about)
	box := seal.NewBox(key.Key)
	var ids []fact.ID
	for i := range facts {
		content := must(fact.Encode(map[int][]byte{1: make([]byte, size)}))
		body := fact.Body{Kind: 900, Version: 1, Content: content}
		s.org.read(body.Salt[:])
		h := fact.Header{Lane: lane, Org: s.org.ID, Feed: feed, Recorded: 1, Subject: about}
		if i < facts-1 {
			h.Flags = fact.FlagMore
		}
		h, sealed, err := seal.Body(s.org.random, key, box, h, must(body.Plaintext()))
		if err != nil {
			panic(err)
		}
		h.Seq, h.Prev = b.size(), b.last
		id := h.ID()
		b.add(h.Marshal(), sealed, id)
		s.know.ids[id] = where{b, h.Seq}
		ids = append(ids, id)
	}
	b.sign(fact.Head{Org: s.org.ID, Feed: feed, Size: b.size(), Root: b.tree.root(), LastID: b.last, Time: 1}.Sign(s.head))
	s.know.tips = nil
	return ids
}

// Attach states one fact that points to an attachment.
func (s *Store) Attach(about fact.Subject, plain []byte) fact.Hash {
	id := s.Write(fact.Care, about, 1, 10)[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	a, sealed, err := seal.Attachment(s.org.random, plain)
	if err != nil {
		panic(err)
	}
	s.know.blobs[a.Hash] = sealed
	s.org.mu.Lock()
	s.org.points[id] = a.Hash
	s.org.mu.Unlock()
	return a.Hash
}

func (s *Store) ownBranch(feed fact.FeedID, lane fact.Lane) *branch {
	if list := s.know.branches[feed]; len(list) > 0 {
		return list[0]
	}
	b := newBranch(feed, lane, must(s.signedInc.Hash()))
	s.know.branches[feed] = []*branch{b}
	return b
}

func (s *Store) subjectKey(about fact.Subject) seal.SubjectKey {
	key, ok := s.know.keys[about]
	if !ok {
		key = must(seal.NewSubjectKey(s.org.random, about, fact.ClassCare))
		s.know.keys[about] = key
		s.takeWrap(must(s.org.wrapper.Wrap(s.org.random, s.org.ID, key)))
	}
	return key
}

// Damage flips a bit in a body.
func (s *Store) Damage(feed fact.FeedID, seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.know.branches[feed][0]
	b.bodies[seq] = append([]byte(nil), b.bodies[seq]...)
	b.bodies[seq][3] ^= 1
	b.damaged[seq] = true
}

// Copy is the whole device once more, as a backup or a cloned machine.
func (s *Store) Copy() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.know
	c := &Store{
		org: s.org, device: s.device, head: s.head, card: s.card, signedCard: s.signedCard, signedInc: s.signedInc,
		number: s.number, own: s.own, domain: s.domain, cut: maps.Clone(s.cut), chain: s.chain,
	}
	c.know = &known{
		cards: maps.Clone(k.cards), devices: maps.Clone(k.devices), certs: maps.Clone(k.certs), incs: maps.Clone(k.incs),
		feeds: maps.Clone(k.feeds), branches: map[fact.FeedID][]*branch{}, ids: map[fact.ID]where{},
		single: maps.Clone(k.single), wraps: maps.Clone(k.wraps), erased: maps.Clone(k.erased), keys: maps.Clone(k.keys),
		blobs: maps.Clone(k.blobs), wanted: maps.Clone(k.wanted),
		receipts: maps.Clone(k.receipts), given: maps.Clone(k.given),
	}
	for feed, list := range k.branches {
		for _, b := range list {
			copied := b.upTo(b.size())
			c.know.branches[feed] = append(c.know.branches[feed], copied)
			for i, raw := range copied.headers {
				c.know.ids[must(fact.ParseHeader(raw)).ID()] = where{copied, uint64(i)}
			}
		}
	}
	return c
}

// IDs is the set of facts held, whole or singly.
func (s *Store) IDs() map[fact.ID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[fact.ID]bool{}
	for id := range s.know.ids {
		out[id] = true
	}
	for id := range s.know.single {
		out[id] = true
	}
	return out
}

// Blob tells whether an attachment is held.
func (s *Store) Blob(h fact.Hash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.know.blobs[h] != nil
}

// Keyring lists all keys that are held.
func (s *Store) Keyring() map[journal.KeyRef]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[journal.KeyRef]bool{}
	for ref := range s.know.wraps {
		out[ref] = true
	}
	return out
}

// Emptied is the same device after it lost all facts and knows only its papers.
func (s *Store) Emptied() *Store {
	c := s.Copy()
	c.know.branches, c.know.ids, c.know.tips = map[fact.FeedID][]*branch{}, map[fact.ID]where{}, nil
	return c
}

// Claim makes the device offer a branch of a feed that it does not hold, under
// a head that nobody signed.
func (s *Store) Claim(feed fact.FeedID, size uint64) {
	tips := append([]journal.Tip(nil), s.Tips()...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range tips {
		if tips[i].Feed == feed {
			tips[i].Size, tips[i].Root = size, fact.Hash{1}
		}
	}
	s.know.tips = tips
}
