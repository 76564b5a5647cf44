package access

import (
	"errors"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Staff is the fold of one member of staff.
type Staff struct {
	Person   fact.Subject               `cbor:"1,keyasint"`
	Details  fact.Register[PersonAdded] `cbor:"2,keyasint"`
	Grants   []Grant                    `cbor:"3,keyasint"`
	Links    []LinkMade                 `cbor:"4,keyasint"`
	Passkeys []PasskeyEnrolled          `cbor:"5,keyasint"`
	Spent    []LinkSpent                `cbor:"7,keyasint"`
	NotShown []fact.ID                  `cbor:"6,keyasint"`

	Authenticators []AuthenticatorEnrolled `cbor:"8,keyasint,omitempty"`  // in force; two when they were enrolled apart
	Papers         []RecoveryCodesMade     `cbor:"9,keyasint,omitempty"`  // in force
	Codes          []CodeSpent             `cbor:"10,keyasint,omitempty"` // of papers
	Step           uint64                  `cbor:"11,keyasint,omitempty"` // the newest step of an authenticator that was spent
	Witnessed      []EnrolmentWitnessed    `cbor:"12,keyasint,omitempty"`
	Admitted       []AdmittedForShift      `cbor:"13,keyasint,omitempty"`
	Slow           SignInSlowed            `cbor:"14,keyasint,omitempty"` // the latest
	Identities     []Identity              `cbor:"15,keyasint,omitempty"` // accounts at identity providers

	placed waysIn
}

// waysIn is where what may be replaced stands in the history.
type waysIn struct {
	authenticators, papers, identities []int
	unlinked                           []unlinked
}

// Grant is one role held.
type Grant struct {
	Fact  fact.ID     `cbor:"1,keyasint"`
	Role  Role        `cbor:"2,keyasint"`
	Until fact.Millis `cbor:"3,keyasint"`
	Ended bool        `cbor:"4,keyasint"`
	// Apart says that the grant was not ended by name: somebody ended the
	// role who could not know of it. The role stays ended until somebody who
	// has seen both grants it anew.
	Apart bool        `cbor:"5,keyasint,omitempty"`
	From  fact.Millis `cbor:"6,keyasint,omitempty"` // 0: from when it was given
	place int
}

// ending is one ending of a grant.
type ending struct {
	grant fact.ID
	place int
}

// FoldStaff folds the facts about one member of staff.
func FoldStaff(about fact.Subject, h fact.History) Staff {
	s := Staff{Person: about}
	var ends []ending
	var endings []RoleEnding
	for i, f := range h.Facts() {
		if f.OfJournal() {
			continue
		}
		if c, err := fact.Read[RoleEnding](f); err == nil && mayEnd(f) {
			endings = append(endings, c)
			continue
		}
		if err := s.apply(h, i, f, &ends); err != nil {
			s.NotShown = append(s.NotShown, f.ID)
		}
	}
	s.endGrants(h, ends)
	s.Authenticators = standing(h, s.Authenticators, s.placed.authenticators)
	s.Papers = standing(h, s.Papers, s.placed.papers)
	s.standIdentities(h)
	s.placed = waysIn{}
	s.endOnTime(endings)
	return s
}

// endGrants ends the grants that were ended by name, and those of the same
// role that were written apart from such an ending: ending beats granting.
func (s *Staff) endGrants(h fact.History, ends []ending) {
	role := map[fact.ID]Role{}
	for _, g := range s.Grants {
		role[g.Fact] = g.Role
	}
	for i, g := range s.Grants {
		for _, e := range ends {
			switch {
			case e.grant == g.Fact:
				s.Grants[i].Ended, s.Grants[i].Apart = true, false
			case role[e.grant] == g.Role && h.Apart(e.place, g.place) && !s.Grants[i].Ended:
				s.Grants[i].Ended, s.Grants[i].Apart = true, true
			}
		}
	}
}

func (s *Staff) apply(h fact.History, i int, f fact.Fact, ends *[]ending) error {
	switch f.Body.Kind {
	case PersonAdded{}.FactKind().Number:
		c, err := fact.Read[PersonAdded](f)
		if err == nil {
			c.Why = "" // said of the settling, not of the person
			s.Details.Set(h, i, c)
		}
		return err
	case RoleGranted{}.FactKind().Number:
		c, err := fact.Read[RoleGranted](f)
		if err == nil && !mayGrant(f, s.Person) && !mayAdmit(f, s.Person, c) {
			err = errNotTheirs
		}
		if err == nil {
			s.Grants = append(s.Grants, Grant{Fact: f.ID, Role: c.Role, Until: c.Until, place: i})
		}
		return err
	case RolePlanned{}.FactKind().Number:
		c, err := fact.Read[RolePlanned](f)
		if err == nil && !mayGrant(f, s.Person) {
			err = errNotTheirs
		}
		if err == nil {
			s.Grants = append(s.Grants, Grant{Fact: f.ID, Role: c.Role, From: c.From, Until: c.Until, place: i})
		}
		return err
	case RoleEnded{}.FactKind().Number:
		c, err := fact.Read[RoleEnded](f)
		if err == nil && !mayEnd(f) {
			err = errNotTheirs
		}
		if err == nil {
			*ends = append(*ends, ending{c.Grant, i})
		}
		return err
	case LinkMade{}.FactKind().Number:
		c, err := fact.Read[LinkMade](f)
		if err == nil {
			s.Links = append(s.Links, c)
		}
		return err
	case PasskeyEnrolled{}.FactKind().Number:
		c, err := fact.Read[PasskeyEnrolled](f)
		if err == nil {
			s.Passkeys = append(s.Passkeys, c)
		}
		return err
	case LinkSpent{}.FactKind().Number:
		c, err := fact.Read[LinkSpent](f)
		if err == nil {
			s.Spent = append(s.Spent, c)
		}
		return err
	}
	return s.applyWaysIn(i, f)
}

// errNotTheirs says that a fact claims what its author had no right to.
var errNotTheirs = errors.New("written by somebody who may not")

// mayGrant judges a grant by its author, whatever device signed it: nobody grants
// themselves a role, and only those may grant who keep the staff list (the
// permission table), or the device itself. It stays on record and counts nowhere.
func mayGrant(f fact.Fact, about fact.Subject) bool {
	return f.Body.Person.Zero() || f.Body.Person != about && allowed(Role(f.Body.Role), ManageStaff)
}

// mayEnd judges in the same way who may take a role away: whoever keeps the
// staff list, their own included, or the device itself. Otherwise anybody could
// send everybody else home.
func mayEnd(f fact.Fact) bool { return f.Body.Person.Zero() || allowed(Role(f.Body.Role), ManageStaff) }

// LongestShift bounds a grant by somebody who may admit for one shift, whatever
// the policy of the organisation says. It is no content: every device has to
// judge the same grant alike, whatever content it has and had.
const LongestShift = 24 * time.Hour

// mayAdmit judges a grant for one shift in the same way: to others, to work at
// cases and calls alone, and with an end within a day.
func mayAdmit(f fact.Fact, about fact.Subject, g RoleGranted) bool {
	until := g.Until.Time()
	return f.Body.Person != about && allowed(Role(f.Body.Role), AdmitShift) && forShift(g.Role) &&
		g.Until != 0 && !until.After(f.Body.Happened.From.Time().Add(LongestShift))
}

// Name gives the person's name, or says that two are on record.
func (s Staff) Name() string {
	if d, ok := s.Details.Get(); ok {
		return d.Name
	}
	if s.Details.Empty() {
		return "a person not named here"
	}
	return "two names on record"
}

// Holds lists the grants of a role that are in force.
func (s Staff) Holds(r Role, now time.Time) []fact.ID {
	var out []fact.ID
	for _, g := range s.Grants {
		if g.Role == r && g.In(now) {
			out = append(out, g.Fact)
		}
	}
	return out
}

// AddPerson adds a member of staff with first roles.
func AddPerson(s Staff, req PersonAdded, roles []Role) ([]fact.Draft, error) {
	req.Name = strings.TrimSpace(req.Name)
	if req.Name == "" {
		return nil, refusal.Field("name", "Write the name that colleagues know them by.")
	}
	if !s.Details.Empty() {
		return nil, refusal.New(refusal.Taken, "This person is on the staff list already.")
	}
	out := []fact.Draft{fact.Say(s.Person, req)}
	for _, r := range roles {
		d, err := GrantRole(s, r, time.Time{})
		if err != nil {
			return nil, err
		}
		out = append(out, d...)
	}
	return out, nil
}

// GrantRole gives a role, for ever when until is the zero time.
func GrantRole(s Staff, r Role, until time.Time) ([]fact.Draft, error) {
	known := false
	for _, one := range Roles() {
		known = known || one == r
	}
	if !known {
		return nil, refusal.Field("role", "Choose one of the roles on the list.")
	}
	g := RoleGranted{Role: r}
	if !until.IsZero() {
		g.Until = fact.At(until)
	}
	return []fact.Draft{fact.Say(s.Person, g)}, nil
}

// EndRole takes away every grant of a role that is in force.
func EndRole(s Staff, r Role, why string, now time.Time) ([]fact.Draft, error) {
	grants := s.Holds(r, now)
	if len(grants) == 0 {
		return nil, refusal.New(refusal.Missing, "This person does not hold that role.")
	}
	var out []fact.Draft
	for _, g := range grants {
		out = append(out, fact.Say(s.Person, RoleEnded{Grant: g, Why: why}))
	}
	return out, nil
}

// MakeLink offers a one-time way in.
func MakeLink(s Staff, l LinkMade, now time.Time) ([]fact.Draft, error) {
	if len(s.Holds(l.Role, now)) == 0 {
		return nil, refusal.New(refusal.Forbidden, "A link can be made only for a role that the person holds.")
	}
	if !now.Before(l.Until.Time()) {
		return nil, refusal.Field("until", "The link would be out of date at once.")
	}
	return []fact.Draft{fact.Say(s.Person, l)}, nil
}

// EnrolPasskey spends a link on a passkey.
func EnrolPasskey(s Staff, p PasskeyEnrolled, now time.Time) ([]fact.Draft, error) {
	if _, err := s.link(p.Link, ForPasskey, now); err != nil {
		return nil, err
	}
	for _, old := range s.Passkeys {
		if old.Link == p.Link {
			return nil, refusal.New(refusal.Taken, "This enrolment link has been used. Ask an administrator for another.")
		}
		if string(old.ID) == string(p.ID) {
			return nil, refusal.New(refusal.Taken, "This passkey is enrolled already. Sign in with it.")
		}
	}
	return []fact.Draft{fact.Say(s.Person, p)}, nil
}

func (s Staff) link(token fact.Hash, what LinkFor, now time.Time) (LinkMade, error) {
	for _, l := range s.Links {
		if l.Token == token && l.For == what {
			if !now.Before(l.Until.Time()) {
				return LinkMade{}, refusal.New(refusal.Forbidden, "This link is out of date. Ask an administrator for another.")
			}
			return l, nil
		}
	}
	return LinkMade{}, refusal.New(refusal.Forbidden, "This link is not known here. Ask an administrator for another.")
}
