package accessweb_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
)

// What somebody shows us is asked for before they leave for a provider; that they
// took their time there undoes nothing, and what does undo it is said.
func TestWhoIsLongAtAProviderIsLinkedAllTheSame(t *testing.T) {
	o := newOffice(t, false)
	i := newIDP(t, o.server.URL, "trust", "varma", "hale")
	o.knows(i.provider("trust", "Fellside Trust"))
	o.gate.Looking = access.Looking{Proof: map[access.Act]time.Duration{access.LinkOwnAccount: 5 * time.Minute}}
	nurse := o.seat("P. Varma", access.Clinician)
	back := nurse.login(i, "/session/accounts/trust", "varma")
	o.skip(8 * time.Minute)
	status, body := nurse.back(back)
	if status == http.StatusOK && strings.Contains(body, "Show that it is you") {
		t.Error("asked again, and nothing was linked")
	}
	s, err := o.gate.Own(t.Context(), access.Caller{Role: access.Clinician, Person: nurse.person})
	if err != nil || !s.HasAccount(i.issuer, "id of varma") {
		t.Fatalf("not linked after eight minutes at the provider: %v, status %d", err, status)
	}
	// Signed out meanwhile: said on the page that follows the next sign-in.
	other := o.seat("T. Hale", access.CallHandler)
	back = other.login(i, "/session/accounts/trust", "hale")
	other.post("/sign-out", nil)
	status, body = other.back(back)
	want(t, status, body, http.StatusOK, "Start your shift")
	next := regexp.MustCompile(`next=([^"]+)`).FindStringSubmatch(body)
	if next == nil {
		t.Fatal("the sign-in page forgets where they were")
	}
	to, err := url.QueryUnescape(strings.ReplaceAll(next[1], "&amp;", "&"))
	if err != nil || strings.Contains(to, "code=") || strings.Contains(to, "state=") {
		t.Fatal(to, err)
	}
	status, body = other.signIn(other.key)
	want(t, status, body, http.StatusOK, "next")
	status, body = other.get(to)
	want(t, status, body, http.StatusUnprocessableEntity, "No account was linked", "ended or was locked while you were at Fellside Trust")
}

// A session that a provider opened links nothing, whatever is shown in it later:
// that is said before anybody leaves.
func TestWhoCameByAProviderIsToldBeforeTheyLeaveToLink(t *testing.T) {
	o, i, nurse := byTrust(t)
	other := newIDP(t, o.server.URL, "other", "varma")
	o.knows(i.provider("trust", "Fellside Trust"), other.provider("other", "Other Trust"))
	status, body := nurse.by(i, "trust", "varma")
	want(t, status, body, http.StatusOK, "first page of clinician")
	res, body := nurse.press("/session/accounts/other", nil)
	want(t, res.StatusCode, body, http.StatusUnprocessableEntity, "No account was linked", "not opened by your passkey", "Other Trust")
	if other.asked.Load() != 0 {
		t.Error("they were sent to the provider first")
	}
}

// Whoever holds more roles than one chooses before they set out, and the choice
// is bound to the trip.
func TestTheRoleIsChosenBeforeTheTrip(t *testing.T) {
	o := newOffice(t, false)
	i := newIDP(t, o.server.URL, "trust", "varma")
	o.knows(i.provider("trust", "Fellside Trust"))
	nurse := o.seat("P. Varma", access.Clinician, access.Manager)
	o.linkTo(nurse.person, i, "varma")
	nurse.post("/sign-out", nil)
	status, body := nurse.get("/sign-in")
	want(t, status, body, http.StatusOK, "/sign-in/with/trust?next=%2F&amp;role=manager", "Shift manager")
	status, body = nurse.back(nurse.login(i, "/sign-in/with/trust?role=manager", "varma"))
	want(t, status, body, http.StatusOK, "first page of manager")
	nurse.post("/sign-out", nil)
	status, body = nurse.back(nurse.login(i, "/sign-in/with/trust", "varma"))
	want(t, status, body, http.StatusOK, "first page of clinician")
	nurse.post("/sign-out", nil)
	// One that they do not hold is refused by name of the trouble; another written
	// into the browser's cookie ends the trip.
	status, body = nurse.back(nurse.login(i, "/sign-in/with/trust?role=administrator", "varma"))
	want(t, status, body, http.StatusForbidden, "do not hold the role that you chose")
	back := nurse.login(i, "/sign-in/with/trust?role=clinician", "varma")
	site := mustURL(t, o.server.URL)
	for _, c := range nurse.client.Jar.Cookies(site) {
		if c.Name == "holdfast-trip" {
			c.Value = strings.Replace(c.Value, ".clinician", ".manager", 1)
			nurse.client.Jar.SetCookies(site, []*http.Cookie{c})
		}
	}
	status, body = nurse.back(back)
	want(t, status, body, http.StatusForbidden, "Begin again")
	res, body := nurse.press("/sign-in/with/trust?role=nobody", nil)
	want(t, res.StatusCode, body, http.StatusForbidden, "do not hold the role that you chose")
}

