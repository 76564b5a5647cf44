package access

import (
	"slices"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// RolePlanned gives a member of staff a role from a moment on. It is a kind of
// its own so that a program that does not know of it gives nothing yet.
type RolePlanned struct {
	Role  Role        `cbor:"1,keyasint"`
	From  fact.Millis `cbor:"2,keyasint"`
	Until fact.Millis `cbor:"3,keyasint,omitempty"` // 0: until it is ended
	Why   string      `cbor:"4,keyasint"`
}

// FactKind is kind 47.
func (RolePlanned) FactKind() fact.Kind { return kind(47, fact.Control, "role-planned", fact.Grow) }

// RoleEnding says that a grant ends at a moment to come. Of several the
// earliest counts.
type RoleEnding struct {
	Grant fact.ID     `cbor:"1,keyasint"`
	At    fact.Millis `cbor:"2,keyasint"`
	Why   string      `cbor:"3,keyasint"`
}

// FactKind is kind 48.
func (RoleEnding) FactKind() fact.Kind { return kind(48, fact.Control, "role-ending", fact.Grow) }

// endOnTime lets grants run out where somebody said so beforehand.
func (s *Staff) endOnTime(endings []RoleEnding) {
	for i, g := range s.Grants {
		for _, e := range endings {
			if e.Grant == g.Fact && (s.Grants[i].Until == 0 || e.At < s.Grants[i].Until) {
				s.Grants[i].Until = e.At
			}
		}
	}
}

// In tells whether the grant is in force.
func (g Grant) In(now time.Time) bool {
	return !g.Ended && (g.From == 0 || !now.Before(g.From.Time())) && (g.Until == 0 || now.Before(g.Until.Time()))
}

// Over tells whether the grant gives nothing any more and never will.
func (g Grant) Over(now time.Time) bool {
	return g.Ended || g.Until != 0 && (!now.Before(g.Until.Time()) || g.Until <= g.From)
}

// Change is what becomes of a person's roles from a moment on.
type Change struct {
	Give  Role      // empty: none
	End   Role      // empty: none
	From  time.Time // zero: now
	Until time.Time // of what is given; zero: until it is ended
	Why   string
}

// ChangeRoles gives a role, ends one, or both at the same moment, now or on a
// day to come. Nobody gives a role to themselves.
func ChangeRoles(s Staff, by Caller, c Change, now time.Time) ([]fact.Draft, error) {
	if c.Why = strings.TrimSpace(c.Why); c.Why == "" {
		return nil, refusal.Field("why", "Say why: joins the night team, moves to the base, agency doctor for one shift.")
	}
	if c.Give == "" && c.End == "" {
		return nil, refusal.Field("give", "Choose a role to give, a role to end, or both.")
	}
	if c.Give == c.End {
		return nil, refusal.Field("end", "This would give and end the same role.")
	}
	var out []fact.Draft
	if c.End != "" {
		d, err := endRoleAt(s, c.End, c.From, c.Why, now)
		if err != nil {
			return nil, err
		}
		out = append(out, d...)
	}
	if c.Give == "" {
		return out, nil
	}
	d, err := giveRole(s, by, c, now)
	return append(out, d...), err
}

func giveRole(s Staff, by Caller, c Change, now time.Time) ([]fact.Draft, error) {
	from := c.From
	if from.IsZero() || from.Before(now) {
		from = now
	}
	switch {
	case !slices.Contains(Roles(), c.Give):
		return nil, refusal.Field("give", "Choose one of the roles on the list.")
	case by.Person == s.Person:
		return nil, refusal.New(refusal.Forbidden, "Nobody gives a role to themselves. Ask another administrator.")
	case !c.Until.IsZero() && !c.Until.After(from):
		return nil, refusal.Field("until", "This is over before it begins.")
	}
	for _, g := range s.Grants {
		if g.Role == c.Give && !g.Over(now) && g.covers(from, c.Until) {
			return nil, refusal.Field("give", "They hold this role already for all of that time.")
		}
	}
	var until fact.Millis
	if !c.Until.IsZero() {
		until = fact.At(c.Until)
	}
	if from.After(now) {
		return []fact.Draft{fact.Say(s.Person, RolePlanned{Role: c.Give, From: fact.At(from), Until: until, Why: c.Why})}, nil
	}
	return []fact.Draft{fact.Say(s.Person, RoleGranted{Role: c.Give, Until: until, Why: c.Why})}, nil
}

// covers tells whether a grant gives all that one from a moment until another,
// or for ever, would give.
func (g Grant) covers(from, until time.Time) bool {
	if g.From != 0 && from.Before(g.From.Time()) {
		return false
	}
	return g.Until == 0 || !until.IsZero() && !g.Until.Time().Before(until)
}

// endRoleAt ends every grant of a role: now, or at a moment to come.
func endRoleAt(s Staff, r Role, at time.Time, why string, now time.Time) ([]fact.Draft, error) {
	var out []fact.Draft
	for _, g := range s.Grants {
		switch {
		case g.Role != r || g.Over(now):
		case !at.After(now):
			out = append(out, fact.Say(s.Person, RoleEnded{Grant: g.Fact, Why: why}))
		case g.Until == 0 || at.Before(g.Until.Time()):
			out = append(out, fact.Say(s.Person, RoleEnding{Grant: g.Fact, At: fact.At(at), Why: why}))
		default:
			out = append(out, fact.Draft{}) // runs out before that by itself
		}
	}
	if len(out) == 0 {
		return nil, refusal.Field("end", "They do not hold that role.")
	}
	return slices.DeleteFunc(out, func(d fact.Draft) bool { return d.Content == nil }), nil
}

// Leave ends everything that a person holds, planned roles too: now, or at a
// moment to come.
func Leave(s Staff, at time.Time, why string, now time.Time) ([]fact.Draft, error) {
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why: left, contract over, long leave.")
	}
	var out []fact.Draft
	for _, r := range Roles() {
		if d, err := endRoleAt(s, r, at, why, now); err == nil {
			out = append(out, d...)
		}
	}
	if len(out) == 0 {
		return nil, refusal.New(refusal.Missing, "They hold no role that goes on after that: there is nothing to end.")
	}
	return out, nil
}

// Gone tells whether the person holds no role now and none is planned.
func (s Staff) Gone(now time.Time) bool {
	return !slices.ContainsFunc(s.Grants, func(g Grant) bool { return !g.Over(now) })
}

// Lasting tells whether the person holds a role now, and no end of it is known.
func (s Staff) Lasting(r Role, now time.Time) bool {
	return slices.ContainsFunc(s.Grants, func(g Grant) bool { return g.Role == r && g.In(now) && g.Until == 0 })
}
