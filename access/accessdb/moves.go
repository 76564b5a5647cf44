package accessdb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// mostSessions bounds how many sessions of one person are looked at: the newest.
const mostSessions = 200

// OpenSession is one session that a person could still use.
type OpenSession struct {
	ID     fact.Subject
	Opened access.SessionOpened
}

// Member lets the caller in and gives one member of staff with the sessions
// that are open.
func (g *Gate) Member(ctx context.Context, by access.Caller, person fact.Subject) (access.Staff, []OpenSession, error) {
	if err := g.Enter(ctx, by, access.ManageStaff, person); err != nil {
		return access.Staff{}, nil, err
	}
	h, err := g.journal.History(ctx, person)
	if err != nil {
		return access.Staff{}, nil, err
	}
	s := access.FoldStaff(person, h)
	if s.Details.Empty() {
		return access.Staff{}, nil, noMember()
	}
	open, err := g.openSessions(ctx, person, func(id fact.Subject) (fact.History, error) { return g.journal.History(ctx, id) })
	return s, open, err
}

func noMember() error {
	return refusal.New(refusal.Missing, "There is no such person on the staff list.")
}

func (g *Gate) openSessions(ctx context.Context, person fact.Subject, history func(fact.Subject) (fact.History, error)) (out []OpenSession, err error) {
	rows, err := g.journal.Views().QueryContext(ctx, `SELECT session FROM access_session WHERE person = ? LIMIT ?`, person[:], mostSessions)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []fact.Subject
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		var id fact.Subject
		copy(id[:], b)
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	now := g.clock()
	for _, id := range ids {
		h, err := history(id)
		if err != nil {
			return nil, err
		}
		if s := access.FoldSession(id, h); !s.Ended && len(s.Opened) == 1 && now.Before(s.Opened[0].Until.Time()) {
			out = append(out, OpenSession{ID: id, Opened: s.Opened[0]})
		}
	}
	return out, nil
}

// ChangeRoles gives or ends roles of a member of staff.
func (g *Gate) ChangeRoles(ctx context.Context, by access.Caller, person fact.Subject, c access.Change) error {
	return g.move(ctx, by, person, func(s access.Staff, now time.Time) ([]fact.Draft, error) { return access.ChangeRoles(s, by, c, now) }, false)
}

// Leave ends all that a member of staff holds. Who leaves now has their
// sessions ended in the same act; who leaves on a day to come goes on until then.
func (g *Gate) Leave(ctx context.Context, by access.Caller, person fact.Subject, at time.Time, why string) error {
	now := g.clock()
	return g.move(ctx, by, person, func(s access.Staff, now time.Time) ([]fact.Draft, error) { return access.Leave(s, at, why, now) }, !at.After(now))
}

func (g *Gate) move(ctx context.Context, by access.Caller, person fact.Subject, verb func(access.Staff, time.Time) ([]fact.Draft, error), sessions bool) error {
	if err := g.Enter(ctx, by, access.ManageStaff, person); err != nil {
		return err
	}
	others, err := g.otherAdministrators(ctx, person)
	if err != nil {
		return err
	}
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, person)
		if err != nil {
			return nil, err
		}
		if s.Details.Empty() {
			return nil, noMember()
		}
		out, err := verb(s, tx.Now())
		if err != nil {
			return nil, err
		}
		if !others && s.Lasting(access.Administrator, tx.Now()) && endsAdministrator(s, out) {
			return nil, refusal.New(refusal.Taken, "They are the only administrator: nobody could manage people and roles any more. Make somebody else administrator first.")
		}
		if !sessions {
			return out, nil
		}
		open, err := g.openSessions(ctx, person, tx.History)
		for _, one := range open {
			out = append(out, fact.Say(one.ID, access.SessionEnded{Why: "left"}))
		}
		return out, err
	})
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return err
}

// otherAdministrators tells whether somebody else is administrator with no end
// known.
func (g *Gate) otherAdministrators(ctx context.Context, than fact.Subject) (bool, error) {
	all, err := g.everybody(ctx)
	for _, s := range all {
		if s.Person != than && s.Lasting(access.Administrator, g.clock()) {
			return true, nil
		}
	}
	return false, err
}

func endsAdministrator(s access.Staff, drafts []fact.Draft) bool {
	grants := map[fact.ID]bool{}
	for _, g := range s.Grants {
		grants[g.Fact] = g.Role == access.Administrator
	}
	for _, d := range drafts {
		switch c := d.Content.(type) {
		case access.RoleEnded:
			if grants[c.Grant] {
				return true
			}
		case access.RoleEnding:
			if grants[c.Grant] {
				return true
			}
		}
	}
	return false
}

// mostStaff is how many people of the staff list are read at once.
const mostStaff = 5000

// ErrManyStaff says that not all people on the staff list were read; those that
// were stand beside it.
var ErrManyStaff = refusal.Newf(refusal.Unavailable, "More than %d people are on the staff list, and no more are read at once: what is not listed here is not known. Ask whoever runs this device.", mostStaff)

// everybody folds all on the staff list. ErrManyStaff comes with the first of
// them by name.
func (g *Gate) everybody(ctx context.Context) ([]access.Staff, error) {
	return g.firstOf(ctx, mostStaff)
}

func (g *Gate) firstOf(ctx context.Context, most int) (out []access.Staff, err error) {
	rows, err := g.journal.Views().QueryContext(ctx, `SELECT person FROM access_person ORDER BY name, person LIMIT ?`, most+1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		var s fact.Subject
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		if len(out) == most {
			return out, ErrManyStaff
		}
		copy(s[:], b)
		h, err := g.journal.History(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, access.FoldStaff(s, h))
	}
	return out, rows.Err()
}

// PlanRoster lets the caller in and says what a staff file would do. Nothing is
// written.
func (g *Gate) PlanRoster(ctx context.Context, by access.Caller, r access.Roster) (access.RosterPlan, error) {
	if err := g.Enter(ctx, by, access.ManageStaff, fact.Subject{}); err != nil {
		return access.RosterPlan{}, err
	}
	known, err := g.everybody(ctx)
	if err != nil {
		return access.RosterPlan{}, err
	}
	return access.PlanRoster(r, known, by, g.clock()), nil
}

// ErrMoved says that the staff list is not as it was when the file was looked
// at; the plan beside it is how things stand now.
var ErrMoved = refusal.New(refusal.Taken, "The staff list has changed since you looked. Look again at what would happen now.")

// TakeRoster does what a staff file says, all of it in one act or nothing, if
// it still comes to what was shown: the plan of that digest. It gives the plan
// that was done.
func (g *Gate) TakeRoster(ctx context.Context, by access.Caller, r access.Roster, shown string) (access.RosterPlan, error) {
	g.rosters.Lock()
	defer g.rosters.Unlock()
	plan, err := g.PlanRoster(ctx, by, r)
	if err != nil || len(plan.Problems) > 0 {
		return plan, err
	}
	if plan.Digest().String() != shown {
		return plan, ErrMoved
	}
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) { return plan.Drafts(tx.NewSubject) })
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return plan, err
}
