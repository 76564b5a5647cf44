package entry

import (
	"cmp"
	"slices"

	"holdfast/fact"
)

// Gone is who and what is no longer trusted with what they were shown: people
// who have left, devices that were lost or cut off.
type Gone struct {
	People  map[fact.Subject]Left
	Devices map[fact.Subject]Left
	Unknown bool // somebody or something could not be read: others may have left too
}

// Left is one of them: as colleagues say it, and since when.
type Left struct {
	Says  string
	Since fact.Millis
}

// Cause is one reason for which homes must be changed, and how far it has come.
type Cause struct {
	Says    string
	Homes   int // that it touches
	Changed int // of those
}

// MustChange lists in words why a home's way in must be changed; nothing when it
// need not be. It is reckoned from what was opened and set: no list of homes is
// written down, so none can be forgotten or stolen.
func (c Code) MustChange(g Gone) []string {
	var out []string
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, v := range c.Standing() {
		if left, gone := g.People[v.By]; gone {
			add(left.Says + " has left, who wrote it")
		}
	}
	for _, o := range c.Openings {
		if !o.Current {
			continue
		}
		if left, gone := g.People[o.By]; gone {
			add(left.Says + " has left, who was shown it")
		}
		if left, gone := g.Devices[o.What.Device]; gone {
			add("It was shown on " + left.Says + ", which is cut off")
		}
		for _, u := range o.What.Unusual {
			add("An opening was unusual: " + string(u))
		}
	}
	for _, d := range c.Doubts {
		if d.Stands {
			add("May be known to others: " + d.What.Why)
		}
	}
	if c.Apart() {
		add("Two ways in were written apart: find out which opens the home, and write it anew")
	}
	return out
}

// Progress tells for everybody who has left and every device that was cut off
// how many homes they were shown that had to be changed since, and how many have
// been.
func Progress(all []Code, g Gone) []Cause {
	var out []Cause
	for who, left := range g.People {
		out = append(out, progress(all, left, left.Says+" has left", func(c Code, v Value) bool {
			return v.By == who || slices.ContainsFunc(c.Openings, func(o Opening) bool { return o.By == who && slices.Contains(o.What.Values, v.Fact) })
		}))
	}
	for device, left := range g.Devices {
		out = append(out, progress(all, left, left.Says+" is cut off", func(c Code, v Value) bool {
			return slices.ContainsFunc(c.Openings, func(o Opening) bool { return o.What.Device == device && slices.Contains(o.What.Values, v.Fact) })
		}))
	}
	out = slices.DeleteFunc(out, func(c Cause) bool { return c.Homes == 0 })
	slices.SortFunc(out, func(a, b Cause) int { return cmp.Compare(a.Says, b.Says) })
	return out
}

func progress(all []Code, left Left, says string, knew func(Code, Value) bool) Cause {
	out := Cause{Says: says}
	for _, c := range all {
		touched, open := false, false
		for _, v := range c.Values {
			if v.None || !knew(c, v) || !v.Stands && v.Replaced < left.Since {
				continue // changed before they left, as it always is
			}
			touched, open = true, open || v.Stands
		}
		if touched {
			out.Homes++
		}
		if touched && !open {
			out.Changed++
		}
	}
	return out
}
