package node_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/exchange/pds"
	"holdfast/exchange/pds/pdstest"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/web"
)

// Two records are linked: whoever is let into one reads both, each look is on
// record, desks are given both, and the worklist shows what stands on either;
// unlinked they are apart again.
func TestLinkedRecordsAreReadTogether(t *testing.T) {
	p, ctx := newPair(t), t.Context()
	nurse := p.at(p.a, "P. Varma", access.Clinician)
	id, rec := p.about(p.a, "Tansley")
	other := p.person(p.a, "Ferriby")
	p.says(p.a, suspectPerson, fact.Say(other, record.AlertAdded{Kind: record.Allergy, Substance: "Latex"}))
	link := func(do record.PairVerb) {
		t.Helper()
		p.must(p.a.Records.DoTwo(ctx, nurse(), rec, other, nil, do))
		p.level(p.a)
	}
	link(func(a, b record.Person) ([]fact.Draft, error) {
		return record.LinkIdentities(a, b, nurse(), record.Linking{Why: "married name"})
	})
	who, err := p.a.App.People.Person(ctx, nurse(), rec)
	p.must(err)
	if len(who.StandingOf(record.Allergy)) != 1 || who.Subject != rec || len(who.Unread) != 0 {
		t.Errorf("%+v", who.Standing())
	}
	for _, s := range []fact.Subject{rec, other} {
		if len(p.relations(p.a, nurse(), s)) == 0 {
			t.Errorf("no look at %v is on record", s)
		}
	}
	row, on, err := p.a.Cases.Row(ctx, id)
	if err != nil || !on || !slices.ContainsFunc(row.Marks, func(m string) bool { return strings.Contains(m, "Latex") }) {
		t.Errorf("the worklist: %+v %v %v", row.Marks, on, err)
	}
	live, err := p.a.LiveWork(ctx)
	p.must(err)
	if !slices.Contains(live, other) {
		t.Error("desks are not given the linked record")
	}
	// An allergy that comes to the other record later is on the case at once.
	p.says(p.a, suspectPerson, fact.Say(other, record.AlertAdded{Kind: record.Allergy, Substance: "Penicillin"}))
	p.level(p.a)
	if row, _, _ := p.a.Cases.Row(ctx, id); !slices.ContainsFunc(row.Marks, func(m string) bool { return strings.Contains(m, "Penicillin") }) {
		t.Errorf("the worklist: %+v", row.Marks)
	}
	link(func(a, b record.Person) ([]fact.Draft, error) {
		return record.UnlinkIdentities(a, b, nurse(), "sisters")
	})
	if who, err = p.a.App.People.Person(ctx, nurse(), rec); err != nil || len(who.Standing()) != 0 {
		t.Errorf("%+v %v", who.Standing(), err)
	}
	if row, _, _ := p.a.Cases.Row(ctx, id); slices.ContainsFunc(row.Marks, func(m string) bool { return strings.Contains(m, "Latex") }) {
		t.Errorf("still on the worklist: %+v", row.Marks)
	}
	admin := p.at(p.a, "A. Bell", access.Administrator)
	p.refused(p.a.Records.DoTwo(ctx, admin(), rec, other, nil, func(a, b record.Person) ([]fact.Draft, error) {
		return record.LinkIdentities(a, b, admin(), record.Linking{Why: "x"})
	}))
}

// A nickname is looked for with the names that it stands for.
func TestNicknamesWidenASearch(t *testing.T) {
	p := newPair(t)
	nurse := p.at(p.a, "P. Varma", access.Clinician)
	p.says(p.a, suspectPerson, fact.Say(p.subject(p.a), record.PersonRegistered{Identity: record.Identity{Name: record.Name{Given: "Margaret", Family: "Marchbank"}, Born: codes.Date{Year: 1950, Month: 2, Day: 3}}}))
	p.level(p.a)
	found, err := p.a.App.People.Find(t.Context(), nurse(), record.Query{Given: "Peggy", Family: "Marshbank", Born: codes.Date{Year: 1950, Month: 3, Day: 2}})
	if err != nil || len(found) != 1 || !strings.Contains(found[0].On, "another form of the first name") {
		t.Errorf("%+v %v", found, err)
	}
}

// post sends a form as somebody in a role.
func (h *house) post(role access.Role, path string, form url.Values) (status int, body string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "holdfast", Value: h.token[role]})
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	buf := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return res.StatusCode, b.String()
		}
	}
}

