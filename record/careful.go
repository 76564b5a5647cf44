package record

import (
	"slices"

	"holdfast/fact"
)

// Fold gives the present state of a person's record. It reads no clock; the
// same facts and the same held ones give the same bytes in any order of
// arrival. A fact that this program cannot read stands in NotShown and hides
// nothing else. While a cut holds facts back, the record is the careful
// combination of what is verified and what is said.
func Fold(about fact.Subject, h fact.History) Person {
	verified := fold(about, h)
	if len(h.Held()) == 0 {
		return verified
	}
	ended, unlinked := AlertEnded{}.FactKind().Number, IdentitiesUnlinked{}.FactKind().Number
	p := Careful(verified, fold(about, h.Admit(func(f fact.Fact) bool {
		return f.Body.Kind != ended && f.Body.Kind != unlinked && !endsKnown(f.Body.Kind)
	})))
	all := fold(about, h.WithHeld())
	p.NotShown, p.Gaps, p.Frontier = all.NotShown, all.Gaps, all.Frontier
	p.HeldFrom, p.Resting = h.HeldSince(), h.Resting()
	for i, a := range p.Alerts {
		if said, _ := all.AlertOf(a.Fact); a.Stands && !said.Stands && a.Ask == "" {
			p.Alerts[i].Ask = "An entry that is not verified ends it: " + said.Why
		}
	}
	return p
}

// Careful combines the verified state of a record with the state as it would be
// if what is held back were true, endings left out: an alert of either stands,
// details that differ stand side by side, an answer of "none known" counts only
// when nobody speaks against it.
func Careful(verified, whole Person) Person {
	p := carefulIdentity(verified, whole)
	p.Lines, p.Aliases = addMissing(verified.Lines, whole.Lines), addMissing(verified.Aliases, whole.Aliases)
	p.Alerts = slices.Clone(whole.Alerts)
	for i := range p.Alerts {
		a := &p.Alerts[i]
		v, known := verified.AlertOf(a.Fact)
		switch {
		case !known && a.Ask == "":
			a.Ask = "Not verified: written where entries are held back"
		case known && v.Stands && !a.Stands:
			a.Ask = "An entry that is not verified speaks against it: " + a.Why
			a.Stands, a.Why = true, ""
		case known && !v.Stands && a.Stands:
			a.Ask = "An entry that is not verified says that it stands"
		}
	}
	p.Answers = slices.DeleteFunc(slices.Clone(verified.Answers), func(v Answered) bool {
		return !slices.ContainsFunc(whole.Answers, func(o Answered) bool { return o.Fact == v.Fact })
	})
	return p
}

// carefulIdentity sets the details of both side by side.
func carefulIdentity(verified, whole Person) Person {
	p := whole
	p.Name, p.Born, p.Age = fact.Both(verified.Name, whole.Name), fact.Both(verified.Born, whole.Born), fact.Both(verified.Age, whole.Age)
	p.Sex, p.NHS = fact.Both(verified.Sex, whole.Sex), fact.Both(verified.NHS, whole.NHS)
	p.CHI, p.HCN = fact.Both(verified.CHI, whole.CHI), fact.Both(verified.HCN, whole.HCN)
	p.Address, p.Practice = fact.Both(verified.Address, whole.Address), fact.Both(verified.Practice, whole.Practice)
	p.Language, p.Interpreter = fact.Both(verified.Language, whole.Language), fact.Both(verified.Interpreter, whole.Interpreter)
	p.Communication, p.Description = fact.Both(verified.Communication, whole.Communication), fact.Both(verified.Description, whole.Description)
	p.Restricted = fact.Both(verified.Restricted, whole.Restricted)
	p.Traits = carefulTraits(verified.Traits, whole.Traits)
	return p
}

func addMissing[T comparable](verified, whole []T) []T {
	out := slices.Clone(verified)
	for _, v := range whole {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
