package pds_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/content"
	"holdfast/exchange/pds"
	"holdfast/exchange/pds/pdstest"
	"holdfast/record"
)

var now = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)

func at() time.Time { return now }

func people() []record.Identity {
	one := func(given, family, nhs string, y, m, d int) record.Identity {
		return record.Identity{
			Name: record.Name{Given: given, Family: family}, Born: codes.Date{Year: y, Month: m, Day: d}, NHS: codes.ReceiveNHSNumber(nhs), Sex: codes.Female,
			Address: codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}, Practice: record.Practice{ODS: "Y12345"},
			Lines: []record.Line{{Phone: codes.ReceivePhone("01632 960418"), Use: "home"}},
		}
	}
	hidden := one("Nora", "Quillfeather", "9434765870", 1990, 4, 9)
	hidden.Restricted = true
	dead := one("Agnes", "Ferriby", "9990000018", 1931, 1, 2)
	dead.Death = record.Death{Dead: record.Yes, On: codes.Date{Year: 2026, Month: 10, Day: 30}}
	polish := one("Maja", "Zielinska", "9434765919", 1988, 6, 1)
	polish.Language, polish.Interpreter, polish.Aliases = "Polish", record.Yes, []record.Name{{Given: "Maja", Family: "Kowalska"}}
	return []record.Identity{
		hidden, dead, polish, one("Ivy", "Marchbank", "9999999484", 2019, 7, 7), one("Ava", "Marchbank", "9999999492", 2019, 7, 7),
	}
}

func client(p *pdstest.Peer) *pds.Client {
	p.Now = at
	if p.People == nil {
		p.People = people()
	}
	return &pds.Client{Base: "https://index.invalid/personal-demographics/FHIR/R4", HTTP: &http.Client{Transport: p.Transport()}, Most: 10, Now: at}
}

