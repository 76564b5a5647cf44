package accessdb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// PrintRecovery makes a paper of one-time codes for the caller and gives them as
// they are printed, this once; it ends the paper before.
func (g *Gate) PrintRecovery(ctx context.Context, by access.Caller) ([]string, error) {
	if err := g.Enter(ctx, by, access.KeepOwnWays, by.Person); err != nil {
		return nil, err
	}
	if g.Policy.RecoveryCodes == 0 {
		return nil, refusal.New(refusal.Forbidden, "This organisation gives out no recovery codes.")
	}
	if err := turn(ctx, g.signing.papers); err != nil {
		return nil, err
	}
	made, printed, err := access.NewPaper(g.random, g.Policy.Hashing, g.Policy.RecoveryCodes)
	<-g.signing.papers
	if err != nil {
		return nil, err
	}
	err = g.aboutSelf(ctx, by, func(s access.Staff, session access.Session, _ time.Time) ([]fact.Draft, error) {
		return access.PrintRecovery(s, session, made)
	})
	return printed, err
}

// Recover spends a code of a recovery paper and gives the token of a link that
// enrols a passkey, nothing else. A paper nobody knows costs as much work as one
// that is in force. Wrong tries slow that paper alone: only who holds it knows
// its number.
func (g *Gate) Recover(ctx context.Context, typed string) (string, error) {
	wrong := refusal.New(refusal.Forbidden, "This is not a code that can be used. Look for a slip, or take the next one on the paper.")
	set, secret, ok := access.ReadRecovery(typed)
	if !ok || g.Policy.RecoveryCodes == 0 {
		return "", refusal.Field("code", "A code has 20 letters and figures. Type it as it stands on the paper.")
	}
	key := fact.Labelled("holdfast/paper/1", []byte(set))
	if _, err := g.signing.brakes.begin(g.Policy.Brake, g.clock(), door{key: key}); err != nil {
		return "", err
	}
	person, which, err := g.checkPaper(ctx, set, secret)
	if err != nil {
		return "", err
	}
	if which < 0 {
		return "", wrong
	}
	token, hash, err := g.newToken()
	if err != nil {
		return "", err
	}
	saved, err := g.journal.Do(ctx, fact.Author{Person: person}, nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		s, err := g.staff(tx, person)
		if err != nil {
			return nil, err
		}
		return access.Recover(s, set, which, hash, g.Policy, tx.Now())
	})
	if err != nil {
		return "", err
	}
	g.signing.brakes.right(key)
	g.rememberLink(hash, person)
	g.journal.WaitViews(ctx, saved, listWait)
	return token, nil
}

func (g *Gate) checkPaper(ctx context.Context, set, secret string) (fact.Subject, int, error) {
	if err := turn(ctx, g.signing.papers); err != nil {
		return fact.Subject{}, -1, err
	}
	defer func() { <-g.signing.papers }()
	person, err := g.subject(ctx, `SELECT person FROM access_paper WHERE number = ?`, []byte(set))
	if errors.Is(err, sql.ErrNoRows) {
		g.nobody().Password.Find(secret)
		return fact.Subject{}, -1, nil
	}
	if err != nil {
		return fact.Subject{}, -1, err
	}
	h, err := g.atWork(ctx, person)
	if err != nil {
		return fact.Subject{}, -1, err
	}
	paper, ok := access.FoldStaff(person, h).Paper(set)
	if !ok {
		paper.Codes = g.nobody().Password
	}
	return person, paper.Codes.Find(secret), nil
}

// rememberLink finds a link that the view may not show yet.
func (g *Gate) rememberLink(link fact.Hash, person fact.Subject) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.links) >= mostRemembered {
		clear(g.links)
	}
	g.links[link] = person
}
