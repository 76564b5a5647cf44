package world

import (
	"context"
	"math/rand/v2"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
)

// topic says what a subject of a world is.
type topic string

const (
	aCase   topic = "case"
	aPerson topic = "person"
	aTask   topic = "task"
	aStaff  topic = "staff"
)

// org is one organisation of a world.
type org struct {
	number   int
	name     string
	first    *device // where it was founded: it keeps the root key
	staff    map[access.Role][]access.Caller
	subjects map[topic][]fact.Subject
	is       map[fact.Subject]topic
	erased   map[fact.Subject]bool // by whoever asked for it
	lifted   map[fact.ID]bool      // cuts of devices that were ended
	from     map[fact.Subject]int  // the device where it was first spoken of
}

// deed is one thing that somebody is about to do.
type deed struct {
	name    string
	by      access.Caller
	subject fact.Subject
	verb    func(h fact.History, now time.Time) ([]fact.Draft, error)
}

// mint begins a subject of a sort at a device.
func (d *device) mint(s topic, random *rand.Rand) fact.Subject {
	var id fact.Subject
	for i := range id {
		id[i] = byte(random.Uint32())
	}
	d.learn(id, s)
	return id
}

func (d *device) learn(id fact.Subject, s topic) {
	o := d.org
	if _, known := o.is[id]; !known {
		o.subjects[s] = append(o.subjects[s], id)
		o.is[id], o.from[id] = s, d.number
	}
}

// some picks a subject of a sort with what is known of it here, the newer the
// likelier, or begins one. What others began is not begun again here.
func (d *device) some(s topic, random *rand.Rand, fresh int) (fact.Subject, fact.History, error) {
	all := d.org.subjects[s]
	if len(all) == 0 || random.IntN(100) < fresh {
		return d.mint(s, random), fact.History{}, nil
	}
	back := min(random.IntN(len(all)), random.IntN(len(all)))
	id := all[len(all)-1-back]
	h, err := d.j.History(context.Background(), id)
	_, erased := d.j.House().Erased[id]
	if err == nil && (erased || d.away(id) || h.Len() == 0 && d.org.from[id] != d.number) {
		return d.mint(s, random), fact.History{}, nil
	}
	return id, h, err
}

func (o *org) pick(random *rand.Rand, roles ...access.Role) access.Caller {
	all := o.staff[roles[random.IntN(len(roles))]]
	return all[random.IntN(len(all))]
}

// hire puts the first staff on the list, at the organisation's first device.
func (w *World) hire(d *device, random *rand.Rand) error {
	for _, one := range []struct {
		name, title string
		role        access.Role
	}{
		{"Ruth Ashdown", "", access.CallHandler}, {"Kofi Adeyemi", "", access.CallHandler},
		{"P. Varma", "nurse", access.Clinician}, {"Dr A. Okonjo", "GP", access.Clinician}, {"M. Hale", "", access.Manager},
	} {
		id := d.mint(aStaff, random)
		facts, err := w.say(d, fact.Author{Person: id, Role: string(access.Device)}, func(tx *journal.Tx) ([]fact.Draft, error) {
			h, err := tx.History(id)
			if err != nil {
				return nil, err
			}
			return access.AddPerson(access.FoldStaff(id, h), access.PersonAdded{Name: one.name, Title: one.title}, []access.Role{one.role})
		})
		if err != nil {
			return err
		}
		by := access.Caller{
			Person: id, Name: one.name, Title: one.title, Role: one.role, Org: d.org.name, ODS: d.org.name, Desk: "desk 1",
			Grants: []fact.ID{facts[len(facts)-1].ID},
		}
		d.org.staff[one.role] = append(d.org.staff[one.role], by)
	}
	return nil
}

// say runs a verb outside the shift's plan; what it saved is in the ledger.
func (w *World) say(d *device, by fact.Author, decide func(*journal.Tx) ([]fact.Draft, error)) ([]fact.Fact, error) {
	facts, err := d.j.Do(context.Background(), by, nil, decide)
	if err == nil {
		w.ledger.acknowledges(d, facts, -1)
	}
	return facts, err
}

// next decides what somebody at a device does.
func (w *World) next(d *device, random *rand.Rand) (deed, error) {
	switch n := random.IntN(100); {
	case n < 70:
		return w.onCase(d, random)
	case n < 86:
		return w.onPerson(d, random)
	case n < 96:
		return w.onTask(d, random)
	}
	return w.onStaff(d, random)
}

// shown is what a page that somebody has open shows of a subject.
type shown struct {
	subject fact.Subject
	seen    []fact.ID
}

// open draws a page and leaves it open: what is said from it later has seen no
// more than it shows.
func (d *device) open(s fact.Subject, h fact.History, random *rand.Rand) journal.Seen {
	for i, p := range d.pages {
		if p.subject == s {
			if random.IntN(3) > 0 {
				d.pages = append(d.pages[:i], d.pages[i+1:]...)
			}
			return journal.Seen{s: p.seen}
		}
	}
	if random.IntN(10) == 0 && len(d.pages) < 5 {
		d.pages = append(d.pages, shown{s, h.Frontier()})
	}
	return nil
}
