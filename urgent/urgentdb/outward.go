package urgentdb

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/urgent"
)

// mostReports bounds the page of reports; what is beyond it is counted.
const mostReports = 200

// recently is how far back other cases of one person are looked at for what was
// written to them in the last day.
const recently = 14 * 24 * time.Hour

// outwardTables are the tables of what left for patients.
const outwardTables = `CREATE TABLE urgent_dead(id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;`

// dead keeps the cases on which somebody says that the patient has died.
func dead(tx *sql.Tx, c urgent.Case) error {
	query := `DELETE FROM urgent_dead WHERE id = ?`
	if c.SaidDead() != "" {
		query = `INSERT OR IGNORE INTO urgent_dead VALUES(?)`
	}
	_, err := tx.Exec(query, c.ID[:])
	return err
}

// endedTasks ends the phone tasks of envelopes that are withdrawn or given by
// hand in the same act: nobody is to ring about them any more.
func (s *Cases) endedTasks(tx *journal.Tx, drafts []fact.Draft, c urgent.Case) ([]fact.Draft, error) {
	out := drafts
	for _, d := range drafts {
		var id exchange.EnvelopeID
		switch v := d.Content.(type) {
		case exchange.EnvelopeWithdrawn:
			id = v.Envelope
		case exchange.EnvelopeGiven:
			id = v.Envelope
		default:
			continue
		}
		t, err := journal.FoldIn(tx, task.SubjectOf(c.Envelope(id).Timer()), task.Fold)
		if err != nil || !t.Open() {
			if err != nil {
				return nil, err
			}
			continue
		}
		more, err := task.Finish(t, access.Caller{Role: access.Device, Name: s.Device.Name}, task.Done{Outcome: task.NotNeeded, Note: "Nothing is to be rung about any more."}, tx.Now())
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// ReportLine is one report that waits for somebody.
type ReportLine struct {
	Case           fact.Subject
	Number         string
	Patient        string
	Report         urgent.Report
	State          urgent.ReportState
	Sent, Received time.Time
}

// ReportList is what the page of reports shows, the oldest first.
type ReportList struct {
	Lines  []ReportLine
	Beyond int // cases with reports that the page cannot hold
	AsOf   time.Time
	Behind int
}

// Reports lets the caller in and lists the reports that wait: to be sent,
// without a receipt, failed.
func (s *Cases) Reports(ctx context.Context, by access.Caller) (ReportList, error) {
	if err := s.Gate.Enter(ctx, by, access.SendReport, fact.Subject{}); err != nil {
		return ReportList{}, err
	}
	var out ReportList
	_, out.AsOf, out.Behind = s.Journal.ViewsAt()
	var total int
	if err := s.Journal.Views().QueryRowContext(ctx, `SELECT count(*) FROM urgent_report`).Scan(&total); err != nil {
		return out, err
	}
	rows, err := s.Journal.Views().QueryContext(ctx, `SELECT id FROM urgent_report ORDER BY due, id LIMIT ?`, mostReports)
	if err != nil {
		return out, err
	}
	ids, err := subjects(rows)
	if err != nil {
		return out, err
	}
	out.Beyond = total - len(ids)
	for _, id := range ids {
		c, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
		if err != nil {
			return out, err
		}
		for _, r := range c.ReportsOut() {
			line := ReportLine{Case: id, Number: c.Number, Patient: r.What.Report.Patient.Shown().Called(), Report: r, State: c.ReportState(r)}
			line.Sent, line.Received = c.ReportAt(r)
			out.Lines = append(out.Lines, line)
		}
	}
	slices.SortStableFunc(out.Lines, func(a, b ReportLine) int { return int(a.Report.At - b.Report.At) })
	return out, nil
}

// Write lets the caller in and writes to the patient, unless something on any
// of their cases stands against it.
func (s *Cases) Write(ctx context.Context, by access.Caller, id fact.Subject, seen []fact.ID, w urgent.Writing, from exchange.Party) ([]fact.Fact, error) {
	if err := s.Refuses(ctx, by, access.WriteToPatient); err != nil {
		return nil, err
	}
	c, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
	if err != nil {
		return nil, err
	}
	if why, err := s.deadElsewhere(ctx, c); err != nil || why != "" {
		if err == nil {
			err = refusal.Field("route", why)
		}
		return nil, err
	}
	if w.Today, err = s.lettersToday(ctx, c, w.Route); err != nil {
		return nil, err
	}
	return s.Do(ctx, by, access.WriteToPatient, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.WriteToPatient(c, by, s.Rules, w, from, now)
	})
}

// lettersToday counts what was written by a route to the case's patient in the
// last 24 hours, on all their cases.
func (s *Cases) lettersToday(ctx context.Context, c urgent.Case, route exchange.Route) (int, error) {
	now := s.Clock()
	since, n := now.Add(-24*time.Hour), 0
	ids := []fact.Subject{c.ID}
	for _, record := range c.Records() {
		rows, err := s.Journal.Views().QueryContext(ctx, `SELECT c.id FROM urgent_about a JOIN urgent_case c ON c.id = a.id
			WHERE a.record = ? AND c.began >= ? ORDER BY c.began DESC LIMIT 100`, record[:], now.Add(-recently).UnixMilli())
		if err != nil {
			return 0, err
		}
		more, err := subjects(rows)
		if err != nil {
			return 0, err
		}
		ids = append(ids, more...)
	}
	slices.SortFunc(ids, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(ids) {
		one, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
		if err != nil {
			return 0, err
		}
		n += one.LettersSince(route, since)
	}
	return n, nil
}

// deadElsewhere says whether another case about the same person says that they
// have died.
func (s *Cases) deadElsewhere(ctx context.Context, c urgent.Case) (string, error) {
	for _, record := range c.Records() {
		rows, err := s.Journal.Views().QueryContext(ctx, `SELECT d.id FROM urgent_about a JOIN urgent_dead d ON d.id = a.id WHERE a.record = ? LIMIT 20`, record[:])
		if err != nil {
			return "", err
		}
		ids, err := subjects(rows)
		if err != nil {
			return "", err
		}
		for _, id := range ids {
			other, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
			if err != nil {
				return "", err
			}
			if why := other.SaidDead(); why != "" {
				return why, nil
			}
		}
	}
	return "", nil
}

// Stops says why an envelope must not leave any more: asked just before it is
// sent. What cannot be read is no reason to send: it is asked again.
func (s *Cases) Stops(ctx context.Context, e exchange.Envelope) (string, error) {
	if e.Carries != exchange.CarriesLetter {
		return "", nil
	}
	c, err := journal.Fold(ctx, s.Journal, e.About, urgent.Fold)
	if err != nil {
		return "", err
	}
	why, err := s.deadElsewhere(ctx, c)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	if why == "" {
		why = c.StopsLetter(e)
	}
	return why, nil
}

// Letter reads what was written to the patient in one envelope of a case that
// the caller may see.
func (s *Cases) Letter(ctx context.Context, by access.Caller, id fact.Subject, envelope exchange.EnvelopeID) (urgent.Case, exchange.Letter, error) {
	c, err := s.Case(ctx, by, id)
	if err != nil {
		return c, exchange.Letter{}, err
	}
	e := c.Envelope(envelope)
	if e.Carries != exchange.CarriesLetter || len(e.Kept) == 0 {
		return c, exchange.Letter{}, refusal.New(refusal.Missing, "There is no such letter on this case.")
	}
	raw, err := s.Journal.Attachment(ctx, e.Kept[0])
	if err != nil {
		return c, exchange.Letter{}, err
	}
	l, err := exchange.DecodeLetter(raw)
	return c, l, err
}
