package node

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/access/accessweb"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
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

// judged is what was found unusual, so that looking at the page twice does not
// judge every look twice.
type judged struct {
	mu   sync.Mutex
	upTo accessdb.LookPlace
	at   time.Time // zero: nothing is judged yet
	is   accessweb.Judged
}

// judgedFresh is how long what was found serves while no look is made: what is
// known of records and who wrote in them moves slowly.
const judgedFresh = time.Minute

// unusual lets the caller in and finds what is unusual lately among the newest
// looks, and how many older ones were not judged.
func (n *Node) unusual(ctx context.Context, by access.Caller) (accessweb.Judged, error) {
	if err := n.Gate.Enter(ctx, by, access.SeeLooks, fact.Subject{}); err != nil {
		return accessweb.Judged{}, err
	}
	j := &n.judged
	j.mu.Lock()
	defer j.mu.Unlock()
	upTo, err := n.Gate.LooksNow(ctx)
	if err != nil {
		return accessweb.Judged{}, err
	}
	now := n.clock()
	if age := now.Sub(j.at); !j.at.IsZero() && j.upTo == upTo && age >= 0 && age < judgedFresh {
		return j.is, nil
	}
	is, err := n.judge(ctx, now)
	if err != nil {
		return accessweb.Judged{}, err
	}
	j.upTo, j.at, j.is = upTo, now, is
	return is, nil
}

func (n *Node) judge(ctx context.Context, now time.Time) (is accessweb.Judged, err error) {
	rules := n.config.Library.Look.Unusual
	is.Days = rules.Days
	looks, beyond, err := n.Gate.LooksSince(ctx, now.AddDate(0, 0, -rules.Days), n.config.Library.Look.Judged)
	if err != nil {
		return is, err
	}
	is.Looks, is.Beyond = len(looks), beyond
	watched := n.Gate.Watched(ctx)
	read := reading{records: n.Cases.RecordsOf, known: n.knownOf, have: map[fact.Subject]recordKnown{}, unread: map[fact.Subject]bool{}}
	homes := map[fact.Subject]string{}
	for s, made := range watched {
		for _, m := range made {
			if m.Mark == access.MarkStaff && !m.Staff.Zero() {
				if k, ok := read.of(ctx, s); ok {
					homes[m.Staff] = k.address
				}
			}
		}
	}
	is.Unusual = rules.Judge(read.looks(ctx, looks, rules.Linked), watched, homes)
	is.Unread = len(read.unread)
	return is, ctx.Err()
}

// reading reads records once each for judging looks at them. One that can't be
// read is counted, and keeps nobody from seeing what is unusual elsewhere.
type reading struct {
	records func(context.Context, fact.Subject) ([]fact.Subject, error)
	known   func(context.Context, fact.Subject) (recordKnown, error)
	have    map[fact.Subject]recordKnown
	unread  map[fact.Subject]bool
}

func (r reading) of(ctx context.Context, record fact.Subject) (recordKnown, bool) {
	k, ok := r.have[record]
	if ok || r.unread[record] {
		return k, ok
	}
	k, err := r.known(ctx, record)
	if err != nil {
		r.unread[record] = true
		return k, false
	}
	r.have[record] = k
	return k, true
}

func (r reading) looks(ctx context.Context, looks []accessdb.Seen, linked time.Duration) (out []access.LookKnown) {
	for _, l := range looks {
		if l.Reason {
			continue
		}
		records, err := r.records(ctx, l.About)
		if err != nil {
			r.unread[l.About] = true
			continue
		}
		record := l.About
		if len(records) > 0 {
			record = records[0]
		}
		if k, ok := r.of(ctx, record); ok {
			out = append(out, access.LookKnown{
				Fact: l.Fact, Person: l.Person, Name: l.Name, Record: record, Family: k.family, Address: k.address, At: l.At, Opened: l.Opened,
				Linked: k.wroteNear(l.Person, l.At, linked),
			})
		}
	}
	return out
}

// recordKnown is what is known of a record for judging looks at it.
type recordKnown struct {
	family, address string
	wrote           map[fact.Subject][]time.Time // who wrote in it or its cases
}

