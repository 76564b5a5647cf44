package node

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/record/entrydb"
	"holdfast/record/entryweb"
	"holdfast/web"
)

// putHomes makes the vault of entry codes and registers its pages. Home care,
// when it comes, adds its visits to the relations.
func (n *Node) putHomes() {
	n.watchLeavers()
	n.Homes = &entrydb.Homes{
		Journal: n.Journal, Gate: n.Gate, Vault: n.Journal.Vault(), Relations: []entrydb.Relations{n.Cases}, Rules: n.config.Library.Entry,
		Device: n.Device, Gone: n.gone, Clock: n.clock,
	}
	if !n.Homes.Here() {
		n.Homes.Site = atSite{n}
	}
	pages := &entryweb.Pages{Shell: n.Shell, Homes: n.Homes, Called: n.called}
	pages.Register(n.Mux)
}

// homesPlace is the place of homes, for those who watch who opens them.
func homesPlace(by access.Caller) []web.Place {
	if by.May(access.WatchEntry) != nil {
		return nil
	}
	return []web.Place{{Name: "Homes", Href: "/homes"}}
}

// called names a person to somebody who may open records, and gives others a
// word by which those can find the record.
func (n *Node) called(r *http.Request, by web.Caller, person fact.Subject) string {
	if by.May(access.SeePerson) == nil {
		p, err := journal.Fold(r.Context(), n.Journal, person, record.Fold)
		if err == nil && p.Registered {
			return p.Called()
		}
	}
	return "Record " + person.String()[:8]
}

// leavers keeps who has left and what is cut off, so that no look at a home
// folds all staff.
type leavers struct {
	mu   sync.Mutex
	at   time.Time // when it was reckoned; zero: to be reckoned anew
	turn uint64    // raised when the staff list or a cut moved
	gone entry.Gone
}

// leaversFresh is how long it serves while nothing moves: roles run out by the
// clock, and leave somebody as one who has left only days later.
const leaversFresh = time.Minute

func (l *leavers) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.turn = time.Time{}, l.turn+1
}

// watchLeavers has who has left reckoned anew when the staff list moves, or
// what the organisation says of its devices and cuts.
func (n *Node) watchLeavers() {
	kinds := map[uint32]bool{}
	for _, c := range []fact.Content{access.PersonAdded{}, access.RoleGranted{}, access.RoleEnded{}, access.RolePlanned{}, access.RoleEnding{}} {
		kinds[c.FactKind().Number] = true
	}
	n.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if kinds[f.Body.Kind] || f.Header.Subject == n.Journal.OrgSubject() {
				n.leavers.forget()
				return
			}
		}
	})
}

// gone tells who has left and which devices are cut off. Somebody has left when
// every role they ever had was ended, or ran out some days ago. What of it can't
// be read makes it unknown, and never keeps anybody out of a home.
func (n *Node) gone(ctx context.Context) entry.Gone {
	now, l := n.clock(), &n.leavers
	l.mu.Lock()
	have, at, turn := l.gone, l.at, l.turn
	l.mu.Unlock()
	if age := now.Sub(at); !at.IsZero() && age >= 0 && age < leaversFresh {
		return have
	}
	out := n.reckonGone(ctx, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == turn && !out.Unknown {
		l.gone, l.at = out, now
	}
	return out
}

func (n *Node) reckonGone(ctx context.Context, now time.Time) entry.Gone {
	out := entry.Gone{People: map[fact.Subject]entry.Left{}, Devices: map[fact.Subject]entry.Left{}}
	err := n.Gate.EachOfStaff(ctx, n.Device, func(s access.Staff, h fact.History) {
		if since, left := leftSince(s, h, now, n.config.Library.Entry.GoneAfter); left {
			out.People[s.Person] = entry.Left{Says: s.Name(), Since: since}
		}
	})
	if err != nil {
		n.log.Warn("who has left can't be told whole", "err", err)
		out.Unknown = true
	}
	house := n.Journal.House()
	for _, c := range house.Cuts {
		switch {
		case c.Over, c.Lapse != nil:
		case !c.Says.Device.Zero():
			out.Devices[c.Says.Device] = entry.Left{Says: cmp.Or(house.Devices[c.Says.Device].Card.Name, "A device"), Since: c.Says.Since}
		case !c.Says.Person.Zero():
			out.People[c.Says.Person] = entry.Left{Says: n.name(c.Says.Person), Since: c.Says.Since}
		}
	}
	return out
}

// leftSince tells since when somebody has no role any more.
func leftSince(s access.Staff, h fact.History, now time.Time, after time.Duration) (since fact.Millis, left bool) {
	if len(s.Grants) == 0 {
		return 0, false
	}
	ended := map[fact.ID]fact.Millis{}
	var last fact.Millis
	for _, f := range h.Facts() {
		if c, err := fact.Read[access.RoleEnded](f); err == nil {
			ended[c.Grant] = f.Header.Recorded
			last = max(last, f.Header.Recorded)
		}
	}
	for _, g := range s.Grants {
		switch {
		case g.Ended:
			since = max(since, cmp.Or(ended[g.Fact], last))
		case g.Until != 0 && now.Sub(g.Until.Time()) > after:
			since = max(since, g.Until)
		default:
			return 0, false
		}
	}
	return since, true
}

// atSite asks the organisation's site nodes, and nobody else.
type atSite struct{ *Node }

// Ask asks the site nodes that this device dials.
func (n atSite) Ask(ctx context.Context, question []byte) ([]byte, error) {
	return n.carrier.Ask(ctx, question, func(key []byte) bool {
		e, ok := n.enrolled(key)
		return ok && e.Card.Kind == fact.SiteNode
	})
}

// answer answers a question of another device of the organisation that is not
// cut off: on homes, for a session that was opened there.
func (n *Node) answer(ctx context.Context, key, question []byte) ([]byte, error) {
	e, ok := n.enrolled(key)
	if !ok {
		return nil, refusal.New(refusal.Forbidden, "This device is not enrolled here, or it is cut off.")
	}
	caller := func(ctx context.Context, session fact.Subject) (access.Caller, error) {
		return n.Gate.Relayed(ctx, e.Card.Device, session)
	}
	return n.Homes.Answer(ctx, e.Card.Device, caller, question)
}

// mayAsk tells whether a key is of a device of the organisation that is not cut off.
func (n *Node) mayAsk(key []byte) bool {
	_, ok := n.enrolled(key)
	return ok
}

// enrolled finds the device that holds a key, unless it is cut off.
func (n *Node) enrolled(key []byte) (journal.Enrolled, bool) {
	house := n.Journal.House()
	for id, e := range house.Devices {
		if string(e.Card.Key) == string(key) {
			return e, !house.CutOff(id)
		}
	}
	return journal.Enrolled{}, false
}
