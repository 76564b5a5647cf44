package mutants

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"holdfast/fact"
	"holdfast/journal"
)

// sort is one way of making a mutant and offering it.
type sort struct {
	name  string
	offer func(ctx context.Context) error
}

var (
	errSame  = errors.New("chance changed nothing")
	errStage = errors.New("the stage broke")
)

func (s *stage) sorts() []sort {
	changed := func(name string, change func(r *journal.Range)) sort {
		return sort{name, func(ctx context.Context) error {
			r := copied(s.soon())
			was := copied(r)
			if change(&r); same(r, was) {
				return errSame
			}
			return s.site.Receive(ctx, r)
		}}
	}
	return []sort{
		changed("a bit of a header", func(r *journal.Range) { s.flip(s.one(r.Headers)) }),
		changed("a bit of a body", func(r *journal.Range) { s.flip(s.one(r.Bodies)) }),
		changed("a bit of a head", func(r *journal.Range) { s.flip(r.Head) }),
		changed("a bit of the tree before", func(r *journal.Range) {
			if len(r.Before) > 0 {
				s.flip(r.Before[s.random.IntN(len(r.Before))][:])
			}
		}),
		changed("facts in another order", func(r *journal.Range) { s.swap(r) }),
		changed("a fact left out", func(r *journal.Range) {
			i := s.random.IntN(len(r.Headers))
			r.Headers, r.Bodies = slices.Delete(r.Headers, i, i+1), slices.Delete(r.Bodies, i, i+1)
		}),
		changed("a fact twice", func(r *journal.Range) {
			i := s.random.IntN(len(r.Headers))
			r.Headers, r.Bodies = slices.Insert(r.Headers, i, r.Headers[i]), slices.Insert(r.Bodies, i, r.Bodies[i])
		}),
		changed("another head of the same device", func(r *journal.Range) { r.Head = bytes.Clone(s.any(s.taken).Head) }),
		changed("another place in the feed", func(r *journal.Range) { r.First += 1 + s.random.Uint64N(5) }),
		changed("replayed in another feed", func(r *journal.Range) {
			r.Feed = s.any(s.taken).Feed
			if r.Feed == s.soon().Feed {
				r.Feed = s.any(s.revoked).Feed
			}
		}),
		{"replayed from another organisation", func(ctx context.Context) error {
			r := copied(s.any(s.strange))
			if s.random.IntN(2) == 0 {
				r.Feed = s.soon().Feed
			}
			return s.site.Receive(ctx, r)
		}},
		{"replayed as it was", func(ctx context.Context) error { return s.site.Receive(ctx, s.any(s.taken)) }},
		{"back-dated and signed with a key of their own", func(ctx context.Context) error {
			return s.forge(ctx, func(h *fact.Header) { h.Recorded -= fact.Millis(1 + s.random.Int64N(1e10)) })
		}},
		{"back-dated under the genuine head", func(ctx context.Context) error {
			r := copied(s.soon())
			return s.rewritten(ctx, r, func(h *fact.Header) { h.Recorded -= fact.Millis(1 + s.random.Int64N(1e10)) }, r.Head)
		}},
		{"about another subject, wrongly signed", func(ctx context.Context) error {
			return s.forge(ctx, func(h *fact.Header) { h.Subject = s.subjects[s.random.IntN(len(s.subjects))] })
		}},
		{"self-granted: about the organisation, wrongly signed", func(ctx context.Context) error {
			return s.forge(ctx, func(h *fact.Header) { h.Subject = s.site.OrgSubject() })
		}},
		{"self-granted: papers of an own device", s.forgedPapers},
		{"signed again with a key of their own", func(ctx context.Context) error { return s.forge(ctx, func(*fact.Header) {}) }},
		{"bytes of a message", s.bytes},
		{"single facts with changed proofs", s.proved},
		{"a changed receipt", s.receipt},
		{"a changed key", s.wrap},
	}
}

// soon is the genuine range that is to come next: what mutants are made of.
func (s *stage) soon() journal.Range { return s.next[0] }

func (s *stage) any(all []journal.Range) journal.Range { return all[s.random.IntN(len(all))] }

func (s *stage) one(all [][]byte) []byte { return all[s.random.IntN(len(all))] }

