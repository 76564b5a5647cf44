// Package pds asks the Personal Demographics Service of England (FHIR R4) who
// somebody is.
//
// Its law: nothing waits for it. It answers beside our own index when it
// answers; that it cannot be reached is never "nobody found". Of somebody whom
// it marks as restricted or very restricted nothing that says where they can
// be found leaves this package. What was asked and what came stands in no log
// and in no error. Written to the public specification of the API (PDS FHIR
// API, application-restricted access) and the messages recorded from it.
package pds

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fhir"
	"holdfast/record"
)

// Index is how an answer of it is called on records.
const Index = "PDS"

// The most that is read of an answer.
const maxAnswer = 2 << 20

// Client asks one instance of the service. All of it is set before it is used.
type Client struct {
	Base  string       // "https://api.service.nhs.uk/personal-demographics/FHIR/R4"
	HTTP  *http.Client // with the timeouts of its own; redirects are never followed
	Token Token        // nil: the instance asks for none, as a sandbox
	Role  string       // NHSD-Session-URID; empty where no user's role is asked for
	Most  int          // people asked for at most, 1 to 50
	Now   func() time.Time
}

// Token gives the bearer token of this application.
type Token interface {
	// Bearer gives a token that is good now.
	Bearer(ctx context.Context) (string, error)
	// Drop forgets a token that was refused.
	Drop(token string)
}

// ErrAway means that the service can't be reached or can't answer now: nobody
// may read it as "not found".
var ErrAway = errors.New("the national index cannot be reached")

// Refused is a question that the service answers with a refusal.
type Refused struct {
	Code string // "INVALID_VALUE", as the service gives it
	Says string // for people
}

// Error is the sentence for people.
func (r *Refused) Error() string { return "the national index refuses: " + r.Says }

// Ask asks once. By number one person or none is answered. By name it is first
// asked for exact matches and, when there is none, for those that sound alike.
func (c *Client) Ask(ctx context.Context, q record.TraceQuestion) (record.TraceState, error) {
	if !q.Enough() {
		return record.TraceState{}, nil
	}
	if q.ByNumber() {
		return c.byNumber(ctx, q)
	}
	s, err := c.search(ctx, q, false)
	if err == nil && s.Outcome == record.TraceNone {
		s, err = c.search(ctx, q, true)
	}
	return s, err
}

func (c *Client) byNumber(ctx context.Context, q record.TraceQuestion) (record.TraceState, error) {
	o, status, err := c.get(ctx, "/Patient/"+url.PathEscape(q.NHS.Text), nil)
	if err != nil {
		return record.TraceState{}, err
	}
	s := record.TraceState{At: c.Now()}
	if status == http.StatusNotFound {
		s.Outcome = record.TraceNone
		return s, nil
	}
	p, err := fhir.As[fhir.Patient](o)
	if err != nil {
		return s, fmt.Errorf("%w: its answer is no patient", ErrAway)
	}
	s.Outcome, s.People = record.TraceOne, []record.TraceAnswered{c.answered(p, q, 0)}
	return s, nil
}

func (c *Client) search(ctx context.Context, q record.TraceQuestion, fuzzy bool) (record.TraceState, error) {
	o, _, err := c.get(ctx, "/Patient", c.parameters(q, fuzzy))
	if err != nil {
		return record.TraceState{}, err
	}
	s := record.TraceState{At: c.Now()}
	if o.Type() == "OperationOutcome" { // TOO_MANY_MATCHES comes with status 200
		s.Outcome, s.More = record.TraceMany, true
		return s, nil
	}
	b, err := fhir.As[fhir.Bundle](o)
	if err != nil {
		return s, fmt.Errorf("%w: its answer is no list", ErrAway)
	}
	for _, e := range b.Entry {
		p, err := fhir.As[fhir.Patient](e.Resource)
		if err != nil {
			return s, fmt.Errorf("%w: its list holds something else than patients", ErrAway)
		}
		s.People = append(s.People, c.answered(p, q, scoreOf(e)))
	}
	s.Outcome = [...]record.TraceOutcome{record.TraceNone, record.TraceOne, record.TraceMany}[min(len(s.People), 2)]
	if len(s.People) > c.Most {
		s.People, s.More = s.People[:c.Most], true
	}
	return s, nil
}

// parameters says the search as the API has it.
func (c *Client) parameters(q record.TraceQuestion, fuzzy bool) url.Values {
	v := url.Values{"_max-results": {strconv.Itoa(c.Most)}, "birthdate": {"eq" + q.Born.String()}, "family": {strings.TrimSpace(q.Family)}}
	for _, g := range strings.Fields(q.Given) {
		v.Add("given", g)
	}
	if q.Sex != "" {
		v.Set("gender", string(q.Sex))
	}
	if q.Postcode != "" {
		p := string(q.Postcode)
		if !q.Postcode.Full() {
			p = q.Postcode.District() + "*"
		}
		v.Set("address-postcode", p)
	}
	if fuzzy {
		v.Set("_fuzzy-match", "true")
	}
	return v
}

