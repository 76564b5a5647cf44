package accessdb

import (
	"context"
	"errors"
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
	ids, err := g.subjects(ctx, `SELECT s.session FROM access_session s JOIN access_desk d ON d.session = s.session
		WHERE s.person = ? ORDER BY d.opened DESC, s.session LIMIT ?`, person[:], mostSessions)
	if err != nil {
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
		if s.Lasting(access.Administrator, tx.Now()) && endsAdministrator(s, out) {
			others, err := g.otherAdministrators(ctx, tx, person)
			if err != nil {
				return nil, err
			}
			if others {
				return g.andSessions(ctx, tx, person, out, sessions)
			}
			return nil, refusal.New(refusal.Taken, "They are the only administrator: nobody could manage people and roles any more. Make somebody else administrator first.")
		}
		return g.andSessions(ctx, tx, person, out, sessions)
	})
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return err
}

// andSessions ends a person's open sessions in the same act.
func (g *Gate) andSessions(ctx context.Context, tx *journal.Tx, person fact.Subject, out []fact.Draft, sessions bool) ([]fact.Draft, error) {
	if !sessions {
		return out, nil
	}
	open, err := g.openSessions(ctx, person, tx.History)
	for _, one := range open {
		out = append(out, fact.Say(one.ID, access.SessionEnded{Why: "left"}))
	}
	return out, err
}

// otherAdministrators tells whether somebody else is administrator with no end
// known. They are read in the act itself: when one of them leaves at the same
// moment it is decided anew.
func (g *Gate) otherAdministrators(ctx context.Context, tx *journal.Tx, than fact.Subject) (bool, error) {
	all, err := g.subjects(ctx, `SELECT person FROM access_role WHERE role = ? ORDER BY person`, string(access.Administrator))
	if err != nil {
		return false, err
	}
	for _, one := range all {
		h, err := tx.History(one)
		if err != nil {
			return false, err
		}
		if one != than && access.FoldStaff(one, h).Lasting(access.Administrator, tx.Now()) {
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
	people, err := g.listed(ctx, most+1)
	if err != nil {
		return nil, err
	}
	many := len(people) > most
	for _, s := range people[:min(len(people), most)] {
		h, err := g.journal.History(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, access.FoldStaff(s, h))
	}
	if many {
		return out, ErrManyStaff
	}
	return out, nil
}

// listed lists who is on the staff list, by name.
func (g *Gate) listed(ctx context.Context, most int) ([]fact.Subject, error) {
	return g.subjects(ctx, `SELECT person FROM access_person ORDER BY name, person LIMIT ?`, most)
}

func (g *Gate) subjects(ctx context.Context, query string, args ...any) (out []fact.Subject, err error) {
	rows, err := g.journal.Views().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		var s fact.Subject
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		copy(s[:], b)
		out = append(out, s)
	}
	return out, rows.Err()
}

// EachOfStaff shows this device itself each member of staff with their history.
// Who can't be read is left out, and the error says so once all others were
// shown.
func (g *Gate) EachOfStaff(ctx context.Context, device access.Caller, see func(access.Staff, fact.History)) error {
	if err := g.Enter(ctx, device, access.ManageStaff, fact.Subject{}); err != nil {
		return err
	}
	people, err := g.listed(ctx, mostStaff+1)
	if err == nil && len(people) > mostStaff {
		people, err = people[:mostStaff], ErrManyStaff
	}
	for _, s := range people {
		h, bad := g.journal.History(ctx, s)
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		see(access.FoldStaff(s, h), h)
	}
	return err
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
