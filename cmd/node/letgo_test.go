package node_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/task"
	"holdfast/urgent"
)

// newDesk is a pair of which the first is a desk that lets go as soon as it may,
// and the second its site node.
func newDesk(t *testing.T) *pair {
	t.Helper()
	lib := *library(t)
	lib.Desk = content.Desk{Keep: 0, Most: 100}
	p := &pair{t: t, time: &clock{}, lib: &lib}
	place := node.Place{Dir: t.TempDir(), Demo: true, Clock: p.time.now}
	p.must(node.Found(t.Context(), place, journal.Founding{Name: "Fellside 111", ODS: "ZZ111", DeviceName: "site"}, p.lib))
	p.b, _ = open(t, p.lib, place)
	desk := node.Place{Dir: t.TempDir(), Demo: true, Clock: p.time.now}
	p.dirA, p.dirB = desk.Dir, place.Dir
	o := journal.Options{Dir: desk.Dir, Demo: true, Clock: p.time.now}
	ask, err := journal.Ask(t.Context(), o, fact.Desk, "laptop", "a car")
	p.must(err)
	admission, err := p.b.Journal.Enrol(t.Context(), boss.Author(), ask)
	p.must(err)
	p.must(journal.Join(t.Context(), o, admission))
	p.a, _ = open(t, p.lib, desk)
	t.Cleanup(func() {
		for _, n := range []*node.Node{p.a, p.b} {
			if n != nil {
				closed(t, n)
			}
		}
	})
	p.meet()
	return p
}

// letGo has the desk look twice what it may let go of: the first time it notes
// what is work.
func (p *pair) letGo() {
	p.t.Helper()
	for range 2 {
		until(p.t, "lists that are level", func() bool { _, _, behind := p.a.Journal.ViewsAt(); return behind == 0 })
		p.must(p.a.LetGo(p.t.Context()))
		p.time.forward(time.Minute)
	}
}

func (p *pair) gone(s fact.Subject) bool { _, gone := p.a.Journal.LetGoAt(s); return gone }

// TestEveryKindOfWorkStaysOnADeskThatLetsGo: whatever somebody must still do is
// kept, and shown as before; only what has ended goes.
func TestEveryKindOfWorkStaysOnADeskThatLetsGo(t *testing.T) {
	p := newDesk(t)
	shown := map[string]func() (bool, bool){}
	for kind, one := range items() {
		shown[kind] = one.make(p)
	}
	ended := p.caseOn(p.b, none)
	p.says(p.b, suspectPerson, fact.Say(ended, urgent.Closed{Why: "rang back: well", By: "S. Thorne"}))
	p.meet()
	p.letGo()
	if !p.gone(ended) {
		t.Error("a case that ended is kept: nothing is shown by this")
	}
	for kind, see := range shown {
		if on, _ := see(); !on && kind != "case that the suspect closed" {
			t.Errorf("%s left its list", kind)
		}
	}
}

