package urgentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/content"
	"holdfast/directory"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/task"
	"holdfast/urgent"
)

// Sort says what sort of subject a disagreement is about.
type Sort string

// The sorts.
const (
	AboutCase    Sort = "case"
	AboutRecord  Sort = "record"
	AboutStaff   Sort = "staff"
	AboutTask    Sort = "task"
	AboutService Sort = "service"
	AboutMessage Sort = "message"
)

// Apart is what was written apart about one subject and waits for a person,
// with what the table of joins says of it.
type Apart struct {
	fact.Disagreement `cbor:"4,keyasint"`
	Sort              Sort         `cbor:"1,keyasint"`
	Called            string       `cbor:"2,keyasint"` // the subject, as people say it
	About             fact.Subject `cbor:"3,keyasint"` // the case, when it can be opened
	Join              content.Join `cbor:"-"`
}

// sortOf tells by the kind of a fact what its subject is; "" for subjects of
// which nothing can disagree.
func sortOf(f fact.Fact) Sort {
	switch k := f.Body.Kind; {
	case k >= 25 && k <= 28: // sessions
		return ""
	case k >= 20 && k < 50:
		return AboutStaff
	case entry.OfCode(k), entry.OfOpener(k): // on the list of homes to be changed
		return ""
	case urgent.OfCase(k):
		return AboutCase
	case k >= 100 && k < 200:
		return AboutRecord
	case k == (urgent.ArrivalFiled{}).FactKind().Number:
		return AboutMessage
	case k >= 200 && k < 400 && IsCase(f):
		return AboutCase
	case k >= 400 && k < 500:
		return AboutTask
	case k >= 500 && k < 600:
		return AboutService
	}
	return ""
}

func sortOfHistory(h fact.History) Sort {
	for _, f := range h.Facts() {
		if s := sortOf(f); s != "" {
			return s
		}
	}
	return ""
}

// Waiting reckons what waits for a person on one subject.
func Waiting(id fact.Subject, h fact.History, r *urgent.Rules) []Apart {
	var all []fact.Disagreement
	one := Apart{Sort: sortOfHistory(h)}
	if h.OneFeed() {
		return nil
	}
	switch one.Sort {
	case AboutCase:
		c := urgent.Fold(id, h)
		all, one.Called, one.About = c.Disagreements(h, r), "Case "+c.Number, id
	case AboutRecord:
		p := record.Fold(id, h)
		all, one.Called = p.Disagreements(h), p.Called()
	case AboutStaff:
		s := access.FoldStaff(id, h)
		all, one.Called = s.Disagreements(h), s.Name()
	case AboutTask:
		t := task.Fold(id, h)
		all, one.Called, one.About = t.Disagreements(h), t.What().Reason, t.What().About
	case AboutMessage:
		all = urgent.FiledTwice(id, h)
		for _, was := range urgent.Filed(h) {
			one.Called, one.About = joinedBy(one.Called, " and ", was.Number), was.Case
		}
	case AboutService:
		e := directory.Fold(id, h)
		s, _ := e.Current()
		all, one.Called = e.Disagreements(h), s.Name
	}
	var out []Apart
	for _, d := range all {
		one.Disagreement = d
		one.Join, _ = r.Joins.Of(d.Matter)
		out = append(out, one)
	}
	return out
}

// ApartView keeps what was written apart and waits for a person, about every
// sort of subject. It is disposable: nothing is raised and nothing is lost.
type ApartView struct{ Rules *urgent.Rules }

var _ journal.View = ApartView{}

// Name prefixes the view's tables.
func (ApartView) Name() string { return "apart" }

// Version is raised whenever Create, Apply or a fold change.
func (ApartView) Version() int { return 100*urgent.FoldVersion + 1 }

// Create makes the empty table.
func (ApartView) Create(tx *sql.Tx) error {
	_, err := tx.Exec(`CREATE TABLE apart_open(subject BLOB NOT NULL, n INTEGER NOT NULL, list TEXT NOT NULL, since INTEGER NOT NULL, body BLOB NOT NULL,
		PRIMARY KEY(subject, n)) STRICT, WITHOUT ROWID`)
	return err
}

// Apply reckons anew every subject that the facts touch, once each.
func (v ApartView) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	done := map[fact.Subject]bool{}
	for _, f := range facts {
		id := f.Header.Subject
		if sortOf(f) == "" || done[id] {
			continue
		}
		done[id] = true
		h, err := r.History(id)
		if err != nil {
			return fmt.Errorf("history of what may disagree: %w", err)
		}
		if err := v.put(tx, id, h); err != nil {
			return err
		}
	}
	return nil
}

