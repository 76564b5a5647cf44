package node_test

import (
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/task"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// routeRow is one line of testdata/routes.csv: which acts of the permission
// table let somebody in by a route. Any one of them is enough.
type routeRow struct {
	line int
	acts []access.Act
}

func routeTable(t *testing.T) map[string]routeRow {
	t.Helper()
	raw, err := os.ReadFile("testdata/routes.csv")
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(strings.NewReader(string(raw)))
	in.Comment, in.FieldsPerRecord = '#', 4
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	known := map[access.Act]bool{}
	for _, r := range access.Table() {
		known[r.Act] = true
	}
	out := map[string]routeRow{}
	for i, r := range rows[1:] {
		key := r[0] + " " + r[1] + " " + r[2]
		if _, twice := out[key]; twice {
			t.Errorf("%s stands twice", key)
		}
		row := routeRow{line: i + 2}
		for _, a := range strings.Split(r[3], "; ") {
			if a != "" {
				row.acts = append(row.acts, access.Act(a))
				if !known[access.Act(a)] {
					t.Errorf("%s: %q is no act of the permission table", key, a)
				}
			}
		}
		if (r[0] == string(web.Session)) == (len(row.acts) == 0) {
			t.Errorf("%s: a route for people needs an act, and no other has one", key)
		}
		out[key] = row
	}
	return out
}

func keyOf(r web.Route) string { return string(r.Door) + " " + r.Method + " " + r.Pattern }

// Every way in stands in the table of routes, and the table names no other.
func TestEveryRouteIsListed(t *testing.T) {
	table := routeTable(t)
	n, _ := openNode(t, "Fellside 111", "ZZ111")
	seen := map[string]bool{}
	for _, r := range n.Routes() {
		seen[keyOf(r)] = true
		if _, ok := table[keyOf(r)]; !ok {
			t.Errorf("%s is not in testdata/routes.csv: add it with the act that it needs", keyOf(r))
		}
	}
	for key := range table {
		if !seen[key] {
			t.Errorf("testdata/routes.csv has %s, which no program serves", key)
		}
	}
}

func openNode(t *testing.T, name string, ods codes.ODS) (*node.Node, node.Place) {
	t.Helper()
	lib := library(t)
	place := found(t, lib, name, ods)
	n, _ := open(t, lib, place)
	t.Cleanup(func() { closed(t, n) })
	return n, place
}

// house is one organisation with somebody in every role, and one person's
// record, case and task.
type house struct {
	t      *testing.T
	n      *node.Node
	server *httptest.Server
	token  map[access.Role]string
	staff  map[access.Role]fact.Subject
	person fact.Subject
	cases  fact.Subject
	task   fact.Subject
	canary []string // words of the record that nobody may see who may not
}

func newHouse(t *testing.T, name string, ods codes.ODS, given, family, number string) *house {
	t.Helper()
	n, _ := openNode(t, name, ods)
	h := serve(t, n)
	h.furnish(given, family, number)
	return h
}

// serve puts a node's pages where a test can ask for them.
func serve(t *testing.T, n *node.Node) *house {
	t.Helper()
	h := &house{t: t, n: n, server: httptest.NewServer(n.Mux), token: map[access.Role]string{}, staff: map[access.Role]fact.Subject{}}
	t.Cleanup(h.server.Close)
	return h
}

// furnish adds somebody in every role, signed in, and one person with a case
// and a task.
func (h *house) furnish(given, family, number string) {
	h.t.Helper()
	t, n := h.t, h.n
	for _, role := range access.Roles() {
		h.sign(role)
	}
	h.canary = []string{given, strings.ToUpper(family), family, number, "Whispering Lane", "01632 960377"}
	ctx := t.Context()
	by := access.Caller{Person: h.staff[access.CallHandler], Name: "R. Ashdown", Role: access.CallHandler, ODS: string(n.Us.ODS)}
	who := record.Identity{Name: record.Name{Given: given, Family: family}}
	_, err := n.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if h.person, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return record.Register(record.Person{Subject: h.person}, by, record.Registration{Identity: who}, tx.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	if h.cases, err = n.Cases.NewCase(); err != nil {
		t.Fatal(err)
	}
	reason := "Fell on " + number
	phone := codes.ReceivePhone("01632 960377")
	place := codes.Place{Text: "4 Whispering Lane"}
	for _, verb := range []urgentdb.Verb{
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) { return urgent.TakeCall(c, by, phone, now) },
		func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.Describe(c, by, urgent.Description{Patient: &urgent.PatientDescribed{Identity: who, Record: h.person}, Reason: &reason, Place: &place})
		},
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.SetDisposition(c, by, n.Cases.Rules, "Dx06", "", now)
		},
	} {
		if _, err := n.Cases.Do(ctx, by, access.TakeCall, h.cases, nil, verb); err != nil {
			t.Fatal(err)
		}
	}
	_, err = n.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) (out []fact.Draft, err error) {
		if h.task, err = tx.NewSubject(); err != nil {
			return nil, err
		}
		return task.Raise(task.Task{Subject: h.task}, by, task.Raised{What: task.RingBack, List: task.Clinicians, Reason: "Ring " + given, About: h.cases, Due: fact.At(tx.Now().Add(time.Hour))}, tx.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sign adds somebody in a role and signs them in.
func (h *house) sign(role access.Role) {
	h.t.Helper()
	ctx := context.Background()
	who, err := h.n.Gate.AddStaff(ctx, h.n.Device, access.PersonAdded{Name: "Somebody " + string(role)}, []access.Role{role})
	if err != nil {
		h.t.Fatal(err)
	}
	h.staff[role], h.token[role] = who, h.session(who, role)
}

func (h *house) session(who fact.Subject, role access.Role) string {
	h.t.Helper()
	ctx := context.Background()
	link, err := h.n.Gate.MakeLink(ctx, h.n.Device, who, role, access.ForSignIn, time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	token, _, err := h.n.Gate.UseLink(ctx, link, link, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// path fills a pattern with what is known by the ids of a house.
func (h *house) path(pattern string) string {
	nobody := strings.Repeat("ab", 32)
	for _, pair := range [][2]string{
		{"{$}", ""}, {"/tasks/{id}", "/tasks/" + h.task.String()}, {"/record/{id}", "/record/" + nobody[:32]}, {"{id}", h.cases.String()}, {"{range}", h.cases.String()}, {"{n}", "0"},
		{"{person}", h.staff[access.Dispatcher].String()}, {"{cut}", nobody}, {"{opening}", nobody}, {"{day}", h.cases.String()}, {"{ask}", nobody}, {"{record}", h.cases.String()}, {"{use}", nobody}, {"{proposal}", nobody}, {"{token}", nobody[:43]}, {"{name}", "none"},
	} {
		pattern = strings.ReplaceAll(pattern, pair[0], pair[1])
	}
	return pattern
}

type reply struct {
	status   int
	body     string
	location string
}

// ask sends one request; of a stream it reads only how it begins.
func (h *house) ask(r web.Route, path, token string) reply {
	h.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	var body io.Reader
	if r.Method == http.MethodPost {
		body = strings.NewReader(url.Values{"why": {"forced"}}.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, h.server.URL+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.AddCookie(&http.Cookie{Name: "holdfast", Value: token})
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		h.t.Fatalf("%s %s: %v", r.Method, path, err)
	}
	defer res.Body.Close()
	out := reply{status: res.StatusCode, location: res.Header.Get("Location")}
	if r.Stream && res.StatusCode == http.StatusOK {
		first := make([]byte, 4096)
		time.AfterFunc(50*time.Millisecond, stop)
		n, _ := res.Body.Read(first)
		out.body = string(first[:n])
		return out
	}
	all, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	out.body = string(all)
	return out
}

func (h *house) leaks(r reply) []string {
	var out []string
	for _, word := range h.canary {
		if strings.Contains(r.body, word) || strings.Contains(r.location, url.QueryEscape(word)) {
			out = append(out, word)
		}
	}
	return out
}

func (r routeRow) lets(role access.Role) bool {
	return slices.ContainsFunc(r.acts, func(a access.Act) bool { return access.Caller{Role: role}.May(a) == nil })
}

// Forced browsing, inside one organisation: every route as every role and as
// nobody. Who may not is refused in the right way before the request is read,
// and nothing of the record stands in what they get.
func TestEveryRouteAsEveryRole(t *testing.T) {
	table := routeTable(t)
	h := newHouse(t, "Fellside 111", "ZZ111", "Ottoline", "Quillfeather", "OQ-9917-X")
	for _, r := range h.n.Mux.Routes() {
		if r.Door != web.Session {
			continue
		}
		row := table[keyOf(r)]
		for _, path := range []string{h.path(r.Pattern), h.strange(r.Pattern)} {
			for _, role := range access.Roles() {
				h.judge(r, row, path, role)
			}
			h.nobody(r, path, "")
			h.nobody(r, path, strings.Repeat("A", 43))
		}
	}
}

// judge asks for a path in a role: refused exactly when the table refuses.
func (h *house) judge(r web.Route, row routeRow, path string, role access.Role) {
	h.t.Helper()
	got := h.ask(r, path, h.token[role])
	if endsSession(r) {
		h.token[role] = h.session(h.staff[role], role)
	}
	if row.lets(role) && got.status == http.StatusForbidden && strings.Contains(got.body, "<title>Say why") {
		if leak := h.leaks(got); len(leak) > 0 { // the table lets them in with a reason, and they gave none
			h.t.Errorf("%s %s as %s: asks why, and says %q", r.Method, path, role, leak)
		}
		return
	}
	if lets := row.lets(role); lets != (got.status != http.StatusForbidden) {
		h.t.Errorf("%s %s as %s: status %d, and the table lets them in: %v", r.Method, path, role, got.status, lets)
	}
	if got.status >= 500 {
		h.t.Errorf("%s %s as %s: status %d", r.Method, path, role, got.status)
	}
	if got.status == http.StatusForbidden {
		if leak := h.leaks(got); len(leak) > 0 {
			h.t.Errorf("%s %s as %s: refused, and says %q", r.Method, path, role, leak)
		}
		if !strings.Contains(got.body, "This needs ") {
			h.t.Errorf("%s %s as %s: the refusal does not say who may: %.300s", r.Method, path, role, got.body)
		}
	}
	if role == access.HostOperator || role == access.Commissioner || role == access.Carer || role == access.Administrator || role == access.InformationGovernance {
		if leak := h.leaks(got); len(leak) > 0 {
			h.t.Errorf("%s %s as %s: shows %q", r.Method, path, role, leak)
		}
	}
}

// endsSession tells whether a route takes its caller's session away: they sign
// in again after it.
func endsSession(r web.Route) bool { return r.Pattern == "/sign-out" || r.Pattern == "/lock" }

// nobody asks without a session, or with a made-up one: to the sign-in page, or
// refused.
func (h *house) nobody(r web.Route, path, token string) {
	h.t.Helper()
	got := h.ask(r, path, token)
	switch {
	case r.Method == http.MethodGet && got.status == http.StatusSeeOther && strings.HasPrefix(got.location, "/sign-in"):
	case r.Method == http.MethodPost && got.status == http.StatusUnauthorized:
	default:
		h.t.Errorf("%s %s as nobody: status %d to %q", r.Method, path, got.status, got.location)
	}
	if leak := h.leaks(got); len(leak) > 0 {
		h.t.Errorf("%s %s as nobody: shows %q", r.Method, path, leak)
	}
}

// strange fills a pattern with ids that name nothing.
func (h *house) strange(pattern string) string {
	none := &house{cases: fact.Subject{250}, task: fact.Subject{251}, staff: map[access.Role]fact.Subject{access.Dispatcher: {252}}}
	return none.path(pattern)
}

// Forced browsing with the identifiers and sessions of another organisation: to
// this one they name nothing, and a session of the one is nobody at the other.
func TestAnotherOrganisationsIdentifiersNameNothing(t *testing.T) {
	ours := newHouse(t, "Fellside 111", "ZZ111", "Ottoline", "Quillfeather", "OQ-9917-X")
	theirs := newHouse(t, "Tarn Valley", "ZZ122", "Barnaby", "Zellweger", "BZ-3302-Y")
	for _, r := range ours.n.Mux.Routes() {
		if r.Door != web.Session {
			continue
		}
		path, none := theirs.path(r.Pattern), ours.strange(r.Pattern)
		for _, role := range access.Roles() {
			got, want := ours.ask(r, path, ours.token[role]), ours.ask(r, none, ours.token[role])
			if endsSession(r) {
				ours.token[role] = ours.session(ours.staff[role], role)
				want.status = got.status
			}
			if leak := theirs.leaks(got); len(leak) > 0 {
				for _, word := range leak {
					if !slices.Contains(ours.canary, word) {
						t.Errorf("%s %s as %s: shows %q of another organisation", r.Method, path, role, word)
					}
				}
			}
			if path != none && got.status != want.status {
				t.Errorf("%s as %s: another organisation's id gives %d, one that names nothing %d", keyOf(r), role, got.status, want.status)
			}
		}
		ours.nobody(r, ours.path(r.Pattern), theirs.token[access.Clinician])
	}
}

// The same person works in two organisations, and in two roles in one: each
// session is one role at one of them.
func TestOnePersonTwoRolesTwoOrganisations(t *testing.T) {
	ours := newHouse(t, "Fellside 111", "ZZ111", "Ottoline", "Quillfeather", "OQ-9917-X")
	theirs := newHouse(t, "Tarn Valley", "ZZ122", "Barnaby", "Zellweger", "BZ-3302-Y")
	dr := access.PersonAdded{Name: "Dr A. Okonjo", Registration: "GMC 7012345"}
	here, err := ours.n.Gate.AddStaff(t.Context(), ours.n.Device, dr, []access.Role{access.Clinician, access.Administrator})
	if err != nil {
		t.Fatal(err)
	}
	there, err := theirs.n.Gate.AddStaff(t.Context(), theirs.n.Device, dr, []access.Role{access.Dispatcher})
	if err != nil {
		t.Fatal(err)
	}
	asClinician, asAdministrator, asDispatcher := ours.session(here, access.Clinician), ours.session(here, access.Administrator), theirs.session(there, access.Dispatcher)
	page := func(path string) web.Route { return web.Route{Method: http.MethodGet, Pattern: path} }
	for _, one := range []struct {
		at    *house
		path  string
		token string
		want  int
	}{
		{ours, "/worklist", asClinician, 200}, {ours, "/staff", asClinician, 403},
		{ours, "/worklist", asAdministrator, 403}, {ours, "/staff", asAdministrator, 200},
		{theirs, "/worklist", asDispatcher, 200}, {theirs, "/case/" + theirs.cases.String() + "/consult", asDispatcher, 403},
		{theirs, "/worklist", asClinician, 303}, {ours, "/worklist", asDispatcher, 303},
	} {
		if got := one.at.ask(page(one.path), one.path, one.token); got.status != one.want {
			t.Errorf("%s at %s: %d, want %d", one.path, one.at.n.Us.Name, got.status, one.want)
		}
	}
}
