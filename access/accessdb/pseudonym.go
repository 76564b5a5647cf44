package accessdb

import (
	"context"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
)

// Pseudonyms gives the organisation's pseudonyms, drawing the key when there is
// none yet. Whoever shows them lets the reader in first.
func (g *Gate) Pseudonyms(ctx context.Context, by access.Caller) (access.Pseudonyms, error) {
	about := access.PseudonymSubject(g.journal.Org())
	h, err := g.journal.History(ctx, about)
	if err != nil {
		return access.Pseudonyms{}, err
	}
	if p := access.FoldPseudonyms(h); p.Key != nil {
		return p, nil
	}
	if err := g.journal.Gone(about, nil); err != nil {
		return access.Pseudonyms{}, err
	}
	_, err = g.journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(about)
		if err != nil {
			return nil, err
		}
		return access.DrawPseudonymKey(access.FoldPseudonyms(h), about, g.random)
	})
	if err != nil {
		return access.Pseudonyms{}, err
	}
	h, err = g.journal.History(ctx, about)
	return access.FoldPseudonyms(h), err
}
