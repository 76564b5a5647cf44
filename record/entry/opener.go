package entry

import (
	"slices"
	"time"

	"holdfast/fact"
)

// Opener is what one person opened on one day (UTC).
type Opener struct {
	Subject  fact.Subject `cbor:"1,keyasint"`
	Counts   []Count      `cbor:"2,keyasint"`
	Asks     []More       `cbor:"3,keyasint"`
	NotShown []fact.ID    `cbor:"4,keyasint"`
	Frontier []fact.ID    `cbor:"5,keyasint"`
}

// Count is one opening.
type Count struct {
	At      fact.Millis `cbor:"1,keyasint"`
	What    Counted     `cbor:"2,keyasint"`
	Covered bool        `cbor:"3,keyasint,omitempty"` // by the person, before its time
	place   int
}

// More is one wish to open more than is usual, and who agreed.
type More struct {
	Fact   fact.ID      `cbor:"1,keyasint"`
	At     fact.Millis  `cbor:"2,keyasint"`
	What   MoreAsked    `cbor:"3,keyasint"`
	Agreed []MoreAgreed `cbor:"4,keyasint"`
}

// FoldOpener folds the openings of one person on one day. What a cut holds back
// counts too: who is not trusted does not open more by that.
func FoldOpener(about fact.Subject, h fact.History) Opener {
	h = h.WithHeld()
	o := Opener{Subject: about}
	var covers []int
	var codes []fact.Subject
	var agreed []placedAgreed
	for i, one := range h.Facts() {
		if one.OfJournal() {
			continue
		}
		var err error
		switch one.Body.Kind {
		case Counted{}.FactKind().Number:
			var c Counted
			if c, err = fact.Read[Counted](one); err == nil {
				o.Counts = append(o.Counts, Count{At: one.Header.Recorded, What: c, place: i})
			}
		case Covered{}.FactKind().Number:
			var c Covered
			if c, err = fact.Read[Covered](one); err == nil {
				covers, codes = append(covers, i), append(codes, c.Code)
			}
		case MoreAsked{}.FactKind().Number:
			var c MoreAsked
			if c, err = fact.Read[MoreAsked](one); err == nil {
				o.Asks = append(o.Asks, More{Fact: one.ID, At: one.Header.Recorded, What: c})
			}
		case MoreAgreed{}.FactKind().Number:
			var c MoreAgreed
			if c, err = fact.Read[MoreAgreed](one); err == nil {
				agreed = append(agreed, placedAgreed{one.Body.Person, c})
			}
		default:
			err = fact.ErrNewer
		}
		if err != nil {
			o.NotShown = append(o.NotShown, one.ID)
		}
	}
	for i := range o.Counts {
		for n, at := range covers {
			if codes[n] == o.Counts[i].What.Code && h.Before(o.Counts[i].place, at) {
				o.Counts[i].Covered = true
			}
		}
	}
	o.agree(agreed)
	o.Frontier = h.Frontier()
	return o
}

type placedAgreed struct {
	by   fact.Subject
	what MoreAgreed
}

// agree puts each agreement to what was asked; nobody's to their own counts,
// and a second one to the same wish gives nothing more.
func (o *Opener) agree(all []placedAgreed) {
	for i := range o.Asks {
		a := &o.Asks[i]
		for _, one := range all {
			if one.what.Asked == a.Fact && one.by != a.What.Person {
				a.Agreed = append(a.Agreed, one.what)
			}
		}
		slices.SortFunc(a.Agreed, func(x, y MoreAgreed) int {
			if x.Until != y.Until {
				return int(min(max(x.Until-y.Until, -1), 1))
			}
			return int(x.More) - int(y.More)
		})
	}
}

// opened counts the openings of the last hour.
func opened(days []Opener, now time.Time) int {
	n := 0
	for _, d := range days {
		for _, c := range d.Counts {
			if c.At > fact.At(now.Add(-time.Hour)) {
				n++
			}
		}
	}
	return n
}

// more counts how many more others have agreed to; of two agreements to one
// wish the first to end counts.
func more(days []Opener, now time.Time) int {
	n := 0
	for _, d := range days {
		for _, a := range d.Asks {
			if len(a.Agreed) > 0 && a.Agreed[0].Until > fact.At(now) {
				n += int(a.Agreed[0].More)
			}
		}
	}
	return n
}

// StillOpen tells whether one opening of a home has neither run out nor been
// covered.
func StillOpen(days []Opener, code fact.Subject, until fact.Millis, now time.Time) bool {
	for _, d := range days {
		for _, c := range d.Counts {
			if c.What.Code == code && c.What.Until == until && !c.Covered && until > fact.At(now) {
				return true
			}
		}
	}
	return false
}

// OpenNow gives the code that the person has open at a moment, if any.
func OpenNow(days []Opener, now time.Time) (Counted, bool) {
	for _, d := range days {
		for _, c := range d.Counts {
			if !c.Covered && c.What.Until > fact.At(now) {
				return c.What, true
			}
		}
	}
	return Counted{}, false
}