func (k recordKnown) wroteNear(person fact.Subject, at time.Time, near time.Duration) bool {
	return slices.ContainsFunc(k.wrote[person], func(t time.Time) bool { return t.Sub(at).Abs() <= near })
}

func (n *Node) knownOf(ctx context.Context, s fact.Subject) (recordKnown, error) {
	k := recordKnown{wrote: map[fact.Subject][]time.Time{}}
	cases, err := n.Cases.AllOf(ctx, s)
	if err != nil {
		return k, err
	}
	for _, one := range append([]fact.Subject{s}, cases...) {
		h, err := n.Journal.History(ctx, one)
		if err != nil {
			return k, err
		}
		for _, f := range h.Facts() {
			k.wrote[f.Body.Person] = append(k.wrote[f.Body.Person], f.Body.Happened.From.Time())
		}
	}
	p, err := journal.Fold(ctx, n.Journal, s, record.Fold)
	if err != nil {
		return k, err
	}
	if p.Registered {
		id := p.Identity()
		k.family, k.address = id.Name.Family, id.Address.String()
		return k, nil
	}
	c, err := journal.Fold(ctx, n.Journal, s, urgent.Fold)
	if err == nil && len(c.Patient.Values) > 0 {
		k.family = c.Patient.Values[0].Value.Identity.Name.Family
	}
	return k, err
}

// idle is how long a caller's screen stays open without a touch, and whether
// something half-typed on this page waits from when it locked.
func (n *Node) idle(r *http.Request, by access.Caller) (time.Duration, bool) {
	return n.Gate.Looking.Of(by.Role).Lock, n.door.Typed(r.Context(), by, r.URL.Path)
}

// ofLooking tells whether a task is about how somebody looked.
func ofLooking(w task.What) bool { return w == task.LookedAt || w == task.Canary }

// maySeeTask keeps what is told to information governance, and to shift
// managers, from everybody else: nobody may learn from a list of tasks which
// record is watched.
func maySeeTask(by access.Caller, t task.Task) bool {
	w := t.What()
	switch {
	case !ofLooking(w.What) && by.Role != access.InformationGovernance, by.Role == access.Device:
		return true
	case w.List == task.InformationGovernance:
		return by.Role == access.InformationGovernance
	}
	return by.Role == access.Manager
}

// alarmsEvery is how often looks that people are told of are looked for at
// least: what came without its key is read when the key comes.
const alarmsEvery = 5 * time.Second

