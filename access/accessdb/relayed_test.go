package accessdb

import (
	"context"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// A session that another device relays counts when it was opened there, and only
// as long as it lasts.
func TestARelayedSession(t *testing.T) {
	f, ctx := open(t), context.Background()
	_, by, err := f.UseLink(ctx, f.link(t), f.browser(t), "desk 6")
	if err != nil {
		t.Fatal(err)
	}
	here := f.j.Device().Card().Device
	if got, err := f.Relayed(ctx, here, by.Session); err != nil || got.Person != by.Person || got.Role != by.Role || got.Session != by.Session || len(got.Grants) == 0 {
		t.Errorf("%+v %v", got, err)
	}
	for name, one := range map[string][2]fact.Subject{
		"a device where it was not opened": {{9}, by.Session}, "no session": {here, {9}}, "a person for a session": {here, f.person},
	} {
		if _, err := f.Relayed(ctx, one[0], one[1]); !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.SignOut(ctx, by); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Relayed(ctx, here, by.Session); !refusal.Is(err, refusal.Forbidden) {
		t.Error("signed out, yet let in:", err)
	}
}