func rules(t testing.TB) record.IdentityRules {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.LoadIdentityRules(set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func byName(given, family string, y, m, d int) record.TraceQuestion {
	return record.TraceQuestion{Given: given, Family: family, Born: codes.Date{Year: y, Month: m, Day: d}}
}

func TestOneManyOrNone(t *testing.T) {
	p := &pdstest.Peer{}
	c := client(p)
	for _, one := range []struct {
		name  string
		q     record.TraceQuestion
		want  record.TraceOutcome
		count int
	}{
		{"by number", record.TraceQuestion{NHS: codes.ReceiveNHSNumber("9434765919")}, record.TraceOne, 1},
		{"a number that nobody has", record.TraceQuestion{NHS: codes.ReceiveNHSNumber("9990000026")}, record.TraceNone, 0},
		{"by name", byName("Maja", "Zielinska", 1988, 6, 1), record.TraceOne, 1},
		{"misspelt", byName("Maja", "Zielynska", 1988, 6, 1), record.TraceOne, 1},
		{"twins", byName("", "Marchbank", 2019, 7, 7), record.TraceMany, 2},
		{"nobody", byName("Maja", "Tansley", 1988, 6, 1), record.TraceNone, 0},
		{"too little", record.TraceQuestion{Family: "Zielinska", Born: codes.Date{Year: 1988}}, record.TraceNotAsked, 0},
		{"an unsound number is never asked with", record.TraceQuestion{NHS: codes.ReceiveNHSNumber("3478526985")}, record.TraceNotAsked, 0},
	} {
		s, err := c.Ask(t.Context(), one.q)
		if err != nil || s.Outcome != one.want || len(s.People) != one.count {
			t.Errorf("%s: %v, %d people, %v", one.name, s.Outcome, len(s.People), err)
		}
	}
	s, _ := c.Ask(t.Context(), byName("Maja", "Zielynska", 1988, 6, 1))
	id := s.People[0].Identity
	if id.NHS.Status != codes.Verified || id.Language != "Polish" || id.Interpreter != record.Yes || len(id.Aliases) != 1 || s.People[0].Score != 75 || s.People[0].Index != "PDS" {
		t.Errorf("%+v", s.People[0])
	}
	s.Offer = 90
	if !s.Doubtful() {
		t.Error("a score of 75 is offered without a warning")
	}
	first := p.Asked()[0]
	if first.Get("birthdate") != "eq1988-06-01" || first.Get("_max-results") != "10" || first.Has("_fuzzy-match") {
		t.Errorf("%v", first)
	}
}

func TestTooManyIsNotNone(t *testing.T) {
	p := &pdstest.Peer{}
	c := client(p)
	c.Most = 1
	s, err := c.Ask(t.Context(), byName("", "Marchbank", 2019, 7, 7))
	if err != nil || s.Outcome != record.TraceMany || !s.More || len(s.People) != 0 {
		t.Errorf("%+v %v", s, err)
	}
}

// Whoever is restricted is answered without whereabouts, even when the service
// sends them.
func TestRestrictedHaveNoWhereabouts(t *testing.T) {
	c := client(&pdstest.Peer{})
	s, err := c.Ask(t.Context(), byName("Nora", "Quillfeather", 1990, 4, 9))
	if err != nil || len(s.People) != 1 {
		t.Fatal(s, err)
	}
	hides(t, s.People[0].Identity)
	leaky := `{"resourceType":"Patient","id":"9434765870","meta":{"security":[{"code":"V"}]},"address":[{"line":["Refuge"],"postalCode":"QX9 1AB"}],
		"telecom":[{"system":"phone","value":"01632960418"}],"generalPractitioner":[{"identifier":{"value":"Y12345"}}]}`
	c.HTTP = answering(200, leaky)
	if s, err = c.Ask(t.Context(), record.TraceQuestion{NHS: codes.ReceiveNHSNumber("9434765870")}); err != nil {
		t.Fatal(err)
	}
	hides(t, s.People[0].Identity)
}

func hides(t *testing.T, id record.Identity) {
	t.Helper()
	if !id.Restricted || !id.Address.IsZero() || len(id.Lines) != 0 || id.Practice != (record.Practice{}) {
		t.Errorf("%+v", id)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answering(status int, body string) *http.Client {
	return &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		w.WriteHeader(status)
		_, _ = w.WriteString(body)
		return w.Result(), nil
	})}
}

// An answer that is broken, odd or a refusal is never "nobody found", and no
// error repeats what was asked or answered.
func TestTroubleIsNeverNobody(t *testing.T) {
	q := byName("Maja", "Zielinska", 1988, 6, 1)
	for name, one := range map[string]struct {
		status  int
		body    string
		refused bool
	}{
		"broken": {200, `{"resourceType":"Bundle"`, false}, "another thing": {200, `{"resourceType":"Patient","birthDate":"1988-06-01"}`, false},
		"an outcome that says nothing": {200, `{"resourceType":"OperationOutcome"}`, false},
		"not found by a proxy":         {404, `<html>Zielinska</html>`, false}, "busy": {429, `{}`, false}, "down": {503, ``, false},
		"no access": {403, `{"resourceType":"OperationOutcome","issue":[{"details":{"coding":[{"code":"ACCESS_DENIED"}]}}]}`, true},
		"bad value": {400, `{"resourceType":"OperationOutcome","issue":[{"details":{"coding":[{"code":"INVALID_VALUE"}]},"diagnostics":"Zielinska"}]}`, true},
		"moved":     {302, ``, true},
	} {
		c := client(&pdstest.Peer{})
		c.HTTP = answering(one.status, one.body)
		s, err := c.Ask(t.Context(), q)
		var refused *pds.Refused
		if err == nil || errors.As(err, &refused) != one.refused || errors.Is(err, pds.ErrAway) == one.refused || len(s.People) != 0 {
			t.Errorf("%s: %+v %v", name, s, err)
		}
		if err != nil && (strings.Contains(err.Error(), "Zielinska") || strings.Contains(err.Error(), "1988")) {
			t.Errorf("%s: the error tells who was asked about: %v", name, err)
		}
	}
	c := client(&pdstest.Peer{})
	c.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) { return nil, errors.New("dial " + r.URL.String()) })}
	if _, err := c.Ask(t.Context(), q); !errors.Is(err, pds.ErrAway) || strings.Contains(err.Error(), "Zielinska") {
		t.Errorf("%v", err)
	}
}

