package world

import (
	"fmt"
	"sort"

	"holdfast/fact"
)

// ledger is what the world outside knows: what was answered as saved, what was
// left in doubt, and what may be gone because its only disk is.
type ledger struct {
	saved map[fact.ID]*entry
	order []fact.ID
	doubt []doubt
}

// entry is one fact that somebody was told is saved.
type entry struct {
	org     int
	device  int
	person  fact.Subject
	subject fact.Subject
	kind    uint32
	step    int
	fact    fact.Fact
	safe    bool         // its device says that another one holds it
	hit     map[int]bool // devices that lost their disks since then
	gone    string       // why it may be gone; empty: it may not
}

// doubt is an act of which nobody knows whether it was saved: the answer was
// "not known", or the power went before there was one.
type doubt struct {
	org     int
	subject fact.Subject
	kind    uint32
	content string
}

func newLedger() *ledger { return &ledger{saved: map[fact.ID]*entry{}} }

// acknowledges notes facts that were answered as saved.
func (l *ledger) acknowledges(d *device, facts []fact.Fact, step int) {
	for _, f := range facts {
		l.saved[f.ID] = &entry{
			org: d.org.number, device: d.number, person: f.Body.Person, subject: f.Header.Subject, kind: f.Body.Kind, step: step, fact: f, hit: map[int]bool{},
		}
		l.order = append(l.order, f.ID)
	}
}

// doubts notes drafts of which it is not known whether they were saved.
func (l *ledger) doubts(d *device, drafts []fact.Draft) error {
	for _, draft := range drafts {
		content, err := fact.Encode(draft.Content)
		if err != nil {
			return err
		}
		l.doubt = append(l.doubt, doubt{d.org.number, draft.Subject, draft.Content.FactKind().Number, string(content)})
	}
	return nil
}

// resolves uses up a doubt that a fact found somewhere settles.
func (l *ledger) resolves(org int, f fact.Fact) bool {
	for i, d := range l.doubt {
		if d == (doubt{org, f.Header.Subject, f.Body.Kind, string(f.Body.Content)}) {
			l.doubt = append(l.doubt[:i], l.doubt[i+1:]...)
			return true
		}
	}
	return false
}

// endangers notes that a device's disk is gone or as it was before. What was
// saved there alone since then may be lost; what was safe may be only when a
// second device has lost its disk too.
func (l *ledger) endangers(d *device, kept map[fact.ID]bool, why string) (many int) {
	for _, id := range l.order {
		e := l.saved[id]
		if e.org != d.org.number || e.gone != "" {
			continue
		}
		if e.safe {
			e.hit[d.number] = true
		}
		if (!e.safe && e.device == d.number && !kept[id]) || len(e.hit) > 1 {
			e.gone = why
			many++
		}
	}
	return many
}

// secures notes which facts a device says are safe, and how many of its own are
// not.
func (l *ledger) secures(d *device) (unsafe int) {
	upTo := map[fact.FeedID]uint64{}
	for _, id := range l.order {
		if e := l.saved[id]; e.device == d.number && !e.safe && e.gone == "" {
			feed := e.fact.Header.Feed
			if _, asked := upTo[feed]; !asked {
				upTo[feed] = d.j.SafeUpTo(feed)
			}
			e.safe = e.fact.Header.Seq < upTo[feed]
			if !e.safe {
				unsafe++
			}
		}
	}
	return unsafe
}

// losses lists what was answered as saved and is not there. What may be gone is
// listed apart, by number and author.
func (l *ledger) losses(org int, there map[fact.ID]bool) (wrong, allowed []string) {
	byAuthor := map[string]int{}
	for _, id := range l.order {
		e := l.saved[id]
		if e.org != org || there[id] {
			continue
		}
		if e.gone == "" {
			wrong = append(wrong, fmt.Sprintf("fact %s of kind %d, saved on device %d at step %d, is lost", id.Short(), e.kind, e.device, e.step))
			continue
		}
		byAuthor[fmt.Sprintf("by %s on device %d: %s", e.person, e.device, e.gone)]++
	}
	for who, n := range byAuthor {
		allowed = append(allowed, fmt.Sprintf("%d facts %s", n, who))
	}
	sort.Strings(allowed)
	return wrong, allowed
}
