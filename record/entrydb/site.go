package entrydb

import (
	"context"
	"errors"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
)

// Site asks a site node of the organisation, for devices that cannot open homes
// themselves, and gives its answer. A refusal of kind Unknown says that the
// question went out and no answer came; any other error, that nothing was done.
// What goes either way is between the two devices alone.
type Site interface {
	Ask(ctx context.Context, question []byte) ([]byte, error)
}

// siteWait is how long a desk waits for its site.
const siteWait = 8 * time.Second

// The things that a desk asks of its site.
const (
	askOpen  = "open"
	askCover = "cover"
	askKeep  = "keep"
	askNone  = "none"
	askDoubt = "doubt"
	askSeen  = "seen"
)

// question is what a desk asks for somebody who is signed in there.
type question struct {
	Session fact.Subject `cbor:"1,keyasint"`
	Person  fact.Subject `cbor:"2,keyasint"` // whose home
	Do      string       `cbor:"3,keyasint"`
	Asking  entry.Asking `cbor:"4,keyasint"`
	Sealed  []byte       `cbor:"5,keyasint,omitempty"`
	Why     string       `cbor:"6,keyasint,omitempty"`
	Seen    []fact.ID    `cbor:"7,keyasint,omitempty"` // what the page had seen of what is kept
}

// reply is what a site node answers: a refusal, or for an opening the one home.
type reply struct {
	Kind     refusal.Kind `cbor:"1,keyasint,omitempty"`
	Field    string       `cbor:"2,keyasint,omitempty"`
	Sentence string       `cbor:"3,keyasint,omitempty"`
	Ways     []Way        `cbor:"4,keyasint,omitempty"`
	Until    fact.Millis  `cbor:"5,keyasint,omitempty"`
	Seen     []fact.ID    `cbor:"7,keyasint,omitempty"` // what stands there of what is kept
	Needs    uint8        `cbor:"6,keyasint,omitempty"` // what the caller is asked for first
}

// Here tells whether this device opens homes itself.
func (s *Homes) Here() bool { return s.Vault.Opens() }

// OpenAtSite opens one home at a site node for somebody at a desk and hands it to
// the page that asked; this device keeps nothing of it. The site decides by what
// it knows, and counts and tells the opening as it does its own.
func (s *Homes) OpenAtSite(ctx context.Context, by access.Caller, person fact.Subject, ask entry.Asking) (Shown, error) {
	if err := s.Gate.Enter(ctx, by, access.OpenEntry, person); err != nil {
		return Shown{}, err
	}
	p, err := journal.Fold(ctx, s.Journal, person, record.Fold)
	if err != nil {
		return Shown{}, err
	}
	r, err := s.askHeard(ctx, by, question{Session: by.Session, Person: person, Do: askOpen, Asking: ask})
	if err != nil {
		return Shown{}, err
	}
	return Shown{Ways: r.Ways, Person: p, Until: r.Until.Time()}, nil
}

// ask asks a site node; a refusal comes back as it was said there.
func (s *Homes) ask(ctx context.Context, q question) (reply, error) {
	away := refusal.New(refusal.Unavailable, "The site can't be reached, and this machine opens no homes by itself: a stolen one must not. Ring the coordinator, who opens it at the site and tells you. If somebody is in danger ring ambulance control as well.")
	if s.Site == nil {
		return reply{}, away
	}
	body, err := fact.Encode(q)
	if err != nil {
		return reply{}, err
	}
	ctx, stop := context.WithTimeout(ctx, siteWait)
	defer stop()
	answer, err := s.Site.Ask(ctx, body)
	if refusal.Is(err, refusal.Unknown) {
		return reply{}, unanswered(q, err)
	}
	if err != nil {
		return reply{}, away.Because(err)
	}
	var r reply
	if err := fact.Decode(answer, &r); err != nil {
		return reply{}, unanswered(q, err)
	}
	if r.Sentence == "" {
		return r, nil
	}
	no := refusal.New(r.Kind, r.Sentence)
	if r.Field != "" {
		no = refusal.Field(r.Field, r.Sentence)
	}
	return reply{}, q.wanting(no, r.Needs)
}

// unanswered says that the site may have done what it was asked for. That is no
// leave to do it here as well.
func unanswered(q question, cause error) error {
	if q.Do == askOpen {
		return refusal.New(refusal.Unknown, "The site was asked to open this home and its answer did not come. Ask once more, though it may count twice. If nothing comes then, ring the coordinator, who opens it at the site and tells you. If somebody is in danger ring ambulance control as well.").Because(cause)
	}
	return refusal.New(refusal.Unknown, "The site was asked and its answer did not come: it is not known whether this was saved. Look at this home before you try again.").Because(cause)
}

// Answer answers what another device of the organisation asks for a session that
// was opened there. caller finds who that is, and refuses sessions of other
// devices.
func (s *Homes) Answer(ctx context.Context, device fact.Subject, caller func(context.Context, fact.Subject) (access.Caller, error), body []byte) ([]byte, error) {
	var q question
	if err := fact.Decode(body, &q); err != nil {
		return nil, refusal.New(refusal.Invalid, "This is no question about a home.").Because(err)
	}
	r, err := s.answer(ctx, device, caller, q)
	if err != nil {
		if r, err = said(err); err != nil {
			return nil, err
		}
	}
	return fact.Encode(r)
}

// said puts a refusal into a reply; anything else stays an error.
func said(err error) (reply, error) {
	if fields := refusal.Fields(err); len(fields) > 0 {
		return reply{Kind: refusal.Invalid, Field: fields[0].Field, Sentence: fields[0].Sentence}, nil
	}
	var no *refusal.Error
	if errors.As(err, &no) {
		return reply{Kind: no.Kind, Sentence: no.Sentence, Needs: needsOf(err)}, nil
	}
	return reply{}, err
}

func (s *Homes) answer(ctx context.Context, device fact.Subject, caller func(context.Context, fact.Subject) (access.Caller, error), q question) (reply, error) {
	if !s.Here() {
		return reply{}, refusal.New(refusal.Unavailable, "This device opens no homes.")
	}
	by, err := caller(ctx, q.Session)
	if err != nil {
		return reply{}, err
	}
	switch q.Do {
	case askOpen:
		there := *s
		there.Device.Person = device // where it is shown
		if err := there.Open(ctx, by, q.Person, q.Asking); err != nil {
			return reply{}, err
		}
		shown, err := s.Shown(ctx, by, q.Person, s.Clock())
		return reply{Ways: shown.Ways, Until: fact.At(shown.Until)}, err
	case askCover:
		return reply{}, s.Cover(ctx, by, q.Person)
	case askKeep:
		if _, err := s.Vault.Open(entry.Info(s.org(), s.CodeOf(q.Person)), q.Sealed); err != nil {
			return reply{}, refusal.New(refusal.Invalid, "This was not sealed for this home. Write it anew.").Because(err)
		}
		return reply{}, s.keepOf(ctx, by, q, entry.Keeping{Sealed: q.Sealed, Why: q.Why})
	case askNone:
		return reply{}, s.keepOf(ctx, by, q, entry.Keeping{None: true, Why: q.Why})
	case askDoubt:
		return reply{}, s.Doubt(ctx, by, q.Person, q.Why)
	case askSeen:
		seen, err := s.frontier(ctx, by, q.Person)
		return reply{Seen: seen}, err
	}
	return reply{}, refusal.New(refusal.Invalid, "This is no question about a home.")
}
