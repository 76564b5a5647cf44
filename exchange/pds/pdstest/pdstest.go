// Package pdstest is a peer that stands in for the Personal Demographics
// Service in tests, drills and the demo: it answers with made-up people in the
// shapes of the recorded messages, wants what the service wants of a caller,
// and can be away, slow or refusing.
package pdstest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdfast/codes"
	"holdfast/record"
)

// Peer is the stand-in. Its fields are set before it serves.
type Peer struct {
	People []record.Identity // whoever is Restricted is answered without whereabouts
	Key    *rsa.PublicKey    // whose assertions it takes; nil: it wants no token
	KeyID  string
	Now    func() time.Time

	mu     sync.Mutex
	down   bool
	stall  time.Duration
	served int
	spent  map[string]bool // assertions that were used
	token  string
	asked  []url.Values
}

// Down has it answer nothing but 503, or answer again.
func (p *Peer) Down(down bool) { p.mu.Lock(); defer p.mu.Unlock(); p.down = down }

// Slow has every answer wait so long, or until the caller gives up.
func (p *Peer) Slow(by time.Duration) { p.mu.Lock(); defer p.mu.Unlock(); p.stall = by }

// Expire has it refuse the token that it gave last.
func (p *Peer) Expire() { p.mu.Lock(); defer p.mu.Unlock(); p.token = "" }

// Served tells how many requests it has had.
func (p *Peer) Served() int { p.mu.Lock(); defer p.mu.Unlock(); return p.served }

// Asked gives the searches it has had.
func (p *Peer) Asked() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]url.Values(nil), p.asked...)
}

// ServeHTTP answers /oauth2/token and, below any path, /Patient.
func (p *Peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.served++
	down, stall := p.down, p.stall
	p.mu.Unlock()
	if stall > 0 {
		select {
		case <-time.After(stall):
		case <-r.Context().Done():
			return
		}
	}
	if down {
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/oauth2/token") {
		p.giveToken(w, r)
		return
	}
	if !p.admits(w, r) {
		return
	}
	_, after, ok := strings.Cut(r.URL.Path, "/Patient")
	switch {
	case r.Method != http.MethodGet || !ok:
		outcome(w, http.StatusNotFound, "not-found", "UNSUPPORTED_SERVICE", "")
	case after == "" || after == "/":
		p.search(w, r.URL.Query())
	default:
		p.one(w, strings.TrimPrefix(after, "/"))
	}
}

func (p *Peer) admits(w http.ResponseWriter, r *http.Request) bool {
	id := r.Header.Get("X-Request-ID")
	if len(id) != 36 || strings.Count(id, "-") != 4 {
		outcome(w, http.StatusBadRequest, "required", "MISSING_VALUE", "Invalid request with error - X-Request-ID header must be supplied to access this resource")
		return false
	}
	if p.Key == nil {
		return true
	}
	p.mu.Lock()
	good := p.token != "" && r.Header.Get("Authorization") == "Bearer "+p.token
	p.mu.Unlock()
	if !good {
		outcome(w, http.StatusUnauthorized, "forbidden", "ACCESS_DENIED", "Invalid Access Token")
	}
	return good
}

