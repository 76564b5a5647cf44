package drill

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/sim/proxy"
	"holdfast/urgent"
)

func sessionDrill() Drill {
	return Drill{
		Number: 22, Name: "session", Hazard: "H-720",
		About:    "A session is stolen while its owner works: the thief opens every case there is, a canary among them. Then somebody knocks with no session, and with ones made up.",
		Expected: "Without a session no record is served. With a stolen one the passkey is asked for at the cap; the canary alarms within 60 s; the owner goes on with their own case and with new calls.",
		run:      rehearseSession,
	}
}

func insiderDrill() Drill {
	return Drill{
		Number: 27, Name: "insider", Hazard: "H-721, H-792",
		About:    "An insider opens a canary and a well-known person's case, at a site that is cut off from the one where information governance works, and then there.",
		Expected: "A reason is demanded and every look is on record. The alarm comes within 60 s of the look, and of the link's return for looks made off line. Nobody else sees it; who has nothing in hand is held after the canary, and is not with a call in hand; who looked is answered whole.",
		run:      rehearseInsider,
	}
}

// watched is what the helper made: cases whose records are then marked.
type watchedCases struct {
	Canary       string   `json:"canary"` // a closed case, and its record
	CanaryRecord string   `json:"canary_record"`
	Known        string   `json:"known"` // an open case, and its record
	KnownRecord  string   `json:"known_record"`
	Open         []string `json:"open"` // open cases of people of their own
}

// helpWatched writes cases at a site that is at rest.
func helpWatched(ctx context.Context, args []string, out io.Writer) (err error) {
	f := flag.NewFlagSet("watched", flag.ContinueOnError)
	dir, open := f.String("data", "", ""), f.Int("open", 0, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	w := &worker{by: access.Caller{Person: fact.Subject{9}, Name: "S. Thorne", Role: access.Clinician}}
	if w.n, err = openAtRest(ctx, *dir, ""); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.n.Close()) }()
	var made watchedCases
	if made.Canary, made.CanaryRecord, err = w.about(ctx, "Quillfeather"); err != nil {
		return err
	}
	id, err := fact.ParseSubject(made.Canary)
	if err == nil {
		err = w.state(ctx, fact.Say(id, urgent.Closed{Why: "advice given", By: w.by.Name}))
	}
	if err != nil {
		return err
	}
	if made.Known, made.KnownRecord, err = w.about(ctx, "Marchbank"); err != nil {
		return err
	}
	for n := range *open {
		one, _, err := w.about(ctx, fmt.Sprintf("Tansley-%d", n))
		if err != nil {
			return err
		}
		made.Open = append(made.Open, one)
	}
	return json.NewEncoder(out).Encode(made)
}

// about takes a call about somebody who has a record.
func (w *worker) about(ctx context.Context, family string) (caseID, recordID string, err error) {
	who, err := w.n.Cases.NewCase()
	if err != nil {
		return "", "", err
	}
	id, err := w.n.Cases.NewCase()
	if err != nil {
		return "", "", err
	}
	person := record.Identity{Name: record.Name{Given: "Nora", Family: family}}
	err = w.state(ctx, fact.Say(who, record.PersonRegistered{Identity: person}),
		fact.Say(id, urgent.CallTaken{Number: "26-" + id.String()[:5], By: w.by.Name}), fact.Say(id, urgent.PatientDescribed{Identity: person, Record: who}))
	return id.String(), who.String(), err
}

// opens tells whether a case is shown to somebody, and the page.
func (b *browser) opens(ctx context.Context, id string) (bool, string, error) {
	status, page, err := b.Get(ctx, "/case/"+id)
	return status == http.StatusOK, page, err
}

// opensClosed opens a case that is over: nothing links whoever took no part in it,
// so that a reason is asked for first, of a canary as of any other.
func (b *browser) opensClosed(ctx context.Context, id, why string) (bool, error) {
	ok, page, err := b.opens(ctx, id)
	if err != nil || ok || !strings.Contains(page, "Say why") {
		return false, err
	}
	if err := b.saysWhy(ctx, id, why); err != nil {
		return false, err
	}
	ok, _, err = b.opens(ctx, id)
	return ok, err
}

// saysWhy gives a reason for opening a case.
func (b *browser) saysWhy(ctx context.Context, id, why string) error {
	_, err := b.Post(ctx, "/reason", url.Values{
		"_reason_to": {"/case/" + id}, "_reason_get": {"yes"}, "_reason_about": {id}, "_reason_act": {string(access.SeeCase)}, "_reason_why": {why},
	})
	return err
}

