package access

import (
	"bytes"
	"slices"
	"time"

	"holdfast/fact"
)

// applyWaysIn folds the facts about how a member of staff signs in.
func (s *Staff) applyWaysIn(i int, f fact.Fact) error {
	switch f.Body.Kind {
	case AuthenticatorEnrolled{}.FactKind().Number:
		c, err := fact.Read[AuthenticatorEnrolled](f)
		if err == nil {
			s.Authenticators, s.placed.authenticators = append(s.Authenticators, c), append(s.placed.authenticators, i)
		}
		return err
	case RecoveryCodesMade{}.FactKind().Number:
		c, err := fact.Read[RecoveryCodesMade](f)
		if err == nil {
			s.Papers, s.placed.papers = append(s.Papers, c), append(s.placed.papers, i)
		}
		return err
	case CodeSpent{}.FactKind().Number:
		c, err := fact.Read[CodeSpent](f)
		if err == nil {
			if s.Step = max(s.Step, c.Step); len(c.Set) > 0 {
				s.Codes = append(s.Codes, c)
			}
		}
		return err
	case EnrolmentWitnessed{}.FactKind().Number:
		c, err := fact.Read[EnrolmentWitnessed](f)
		if err == nil {
			s.Witnessed = append(s.Witnessed, c)
		}
		return err
	case AdmittedForShift{}.FactKind().Number:
		c, err := fact.Read[AdmittedForShift](f)
		if err == nil {
			s.Admitted = append(s.Admitted, c)
		}
		return err
	case SignInSlowed{}.FactKind().Number:
		c, err := fact.Read[SignInSlowed](f)
		if err == nil && (c.At > s.Slow.At || c.At == s.Slow.At && c.Wrong > s.Slow.Wrong) {
			s.Slow = c
		}
		return err
	}
	return s.applyIdentity(i, f)
}

// standing leaves out what a later one, whose writer had seen it, replaced. What
// was written apart stays side by side.
func standing[T any](h fact.History, all []T, places []int) []T {
	var out []T
	for i, one := range all {
		if !slices.ContainsFunc(places, func(p int) bool { return h.Before(places[i], p) }) {
			out = append(out, one)
		}
	}
	return out
}

// recoveredTwice tells whether one code of a paper was spent apart on two links,
// of which this is one: a stranger may have had a copy of the paper.
func (s Staff) recoveredTwice(link fact.Hash) bool {
	for _, c := range s.Codes {
		if c.Link != link || link == (fact.Hash{}) {
			continue
		}
		for _, o := range s.Codes {
			if o.Link != link && bytes.Equal(o.Set, c.Set) && bytes.Equal(o.Sum, c.Sum) {
				return true
			}
		}
	}
	return false
}

// Registered is the person's registration with how far it was checked, for those
// who were admitted for a shift; empty for others.
func (s Staff) Registered() string {
	if len(s.Admitted) == 0 {
		return ""
	}
	return s.Admitted[len(s.Admitted)-1].Says()
}

// SlowedAt gives the tries that further ones are slowed by, as a restarted
// device knows them.
func (s Staff) SlowedAt() Tries {
	if s.Slow.At == 0 {
		return Tries{}
	}
	return Tries{Wrong: int(s.Slow.Wrong), Last: s.Slow.At.Time()}
}

// FirstRole gives the first role on the list that the person holds now.
func (s Staff) FirstRole(now time.Time) (Role, bool) {
	for _, r := range Roles() {
		if len(s.Holds(r, now)) > 0 {
			return r, true
		}
	}
	return "", false
}