// The application shows who it is by a JWT that it signs; a token that is
// refused is replaced once, one that is good is used again.
func TestSignedJWT(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048) // the peer takes any length: 4096 take seconds
	if err != nil {
		t.Fatal(err)
	}
	p := &pdstest.Peer{Key: &key.PublicKey, KeyID: "test-1"}
	c := client(p)
	token := &pds.SignedJWT{URL: "https://index.invalid/oauth2/token", APIKey: "app", KeyID: "test-1", Key: key, HTTP: c.HTTP, Now: at}
	c.Token = token
	q := record.TraceQuestion{NHS: codes.ReceiveNHSNumber("9434765919")}
	for range 2 {
		if s, err := c.Ask(t.Context(), q); err != nil || s.Outcome != record.TraceOne {
			t.Fatal(s, err)
		}
	}
	if p.Served() != 3 {
		t.Errorf("%d requests; one token serves both", p.Served())
	}
	p.Expire()
	if s, err := c.Ask(t.Context(), q); err != nil || s.Outcome != record.TraceOne {
		t.Errorf("an expired token is not replaced: %+v %v", s, err)
	}
	token.KeyID, token.Now = "another", func() time.Time { return now.Add(time.Hour) }
	p.Expire()
	var refused *pds.Refused
	if _, err := c.Ask(t.Context(), q); !errors.As(err, &refused) {
		t.Errorf("a key that is not known: %v", err)
	}
	c.Token = nil
	if _, err := c.Ask(t.Context(), q); !errors.As(err, &refused) {
		t.Errorf("no token: %v", err)
	}
	if _, err := pds.ReadKey(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})); err == nil || !strings.Contains(err.Error(), "4096") {
		t.Errorf("a short key is taken: %v", err)
	}
	if _, err := pds.ReadKey([]byte("nothing")); err == nil {
		t.Error("no key is taken")
	}
}

// running gives a tracer of a peer, stopped with the test.
func running(t *testing.T, p *pdstest.Peer, clock func() time.Time) *pds.Tracer {
	c := client(p)
	tr := &pds.Tracer{Ask: c.Ask, Rules: rules(t), Now: clock}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = tr.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	for tr.Look(byName("x", "Nobody", 1900, 1, 1)).Outcome == record.TraceNotAsked { // until it runs
		time.Sleep(time.Millisecond)
	}
	tr.Wait(t.Context(), byName("x", "Nobody", 1900, 1, 1))
	return tr
}

// A question never waits: it is answered beside the call when the answer comes.
func TestTheTraceNeverWaits(t *testing.T) {
	p := &pdstest.Peer{}
	tr := running(t, p, at)
	p.Slow(time.Hour)
	q := byName("Maja", "Zielinska", 1988, 6, 1)
	if s := tr.Look(q); s.Outcome != record.TraceWaiting {
		t.Fatalf("%+v", s)
	}
	if s := tr.Look(q); s.Outcome != record.TraceWaiting || p.Served() > 4 {
		t.Errorf("asked twice: %+v, %d", s, p.Served())
	}
	p.Slow(0)
	other := record.TraceQuestion{NHS: codes.ReceiveNHSNumber("9434765919")}
	if s := tr.Wait(t.Context(), other); s.Outcome != record.TraceOne || s.Offer != 90 {
		t.Errorf("a slow question holds up the others: %+v", s)
	}
	served := p.Served()
	if s := tr.Look(other); s.Outcome != record.TraceOne || p.Served() != served {
		t.Error("an answer that is fresh is asked for again")
	}
}

// After failures the index is left alone and every question says since when;
// when it comes back it is asked again.
func TestAnIndexThatIsAwayIsSaidToBe(t *testing.T) {
	clock := now
	p := &pdstest.Peer{}
	tr := running(t, p, func() time.Time { return clock })
	var told []bool
	tr.Told = func(reached bool) { told = append(told, reached) }
	p.Down(true)
	for i := range 3 {
		q := byName("Maja", "Zielinska", 1988, 6, 1+i)
		if s := tr.Wait(t.Context(), q); s.Outcome != record.TraceAway || !s.Away.Equal(now) {
			t.Fatalf("%d: %+v", i, s)
		}
	}
	served := p.Served()
	if s := tr.Look(byName("Agnes", "Ferriby", 1931, 1, 2)); s.Outcome != record.TraceAway || !s.Away.Equal(now) || p.Served() != served {
		t.Errorf("it is asked all the same: %+v", s)
	}
	p.Down(false)
	clock = now.Add(rules(t).TraceRest + time.Second)
	if s := tr.Wait(t.Context(), byName("Agnes", "Ferriby", 1931, 1, 2)); s.Outcome != record.TraceOne || s.People[0].Identity.Death.Dead != record.Yes {
		t.Errorf("%+v", s)
	}
	if len(told) != 2 || told[0] || !told[1] {
		t.Errorf("%v", told)
	}
}

