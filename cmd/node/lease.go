package node

import (
	"context"
	"crypto/rand"
	"os"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent"
	"holdfast/web"
)

// putLeases opens the authority of a desk. A site node is authority: it has
// none that could run out.
func (n *Node) putLeases() error {
	if n.site() {
		return nil
	}
	moment := n.config.Moment
	if moment == nil {
		moment = moments(n.config.Place)
	}
	a := n.config.Library.Authority
	var err error
	n.Gate.Leases, err = n.Gate.OpenLeases(accessdb.LeaseConfig{
		Rules: access.LeaseRules{Lasts: a.Lasts, Warn: a.Warn, Codes: a.Codes}, Now: moment, Dir: n.config.Dir, Demo: n.demo, Log: n.log, Open: n.openHere,
	})
	return err
}

// moments reads this machine's clocks: what it says, and what nobody can set. In
// a folder with a clock of its own, a rehearsal's or a test's, there is that alone;
// each start of the program is then a start of the machine.
func moments(p Place) func() access.Moment {
	clock := clockOf(p)
	began, boot := clock(), rand.Text()
	own := func() access.Moment {
		now := clock()
		return access.Moment{Wall: now, Steady: now.Sub(began), Boot: boot}
	}
	if p.Clock != nil {
		return own
	}
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if _, ok := uptime(); err != nil || !ok {
		return own // Go's own clock can't be set either, but stands still while the machine sleeps
	}
	return func() access.Moment {
		up, ok := uptime()
		if !ok {
			return own()
		}
		return access.Moment{Wall: clock(), Steady: up, Boot: strings.TrimSpace(string(id))}
	}
}

// uptime is the time since the machine was started, sleep included (proc(5)).
func uptime() (time.Duration, bool) {
	raw, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(raw), " ")
	seconds, err := strconv.ParseFloat(first, 64)
	return time.Duration(seconds * float64(time.Second)), err == nil
}

// openHere tells whether something is open work at this desk, is about somebody
// whom open work is about, is in the caller's hands, or is new.
func (n *Node) openHere(ctx context.Context, by access.Caller, about fact.Subject) (bool, error) {
	h, err := n.Journal.History(ctx, about)
	if err != nil || len(h.Facts())+len(h.Held()) == 0 {
		return true, err
	}
	if c := urgent.Fold(about, h); c.Begun() && stillToDo(c) > 0 {
		return true, nil
	}
	if t := task.Fold(about, h); t.RaisedAt != 0 && t.Open() {
		return true, nil
	}
	if about, err := taskdb.About(ctx, n.Journal.Views(), n.Device, about); err != nil || len(about) > 0 {
		return true, err
	}
	var open bool
	err = n.Journal.Views().QueryRowContext(ctx, `SELECT EXISTS (
			SELECT 1 FROM urgent_about a JOIN urgent_case c ON c.id = a.id WHERE a.record = ?1 AND c.onlist = 1
		UNION ALL
			SELECT 1 FROM urgent_about a JOIN urgent_about b ON b.record = a.record JOIN urgent_case c ON c.id = b.id WHERE a.id = ?1 AND c.onlist = 1
		UNION ALL
			SELECT 1 FROM urgent_about a JOIN task_open t ON t.about = a.id WHERE a.record = ?1)`, about[:]).Scan(&open)
	if err != nil || open {
		return true, err
	}
	care := n.Cases.CareOf(ctx, by, about)
	return care.Mine || care.Unknown, nil
}

// leaseStrip says before and after how long this desk's authority lasts, what
// goes on without it, and how it is renewed.
func (n *Node) leaseStrip() (web.Strip, bool) {
	if n.Gate.Leases == nil {
		return web.Strip{}, false
	}
	s := n.Gate.Leases.Standing()
	at := codes.ClockDay(s.Ends, n.clock())
	renew := []web.Act{{Text: "Renew authority", Href: "/authority"}}
	switch {
	case s.Out:
		return web.Strip{ID: "authority", Tone: web.StripStop, What: "This desk’s authority ran out at " + at + ".",
			Do:   "Go on: open work, calls and recording go on, marked as not verified. Searches and other records are closed until a site node is heard, or people here renew it.",
			More: renew}, true
	case s.Warn:
		return web.Strip{ID: "authority", Tone: web.StripAsk, What: "This desk’s authority runs out at " + at + ".",
			Do: "No site node was heard for a while. Open work and new calls go on after that; searches and other records do not. Renew it now: two people with their passkeys, or a code of the sealed paper.", More: renew}, true
	}
	return web.Strip{}, false
}

// authorityShown is what the page about authority needs to know of the rest.
func (n *Node) authorityShown() *accessweb.Authority {
	a := n.config.Library.Authority
	out := &accessweb.Authority{Codes: a.Codes, Lasts: a.Lasts, Name: n.name, Device: n.deviceName}
	out.Desks = func() map[fact.Subject]string {
		desks := map[fact.Subject]string{}
		for id, e := range n.Journal.House().Devices {
			if e.Card.Kind == fact.Desk {
				desks[id] = e.Card.Name
			}
		}
		return desks
	}
	return out
}

func (n *Node) deviceName(id fact.Subject) string {
	if e, ok := n.Journal.House().Devices[id]; ok {
		return e.Card.Name
	}
	return "a device not known here"
}