// flip changes one to three bits.
func (s *stage) flip(b []byte) {
	was := bytes.Clone(b)
	defer func() {
		if bytes.Equal(was, b) && len(b) > 0 {
			b[0] ^= 1 // the same bit was turned over twice
		}
	}()
	for range 1 + s.random.IntN(3) {
		if len(b) > 0 {
			b[s.random.IntN(len(b))] ^= 1 << s.random.IntN(8)
		}
	}
}

func (s *stage) swap(r *journal.Range) {
	i, k := s.random.IntN(len(r.Headers)), s.random.IntN(len(r.Headers))
	r.Headers[i], r.Headers[k] = r.Headers[k], r.Headers[i]
	if s.random.IntN(2) == 0 {
		r.Bodies[i], r.Bodies[k] = r.Bodies[k], r.Bodies[i]
	}
}

func cloned(all [][]byte) [][]byte {
	out := make([][]byte, len(all))
	for i, b := range all {
		out[i] = bytes.Clone(b)
	}
	return out
}

func copied(r journal.Range) journal.Range {
	r.Before, r.Headers, r.Bodies, r.Head, r.Wraps = slices.Clone(r.Before), cloned(r.Headers), cloned(r.Bodies), bytes.Clone(r.Head), cloned(r.Wraps)
	return r
}

func same(a, b journal.Range) bool {
	return a.Feed == b.Feed && a.First == b.First && slices.Equal(a.Before, b.Before) && bytes.Equal(a.Head, b.Head) &&
		slices.EqualFunc(a.Headers, b.Headers, bytes.Equal) && slices.EqualFunc(a.Bodies, b.Bodies, bytes.Equal)
}

// forge changes one header of a range, makes everything else fit it, and signs
// the head with a key of the attacker's own.
func (s *stage) forge(ctx context.Context, change func(h *fact.Header)) error {
	return s.rewritten(ctx, copied(s.soon()), change, nil)
}

// rewritten changes one header and chains those after it anew. The head is the
// one given, or one that fits, signed by the attacker.
func (s *stage) rewritten(ctx context.Context, r journal.Range, change func(h *fact.Header), head []byte) error {
	at := s.random.IntN(len(r.Headers))
	var prev fact.ID
	for i := range r.Headers {
		h, err := fact.ParseHeader(r.Headers[i])
		if err != nil {
			return errors.Join(errStage, err)
		}
		if i == at {
			change(&h)
		}
		if i > at {
			h.Prev = prev
		}
		r.Headers[i], prev = h.Marshal(), h.ID()
	}
	if r.Head = head; head == nil {
		last, err := fact.ParseHeader(r.Headers[len(r.Headers)-1])
		if err != nil {
			return errors.Join(errStage, err)
		}
		r.Head = fact.Head{
			Org: last.Org, Feed: r.Feed, Size: r.First + uint64(len(r.Headers)), Root: rootOf(r), LastID: last.ID(), Time: last.Recorded,
		}.Sign(s.forger)
	}
	return s.site.Receive(ctx, r)
}

// forgedPapers offers a device card and a certificate that the attacker signed,
// or genuine ones changed.
func (s *stage) forgedPapers(ctx context.Context) error {
	cards, certificates := s.site.Papers()
	before := len(cards) + len(certificates)
	card, certificate := cards[s.random.IntN(len(cards))], certificates[s.random.IntN(len(certificates))]
	genesisSigned, _, _ := s.site.Device().Enrolment()
	genesis, err := fact.OpenGenesis(genesisSigned)
	if err != nil {
		return errors.Join(errStage, err)
	}
	switch s.random.IntN(3) {
	case 0:
		mine := s.thief.Device().Card()
		mine.Device, mine.Key = s.subject(), s.forger.Public().(ed25519.PublicKey)
		signed, err := fact.SignCard(mine, genesis, s.forger)
		if err != nil { // a key that is no root signs no card: put a foreign signature on it
			enc, e := fact.Encode(mine)
			if e != nil {
				return errors.Join(errStage, e)
			}
			signed = card
			signed.Bytes = enc
		}
		card = signed
	case 1:
		card.Bytes = bytes.Clone(card.Bytes)
		s.flip(card.Bytes)
	case 2:
		certificate.Bytes = bytes.Clone(certificate.Bytes)
		s.flip(certificate.Bytes)
	}
	err = s.site.AdmitPapers(ctx, []fact.Signed{card}, []fact.Signed{certificate})
	if cards, certificates := s.site.Papers(); len(cards)+len(certificates) != before {
		s.accepted("papers that nobody signed")
	}
	return err
}

