package node

import (
	"context"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/directory/directorydb"
	"holdfast/web"
)

// behindShown is how old lists may be before the frame says so.
const behindShown = 2 * time.Second

// state says how safe the work is and each step away from well.
func (n *Node) state() web.State {
	h := n.Journal.Health()
	s := n.safety()
	if !h.Saving {
		s = web.CannotSave(h.Since, codes.London(), "Go on at another machine, or on paper.")
	} else if h.Sentence != "" {
		s = s.With(web.Strip{ID: "trouble", Tone: web.StripPart, What: h.Sentence, Do: "Carry on. What is shown as saved is saved."})
	}
	if _, at, behind := n.Journal.ViewsAt(); behind > 0 && n.clock().Sub(at) > behindShown {
		s = s.With(web.Stale(at, codes.London()))
	}
	if h.ViewError != "" {
		s = s.With(web.Strip{ID: "views", Tone: web.StripAsk, What: h.ViewError, Do: "What was saved is kept."})
	}
	if since, cut := n.cutSince(); cut {
		s = s.With(web.Strip{ID: "cut", Tone: web.StripAsk, What: "What is entered on this machine since " + codes.ClockDay(since, n.clock()) + " is held back until an administrator has looked at it.",
			Do: "Go on working: everything is saved and shown, marked as not verified."})
	}
	if strip, shown := n.leaseStrip(); shown {
		s = s.With(strip)
	}
	if n.demo {
		s = s.With(web.DemoStrip())
	}
	return s
}

// silentFor is how long an entry may wait for its copy in another place before
// the frame says so (continuity, R4).
const silentFor = 10 * time.Second

// safety says how the copies in other places stand.
func (n *Node) safety() web.State {
	safety, err := n.Journal.Safety(context.Background())
	if err != nil {
		n.log.Error("it can't be told what is safe", "err", err)
		return web.State{Kept: web.Kept{Level: web.KeptPart, Words: "Saved here; copies not known"}}
	}
	switch waits := n.clock().Sub(safety.Oldest); {
	case safety.Others == 0:
		return web.SavedHere()
	case safety.Unsafe == 0:
		return web.AllWell()
	case waits < silentFor:
		return web.Saved() // nothing is called safe before it is
	default:
		return web.Unsafe(safety.Unsafe, waits)
	}
}

// keyedPlaces is how many places have a key: more would not fit beside the
// truth about saving.
const keyedPlaces = 4

// places are the few main pages of a role.
func places(by access.Caller) []web.Place {
	call, mine := web.Place{Name: "Call", Href: "/call"}, web.Place{Name: "My calls", Href: "/mycalls"}
	list, tasks := web.Place{Name: "Worklist", Href: "/worklist"}, web.Place{Name: "Tasks", Href: "/tasks"}
	services, board := web.Place{Name: "Find a service", Href: "/services"}, web.Place{Name: "Board", Href: "/board"}
	var out []web.Place
	switch by.Role {
	case access.CallHandler:
		out = []web.Place{call, mine, services, list}
	case access.Clinician, access.Dispatcher:
		out = []web.Place{list, tasks, services, board}
	case access.Manager:
		out = []web.Place{board, list, tasks, services, {Name: "Devices", Href: "/devices"}, {Name: "Surge", Href: "/surge"}}
	case access.Administrator:
		out = []web.Place{
			{Name: "Staff", Href: "/staff"}, {Name: "Devices", Href: "/devices"}, {Name: "Held back", Href: "/held"}, {Name: "Erasure", Href: "/erasure"},
			{Name: "To settle", Href: "/apart"},
		}
	case access.Receptionist:
		out = []web.Place{list, tasks, services}
	case access.ClinicalGovernance:
		out = []web.Place{list, {Name: "To settle", Href: "/apart"}, {Name: "Rehearsals", Href: "/drills"}}
	case access.InformationGovernance:
		out = []web.Place{{Name: "Looks", Href: "/looks"}, {Name: "Erasure", Href: "/erasure"}, {Name: "Who may do what", Href: "/permissions"}, {Name: "Devices", Href: "/devices"}, {Name: "Figures", Href: "/figures"}}
	case access.HostOperator:
		out = []web.Place{{Name: "Devices", Href: "/devices"}, {Name: "Rehearsals", Href: "/drills"}}
	case access.Commissioner:
		out = []web.Place{{Name: "Figures", Href: "/figures"}}
	case access.Carer:
		out = []web.Place{services}
	}
	for i := range out[:min(len(out), keyedPlaces)] {
		out[i].Key = "Alt+" + strconv.Itoa(i+1)
	}
	if by.May(access.EnterPaper) == nil {
		out = append(out, web.Place{Name: "Paper", Href: "/paper"})
	}
	return append(append(append(out, formsPlace(by)...), homesPlace(by)...), web.Place{Name: "You", Href: "/session"})
}

// here is what the sign-in page says about this machine.
func (n *Node) here() []web.Pair {
	saving := "Works. What is saved here stays on this machine’s disk"
	if !n.Journal.Health().Saving {
		saving = "Does not work. Use another machine"
	}
	held := "not known"
	if open, err := n.openCases(context.Background()); err == nil {
		held = strconv.Itoa(open)
	}
	return []web.Pair{
		{Name: "Saving", Value: saving}, {Name: "Open cases", Value: held, Num: true},
		{Name: "Works alone", Value: "Yes: no other machine is needed to sign in or to work"},
	}
}

func (n *Node) openCases(ctx context.Context) (count int, err error) {
	err = n.Journal.Views().QueryRowContext(ctx, `SELECT count(*) FROM urgent_case WHERE onlist = 1`).Scan(&count)
	return count, err
}

// tonight lists the notices in force of the services that staff send to.
func (n *Node) tonight() []accessweb.Notice {
	entries, err := directorydb.Entries(context.Background(), n.Journal.Views(), n.Device)
	if err != nil {
		n.log.Error("the notices can't be read", "err", err)
		return nil
	}
	now := n.clock()
	var out []accessweb.Notice
	for _, e := range entries {
		service, _ := e.Current()
		for _, notice := range e.Notices {
			if now.Before(notice.Says.From.Time()) || !now.Before(notice.Says.Until.Time()) {
				continue
			}
			what := service.Name + ":"
			if notice.Says.Closed {
				what = service.Name + " is closed until " + codes.ClockDay(notice.Says.Until.Time(), now) + "."
			}
			out = append(out, accessweb.Notice{What: what, More: notice.Says.Text})
		}
	}
	return out
}
