package node_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record/entry"
)

// A desk opens a home at its site node, for a visit and in an emergency, and has
// nothing of it on its disk, not even sealed for itself; without the site it says
// whom to ring; cut off it is answered no more.
func TestADeskOpensAtItsSite(t *testing.T) {
	s := newSweepers(t)
	place := node.Place{Dir: t.TempDir(), Demo: true}
	ask, err := journal.Ask(t.Context(), journal.Options{Dir: place.Dir, Demo: true}, fact.Desk, "Desk 6", "floor")
	if err != nil {
		t.Fatal(err)
	}
	admission, err := s.n.Journal.Enrol(t.Context(), boss.Author(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.Join(t.Context(), journal.Options{Dir: place.Dir, Demo: true}, admission); err != nil {
		t.Fatal(err)
	}
	d := &sweepers{t: t, place: place, log: &heard{}, as: map[access.Role]*http.Client{}}
	d.n, err = node.Open(t.Context(), node.Config{
		Place: place, Library: library(t), Host: "a.localhost", Pages: listen(t), Machines: listen(t), Sisters: []string{s.n.DeviceAddress()}, Version: "test",
		Log: slog.New(slog.NewJSONHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.patient()
	d.who, d.cases = s.who, s.cases
	d.n.Start()
	until(t, "the staff is known at the desk", func() bool {
		_, err := d.n.Link(t.Context(), access.Clinician)
		return err == nil
	})
	d.signIn()
	home, visit := "/homes/"+s.who.String(), "/case/"+s.cases[0].String()
	until(t, "the desk has the record and the case", func() bool {
		one, _ := d.get(access.Clinician, home)
		two, _ := d.get(access.Clinician, visit)
		return one == http.StatusOK && two == http.StatusOK
	})
	m := marks()
	until(t, "the site keeps what was typed at the desk", func() bool {
		status, _ := d.send(access.Clinician, home+"/keep", url.Values{"code": {m[0]}})
		return status == http.StatusOK && len(codeAt(t, s.n, s.who).Standing()) == 1
	})
	if c := codeAt(t, s.n, s.who); len(c.Values) != 1 || c.Apart() {
		t.Fatalf("kept at the site it stands apart: %+v", c.Values)
	}
	if status, body := d.send(access.Clinician, home+"/open", url.Values{}); status != http.StatusForbidden || !bytes.Contains(body, []byte("whoever has a visit")) {
		t.Fatalf("without a visit: %d %s", status, said(body))
	}
	d.send(access.Clinician, visit+"/consult", url.Values{"do": {"start"}, "mode": {"home"}})
	until(t, "the visit is known at the site, and it opens", func() bool {
		status, body := d.send(access.Clinician, home+"/open", url.Values{})
		return status == http.StatusOK && bytes.Contains(body, []byte(m[0]))
	})
	c := codeAt(t, s.n, s.who)
	if o := c.Openings[len(c.Openings)-1]; o.What.Device != d.n.Device.Person || o.Session.Zero() {
		t.Errorf("%+v", o)
	}
	for path, unknown := range map[string]string{"/homes": "0 homes", "/more-homes": "Nobody asks just now"} {
		if status, body := d.get(access.Manager, path); status != http.StatusOK || bytes.Contains(body, []byte(unknown)) || bytes.Contains(body, []byte("No home has to be changed")) ||
			!bytes.Contains(body, []byte("is seen at the site")) {
			t.Errorf("%s at a desk, which can't know it: %d %s", path, status, said(body))
		}
	}
	d.send(access.Clinician, home+"/cover", url.Values{})
	status, body := d.send(access.CallHandler, home+"/open", url.Values{"emergency": {"yes"}, "reason": {"Crew at the door"}})
	if status != http.StatusOK || !bytes.Contains(body, []byte(m[0])) {
		t.Errorf("an emergency at a desk: %d %s", status, said(body))
	}
	d.seen = func(where string, b []byte) {
		for _, one := range marked(b) {
			t.Errorf("%s in the answer to %s", one, where)
		}
	}
	d.pages()
	d.seen = nil
	subjects, err := d.n.Journal.Subjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(subjects, d.n.Homes.CodeOf(s.who)) {
		t.Error("the desk holds facts of the home")
	}
	if _, err := s.n.Gate.Cut(t.Context(), boss, access.CutAsk{Device: d.n.Device.Person, Since: time.Now(), Why: "stolen"}); err != nil {
		t.Fatal(err)
	}
	if status, body := d.send(access.CallHandler, home+"/open", url.Values{"emergency": {"yes"}, "reason": {"Crew at the door"}}); status != http.StatusServiceUnavailable ||
		bytes.Contains(body, []byte(m[0])) || !bytes.Contains(body, []byte("Ring the coordinator")) {
		t.Errorf("a desk that is cut off: %d %s", status, said(body))
	}
	closed(t, d.n)
	closed(t, s.n)
	if err := filepath.WalkDir(place.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if len(marked(b)) > 0 {
			t.Errorf("%v in %s", marked(b), path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(marked(d.log.b.Bytes())) > 0 {
		t.Error("in the desk's log")
	}
}

func codeAt(t *testing.T, n *node.Node, who fact.Subject) entry.Code {
	t.Helper()
	c, err := journal.Fold(t.Context(), n.Journal, n.Homes.CodeOf(who), entry.Fold)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
