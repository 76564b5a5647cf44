package directory

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"holdfast/codes"
	"holdfast/fact"
)

// Entry is the fold of one entry of the directory: an organisation, a
// service, or a list of localities.
type Entry struct {
	Subject      fact.Subject                      `cbor:"1,keyasint"`
	Organisation fact.Register[OrganisationListed] `cbor:"2,keyasint"`
	Service      fact.Register[Service]            `cbor:"3,keyasint"`
	Ended        string                            `cbor:"4,keyasint,omitempty"` // why it no longer runs
	Apart        bool                              `cbor:"9,keyasint,omitempty"` // ended by one, listed by another who could not know
	Notices      []Notice                          `cbor:"5,keyasint"`           // those not taken back
	Localities   []Locality                        `cbor:"6,keyasint"`
	NotShown     []fact.ID                         `cbor:"7,keyasint"`
	Frontier     []fact.ID                         `cbor:"8,keyasint"`
	HeldFrom     fact.Millis                       `cbor:"20,keyasint,omitempty"` // entries since then are held back: unverified
}

// Notice is one notice in force or to come.
type Notice struct {
	Fact fact.ID      `cbor:"1,keyasint"`
	Says NoticePosted `cbor:"2,keyasint"`
	By   fact.Subject `cbor:"3,keyasint"`
}

// fold gives the state of an entry from the facts that count. An entry that was
// ended and is listed again by somebody who had seen the end runs again.
func fold(about fact.Subject, h fact.History) Entry {
	f := folding{h: h, e: Entry{Subject: about}}
	for i, one := range h.Facts() {
		if one.OfJournal() {
			continue
		}
		if err := f.apply(i, one); err != nil {
			f.e.NotShown = append(f.e.NotShown, one.ID)
		}
	}
	f.e.Notices = slices.DeleteFunc(f.e.Notices, func(n Notice) bool { return slices.Contains(f.taken, n.Fact) })
	f.end()
	sortLocalities(f.e.Localities)
	f.e.Frontier = h.Frontier()
	return f.e
}

// end says why an entry no longer runs: every reason given that nobody has
// overtaken by listing it again. Ending stands against a listing written apart.
func (f *folding) end() {
	var whys []string
	for _, end := range f.ends {
		if slices.ContainsFunc(f.listed, func(i int) bool { return f.h.Before(end.at, i) }) {
			continue
		}
		whys = append(whys, end.why)
		f.e.Apart = f.e.Apart || slices.ContainsFunc(f.listed, func(i int) bool { return f.h.Apart(end.at, i) && !f.endedAfter(i) })
	}
	slices.Sort(whys)
	f.e.Ended = strings.Join(slices.Compact(whys), "; ")
}

// endedAfter tells whether somebody ended the entry who had seen a listing.
func (f *folding) endedAfter(listed int) bool {
	return slices.ContainsFunc(f.ends, func(e ending) bool { return f.h.Before(listed, e.at) })
}

// sortLocalities puts localities in an order of their own, so that of two
// points for one name the same counts everywhere.
func sortLocalities(all []Locality) {
	slices.SortFunc(all, func(a, b Locality) int {
		return cmp.Or(strings.Compare(string(a.Postcode), string(b.Postcode)), strings.Compare(a.Name, b.Name),
			first(!a.Grid.Irish, !b.Grid.Irish), cmp.Compare(a.Grid.East, b.Grid.East), cmp.Compare(a.Grid.North, b.Grid.North))
	})
}

type folding struct {
	h      fact.History
	e      Entry
	taken  []fact.ID
	listed []int
	ends   []ending
}

type ending struct {
	at  int
	why string
}

func (f *folding) apply(i int, one fact.Fact) error {
	switch one.Body.Kind {
	case OrganisationListed{}.FactKind().Number:
		c, err := fact.Read[OrganisationListed](one)
		if err == nil {
			c.Why = "" // said of the settling, not of the organisation
			f.e.Organisation.Set(f.h, i, c)
		}
		return err
	case ServiceListed{}.FactKind().Number:
		c, err := fact.Read[ServiceListed](one)
		if err == nil {
			f.e.Service.Set(f.h, i, c.Service)
			f.listed = append(f.listed, i)
		}
		return err
	case ServiceEnded{}.FactKind().Number:
		c, err := fact.Read[ServiceEnded](one)
		if err == nil {
			f.ends = append(f.ends, ending{i, c.Why})
		}
		return err
	case NoticePosted{}.FactKind().Number:
		c, err := fact.Read[NoticePosted](one)
		if err == nil {
			f.e.Notices = append(f.e.Notices, Notice{Fact: one.ID, Says: c, By: one.Body.Person})
		}
		return err
	case NoticeEnded{}.FactKind().Number:
		c, err := fact.Read[NoticeEnded](one)
		if err == nil {
			f.taken = append(f.taken, c.Notice)
		}
		return err
	case LocalitiesListed{}.FactKind().Number:
		c, err := fact.Read[LocalitiesListed](one)
		if err == nil {
			f.localities(c.Localities)
		}
		return err
	}
	return fact.ErrNewer
}

func (f *folding) localities(more []Locality) {
	for _, l := range more {
		if !slices.Contains(f.e.Localities, l) {
			f.e.Localities = append(f.e.Localities, l)
		}
	}
}

// Current gives what is known of the service, when that is one thing: the
// same entry written twice apart is one. Of entries that disagree it gives one
// to show, the same on every device, without its doors: nothing is sent to a
// service of which it is not settled how it is reached.
func (e Entry) Current() (Service, bool) {
	if e.Service.Empty() {
		return Service{}, false
	}
	shown, one := e.Service.Values[0].Value, true
	for _, v := range e.Service.Values[1:] {
		c := compare(v.Value, shown)
		one = one && c == 0
		if c < 0 {
			shown = v.Value
		}
	}
	if !one {
		shown.Doors = nil
	}
	return shown, one
}

// Disputed tells whether different entries for the service stand side by
// side.
func (e Entry) Disputed() bool {
	_, ok := e.Current()
	return !ok && !e.Service.Empty()
}

func same(a, b Service) bool { return compare(a, b) == 0 }

// compare orders services by what they say.
func compare(a, b Service) int {
	x, errX := fact.Encode(a)
	y, errY := fact.Encode(b)
	if errX != nil || errY != nil {
		return 1 // what cannot be compared is never the same
	}
	return bytes.Compare(x, y)
}

// Locate finds the point of a place: its own, else that of its postcode,
// sector, district, else of a locality whose name stands in its words.
func Locate(localities []Locality, p codes.Place) (codes.Grid, bool) {
	if p.Grid.Known() {
		return p.Grid, true
	}
	for _, want := range []string{string(p.Postcode), p.Postcode.Sector(), p.Postcode.District()} {
		for _, l := range localities {
			if want != "" && string(l.Postcode) == want {
				return l.Grid, true
			}
		}
	}
	for _, l := range localities {
		if l.Name != "" && containsWord(p.Text, l.Name) {
			return l.Grid, true
		}
	}
	return codes.Grid{}, false
}
