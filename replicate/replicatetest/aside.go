package replicatetest

import (
	"context"
	"errors"
	"sort"

	"holdfast/fact"
	"holdfast/fact/seal"
	"holdfast/journal"
)

func (s *Store) refs(bucket byte) []journal.KeyRef {
	var out []journal.KeyRef
	for ref := range s.know.wraps {
		if ref.Subject[0] == bucket {
			out = append(out, ref)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Subject != out[j].Subject {
			return string(out[i].Subject[:]) < string(out[j].Subject[:])
		}
		return string(out[i].Key[:]) < string(out[j].Key[:])
	})
	return out
}

// KeyringDigests sums up the keyring.
func (s *Store) KeyringDigests(context.Context) ([256]fact.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out [256]fact.Hash
	buckets := map[byte]bool{}
	for ref := range s.know.wraps {
		buckets[ref.Subject[0]] = true
	}
	for b := range buckets {
		raw := must(fact.Encode(s.refs(b)))
		out[b] = fact.Labelled("replicatetest/keyring", raw)
	}
	return out, nil
}

// KeyringList lists one part of the keyring.
func (s *Store) KeyringList(_ context.Context, bucket byte) ([]journal.KeyRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refs(bucket), nil
}

// Wraps gives wraps that are held.
func (s *Store) Wraps(_ context.Context, _ fact.Subject, refs []journal.KeyRef) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out [][]byte
	for _, ref := range refs {
		if w := s.know.wraps[ref]; w != nil {
			out = append(out, w)
		}
	}
	return out, nil
}

// TakeWraps keeps wraps, except of erased subjects.
func (s *Store) TakeWraps(_ context.Context, wraps [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range wraps {
		if seal.CheckWrap(w) != nil {
			return errors.New("a key wrap does not hold")
		}
		s.takeWrap(w)
	}
	return nil
}

func (s *Store) takeWrap(wrap []byte) {
	ref := journal.KeyRef{Subject: fact.Subject(wrap[:16]), Key: fact.KeyID(wrap[16:32])}
	if !s.know.erased[ref.Subject] {
		s.know.wraps[ref] = wrap
	}
}

// Erase drops a subject's keys for good.
func (s *Store) Erase(subject fact.Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.know.erased[subject] = true
	for ref := range s.know.wraps {
		if ref.Subject == subject {
			delete(s.know.wraps, ref)
		}
	}
}

// MissingBlobs lists attachments that are pointed to and not held.
func (s *Store) MissingBlobs(_ context.Context, most int) ([]fact.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []fact.Hash
	for h := range s.know.wanted {
		out = append(out, h)
	}
	sort.Slice(out, func(i, j int) bool { return string(out[i][:]) < string(out[j][:]) })
	return out[:min(most, len(out))], nil
}

// ReadBlob gives an attachment.
func (s *Store) ReadBlob(_ context.Context, hash fact.Hash) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.know.blobs[hash]; b != nil {
		return b, nil
	}
	return nil, errors.New("not here")
}

// TakeBlob keeps an attachment that was missing.
func (s *Store) TakeBlob(_ context.Context, sealed []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := seal.AttachmentHash(sealed)
	if !s.know.wanted[h] {
		return errors.New("no fact points to this attachment")
	}
	delete(s.know.wanted, h)
	s.know.blobs[h] = append([]byte(nil), sealed...)
	return nil
}

// Receipts states what is complete here of the feeds of others.
func (s *Store) Receipts(context.Context) ([][]byte, error) {
	tips := s.Tips()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.know.wanted) > 0 {
		return nil, nil
	}
	var out [][]byte
	for _, t := range tips {
		name := s.know.feeds[t.Feed]
		if s.own[t.Lane] == t.Feed {
			continue
		}
		head := must(fact.OpenHead(t.Head, name.key))
		r := fact.Receipt{Head: head, Holder: s.own[fact.Control], Domain: s.domain}
		last := s.know.given[t.Feed]
		if last == nil || string(last[:148]) != string(t.Head[:148]) {
			s.know.given[t.Feed] = r.Sign(s.head)
		}
		out = append(out, s.know.given[t.Feed])
	}
	return out, nil
}

// TakeReceipt checks and keeps a receipt.
func (s *Store) TakeReceipt(_ context.Context, receipt []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(receipt) < 180 {
		return fact.ErrHead
	}
	name, known := s.know.feeds[fact.FeedID(receipt[148:180])]
	if !known {
		return journal.ErrPaper
	}
	r, err := fact.OpenReceipt(receipt, name.key)
	if err != nil {
		return err
	}
	s.know.receipts[string(r.Holder[:])+string(r.Head.Feed[:])] = receipt
	return nil
}

// SafeUpTo tells how far others hold a feed, by the receipts that came.
func (s *Store) SafeUpTo(feed fact.FeedID) (most uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, raw := range s.know.receipts {
		r := must(fact.OpenReceipt(raw, s.know.feeds[fact.FeedID(raw[148:180])].key))
		if r.Head.Feed == feed {
			most = max(most, r.Head.Size)
		}
	}
	return most
}

// Forget loses one key, as damage would.
func (s *Store) Forget(ref journal.KeyRef) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.know.wraps, ref)
}
