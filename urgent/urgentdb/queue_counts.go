package urgentdb

import (
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/urgent"
)

// QueueCounts says how many cases of the list wait for something of the queue.
type QueueCounts struct {
	Held     int // for validation
	Going    int // of them, by themselves within ten minutes
	LateHeld int // of them, late, and they never go by themselves
	Tell     int // whose patient does not know yet that they may go
	Comfort  int // comfort calls due
	Spent    int // every attempt made, and no step since
	Offered  int // to the caller
}

// soonGoing is how near its time what goes by itself is counted.
const soonGoing = 10 * time.Minute

// The queue's own filters.
const (
	showComfort = "comfort"
	showGoing   = "going"
	showTell    = "tell"
	showOffered = "offered"
)

func ofQueue(filter string) bool {
	return slices.Contains([]string{showComfort, showGoing, showTell, showOffered}, filter)
}

func going(row urgent.Row, now fact.Millis) bool {
	return row.Goes != "" && row.GoesAt <= now+fact.Millis(soonGoing.Milliseconds())
}

func offered(row urgent.Row, person fact.Subject) bool {
	return slices.ContainsFunc(row.OfferTo, func(o urgent.OfferedTo) bool { return o.Person == person })
}

func (q *QueueCounts) add(row urgent.Row, by access.Caller, now fact.Millis) {
	count := func(to *int, yes bool) {
		if yes {
			*to++
		}
	}
	count(&q.Held, row.Goes != "")
	count(&q.Going, going(row, now) && !row.Never)
	count(&q.LateHeld, row.Goes != "" && row.Never && row.GoesAt <= now)
	count(&q.Tell, row.Tell)
	count(&q.Comfort, row.ComfortNow(now))
	count(&q.Spent, row.Spent && row.LastStep == "")
	count(&q.Offered, offered(row, by.Person))
}

// inQueue tells whether a row is wanted by one of the queue's own filters.
func (show Show) inQueue(row urgent.Row, by access.Caller, now fact.Millis) bool {
	switch show.Filter {
	case showComfort:
		return row.ComfortNow(now)
	case showGoing:
		return going(row, now)
	case showTell:
		return row.Tell
	case showOffered:
		return offered(row, by.Person)
	}
	return true
}
