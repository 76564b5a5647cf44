package accessdb

import (
	"context"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// identityMark is what an account is found by: nothing of it can be read back.
func identityMark(issuer, account string) fact.Hash {
	return fact.Labelled("holdfast/identity/1", []byte(issuer+"\x00"+account))
}

// errManyHolders says that an account can't be looked through.
var errManyHolders = refusal.New(refusal.Unavailable, "This account was linked to more people than are read at once, so whose it is can’t be told. Ask whoever runs this device.")

// enoughHolders is how many people with one account are looked for: two are one
// too many already.
const enoughHolders = 2

// holders lists the members of staff to whom an account is linked now, two at
// most. Everybody to whom it ever was is looked at, or it refuses: what was not
// looked at counts as nobody's for no one. history reads a person; lists may be
// late, so that what was linked here lately is looked at as well.
func (g *Gate) holders(ctx context.Context, history func(context.Context, fact.Subject) (fact.History, error), issuer, account string) ([]fact.Subject, error) {
	mark := identityMark(issuer, account)
	people, err := g.subjects(ctx, `SELECT person FROM access_identity WHERE mark = ? ORDER BY person LIMIT ?`, mark[:], mostStaff+1)
	if err != nil {
		return nil, err
	}
	if len(people) > mostStaff {
		return nil, errManyHolders
	}
	g.mu.Lock()
	for _, s := range g.justLinked[mark] {
		if !slices.Contains(people, s) {
			people = append(people, s)
		}
	}
	g.mu.Unlock()
	var out []fact.Subject
	for _, s := range people {
		h, err := history(ctx, s)
		if err != nil {
			return nil, err
		}
		if access.FoldStaff(s, h).HasAccount(issuer, account) {
			if out = append(out, s); len(out) == enoughHolders {
				break
			}
		}
	}
	return out, nil
}

// linkedHere remembers a link until the lists have it.
func (g *Gate) linkedHere(l access.IdentityLinked, person fact.Subject) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.justLinked == nil || len(g.justLinked) >= mostRemembered {
		g.justLinked = map[fact.Hash][]fact.Subject{}
	}
	mark := identityMark(l.Issuer, l.Account)
	if !slices.Contains(g.justLinked[mark], person) {
		g.justLinked[mark] = append(g.justLinked[mark], person)
	}
}

// linkOne decides whether an account becomes a person's, and whose it is
// meanwhile, in one act: of two who link it at this device at the same moment one
// is refused. Devices apart can't know of each other: such an account is shown to
// administrators and signs in nobody.
func (g *Gate) linkOne(ctx context.Context, by access.Caller, person fact.Subject, l access.IdentityLinked,
	verb func(tx *journal.Tx, s access.Staff, holders []fact.Subject) ([]fact.Draft, error)) error {
	saved, err := g.linkNow(ctx, by, person, l, verb)
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return err
}

func (g *Gate) linkNow(ctx context.Context, by access.Caller, person fact.Subject, l access.IdentityLinked,
	verb func(tx *journal.Tx, s access.Staff, holders []fact.Subject) ([]fact.Draft, error)) ([]fact.Fact, error) {
	g.linking.Lock()
	defer g.linking.Unlock()
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, person)
		if err != nil {
			return nil, err
		}
		if s.Details.Empty() {
			return nil, noMember()
		}
		holders, err := g.holders(ctx, func(_ context.Context, p fact.Subject) (fact.History, error) {
			h, err := tx.History(p)
			return h.Admit(g.journal.Own), err
		}, l.Issuer, l.Account)
		if err != nil {
			return nil, err
		}
		return verb(tx, s, holders)
	})
	if err == nil {
		g.linkedHere(l, person)
	}
	return saved, err
}

// LinkIdentity links an account at a provider to a member of staff, as an
// administrator says.
func (g *Gate) LinkIdentity(ctx context.Context, by access.Caller, person fact.Subject, l access.IdentityLinked) error {
	if err := g.Enter(ctx, by, access.LinkAccounts, person); err != nil {
		return err
	}
	return g.linkOne(ctx, by, person, l, func(tx *journal.Tx, s access.Staff, holders []fact.Subject) ([]fact.Draft, error) {
		return access.LinkIdentity(s, holders, by, l, g.Policy, tx.Now())
	})
}

// linkOwn links an account that its provider has just said is the caller's.
func (g *Gate) linkOwn(ctx context.Context, by access.Caller, l access.IdentityLinked) error {
	if err := g.Enter(ctx, by, access.LinkOwnAccount, by.Person); err != nil {
		return err
	}
	return g.linkOne(ctx, by, by.Person, l, func(tx *journal.Tx, s access.Staff, holders []fact.Subject) ([]fact.Draft, error) {
		h, err := tx.History(by.Session)
		if err != nil {
			return nil, err
		}
		return access.LinkOwnIdentity(s, holders, access.FoldSession(by.Session, h.Admit(g.journal.Own)), by, l, g.Policy, tx.Now())
	})
}

// UnlinkIdentity takes an account at a provider away from a member of staff:
// their own, or as an administrator says.
func (g *Gate) UnlinkIdentity(ctx context.Context, by access.Caller, person fact.Subject, u access.IdentityUnlinked) error {
	act := access.LinkAccounts
	if person == by.Person {
		act = access.LinkOwnAccount
	}
	if err := g.Enter(ctx, by, act, person); err != nil {
		return err
	}
	return g.aboutIdentity(ctx, by, person, func(s access.Staff, _ time.Time) ([]fact.Draft, error) {
		return access.UnlinkIdentity(s, by, u)
	})
}

func (g *Gate) aboutIdentity(ctx context.Context, by access.Caller, person fact.Subject, verb func(access.Staff, time.Time) ([]fact.Draft, error)) error {
	saved, err := g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, person)
		if err != nil {
			return nil, err
		}
		if s.Details.Empty() {
			return nil, noMember()
		}
		return verb(s, tx.Now())
	})
	if err == nil {
		g.journal.WaitViews(ctx, saved, listWait)
	}
	return err
}

// OwnAccounts gives the caller's own entry on the staff list, for the page where
// they link accounts.
func (g *Gate) OwnAccounts(ctx context.Context, by access.Caller) (access.Staff, error) {
	if err := g.Enter(ctx, by, access.LinkOwnAccount, by.Person); err != nil {
		return access.Staff{}, err
	}
	h, err := g.atWork(ctx, by.Person)
	return access.FoldStaff(by.Person, h), err
}
