package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/task"
)

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
