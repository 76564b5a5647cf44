package exchange

import (
	"crypto/sha256"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Media types of the content of envelopes.
const (
	ReferralMedia = "application/vnd.holdfast.referral+cbor"
	ReportMedia   = "application/vnd.holdfast.report+cbor"
)

// ToSend is an envelope to be prepared: one of Referral and Report.
type ToSend struct {
	About    fact.Subject // the case
	Referral *Referral
	Report   *Report
	To       Party
	Due      time.Time // a person acts when no receipt has come by then
	Routes   []Route   // in the order to try
}

// Prepare states "about to send". Its draft must be saved before anything
// leaves; the content is attached. What the envelope is numbered stands in
// the draft.
func Prepare(by access.Caller, s ToSend, now time.Time) ([]fact.Draft, error) {
	carries, act, media := CarriesReferral, access.Refer, ReferralMedia
	if s.Referral != nil && s.Referral.Purpose == ForAmbulance {
		carries, act = CarriesAmbulance, access.CallEmergency
	}
	if s.Report != nil {
		carries, act, media = CarriesReport, access.SendReport, ReportMedia
	}
	if err := by.May(act); err != nil {
		return nil, err
	}
	if err := s.sound(now); err != nil {
		return nil, err
	}
	content, err := s.content()
	if err != nil {
		return nil, err
	}
	hash := fact.Hash(sha256.Sum256(content))
	draft := fact.Say(s.About, EnvelopePrepared{
		Envelope: EnvelopeIDOf(s.About, hash), Carries: carries, To: s.To, Content: hash,
		Size: len(content), Due: fact.At(s.Due), Routes: s.Routes,
	})
	return []fact.Draft{draft.When(now).With(fact.Blob{Media: media, Bytes: content})}, nil
}

func (s ToSend) sound(now time.Time) error {
	switch {
	case (s.Referral == nil) == (s.Report == nil):
		return refusal.New(refusal.Invalid, "An envelope carries one referral or one report")
	case s.About.Zero():
		return refusal.New(refusal.Invalid, "Say which case this is about")
	case s.To.ODS == "" && s.To.Service == "":
		return refusal.Field("to", "Choose the service to send this to")
	case !s.Due.After(now):
		return refusal.New(refusal.Invalid, "The time to wait for a receipt has passed already")
	case len(s.Routes) == 0:
		return refusal.New(refusal.Invalid, "No way to reach this service is known: ring them")
	}
	return nil
}

func (s ToSend) content() ([]byte, error) {
	var b []byte
	var err error
	if s.Report != nil {
		b, err = fact.Encode(*s.Report)
	} else {
		b, err = fact.Encode(*s.Referral)
	}
	if err != nil {
		return nil, err
	}
	if len(b) > MaxMessage {
		return nil, refusal.New(refusal.Invalid, "This is too long to send as one message: shorten the notes")
	}
	return b, nil
}

// Attempted states how one attempt went. After a fitting receipt nothing more
// is stated.
func Attempted(e Envelope, by access.Caller, a Attempt, now time.Time) ([]fact.Draft, error) {
	if err := mayCarry(by); err != nil {
		return nil, err
	}
	if err := known(e); err != nil {
		return nil, err
	}
	if e.Standing() == Delivered {
		return nil, nil
	}
	if a.Route == "" || a.Outcome < Handed || a.Outcome > NotKnown {
		return nil, refusal.New(refusal.Invalid, "Say by which route it was tried and how that went")
	}
	return []fact.Draft{fact.Say(e.About, EnvelopeAttempted{
		Envelope: e.ID, Route: a.Route, Outcome: a.Outcome, Status: a.Status, Said: clip(a.Said, 400),
	}).When(now)}, nil
}

// Receipted states that a receipt, whose signature was checked, came back.
// One that is known already states nothing; one for another envelope is
// refused.
func Receipted(e Envelope, by access.Caller, r ReceiptReceived, now time.Time) ([]fact.Draft, error) {
	if err := mayCarry(by); err != nil {
		return nil, err
	}
	if err := known(e); err != nil {
		return nil, err
	}
	if r.Receipt.Envelope != e.ID {
		return nil, refusal.New(refusal.Invalid, "This receipt is for another envelope")
	}
	for _, old := range e.Receipts {
		if old.Content == r.Receipt.Content && old.By == r.Receipt.By {
			return nil, nil
		}
	}
	return []fact.Draft{fact.Say(e.About, r).When(now)}, nil
}

// Overdue states that no receipt came in time. It states nothing while there
// is time, when a receipt is there, and when it was said already: any device
// may run it, and it happens once.
func Overdue(e Envelope, by access.Caller, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.RunTimers); err != nil {
		return nil, err
	}
	if err := known(e); err != nil {
		return nil, err
	}
	if e.Overdue || e.Standing() == Delivered || fact.At(now) < e.Due {
		return nil, nil
	}
	return []fact.Draft{fact.Say(e.About, ReceiptOverdue{Envelope: e.ID, Timer: e.Timer()}).When(now)}, nil
}

// SendReport states that the GP was told by other means than an envelope:
// printed, or by phone.
func SendReport(by access.Caller, about fact.Subject, s ReportSent, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.SendReport); err != nil {
		return nil, err
	}
	if about.Zero() || s.Route == "" {
		return nil, refusal.New(refusal.Invalid, "Say which case this is about and how the report went")
	}
	return []fact.Draft{fact.Say(about, s).When(now)}, nil
}

// mayCarry allows the device itself, and whoever may refer: a person who took
// it there on paper says so.
func mayCarry(by access.Caller) error {
	if by.May(access.RunTimers) == nil {
		return nil
	}
	return by.May(access.Refer)
}

func known(e Envelope) error {
	if e.Prepared == (fact.ID{}) {
		return refusal.New(refusal.Missing, "This envelope was not prepared here")
	}
	return nil
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// DecodeReferral reads the content of an envelope that carries a referral.
func DecodeReferral(content []byte) (Referral, error) {
	var r Referral
	if err := fact.Decode(content, &r); err != nil {
		return Referral{}, refusal.New(refusal.Invalid, "The content is no referral that this program can read").Because(err)
	}
	return r, nil
}

// DecodeReport reads the content of an envelope that carries a report.
func DecodeReport(content []byte) (Report, error) {
	var r Report
	if err := fact.Decode(content, &r); err != nil {
		return Report{}, refusal.New(refusal.Invalid, "The content is no report that this program can read").Because(err)
	}
	return r, nil
}

// soundODS gives the code when it has the shape of one, so that nothing else
// gets into an audit.
func soundODS(o codes.ODS) codes.ODS {
	if o.Sound() {
		return o
	}
	return ""
}
