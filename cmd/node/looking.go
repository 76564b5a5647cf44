package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent"
)

// Looking is what is laid down about looking at records, read from content.
type Looking struct {
	Rules      access.Looking
	Unusual    access.UnusualRules
	AlarmsBack time.Duration // how far back looks that arrive late are told
	Judged     int           // how many of the newest looks are judged
}

func lookingOf(set *content.Set) (Looking, error) {
	c, err := content.LoadLooking(set)
	if err != nil {
		return Looking{}, err
	}
	l := access.Looking{
		Roles: map[access.Role]access.RoleLooking{}, Proof: map[access.Act]time.Duration{},
		GlassLasts: time.Duration(c.Numbers["glass-lasts"]) * time.Minute, GlassHour: c.Numbers["glass-hour"],
		InCall: c.Numbers["in-call-extra"], CapOver: time.Duration(c.Numbers["cap-over"]) * time.Minute, LiftMost: time.Duration(c.Numbers["lift-most"]) * time.Hour,
	}
	for _, r := range c.Roles {
		one := access.RoleLooking{Records: r.Records, Lock: r.Lock, Glass: r.Glass}
		if r.Role == content.AnyOther {
			l.Others = one
			continue
		}
		l.Roles[access.Role(r.Role)] = one
	}
	for act, age := range c.Proof {
		l.Proof[access.Act(act)] = age
	}
	out := Looking{Rules: l, AlarmsBack: time.Duration(c.Numbers["alarms-back"]) * 24 * time.Hour, Judged: c.Numbers["looks-judged"], Unusual: access.UnusualRules{
		Hour: c.Numbers["unusual-hour"], Shift: time.Duration(c.Numbers["unusual-shift"]) * time.Hour,
		Days: c.Numbers["unusual-days"], Linked: time.Duration(c.Numbers["linked-days"]) * 24 * time.Hour,
	}}
	for _, u := range c.Unusual {
		out.Unusual.Rules = append(out.Unusual.Rules, access.UnusualRule{Rule: u.Rule, Name: u.Name, Weight: u.Weight})
	}
	return out, l.Check()
}

// putLooking tells the gate what is laid down, and what cases there are.
func (n *Node) putLooking() {
	n.Gate.Log = n.log
	n.Gate.Looking = n.config.Library.Look.Rules
	n.Gate.Records = n.Cases.RecordsOf
	n.Gate.Care = n.Cases.CareOf
}

// looking is what the pages about looking need to know of the rest.
func (n *Node) looking() *accessweb.Looking {
	return &accessweb.Looking{
		Whole: n.WholeAbout, Record: n.recordNumbered, Level: n.level, Unusual: n.unusual, InHand: n.dueInHand, Told: n.told, Review: n.review, Name: n.name, Drafts: n.Journal,
	}
}

// told lets the caller in and lists what governance was told of, the alarms
// first.
func (n *Node) told(ctx context.Context, by access.Caller) (out []accessweb.Told, err error) {
	if err := n.Gate.Enter(ctx, by, access.SeeTasks, fact.Subject{}); err != nil {
		return nil, err
	}
	all, err := taskdb.Open(ctx, n.Journal.Views(), by, task.InformationGovernance)
	for _, t := range all {
		if maySeeTask(by, t) {
			out = append(out, accessweb.Told{ID: t.Subject, What: t.What().Reason, At: t.RaisedAt.Time(), Alarm: t.What().What == task.Canary})
		}
	}
	slices.SortStableFunc(out, func(a, b accessweb.Told) int {
		if a.Alarm != b.Alarm {
			return map[bool]int{true: -1, false: 1}[a.Alarm]
		}
		return b.At.Compare(a.At)
	})
	return out, err
}

// review ends what governance was told of, with what came of it.
func (n *Node) review(ctx context.Context, by access.Caller, id fact.Subject, note string) error {
	return tasks{n}.Done(ctx, by, id, string(task.Reached), note)
}

// WholeAbout lists what stands about one person, and how much of it still needs
// somebody: asked for a record, or for a case and the record that it is about,
// or of the case alone when it is linked to none.
func (n *Node) WholeAbout(ctx context.Context, about fact.Subject) (subjects []fact.Subject, open int, err error) {
	records, err := n.Cases.RecordsOf(ctx, about)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range records {
		more, alsoOpen, err := n.wholePerson(ctx, r)
		if err != nil {
			return nil, 0, err
		}
		subjects, open = append(subjects, more...), open+alsoOpen
	}
	if len(records) > 0 {
		return subjects, open, nil
	}
	c, err := journal.Fold(ctx, n.Journal, about, urgent.Fold)
	if err == nil && c.Begun() {
		return []fact.Subject{about}, stillToDo(c), nil
	}
	if err != nil {
		return nil, 0, err
	}
	return n.wholePerson(ctx, about)
}

// recordNumbered gives the record that a case number leads to, or the case
// itself when it is linked to none.
func (n *Node) recordNumbered(ctx context.Context, number string) (fact.Subject, error) {
	s, err := n.Cases.RecordOf(ctx, number)
	if !refusal.Is(err, refusal.Missing) || number == "" {
		return s, err
	}
	var b []byte
	switch bad := n.Journal.Views().QueryRowContext(ctx, `SELECT id FROM urgent_case WHERE number = ?`, number).Scan(&b); {
	case errors.Is(bad, sql.ErrNoRows):
		return s, err // there is none
	case bad != nil:
		return s, bad // it can't be told
	case len(b) != len(s):
		return s, fmt.Errorf("a case in the list has a name of %d bytes", len(b))
	}
	return fact.Subject(b), nil
}

// LooksWanted asks who looked at a record.
type LooksWanted struct {
	Record string `json:"record"` // a case number of theirs, or the record's own
}

// LooksGiven is who looked, signed by this device.
type LooksGiven struct {
	Record   string   `json:"record"`
	Looks    int      `json:"looks"`
	Complete bool     `json:"complete"`
	Missing  []string `json:"missing"` // what may not have arrived yet
	Seconds  float64  `json:"seconds"`
	Report   string   `json:"report"` // as holdfast-verify looked checks it
}

// LooksReport answers who looked at a record, for the account that runs this
// device.
func (n *Node) LooksReport(ctx context.Context, want LooksWanted) (LooksGiven, error) {
	began := time.Now()
	s, err := fact.ParseSubject(want.Record)
	if err != nil {
		if s, err = n.recordNumbered(ctx, want.Record); err != nil {
			return LooksGiven{}, err
		}
	}
	w, err := n.Gate.WhoLookedAt(ctx, n.Device, s, n.WholeAbout, n.level, codes.London())
	if err != nil {
		return LooksGiven{}, err
	}
	text, err := n.Gate.Signed(w)
	if w.Missing == nil {
		w.Missing = []string{}
	}
	return LooksGiven{
		Record: s.String(), Looks: len(w.Looks), Complete: len(w.Missing) == 0, Missing: w.Missing, Seconds: time.Since(began).Seconds(), Report: string(text),
	}, err
}

// idle is how long a caller's screen stays open without a touch, and whether
// something half-typed on this page waits from when it locked.
func (n *Node) idle(r *http.Request, by access.Caller) (time.Duration, bool) {
	return n.Gate.Looking.Of(by.Role).Lock, n.door.Typed(r.Context(), by, r.URL.Path)
}

// level tells whether everything that another device wrote is here now.
func (n *Node) level(device fact.Subject) bool {
	for _, s := range n.sisters() {
		if s.Device == device.String() {
			return s.Connected && s.Behind == 0
		}
	}
	return false
}
