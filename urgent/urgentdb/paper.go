package urgentdb

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/urgent"
)

// EnterPaper types a case in that was written on paper. A form that carries a
// number is entered once on this device; entered on two that could not see each
// other it is two cases, and its page says so.
func (s *Cases) EnterPaper(ctx context.Context, by access.Caller, id fact.Subject, in urgent.FromForm) error {
	if err := s.Gate.Enter(ctx, by, access.EnterPaper, id); err != nil {
		return err
	}
	saved, err := s.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, id)
		if err != nil {
			return nil, err
		}
		filed, err := s.filePaper(tx, id, in)
		if err != nil {
			return nil, err
		}
		out, err := urgent.EnterPaper(c, by, s.Rules, in, tx.Now())
		return append(out, filed...), err
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}

func (s *Cases) filePaper(tx *journal.Tx, id fact.Subject, in urgent.FromForm) ([]fact.Draft, error) {
	at, numbered := s.formSubject(in.Paper.Form)
	if !numbered {
		return nil, nil
	}
	h, err := tx.History(at)
	if err != nil {
		return nil, err
	}
	for _, was := range urgent.Filed(h) {
		if was.Case != id {
			return nil, refusal.Field("form_number", "Form "+strings.TrimSpace(in.Paper.Form)+" was entered already, as case "+was.Number+". Is the number right?")
		}
	}
	return []fact.Draft{urgent.FileUnder(at, id, urgent.NumberOf(id, in.Began))}, nil
}

// formSubject names the number of a form as a subject, so that the same form
// is found again; ok is false where there is no number.
func (s *Cases) formSubject(form string) (at fact.Subject, ok bool) {
	form = strings.ToUpper(strings.Join(strings.Fields(form), ""))
	if form == "" {
		return at, false
	}
	genesis := s.Journal.Genesis()
	mac := hmac.New(sha256.New, genesis.Random[:])
	mac.Write([]byte("holdfast/arrival/1\x00paper\x00" + form))
	return fact.Subject(mac.Sum(nil)[:16]), true
}

// AlsoEntered lists the numbers of other cases as which a case's forms were
// entered as well, on devices that could not see each other.
func (s *Cases) AlsoEntered(ctx context.Context, c urgent.Case) ([]string, error) {
	var out []string
	for _, p := range c.Paper.Entered {
		at, ok := s.formSubject(p.What.Form)
		if !ok {
			continue
		}
		h, err := s.Journal.History(ctx, at)
		if err != nil {
			return nil, err
		}
		for _, was := range urgent.Filed(h) {
			if was.Case != c.ID {
				out = append(out, was.Number)
			}
		}
	}
	return out, nil
}

// ToCheck lists the cases from paper that no second clinician has compared with
// it yet, those entered first before the others.
func (s *Cases) ToCheck(ctx context.Context, by access.Caller) ([]urgent.Row, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeWorklist, fact.Subject{}); err != nil {
		return nil, err
	}
	return s.toCheck(ctx)
}

func (s *Cases) toCheck(ctx context.Context) ([]urgent.Row, error) {
	all, err := s.listed.rows(ctx, s.Journal.Views())
	if err != nil {
		return nil, err
	}
	var out []urgent.Row
	for _, row := range all {
		if row.ToCheck != 0 {
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b urgent.Row) int { return cmp.Compare(a.ToCheck, b.ToCheck) })
	return out, nil
}
