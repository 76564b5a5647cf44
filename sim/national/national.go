// Package national stands in for the national services that a case asks about
// its patient: the repeat caller service and CP-IS.
//
// Its law: it answers as the contract of exchange.Asker says and by what it
// was given to hold; it holds made-up people alone. A script may make it slow,
// silent, refuse, or answer nonsense.
package national

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Peer is one service. Its fields are set before it is asked; all of it may be
// asked by many at once.
type Peer struct {
	Calls  []Call                                                  // of the repeat caller service
	Plans  []Plan                                                  // of CP-IS
	Before func(ctx context.Context, q exchange.Query) error       // runs first: a script of trouble; nil: none
	Now    func() time.Time                                        // nil: time.Now
	Answer func(q exchange.Query, r exchange.Reply) exchange.Reply // changes an answer; nil: not at all

	mu    sync.Mutex
	asked []exchange.Query
}

var _ exchange.Asker = (*Peer)(nil)

// Call is an earlier call that the repeat caller service holds.
type Call struct {
	Who    exchange.Query // its details, whatever its Service
	Report exchange.PastReport
}

// Plan is what CP-IS holds of a child or of the mother of an unborn child.
type Plan struct {
	NHS    string
	Words  []string
	Unborn bool
}

// Asked lists what was asked so far, in order.
func (p *Peer) Asked() []exchange.Query {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]exchange.Query(nil), p.asked...)
}

// Ask answers by what the peer holds.
func (p *Peer) Ask(ctx context.Context, q exchange.Query) (exchange.Reply, error) {
	p.mu.Lock()
	p.asked = append(p.asked, q)
	p.mu.Unlock()
	if p.Before != nil {
		if err := p.Before(ctx, q); err != nil {
			return exchange.Reply{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return exchange.Reply{}, err
	}
	var r exchange.Reply
	switch q.Service {
	case exchange.RepeatCallers:
		if q.NHS == "" && q.Details() < 4 {
			return r, refusal.New(refusal.Invalid, "The service needs an NHS number or four details")
		}
		r = p.calls(q)
	case exchange.ChildProtection:
		if q.NHS == "" {
			return r, refusal.New(refusal.Invalid, "The service needs a traced NHS number")
		}
		r = p.plans(q)
	default:
		return r, refusal.New(refusal.Invalid, "There is no such service")
	}
	if p.Answer != nil {
		r = p.Answer(q, r)
	}
	return r, nil
}

// window is how long the repeat caller service keeps a report (standard of
// 2020: deleted after 96 h).
const window = 96 * time.Hour

func (p *Peer) calls(q exchange.Query) exchange.Reply {
	now := time.Now()
	if p.Now != nil {
		now = p.Now()
	}
	var sure, maybe []exchange.PastReport
	for _, c := range p.Calls {
		if c.Report.When < fact.At(now.Add(-window)) || c.Report.When > fact.At(now) {
			continue
		}
		switch n := matches(q, c.Who); {
		case q.NHS != "" && q.NHS == c.Who.NHS, q.NHS == "" && n >= 4:
			sure = append(sure, c.Report)
		case q.NHS == "" && n == 3:
			maybe = append(maybe, c.Report)
		}
	}
	switch {
	case len(sure) >= 2:
		return exchange.Reply{Told: exchange.ToldYes, Reports: sure}
	case len(sure)+len(maybe) >= 2:
		return exchange.Reply{Told: exchange.ToldMaybe, Reports: append(sure, maybe...)}
	}
	return exchange.Reply{Told: exchange.ToldNone}
}

func matches(a, b exchange.Query) int {
	n := 0
	for _, pair := range [][2]string{{a.Given, b.Given}, {a.Family, b.Family}, {a.Born, b.Born}, {a.Sex, b.Sex}, {a.Postcode, b.Postcode}} {
		if pair[0] != "" && strings.EqualFold(pair[0], pair[1]) {
			n++
		}
	}
	return n
}

func (p *Peer) plans(q exchange.Query) exchange.Reply {
	for _, one := range p.Plans {
		if one.NHS == q.NHS && one.Unborn == q.Unborn {
			return exchange.Reply{Told: exchange.ToldYes, Words: one.Words}
		}
	}
	return exchange.Reply{Told: exchange.ToldNone}
}

// Away is a script for Peer.Before: the service can't be reached.
func Away(context.Context, exchange.Query) error { return errors.New("connection refused") }

// Silent is a script for Peer.Before: the service never answers.
func Silent(ctx context.Context, _ exchange.Query) error {
	<-ctx.Done()
	return ctx.Err()
}