func TestTheRoleIsChosenWithPasswordAndCode(t *testing.T) {
	clock := newWall()
	o := newOfficeAt(t, false, clock.now)
	o.gate.Policy.SecondChoice = true
	nurse := o.seat("P. Varma", access.Clinician, access.Manager)
	nurse.withCode("p varma", clock)
	nurse.post("/sign-out", nil)
	for _, one := range []struct{ as, says string }{{"manager", "first page of manager"}, {"", "first page of clinician"}} {
		clock.forward(time.Minute)
		status, body := nurse.post("/sign-in/code", url.Values{"login": {"p varma"}, "password": {goodPassword}, "code": {code(t, nurse.secret, clock.now())}, "as": {one.as}})
		want(t, status, body, http.StatusOK, one.says)
		nurse.post("/sign-out", nil)
	}
	clock.forward(time.Minute)
	status, body := nurse.post("/sign-in/code", url.Values{"login": {"p varma"}, "password": {goodPassword}, "code": {code(t, nurse.secret, clock.now())}, "as": {"administrator"}})
	want(t, status, body, http.StatusForbidden, "do not hold the role that you chose", `value="administrator" selected`)
}

// An account that was linked to two people apart signs in nobody, and stands on
// the page of people until it is one person's again.
func TestAnAccountOfTwoPeopleIsShown(t *testing.T) {
	o, i, nurse := byTrust(t)
	admin, second := o.seat("A. Holt", access.Administrator), o.person("L. Moss", access.Manager)
	_, body := admin.get("/staff")
	if strings.Contains(body, "One account, several people") {
		t.Error("shown while it is one person's")
	}
	saved, err := o.journal.Do(t.Context(), access.Caller{Person: fact.Subject{42}, Role: access.Administrator}.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(second, access.IdentityLinked{Issuer: i.issuer, Account: "id of varma"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.journal.WaitViews(t.Context(), saved, 5*time.Second)
	status, body := admin.get("/staff")
	want(t, status, body, http.StatusOK, "One account, several people", "id of varma", "Fellside Trust", "/staff/"+nurse.person.String(), "/staff/"+second.String())
	status, body = nurse.by(i, "trust", "varma")
	want(t, status, body, http.StatusForbidden, "linked twice")
	status, body = admin.post("/staff/"+second.String()+"/accounts/drop", url.Values{"issuer": {i.issuer}, "account": {"id of varma"}})
	want(t, status, body, http.StatusOK)
	if _, body = admin.get("/staff"); strings.Contains(body, "One account, several people") {
		t.Error("still shown when it is settled")
	}
	status, body = nurse.by(i, "trust", "varma")
	want(t, status, body, http.StatusOK, "first page of clinician")
}

// Whoever's account it is is found behind any number of people whose it was.
func TestTheFortiethPersonOfAnAccountIsFound(t *testing.T) {
	o, i, nurse := byTrust(t, "passed")
	admin := access.Caller{Person: fact.Subject{42}, Role: access.Administrator}
	l := access.IdentityLinked{Issuer: i.issuer, Account: "id of passed"}
	var saved []fact.Fact
	var people []fact.Subject
	for range 40 {
		people = append(people, o.person("Q. Holt", access.Clinician))
	}
	slices.SortFunc(people, func(a, b fact.Subject) int { return bytes.Compare(a[:], b[:]) }) // as lists have them
	for n, person := range people {
		var err error
		saved, err = o.journal.Do(t.Context(), admin.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
			out := []fact.Draft{fact.Say(person, l)}
			if n < 39 {
				out = append(out, fact.Say(person, access.IdentityUnlinked{Issuer: l.Issuer, Account: l.Account}))
			}
			return out, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	o.journal.WaitViews(t.Context(), saved, 5*time.Second)
	status, body := nurse.by(i, "trust", "passed")
	want(t, status, body, http.StatusOK, "first page of clinician")
}

// Of two administrators who link one account to two people at the same moment,
// one is refused.
func TestOneAccountIsLinkedToOnePersonAtATime(t *testing.T) {
	o, i, _ := byTrust(t, "wanted")
	admin := access.Caller{Person: fact.Subject{42}, Role: access.Administrator}
	l := access.IdentityLinked{Issuer: i.issuer, Account: "id of wanted"}
	const at = 8
	var people [at]fact.Subject
	for n := range people {
		people[n] = o.person("Q. Holt", access.Clinician)
	}
	said := make(chan error, at)
	for _, p := range people {
		go func() { said <- o.gate.LinkIdentity(t.Context(), admin, p, l) }()
	}
	linked := 0
	for range at {
		if err := <-said; err == nil {
			linked++
		} else if !strings.Contains(err.Error(), "another person") {
			t.Error(err)
		}
	}
	if linked != 1 {
		t.Errorf("linked to %d people", linked)
	}
}

// How long people may take and how many wait is policy.
func TestNumbersOfTheDoorAreContent(t *testing.T) {
	o, i, nurse := byTrust(t)
	o.gate.Policy.ProviderTrip = 2 * time.Minute
	back := nurse.login(i, asTrust, "varma")
	o.skip(3 * time.Minute)
	status, body := nurse.back(back)
	want(t, status, body, http.StatusForbidden, "That took too long")
	o.gate.Policy.ProviderCalls = 1
	o.gate.Policy.ProviderWait = 5 * time.Second
	o.knows(i.provider("trust", "Fellside Trust"))
	before := i.asked.Load()
	release := i.hang()
	defer release()
	first := make(chan int, 1)
	b := &browser{o: o, client: &http.Client{Jar: nurse.client.Jar}}
	go func() {
		res, _ := b.press(asTrust, func(r *http.Request) bool { return r.URL.Host != mustURL(t, o.server.URL).Host })
		first <- res.StatusCode
	}()
	for range 1000 {
		if i.asked.Load() > before {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	res, body := nurse.press(asTrust, nil)
	want(t, res.StatusCode, body, http.StatusServiceUnavailable, "waiting for Fellside Trust already")
	release()
	if got := <-first; got != http.StatusSeeOther {
		t.Error("the first was let go with", got)
	}
}

// A link that was made is shown by a page that may be read again: it then says
// that the link was shown, and nobody else is shown it.
func TestALinkIsShownOnceOnAPageOfItsOwn(t *testing.T) {
	o := newOffice(t, false)
	admin, other := o.seat("A. Holt", access.Administrator), o.seat("B. Fell", access.Administrator)
	manager := o.seat("M. Oduya", access.Manager)
	person := o.person("K. Adeyemi", access.Clinician)
	shown := regexp.MustCompile(`/enrol/[A-Za-z0-9_-]{43}`)
	for _, one := range []struct {
		by           seat
		to, page, at string
		form         url.Values
	}{
		{admin, "/staff/" + person.String() + "/link", "/staff/link", "/staff", nil},
		{manager, "/admit", "/admit/link", "/admit", url.Values{"name": {"E. Sand"}, "body": {"GMC"}, "number": {"7012345"}, "hours": {"10"}, "role": {"clinician"}}},
	} {
		res := one.by.only(one.to, one.form)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != one.page {
			t.Fatalf("%s: %d to %q", one.to, res.StatusCode, res.Header.Get("Location"))
		}
		if _, body := other.get(one.page); shown.MatchString(body) {
			t.Error("somebody else is shown it")
		}
		status, body := one.by.get(one.page)
		want(t, status, body, http.StatusOK, "shown once")
		if !shown.MatchString(body) {
			t.Errorf("%s shows no link", one.page)
		}
		status, body = one.by.get(one.page)
		want(t, status, body, http.StatusOK, "That link was shown already")
		if shown.MatchString(body) {
			t.Error("it is shown twice")
		}
	}
}

// only sends a form and follows nothing.
func (b *browser) only(path string, form url.Values) *http.Response {
	b.o.t.Helper()
	c := *b.client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.PostForm(b.o.server.URL+path, form)
	if err != nil {
		b.o.t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// callerOf is who is signed in on a browser.
func (o *office) callerOf(b *browser) access.Caller {
	o.t.Helper()
	for _, c := range b.client.Jar.Cookies(mustURL(o.t, o.server.URL)) {
		if c.Name != "holdfast" {
			continue
		}
		by, err := o.gate.Caller(context.Background(), c.Value)
		if err != nil {
			o.t.Fatal(err)
		}
		return by
	}
	o.t.Fatal("nobody is signed in")
	return access.Caller{}
}

// said writes a fact as an author, past every verb.
func (o *office) said(by fact.Author, d fact.Draft) error {
	_, err := o.journal.Do(context.Background(), by, nil, func(*journal.Tx) ([]fact.Draft, error) { return []fact.Draft{d}, nil })
	return err
}
