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

// identityMark is what an account is found by: nothing of it can be read back.
func identityMark(issuer, account string) fact.Hash {
	return fact.Labelled("holdfast/identity/1", []byte(issuer+"\x00"+account))
}

// mostLinked bounds the people at whom one account is looked up. Two are one too
// many already.
const mostLinked = 8

// peopleWith lists the members of staff to whom an account is linked now.
func (g *Gate) peopleWith(ctx context.Context, issuer, account string) (out []fact.Subject, err error) {
	mark := identityMark(issuer, account)
	rows, err := g.journal.Views().QueryContext(ctx, `SELECT person FROM access_identity WHERE mark = ? ORDER BY person LIMIT ?`, mark[:], 4*mostLinked)
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
		h, err := g.atWork(ctx, s)
		if err != nil {
			return nil, err
		}
		if access.FoldStaff(s, h).HasAccount(issuer, account) && len(out) < mostLinked {
			out = append(out, s)
		}
	}
	return out, rows.Err()
}

// free refuses an account that is another person's.
func (g *Gate) free(ctx context.Context, person fact.Subject, l access.IdentityLinked) error {
	people, err := g.peopleWith(ctx, l.Issuer, l.Account)
	if err != nil {
		return err
	}
	for _, p := range people {
		if p != person {
			return refusal.Field("account", "This account is linked to another person. It has to be taken away there first.")
		}
	}
	return nil
}

// LinkIdentity links an account at a provider to a member of staff, as an
// administrator says.
func (g *Gate) LinkIdentity(ctx context.Context, by access.Caller, person fact.Subject, l access.IdentityLinked) error {
	if err := g.Enter(ctx, by, access.LinkAccounts, person); err != nil {
		return err
	}
	if err := g.free(ctx, person, l); err != nil {
		return err
	}
	return g.aboutIdentity(ctx, by, person, func(s access.Staff, now time.Time) ([]fact.Draft, error) {
		return access.LinkIdentity(s, by, l, g.Policy, now)
	})
}

// linkOwn links an account that its provider has just said is the caller's.
func (g *Gate) linkOwn(ctx context.Context, by access.Caller, l access.IdentityLinked) error {
	if err := g.Enter(ctx, by, access.LinkOwnAccount, by.Person); err != nil {
		return err
	}
	if err := g.free(ctx, by.Person, l); err != nil {
		return err
	}
	return g.aboutSelf(ctx, by, func(s access.Staff, session access.Session, now time.Time) ([]fact.Draft, error) {
		return access.LinkOwnIdentity(s, session, by, l, g.Policy, now)
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
