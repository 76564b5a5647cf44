package stock

import (
	"cmp"
	"slices"

	"holdfast/fact"
	"holdfast/fact/share"
)

// Line is one line of the account: numbers that stand alike.
type Line struct {
	Says   string
	Count  uint64
	Listed []share.Units
}

// Account says where every number is. Its lines add up to what was received;
// what they do not explain is Missing, which must be nought.
type Account struct {
	Received uint64
	Lines    []Line
	Missing  uint64
}

// Account reckons where every number of the range is.
func (r Range) Account() Account {
	a := Account{Received: r.Rights.Exist()}
	for _, how := range Hows() {
		a.add(string(how), r.usedAs(how))
	}
	other := r.usedAs("")
	a.add("used in a way not known here", other)
	a.add("waiting for a decision", r.undecided())
	a.add("in dispute", r.disputed())
	var left []share.Units
	for _, d := range r.Rights.Devices() {
		left = append(left, r.Rights.Left(d)...)
	}
	a.add("left", left)
	a.Missing = a.Received
	for _, l := range a.Lines {
		a.Missing -= min(a.Missing, l.Count)
	}
	return a
}

func (a *Account) add(says string, all []share.Units) {
	known := slices.Contains(Hows(), How(says)) || says == "left"
	slices.SortFunc(all, func(a, b share.Units) int { return cmp.Compare(a.First, b.First) })
	if n := share.CountOf(all); n > 0 || known {
		a.Lines = append(a.Lines, Line{Says: says, Count: n, Listed: all})
	}
}

// usedAs lists the numbers that a use counts for; an empty how stands for all
// that are none of ours.
func (r Range) usedAs(how How) (out []share.Units) {
	for _, u := range r.Uses {
		ours := slices.Contains(Hows(), u.Says.How)
		if u.Right.Status.Counts() && (u.Says.How == how && ours || how == "" && !ours) {
			out = append(out, u.Right.Units)
		}
	}
	return out
}

// undecided lists the numbers that a device holds and somebody else has used.
func (r Range) undecided() (out []share.Units) {
	for _, d := range r.Rights.Devices() {
		left := r.Rights.Left(d)
		for _, held := range r.Rights.HeldBy(d) {
			rest := []share.Units{held}
			for _, free := range left {
				var next []share.Units
				for _, one := range rest {
					next = append(next, one.Without(free)...)
				}
				rest = next
			}
			out = append(out, rest...)
		}
	}
	return out
}

func (r Range) disputed() (out []share.Units) {
	for _, p := range r.Rights.Parts {
		if p.Standing == share.Disputed {
			out = append(out, p.Units)
		}
	}
	return out
}

// LeftAt counts what a device may still use.
func (r Range) LeftAt(device fact.Subject) uint64 { return share.CountOf(r.Rights.Left(device)) }
