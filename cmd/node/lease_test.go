package node_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// withDesk is one organisation on a site node, a, and a desk, b, which hears no
// site node.
func withDesk(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, time: &clock{}, lib: library(t)}
	place := node.Place{Dir: t.TempDir(), Demo: true, Clock: p.time.now}
	p.dirA = place.Dir
	p.must(node.Found(t.Context(), place, journal.Founding{Name: "Fellside 111", ODS: "ZZ111", DeviceName: "a"}, p.lib))
	p.a, _ = open(t, p.lib, place)
	second := node.Place{Dir: t.TempDir(), Demo: true, Clock: p.time.now}
	o := journal.Options{Dir: second.Dir, Demo: true, Clock: p.time.now}
	ask, err := journal.Ask(t.Context(), o, fact.Desk, "Desk 6", "the floor")
	p.must(err)
	admission, err := p.a.Journal.Enrol(t.Context(), boss.Author(), ask)
	p.must(err)
	p.must(journal.Join(t.Context(), o, admission))
	p.b, _ = open(t, p.lib, second)
	t.Cleanup(func() { closed(t, p.a); closed(t, p.b) })
	p.toDesk()
	return p
}

// toDesk moves what a desk gets whole to it: the control lane.
func (p *pair) toDesk() {
	p.t.Helper()
	ctx := p.t.Context()
	cards, certificates := p.a.Journal.Papers()
	p.must(p.b.Journal.AdmitPapers(ctx, cards, certificates))
	for _, tip := range p.a.Journal.Tips() {
		if tip.Lane != fact.Control {
			continue
		}
		for first := uint64(0); ; {
			have, err := p.b.Journal.HasRoot(ctx, tip.Place())
			p.must(err)
			if have {
				break
			}
			r, err := p.a.Journal.ReadRange(ctx, p.b.Device.Person, tip.Place(), first, 1<<20)
			p.must(err)
			p.must(p.b.Journal.Receive(ctx, r))
			first += uint64(len(r.Headers))
		}
	}
	p.level(p.b)
}

// fromDesk moves what a desk wrote to the site node.
func (p *pair) fromDesk() {
	p.t.Helper()
	p.pull(p.b.Journal, p.a.Journal)
	p.level(p.a)
}

func (p *pair) level(n *node.Node) {
	p.t.Helper()
	until(p.t, "lists that are level", func() bool { _, _, behind := n.Journal.ViewsAt(); return behind == 0 })
}

// lapses lets the desk's authority run out.
func (p *pair) lapses() {
	p.t.Helper()
	p.time.forward(p.lib.Authority.Lasts + time.Minute)
	p.must(p.b.Gate.Leases.Note(p.t.Context()))
}

// heard has the desk hear its site node.
func (p *pair) heard() {
	p.t.Helper()
	p.b.Gate.Leases.Heard(p.a.Device.Person, fact.SiteNode, nil)
	p.must(p.b.Gate.Leases.Note(p.t.Context()))
}

// lapse gives the one time in which the desk had no authority, as the site knows it.
func (p *pair) lapse() journal.Cut {
	p.t.Helper()
	for _, c := range p.a.Journal.House().Cuts {
		if c.Lapse != nil {
			return c
		}
	}
	p.t.Fatal("the site knows of no lapse")
	return journal.Cut{}
}