// giveToken checks an assertion as the platform does: signature, key, audience,
// lifetime, once.
func (p *Peer) giveToken(w http.ResponseWriter, r *http.Request) {
	refuse := func(why string) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": why})
	}
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.PostForm.Get("grant_type") != "client_credentials" ||
		r.PostForm.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		refuse("grant_type")
		return
	}
	parts := strings.Split(r.PostForm.Get("client_assertion"), ".")
	if len(parts) != 3 || p.Key == nil {
		refuse("client_assertion")
		return
	}
	var head struct{ Alg, Typ, Kid string }
	var claims struct {
		Iss, Sub, Aud, Jti string
		Exp                int64
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha512.Sum512([]byte(parts[0] + "." + parts[1]))
	if err != nil || part(parts[0], &head) != nil || part(parts[1], &claims) != nil || rsa.VerifyPKCS1v15(p.Key, crypto.SHA512, sum[:], sig) != nil {
		refuse("signature")
		return
	}
	left := time.Unix(claims.Exp, 0).Sub(p.Now())
	p.mu.Lock()
	defer p.mu.Unlock()
	if head.Alg != "RS512" || head.Typ != "JWT" || head.Kid != p.KeyID || claims.Iss == "" || claims.Iss != claims.Sub ||
		!strings.HasSuffix(claims.Aud, "/oauth2/token") || left <= 0 || left > 5*time.Minute || claims.Jti == "" || p.spent[claims.Jti] {
		refuse("claims")
		return
	}
	if p.spent == nil {
		p.spent = map[string]bool{}
	}
	p.spent[claims.Jti] = true
	p.token = "t-" + claims.Jti
	answer(w, http.StatusOK, map[string]string{"access_token": p.token, "expires_in": "599", "token_type": "Bearer"})
}

