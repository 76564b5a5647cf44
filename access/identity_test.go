package access

import (
	"errors"
	"fmt"
	"testing"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

const trustIssuer = "https://login.trust.example"

func linked(account string) IdentityLinked {
	return IdentityLinked{Issuer: trustIssuer, Account: account}
}

func unlinked1(account string) IdentityUnlinked {
	return IdentityUnlinked{Issuer: trustIssuer, Account: account, Why: "left there"}
}

func opened(s Staff, p Policy, account string) error {
	_, err := OpenByProvider(s, p, SessionOpened{Role: Clinician, Provider: &Assurance{Issuer: trustIssuer}}, account, fact.Subject{8}, morning)
	return err
}

func TestAnAccountOpensOnlyWhatOurStaffListSays(t *testing.T) {
	on, admin := Policy{ByProvider: true}, Caller{Person: fact.Subject{3}, Role: Administrator}
	h := nurse(t)
	if err := opened(h.staff(), on, "77"); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("an account that is nobody's opened a session", err)
	}
	if _, err := LinkIdentity(h.staff(), nil, admin, linked("77"), Policy{}, morning); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("linked though policy does not allow it", err)
	}
	if _, err := LinkIdentity(h.staff(), nil, Caller{Role: Manager}, linked("77"), on, morning); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("a shift manager linked an account", err)
	}
	for _, bad := range []string{"", string(make([]byte, 300)), "a\nb"} {
		if _, err := LinkIdentity(h.staff(), nil, admin, linked(bad), on, morning); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%q is taken as an account: %v", bad, err)
		}
	}
	h.add(LinkIdentity(h.staff(), nil, admin, linked("77"), on, morning))
	s := h.staff()
	for account, want := range map[string]bool{"77": true, "78": false, "": false} {
		if err := opened(s, on, account); (err == nil) != want {
			t.Errorf("account %q: %v", account, err)
		}
	}
	if err := opened(s, Policy{}, "77"); !refusal.Is(err, refusal.Forbidden) {
		t.Error("opened though policy does not allow it", err)
	}
	o := SessionOpened{Role: Administrator, Provider: &Assurance{Issuer: trustIssuer}}
	if _, err := OpenByProvider(s, on, o, "77", fact.Subject{8}, morning); !refusal.Is(err, refusal.Forbidden) {
		t.Error("a provider gave somebody a role", err)
	}
	if _, err := LinkIdentity(s, nil, admin, linked("79"), on, morning); !refusal.Is(err, refusal.Invalid) {
		t.Error("a second account at one provider", err)
	}
	h.add(UnlinkIdentity(s, admin, unlinked1("77")))
	if err := opened(h.staff(), on, "77"); !refusal.Is(err, refusal.Forbidden) {
		t.Error("an account that was taken away opened a session", err)
	}
	if _, err := UnlinkIdentity(h.staff(), admin, unlinked1("77")); !refusal.Is(err, refusal.Missing) {
		t.Error("taken away twice", err)
	}
	h.add(LinkIdentity(h.staff(), nil, admin, linked("77"), on, morning))
	h.add(EndRole(h.staff(), Clinician, "left", morning))
	if err := opened(h.staff(), on, "77"); !refusal.Is(err, refusal.Forbidden) {
		t.Error("somebody who has left came in", err)
	}
}

func TestPeopleLinkTheirOwnAccountAfterTheirPasskeyAlone(t *testing.T) {
	on := Policy{ByProvider: true}
	h := nurse(t)
	s := h.staff()
	by := Caller{Person: s.Person, Role: Clinician}
	for way, may := range map[string]bool{WayPasskey: true, WayLink: true, WayCode: false, WayProvider: false, "": false} {
		session := Session{Opened: []SessionOpened{{Person: s.Person, Way: way}}}
		if _, err := LinkOwnIdentity(s, nil, session, by, linked("77"), on, morning); (err == nil) != may {
			t.Errorf("%q: %v", way, err)
		}
	}
	other := Session{Opened: []SessionOpened{{Person: fact.Subject{9}, Way: WayPasskey}}}
	if _, err := LinkOwnIdentity(s, nil, other, by, linked("77"), on, morning); !refusal.Is(err, refusal.Forbidden) {
		t.Error("through another's session", err)
	}
}

// What a provider said is no proof to us: only what somebody showed here counts
// for dangerous acts.
func TestAProviderIsNoProofForDangerousActs(t *testing.T) {
	at := fact.At(morning)
	if got := (Session{Proved: []Proof{{At: at, Way: WayProvider}}}).LastProof(); !got.IsZero() {
		t.Error("opened by a provider counts as a proof", got)
	}
	if got := (Session{Proved: []Proof{{At: at, Way: WayProvider}, {At: at + 1, Way: "passkey", For: "/staff"}}}).LastProof(); got.IsZero() {
		t.Error("a passkey shown later does not count")
	}
}

