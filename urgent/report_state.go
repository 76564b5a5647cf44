package urgent

import (
	"crypto/sha256"
	"slices"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
)

// ReportState is where a report to the GP stands.
type ReportState string

// The states of a report.
const (
	ReportNotSent   ReportState = "nothing is sent"
	ReportQueued    ReportState = "to be sent"
	ReportUnderWay  ReportState = "sent, no receipt yet"
	ReportResent    ReportState = "sent again, no receipt yet"
	ReportFailed    ReportState = "not received"
	ReportAcked     ReportState = "the practice has it"
	ReportPrinted   ReportState = "printed and on its way"
	ReportWithdrawn ReportState = "no longer stands"
)

// Waits tells whether somebody still has to see that the practice has it.
func (s ReportState) Waits() bool {
	switch s {
	case ReportQueued, ReportUnderWay, ReportResent, ReportFailed:
		return true
	}
	return false
}

// EnvelopeOfReport names the envelope in which a report travels: reckoned from
// the report, so that sent by two devices apart it is one.
func EnvelopeOfReport(about fact.Subject, r exchange.Report) (exchange.EnvelopeID, error) {
	content, err := fact.Encode(r)
	if err != nil {
		return exchange.EnvelopeID{}, err
	}
	return exchange.EnvelopeIDOf(about, sha256.Sum256(content)), nil
}

// reportEnvelope finds the envelope of a report; ok is false when none was
// prepared.
func (c Case) reportEnvelope(r Report) (exchange.Envelope, bool) {
	if !slices.ContainsFunc(c.Envelopes, func(e exchange.Envelope) bool { return e.Carries == exchange.CarriesReport }) {
		return exchange.Envelope{}, false
	}
	id, err := EnvelopeOfReport(c.ID, r.What.Report)
	if err != nil {
		return exchange.Envelope{}, false
	}
	e := c.Envelope(id)
	return e, e.Prepared != (fact.ID{})
}

// ReportState says where one of the case's reports stands. A receipt counts
// before anything else; a print counts for a report that has none.
func (c Case) ReportState(r Report) ReportState {
	if r.What.Suppressed != "" {
		return ReportNotSent
	}
	e, sent := c.reportEnvelope(r)
	switch {
	case c.nullified(r.Fact):
		return ReportWithdrawn
	case sent && e.Standing() == exchange.Delivered:
		return ReportAcked
	case len(r.Done) > 0 || sent && e.Standing() == exchange.Given:
		return ReportPrinted
	case !sent || e.Standing() == exchange.Withdrawn:
		return ReportQueued
	case e.NeedsPerson():
		return ReportFailed
	case e.Endings.Again > 0:
		return ReportResent
	}
	return ReportUnderWay
}

// ReportAt gives when the report was last sent or asked for again, and when
// its receipt came; zero where it did not.
func (c Case) ReportAt(r Report) (sent, received time.Time) {
	e, ok := c.reportEnvelope(r)
	if !ok {
		return sent, received
	}
	if n := len(e.Attempts); n > 0 {
		sent = e.Attempts[n-1].At.Time()
	}
	for _, one := range e.Receipts {
		if one.Content == e.Content && one.Filed != 0 {
			received = one.Filed.Time()
		}
	}
	return sent, received
}

// ReportsOut lists the reports that wait for somebody: to be sent, without a
// receipt, failed. Of a case with several each is listed.
func (c Case) ReportsOut() []Report {
	var out []Report
	for _, r := range c.Reports {
		if c.ReportState(r).Waits() {
			out = append(out, r)
		}
	}
	return out
}

// NewestReport gives the report that stands: the last that was made and not
// taken back; a notice that takes one back is none.
func (c Case) NewestReport() (Report, bool) {
	for _, r := range slices.Backward(c.Reports) {
		if !c.nullified(r.Fact) && r.What.Report.Takes == "" {
			return r, true
		}
	}
	return Report{}, false
}