// A case goes with its record when it has ended and is safe, and not while
// somebody has it open, holds a task about it, has typed about it, or the site
// has not confirmed it. What is asked for afterwards says where it is.
func TestADeskKeepsWhatSomebodyIsAt(t *testing.T) {
	p := newDesk(t)
	nurse := p.at(p.a, "N. Field", access.Clinician)
	begin := func() (id, who fact.Subject) {
		who = p.subject(p.a)
		p.says(p.a, suspectPerson, fact.Say(who, record.PersonRegistered{Identity: record.Identity{Name: record.Name{Family: "Tansley", Given: "Ida"}}}))
		id = p.caseOn(p.a, func(id fact.Subject) []fact.Draft {
			return []fact.Draft{fact.Say(id, urgent.PatientDescribed{Record: who, Identity: record.Identity{Name: record.Name{Family: "Tansley"}}})}
		})
		return id, who
	}
	end := func(id fact.Subject) {
		p.says(p.a, suspectPerson, fact.Say(id, urgent.Closed{Why: "rang back: well", By: "S. Thorne"}))
	}
	kept := func(why string, subjects ...fact.Subject) {
		t.Helper()
		p.letGo()
		for _, s := range subjects {
			if p.gone(s) {
				t.Fatalf("%s, and it was let go of", why)
			}
		}
	}
	id, who := begin()
	p.meet()
	kept("it is open", id, who)
	end(id)
	kept("the site has not confirmed its end", id, who)
	p.meet()
	p.must(p.a.Journal.SaveDraft(t.Context(), nurse().Person.String()+"/note-"+id.String(), []byte("half a thought")))
	kept("somebody has typed about it", id, who)
	p.must(p.a.Journal.DropDraft(t.Context(), nurse().Person.String()+"/note-"+id.String()))
	p.must(p.a.Gate.EnterAs(t.Context(), nurse(), access.Ask{Act: access.SeeCase, Relation: access.OnCase}, id))
	kept("somebody has it open", id, who)
	p.time.forward(p.a.Gate.Policy.TokenLasts() + time.Hour)
	task1 := p.subject(p.a)
	p.says(p.a, suspectPerson, fact.Say(task1, task.Raised{What: task.RingBack, List: task.Clinicians, About: id, Reason: "ring", Due: fact.At(p.time.now())}))
	p.meet()
	kept("there is a task about it", id, who, task1)
	p.says(p.a, suspectPerson, fact.Say(task1, task.Done{Outcome: task.Reached}))
	p.meet()
	p.letGo()
	for what, s := range map[string]fact.Subject{"case": id, "record": who, "task": task1} {
		if !p.gone(s) {
			t.Errorf("the %s is kept for no reason: nothing is shown by this test", what)
		}
	}
}

// The words of what was let go of are on no page, in no list and in no search of
// the desk, and asking for it says where it is.
func TestWhatWasLetGoSaysWhereItIs(t *testing.T) {
	p := newDesk(t)
	who := p.person(p.b, "Zebrowska")
	id := p.caseOn(p.b, func(id fact.Subject) []fact.Draft {
		return []fact.Draft{fact.Say(id, urgent.PatientDescribed{Record: who, Identity: record.Identity{Name: record.Name{Family: "Zebrowska"}}})}
	})
	p.meet()
	p.letGo()
	if p.gone(id) || p.gone(who) {
		t.Fatal("open work was let go of")
	}
	p.says(p.b, suspectPerson, fact.Say(id, urgent.Closed{Why: "rang back: well", By: "S. Thorne"}))
	p.meet()
	p.letGo()
	if !p.gone(id) || !p.gone(who) {
		t.Fatal("kept")
	}
	until(t, "the lists have let go of it", func() bool {
		var n int
		err := p.a.Journal.Views().QueryRow(`SELECT (SELECT count(*) FROM urgent_case WHERE id = ?1 AND number <> '') + (SELECT count(*) FROM record_person WHERE subject = ?2)`, id[:], who[:]).Scan(&n)
		return err == nil && n == 0
	})
	nurse := access.Caller{Person: fact.Subject{40}, Name: "P. Varma", Role: access.Clinician}
	if _, err := p.a.Cases.Case(t.Context(), nurse, id); err == nil || !strings.Contains(err.Error(), "let go of it on") {
		t.Errorf("asking for it says: %v", err)
	}
	if state, err := node.StateOf(id, mustHistory(t, p.b.Journal, id)); err != nil || state == (fact.Hash{}) {
		t.Error("the site has lost it", err)
	}
	m, err := p.b.Manifest(t.Context(), node.ManifestWanted{Device: "laptop"})
	p.must(err)
	if m.LetGo != 0 {
		t.Errorf("the site counts %d as let go of before it heard of it", m.LetGo)
	}
	p.meet()
	m, err = p.b.Manifest(t.Context(), node.ManifestWanted{Device: "laptop"})
	p.must(err)
	if m.LetGo < 2 || m.Cases != 0 || m.Records != 0 {
		t.Errorf("%+v", m)
	}
	closed(t, p.a)
	if where := openedWith(t, p.dirA, "Zebrowska"); len(where) > 0 {
		t.Errorf("the name is in %q", where)
	}
	closed(t, p.b)
	p.a, p.b = nil, nil
	if len(openedWith(t, p.dirB, "Zebrowska")) == 0 {
		t.Error("the search finds nothing where it must: it shows nothing")
	}
}