// alarmed waits until governance is told of a canary, 60 s at most.
func (s *Stage) alarmed(ctx context.Context, gov *browser, figure string, count int) error {
	begun := time.Now()
	for time.Since(begun) < time.Minute {
		_, page, err := gov.Get(ctx, "/looks")
		if err != nil {
			return err
		}
		if strings.Count(page, "a canary record was opened or found") >= count {
			s.Most(figure, time.Since(begun).Seconds())
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.Wrong("nobody was told of the canary within 60 s (%s)", figure)
	return nil
}

// markBoth marks the two records, as governance does.
func markBoth(ctx context.Context, gov *browser, made watchedCases) error {
	for id, mark := range map[string]access.Mark{made.CanaryRecord: access.MarkCanary, made.KnownRecord: access.MarkPublic} {
		if _, err := gov.Post(ctx, "/looks/mark", url.Values{"record": {id}, "mark": {string(mark)}, "why": {"a rehearsal"}}); err != nil {
			return err
		}
	}
	return nil
}

func (o *sites) watched(ctx context.Context, open int) (made watchedCases, err error) {
	first := o.all[0]
	if err := first.process.stop(); err != nil {
		return made, err
	}
	if err := o.stage.ask(ctx, &made, "watched", "--data", first.dir, fmt.Sprintf("--open=%d", open)); err != nil {
		return made, err
	}
	return made, o.start(ctx, first)
}

func rehearseInsider(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 2)
	if err != nil {
		return err
	}
	made, err := o.watched(ctx, 0)
	if err != nil {
		return err
	}
	gov, err := o.browserAs(ctx, o.all[0], access.InformationGovernance)
	if err != nil {
		return err
	}
	defer gov.Close()
	if err := markBoth(ctx, gov, made); err != nil {
		return err
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	o.part(func(n int) bool { return n == 0 }, proxy.Cut)
	if err := o.insider(ctx, o.all[1], made); err != nil {
		return err
	}
	if err := o.parted(ctx, o.all[0]); err != nil {
		return err
	}
	if status, page, err := gov.Get(ctx, "/looks/"+made.CanaryRecord); err != nil || !strings.Contains(page, "Not complete.") {
		s.Wrong("who looked is called complete while a site is not linked (%v): status %d, %s", err, status, around(page, "omplete"))
	}
	if _, page, err := gov.Get(ctx, "/looks"); err != nil || strings.Contains(page, "a canary record was opened") {
		s.Wrong("an alarm before anything arrived: what governance looks at itself is no alarm (%v)", err)
	}
	o.heal()
	if err := s.alarmed(ctx, gov, "alarm_after_link_s", 1); err != nil {
		return err
	}
	if err := o.insider(ctx, o.all[0], made); err != nil {
		return err
	}
	if err := s.alarmed(ctx, gov, "alarm_after_look_s", 2); err != nil {
		return err
	}
	if err := o.level(ctx, time.Minute); err != nil {
		return err
	}
	_, page, err := gov.Get(ctx, "/looks/"+made.KnownRecord)
	if err != nil {
		return err
	}
	if n := strings.Count(page, "just curious about them"); n < 2 || strings.Contains(page, "Not complete.") {
		s.Wrong("who looked is not answered whole: %d looks with their reason", n)
	}
	if err := o.held(ctx, o.all[0], made); err != nil {
		return err
	}
	s.AtLeast("looks", 4)
	s.AtLeast("held", 1)
	s.Saw("%v looks by insiders; told %.1f s after the look and %.1f s after the link came back; reasons on record; who had nothing in hand was held, nobody else", s.Figure("looks"), s.Figure("alarm_after_look_s"), s.Figure("alarm_after_link_s"))
	return nil
}

// parted waits until a site knows that no other is linked.
func (o *sites) parted(ctx context.Context, at *site) error {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s, err := o.status(ctx, at)
		if err != nil {
			return err
		}
		if len(s.Sisters) == 0 {
			return nil
		}
	}
	o.stage.Wrong("%s never notices that it is cut off", at.name)
	return nil
}

// around gives what stands near a word of a page.
func around(page, word string) string {
	at := strings.Index(page, word)
	if at < 0 {
		return "no such word"
	}
	return page[max(0, at-80):min(len(page), at+200)]
}

// insider opens both cases at one site, and works on.
func (o *sites) insider(ctx context.Context, at *site, made watchedCases) error {
	s := o.stage
	b, err := o.browserAs(ctx, at, access.Clinician)
	if err != nil {
		return err
	}
	defer b.Close()
	ok, err := b.opensClosed(ctx, made.Canary, "she rang the desk back")
	if err != nil {
		return err
	}
	if !ok {
		s.Wrong("a canary is not as any case that is over to a clinician at %s: it can be told from a real one", at.name)
	}
	s.Add("looks", 1)
	ok, page, err := b.opens(ctx, made.Known)
	if err != nil {
		return err
	}
	if ok || !strings.Contains(page, "Say why") {
		s.Wrong("a well-known person's case opens without a reason at %s", at.name)
		return nil
	}
	if err := b.saysWhy(ctx, made.Known, "just curious about them"); err != nil {
		return err
	}
	if ok, _, err = b.opens(ctx, made.Known); err != nil || !ok {
		s.Wrong("with a reason it does not open at %s: %v", at.name, err)
	}
	s.Add("looks", 1)
	_, page, err = b.Get(ctx, "/tasks")
	if err != nil {
		return err
	}
	if strings.Contains(page, "canary") || strings.Contains(page, "kept closer") {
		s.Wrong("the insider sees on the tasks of %s that they were noticed", at.name)
	}
	if _, _, err := b.takeCall(ctx, "after the canary"); err != nil {
		s.Wrong("after the canary no call can be taken at %s: %v", at.name, err)
	}
	return nil
}

// held finds that somebody with nothing in hand who opened a canary is asked who
// they are before another record, that a new call is not held up, and that a call
// in hand ends it.
func (o *sites) held(ctx context.Context, at *site, made watchedCases) error {
	s := o.stage
	b, err := o.browserAs(ctx, at, access.Manager)
	if err != nil {
		return err
	}
	defer b.Close()
	if ok, err := b.opensClosed(ctx, made.Canary, "she rang the desk back"); err != nil || !ok {
		s.Wrong("the canary is closed: %v", err)
	}
	if err := b.saysWhy(ctx, made.Known, "looking around"); err != nil {
		return err
	}
	ok, page, err := b.opens(ctx, made.Known)
	if err != nil {
		return err
	}
	if ok || !strings.Contains(page, "Show that it is you") {
		s.Wrong("a session with nothing in hand that opened a canary is not held")
	}
	s.Add("held", 1)
	if path, _, err := b.takeCall(ctx, "while held"); err != nil || path == "" {
		s.Wrong("a held session can take no call: %v", err)
	}
	if ok, _, err = b.opens(ctx, made.Known); err != nil || !ok {
		s.Wrong("somebody with a call in hand is held: %v", err)
	}
	return nil
}

func rehearseSession(ctx context.Context, s *Stage) error {
	o, err := s.sites(ctx, 1)
	if err != nil {
		return err
	}
	const many = 90
	made, err := o.watched(ctx, many)
	if err != nil {
		return err
	}
	site := o.all[0]
	gov, err := o.browserAs(ctx, site, access.InformationGovernance)
	if err != nil {
		return err
	}
	defer gov.Close()
	if err := markBoth(ctx, gov, made); err != nil {
		return err
	}
	if err := s.withoutSession(ctx, site, made); err != nil {
		return err
	}
	owner, err := o.browserAs(ctx, site, access.Clinician)
	if err != nil {
		return err
	}
	defer owner.Close()
	own := made.Open[many-1]
	if _, err := owner.Post(ctx, "/case/"+own+"/claim", url.Values{}); err != nil {
		return err
	}
	if err := s.thief(ctx, owner, gov, made); err != nil {
		return err
	}
	if ok, page, err := owner.opens(ctx, own); err != nil || !ok {
		s.Wrong("the owner's open case is closed to them (%v): %.200s", err, page)
	}
	if path, page, err := owner.takeCall(ctx, "while the session is stolen"); err != nil || path == "" {
		s.Wrong("the owner can take no call (%v): %.200s", err, page)
	}
	s.AtLeast("asked", 1)
	s.Saw("%v records before the passkey was asked for, the canary told after %.1f s; the owner's case and new calls went on", s.Figure("records_exposed"), s.Figure("alarm_s"))
	return nil
}

// thief opens every case with the owner's cookies.
func (s *Stage) thief(ctx context.Context, owner, gov *browser, made watchedCases) error {
	b, err := newBrowser()
	if err != nil {
		return err
	}
	defer b.Close()
	b.Base, b.Client.Jar = owner.Base, owner.Client.Jar
	if ok, err := b.opensClosed(ctx, made.Canary, "she rang the desk back"); err != nil || !ok {
		s.Wrong("the canary is closed: %v", err)
	}
	if err := s.alarmed(ctx, gov, "alarm_s", 1); err != nil {
		return err
	}
	for _, id := range made.Open[:len(made.Open)-1] {
		ok, page, err := b.opens(ctx, id)
		switch {
		case err != nil:
			return err
		case ok:
			s.Add("records_exposed", 1)
		case strings.Contains(page, "Show that it is you"):
			s.Add("asked", 1)
		default:
			s.Wrong("a case is neither shown nor is the passkey asked for: %.200s", page)
		}
	}
	if n := s.Figure("records_exposed"); n > 70 { // the cap, and what somebody with a call in hand may open beyond it
		s.Wrong("%v records were served to a stolen session", n)
	}
	return nil
}

// withoutSession knocks with nothing, and with tokens made up.
func (s *Stage) withoutSession(ctx context.Context, at *site, made watchedCases) error {
	for _, token := range []string{"", strings.Repeat("A", 43), "x"} {
		b, err := newBrowser()
		if err != nil {
			return err
		}
		b.Base = at.browser.Base
		base, err := url.Parse(b.Base)
		if err != nil {
			return err
		}
		if token != "" {
			b.Client.Jar.SetCookies(base, []*http.Cookie{{Name: "holdfast", Value: token, Path: "/"}})
		}
		for _, path := range []string{"/case/" + made.Open[0], "/worklist", "/tasks", "/looks/" + made.KnownRecord, "/mycalls", "/board", "/screen"} {
			status, page, err := b.Get(ctx, path)
			if err != nil {
				return err
			}
			s.Add("knocks", 1)
			if status == http.StatusOK || strings.Contains(page, "Tansley") {
				s.Wrong("%s is served without a session: status %d", strings.SplitN(path, "/", 3)[1], status)
			}
		}
		b.Close()
	}
	return nil
}
