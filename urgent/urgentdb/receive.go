package urgentdb

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/urgent"
)

// Receiver files what comes from other organisations as cases. It is the
// exchange's Receiver.
type Receiver struct{ *Cases }

var _ exchange.Receiver = Receiver{}

// Receive files a referral and answers after it is saved, original bytes
// included. A message of which any number was seen before is not filed again.
func (s Receiver) Receive(ctx context.Context, from exchange.Arrival, ref exchange.Referral) (exchange.Filed, error) {
	if err := s.Gate.Enter(ctx, s.Device, access.SendToUs, fact.Subject{}); err != nil {
		return exchange.Filed{}, err
	}
	var filed exchange.Filed
	saved, err := s.Journal.Do(ctx, s.Device.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		filed, out, err = s.file(tx, from, ref)
		return out, err
	})
	if err != nil {
		return exchange.Filed{}, err
	}
	if len(saved) > 0 {
		filed.At = saved[0].Header.Recorded
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return filed, nil
}

func (s Receiver) file(tx *journal.Tx, from exchange.Arrival, ref exchange.Referral) (exchange.Filed, []fact.Draft, error) {
	var fresh []fact.Subject
	for _, key := range from.Keys {
		at := s.subjectOf(from.Route, key)
		h, err := tx.History(at)
		if err != nil {
			return exchange.Filed{}, nil, err
		}
		if was := urgent.Filed(h); len(was) > 0 {
			return exchange.Filed{About: was[0].Case, Case: was[0].Number, At: h.Facts()[0].Header.Recorded, Again: true}, nil, nil
		}
		fresh = append(fresh, at)
	}
	if len(fresh) == 0 {
		return exchange.Filed{}, nil, refusal.New(refusal.Invalid, "The message has no number of its own.")
	}
	cases, series, err := s.casesFor(tx, from, ref)
	if err != nil {
		return exchange.Filed{}, nil, err
	}
	var out []fact.Draft
	for _, c := range cases {
		more, err := urgent.ReceiveReferral(c, s.Device, s.Rules, ref, from, tx.Now())
		if err != nil {
			return exchange.Filed{}, nil, err
		}
		out = append(out, more...)
	}
	id, number := cases[0].ID, urgent.NumberOf(cases[0].ID, tx.Now())
	if cases[0].Begun() {
		number = cases[0].Number
	} else if !series.Zero() {
		fresh = append(fresh, series)
	}
	for _, at := range fresh {
		out = append(out, urgent.FileUnder(at, id, number))
	}
	return exchange.Filed{About: id, Case: number, At: fact.At(tx.Now())}, out, nil
}

// casesFor gives the case that a referral belongs to: that of an earlier version
// of the same document, or a new one. An earlier version that two devices filed
// apart stands as two cases, and both hear of the newer one. series is the
// subject under which later versions are found, zero when the document has no
// set.
func (s Receiver) casesFor(tx *journal.Tx, from exchange.Arrival, ref exchange.Referral) (cases []urgent.Case, series fact.Subject, err error) {
	if doc, ok := ref.Newest(); ok && doc.Set != "" {
		series = s.subjectOf(from.Route, seriesKey(from.Sender, doc.Set))
		h, err := tx.History(series)
		if err != nil {
			return nil, series, err
		}
		for _, was := range urgent.Filed(h) {
			c, err := fold(tx, was.Case)
			if err != nil {
				return nil, series, err
			}
			cases = append(cases, c)
		}
		if len(cases) > 0 {
			return cases, series, nil
		}
	}
	id, err := tx.NewSubject()
	return []urgent.Case{{ID: id}}, series, err
}

// seriesKey names the versions of one document.
func seriesKey(sender codes.ODS, set string) string { return "set/" + string(sender) + "/" + set }

// subjectOf names a message's number as a subject; without the organisation's
// founding bytes nobody can tell which number it is.
func (s Receiver) subjectOf(route exchange.Route, key string) fact.Subject {
	genesis := s.Journal.Genesis()
	mac := hmac.New(sha256.New, genesis.Random[:])
	mac.Write([]byte("holdfast/arrival/1\x00" + string(route) + "\x00" + key))
	return fact.Subject(mac.Sum(nil)[:16])
}

// Report is for organisations that hold the GP's record; an urgent-care
// provider does not, and says so to the sender.
func (s Receiver) Report(context.Context, exchange.Arrival, exchange.Report) (exchange.Filed, error) {
	return exchange.Filed{}, refusal.New(refusal.Forbidden, "This service takes referrals; it keeps no GP record to file a report in.")
}

// Refuse writes the audit of a message that was turned away.
func (s Receiver) Refuse(ctx context.Context, m exchange.MessageRefused) error {
	d := fact.Say(s.subjectOf("refused", s.Clock().UTC().Format("2006-01-02")), m) // a subject a day: bounded
	d.Class = fact.ClassAudit
	_, err := s.Journal.Do(ctx, s.Device.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) { return []fact.Draft{d}, nil })
	return err
}
