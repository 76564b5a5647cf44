package record

import (
	"slices"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Amendment changes parts of an identity. Fields names the single values to
// state anew, empty ones included; lines and aliases in Identity are added.
type Amendment struct {
	Identity   Identity
	Fields     []Field
	LinesEnded []codes.Phone
	Source     Source
	Why        string
}

// Amend states parts of an identity anew. What would change nothing is left
// out; when nothing is left, no fact is made. Clearing a name, a birth date or
// a number needs a reason.
func Amend(p Person, by access.Caller, req Amendment, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	if !p.Registered {
		return nil, refusal.New(refusal.Missing, "There is no record to amend. Register the person first.")
	}
	id, err := tidied(req.Identity, req.Source, now)
	if err != nil {
		return nil, err
	}
	c := IdentityAmended{Fields: changed(p, id, req.Fields), Source: req.Source, Why: req.Why, LinesEnded: req.LinesEnded}
	c.Identity = only(id, c.Fields)
	for _, l := range id.Lines {
		if !slices.Contains(p.Lines, l) || slices.Contains(req.LinesEnded, l.Phone) {
			c.Identity.Lines = append(c.Identity.Lines, l)
		}
	}
	for _, n := range id.Aliases {
		if !slices.Contains(p.Aliases, n) {
			c.Identity.Aliases = append(c.Identity.Aliases, n)
		}
	}
	if cleared(c) && c.Why == "" {
		return nil, refusal.Field("why", "Say why this is taken out. It stays readable in the history.")
	}
	if err := tooLong("why", c.Why, MaxText); err != nil {
		return nil, err
	}
	if len(c.Fields) == 0 && len(c.Identity.Lines) == 0 && len(c.Identity.Aliases) == 0 && len(c.LinesEnded) == 0 {
		return nil, nil
	}
	return []fact.Draft{fact.Say(p.Subject, c)}, nil
}

// changed keeps the fields in which something new is said, in order, each
// once. A field in dispute is always new: stating it decides.
func changed(p Person, id Identity, fields []Field) []Field {
	was := p.Identity()
	disputed := map[Field]bool{}
	for _, d := range p.Disputes() {
		disputed[d.Field] = true
	}
	return slices.DeleteFunc(Fields(), func(f Field) bool {
		return !slices.Contains(fields, f) || !disputed[f] && same(was, id, f)
	})
}

// same compares one field of two identities.
func same(a, b Identity, f Field) bool {
	return equal(only(a, []Field{f}), only(b, []Field{f}))
}

func equal(a, b Identity) bool {
	return a.Name == b.Name && a.Born == b.Born && a.Age == b.Age && a.Sex == b.Sex && a.NHS == b.NHS && a.CHI == b.CHI &&
		a.HCN == b.HCN && a.Address == b.Address && a.Practice == b.Practice && a.Language == b.Language &&
		a.Interpreter == b.Interpreter && a.Communication == b.Communication && a.Description == b.Description &&
		a.Restricted == b.Restricted && a.Needs == b.Needs && a.Welsh == b.Welsh && a.Death == b.Death
}

// only keeps the named fields of an identity.
func only(id Identity, fields []Field) Identity {
	var out Identity
	for _, f := range fields {
		switch f {
		case FieldName:
			out.Name = id.Name
		case FieldBorn:
			out.Born = id.Born
		case FieldAge:
			out.Age = id.Age
		case FieldSex:
			out.Sex = id.Sex
		case FieldNHS:
			out.NHS = id.NHS
		case FieldCHI:
			out.CHI = id.CHI
		case FieldHCN:
			out.HCN = id.HCN
		case FieldAddress:
			out.Address = id.Address
		case FieldPractice:
			out.Practice = id.Practice
		case FieldLanguage:
			out.Language = id.Language
		case FieldInterpreter:
			out.Interpreter = id.Interpreter
		case FieldCommunication:
			out.Communication = id.Communication
		case FieldDescription:
			out.Description = id.Description
		case FieldRestricted:
			out.Restricted = id.Restricted
		case FieldNeeds:
			out.Needs = id.Needs
		case FieldWelsh:
			out.Welsh = id.Welsh
		case FieldDeath:
			out.Death = id.Death
		}
	}
	return out
}

// cleared tells whether a name, a birth date or a number is taken out.
func cleared(c IdentityAmended) bool {
	for _, f := range c.Fields {
		switch f {
		case FieldName, FieldBorn, FieldNHS, FieldCHI, FieldHCN, FieldRestricted, FieldDeath:
			if !c.Identity.given(f) {
				return true
			}
		}
	}
	return len(c.LinesEnded) > 0
}
