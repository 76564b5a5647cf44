package journal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// hand is what the present incarnation writes with.
type hand struct {
	number      uint32
	certificate fact.Signed
	paper       fact.Hash // of the certificate
	key         ed25519.PrivateKey
	feeds       map[fact.Lane]fact.FeedID
}

func newHand(i fact.Incarnation, certificate fact.Signed, key ed25519.PrivateKey) (*hand, error) {
	h := &hand{number: i.Number, certificate: certificate, key: key, feeds: map[fact.Lane]fact.FeedID{}}
	for _, l := range fact.Lanes() {
		feed, err := fact.FeedOf(certificate, l)
		if err != nil {
			return nil, err
		}
		h.feeds[l] = feed
	}
	var err error
	h.paper, err = certificate.Hash()
	return h, err
}

// sealedFact is a fact ready for the writer, who gives it its place.
type sealedFact struct {
	header fact.Header
	body   fact.Body
	sealed []byte
	key    *heldKey
}

// act is what one verb states: all of it is saved or none.
type act struct {
	hand   *hand
	facts  []sealedFact
	blobs  map[fact.Hash][]byte
	reads  map[fact.Subject]int64 // where each subject that was read stood
	bytes  int
	said   int // bytes of facts alone, without attachments
	answer chan answer

	arriving *arriving // instead of facts: what another device wrote
}

// size counts the facts of an act.
func (a *act) size() int {
	if a.arriving != nil {
		return len(a.arriving.facts)
	}
	return len(a.facts)
}

type answer struct {
	facts []fact.Fact
	moved fact.Subject // set when the act must be decided again
	err   error
}

// sealing makes acts out of drafts.
type sealing struct {
	org    fact.OrgID
	random io.Reader
	keys   *subjectKeys
	file   *dbFile
	hand   *hand
	now    fact.Millis
	offset int16
	by     fact.Author
}

// add seals one draft. seen is what the author had seen of its subject.
func (s sealing) add(a *act, d fact.Draft, seen []fact.ID, isNew bool) error {
	kind := d.Content.FactKind()
	if kind.Number == 0 || kind.Lane < fact.Control || kind.Lane > fact.Looks || d.Subject.Zero() {
		return fmt.Errorf("a draft of kind %d has no lane or no subject", kind.Number)
	}
	content, err := fact.Encode(d.Content)
	if err != nil {
		return fmt.Errorf("%s: %w", kind.Name, err)
	}
	body := fact.Body{
		Kind: kind.Number, Version: kind.Version, Happened: d.Happened, Person: s.by.Person, Role: s.by.Role,
		Session: s.by.Session, Seen: seen, Access: s.by.Access, Content: content,
	}
	if body.Happened == (fact.Span{}) {
		body.Happened = fact.Moment(s.now, s.offset)
	}
	if _, err := io.ReadFull(s.random, body.Salt[:]); err != nil {
		return err
	}
	for _, blob := range d.Attach {
		pointer, sealed, err := seal.Attachment(s.random, blob.Bytes)
		if err != nil {
			return err
		}
		body.Attachments = append(body.Attachments, pointer)
		if a.blobs == nil {
			a.blobs = map[fact.Hash][]byte{}
		}
		a.blobs[pointer.Hash] = sealed
		a.bytes += len(sealed)
	}
	class := d.Class
	if kind.Lane == fact.Looks && class == fact.ClassCare {
		class = fact.ClassAudit
	}
	key, err := s.keys.forSealing(s.file, d.Subject, class, isNew, ofKeys(kind.Number))
	if err != nil {
		return err
	}
	a.facts = append(a.facts, sealedFact{body: body, key: key, header: fact.Header{
		Lane: kind.Lane, Org: s.org, Feed: s.hand.feeds[kind.Lane], Recorded: s.now, Subject: d.Subject,
	}})
	return nil
}

// finish marks which facts of a lane go on and closes the bodies.
func (s sealing) finish(a *act) error {
	a.hand = s.hand
	last := map[fact.Lane]int{}
	for i := range a.facts {
		last[a.facts[i].header.Lane] = i
	}
	for i := range a.facts {
		f := &a.facts[i]
		if last[f.header.Lane] != i {
			f.header.Flags |= fact.FlagMore
		}
		plain, err := f.body.Plaintext()
		if errors.Is(err, fact.ErrBody) {
			return refusal.New(refusal.Invalid, "This is too long for one entry. Nothing was saved: shorten it, or save it in parts.").Because(err)
		}
		if err != nil {
			return err
		}
		if f.header, f.sealed, err = seal.Body(s.random, f.key.SubjectKey, f.key.box, f.header, plain); err != nil {
			return err
		}
		a.bytes += fact.HeaderSize + len(f.sealed)
		a.said += fact.HeaderSize + len(f.sealed)
	}
	return nil
}