func (v ApartView) put(tx *sql.Tx, id fact.Subject, h fact.History) error {
	if _, err := tx.Exec(`DELETE FROM apart_open WHERE subject = ?`, id[:]); err != nil {
		return err
	}
	for n, one := range Waiting(id, h, v.Rules) {
		body, err := fact.Encode(one)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO apart_open VALUES(?,?,?,?,?)`, id[:], n, one.Join.List, int64(one.since()), body); err != nil {
			return err
		}
	}
	return nil
}

// since is when the last of the values was written.
func (a Apart) since() fact.Millis {
	var at fact.Millis
	for _, v := range a.Values {
		at = max(at, v.At)
	}
	return at
}

// Since gives when the last of the values was written.
func (a Apart) Since() time.Time { return a.since().Time() }

// sameMessage tells whether two lines are about one message, of which each
// number is a subject of its own.
func (a Apart) sameMessage(o Apart) bool {
	return a.Sort == AboutMessage && o.Sort == AboutMessage && a.Called == o.Called
}

func joinedBy(a, with, b string) string {
	if a == "" {
		return b
	}
	return a + with + b
}

// Apart lets the caller in, records the look, and lists what waits for a
// person, what has waited longest first. An administrator sees what is theirs
// to settle and nobody's record.
func (s *Cases) Apart(ctx context.Context, by access.Caller) ([]Apart, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeApart, fact.Subject{}); err != nil {
		return nil, err
	}
	return s.apart(ctx, by)
}

func (s *Cases) apart(ctx context.Context, by access.Caller) (out []Apart, err error) {
	rows, err := s.Journal.Views().QueryContext(ctx, `SELECT body FROM apart_open ORDER BY since, subject, n LIMIT ?`, mostRows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var one Apart
		if err := fact.Decode(body, &one); err != nil {
			return nil, fmt.Errorf("a disagreement in the view: %w", err)
		}
		one.Join, _ = s.Rules.Joins.Of(one.Matter)
		if (by.Role != access.Administrator || one.Join.MaySettle(string(by.Role))) && !slices.ContainsFunc(out, one.sameMessage) {
			out = append(out, one)
		}
	}
	return out, rows.Err()
}

// ApartOf lets the caller in, records the look, and gives what waits for a
// person on one subject as it stands now, with what a page of it has seen.
func (s *Cases) ApartOf(ctx context.Context, by access.Caller, id fact.Subject) ([]Apart, []fact.ID, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeApart, id); err != nil {
		return nil, nil, err
	}
	h, err := s.Journal.History(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if h.Len() == 0 {
		return nil, nil, refusal.New(refusal.Missing, "Nothing here disagrees. Look at the list of what is to be settled.")
	}
	out := slices.DeleteFunc(Waiting(id, h, s.Rules), func(a Apart) bool {
		return by.Role == access.Administrator && !a.Join.MaySettle(string(by.Role))
	})
	return out, h.Frontier(), nil
}

// Settle lets the caller in, checks with the table of joins that it is theirs
// to settle, and states which value stands. seen is what the page showed.
func (s *Cases) Settle(ctx context.Context, by access.Caller, id fact.Subject, seen []fact.ID, req fact.Settling) error {
	if err := s.Gate.Enter(ctx, by, access.SettleApart, id); err != nil {
		return err
	}
	if join, ok := s.Rules.Joins.Of(req.Matter); !ok || !join.MaySettle(string(by.Role)) {
		return refusal.Newf(refusal.Forbidden, "This is settled by %s. Ask one on your shift.", whoSettles(join))
	}
	saved, err := s.Journal.Do(ctx, by.Author(), journal.Seen{id: seen}, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(id)
		if err != nil {
			return nil, err
		}
		if err := sawAll(id, h, s.Rules, seen, req.Matter); err != nil {
			return nil, err
		}
		if sortOfHistory(h) == AboutMessage {
			return s.settleMessage(tx, h, by, req)
		}
		return settle(id, h, by, s.Rules, req, tx.Now())
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}

// sawAll refuses a settling by somebody whose page did not show every value: a
// value that has come since is never decided about unseen. Without a page
// there is nothing to compare with.
func sawAll(id fact.Subject, h fact.History, r *urgent.Rules, seen []fact.ID, m fact.Matter) error {
	if seen == nil {
		return nil
	}
	for _, d := range Waiting(id, h, r) {
		for _, v := range d.Values {
			if d.Matter == m && !h.Covers(seen, v.Fact) {
				return refusal.New(refusal.Taken, "Another value has come since you looked. Look at all of them, then settle it.")
			}
		}
	}
	return nil
}

func settle(id fact.Subject, h fact.History, by access.Caller, r *urgent.Rules, req fact.Settling, now time.Time) ([]fact.Draft, error) {
	switch sortOfHistory(h) {
	case AboutCase:
		return urgent.Settle(urgent.Fold(id, h), h, by, r, req, now)
	case AboutRecord:
		return record.Settle(record.Fold(id, h), by, req, now)
	case AboutStaff:
		return access.Settle(access.FoldStaff(id, h), h, by, req, now)
	case AboutService:
		return directory.Settle(directory.Fold(id, h), h, by, req, now)
	}
	return nil, refusal.New(refusal.Invalid, "This is settled on the list of tasks: take it, give it back, or end it.")
}

// whoSettles names the roles: "a clinician or a call handler".
func whoSettles(j content.Join) string {
	out := ""
	for i, r := range j.Settles {
		if i > 0 {
			out += " or "
		}
		article := "a "
		if r == string(access.Administrator) {
			article = "an "
		}
		out += article + access.Role(r).Title()
	}
	if out == "" {
		return "nobody here"
	}
	return out
}

// WhoSettles names the roles that may settle it.
func (a Apart) WhoSettles() string { return whoSettles(a.Join) }

// Forget leaves nothing of erased subjects.
func (ApartView) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec(`DELETE FROM apart_open WHERE subject = ?`, s[:]); err != nil {
			return err
		}
	}
	return nil
}
