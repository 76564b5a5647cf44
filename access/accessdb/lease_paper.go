package accessdb

import (
	"context"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

// atDesk refuses what can only be done at a desk.
func (g *Gate) atDesk() (*Leases, error) {
	if g.Leases == nil {
		return nil, refusal.New(refusal.Missing, "This machine is a site node: it is authority itself, and nobody renews it. Renew at the desk.")
	}
	return g.Leases, nil
}

// PrintLeasePaper makes a sealed paper of codes for one desk, or for all of them
// when desk is zero, and gives the codes as they are printed, this once; it ends
// the paper before. Only a site node prints one.
func (g *Gate) PrintLeasePaper(ctx context.Context, by access.Caller, desk fact.Subject, codes int) ([]string, error) {
	if err := g.Enter(ctx, by, access.PrintLease, fact.Subject{}); err != nil {
		return nil, err
	}
	if g.Leases != nil {
		return nil, refusal.New(refusal.Missing, "Sealed papers are printed at a site node.")
	}
	if e, known := g.journal.House().Devices[desk]; !desk.Zero() && (!known || e.Card.Kind != fact.Desk) {
		return nil, refusal.Field("desk", "Choose one of the desks on the list.")
	}
	if err := turn(ctx, g.signing.papers); err != nil {
		return nil, err
	}
	paper, printed, err := access.NewPaper(g.random, g.Policy.Hashing, codes)
	<-g.signing.papers
	if err != nil {
		return nil, err
	}
	_, err = g.journal.Do(ctx, by.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return access.PrintLeasePaper(g.journal.OrgSubject(), by, access.LeasePaperMade{Set: paper.Set, Codes: paper.Codes, Desk: desk})
	})
	return printed, err
}

// RenewByPaper spends a code of a sealed paper on the authority of this desk. A
// paper nobody knows costs as much work as one that is in force; wrong tries slow
// that paper alone.
func (g *Gate) RenewByPaper(ctx context.Context, by access.Caller, typed string) error {
	if err := g.Enter(ctx, by, access.RenewLease, fact.Subject{}); err != nil {
		return err
	}
	l, err := g.atDesk()
	if err != nil {
		return err
	}
	set, secret, ok := access.ReadRecovery(typed)
	if !ok {
		return refusal.Field("code", "A code has 20 letters and figures. Type it as it stands on the paper.")
	}
	key := fact.Labelled("holdfast/lease-paper/1", []byte(set))
	if _, err := g.signing.brakes.begin(g.Policy.Brake, g.clock(), door{key: key}); err != nil {
		return refusal.Field("code", err.Error())
	}
	h, err := g.journal.History(ctx, g.journal.OrgSubject())
	if err != nil {
		return err
	}
	paper, which, err := g.findLeaseCode(ctx, h, set, secret)
	if err != nil {
		return err
	}
	r := journal.AuthorityRenewed{Way: string(access.LeaseByPaper), People: []fact.Subject{by.Person}}
	err = l.renew(ctx, by, r, func(tx *journal.Tx, r *journal.AuthorityRenewed) error {
		h, err := tx.History(g.journal.OrgSubject())
		if err != nil {
			return err
		}
		sum, err := access.UseLeaseCode(paper, l.desk(), which, usedCodes(h))
		r.Proof = [][]byte{paper.Set, sum}
		return err
	})
	if err == nil {
		g.signing.brakes.right(key)
	}
	return err
}

// findLeaseCode gives the paper with a number and the place of a code on it; -1
// when there is none.
func (g *Gate) findLeaseCode(ctx context.Context, h fact.History, set, secret string) (access.LeasePaper, int, error) {
	if err := turn(ctx, g.signing.papers); err != nil {
		return access.LeasePaper{}, -1, err
	}
	defer func() { <-g.signing.papers }()
	for _, p := range access.FoldLeasePapers(h) {
		if string(p.Set) == set {
			return p, p.Codes.Find(secret), nil
		}
	}
	g.nobody().Password.Find(secret)
	return access.LeasePaper{}, -1, nil
}

// usedCodes lists the uses of codes of sealed papers, as desks state them; those
// too that a cut holds back: a code that a stolen desk spent is spent.
func usedCodes(h fact.History) (out []access.CodeUsed) {
	for _, f := range h.WithHeld().Facts() {
		r, err := fact.Read[journal.AuthorityRenewed](f)
		if err == nil && r.Way == string(access.LeaseByPaper) && len(r.Proof) == 2 {
			out = append(out, access.CodeUsed{Set: r.Proof[0], Sum: r.Proof[1], Desk: r.Device, By: r.People, At: r.At})
		}
	}
	return out
}

// LeasePapers is what a site node shows of the authority of desks.
type LeasePapers struct {
	Papers []access.LeasePaper
	Left   []int // codes of each paper that nobody used
	Twice  [][]access.CodeUsed
	Lapses []journal.Cut // times in which desks wrote without authority
}

// LeasePapers lets somebody in who reviews what is held, and lists the papers, which
// codes were used twice, and the times in which desks had no authority.
func (g *Gate) LeasePapers(ctx context.Context, by access.Caller) (LeasePapers, error) {
	if err := g.Enter(ctx, by, access.ReviewHeld, fact.Subject{}); err != nil {
		return LeasePapers{}, err
	}
	h, err := g.journal.History(ctx, g.journal.OrgSubject())
	if err != nil {
		return LeasePapers{}, err
	}
	out := LeasePapers{Papers: access.FoldLeasePapers(h)}
	used := usedCodes(h)
	out.Twice = access.UsedTwice(used)
	for _, p := range out.Papers {
		spent := map[string]bool{}
		for _, u := range used {
			if string(u.Set) == string(p.Set) {
				spent[string(u.Sum)] = true
			}
		}
		out.Left = append(out.Left, len(p.Codes.Sums)-len(spent))
	}
	for _, c := range g.journal.House().Cuts {
		if c.Lapse != nil && !c.Over {
			out.Lapses = append(out.Lapses, c)
		}
	}
	return out, nil
}