// get asks for one page. A token that is refused is replaced once.
func (c *Client) get(ctx context.Context, path string, query url.Values) (*fhir.Object, int, error) {
	for try := 0; ; try++ {
		bearer := ""
		if c.Token != nil {
			var err error
			if bearer, err = c.Token.Bearer(ctx); err != nil {
				return nil, 0, err
			}
		}
		o, status, err := c.once(ctx, path, query, bearer)
		if status == http.StatusUnauthorized && bearer != "" && try == 0 {
			c.Token.Drop(bearer)
			continue
		}
		return o, status, err
	}
}

func (c *Client) once(ctx context.Context, path string, query url.Values, bearer string) (*fhir.Object, int, error) {
	address := strings.TrimSuffix(c.Base, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: its address cannot be used", ErrAway)
	}
	req.Header.Set("Accept", "application/fhir+json")
	id, err := uuid()
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("X-Request-ID", id)
	req.Header.Set("X-Correlation-ID", id)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	if c.Role != "" {
		req.Header.Set("NHSD-Session-URID", c.Role)
	}
	res, err := c.HTTP.Do(req)
	if err != nil { // the error holds the address, which holds the question
		return nil, 0, fmt.Errorf("%w: %s", ErrAway, why(err))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		return nil, res.StatusCode, fmt.Errorf("%w: its answer broke off or is too long", ErrAway)
	}
	return judge(res.StatusCode, body)
}

// why says what kind of trouble it was.
func why(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it did not answer in time"
	}
	return "no connection"
}

// judge reads an answer by its status and its error body.
func judge(status int, body []byte) (*fhir.Object, int, error) {
	o, err := fhir.ParseJSON(body, fhir.Limits{Bytes: maxAnswer})
	code := ""
	if err == nil && o.Type() == "OperationOutcome" {
		code = codeOf(o)
	}
	switch {
	case status == http.StatusOK && err == nil && (code == "" || code == "TOO_MANY_MATCHES"):
		return o, status, nil
	case status == http.StatusNotFound && (code == "RESOURCE_NOT_FOUND" || code == "INVALIDATED_RESOURCE"):
		return o, status, nil
	case code == "INVALID_NHS_NUMBER" || code == "INVALID_RESOURCE_ID":
		return nil, status, &Refused{Code: code, Says: "It does not take this number. Ask for it again."}
	case status == http.StatusTooManyRequests || status >= 500 || status == http.StatusOK || status == http.StatusNotFound:
		return nil, status, fmt.Errorf("%w: it answers %d", ErrAway, status)
	}
	return nil, status, &Refused{Code: code, Says: sentence(status, code)}
}

func codeOf(o *fhir.Object) string {
	out, err := fhir.As[fhir.OperationOutcome](o)
	if err != nil {
		return ""
	}
	for _, i := range out.Issue {
		if i.Details == nil {
			continue
		}
		for _, c := range i.Details.Coding {
			if c.Code != "" {
				return c.Code
			}
		}
	}
	return "UNKNOWN"
}

// sentence says a refusal so that somebody can act on it.
func sentence(status int, code string) string {
	switch {
	case code == "ACCESS_DENIED" || status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "Our access to it is refused. Go on without it; whoever runs the system has to renew the access."
	case code == "MISSING_VALUE", code == "INVALID_VALUE", code == "INVALID_SEARCH_DATA", code == "UNSUPPORTED_SERVICE":
		return "It cannot search with what is typed. Add the birth date and last name, or go on without it."
	}
	return "It does not take the question. Go on without it."
}

func scoreOf(e fhir.BundleEntry) uint32 {
	for _, m := range e.Rest.Rest {
		o, ok := m.Value.(*fhir.Object)
		if m.Name != "search" || !ok {
			continue
		}
		n, _ := o.Get("score")
		digits, _ := n.(fhir.Number)
		f, err := strconv.ParseFloat(string(digits), 64)
		if err == nil && f >= 0 && f <= 1 {
			return uint32(f*100 + 0.5)
		}
	}
	return 0
}

func (c *Client) answered(p fhir.Patient, q record.TraceQuestion, score uint32) record.TraceAnswered {
	out := record.TraceAnswered{Index: Index, By: q.Words(), At: fact.At(c.Now()), Identity: identity(p, c.Now()), Score: score}
	if p.Meta != nil {
		out.Version = clip(p.Meta.VersionID, 40)
	}
	return out
}

// uuid draws a random one (RFC 9562, version 4).
func uuid() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}
