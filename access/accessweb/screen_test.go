package accessweb_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/fact/refusal"
)

// sessionOf reads from a page whose session it belongs to, as its script does.
func sessionOf(t *testing.T, b *browser) string {
	t.Helper()
	_, body := b.get("/session")
	m := regexp.MustCompile(`data-session="([0-9a-f]+)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("the page does not say whose it is: %s", body)
	}
	return m[1]
}

// typedOn is what a page sends when its screen locks: pairs of a form and what
// was typed into it.
func typedOn(session, path, tab string, forms ...string) url.Values {
	out := url.Values{"session": {session}, "path": {path}, "tab": {tab}}
	for pair := range slices.Chunk(forms, 2) {
		out.Add("form", pair[0])
		out.Add("text", pair[1])
	}
	return out
}

type waiting struct {
	Forms []struct{ ID, Form, Text string }
}

// waits lists what waits for a person on a page.
func waits(t *testing.T, b *browser, path string) (out waiting) {
	t.Helper()
	status, body := b.get("/screen?path=" + url.QueryEscape(path))
	if status != 200 || json.Unmarshal([]byte(body), &out) != nil {
		t.Fatalf("%d %s", status, body)
	}
	return out
}

func (o *office) signedIn(name string, role access.Role) *browser {
	b := o.browser()
	status, body := b.get("/in/" + o.link(o.person(name, role), role, access.ForSignIn))
	want(o.t, status, body, 200, "first page of "+string(role))
	return b
}

func (b *browser) unlock(t *testing.T) {
	t.Helper()
	_, body := b.get("/sign-in")
	status, body := b.post("/unlock?next=/", hidden(t, body, `/unlock\?next=%2F`))
	want(t, status, body, 200, "first page")
}

// What was typed is kept with the form that it stood in, on every page of the
// browser, though the first of them has locked the session already; each goes
// when it is back in its place, and no other.
func TestWhatEachPageHoldsIsKeptThoughAnotherLocked(t *testing.T) {
	o := newOffice(t, true)
	b := o.signedIn("A. Holt", access.Administrator)
	session := sessionOf(t, b)
	keep := func(v url.Values, want int) {
		t.Helper()
		if status, body := b.post("/screen/typed", v); status != want {
			t.Fatalf("%d, want %d: %s", status, want, body)
		}
	}
	keep(typedOn(session, "/cases/a", "one", "/cases/a/note", "words=of+a", "/cases/a/close", "why=also+a"), 204)
	status, body := b.post("/lock", url.Values{"why": {"idle"}})
	want(t, status, body, 200, "This screen is locked")
	keep(typedOn(session, "/cases/b", "two", "/cases/b/note", "words=of+b"), 204)
	keep(typedOn(session, "/cases/a", "three", "/cases/a/note", "words=another+page"), 204)
	keep(typedOn(session, "/cases/a", "three", "/cases/a/note", "words=another+page+of+a"), 204) // sent again
	if status, body := b.post("/lock", url.Values{"why": {"idle"}}); status != http.StatusUnauthorized {
		t.Errorf("a second page locks what is locked: %d %s", status, body)
	}
	if status, _ := b.get("/screen?path=/cases/a"); status != 200 {
		t.Error(status)
	} else if _, body := b.get("/screen?path=/cases/a"); !strings.Contains(body, "This screen is locked") {
		t.Errorf("a locked session reads what was typed: %s", body)
	}
	b.unlock(t)
	if all := waits(t, b, "/cases/b"); len(all.Forms) != 1 || all.Forms[0].Form != "/cases/b/note" || all.Forms[0].Text != "words=of+b" {
		t.Errorf("%+v", all)
	}
	all := waits(t, b, "/cases/a")
	if len(all.Forms) != 3 || all.Forms[0].Form != "/cases/a/note" || all.Forms[1].Form != "/cases/a/close" || all.Forms[2].Text != "words=another+page+of+a" {
		t.Fatalf("%+v", all)
	}
	status, _ = b.post("/screen", url.Values{"path": {"/cases/a"}})
	if left := waits(t, b, "/cases/a"); status != 204 || len(left.Forms) != 3 {
		t.Errorf("%d, and what was not placed is gone: %+v", status, left)
	}
	status, _ = b.post("/screen", url.Values{"path": {"/cases/a"}, "done": {all.Forms[0].ID, all.Forms[2].ID}})
	if left := waits(t, b, "/cases/a"); status != 204 || len(left.Forms) != 1 || left.Forms[0].Text != "why=also+a" {
		t.Errorf("%d %+v", status, left)
	}
}

// What was typed belongs to whoever typed it, though a colleague has come to
// the browser before it was sent; nobody without a session keeps anything.
func TestWhatWasTypedIsNobodyElses(t *testing.T) {
	o := newOffice(t, true)
	b := o.signedIn("A. Holt", access.Administrator)
	session := sessionOf(t, b)
	status, _ := b.post("/lock", url.Values{"why": {"idle"}})
	if status != 200 {
		t.Fatal(status)
	}
	status, body := b.get("/in/" + o.link(o.person("C. Drummond", access.CallHandler), access.CallHandler, access.ForSignIn))
	want(t, status, body, 200, "first page of call-handler")
	if status, body := b.post("/screen/typed", typedOn(session, "/x", "late", "/x", "a=b")); status != 204 {
		t.Errorf("%d %s", status, body)
	}
	if all := waits(t, b, "/x"); len(all.Forms) != 0 {
		t.Errorf("a colleague has what somebody else typed: %+v", all)
	}
	for name, who := range map[string]*browser{"nobody": o.browser(), "somebody elsewhere": o.signedIn("P. Varma", access.Clinician)} {
		if status, _ := who.post("/screen/typed", typedOn(session, "/x", "t", "/x", "a=b")); status != http.StatusUnauthorized {
			t.Errorf("%s keeps something in another's name: %d", name, status)
		}
	}
}

// More than can be kept is refused, and nothing of it thrown away: the page
// stays as it is.
func TestMoreThanCanBeKeptIsRefusedBeforeLocking(t *testing.T) {
	o := newOffice(t, true)
	b := o.signedIn("A. Holt", access.Administrator)
	session := sessionOf(t, b)
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprint("/f/", i), "a=b")
	}
	if status, body := b.post("/screen/typed", typedOn(session, "/many", "t", many...)); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	if all := waits(t, b, "/many"); len(all.Forms) != 40 {
		t.Errorf("%d forms are kept", len(all.Forms))
	}
	for name, v := range map[string]url.Values{
		"one more":         typedOn(session, "/more", "t", append(many, "/f/40", "a=b")...),
		"too long":         typedOn(session, "/more", "t", "/f", "a="+strings.Repeat("x", 300<<10)),
		"half of it":       {"session": {session}, "path": {"/more"}, "tab": {"t"}, "form": {"/f"}},
		"of no page":       typedOn(session, "//elsewhere.example", "t", "/f", "a=b"),
		"of no page alone": typedOn(session, "/more", "", "/f", "a=b"),
	} {
		if status, body := b.post("/screen/typed", v); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %.300s", name, status, body)
		}
	}
	if all := waits(t, b, "/more"); len(all.Forms) != 0 {
		t.Errorf("%+v", all)
	}
}

// What was kept and can't be read, because another program wrote it or the disk
// damaged it, is said until the page has told of it, is set aside, and hinders
// nothing that is typed from then on.
func TestWhatCannotBeReadIsSaid(t *testing.T) {
	o := newOffice(t, true)
	b := o.signedIn("A. Holt", access.Administrator)
	session := sessionOf(t, b)
	lost := func(path string) bool {
		t.Helper()
		status, body := b.get("/screen?path=" + url.QueryEscape(path))
		var all struct{ Lost bool }
		if status != 200 || json.Unmarshal([]byte(body), &all) != nil {
			t.Fatalf("%d %s", status, body)
		}
		return all.Lost
	}
	if lost("/cases/a") {
		t.Fatal("nothing was ever kept, and something is said to be lost")
	}
	key := o.callerOf(b).Person.String() + "/screen/cases/a"
	if err := o.journal.SaveDraft(t.Context(), key, []byte(`{"pages":["of another program"]}`)); err != nil {
		t.Fatal(err)
	}
	if status, body := b.post("/screen/typed", typedOn(session, "/cases/a", "one", "/cases/a/note", "words=new")); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	for range 2 {
		if !lost("/cases/a") {
			t.Error("it is not said, or once alone")
		}
	}
	all := waits(t, b, "/cases/a")
	if len(all.Forms) != 1 || all.Forms[0].Text != "words=new" {
		t.Errorf("what was typed since is gone: %+v", all)
	}
	if raw, _, err := o.journal.LoadDraft(t.Context(), key+"/unread"); err != nil || !strings.Contains(string(raw), "of another program") {
		t.Errorf("it was thrown away: %q %v", raw, err)
	}
	b.post("/screen", url.Values{"path": {"/cases/a"}, "done": {"lost"}})
	if all := waits(t, b, "/cases/a"); lost("/cases/a") || len(all.Forms) != 1 {
		t.Errorf("told, and still said, or the rest is gone: %+v", all)
	}
}

// damagedDraft is a disk on which one half-typed form can't be opened, until
// another is written over it.
type damagedDraft struct {
	accessweb.Keeper
	key  string
	over bool
}

func (d *damagedDraft) LoadDraft(ctx context.Context, key string) ([]byte, time.Time, error) {
	if key == d.key && !d.over {
		return nil, time.Time{}, refusal.New(refusal.Missing, "Nothing half-typed is kept here.").Because(errors.New("the seal does not open"))
	}
	return d.Keeper.LoadDraft(ctx, key)
}

func (d *damagedDraft) SaveDraft(ctx context.Context, key string, data []byte) error {
	d.over = d.over || key == d.key
	return d.Keeper.SaveDraft(ctx, key, data)
}

func TestADamagedDraftIsSaid(t *testing.T) {
	o := newOffice(t, true)
	b := o.signedIn("A. Holt", access.Administrator)
	by := o.callerOf(b)
	o.pages.Looking.Drafts = &damagedDraft{Keeper: o.journal, key: by.Person.String() + "/screen/cases/a"}
	if !o.pages.Typed(t.Context(), by, "/cases/a") || o.pages.Typed(t.Context(), by, "/cases/b") {
		t.Error("the page is not told that something waits, or told so of nothing")
	}
	for range 2 {
		if _, body := b.get("/screen?path=/cases/a"); !strings.Contains(body, `"lost":true`) {
			t.Errorf("what can't be opened counts as nothing: %s", body)
		}
	}
	b.post("/screen", url.Values{"path": {"/cases/a"}, "done": {"lost"}})
	if _, body := b.get("/screen?path=/cases/a"); strings.Contains(body, "lost") || o.pages.Typed(t.Context(), by, "/cases/a") {
		t.Errorf("told, and said again: %s", body)
	}
}