// Accounts linked on two devices that could not see each other open neither, until
// they are taken away and one is linked anew.
func TestTwoAccountsLinkedApartOpenNeither(t *testing.T) {
	on, admin := Policy{ByProvider: true}, Caller{Person: fact.Subject{3}, Role: Administrator}
	h := nurse(t)
	h.apart([]fact.Draft{fact.Say(staffed, linked("77"))}, []fact.Draft{fact.Say(staffed, linked("78"))})
	for _, account := range []string{"77", "78"} {
		if err := opened(h.staff(), on, account); !errors.Is(err, ErrTwoAccounts) {
			t.Errorf("%s: %v", account, err)
		}
	}
	d := h.only(134)
	req := fact.Settling{Matter: d.Matter, Choice: d.Values[0].Fact.String(), Why: "asked"}
	if _, err := Settle(h.staff(), fact.NewHistory(h.facts), admin, req, morning); !refusal.Is(err, refusal.Invalid) {
		t.Error("one of two was chosen without a passkey", err)
	}
	req.Choice = d.Also[0].Key
	h.add(Settle(h.staff(), fact.NewHistory(h.facts), admin, req, morning))
	if s := h.staff(); len(s.Identities) != 0 || len(s.Disagreements(fact.NewHistory(h.facts))) != 0 {
		t.Fatalf("%+v", s.Identities)
	}
	h.add(LinkIdentity(h.staff(), nil, admin, linked("78"), on, morning))
	if err := opened(h.staff(), on, "78"); err != nil {
		t.Error(err)
	}

	// Taking away stands against a link of the same account written apart.
	h = nurse(t)
	h.add(LinkIdentity(h.staff(), nil, admin, linked("78"), on, morning))
	h.apart([]fact.Draft{fact.Say(staffed, unlinked1("78"))}, []fact.Draft{fact.Say(staffed, linked("78"))})
	if err := opened(h.staff(), on, "78"); !refusal.Is(err, refusal.Forbidden) {
		t.Error("a link written apart from its end opens", err)
	}
}

// Nobody who may not links an account, whatever device signed it.
func TestAccountsLinkedByStrangersCountNowhere(t *testing.T) {
	h := nurse(t)
	nurseOther := fact.Author{Person: fact.Subject{9}, Role: string(Clinician)}
	h.facts = append(h.facts, h.desk.State(t, nurseOther, fact.NewHistory(h.facts).Frontier(), fact.Say(staffed, linked("66")))...)
	if s := h.staff(); len(s.Identities) != 0 || len(s.NotShown) != 1 {
		t.Fatalf("%+v", s)
	}
	self := fact.Author{Person: staffed, Role: string(Clinician)}
	h.facts = append(h.facts, h.desk.State(t, self, fact.NewHistory(h.facts).Frontier(), fact.Say(staffed, linked("77")))...)
	if s := h.staff(); len(s.Identities) != 1 || !s.Identities[0].Own {
		t.Fatalf("%+v", s)
	}
	h.facts = append(h.facts, h.desk.State(t, nurseOther, fact.NewHistory(h.facts).Frontier(), fact.Say(staffed, unlinked1("77")))...)
	if s := h.staff(); len(s.Identities) != 1 {
		t.Fatal("a colleague took an account away")
	}
}

func TestAccountsWrittenApart(t *testing.T) {
	facttest.CheckJoins(t, facttest.Subject[Staff]{
		Moves: []facttest.Move{
			oneOf(RoleGranted{Role: Clinician}),
			oneOf(linked("77"), linked("78"), IdentityLinked{Issuer: "https://cis2.example", Account: "77"}),
			oneOf(linked("77"), unlinked1("77")), oneOf(unlinked1("78"), unlinked1("77")),
		},
		Fold: func(h fact.History) Staff { return FoldStaff(staffed, h) },
		Sum: func(s Staff, h fact.History) []string {
			out := []string{fmt.Sprint(len(s.AccountsAt(trustIssuer)), len(s.AccountsAt("https://cis2.example")), s.HasAccount(trustIssuer, "77"))}
			out = append(out, fmt.Sprint(opened(s, Policy{ByProvider: true}, "77") == nil, opened(s, Policy{ByProvider: true}, "78") == nil))
			return append(out, facttest.Disagreements(s.Disagreements(h))...)
		},
		Always: func(t testing.TB, s Staff, _ fact.History) {
			t.Helper()
			on := Policy{ByProvider: true}
			if opened(s, on, "77") == nil && opened(s, on, "78") == nil {
				t.Fatal("two accounts of one provider open sessions of one person")
			}
		},
	})
}
