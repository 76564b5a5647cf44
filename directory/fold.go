package directory

import (
	"bytes"
	"slices"

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
	for _, end := range f.ends {
		again := slices.ContainsFunc(f.listed, func(i int) bool { return h.Before(end.at, i) })
		if !again {
			f.e.Ended = end.why
		}
	}
	f.e.Frontier = h.Frontier()
	return f.e
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
// same entry written twice apart is one.
func (e Entry) Current() (Service, bool) {
	if e.Service.Empty() {
		return Service{}, false
	}
	first := e.Service.Values[0].Value
	for _, v := range e.Service.Values[1:] {
		if !same(first, v.Value) {
			return first, false
		}
	}
	return first, true
}

// Disputed tells whether different entries for the service stand side by
// side.
func (e Entry) Disputed() bool {
	_, ok := e.Current()
	return !ok && !e.Service.Empty()
}

func same(a, b Service) bool {
	x, errX := fact.Encode(a)
	y, errY := fact.Encode(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
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
