package stockdb

import (
	"bytes"
	"slices"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/stock"
)

// roll is which devices the organisation has, and which feeds are theirs, read
// from the papers that stand under the organisation's own subject.
type roll struct {
	devices []stock.Device
	feeds   map[fact.FeedID]fact.Subject
}

// device gives the device that writes a feed.
func (r roll) device(feed fact.FeedID) (fact.Subject, bool) {
	d, ok := r.feeds[feed]
	return d, ok
}

// rollOf reads the papers and believes none whose signatures do not hold.
func rollOf(h fact.History) roll {
	out := roll{feeds: map[fact.FeedID]fact.Subject{}}
	g, ok := genesisOf(h)
	if !ok {
		return out
	}
	type carded struct {
		card   fact.DeviceCard
		signed fact.Signed
	}
	cards := map[fact.Hash]carded{}
	for _, f := range h.Facts() {
		c, err := fact.Read[journal.DeviceEnrolled](f)
		if err != nil {
			continue
		}
		card, err := fact.OpenCard(c.Card, g)
		if err != nil {
			continue
		}
		if hash, err := c.Card.Hash(); err == nil {
			cards[hash] = carded{card, c.Card}
			out.add(stock.Device{ID: card.Device, Name: card.Name})
		}
	}
	for _, f := range h.Facts() {
		c, err := fact.Read[journal.IncarnationBegan](f)
		if err != nil {
			continue
		}
		for _, one := range cards {
			if _, err := fact.OpenIncarnation(c.Certificate, one.signed, one.card); err != nil {
				continue
			}
			if feed, err := fact.FeedOf(c.Certificate, fact.Care); err == nil {
				out.feeds[feed] = one.card.Device
			}
		}
	}
	return out
}

func (r *roll) add(d stock.Device) {
	if !slices.ContainsFunc(r.devices, func(o stock.Device) bool { return o.ID == d.ID }) {
		r.devices = append(r.devices, d)
		slices.SortFunc(r.devices, func(a, b stock.Device) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	}
}

func genesisOf(h fact.History) (fact.Genesis, bool) {
	for _, f := range h.Facts() {
		c, err := fact.Read[journal.Founded](f)
		if err != nil {
			continue
		}
		g, err := fact.OpenGenesis(c.Genesis)
		if err != nil {
			continue
		}
		if id, err := g.ID(); err == nil && id == f.Header.Org && g.About == f.Header.Subject {
			return g, true
		}
	}
	return fact.Genesis{}, false
}