// pdsFolder is where recorded messages lie; without them a test says so.
func pdsFolder(t *testing.T) string {
	dir := filepath.Join("..", "..", "..", "shared", "payloads", "pds")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("SKIPPED: the folder ../shared/payloads with the example messages is missing, so real messages are not tested")
	}
	return dir
}

// Every recorded record and search result is read, minimal ones too.
func TestRecordedRecordsAreRead(t *testing.T) {
	dir := pdsFolder(t)
	for name, want := range map[string]struct {
		search     bool
		number     string
		verified   bool
		called     string
		restricted bool
		dead       bool
	}{
		"Patient":                   {number: "9000000009", verified: true, called: "SMITH, Jane", dead: true},
		"Patient-Jayne-Smyth":       {number: "9000000017", verified: true, called: "SMYTH, Jayne", dead: true},
		"Minimal_Patient":           {number: "9000000033", verified: true, called: "UNKNOWN"},
		"Sensitive_Patient":         {number: "9000000025", verified: true, called: "SMYTHE, Janet", restricted: true, dead: true},
		"PatientSearch":             {search: true, number: "9000000009", verified: true, called: "SMITH, Jane", dead: true},
		"PatientSearch-Jayne-Smyth": {search: true, number: "9000000017", verified: true, called: "SMYTH, Jayne", dead: true},
		"Minimal_PatientSearch":     {search: true, number: "9000000033", verified: true, called: "UNKNOWN"},
		"Sensitive_PatientSearch":   {search: true, number: "9000000025", verified: true, called: "SMYTHE, Janet", restricted: true, dead: true},
		"PatientCompoundName":       {search: true, number: "9000000015", dead: true},
	} {
		raw, err := os.ReadFile(filepath.Join(dir, "mocks", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		c := client(&pdstest.Peer{})
		c.HTTP = answering(200, string(raw))
		q := record.TraceQuestion{NHS: codes.ReceiveNHSNumber("9000000009")}
		if want.search {
			q = byName("", "Smith", 2010, 10, 22)
		}
		s, err := c.Ask(t.Context(), q)
		if err != nil || s.Outcome != record.TraceOne || len(s.People) != 1 {
			t.Errorf("%s: %+v %v", name, s, err)
			continue
		}
		id := s.People[0].Identity
		if id.NHS.Text != want.number || (id.NHS.Status == codes.Verified) != want.verified || want.called != "" && id.Called() != want.called || id.Restricted != want.restricted || (id.Death.Dead == record.Yes) != want.dead {
			t.Errorf("%s: %+v", name, id)
		}
		if want.restricted {
			hides(t, id)
		}
		if want.search && s.People[0].Score != 75 {
			t.Errorf("%s: score %d", name, s.People[0].Score)
		}
	}
}

// Every recorded error body leads to a sentence, and none to "nobody found".
func TestRecordedErrorsAreRead(t *testing.T) {
	dir := pdsFolder(t)
	all, err := filepath.Glob(filepath.Join(dir, "errors", "*.json"))
	if err != nil || len(all) < 9 {
		t.Fatal(all, err)
	}
	for _, path := range all {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		if name == "valid_patient_post_response.json" {
			continue
		}
		status := map[bool]int{true: 401, false: 400}[strings.Contains(name, "authorization") || strings.Contains(name, "token")]
		if name == "too_many_matches.json" {
			status = 200
		}
		c := client(&pdstest.Peer{})
		c.HTTP = answering(status, string(raw))
		s, err := c.Ask(t.Context(), byName("Jane", "Smith", 2010, 10, 22))
		if name == "too_many_matches.json" {
			if err != nil || s.Outcome != record.TraceMany || !s.More {
				t.Errorf("%s: %+v %v", name, s, err)
			}
			continue
		}
		var refused *pds.Refused
		if !errors.As(err, &refused) || refused.Says == "" {
			t.Errorf("%s: %+v %v", name, s, err)
		}
	}
}