// alarms tells people of looks that are to be told, until the end: those of
// other devices too, whenever they arrive. What was told is a task with a name
// of its own, so that it is told once whoever tells it.
func (n *Node) alarms(ctx context.Context) error {
	moved := make(chan struct{}, 1)
	stop := n.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			switch f.Body.Kind {
			case access.Looked{}.FactKind().Number, access.ReasonGiven{}.FactKind().Number, access.RecordMarked{}.FactKind().Number:
				select {
				case moved <- struct{}{}:
				default:
				}
				return
			}
		}
	})
	defer stop()
	var t telling
	for {
		if err := n.tellLooks(ctx, &t); err != nil && ctx.Err() == nil {
			n.log.Error("a look that people are to be told of could not be told; it is tried again", "err", err)
		}
		timer := time.NewTimer(alarmsEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// telling is how far looks were read that people are told of, and what of them
// could not be raised yet. It holds nothing of what was told.
type telling struct {
	upTo    accessdb.LookPlace
	watched map[fact.Subject]bool // whose earlier looks were read
	owed    map[fact.Subject]task.Raised
}

// tellLooks reads the looks that came since it last did, those that were made
// before of records that are watched only now, and raises what is to be told.
// What can't be read or raised of one record keeps nobody from being told of
// the others, and is tried again.
func (n *Node) tellLooks(ctx context.Context, t *telling) error {
	now, err := n.Gate.LooksNow(ctx)
	if err != nil {
		return err
	}
	anew := t.watched == nil || t.upTo.Made != now.Made // a start, or the lists were made anew
	if anew {
		*t = telling{watched: map[fact.Subject]bool{}, owed: map[fact.Subject]task.Raised{}}
	}
	watched := n.Gate.Watched(ctx)
	record, fresh, failed := n.underWatch(ctx, watched, t.watched)
	since := n.clock().Add(-n.config.Library.Look.AlarmsBack)
	looks, err := n.Gate.AlarmingBefore(ctx, now, since, fresh, anew)
	if err != nil {
		return errors.Join(append(failed, err)...) // all of it again
	}
	if !anew {
		more, err := n.Gate.Alarming(ctx, t.upTo, now, func(s fact.Subject) bool { return !record[s].Zero() })
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		looks = append(looks, more...)
	}
	for _, l := range looks {
		for _, raise := range lookTasks(l, record[l.About], watched) {
			t.owed[task.SubjectOf(raise.Timer)] = raise
		}
	}
	t.upTo, t.watched = now, map[fact.Subject]bool{}
	for s := range record {
		t.watched[s] = true
	}
	for id, raise := range t.owed {
		if err := n.raise(ctx, id, raise); err != nil {
			failed = append(failed, err)
			continue
		}
		delete(t.owed, id)
	}
	return errors.Join(failed...)
}

// underWatch gives the watched records and the cases about them, each with its
// record, and which of them were not watched before.
func (n *Node) underWatch(ctx context.Context, watched access.Watched, before map[fact.Subject]bool) (record map[fact.Subject]fact.Subject, fresh []fact.Subject, failed []error) {
	record = map[fact.Subject]fact.Subject{}
	for s := range watched {
		cases, err := n.Cases.AllOf(ctx, s)
		failed = append(failed, err)
		for _, one := range append([]fact.Subject{s}, cases...) {
			record[one] = s
			if !before[one] {
				fresh = append(fresh, one)
			}
		}
	}
	return record, fresh, failed
}

// lookTasks says who is told of a look, and what. It never says which record.
func lookTasks(l accessdb.Seen, record fact.Subject, watched access.Watched) []task.Raised {
	who := fmt.Sprintf("%s, %s, on %s at %s", l.Name, l.Role.Title(), orSomewhere(l.Desk), codes.ClockDay(l.At, l.At))
	raised := func(what task.What, list task.List, timer fact.Hash, reason string) task.Raised {
		return task.Raised{Timer: timer, What: what, List: list, Reason: reason, About: l.Session, Due: fact.At(l.At), Urgent: list == task.InformationGovernance}
	}
	once := func(what string) fact.Hash {
		return task.TimerID(l.Session, what+hex.EncodeToString(record[:]), fact.ID{})
	}
	switch {
	case l.Act == access.SeeLooks:
		return nil // governance itself asks who looked; it stands in who looked
	case l.Glass:
		say := who + ", opened a record that the permission table keeps from them, and gave a reason."
		return []task.Raised{
			raised(task.LookedAt, task.InformationGovernance, task.TimerID(l.Session, "glass for governance", l.Fact), say+" Review it under Looks."),
			raised(task.LookedAt, task.Managers, task.TimerID(l.Session, "glass for the shift", l.Fact), say+" Ask them whether they need help."),
		}
	case watched.Canary(record):
		return []task.Raised{raised(task.Canary, task.InformationGovernance, once("canary "),
			"ALARM: a canary record was opened or found. "+who+". Ring them, look under Looks at what else they opened, and end the session if it is not theirs.")}
	}
	if l.Act == access.FindPerson {
		return nil // a name among others; it stands in who looked
	}
	return []task.Raised{raised(task.LookedAt, task.InformationGovernance, once("watched "), who+", looked at a record that is kept closer. Review it under Looks.")}
}

func orSomewhere(desk string) string {
	if desk == "" {
		return "a machine without a name"
	}
	return desk
}

func (n *Node) raise(ctx context.Context, id fact.Subject, t task.Raised) error {
	_, err := n.Journal.Do(ctx, n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		stands, err := journal.FoldIn(tx, id, task.Fold)
		if err != nil {
			return nil, err
		}
		return task.Raise(stands, n.Device, t, tx.Now())
	})
	return err
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
