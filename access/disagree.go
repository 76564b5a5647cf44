package access

import (
	"slices"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Disagreements lists what waits for an administrator on one member of staff:
// two entries, a role ended here and granted there, a one-time link that two
// browsers spent apart, accounts at a provider that were linked apart. h is the history that s was folded from.
func (s Staff) Disagreements(h fact.History) []fact.Disagreement {
	if h.OneFeed() {
		return nil
	}
	out := fact.Disputed(h, s.Person, fact.Matter{Kind: PersonAdded{}.FactKind().Number}, "The staff entry", s.Details, PersonAdded.words)
	for _, g := range s.Grants {
		if g.Apart && !s.grantedAnew(g) {
			d := fact.Disagreement{
				Subject: s.Person, Matter: fact.Matter{Kind: RoleGranted{}.FactKind().Number, Part: string(g.Role)}, What: "The role " + g.Role.Title(),
				Also: []fact.Choice{{Key: choiceEnded, Text: "It has ended"}},
			}
			v := h.Said(g.Fact, "Granted")
			v.Choice = g.Fact.String()
			d.Values = append([]fact.Value{v}, endingsOf(s, g.Role, h)...)
			out = append(out, d)
		}
	}
	return append(append(out, s.spentTwice(h)...), s.twoAccounts(h)...)
}

// choiceEnded says that a role written about apart has ended.
const choiceEnded = "ended"

func (c PersonAdded) words() string {
	return strings.Join(strings.Fields(c.Name+" "+c.Title+" "+c.Registration), " ")
}

// grantedAnew tells whether the role is held by a grant of somebody who had
// seen that it was ended.
func (s Staff) grantedAnew(g Grant) bool {
	for _, o := range s.Grants {
		if o.Role == g.Role && !o.Ended {
			return true
		}
	}
	return false
}

func endingsOf(s Staff, r Role, h fact.History) []fact.Value {
	var out []fact.Value
	for _, f := range h.Facts() {
		e, err := fact.Read[RoleEnded](f)
		if err != nil {
			continue
		}
		for _, g := range s.Grants {
			if g.Fact == e.Grant && g.Role == r {
				out = append(out, h.Said(f.ID, "Ended: "+e.Why))
			}
		}
	}
	return out
}

// spentTwice finds one-time links that were spent apart: in two browsers, or
// on two passkeys. A link made, or a passkey enrolled, by somebody who had
// seen both ends the matter.
func (s Staff) spentTwice(h fact.History) []fact.Disagreement {
	var out []fact.Disagreement
	for _, l := range s.Links {
		d := fact.Disagreement{Subject: s.Person, Matter: fact.Matter{Kind: LinkSpent{}.FactKind().Number}, What: "A one-time link, used twice"}
		browsers := map[fact.Hash]bool{}
		var uses []int
		for i, f := range h.Facts() {
			if c, err := fact.Read[LinkSpent](f); err == nil && c.Token == l.Token {
				browsers[c.Browser], uses = true, append(uses, i)
				d.Values = append(d.Values, h.Said(f.ID, "Used to sign in"))
			}
			if c, err := fact.Read[PasskeyEnrolled](f); err == nil && c.Link == l.Token {
				browsers[fact.Labelled("passkey", c.ID)], uses = true, append(uses, i)
				d.Values = append(d.Values, h.Said(f.ID, "Used to enrol a passkey"))
			}
		}
		if len(browsers) > 1 && !linkedSince(h, uses, l.Token) {
			out = append(out, d)
		}
	}
	return out
}

// linkedSince tells whether another link was made, or a passkey enrolled by
// another link, by somebody who had seen every use.
func linkedSince(h fact.History, uses []int, token fact.Hash) bool {
	for i, f := range h.Facts() {
		if slices.ContainsFunc(uses, func(u int) bool { return !h.Before(u, i) }) {
			continue
		}
		if c, err := fact.Read[LinkMade](f); err == nil && c.Token != token {
			return true
		}
		if c, err := fact.Read[PasskeyEnrolled](f); err == nil && c.Link != token {
			return true
		}
	}
	return false
}

// Usable lists the passkeys that open a session: not those that were enrolled
// apart by one and the same link or code of a recovery paper, because one of
// them may be a stranger's.
func (s Staff) Usable() []PasskeyEnrolled {
	var out []PasskeyEnrolled
	for _, p := range s.Passkeys {
		twice := false
		for _, o := range s.Passkeys {
			twice = twice || p.Link != (fact.Hash{}) && o.Link == p.Link && string(o.ID) != string(p.ID)
		}
		if !twice && !s.recoveredTwice(p.Link) {
			out = append(out, p)
		}
	}
	return out
}

// Settle says which of the values written apart about a member of staff
// stands, and why.
func Settle(s Staff, h fact.History, by Caller, req fact.Settling, now time.Time) ([]fact.Draft, error) {
	if err := by.May(ManageStaff); err != nil {
		return nil, err
	}
	if req.Why = strings.TrimSpace(req.Why); req.Why == "" {
		return nil, refusal.Field("why", "Say why this one stands. The others stay readable in the history.")
	}
	for _, d := range s.Disagreements(h) {
		if d.Matter == req.Matter {
			return s.settle(d, req, now)
		}
	}
	return nil, refusal.New(refusal.Taken, "Nothing disagrees here any more: somebody has settled it. Look at what stands now.")
}

func (s Staff) settle(d fact.Disagreement, req fact.Settling, _ time.Time) ([]fact.Draft, error) {
	switch d.Matter.Kind {
	case PersonAdded{}.FactKind().Number:
		if c, ok := fact.Chosen(s.Details, req.Choice); ok {
			c.Why = req.Why
			return []fact.Draft{fact.Say(s.Person, c)}, nil
		}
	case RoleGranted{}.FactKind().Number:
		return s.settleRole(Role(d.Matter.Part), req)
	case IdentityLinked{}.FactKind().Number:
		return s.settleAccounts(d.Matter.Part, req)
	}
	return nil, refusal.Field("choice", "Choose which one stands.")
}

// settleRole grants the role anew, or ends by name every grant that stood
// apart from the ending.
func (s Staff) settleRole(r Role, req fact.Settling) ([]fact.Draft, error) {
	var out []fact.Draft
	for _, g := range s.Grants {
		if g.Role != r || !g.Apart {
			continue
		}
		if g.Fact.String() == req.Choice {
			return []fact.Draft{fact.Say(s.Person, RoleGranted{Role: r, Until: g.Until, Why: req.Why})}, nil
		}
		out = append(out, fact.Say(s.Person, RoleEnded{Grant: g.Fact, Why: req.Why}))
	}
	if req.Choice != choiceEnded {
		return nil, refusal.Field("choice", "Choose which one stands.")
	}
	return out, nil
}