// openedWith searches a folder for some words: in all that its own keys open, and
// in its files as they are.
func openedWith(t *testing.T, dir, words string) (where []string) {
	t.Helper()
	j, err := journal.Open(t.Context(), journal.Options{Dir: dir, Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	subjects, err := j.Subjects(t.Context())
	for _, s := range subjects {
		for _, f := range mustHistory(t, j, s).WithHeld().Facts() {
			if bytes.Contains(f.Body.Content, []byte(words)) {
				where = append(where, "a fact about "+s.String())
			}
		}
	}
	if err = errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(words)) {
			where = append(where, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return where
}

func mustHistory(t *testing.T, j *journal.Journal, s fact.Subject) fact.History {
	t.Helper()
	h, err := j.History(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Over a real link: a case that ends at the site ends on the desk's list too, is
// let go of, and comes back whole when somebody reopens it.
func TestOverALinkACaseEndsGoesAndComesBack(t *testing.T) {
	lib := *library(t)
	lib.Desk = content.Desk{Keep: 0, Most: 100}
	place := found(t, &lib, "Fellside 111", "ZZ111")
	site, err := node.Open(t.Context(), node.Config{Place: place, Library: &lib, Host: "a.localhost", Devices: listen(t), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{t: t, time: &clock{}, lib: &lib, b: site}
	site.Start()
	t.Cleanup(func() { closed(t, site) })
	desk := node.Place{Dir: t.TempDir(), Demo: true}
	ask, err := journal.Ask(t.Context(), journal.Options{Dir: desk.Dir, Demo: true}, fact.Desk, "laptop", "a car")
	p.must(err)
	admission, err := site.Journal.Enrol(t.Context(), boss.Author(), ask)
	p.must(err)
	p.must(journal.Join(t.Context(), journal.Options{Dir: desk.Dir, Demo: true}, admission))
	start := func() {
		p.a, err = node.Open(t.Context(), node.Config{Place: desk, Library: &lib, Host: "b.localhost", Sisters: []string{site.DeviceAddress()}, Version: "test"})
		p.must(err)
		p.a.Start()
	}
	start()
	defer func() { closed(t, p.a) }()
	who := p.person(site, "Zebrowska")
	id := p.caseOn(site, func(id fact.Subject) []fact.Draft {
		return []fact.Draft{fact.Say(id, urgent.PatientDescribed{Record: who, Identity: record.Identity{Name: record.Name{Family: "Zebrowska"}}})}
	})
	onDesk := func() bool { _, on := p.rowOf(id); return on }
	until(t, "the case is on the desk's list", onDesk)
	closed(t, p.a) // it ends while the desk is off
	p.says(site, suspectPerson, fact.Say(id, urgent.Closed{Why: "rang back: well", By: "S. Thorne"}))
	start()
	until(t, "the desk knows that it ended", func() bool { return !onDesk() && p.caseAt(id).Closed() })
	until(t, "nothing states it as work any more, and the desk lets go of it", func() bool {
		p.must(p.a.LetGo(t.Context()))
		return p.gone(id) && p.gone(who)
	})
	nurse := access.Caller{Person: fact.Subject{40}, Name: "P. Varma", Role: access.Clinician}
	_, err = site.Cases.Do(t.Context(), nurse, access.CallEmergency, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.CallAmbulance(c, nurse, site.Cases.Rules, urgent.Emergency{Threat: "breathing"}, now)
	})
	p.must(err)
	until(t, "the case is on the desk's list again", func() bool { return onDesk() && len(p.caseAt(id).Ambulances) == 1 })
	until(t, "with its record", func() bool { return record.Fold(who, mustHistory(t, p.a.Journal, who)).Registered })
	until(t, "the site node's list says when it was held", func() bool {
		lines, err := site.Journal.Manifest(t.Context(), p.a.Device.Person, fact.At(time.Now()))
		p.must(err)
		for _, l := range lines {
			if l.Subject == id {
				return l.LetGo == 0 && l.Again != 0
			}
		}
		return false
	})
}