// bytes changes a whole message as it lies on the wire.
func (s *stage) bytes(ctx context.Context) error {
	enc, err := fact.Encode(s.soon())
	if err != nil {
		return errors.Join(errStage, err)
	}
	end := len(enc)
	for _, w := range s.soon().Wraps { // keys stand last; they are a sort of their own
		end -= len(w) + 3
	}
	at := s.random.IntN(max(1, end-8))
	switch s.random.IntN(3) {
	case 0:
		enc[at] ^= 1 << s.random.IntN(8)
	case 1:
		enc = slices.Delete(enc, at, min(len(enc), at+1+s.random.IntN(40)))
	case 2:
		enc = slices.Insert(enc, at, enc[:s.random.IntN(40)]...)
	}
	var r journal.Range
	if err := fact.Decode(enc, &r); err != nil {
		return err
	}
	if same(r, s.soon()) {
		return errSame
	}
	return s.site.Receive(ctx, r)
}

// proved offers single facts to the desk.
func (s *stage) proved(ctx context.Context) error {
	p := s.proofs[s.random.IntN(len(s.proofs))]
	i := s.random.IntN(len(p.Facts))
	one := p.Facts[i]
	one.Header, one.Body, one.Hashes = bytes.Clone(one.Header), bytes.Clone(one.Body), slices.Clone(one.Hashes)
	heads := cloned(p.Heads)
	was := bytes.Clone(one.Header)
	switch s.random.IntN(5) {
	case 0:
		s.flip(one.Header)
	case 1:
		s.flip(one.Body)
	case 2:
		s.flip(heads[one.Head])
	case 3:
		if len(one.Hashes) == 0 {
			return errSame
		}
		s.flip(one.Hashes[s.random.IntN(len(one.Hashes))][:])
	case 4:
		one.Header = bytes.Clone(p.Facts[(i+1)%len(p.Facts)].Header)
	}
	before := p.Facts[i]
	if bytes.Equal(one.Header, before.Header) && bytes.Equal(one.Body, before.Body) && slices.Equal(one.Hashes, before.Hashes) && bytes.Equal(heads[one.Head], p.Heads[one.Head]) {
		return errSame
	}
	err := s.desk.ReceiveProved(ctx, journal.Proved{Heads: heads, Facts: []journal.ProvedFact{one}, Wraps: p.Wraps})
	h, bad := fact.ParseHeader(was)
	if bad != nil {
		return errors.Join(errStage, bad)
	}
	if err == nil {
		s.accepted("a single fact without its proof")
	}
	ids, bad := s.desk.FactIDs(ctx, h.Subject)
	if bad != nil {
		return errors.Join(errStage, bad)
	}
	if len(ids) > 0 {
		s.accepted("the desk holds %d facts without their proof", len(ids))
	}
	return err
}

// receipt offers receipts that say more than was signed.
func (s *stage) receipt(ctx context.Context) error {
	raw := bytes.Clone(s.receipts[s.random.IntN(len(s.receipts))])
	if s.random.IntN(2) == 0 {
		s.flip(raw)
	} else {
		own := s.site.Tips()[0]
		raw = fact.Receipt{
			Head: fact.Head{Org: s.site.Org(), Feed: own.Feed, Size: own.Size + 1, Root: own.Root}, Holder: s.soon().Feed, Domain: "elsewhere",
		}.Sign(s.forger)
	}
	before := s.safe()
	err := s.site.TakeReceipt(ctx, raw)
	if s.safe() != before {
		s.accepted("a receipt that nobody signed makes facts safe (the journal says: %v)", err)
	}
	return err
}

func (s *stage) safe() (n uint64) {
	for _, tip := range s.site.Tips() {
		n += s.site.SafeUpTo(tip.Feed)
	}
	return n
}

// wrap offers a key that is not the one it says.
func (s *stage) wrap(ctx context.Context) error {
	raw := bytes.Clone(s.wraps[s.random.IntN(len(s.wraps))])
	s.flip(raw)
	if err := s.site.TakeWraps(ctx, [][]byte{raw}); err != nil {
		return err
	}
	subject := fact.Subject(raw[:16])
	h, err := s.site.History(ctx, subject)
	if err != nil {
		return errors.Join(errStage, err)
	}
	for _, f := range h.Facts() {
		if f.Body.Kind == 0 {
			s.accepted("a false key hides a fact")
		}
	}
	return fmt.Errorf("passed over")
}
