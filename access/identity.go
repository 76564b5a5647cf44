package access

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// IdentityLinked says that an account at an identity provider is a member of
// staff's. It opens nothing by itself: see OpenByProvider. Its subject is the
// person.
type IdentityLinked struct {
	Issuer  string `cbor:"1,keyasint"` // the provider, as it names itself (OpenID Connect Discovery 1.0, section 3)
	Account string `cbor:"2,keyasint"` // the person there, as the claim that was agreed on names them; capitals matter
}

// FactKind is kind 134.
func (IdentityLinked) FactKind() fact.Kind {
	return kind(134, fact.Control, "identity-linked", fact.Undetermined)
}

// IdentityUnlinked says that an account at an identity provider is a person's no
// more. It stands against a link of the same account written apart.
type IdentityUnlinked struct {
	Issuer  string `cbor:"1,keyasint"`
	Account string `cbor:"2,keyasint"`
	Why     string `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 135.
func (IdentityUnlinked) FactKind() fact.Kind {
	return kind(135, fact.Control, "identity-unlinked", fact.Grow)
}

// Identity is one account at an identity provider that is a person's.
type Identity struct {
	Issuer  string      `cbor:"1,keyasint"`
	Account string      `cbor:"2,keyasint"`
	Fact    fact.ID     `cbor:"3,keyasint"`
	At      fact.Millis `cbor:"4,keyasint"` // when it was linked, by the clock of the device
	Own     bool        `cbor:"5,keyasint"` // the person did it themselves, signed in by passkey
}

// mostAccount bounds what names a person at a provider (OpenID Connect Core 1.0,
// section 2: 255 characters).
const mostAccount = 255

// applyIdentity folds the facts about accounts at identity providers.
func (s *Staff) applyIdentity(i int, f fact.Fact) error {
	switch f.Body.Kind {
	case IdentityLinked{}.FactKind().Number:
		c, err := fact.Read[IdentityLinked](f)
		if err == nil && !mayLink(f, s.Person) {
			err = errNotTheirs
		}
		if err == nil {
			s.Identities = append(s.Identities, Identity{
				Issuer: c.Issuer, Account: c.Account, Fact: f.ID, At: f.Body.Happened.From, Own: f.Body.Person == s.Person,
			})
			s.placed.identities = append(s.placed.identities, i)
		}
		return err
	case IdentityUnlinked{}.FactKind().Number:
		c, err := fact.Read[IdentityUnlinked](f)
		if err == nil && !mayLink(f, s.Person) {
			err = errNotTheirs
		}
		if err == nil {
			s.placed.unlinked = append(s.placed.unlinked, unlinked{c.Issuer, c.Account, i})
		}
		return err
	}
	return fact.ErrNewer
}

type unlinked struct {
	issuer, account string
	place           int
}

// mayLink judges by the author, whatever device signed it: the person, whoever
// answers for people's accounts, or the device itself.
func mayLink(f fact.Fact, about fact.Subject) bool {
	role := Role(f.Body.Role)
	return f.Body.Person.Zero() || f.Body.Person == about && allowed(role, LinkOwnAccount) || allowed(role, LinkAccounts)
}

// standIdentities leaves out accounts that were taken away, by whoever had not
// seen a later link of them: taking away stands against a link written apart.
func (s *Staff) standIdentities(h fact.History) {
	var out []Identity
	for n, one := range s.Identities {
		at := s.placed.identities[n]
		gone := slices.ContainsFunc(s.placed.unlinked, func(u unlinked) bool {
			return u.issuer == one.Issuer && u.account == one.Account && !h.Before(u.place, at)
		})
		if !gone {
			out = append(out, one)
		}
	}
	s.Identities = out
}

// AccountsAt lists the person's accounts at one provider, each once.
func (s Staff) AccountsAt(issuer string) []string {
	var out []string
	for _, one := range s.Identities {
		if one.Issuer == issuer && !slices.Contains(out, one.Account) {
			out = append(out, one.Account)
		}
	}
	return out
}

// HasAccount tells whether an account is one of the person's, whether or not it
// opens anything.
func (s Staff) HasAccount(issuer, account string) bool {
	return slices.Contains(s.AccountsAt(issuer), account)
}

// LinkIdentity links an account to a member of staff: by whoever answers for
// people's accounts. holders are the people whose account it is now.
func LinkIdentity(s Staff, holders []fact.Subject, by Caller, l IdentityLinked, p Policy, now time.Time) ([]fact.Draft, error) {
	if err := by.May(LinkAccounts); err != nil {
		return nil, err
	}
	return link(s, holders, l, p, now)
}

// LinkOwnIdentity links an account that the provider has just said is the
// caller's own. Only somebody who came in by their own passkey may; in a demo, by
// a link.
func LinkOwnIdentity(s Staff, holders []fact.Subject, session Session, by Caller, l IdentityLinked, p Policy, now time.Time) ([]fact.Draft, error) {
	if err := by.May(LinkOwnAccount); err != nil {
		return nil, err
	}
	if s.Person != by.Person || !session.ByOwnDeviceOf(s.Person) {
		return nil, refusal.New(refusal.Forbidden, "Sign in by your passkey to do this.")
	}
	return link(s, holders, l, p, now)
}

func link(s Staff, holders []fact.Subject, l IdentityLinked, p Policy, now time.Time) ([]fact.Draft, error) {
	if !p.ByProvider {
		return nil, noProviders()
	}
	if err := checkAccount(l.Account); err != nil {
		return nil, err
	}
	if _, ok := s.FirstRole(now); !ok {
		return nil, refusal.Field("account", "This person holds no role now. Give them one first.")
	}
	switch had := s.AccountsAt(l.Issuer); {
	case slices.ContainsFunc(holders, func(h fact.Subject) bool { return h != s.Person }):
		return nil, refusal.Field("account", "This account is linked to another person. It has to be taken away there first.")
	case slices.Contains(had, l.Account):
		return nil, refusal.Field("account", "This account is linked to them already.")
	case len(had) > 0:
		return nil, refusal.Field("account", "Another account there is linked to them. Take it away first: a person has one at each provider.")
	}
	return []fact.Draft{fact.Say(s.Person, l)}, nil
}

func checkAccount(account string) error {
	switch {
	case account == "":
		return refusal.Field("account", "Type what the provider calls this person.")
	case len(account) > mostAccount:
		return refusal.Field("account", "That is too long: providers name people in at most 255 characters.")
	case strings.ContainsFunc(account, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }):
		return refusal.Field("account", "Has characters that can’t be read. Type it again.")
	}
	return nil
}

func noProviders() error {
	return refusal.New(refusal.Forbidden, "This organisation signs nobody in by an identity provider.")
}

// UnlinkIdentity takes an account away: by the person, or by whoever answers for
// people's accounts.
func UnlinkIdentity(s Staff, by Caller, u IdentityUnlinked) ([]fact.Draft, error) {
	act := LinkAccounts
	if s.Person == by.Person {
		act = LinkOwnAccount
	}
	if err := by.May(act); err != nil {
		return nil, err
	}
	if !s.HasAccount(u.Issuer, u.Account) {
		return nil, refusal.New(refusal.Missing, "This account is not linked to them any more.")
	}
	return []fact.Draft{fact.Say(s.Person, u)}, nil
}

// SharedAccount is one account that was linked to several people apart. It signs
// in none of them until it is one person's again: whose it is can't be told here.
type SharedAccount struct {
	Issuer, Account string
	People          []Staff
}

// SharedAccounts lists the accounts that are linked to more than one of these
// people now, by provider and name.
func SharedAccounts(all []Staff) []SharedAccount {
	have := map[[2]string][]Staff{}
	for _, s := range all {
		var seen [][2]string
		for _, one := range s.Identities {
			if k := [2]string{one.Issuer, one.Account}; !slices.Contains(seen, k) {
				seen, have[k] = append(seen, k), append(have[k], s)
			}
		}
	}
	var out []SharedAccount
	for k, people := range have {
		if len(people) > 1 {
			out = append(out, SharedAccount{k[0], k[1], people})
		}
	}
	slices.SortFunc(out, func(a, b SharedAccount) int {
		return cmp.Or(strings.Compare(a.Issuer, b.Issuer), strings.Compare(a.Account, b.Account))
	})
	return out
}

// Assurance is how a provider says that it checked a person (OpenID Connect Core
// 1.0, section 2).
type Assurance struct {
	Issuer string   `cbor:"1,keyasint"`
	Class  string   `cbor:"2,keyasint,omitempty"` // acr
	How    []string `cbor:"3,keyasint,omitempty"` // amr (RFC 8176)
}

// OpenByProvider opens a session after a provider said whose account it is, on a
// browser that is the organisation's own. The provider makes nobody a member of
// staff and gives nobody a role: the person and what they may do stand in our
// staff list alone. Of two accounts linked apart neither opens anything: one of
// them may be a stranger's.
func OpenByProvider(s Staff, p Policy, o SessionOpened, account string, session fact.Subject, now time.Time) ([]fact.Draft, error) {
	if !p.ByProvider || o.Provider == nil {
		return nil, noProviders()
	}
	switch all := s.AccountsAt(o.Provider.Issuer); {
	case !slices.Contains(all, account):
		return nil, refusal.New(refusal.Forbidden, "This account is not linked to you any more.").Because(ErrNotLinked)
	case len(all) > 1:
		return nil, refusal.New(refusal.Forbidden, "Two accounts were linked to you apart, so neither opens anything.").Because(ErrTwoAccounts)
	}
	o.Way = WayProvider
	return open(s, p, o, session, now)
}

// choiceNone says that none of the accounts linked apart is the person's.
const choiceNone = "none"

// twoAccounts finds providers at which accounts were linked to the person apart.
// Nobody chooses one of them: they are taken away and the right one is linked
// anew, with a passkey.
func (s Staff) twoAccounts(h fact.History) (out []fact.Disagreement) {
	var seen []string
	for _, one := range s.Identities {
		if slices.Contains(seen, one.Issuer) || len(s.AccountsAt(one.Issuer)) < 2 {
			continue
		}
		seen = append(seen, one.Issuer)
		d := fact.Disagreement{
			Subject: s.Person, Matter: fact.Matter{Kind: IdentityLinked{}.FactKind().Number, Part: one.Issuer}, What: "Accounts at " + one.Issuer,
			Also: []fact.Choice{{Key: choiceNone, Text: "Take all of them away; the right one is linked anew"}},
		}
		for _, o := range s.Identities {
			if o.Issuer == one.Issuer {
				d.Values = append(d.Values, h.Said(o.Fact, "Linked: "+o.Account))
			}
		}
		out = append(out, d)
	}
	return out
}

func (s Staff) settleAccounts(issuer string, req fact.Settling) ([]fact.Draft, error) {
	if req.Choice != choiceNone {
		return nil, refusal.Field("choice", "Take all of them away; then link the right one anew.")
	}
	var out []fact.Draft
	for _, account := range s.AccountsAt(issuer) {
		out = append(out, fact.Say(s.Person, IdentityUnlinked{Issuer: issuer, Account: account, Why: req.Why}))
	}
	return out, nil
}