func part(text string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func (p *Peer) one(w http.ResponseWriter, number string) {
	if n := codes.ReceiveNHSNumber(number); !n.Sound() {
		outcome(w, http.StatusBadRequest, "value", "INVALID_RESOURCE_ID", "")
		return
	}
	for _, who := range p.People {
		if who.NHS.Text == number {
			answer(w, http.StatusOK, patient(who))
			return
		}
	}
	outcome(w, http.StatusNotFound, "not-found", "RESOURCE_NOT_FOUND", "")
}

// search matches as the service does: all that is asked must fit, or with
// _fuzzy-match the last name by its beginning.
func (p *Peer) search(w http.ResponseWriter, q url.Values) {
	p.mu.Lock()
	p.asked = append(p.asked, q)
	p.mu.Unlock()
	fuzzy := q.Get("_fuzzy-match") == "true"
	if q.Get("family") == "" && !fuzzy || !strings.HasPrefix(q.Get("birthdate"), "eq") {
		outcome(w, http.StatusBadRequest, "value", "INVALID_SEARCH_DATA", "")
		return
	}
	var found []any
	for _, who := range p.People {
		if score := fits(who, q, fuzzy); score > 0 {
			found = append(found, map[string]any{
				"fullUrl": "https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/" + who.NHS.Text, "search": map[string]any{"score": score}, "resource": patient(who),
			})
		}
	}
	most, err := strconv.Atoi(q.Get("_max-results"))
	if err != nil || most < 1 {
		most = 50
	}
	if len(found) > most {
		outcome(w, http.StatusOK, "multiple-matches", "TOO_MANY_MATCHES", "")
		return
	}
	bundle := map[string]any{"resourceType": "Bundle", "type": "searchset", "timestamp": p.Now().UTC().Format(time.RFC3339), "total": len(found)}
	if len(found) > 0 {
		bundle["entry"] = found
	}
	answer(w, http.StatusOK, bundle)
}

func fits(who record.Identity, q url.Values, fuzzy bool) float64 {
	family, asked := strings.ToLower(who.Name.Family), strings.ToLower(strings.TrimSuffix(q.Get("family"), "*"))
	score := 1.0
	switch {
	case family == asked:
	case fuzzy && len(asked) >= 3 && len(family) >= 3 && family[:3] == asked[:3]:
		score = 0.75
	default:
		return 0
	}
	if "eq"+who.Born.String() != q.Get("birthdate") {
		return 0
	}
	given := strings.ToLower(who.Name.Given)
	for _, g := range q["given"] {
		g = strings.ToLower(g)
		switch {
		case strings.HasPrefix(given, g):
		case fuzzy && g[:1] == given[:min(1, len(given))]:
			score -= 0.1
		default:
			return 0
		}
	}
	if g := q.Get("gender"); g != "" && g != string(who.Sex) {
		return 0
	}
	if post := strings.TrimSuffix(q.Get("address-postcode"), "*"); post != "" && !strings.HasPrefix(string(who.Address.Postcode), post) {
		return 0
	}
	return score
}

// patient gives a record in the shape of the recorded ones.
func patient(who record.Identity) map[string]any {
	code, display := "U", "unrestricted"
	if who.Restricted {
		code, display = "R", "restricted"
	}
	out := map[string]any{
		"resourceType": "Patient", "id": who.NHS.Text,
		"identifier": []any{map[string]any{
			"system": "https://fhir.nhs.uk/Id/nhs-number", "value": who.NHS.Text,
			"extension": []any{map[string]any{
				"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
				"valueCodeableConcept": map[string]any{"coding": []any{map[string]any{
					"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus", "version": "1.0.0", "code": "01", "display": "Number present and verified",
				}}},
			}},
		}},
		"meta": map[string]any{"versionId": "2", "security": []any{map[string]any{
			"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code, "display": display,
		}}},
	}
	var names []any
	for i, n := range append([]record.Name{who.Name}, who.Aliases...) {
		use := "usual"
		if i > 0 {
			use = "old"
		}
		names = append(names, map[string]any{"use": use, "family": n.Family, "given": strings.Fields(n.Given), "period": map[string]any{"start": "2020-01-01"}})
	}
	out["name"] = names
	if who.Sex != "" {
		out["gender"] = string(who.Sex)
	}
	if !who.Born.IsZero() {
		out["birthDate"] = who.Born.String()
	}
	if who.Death.Dead == record.Yes {
		out["deceasedDateTime"] = who.Death.On.String() + "T00:00:00+00:00"
	}
	extension(out, who)
	if !who.Restricted {
		whereabouts(out, who)
	}
	return out
}

func extension(out map[string]any, who record.Identity) {
	if who.Language == "" {
		return
	}
	out["extension"] = []any{map[string]any{
		"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSCommunication",
		"extension": []any{
			map[string]any{"url": "language", "valueCodeableConcept": map[string]any{"coding": []any{map[string]any{
				"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-HumanLanguage", "version": "1.0.0", "code": "q4", "display": who.Language,
			}}}},
			map[string]any{"url": "interpreterRequired", "valueBoolean": who.Interpreter == record.Yes},
		},
	}}
}

func whereabouts(out map[string]any, who record.Identity) {
	if !who.Address.IsZero() {
		var lines []any
		for _, l := range strings.Split(who.Address.Text, ", ") {
			lines = append(lines, l)
		}
		out["address"] = []any{map[string]any{"id": "456", "use": "home", "line": lines, "postalCode": string(who.Address.Postcode), "period": map[string]any{"start": "2020-01-01"}}}
	}
	var phones []any
	for _, l := range who.Lines {
		phones = append(phones, map[string]any{"id": "789", "system": "phone", "value": l.Phone.National(), "use": l.Use})
	}
	if len(phones) > 0 {
		out["telecom"] = phones
	}
	if who.Practice.ODS != "" {
		out["generalPractitioner"] = []any{map[string]any{"id": "254406A3", "type": "Organization", "identifier": map[string]any{
			"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": string(who.Practice.ODS),
		}}}
	}
}

func outcome(w http.ResponseWriter, status int, code, detail, diagnostics string) {
	severity := "error"
	if status == http.StatusOK {
		severity = "information"
	}
	issue := map[string]any{
		"severity": severity, "code": code,
		"details": map[string]any{"coding": []any{map[string]any{"system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", "version": "1", "code": detail, "display": detail}}},
	}
	if diagnostics != "" {
		issue["diagnostics"] = diagnostics
	}
	answer(w, status, map[string]any{"resourceType": "OperationOutcome", "issue": []any{issue}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/fhir+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked has gone: nobody is told
}

// Transport carries requests to the peer inside one process, for a demo that
// opens no socket for it.
func (p *Peer) Transport() http.RoundTripper { return inProcess{p} }

type inProcess struct{ h http.Handler }

// RoundTrip has the peer answer at once, or the caller give up.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &kept{header: http.Header{}, status: http.StatusOK}
	t.h.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's header.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader keeps the status.
func (k *kept) WriteHeader(status int) { k.status = status }

// Write keeps the body.
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
