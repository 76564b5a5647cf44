package node

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/web"
)

// devicesShown lets the caller in and says how the organisation's devices
// stand.
func (n *Node) devicesShown(ctx context.Context, by web.Caller) (accessweb.Devices, error) {
	if err := n.Gate.Enter(ctx, by, access.SeeDevices, fact.Subject{}); err != nil {
		return accessweb.Devices{}, err
	}
	s, err := n.Status(ctx)
	if err != nil {
		return accessweb.Devices{}, err
	}
	out := accessweb.Devices{Kept: n.state().Kept, Noticed: s.Found, Damaged: s.Lost, Waiting: s.Waiting, Evidence: len(s.Forks) > 0, MayHold: by.May(access.CutTrust) == nil}
	heard, err := n.Journal.LastHeard()
	if err != nil { // the rest of the page matters more
		n.log.Error("when devices were last heard of can't be read", "err", err)
	}
	readable := n.site() && (by.May(access.SeeReadable) == nil || by.May(access.NameReadable) == nil)
	for _, d := range s.Devices {
		line := accessweb.DeviceLine{
			Name: d.Name, Kind: map[fact.DeviceKind]string{fact.SiteNode: "Site node", fact.Desk: "Desk"}[d.Kind], Place: d.Domain,
			Link: linkWords(d, s), CutOff: d.CutOff,
		}
		line.Program, line.Differs = programWords(d, n.config.Version)
		if id, err := fact.ParseSubject(d.Device); err == nil && !heard[id].IsZero() && d.Device != s.Device {
			line.Heard = codes.ClockDay(heard[id], n.clock())
		}
		if readable && d.Kind == fact.Desk {
			line.Readable = "/devices/" + d.Device + "/readable"
		}
		out.Lines = append(out.Lines, line)
	}
	slices.SortStableFunc(out.Lines, func(a, b accessweb.DeviceLine) int {
		return slices.Compare([]byte(b.Kind+"\x00"+a.Name), []byte(a.Kind+"\x00"+b.Name))
	})
	if out.Root, err = n.rootShown(ctx); err != nil {
		return out, err
	}
	forks, err := n.Journal.Forks(ctx)
	for _, f := range forks {
		out.Forks = append(out.Forks, n.forkLine(f))
	}
	return out, err
}

func linkWords(d StatusDevice, s Status) string {
	if d.Device == s.Device {
		return "This device"
	}
	for _, p := range s.Sisters {
		switch {
		case p.Device != d.Device:
		case p.Behind+p.Ahead == 0:
			return "Linked, both hold the same"
		default:
			return fmt.Sprintf("Linked; %d entries to come from it, %d to go to it", p.Behind, p.Ahead)
		}
	}
	if d.Kind == fact.Desk && s.Kind == fact.Desk {
		return "By way of a site node"
	}
	return "Not linked. Work goes on at both; they find each other again by themselves"
}

// programWords says which version of the program a device runs, and whether it is
// another than this one's.
func programWords(d StatusDevice, own string) (words string, differs bool) {
	switch {
	case !d.Linked:
		return "Not known: not linked since this device was started", false
	case d.Program == "":
		return "It does not say: older than this one", true
	}
	return d.Program, d.Program != own
}

func (n *Node) forkLine(f journal.Fork) accessweb.ForkLine {
	line := accessweb.ForkLine{Feed: f.Feed.Short(), From: f.Seq, Ours: idOf(f.Ours), Also: idOf(f.Also), Device: "a device not known here"}
	if id, ok := n.Journal.DeviceOf(f.Feed); ok {
		line.Device = n.Journal.House().Devices[id].Card.Name
	}
	return line
}

func idOf(p journal.Proved) string {
	if len(p.Facts) == 0 {
		return ""
	}
	h, err := fact.ParseHeader(p.Facts[0].Header)
	if err != nil {
		return ""
	}
	return h.ID().Short()
}

// evidence lets the caller in and gives the proof of every fork: two headers of
// one feed and sequence, each with its signed head and the hashes between them,
// and the feed's certificate with its device card (docs/format.md).
func (n *Node) evidence(ctx context.Context, by web.Caller) ([]byte, error) {
	if err := n.Gate.Enter(ctx, by, access.SeeDevices, fact.Subject{}); err != nil {
		return nil, err
	}
	forks, err := n.Journal.Forks(ctx)
	if err != nil {
		return nil, err
	}
	type side struct {
		Header []byte      `json:"header"`
		Head   []byte      `json:"head"`
		Hashes []fact.Hash `json:"hashes"`
	}
	type proof struct {
		Feed        string      `json:"feed"`
		Seq         uint64      `json:"seq"`
		Lane        string      `json:"lane"`
		Certificate fact.Signed `json:"certificate"`
		Card        fact.Signed `json:"card"`
		Sides       []side      `json:"sides"`
	}
	out := struct {
		Genesis fact.Signed   `json:"genesis"`
		Roots   []fact.Signed `json:"roots,omitempty"`
		Forks   []proof       `json:"forks"`
	}{Forks: []proof{}}
	out.Genesis, _, _ = n.Journal.Device().Enrolment()
	out.Roots = n.Journal.Roots()
	for _, f := range forks {
		p := proof{Feed: f.Feed.String(), Seq: f.Seq}
		var lane fact.Lane
		p.Card, p.Certificate, lane, err = n.Journal.CertificateOf(f.Feed)
		if err != nil {
			return nil, err
		}
		p.Lane = lane.String()
		for _, one := range []journal.Proved{f.Ours, f.Also} {
			if len(one.Facts) == 1 {
				p.Sides = append(p.Sides, side{one.Facts[0].Header, one.Heads[one.Facts[0].Head], one.Facts[0].Hashes})
			}
		}
		out.Forks = append(out.Forks, p)
	}
	return json.MarshalIndent(out, "", "  ")
}