// A shift at a desk that hears no site node: with authority everything opens;
// without, open work goes on, whom it is about, a new call, the ambulance and the
// recording; nothing else opens, no search, no reason. Every page says so before
// and after. What was written is listed at the site node and let count there.
func TestADeskWithoutAuthority(t *testing.T) {
	p := withDesk(t)
	p.b.Gate.Leases.Rules.Lasts = 2 * time.Hour // shorter than a session, so that it is the authority that ends
	h := serve(t, p.b)
	h.furnish("Ottoline", "Quillfeather", "OQ-9917-X")
	nurse, handler := h.token[access.Clinician], h.token[access.CallHandler]
	closed := h.another("Barnaby", "Zellweger", true)
	find := url.Values{"first": {"Barnaby"}, "last": {"Zellweger"}}
	if got := h.get("/case/"+closed.cases.String(), handler); got.status != http.StatusOK {
		t.Fatalf("a closed case of their own, with authority: %d", got.status)
	}
	if found := h.trace(find, handler); !strings.Contains(found, "Zellweger") {
		t.Fatalf("a search with authority: %s", found)
	}
	if got := h.get("/worklist", nurse); strings.Contains(got.body, "This desk’s authority") {
		t.Error("a page speaks of authority though all is well")
	}

	p.time.forward(61 * time.Minute)
	if got := h.get("/worklist", nurse); !strings.Contains(got.body, "This desk’s authority runs out at") || !strings.Contains(got.body, "/authority") {
		t.Error("an hour before no page says so")
	}
	p.time.forward(time.Hour)
	for _, path := range []string{"/worklist", "/case/" + h.cases.String(), "/tasks"} {
		got := h.get(path, nurse)
		if got.status != http.StatusOK || !strings.Contains(got.body, "This desk’s authority ran out at") {
			t.Errorf("%s without authority: %d", path, got.status)
		}
		if path != "/tasks" && len(h.leaks(got)) == 0 {
			t.Errorf("%s does not show the open case", path)
		}
	}
	for what, got := range map[string]reply{
		"a closed case": h.get("/case/"+closed.cases.String(), handler), "staff": h.get("/staff", h.token[access.Administrator]), "looks": h.get("/looks", h.token[access.InformationGovernance]),
	} {
		if got.status != http.StatusForbidden || !strings.Contains(got.body, "authority ran out at") || len(closed.leaks(got)) > 0 {
			t.Errorf("%s without authority: %d", what, got.status)
		}
	}
	if found := h.trace(find, handler); strings.Contains(found, "Zellweger</") || !strings.Contains(found, "authority ran out at") {
		t.Errorf("a search without authority: %s", found)
	}
	if got := h.send("/case/"+h.cases.String()+"/note", nurse, url.Values{"note": {"Rang back, is better"}}); got.status == http.StatusForbidden {
		t.Error("nothing can be written on the open case")
	}
	before := len(listed(t, p.b))
	ambulance := h.send("/call/emergency", handler, url.Values{"phone": {"01632 960378"}, "place": {"2 Weir Cottages"}, "reason": {"Not breathing"}})
	if ambulance.status == http.StatusForbidden {
		t.Error("no ambulance without authority")
	}
	taken := h.another("Hepzibah", "Underhill", false)
	if rows := listed(t, p.b); len(rows) <= before {
		t.Errorf("%d cases on the list, and %d before a new call", len(rows), before)
	}
	if got := h.get("/case/"+taken.cases.String(), nurse); got.status != http.StatusOK {
		t.Errorf("a call taken without authority can't be opened: %d", got.status)
	}
	h.endCase(taken.cases)

	// At the site node it is all there, marked; closed without authority is not closed.
	p.fromDesk()
	lapse := p.lapse()
	row, on := p.rowOf(taken.cases)
	if !on || row.HeldFrom == 0 {
		t.Error("a case of a desk without authority left the list, or is not marked")
	}
	if err := p.a.Gate.Readmit(t.Context(), boss, lapse.ID, nil, true, "looked"); err == nil {
		t.Error("all is let count while the desk still writes")
	}
	p.heard()
	if got := h.get("/case/"+closed.cases.String(), handler); got.status != http.StatusOK {
		t.Errorf("a site node was heard, and a record is closed: %d", got.status)
	}
	later := h.another("Quentin", "Vandersloot", false)
	p.fromDesk()
	if row, on := p.rowOf(later.cases); !on || row.HeldFrom != 0 {
		t.Error("what was written with authority again is marked")
	}
	review, err := p.a.Gate.Held(t.Context(), boss, lapse.ID, 0)
	p.must(err)
	if len(review.Held) < 5 {
		t.Fatalf("%d entries to look through", len(review.Held))
	}
	for _, f := range review.Held {
		if f.Header.Lane == fact.Looks {
			t.Error("a look is held back")
		}
	}
	p.must(p.a.Gate.Readmit(t.Context(), boss, lapse.ID, []fact.ID{review.Held[0].ID}, false, "looked at one"))
	p.must(p.a.Gate.Readmit(t.Context(), boss, lapse.ID, nil, true, "looked at the rest"))
	until(t, "the closed case off the list", func() bool { _, on := p.rowOf(taken.cases); return !on })
}

// another registers a person with a case; done says that the case is closed.
func (h *house) another(given, family string, done bool) *house {
	h.t.Helper()
	other := &house{t: h.t, n: h.n, canary: []string{given, family}}
	by := access.Caller{Person: h.staff[access.CallHandler], Name: "R. Ashdown", Role: access.CallHandler, ODS: string(h.n.Us.ODS)}
	who := record.Identity{Name: record.Name{Given: given, Family: family}}
	_, err := h.n.Journal.Do(h.t.Context(), by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if other.person, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return record.Register(record.Person{Subject: other.person}, by, record.Registration{Identity: who}, tx.Now())
	})
	if err == nil {
		other.cases, err = h.n.Cases.NewCase()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	reason, phone := "Fell", codes.ReceivePhone("01632 960379")
	for _, verb := range []urgentdb.Verb{
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) { return urgent.TakeCall(c, by, phone, now) },
		func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.Describe(c, by, urgent.Description{Patient: &urgent.PatientDescribed{Identity: who, Record: other.person}, Reason: &reason})
		},
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.SetDisposition(c, by, h.n.Cases.Rules, "Dx06", "", now)
		},
	} {
		if _, err := h.n.Cases.Do(h.t.Context(), by, access.TakeCall, other.cases, nil, verb); err != nil {
			h.t.Fatal(err)
		}
	}
	if done {
		h.endCase(other.cases)
	}
	return other
}

func (h *house) endCase(id fact.Subject) {
	h.t.Helper()
	by := access.Caller{Person: h.staff[access.CallHandler], Name: "R. Ashdown", Role: access.CallHandler}
	saved, err := h.n.Cases.Do(h.t.Context(), by, access.Close, id, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(c.ID, urgent.Closed{Why: "Home care advice given"})}, nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.n.Journal.WaitViews(h.t.Context(), saved, 5*time.Second)
}

// trace asks whom a caller may mean, as the page of a call does.
func (h *house) trace(form url.Values, token string) string {
	h.t.Helper()
	form.Set("born", "1 2 1950")
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.server.URL+"/call/"+fact.Subject{201}.String()+"/trace?"+form.Encode(), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "holdfast", Value: token})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	var body strings.Builder
	if _, err := io.Copy(&body, res.Body); err != nil {
		h.t.Fatal(err)
	}
	return body.String()
}
