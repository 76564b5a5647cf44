package main

import (
	"time"

	"holdfast/exchange"
	"holdfast/sim/national"
	"holdfast/sim/people"
)

// demoAskers are the national services of the demo's 111 provider: CP-IS,
// which holds a plan of one made-up child in four. The repeat caller service is
// not connected, so that pages show how that reads.
func demoAskers(kind string, d people.District, now time.Time) map[exchange.National]exchange.Asker {
	if kind != "111" {
		return nil
	}
	peer := &national.Peer{}
	n := 0
	for _, p := range d.People {
		if _, most, ok := p.Identity.Born.YearsAt(now); !ok || most >= 18 {
			continue
		}
		if n++; n%4 == 1 {
			peer.Plans = append(peer.Plans, national.Plan{NHS: p.Identity.NHS.Text, Words: []string{"Child protection plan, Coldwater council, since March", "Duty team 01632 960 999"}})
		}
	}
	return map[exchange.National]exchange.Asker{exchange.ChildProtection: peer}
}
