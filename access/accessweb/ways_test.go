package accessweb_test

import (
	"context"
	"encoding/base32"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// wall is a clock that tests put forward.
type wall struct{ ms atomic.Int64 }

func newWall() *wall {
	w := &wall{}
	w.ms.Store(time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC).UnixMilli())
	return w
}

func (w *wall) now() time.Time          { return time.UnixMilli(w.ms.Load()).UTC() }
func (w *wall) forward(d time.Duration) { w.ms.Add(d.Milliseconds()) }

const goodPassword = "harbour lantern violet spoon"

// seat is somebody with a passkey and a browser on which they signed in by it.
type seat struct {
	*browser
	person fact.Subject
	key    *authenticator
	secret string
}

func (o *office) seat(name string, roles ...access.Role) seat {
	o.t.Helper()
	p := o.person(name, roles...)
	b := o.browser()
	s := seat{browser: b, person: p, key: b.enrol(o.link(p, roles[0], access.ForPasskey))}
	status, body := b.signIn(s.key)
	want(o.t, status, body, http.StatusOK, "next")
	return s
}

func code(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withCode enrols password and authenticator.
func (s *seat) withCode(login string, clock *wall) {
	t := s.o.t
	t.Helper()
	status, body := s.get("/session/code")
	want(t, status, body, http.StatusOK, "<svg", "authenticator-secret")
	s.secret = strings.ReplaceAll(regexp.MustCompile(`authenticator-secret">([A-Z2-7 ]+)<`).FindStringSubmatch(body)[1], " ", "")
	if _, err := base32.StdEncoding.DecodeString(s.secret); err != nil {
		t.Fatal(err)
	}
	status, body = s.post("/session/code", url.Values{"login": {login}, "password": {goodPassword}, "code": {code(t, s.secret, clock.now())}})
	want(t, status, body, http.StatusOK, "As "+login)
	clock.forward(time.Minute)
}

func (s *seat) byCode(b *browser, login, password, c string) (int, string) {
	return b.post("/sign-in/code", url.Values{"login": {login}, "password": {password}, "code": {c}})
}

func TestPasswordAndCodeAreASecondChoice(t *testing.T) {
	clock := newWall()
	o := newOfficeAt(t, false, clock.now)
	nurse := o.seat("P. Varma", access.Clinician)
	status, body := nurse.get("/session/code")
	want(t, status, body, http.StatusForbidden, "passkeys alone")
	status, body = nurse.byCode(nurse.browser, "p varma", goodPassword, "123456")
	want(t, status, body, http.StatusForbidden, "passkeys alone")
	o.gate.Policy.SecondChoice = true

	for said, form := range map[string]url.Values{
		"At least 12 characters":          {"login": {"p varma"}, "password": {"short"}, "code": {"000000"}},
		"the first things that are tried": {"login": {"p varma"}, "password": {"P. Varma at work"}, "code": {"000000"}},
		"not the code of now":             {"login": {"p varma"}, "password": {goodPassword}, "code": {"000000"}},
		"Choose the name":                 {"password": {goodPassword}, "code": {"000000"}},
	} {
		nurse.get("/session/code")
		status, body = nurse.post("/session/code", form)
		want(t, status, body, http.StatusUnprocessableEntity, said)
		if strings.Contains(body, goodPassword) {
			t.Error("the page gives a password back")
		}
	}
	nurse.withCode("p varma", clock)

	// On the organisation's own browser: right once, the same code never again.
	nurse.post("/sign-out", nil)
	c := code(t, nurse.secret, clock.now())
	status, body = nurse.byCode(nurse.browser, "P Varma", goodPassword, c)
	want(t, status, body, http.StatusOK, "first page of clinician")
	status, body = nurse.byCode(nurse.browser, "P Varma", goodPassword, c)
	want(t, status, body, http.StatusForbidden, "is not right, or the code was used already")

	// A session by code changes no way in.
	clock.forward(time.Minute)
	status, body = nurse.byCode(nurse.browser, "P Varma", goodPassword, code(t, nurse.secret, clock.now()))
	want(t, status, body, http.StatusOK, "first page of clinician")
	nurse.get("/session/code")
	status, body = nurse.post("/session/recovery", nil)
	want(t, status, body, http.StatusForbidden, "Sign in by your passkey")

	// Elsewhere the right three open nothing, nor does one of them alone here.
	clock.forward(time.Minute)
	c = code(t, nurse.secret, clock.now())
	status, body = nurse.byCode(o.browser(), "p varma", goodPassword, c)
	want(t, status, body, http.StatusForbidden, "not known here yet")
	for _, wrong := range [][3]string{{"p varma", "", c}, {"p varma", goodPassword, ""}, {"p varma", goodPassword, "000000"}, {"p varma", "another four words here", c}} {
		status, body = nurse.byCode(nurse.browser, wrong[0], wrong[1], wrong[2])
		want(t, status, body, http.StatusForbidden, "Name, password or code is not right")
	}
	// A browser of the organisation is one for a while only.
	clock.forward(o.gate.Policy.BrowserKnown + 24*time.Hour)
	status, body = nurse.byCode(nurse.browser, "p varma", goodPassword, code(t, nurse.secret, clock.now()))
	want(t, status, body, http.StatusForbidden, "not known here yet")
}

// Whoever asks can't tell an unknown name from a known one: same words, and a
// hash of the same cost.
func TestNamesCannotBeProbed(t *testing.T) {
	clock := newWall()
	o := newOfficeAt(t, false, clock.now)
	o.gate.Policy.SecondChoice = true
	o.gate.Policy.Brake.Free = 1000
	nurse := o.seat("P. Varma", access.Clinician)
	nurse.withCode("p varma", clock)
	thief := o.seat("T. Hale", access.CallHandler)
	try := func(login string) (time.Duration, string) {
		began := time.Now()
		_, body := nurse.byCode(thief.browser, login, "some password or other", "123456")
		return time.Since(began), regexp.MustCompile(`role="alert">.*?</p>`).FindString(body)
	}
	known, unknown := time.Hour, time.Hour // the quickest of many, taken in turns: machines are busy
	saidKnown, saidUnknown := "", ""
	for range 15 {
		var took time.Duration
		took, saidKnown = try("p varma")
		known = min(known, took)
		took, saidUnknown = try("q nobody")
		unknown = min(unknown, took)
	}
	if saidKnown == "" || saidKnown != saidUnknown {
		t.Errorf("%q and %q", saidKnown, saidUnknown)
	}
	if unknown*3 < known || known*3 < unknown {
		t.Errorf("a known name takes %s, an unknown one %s", known, unknown)
	}
}

// One try a second for an hour, on a browser of the organisation, with real
// requests from the address that colleagues share.
func TestBruteForceIsSlowedAndColleaguesAreNot(t *testing.T) {
	clock := newWall()
	o := newOfficeAt(t, false, clock.now)
	o.gate.Policy.SecondChoice = true
	nurse, colleague, thief := o.seat("P. Varma", access.Clinician), o.seat("K. Adeyemi", access.Clinician), o.seat("T. Hale", access.CallHandler)
	nurse.withCode("p varma", clock)
	colleague.withCode("k adeyemi", clock)
	looked, stranger := 0, o.browser()
	for second := range 3600 {
		clock.forward(time.Second)
		status, body := nurse.byCode(thief.browser, "p varma", "guess after guess", "123456")
		if status != http.StatusForbidden {
			t.Fatal(status, body)
		}
		if !strings.Contains(body, "Too many wrong tries") {
			looked++
		}
		if second%600 == 599 {
			status, body = nurse.byCode(stranger, "p varma", "guess after guess", "123456")
			want(t, status, body, http.StatusForbidden, "not known here yet")
			status, body = nurse.byCode(colleague.browser, "k adeyemi", goodPassword, code(t, colleague.secret, clock.now()))
			want(t, status, body, http.StatusOK, "first page of clinician")
			status, body = nurse.byCode(nurse.browser, "p varma", goodPassword, code(t, nurse.secret, clock.now()))
			want(t, status, body, http.StatusOK, "first page of clinician")
		}
	}
	t.Logf("an attacker on the organisation's own browser gets %d tries in the first hour; on any other none", looked)
	if looked < 5 || looked > 20 {
		t.Errorf("%d tries in an hour", looked)
	}
	// The thief's own passkey still opens: a browser is never shut.
	status, body := thief.signIn(thief.key)
	want(t, status, body, http.StatusOK, "next")
	// What was tried is on record, once, and administrators see it.
	admin := o.seat("A. Holt", access.Administrator)
	status, body = admin.get("/staff")
	want(t, status, body, http.StatusOK, "wrong tries in a row at the account of P. Varma")
	if n := strings.Count(body, "wrong tries in a row"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

func codesOn(body string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`<code>([0-9A-Z-]{24})</code>`).FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestRecoveryCodesEnrolAPasskeyAndNothingElse(t *testing.T) {
	clock := newWall()
	o := newOfficeAt(t, false, clock.now)
	nurse, admin := o.seat("P. Varma", access.Clinician), o.seat("A. Holt", access.Administrator)
	status, body := nurse.post("/session/recovery", nil)
	want(t, status, body, http.StatusOK, "shown once")
	codes := codesOn(body)
	if len(codes) != 8 {
		t.Fatalf("%d codes", len(codes))
	}
	if _, again := nurse.get("/session"); strings.Contains(again, codes[0]) {
		t.Error("a code is shown again")
	}
	// Typed carelessly, at any browser, it leads to the page where a passkey is made.
	fresh := o.browser()
	status, body = fresh.post("/recover", url.Values{"code": {strings.ToLower(strings.ReplaceAll(codes[0], "-", " "))}})
	want(t, status, body, http.StatusOK, "Enrol your passkey")
	token := regexp.MustCompile(`/enrol/([A-Za-z0-9_-]{43})/begin`).FindStringSubmatch(body)[1]
	status, body = fresh.get("/session")
	want(t, status, body, http.StatusOK, "Start your shift") // it signed nobody in
	key := fresh.enrol(token)
	status, body = fresh.signIn(key)
	want(t, status, body, http.StatusOK, "next")
	status, body = fresh.get("/session")
	want(t, status, body, http.StatusOK, "P. Varma", "Recovery codes left")

	status, body = o.browser().post("/recover", url.Values{"code": {codes[0]}})
	want(t, status, body, http.StatusForbidden, "This code has been used")
	wrong := codes[1][:len(codes[1])-1] + map[bool]string{true: "0", false: "1"}[!strings.HasSuffix(codes[1], "0")]
	status, body = o.browser().post("/recover", url.Values{"code": {wrong}})
	want(t, status, body, http.StatusForbidden, "not a code that can be used")
	status, body = o.browser().post("/recover", url.Values{"code": {"0000-0000-0000-0000-0000"}})
	want(t, status, body, http.StatusForbidden, "not a code that can be used")
	status, body = o.browser().post("/recover", url.Values{"code": {"12"}})
	want(t, status, body, http.StatusUnprocessableEntity, "20 letters and figures")
	status, body = admin.get("/staff")
	want(t, status, body, http.StatusOK, "a recovery code of P. Varma was used")

	// A new paper ends the old one.
	status, body = nurse.post("/session/recovery", nil)
	want(t, status, body, http.StatusOK, "shown once")
	status, body = o.browser().post("/recover", url.Values{"code": {codes[2]}})
	want(t, status, body, http.StatusForbidden, "not a code that can be used")
	// Nothing but sums is kept.
	s, err := o.gate.Own(context.Background(), access.Caller{Role: access.Clinician, Person: nurse.person})
	if err != nil || len(s.Papers) != 1 || s.CodesLeft() != 8 || len(s.Papers[0].Codes.Sums[0]) != 32 {
		t.Errorf("%v %+v", err, s.Papers)
	}
	// Guessing at one paper is slowed.
	slow := false
	for range 20 {
		_, body = o.browser().post("/recover", url.Values{"code": {wrong}})
		slow = slow || strings.Contains(body, "Too many wrong tries")
	}
	if !slow {
		t.Error("guessing is not slowed")
	}
}

func TestAColleagueVouchesWithTheirOwnPasskey(t *testing.T) {
	o := newOfficeAt(t, false, newWall().now)
	nurse, lost := o.seat("P. Varma", access.Clinician), o.person("K. Adeyemi", access.Clinician)
	admin, handler := o.seat("A. Holt", access.Administrator), o.seat("C. Ndlovu", access.CallHandler)
	status, body := nurse.get("/vouch")
	want(t, status, body, http.StatusOK, "K. Adeyemi")
	if strings.Contains(body, "A. Holt") {
		t.Error("a nurse is offered to vouch for an administrator")
	}
	for _, bad := range []struct {
		who  seat
		whom fact.Subject
		say  string
	}{{nurse, admin.person, "administrator"}, {handler, lost, "clinician"}, {nurse, nurse.person, "themselves"}} {
		status, body = bad.who.send("/vouch/"+bad.whom.String()+"/begin", nil)
		want(t, status, body, http.StatusUnprocessableEntity, bad.say)
	}
	status, options := nurse.send("/vouch/"+lost.String()+"/begin", nil)
	want(t, status, options, http.StatusOK, `"userVerification":"required"`)
	// Another session's answer, or one of a passkey that verified nobody, is none.
	status, body = handler.send("/vouch/finish", nurse.key.get(options))
	want(t, status, body, http.StatusUnprocessableEntity)
	status, options = nurse.send("/vouch/"+lost.String()+"/begin", nil)
	want(t, status, options, http.StatusOK)
	nurse.key.Unverified = true
	status, body = nurse.send("/vouch/finish", nurse.key.get(options))
	want(t, status, body, http.StatusUnprocessableEntity, "does not hold")
	nurse.key.Unverified = false
	status, body = nurse.get("/vouch/link")
	want(t, status, body, http.StatusOK, "Vouch for a colleague") // nothing was opened

	status, options = nurse.send("/vouch/"+lost.String()+"/begin", nil)
	want(t, status, options, http.StatusOK)
	status, body = nurse.send("/vouch/finish", nurse.key.get(options))
	want(t, status, body, http.StatusOK, "/vouch/link")
	status, body = nurse.get("/vouch/link")
	want(t, status, body, http.StatusOK, "You have vouched for K. Adeyemi", "<svg")
	token := regexp.MustCompile(`/enrol/([A-Za-z0-9_-]{43})<`).FindStringSubmatch(body)[1]
	if _, again := nurse.get("/vouch/link"); strings.Contains(again, token) {
		t.Error("the link is shown twice")
	}
	theirs := o.browser()
	status, body = theirs.signIn(theirs.enrol(token))
	want(t, status, body, http.StatusOK, "next")
	s, err := o.gate.Own(context.Background(), access.Caller{Role: access.Clinician, Person: lost})
	if err != nil || len(s.Witnessed) != 1 || len(s.Passkeys) != 1 || s.Passkeys[0].Link != s.Witnessed[0].Link || string(s.Witnessed[0].Passkey) != string(nurse.key.ID()) {
		t.Errorf("%v %+v", err, s.Witnessed)
	}
	status, body = admin.get("/staff")
	want(t, status, body, http.StatusOK, "a colleague vouched for K. Adeyemi")
}

func TestSomebodyIsAdmittedForOneShift(t *testing.T) {
	clock := newWall()
	o := newOfficeAt(t, false, clock.now)
	manager, nurse := o.seat("M. Oduya", access.Manager), o.seat("P. Varma", access.Clinician)
	status, body := nurse.get("/admit")
	want(t, status, body, http.StatusForbidden, "shift manager")
	form := func(number, hours, role string) url.Values {
		return url.Values{"name": {"E. Sand"}, "title": {"GP"}, "body": {"GMC"}, "number": {number}, "hours": {hours}, "role": {role}}
	}
	for said, in := range map[string]url.Values{
		"seven digits": form("12", "10", "clinician"), "At most 14 hours": form("7012345", "15", "clinician"),
		"Choose one of those shown": form("7012345", "10", "administrator"), "how long the shift lasts": form("7012345", "0", "clinician"),
	} {
		status, body = manager.post("/admit", in)
		want(t, status, body, http.StatusUnprocessableEntity, said, "E. Sand")
	}
	status, body = manager.post("/admit", form("7012345", "10", "clinician"))
	want(t, status, body, http.StatusOK, "E. Sand is admitted until 05:00", "not checked with the register", "<svg")
	token := regexp.MustCompile(`/enrol/([A-Za-z0-9_-]{43})<`).FindStringSubmatch(body)[1]
	doctor := o.browser()
	key := doctor.enrol(token)
	status, body = doctor.signIn(key)
	want(t, status, body, http.StatusOK, "next")
	status, body = doctor.get("/")
	want(t, status, body, http.StatusOK, "first page of clinician")
	admin := o.seat("A. Holt", access.Administrator)
	status, body = admin.get("/staff")
	want(t, status, body, http.StatusOK, "GMC 7012345, not checked with the register")

	// The shift ends by itself: they come in no more, and are out.
	clock.forward(10*time.Hour + time.Minute)
	status, body = doctor.get("/")
	want(t, status, body, http.StatusOK, "Start your shift")
	status, body = doctor.signIn(key)
	want(t, status, body, http.StatusForbidden, "do not hold this role now")

	// With a case in front of them it does not: they finish it, and begin nothing.
	mine, other := fact.Subject{7}, fact.Subject{8}
	open := []fact.Subject{mine}
	o.gate.OpenWork = func(context.Context, fact.Subject) ([]fact.Subject, bool, error) { return open, false, nil }
	status, body = doctor.get("/")
	want(t, status, body, http.StatusOK, "first page of clinician")
	at, err := url.Parse(o.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range doctor.client.Jar.Cookies(at) {
		if c.Name != "holdfast" {
			continue
		}
		by, err := o.gate.Caller(context.Background(), c.Value)
		if err != nil || by.Role != access.Clinician {
			t.Fatal(by, err)
		}
		ctx := context.Background()
		for _, act := range []access.Act{access.SeeCase, access.Consult, access.SetOutcome, access.Close} {
			if err := o.gate.Enter(ctx, by, act, mine); err != nil {
				t.Errorf("%s their own case: %v", act, err)
			}
			if err := o.gate.Enter(ctx, by, act, other); !refusal.Is(err, refusal.Forbidden) {
				t.Errorf("%s another case: %v", act, err)
			}
		}
		if err := o.gate.Enter(ctx, by, access.CallEmergency, other); err != nil {
			t.Error("an ambulance for anybody:", err)
		}
		for _, act := range []access.Act{access.TakeCall, access.Claim, access.FindPerson, access.VouchFor, access.KeepOwnWays} {
			if err := o.gate.Enter(ctx, by, act, fact.Subject{}); !refusal.Is(err, refusal.Forbidden) {
				t.Errorf("%s: %v", act, err)
			}
		}
	}
	open = nil // it is finished
	status, body = doctor.get("/")
	want(t, status, body, http.StatusOK, "Start your shift")
}

// Keys that do not verify who holds them open nothing: not at enrolment, not at
// the door.
func TestUserVerificationIsRequired(t *testing.T) {
	o := newOfficeAt(t, false, newWall().now)
	p := o.person("P. Varma", access.Clinician)
	token := o.link(p, access.Clinician, access.ForPasskey)
	b, a := o.browser(), newAuthenticator(t)
	a.Unverified = true
	_, options := b.send("/enrol/"+token+"/begin", nil)
	status, body := b.send("/enrol/"+token+"/finish", a.create(options))
	want(t, status, body, http.StatusForbidden, "does not hold")
	a.Unverified = false
	_, options = b.send("/enrol/"+token+"/begin", nil)
	status, body = b.send("/enrol/"+token+"/finish", a.create(options))
	want(t, status, body, http.StatusOK)
	a.Unverified = true
	status, body = b.signIn(a)
	want(t, status, body, http.StatusForbidden, "does not hold")
	a.Unverified = false
	status, body = b.signIn(a)
	want(t, status, body, http.StatusOK, "next")
}
