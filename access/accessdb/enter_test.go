package accessdb

import (
	"context"
	"errors"
	"testing"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func (f *fixture) looked(t *testing.T, session fact.Subject) []access.Looked {
	t.Helper()
	h, err := f.j.History(context.Background(), session)
	if err != nil {
		t.Fatal(err)
	}
	var out []access.Looked
	for _, one := range h.Facts() {
		if c, err := fact.Read[access.Looked](one); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// While nobody can be asked why, care comes first: the record opens, and the
// look says that nothing linked the reader to it.
func TestNobodyIsKeptOutForWantOfAReasonThatCannotBeGiven(t *testing.T) {
	f, ctx := open(t), context.Background()
	_, by, err := f.UseLink(ctx, f.link(t), f.browser(t), "desk 6")
	if err != nil {
		t.Fatal(err)
	}
	about := fact.Subject{3}
	if err := f.EnterAs(ctx, by, access.Ask{Act: access.SeeCase, Relation: access.Unlinked}, about); err != nil {
		t.Fatal(err)
	}
	got := f.looked(t, by.Session)
	if len(got) != 1 || got[0].Relation != access.Unlinked || got[0].Purpose != access.DirectCare || got[0].About != about {
		t.Errorf("%+v", got)
	}
}

func TestWhoIsNotLinkedSaysWhy(t *testing.T) {
	f, ctx := open(t), context.Background()
	f.Looking = laidDown()
	token, by := f.in(t)
	q := access.Ask{Act: access.SeeCase, Relation: access.Unlinked}
	if err := f.EnterAs(ctx, by, q, fact.Subject{3}); !errors.Is(err, access.ErrSayWhy) || refusal.KindOf(err) != refusal.Forbidden {
		t.Errorf("not asked why: %v", err)
	}
	if got := f.looked(t, by.Session); len(got) != 0 {
		t.Errorf("a look that was refused: %+v", got)
	}
	if err := f.GiveReason(ctx, by, fact.Subject{4}, access.SeeCase, "She rang the desk back"); err != nil {
		t.Fatal(err)
	}
	by = f.again(t, token)
	if err := f.EnterAs(ctx, by, q, fact.Subject{4}); err != nil {
		t.Fatal(err)
	}
	if got := f.looked(t, by.Session); len(got) != 1 || got[0].Why != "She rang the desk back" {
		t.Errorf("%+v", got)
	}
	// linked by now: that is another look, and no reason is kept with it
	if err := f.EnterAs(ctx, by, access.Ask{Act: access.SeeCase, Relation: access.OnCase}, fact.Subject{4}); err != nil {
		t.Fatal(err)
	}
	if got := f.looked(t, by.Session); len(got) != 2 || got[1].Relation != access.OnCase || got[1].Why != "" {
		t.Errorf("%+v", got)
	}
}
