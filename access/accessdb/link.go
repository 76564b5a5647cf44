package accessdb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// listWait is how long an administrator's answer waits for the staff list to
// show what was just saved.
const listWait = 2 * time.Second

// AddStaff adds a member of staff with first roles and gives their subject.
func (g *Gate) AddStaff(ctx context.Context, by access.Caller, req access.PersonAdded, roles []access.Role) (fact.Subject, error) {
	if err := g.Enter(ctx, by, access.ManageStaff, fact.Subject{}); err != nil {
		return fact.Subject{}, err
	}
	var person fact.Subject
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if person, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return access.AddPerson(access.Staff{Person: person}, req, roles)
	})
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return person, err
}

// MakeLink offers a one-time way in and gives its token, which is kept
// nowhere.
func (g *Gate) MakeLink(ctx context.Context, by access.Caller, person fact.Subject, role access.Role, what access.LinkFor, lasts time.Duration) (string, error) {
	if err := g.Enter(ctx, by, access.ManageStaff, person); err != nil {
		return "", err
	}
	token, hash, err := g.newToken()
	if err != nil {
		return "", err
	}
	_, err = g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, person)
		if err != nil {
			return nil, err
		}
		return access.MakeLink(s, access.LinkMade{Token: hash, Role: role, For: what, Until: fact.At(tx.Now().Add(lasts))}, tx.Now())
	})
	if err != nil {
		return "", err
	}
	g.rememberLink(hash, person)
	return token, nil
}

// linkOf says whose link this is; the link itself is judged by the verb that
// spends it.
func (g *Gate) linkOf(ctx context.Context, link fact.Hash) (fact.Subject, error) {
	g.mu.Lock()
	person, ok := g.links[link]
	g.mu.Unlock()
	if ok {
		return person, nil
	}
	return g.subject(ctx, `SELECT person FROM access_link WHERE token = ?`, link[:])
}

func (g *Gate) staff(tx *journal.Tx, person fact.Subject) (access.Staff, error) {
	h, err := tx.History(person)
	if err != nil {
		return access.Staff{}, err
	}
	return access.FoldStaff(person, h.Admit(g.journal.Own)), nil
}

// UseLink opens a session with a one-time link. browser is the browser's own
// lasting token: the same browser may come again with the same link. It gives
// the session's token and who that is.
func (g *Gate) UseLink(ctx context.Context, link, browser, desk string) (string, access.Caller, error) {
	no := refusal.New(refusal.Forbidden, "This sign-in link is not known here. Ask for another.")
	hash, err := hashToken(link)
	if err != nil {
		return "", access.Caller{}, no
	}
	browserHash, err := hashToken(browser)
	if err != nil {
		return "", access.Caller{}, no
	}
	person, err := g.linkOf(ctx, hash)
	if err != nil {
		return "", access.Caller{}, no.Because(err)
	}
	o := access.SessionOpened{Browser: browserHash, Desk: desk}
	return g.open(ctx, person, o, func(s access.Staff, o access.SessionOpened, id fact.Subject, now time.Time) ([]fact.Draft, error) {
		return access.OpenByLink(s, g.Policy, hash, o, id, now)
	})
}

type opening func(access.Staff, access.SessionOpened, fact.Subject, time.Time) ([]fact.Draft, error)

func (g *Gate) open(ctx context.Context, person fact.Subject, o access.SessionOpened, verb opening) (string, access.Caller, error) {
	token, hash, err := g.newToken()
	if err != nil {
		return "", access.Caller{}, err
	}
	o.Token = hash
	var session fact.Subject
	saved, err := g.journal.Do(ctx, fact.Author{Person: person}, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, person)
		if err != nil {
			return nil, err
		}
		if session, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return verb(s, o, session, tx.Now())
	})
	if err != nil {
		return "", access.Caller{}, err
	}
	g.remember(hash, place{session: session, person: person})
	g.journal.WaitViews(ctx, saved, listWait)
	by, err := g.Caller(ctx, token)
	return token, by, err
}

func (g *Gate) subject(ctx context.Context, query string, arg any) (fact.Subject, error) {
	var b []byte
	var s fact.Subject
	err := g.journal.Views().QueryRowContext(ctx, query, arg).Scan(&b)
	copy(s[:], b)
	return s, err
}

// Person is one line of the staff list.
type Person struct {
	Person fact.Subject
	Staff  access.Staff
}

// StaffList lists everybody on the staff, by name.
func (g *Gate) StaffList(ctx context.Context, by access.Caller) ([]Person, error) {
	if err := g.Enter(ctx, by, access.ManageStaff, fact.Subject{}); err != nil {
		return nil, err
	}
	return g.people(ctx)
}

func (g *Gate) people(ctx context.Context) ([]Person, error) {
	all, err := g.everybody(ctx)
	var out []Person
	for _, s := range all {
		out = append(out, Person{Person: s.Person, Staff: s})
	}
	return out, err
}