// The page of a record: two records that differ are linked by one person, agreed
// to by another, and unlinked; a mistake comes back with what was typed.
func TestThePageOfARecordLinksAndUnlinks(t *testing.T) {
	h := newHouse(t, "Fellside 111", "ZZ111", "Ottoline", "Quillfeather", "OQ-9917-X")
	ctx := t.Context()
	other, err := h.n.Cases.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	by := access.Caller{Person: h.staff[access.CallHandler], Name: "R. Ashdown", Role: access.CallHandler}
	register := func(s fact.Subject, id record.Identity) {
		t.Helper()
		if err := h.n.Records.Do(ctx, h.n.Device, s, nil, func(p record.Person, now time.Time) ([]fact.Draft, error) {
			if p.Registered {
				return record.Amend(p, by, record.Amendment{Identity: id, Fields: id.Given()}, now)
			}
			return record.Register(p, by, record.Registration{Identity: id}, now)
		}); err != nil {
			t.Fatal(err)
		}
	}
	register(h.person, record.Identity{Born: codes.Date{Year: 1950, Month: 2, Day: 3}})
	register(other, record.Identity{Name: record.Name{Given: "Otto", Family: "Quillfeather"}, Born: codes.Date{Year: 1950, Month: 2, Day: 3}})
	until(t, "lists that are level", func() bool { _, _, behind := h.n.Journal.ViewsAt(); return behind == 0 })
	path := "/record/" + h.person.String()
	see := func(role access.Role, want ...string) string {
		t.Helper()
		status, body := h.post(role, path+"/look", url.Values{"q": {"Quillfeather"}})
		for _, w := range want {
			if status != http.StatusOK || !strings.Contains(body, w) {
				t.Fatalf("status %d, and it does not say %q", status, w)
			}
		}
		if got := h.askAt(path, h.token[role]); got.status != http.StatusOK {
			t.Errorf("the page by itself: %d", got.status)
		}
		return body
	}
	see(access.CallHandler, "QUILLFEATHER, Ottoline", "None is linked", "QUILLFEATHER, Otto")
	status, body := h.post(access.CallHandler, path+"/link", url.Values{"other": {other.String()}, "sure": {"yes"}, "q": {"Quillfeather"}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "Say how you know") {
		t.Fatalf("%d", status)
	}
	if status, _ = h.post(access.CallHandler, path+"/link", url.Values{"other": {other.String()}, "sure": {"yes"}, "why": {"same house"}}); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	body = see(access.CallHandler, "may be the same person", "they may be twins", "A colleague has to agree", "Twins?")
	if strings.Contains(body, "I agree") {
		t.Error("whoever linked them is asked to agree")
	}
	if status, _ = h.post(access.CallHandler, path+"/confirm", url.Values{"other": {other.String()}, "why": {"me"}}); status != http.StatusForbidden {
		t.Error("one person agreed with themselves:", status)
	}
	see(access.Clinician, "I agree: the same person")
	if status, _ = h.post(access.Clinician, path+"/confirm", url.Values{"other": {other.String()}, "why": {"passport"}}); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	see(access.Clinician, ">the same person<")
	if status, body = h.post(access.Clinician, path+"/unlink", url.Values{"other": {other.String()}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "Say how you know") {
		t.Error(status)
	}
	if status, _ = h.post(access.Clinician, path+"/unlink", url.Values{"other": {other.String()}, "why": {"twins after all"}}); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	see(access.CallHandler, "None is linked")
	if status, _ = h.post(access.CallHandler, path+"/needs", url.Values{"need": {"bsl", "relay-uk"}, "welsh": {"yes"}, "language": {"BSL"}}); status != http.StatusSeeOther {
		t.Fatal(status)
	}
	see(access.CallHandler, "Offer a BSL interpreter", "Wishes to use Welsh")
	status, body = h.post(access.CallHandler, path+"/needs", url.Values{"need": {"nonsense"}, "language": {"Urdu"}})
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "Urdu") {
		t.Errorf("%d, what was typed is kept: %v", status, strings.Contains(body, "Urdu"))
	}
}

// askAt asks for a page by its address.
func (h *house) askAt(path, token string) reply {
	h.t.Helper()
	return h.ask(routeOf(http.MethodGet), path, token)
}

// The index of a node is asked while the node runs, and never before.
func TestTheIndexIsAPartOfTheNode(t *testing.T) {
	who := record.Identity{Name: record.Name{Given: "Maja", Family: "Zielinska"}, Born: codes.Date{Year: 1988, Month: 6, Day: 1}, NHS: codes.ReceiveNHSNumber("9434765919")}
	peer := &pdstest.Peer{People: []record.Identity{who}, Now: time.Now}
	lib := library(t)
	place := found(t, lib, "Fellside 111", "ZZ111")
	n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "111.localhost", Index: &pds.Client{
		Base: "https://index.invalid", HTTP: &http.Client{Transport: peer.Transport()}, Most: 5, Now: time.Now,
	}})
	if err != nil {
		t.Fatal(err)
	}
	q := record.TraceQuestion{NHS: who.NHS}
	if s := n.App.Trace.Look(q); s.Outcome != record.TraceNotAsked || peer.Served() != 0 {
		t.Errorf("asked before the start: %+v", s)
	}
	n.Start()
	until(t, "an answer of the index", func() bool { return n.App.Trace.Look(q).Outcome == record.TraceOne })
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if s := n.App.Trace.Look(record.TraceQuestion{Family: "x", Born: who.Born}); s.Outcome != record.TraceNotAsked {
		t.Errorf("asked after the end: %+v", s)
	}
}

func routeOf(method string) web.Route { return web.Route{Door: web.Session, Method: method} }
