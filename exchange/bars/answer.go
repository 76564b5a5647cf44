package bars

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fhir"
)

// fault is a refusal in BaRS's words (core, "Error handling"). Text never
// holds anything of the message.
type fault struct {
	status      int
	code, issue string
	text        string
	allow       string
}

func fail(status int, code, issue, text string) *fault {
	return &fault{status: status, code: code, issue: issue, text: text}
}

func bad(issue, text string) *fault {
	return fail(http.StatusBadRequest, "REC_BAD_REQUEST", issue, text)
}

// answer writes one response.
type answer struct {
	w        http.ResponseWriter
	now      time.Time
	format   fhir.Format
	gzip     bool
	head     bool
	request  string
	answered bool
}

// newAnswer echoes the ids at once, so that no answer can lack them.
func newAnswer(w http.ResponseWriter, r *http.Request, now time.Time) *answer {
	for _, h := range []string{"X-Request-Id", "X-Correlation-Id"} {
		if v := r.Header.Get(h); v != "" {
			w.Header().Set(h, clip(v, 128))
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return &answer{
		w: w, now: now, format: fhir.JSON, request: r.Header.Get("X-Request-Id"),
		gzip: acceptsGzip(r.Header.Values("Accept-Encoding")), head: r.Method == http.MethodHead,
	}
}

func acceptsGzip(values []string) bool {
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		q := strings.TrimPrefix(strings.TrimSpace(params), "q=")
		if zero, err := strconv.ParseFloat(q, 64); strings.EqualFold(strings.TrimSpace(name), "gzip") && (err != nil || zero > 0) {
			return true
		}
	}
	return false
}

// negotiate settles the format: _format wins over Accept; nothing asked means
// JSON. A version other than 1.x is not supported.
func (a *answer) negotiate(r *http.Request) *fault {
	asked := strings.Join(r.Header.Values("Accept"), ",")
	if f := r.URL.Query().Get("_format"); f != "" {
		asked = strings.ReplaceAll(f, " ", "+") // a plus sent bare in a query arrives as a space
	}
	if strings.TrimSpace(asked) == "" {
		return nil
	}
	var version *fault
	for one := range strings.SplitSeq(asked, ",") {
		one = strings.TrimSpace(one)
		if kind, _, _ := strings.Cut(one, ";"); kind == "*/*" || kind == "application/*" {
			return nil
		}
		f, v, ok := fhir.FormatOf(one)
		if !ok {
			continue
		}
		if v != "" && v != "1" && !strings.HasPrefix(v, "1.") {
			version = fail(http.StatusUnprocessableEntity, "REC_UNPROCESSABLE_ENTITY", "not-supported", "The version asked for is not supported: 1.x.x is.")
			continue
		}
		a.format = f
		return nil
	}
	if version != nil {
		return version
	}
	return fail(http.StatusNotAcceptable, "REC_NOT_ACCEPTABLE", "processing", "The format asked for is not offered: application/fhir+json and application/fhir+xml are.")
}

// send writes a resource.
func (a *answer) send(status int, o *fhir.Object) {
	body, err := fhir.Write(a.format, o)
	if err != nil { // our own resources always have an XML form; others' were checked when read
		a.format = fhir.JSON
		body = o.JSON()
	}
	a.answered = true
	h := a.w.Header()
	h.Set("Content-Type", a.format.MediaType())
	h.Set("Vary", "Accept, Accept-Encoding")
	if a.gzip && len(body) > 1024 {
		h.Set("Content-Encoding", "gzip")
		a.w.WriteHeader(status)
		if a.head {
			return
		}
		z := gzip.NewWriter(a.w)
		if _, err := z.Write(body); err != nil {
			return // the sender has gone; it will ask again with the same ids
		}
		_ = z.Close() // likewise
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	a.w.WriteHeader(status)
	if !a.head {
		_, _ = a.w.Write(body) // likewise
	}
}

// fault writes a refusal.
func (a *answer) fault(f *fault) {
	if f.allow != "" {
		a.w.Header().Set("Allow", f.allow)
	}
	if f.status == http.StatusServiceUnavailable {
		a.w.Header().Set("Retry-After", "5")
	}
	a.send(f.status, fhir.Of(f.outcome(a.request, a.now)))
}

func (f *fault) outcome(request string, now time.Time) fhir.OperationOutcome {
	issue := fhir.Issue{Severity: "error", Code: f.issue, Diagnostics: f.text}
	if f.code != "" {
		issue.Details = &fhir.CodeableConcept{Coding: []fhir.Coding{{System: "https://fhir.nhs.uk/Codesystem/http-error-codes", Code: f.code}}}
	}
	return fhir.OperationOutcome{
		ID:    mint("outcome", []byte(request), []byte(strconv.FormatInt(now.UnixNano(), 10)), []byte(f.text)),
		Meta:  &fhir.Meta{Profile: []string{"https://simplifier.net/guide/UKCoreDevelopment2/ProfileUKCore-OperationOutcome"}},
		Issue: []fhir.Issue{issue},
	}
}

// mint makes a UUID that is ours and always the same for the same parts.
func mint(what string, parts ...[]byte) string {
	h := fact.Labelled("holdfast/bars/"+what+"/1", parts...)
	h[6] = h[6]&0x0f | 0x80 // version 8: made from a hash of our own
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
